"""Each writing operation carries its sample sheet through `etl run … --rehearse`: the real command, right row by row."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pytest

from etl.mapping.load import load_mapping
from tests.flows.desk import Desk, ids_at
from tests.flows.sheets import read, visits, write
from tests.foreign.server import ForeignServer

PROJECT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Sample:
    """One sheet and its mapping. others: number in the sheet and end of the rows that do not simply go out, by commas.

    An end is a status, or the code of an invalid row. ignored: numbers of rows that the mapping leaves out.
    code: of the rows that are stored; `read_back` where the answer names no activity, so that each is looked for.
    """

    mapping: str
    sheet: str
    rows: int
    stored: str
    others: str
    ignored: range = range(0)
    code: str = ""

    @property
    def expected(self) -> dict[int, tuple[str, str]]:
        """Status and code of each row."""
        told = (end.split() for end in self.others.split(", "))
        ends = {
            **dict.fromkeys(range(2, self.rows + 2), self.stored),
            **dict.fromkeys(self.ignored, "ignored"),
            **{int(number): end for number, end in told},
        }
        return {number: self._status_and_code(end) for number, end in ends.items()}

    def _status_and_code(self, end: str) -> tuple[str, str]:
        if end in {self.stored, "already_imported"}:  # the latter as the row that it copies
            return end, self.code
        return (end, end) if end in {"ignored", "refused", "changed"} else ("invalid", end)


SAMPLES = {
    "add-by-lead-field": Sample(
        "site_visits.yaml",
        "site_visits.xlsx",
        240,
        "created",
        "16 date_format, 29 date_format, 43 empty_cell, 60 email_format, 75 choice_unknown, "
        "92 number_format, 108 text_damaged, 123 too_long, 139 date_format, 154 refused, 170 refused, "
        "186 empty_key, 205 changed, 222 already_imported",
        ignored=range(21, 242, 20),
    ),
    "add-by-lead-id": Sample(
        "calls_by_lead_id.yaml",
        "calls.csv",
        120,
        "created",
        "13 guid_format, 35 empty_cell, 50 date_format, 66 number_format, 81 choice_unknown, 97 refused, "
        "103 already_imported, 109 changed",
    ),
    "add-by-lead-id, leads found": Sample(
        "visits_by_phone.yaml",
        "visits_by_phone.xlsx",
        116,
        "created",
        "14 phone_format, 28 lead_unnamed, 41 lead_missing, 56 email_format, 72 lead_missing, "
        "85 choice_unknown, 99 lead_ambiguous, 112 already_imported",
    ),
    "add-by-opportunity": Sample(
        "payments_by_opportunity.yaml",
        "payments.xlsx",
        110,
        "created",
        "11 empty_cell, 28 number_format, 43 guid_format, 59 date_format, 74 refused, 85 choice_unknown, "
        "98 changed, 106 already_imported",
    ),
    "update": Sample(
        "update_visits.yaml",
        "visit_updates.xlsx",
        112,
        "updated",
        "19 empty_cell, 38 date_format, 54 guid_format, 72 choice_unknown, 90 refused, 107 already_imported",
    ),
    "create-lead-and-activity": Sample(
        "new_leads.yaml",
        "walk_ins.csv",
        104,
        "created",
        "10 empty_cell, 25 email_format, 42 phone_format, 57 date_format, 70 choice_unknown, "
        "83 number_format, 94 empty_key, 100 already_imported",
        code="read_back",
    ),
}


@pytest.mark.parametrize(("name", "sample"), SAMPLES.items(), ids=SAMPLES)
def test_a_sample_sheet_of_each_operation_is_rehearsed(desk: Desk, name: str, sample: Sample) -> None:
    """Every row of the sheet has the end that its cells deserve, and every stored row an id of LeadSquared's."""
    shutil.copy(PROJECT / "sample_data" / sample.sheet, desk.folder)

    ended = desk.etl("run", sample.sheet, "-m", PROJECT / "mappings" / sample.mapping, "--rehearse")

    results = read(desk.folder / sample.sheet.replace(".", ".rehearsal.results."))
    ends = {int(row["etl_row"]): (row["etl_status"], row["etl_code"]) for row in results}
    assert dict(ends.items() - sample.expected.items()) == {}, ended.said
    assert [int(row["etl_row"]) for row in results] == list(sample.expected)
    assert ended.code == 4, ended.said
    assert ended.counts() == dict(Counter(status.replace("_", " ") for status, _ in ends.values()))
    assert load_mapping(PROJECT / "mappings" / sample.mapping).operation == name.split(",", maxsplit=1)[0]
    assert_ids(results, sample.stored)


def assert_ids(results: list[dict[str, str]], stored: str) -> None:
    """No row is called created without an id of its own; an update keeps the id that its row came with."""
    rows = [row for row in results if row["etl_status"] == stored]
    ids = [row["ProspectActivityId"] for row in rows]
    assert all(UUID(one) for one in ids)
    if stored == "updated":
        assert ids == [row["Activity Id"] for row in rows]
    else:
        assert len(ids) == len(set(ids)) > 80


UPDATES = """\
version: 1
name: states
operation: update
columns:
  Id: ProspectActivityId
  State: mx_Custom_1
"""


def test_an_update_is_known_while_it_is_the_last(desk: Desk, server: ForeignServer) -> None:
    """The same line again sends nothing, another state does, and so does the first state after it; never is it `changed`."""
    desk.has_run(write(desk.folder / "visits.csv", visits(3)))
    desk.mapping(UPDATES)
    ids = list(ids_at(server).values())
    ends = []

    for day, states in enumerate(("AAA", "AAA", "BAA", "AAB", "AAA")):
        rows = [{"Id": one, "State": state} for one, state in zip(ids, states, strict=True)]
        ends.append(desk.run(write(desk.folder / f"day{day}.csv", rows)).counts())

        held = {activity.activity_id: activity.fields["mx_Custom_1"] for activity in server.activities}
        assert "".join(held[one] for one in ids) == states
    assert len([request for request in server.requests if request.path.endswith("/Update")]) == 4
    assert ends == [
        {"updated": 3},
        {"updated": 3},  # by the run that had this very input; nothing went out
        {"updated": 1, "already imported": 2},
        {"updated": 2, "already imported": 1},
        {"updated": 1, "already imported": 2},  # the first input once more: other updates went out since
    ]
