"""What a mapping says about the look of its results: which column holds the ids of leads, and what the sheet must be called."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from etl.errors import UsageError
from etl.mapping.bind import bind
from etl.mapping.target_rules import ValueRule
from etl.mapping.templates import Template
from etl.reconciler.columns import input_positions
from etl.reconciler.lead_links import LeadLinks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from etl.mapping.model import Mapping
    from etl.records import Column, Table
    from etl.settings import Account

_LEAD_ID = "RelatedProspectId"
_LEAD_ID_FIELD = "prospectid"  # as a search_by: the value that addresses the lead is its id


def lead_links_of(accounts: Iterable[Account | None]) -> dict[str, str]:
    """Where accounts show their leads, by the account's name."""
    return {one.name: one.lead_link for one in accounts if one is not None and one.lead_link is not None}


def lead_links(template: str | None, mapping: Mapping | None, table: Table) -> LeadLinks | None:
    """How cells become links to leads; None where it is not known where leads are shown, or no column holds their ids."""
    if template is None or mapping is None:
        return None
    column = _lead_column(mapping, table)
    places = [table.columns[position] for position in input_positions(table)]
    return LeadLinks(template, places.index(column)) if column in places else None


def _lead_column(mapping: Mapping, table: Table) -> Column | None:
    addresses = {_LEAD_ID}
    if (mapping.search_by or "").casefold() == _LEAD_ID_FIELD:
        addresses.add("SearchByValue")
    with suppress(UsageError):  # lines of an older mapping: then there are no links
        bound = bind(mapping, table)
        for mapped in mapping.targets():
            if mapped.target in addresses and (mapped.header is not None or mapped.letter is not None):
                return bound.column(mapped.header, mapped.letter)
    return None


def names_its_sheet(mapping: Mapping) -> bool:
    """Whether a text of the mapping names the sheet: then a line must find that name again when its results go in."""
    rules = (mapped.rule for mapped in mapping.targets())
    return any(isinstance(rule, ValueRule) and rule.text and "sheet" in Template.of(rule.text).names for rule in rules)
