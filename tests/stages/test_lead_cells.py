"""Which cells of results become links to leads, by what the mapping says of its columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl.mapping.load import load_mapping
from etl.reader import InputRules, open_input
from etl.reconciler.lead_links import LeadLinks
from etl.stages.lead_cells import lead_links, names_its_sheet

PROJECT = Path(__file__).parents[2]
TEMPLATE = "https://app.example.com/Lead?LeadID={id}"


@pytest.mark.parametrize(
    ("mapping", "sheet", "has_links"),
    [
        ("calls_by_lead_id.yaml", "calls.csv", True),
        ("site_visits.yaml", "site_visits.csv", False),
    ],
    ids=["leads by their id", "leads by their e-mail address"],
)
def test_the_column_that_holds_ids_of_leads_is_found(mapping: str, sheet: str, *, has_links: bool) -> None:
    """By the target that it fills; where no column holds ids, or no address is set, there are no links."""
    loaded = load_mapping(PROJECT / "mappings" / mapping)
    with open_input(PROJECT / "sample_data" / sheet, InputRules()) as opened:
        table = opened.table
    links = lead_links(TEMPLATE, loaded, table)
    filling = {mapped.header for mapped in loaded.targets() if mapped.target == "RelatedProspectId"}

    assert lead_links(None, loaded, table) is None
    assert (links is not None) is has_links
    if links is not None:
        assert links == LeadLinks(TEMPLATE, links.place)
        assert table.columns[links.place].header in filling
    assert not names_its_sheet(loaded)
