"""Corrections of what is in LeadSquared, as a person makes them: a sheet from `etl`, cells typed over, the example mapping."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl

from tests.flows.conftest import Serve
from tests.flows.desk import Desk
from tests.flows.sheets import read, write
from tests.foreign.server import ForeignServer

PROJECT = Path(__file__).parents[2]
UPDATE = PROJECT / "mappings" / "update_visits.yaml"
VISIT = {"ActivityEvent": 320, "ActivityNote": "met at the site", "ActivityDateTime": "2026-05-04 08:00:00"}
FIELDS = {
    "Status": "Open",
    "mx_Custom_4": "2026-06-01",
    "mx_Custom_7": "+919876543210",
    "mx_Custom_20": "a key of ours",
}

Cells = Mapping[str, str | datetime | None]


def test_fetched_corrected_and_run(desk: Desk, serve: Serve) -> None:
    """Of forty fetched visits four lines are corrected in a workbook; these and no others go out, with what was typed."""
    fields = [{"SchemaName": name, "Value": value} for name, value in FIELDS.items()]
    lead = "11111111-1111-4111-8111-111111111111"
    ids = [f"2222222{number % 10}-2222-4222-8222-{number:012}" for number in range(40)]
    visit = VISIT | {"RelatedProspectId": lead, "Fields": fields}
    server = serve(leads=[{"ProspectID": lead}], activities=[visit | {"ProspectActivityId": one} for one in ids])
    before = held(server)
    typed: dict[str, Cells] = {
        ids[3]: {"Status": "Won"},
        ids[7]: {"ActivityNote": "=called back, +91-98"},
        ids[11]: {"mx_Custom_4": "17-Jun-2026", "Status": "Done"},
        ids[12]: {"mx_Custom_4": None},
    }

    fetched = desk.etl("fetch", "--event", "320", "--since", "2026-05-01", "-o", "visits.xlsx")
    assert fetched.code == 0, fetched.said
    type_over(desk.folder / "visits.xlsx", typed, "ProspectActivityId")
    sent = desk.etl("run", "visits.xlsx", "-m", UPDATE)
    again = desk.etl("run", "visits.xlsx", "-m", UPDATE)

    assert sent.counts() == {"updated": 4, "ignored": 36}, sent.said
    assert again.counts() == {"updated": 4, "ignored": 36}, again.said
    before[ids[3]] |= {"Status": "Won"}
    before[ids[7]] |= {"note": "=called back, +91-98"}
    before[ids[11]] |= {"mx_Custom_4": "2026-06-17", "Status": "Closed"}
    before[ids[12]] |= {"mx_Custom_4": ""}
    assert held(server) == before
    assert [len(body) for body in updates(server)] == [4]


def test_an_import_corrected_by_its_ids(desk: Desk, serve: Serve) -> None:
    """`etl results RUN --for update`, three of 215 lines corrected in the workbook: these go out, under the ids of the import."""
    server = serve(unknown_leads=["nobody@example.com"])
    shutil.copy(PROJECT / "sample_data" / "site_visits.xlsx", desk.folder / "visits.xlsx")
    desk.has_run_with(PROJECT / "mappings" / "site_visits.yaml", desk.folder / "visits.xlsx")
    imported = {row["Visit ID"]: row["ProspectActivityId"] for row in read(desk.folder / "visits.results.xlsx")}
    before = held(server)

    made = desk.etl("results", "1", "--for", "update")
    sheet = desk.folder / "visits.run1.for-update.xlsx"
    untouched = desk.etl("run", sheet, "-m", UPDATE)
    lines = read(sheet)
    type_over(
        sheet,
        {
            "SV-0001": {"Remarks": "Bought the corner plot.", "Status": "Won"},
            "SV-0002": {"Follow-up": datetime(2026, 7, 1)},  # noqa: DTZ001 — a cell has no zone
            "SV-0003": {"Budget": 1},  # the mapping does not read it
        },
        "Visit ID",
    )
    corrected = desk.etl("run", sheet, "-m", UPDATE)

    assert (made.code, made.out) == (0, f"For update: {sheet}\n"), made.said
    assert "215 rows with their ids" in made.err
    header = list(lines[0])
    assert (header[0], header[1], header[-1]) == ("ProspectActivityId", "Visit ID", "etl_fingerprint")
    assert {line["ProspectActivityId"] for line in lines} == before.keys()
    assert untouched.counts() == {"ignored": 215}, untouched.said
    assert corrected.counts() == {"updated": 2, "ignored": 213}, corrected.said
    before[imported["SV-0001"]] |= {"note": "Bought the corner plot.", "Status": "Won", "mx_Custom_4": ""}
    before[imported["SV-0002"]] |= {"mx_Custom_4": "2026-07-01", "Status": "Closed"}
    assert held(server) == before


def test_an_update_corrected_by_its_own_ids(desk: Desk, serve: Serve) -> None:
    """What an update has in LeadSquared is corrected under the sheet's own column of ids; there is no second one."""
    lead = "11111111-1111-4111-8111-111111111111"
    ids = [f"22222222-2222-4222-8222-{number:012}" for number in range(3)]
    visit = VISIT | {"RelatedProspectId": lead}
    server = serve(leads=[{"ProspectID": lead}], activities=[visit | {"ProspectActivityId": one} for one in ids])
    rows: list[dict[str, str | datetime]] = [
        {"Activity Id": one, "Status": "Open", "Remarks": "'=1", "Follow-up": ""} for one in ids
    ]
    desk.has_run_with(UPDATE, write(desk.folder / "visits.csv", rows))

    made = desk.etl("results", "1", "--for", "update", "-o", "again.csv")
    lines = read(desk.folder / "again.csv")
    lines[1]["Status"] = "Won"
    corrected = desk.etl("run", write(desk.folder / "again.csv", lines), "-m", UPDATE)

    assert made.code == 0, made.said
    assert list(lines[0]) == ["Activity Id", "Status", "Remarks", "Follow-up", "etl_fingerprint"]
    assert corrected.counts() == {"updated": 1, "ignored": 2}, corrected.said
    assert [(one.fields["Status"], one.note) for one in server.activities] == [
        ("Open", "'=1"),
        ("Won", "'=1"),
        ("Open", "'=1"),
    ]


def held(server: ForeignServer) -> dict[str, dict[str, str]]:
    """The note and the fields of each activity at the server."""
    return {one.activity_id: {"note": one.note, **one.fields} for one in server.activities}


def updates(server: ForeignServer) -> list[list[Any]]:
    return [json.loads(request.body) for request in server.requests if request.path.endswith("/Update")]


def type_over(path: Path, corrections: Mapping[str, Mapping[str, Any]], known_by: str) -> None:
    """Type over single cells of the lines that hold these words in that column, and save."""
    book = openpyxl.load_workbook(path)
    assert book.active is not None
    header, *lines = book.active.iter_rows()
    places = {cell.value: place for place, cell in enumerate(header)}
    of_line: Callable[[Any], str] = lambda line: str(line[places[known_by]].value)  # noqa: E731
    found = {of_line(line): line for line in lines}
    for name, cells in corrections.items():
        for column, value in cells.items():
            cell = found[name][places[column]]
            cell.value = value
            if isinstance(value, str):
                cell.data_type = "s"  # a column of texts keeps as a text what Excel would take for a formula
    book.save(path)
