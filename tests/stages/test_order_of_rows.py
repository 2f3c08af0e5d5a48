"""Several rows of one activity, from the sheet to LeadSquared: carried out in their order, whatever is lost on the way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from etl.records import Outcome
from etl.simulator import Fault, FaultKind, Read
from tests.laws.virtual import Crash, Steps
from tests.stages.office import VISIT, Office, office, outcomes, visit, visits

UPDATED, UNCONFIRMED, WAITING = Outcome.UPDATED, Outcome.UNCONFIRMED, Outcome.WAITING
K = FaultKind

UPDATE = """\
version: 1
name: corrections
operation: update
activity: {event: 320}
columns:
  Email: ProspectActivityId
  Visit: mx_Custom_1
  Remarks: ActivityNote
"""
CREATE = """\
version: 1
name: new leads
operation: create-lead-and-activity
search_by: EmailAddress
activity: {event: 320}
columns:
  Email: Lead.EmailAddress
  Visit: mx_Custom_1
  Remarks: ActivityNote
"""
ACTIVITIES, TIMES = 26, 3


def after_an_import(folder: Path, *faults: Fault) -> tuple[Office, list[str]]:
    """An office that has imported visits with two requests; faults count its requests with rows from the third on."""
    desk = office(folder, *faults)
    desk.waits = (4.0, 8.0)
    desk.run(desk.sheet(visits(ACTIVITIES)))
    ids = list(desk.ids.values())
    desk.mapping = UPDATE
    return desk, ids


def corrections(desk: Office, ids: list[str], name: str = "corrections.csv", word: str = "C") -> Path:
    """Each activity three times, one behind the other, and each time another value."""
    rows = [
        {"Email": one, "Visit": f"{word}{place:02}-{time}", "Remarks": f"{word} {time}"}
        for place, one in enumerate(ids)
        for time in range(1, TIMES + 1)
    ]
    return desk.sheet(rows, name)


def told(desk: Office) -> dict[str, list[str]]:
    """What every activity was told, in the order in which the requests were written."""
    found: dict[str, list[str]] = {}
    for body in desk.bodies("rows > 0 AND run_id > 1"):
        elements = json.loads(body)
        assert len({one["ProspectActivityId"] for one in elements}) == len(elements)
        for one in elements:
            found.setdefault(one["ProspectActivityId"], []).append(_value(one))
    return found


def shown(desk: Office) -> dict[str, str]:
    return {one["ProspectActivityId"]: _value(one) for one in desk.simulator.activities()}


def _value(one: Mapping[str, list[Mapping[str, str]]]) -> str:
    return next(entry["Value"] for entry in one["Fields"] if entry["SchemaName"] == VISIT)


def in_order(values: list[str]) -> bool:
    """Whether no value was sent behind a later one, though one may be sent again."""
    return values == sorted(values)


LOSSES = {
    "the first answer": (Fault.at(K.DROP_AFTER, 3),),
    "two requests": (Fault.at(K.DROP_BEFORE, 3), Fault.at(K.DROP_AFTER, 5)),
}


@pytest.mark.parametrize("faults", LOSSES.values(), ids=LOSSES.keys())
def test_the_last_row_has_the_last_word(tmp_path: Path, faults: tuple[Fault, ...]) -> None:
    """Whatever was lost: in the end every activity shows what its last row says, and was told in row order."""
    desk, ids = after_an_import(tmp_path, *faults)

    summary = desk.run(corrections(desk, ids))

    assert outcomes(summary) == {UPDATED: ACTIVITIES * TIMES}
    assert shown(desk) == {one: f"C{place:02}-{TIMES}" for place, one in enumerate(ids)}
    assert all(in_order(values) for values in told(desk).values())


def _die() -> None:
    raise Crash


def test_after_a_kill_the_order_goes_on(tmp_path: Path) -> None:
    """The next process sends no later row before it knows what became of the one that was in the air."""
    desk, ids = after_an_import(tmp_path)
    sheet = corrections(desk, ids)
    with pytest.raises(Crash):
        desk.run(sheet, steps=Steps(at={("sent", 1): _die}))

    summary = desk.run(sheet)

    assert outcomes(summary) == {UPDATED: ACTIVITIES * TIMES}
    assert shown(desk) == {one: f"C{place:02}-{TIMES}" for place, one in enumerate(ids)}
    assert all(in_order(values) for values in told(desk).values())


def test_another_sheet_waits_for_what_the_first_one_has_in_doubt(tmp_path: Path) -> None:
    """A process that died in the middle of one sheet is looked after by the next sheet, before its own rows go."""
    desk, ids = after_an_import(tmp_path)
    with pytest.raises(Crash):
        desk.run(corrections(desk, ids[:5]), steps=Steps(at={("sent", 1): _die}))

    summary = desk.run(corrections(desk, ids[:8], "later.csv", "D"))

    assert outcomes(summary) == {UPDATED: 8 * TIMES}
    assert {one: shown(desk)[one] for one in ids[:8]} == {
        one: f"D{place:02}-{TIMES}" for place, one in enumerate(ids[:8])
    }
    assert desk.ask("SELECT COUNT(*) FROM rows WHERE outcome = 'unconfirmed'") == [(0,)]


def test_rows_that_cannot_go_are_told_with_their_reason(tmp_path: Path) -> None:
    """Where nothing can be read back the later rows of a new lead wait, those of others go, and the command says why."""
    desk = office(tmp_path, Fault.at(K.DROP_AFTER, 1), mapping=CREATE, reads_forbidden=frozenset(Read))
    desk.waits = (4.0, 8.0)
    rows = [visit(number, Email=f"new{number % 2}@example.com") for number in range(1, 7)]
    sheet = desk.sheet(rows)

    summary = desk.run(sheet)
    again = desk.run(sheet)

    for one in (summary, again):
        assert outcomes(one)[WAITING] == 2
        assert one.exit_code == 6
        assert one.stop_reason == (
            "2 rows wait for other rows of the same activity or lead, of which it is not known whether they arrived"
        )
    sent = desk.ask("SELECT row_number FROM rows WHERE request_id IS NOT NULL ORDER BY request_id")
    assert sent == [(2,), (3,), (5,), (7,)]
