"""What goes out of the rows that wait: the same whether they are written by columns or one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.stages.test_arrange import KEYED, OPPORTUNITIES, UPDATES, Import, guid, importing

if TYPE_CHECKING:
    from etl.delivery.parcels import Parcel

BY_FIELD = """\
version: 1
name: visits-of-leads
operation: add-by-lead-field
search_by: EmailAddress
activity: {event: 320}
columns:
  Lead: SearchByValue
  Visit: mx_Custom_1
  Status: Status
  Remarks: ActivityNote
  Owner: ActivityOwnerEmail
"""
BY_ID = BY_FIELD.replace("add-by-lead-field", "add-by-lead-id").replace("search_by: EmailAddress\n", "")
BY_ID = BY_ID.replace("Lead: SearchByValue", "Activity: RelatedProspectId")
MAPPINGS = {
    "by lead field": BY_FIELD,
    "by lead field, row keys": BY_FIELD + "row_key_field: mx_Custom_20\n",
    "by lead field, dropdowns as they are": BY_FIELD + "skip_dropdown_validation: true\n",
    "by lead id": BY_ID,
    "opportunities": OPPORTUNITIES,
    "opportunities, row keys": KEYED,
    "updates": UPDATES,
}


def visit(number: int) -> dict[str, str]:
    """A visit that leaves something out now and then, and the remark more often than not."""
    remark = f"“{number}” मिले, 100%s" if number % 7 == 0 else ""
    status = "" if number % 11 == 0 else "Done"
    found = {"Lead": f"l{number}@example.com", "Opportunity": guid(number % 3), "Activity": guid(number)}
    return {**found, "Visit": f"V{number:05}", "Status": status, "Remarks": remark, "Owner": "anna@example.com"}


def parcels(one: Import, run_id: int, *, kept: bool) -> list[Parcel]:
    """What goes out, of rows that were kept or of those that are read once more."""
    prepared = one.prepared
    assert prepared.kept_rows is not None
    assert prepared.kept_rows.is_whole
    return list(replace(one, prepared=prepared if kept else replace(prepared, kept_rows=None)).parcels(run_id))


def told(made: Sequence[Parcel]) -> list[object]:
    """All that a parcel carries, but not how it was put together."""
    return [
        (
            one.number,
            one.rows,
            one.request,
            [(each.row_number, dict(each.values), each.event) for each in one.activities],
        )
        for one in made
    ]


@pytest.mark.parametrize("mapping", MAPPINGS.values(), ids=MAPPINGS)
@pytest.mark.parametrize(
    "changed",
    [
        pytest.param("", id="all wait"),
        pytest.param("together = 5 WHERE row_number IN (2, 30, 31, 600, 601, 602)", id="some travel apart"),
        pytest.param("outcome = 'refused' WHERE row_number % 3 = 0", id="a third is done"),
        pytest.param("outcome = 'refused' WHERE row_number < 590", id="the first block is done"),
    ],
)
def test_rows_that_were_kept_go_out_like_rows_read_again(tmp_path: Path, mapping: str, changed: str) -> None:
    """The same bytes, rows and values in the same order, and with them all that the dry run had told."""
    with importing(tmp_path, mapping, [visit(number) for number in range(620)], keeps_rows=True) as one:
        dry = one.dry()
        run_id = one.begin()
        if changed:
            one.ledger._database.connection.exec_driver_sql(f"UPDATE rows SET {changed}")
        kept, again = (parcels(one, run_id, kept=kept) for kept in (True, False))

    assert told(kept) == told(again)
    assert kept
    assert changed or [parcel.request.body for parcel in kept] == dry


@pytest.mark.parametrize(("mapping", "by_columns"), [(BY_FIELD, True), (BY_ID, True), (OPPORTUNITIES, False)])
def test_what_is_kept_by_columns_is_written_by_columns(tmp_path: Path, mapping: str, by_columns: bool) -> None:
    """The law above would hold of rows that are all written one by one, too."""
    with importing(tmp_path, mapping, [visit(number) for number in range(30)], keeps_rows=True) as one:
        first = parcels(one, one.begin(), kept=True)[0]

    assert all((activity.written is not None) == by_columns for activity in first.activities)
