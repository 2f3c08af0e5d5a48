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
    """One sheet and its mapping. others: number in the sheet → status and code of the rows that do not simply go out.

    code: of the rows that do; `read_back` where the answer names no activity, so that each is looked for.
    """

    mapping: str
    sheet: str
    rows: int
    stored: str
    others: dict[int, tuple[str, str]]
    code: str = ""

    def expected(self, number: int) -> tuple[str, str]:
        return self.others.get(number, (self.stored, self.code))


SAMPLES = {
    "add-by-lead-field": Sample(
        "site_visits.yaml",
        "site_visits.xlsx",
        240,
        "created",
        {
            16: ("invalid", "date_format"),
            29: ("invalid", "date_format"),
            43: ("invalid", "empty_cell"),
            60: ("invalid", "email_format"),
            75: ("invalid", "choice_unknown"),
            92: ("invalid", "number_format"),
            108: ("invalid", "text_damaged"),
            123: ("invalid", "too_long"),
            139: ("invalid", "date_format"),
            154: ("refused", "refused"),
            170: ("refused", "refused"),
            186: ("invalid", "empty_key"),
            205: ("changed", "changed"),
            222: ("already_imported", ""),
            **dict.fromkeys(range(21, 242, 20), ("ignored", "ignored")),
        },
    ),
    "add-by-lead-id": Sample(
        "calls_by_lead_id.yaml",
        "calls.csv",
        120,
        "created",
        {
            13: ("invalid", "guid_format"),
            35: ("invalid", "empty_cell"),
            50: ("invalid", "date_format"),
            66: ("invalid", "number_format"),
            81: ("invalid", "choice_unknown"),
            97: ("refused", "refused"),
            103: ("already_imported", ""),
            109: ("changed", "changed"),
        },
    ),
    "add-by-opportunity": Sample(
        "payments_by_opportunity.yaml",
        "payments.xlsx",
        110,
        "created",
        {
            11: ("invalid", "empty_cell"),
            28: ("invalid", "number_format"),
            43: ("invalid", "guid_format"),
            59: ("invalid", "date_format"),
            74: ("refused", "refused"),
            85: ("invalid", "choice_unknown"),
            98: ("changed", "changed"),
            106: ("already_imported", ""),
        },
    ),
    "update": Sample(
        "update_visits.yaml",
        "visit_updates.xlsx",
        112,
        "updated",
        {
            19: ("invalid", "empty_cell"),
            38: ("invalid", "date_format"),
            54: ("invalid", "guid_format"),
            72: ("invalid", "choice_unknown"),
            90: ("refused", "refused"),
            107: ("already_imported", ""),
        },
    ),
    "create-lead-and-activity": Sample(
        "new_leads.yaml",
        "walk_ins.csv",
        104,
        "created",
        {
            10: ("invalid", "empty_cell"),
            25: ("invalid", "email_format"),
            42: ("invalid", "phone_format"),
            57: ("invalid", "date_format"),
            70: ("invalid", "choice_unknown"),
            83: ("invalid", "number_format"),
            94: ("invalid", "empty_key"),
            100: ("already_imported", "read_back"),  # as the row that it copies
        },
        code="read_back",
    ),
}


@pytest.mark.parametrize(("operation", "sample"), SAMPLES.items(), ids=SAMPLES)
def test_a_sample_sheet_of_each_operation_is_rehearsed(desk: Desk, operation: str, sample: Sample) -> None:
    """Every row of the sheet has the end that its cells deserve, and every stored row an id of LeadSquared's."""
    shutil.copy(PROJECT / "sample_data" / sample.sheet, desk.folder)

    ended = desk.etl("run", sample.sheet, "-m", PROJECT / "mappings" / sample.mapping, "--rehearse")

    results = read(desk.folder / sample.sheet.replace(".", ".rehearsal.results."))
    ends = {int(row["etl_row"]): (row["etl_status"], row["etl_code"]) for row in results}
    assert {number: end for number, end in ends.items() if end != sample.expected(number)} == {}, ended.said
    assert [int(row["etl_row"]) for row in results] == list(range(2, sample.rows + 2))
    assert ended.code == 4, ended.said
    assert ended.counts() == dict(Counter(status.replace("_", " ") for status, _ in ends.values()))
    assert load_mapping(PROJECT / "mappings" / sample.mapping).operation == operation
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
