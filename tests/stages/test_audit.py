"""`etl verify --all`: what is found out about rows that are called created."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from etl.events import Auditing
from etl.proof import Check
from etl.simulator import Fault, FaultKind, Read, ValuesOnReading
from etl.stages.audit_findings import Finding
from tests.simulator.calls import row as foreign_row
from tests.stages.office import MAPPING, ONE_BY_ONE, ROW_KEY, VISIT, Office, office, results, visit, visits

HELD, DIFFERS, MISSING, TWICE, NOT_READ = Finding
K = FaultKind
ALL = Check()
TIMED = MAPPING.replace("activity:", "input: {time_zone: UTC}\nactivity:").replace(
    "  Remarks: ActivityNote\n", '  Remarks: {to: ActivityDateTime, format: "%d/%m/%Y %H:%M"}\n'
)


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Sixty rows that were created without any trouble; tests restore what they change."""
    desk = office(tmp_path_factory.mktemp("office"))
    desk.run(desk.sheet(60))
    desk.world.pass_time(3 * 86_400)
    return desk


def verified(desk: Office) -> dict[str, str]:
    """The column of the results, by visit."""
    summary = desk.verify().result
    return {line["Visit"]: line["etl_verified"] for line in results(summary)}


@dataclass(frozen=True)
class Change:
    """Something that somebody did in LeadSquared, and what the check says of V003 then."""

    does: Callable[[Office], object]
    undoes: Callable[[Office], object]
    finding: Finding
    says: str


def _is_third(activity: object) -> bool:
    return any(field["Value"] == "V003" for field in activity.fields)  # type: ignore[attr-defined]


def _set(**values: object) -> Callable[[Office], object]:
    return lambda desk: desk.edit(_is_third, **values)


FIRST_MOMENT = "2026-06-01 04:46:40.000"
CHANGES = {
    "nothing": Change(lambda _: None, lambda _: None, HELD, "held"),
    "deleted": Change(_set(event=999), _set(event=320), MISSING, "missing"),
    "another note": Change(
        _set(note="called back"), _set(note="note 3"), DIFFERS, 'differs: ActivityNote: "note 3" became "called back"'
    ),
    "no note": Change(_set(note=None), _set(note="note 3"), DIFFERS, 'differs: ActivityNote: "note 3" became ""'),
    "a field lost": Change(
        lambda desk: desk.edit(_is_third, fields=[]),
        lambda desk: desk.edit(lambda one: not one.fields, fields=[{"SchemaName": VISIT, "Value": "V003"}]),
        DIFFERS,
        'differs: mx_Custom_1: "V003" became ""',
    ),
    "edited the next day, values as before": Change(
        _set(modified_on="2026-06-02 10:00:00.000"), _set(modified_on=FIRST_MOMENT), HELD, "held"
    ),
    "edited the next day, another note": Change(
        _set(modified_on="2026-06-02 10:00:00.000", note="x"),
        _set(modified_on=FIRST_MOMENT, note="note 3"),
        DIFFERS,
        'differs: ActivityNote: "note 3" became "x"',
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_what_became_of_one_activity(imported: Office, change: Change) -> None:
    """It is told for that row alone, in counts and in the results."""
    change.does(imported)
    try:
        found = imported.verify(check=ALL).findings
        column = verified(imported)
    finally:
        change.undoes(imported)

    assert found == Counter([HELD] * 59) + Counter([change.finding])
    assert {name: text for name, text in column.items() if text != "held"} == (
        {"V003": change.says} if change.finding is not HELD else {}
    )


def test_many_edited_ones_are_looked_for_by_time(imported: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a few rows the leads are read, of many everything that was written since."""
    monkeypatch.setattr("etl.stages.audit.FEW_ROWS", 10)
    imported.edit(lambda _one: True, modified_on="2026-06-02 10:00:00.000")
    try:
        by_lead = imported.asked("asked Retrieve")
        found = imported.verify(check=ALL).findings
    finally:
        imported.edit(lambda _one: True, modified_on=FIRST_MOMENT)

    assert found == {HELD: 60}
    assert imported.asked("asked Retrieve") == by_lead


RIGHTS = {
    "by time": (frozenset(), {HELD: 60}),
    "lead by lead": (frozenset({Read.BY_EVENT}), {HELD: 60}),
    "not at all": (frozenset({Read.BY_EVENT, Read.BY_LEAD}), {NOT_READ: 60}),
}


@pytest.mark.parametrize(("forbidden", "found"), RIGHTS.values(), ids=RIGHTS.keys())
def test_it_reads_as_it_may(imported: Office, forbidden: frozenset[Read], found: dict[Finding, int]) -> None:
    """Where the read by time is forbidden the leads are read; where nothing may be read, nothing is called missing."""
    imported.switch(reads_forbidden=forbidden)
    try:
        assert imported.verify(check=ALL).findings == found
    finally:
        imported.switch(reads_forbidden=frozenset())


def test_few_requests_do(imported: Office) -> None:
    """Sixty rows are checked with one read."""
    before = imported.asked()

    imported.verify(check=ALL)

    assert imported.asked() - before == 1


@pytest.mark.parametrize(("sample", "checked"), [(7, 7), (60, 60), (1_000, 60)])
def test_a_sample_is_as_large_as_was_asked_for(imported: Office, sample: int, checked: int) -> None:
    """Drawn from the created rows, none twice; more than there are is all."""
    assert imported.verify(check=Check(sample)).findings == {HELD: checked}


def test_a_sample_of_a_half_deleted_run_finds_it(imported: Office) -> None:
    """Every row can be drawn, not only the first ones."""
    names = [f"V{number:03}" for number in range(31, 61)]
    imported.delete(*names)
    try:
        found = imported.verify(check=Check(29)).findings
    finally:
        imported.edit(lambda one: one.event == 999, event=320)

    assert sum(found.values()) == 29
    assert found[MISSING] > 0


def test_many_rows_are_checked_in_portions_and_told_so(imported: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """So many rows at once in memory; before each portion its start is told."""
    monkeypatch.setattr("etl.stages.audit.ROWS_AT_ONCE", 25)
    before = len(imported.heard)

    found = imported.verify(check=ALL).findings

    told = [event for _, event in imported.heard[before:] if isinstance(event, Auditing)]
    assert [(event.done, event.total) for event in told] == [(0, 60), (25, 60), (50, 60)]
    assert found == {HELD: 60}


def test_a_stop_ends_it_between_portions(imported: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was checked by then is kept; the exit code is the signal's."""
    monkeypatch.setattr("etl.stages.audit.ROWS_AT_ONCE", 25)

    def stop(event: object) -> None:
        if isinstance(event, Auditing) and event.done == 0:
            imported.stop.request("Ctrl-C", 2)

    imported.happens = stop
    try:
        verdict = imported.verify(check=ALL)
    finally:
        imported.happens = lambda _event: None
        imported.stop = type(imported.stop)()

    assert verdict.findings == {HELD: 25}
    assert verdict.exit_code == 130


LATE = {
    "values": MAPPING,
    "values and time": TIMED,
    "row keys": MAPPING + ROW_KEY,
}


@pytest.mark.parametrize("mapping", LATE.values(), ids=LATE.keys())
def test_what_no_client_can_exclude_is_found(tmp_path: Path, mapping: str) -> None:
    """LeadSquared carried a request out long after its rows were proved absent: they are there twice, with the other id."""
    desk = office(tmp_path, Fault.at(K.STORE_LATE, 1, seconds=500), mapping=mapping)
    desk.waits, desk.limit = (10.0, 10.0), ONE_BY_ONE
    rows = [visit(n, Remarks=f"01/06/2026 10:{n:02}") for n in range(1, 31)] if mapping is TIMED else visits(30)
    desk.run(desk.sheet(rows))
    desk.world.pass_time(86_400)

    found = desk.verify(check=ALL).findings

    assert found == {TWICE: 25, HELD: 5}
    column = verified(desk)
    assert column["V001"] == f"twice: {desk.ids['V001']}"
    assert column["V026"] == "held"


NOT_COPIES = {
    "equal rows of the sheet": ([visit(1)] * 3, []),
    "another lead": ([visit(1)], [foreign_row("else@example.com", ActivityNote="note 1")]),
    "another note": ([visit(1)], [foreign_row("lead1@example.com", ActivityNote="note 2")]),
    "another field": (
        [visit(1)],
        [
            foreign_row(
                "lead1@example.com", ActivityNote="note 1", Fields=[{"SchemaName": "mx_Custom_1", "Value": "V009"}]
            )
        ],
    ),
}


@pytest.mark.parametrize(("rows", "others"), NOT_COPIES.values(), ids=NOT_COPIES.keys())
def test_what_is_no_copy(tmp_path: Path, rows: list[dict[str, str]], others: list[dict[str, object]]) -> None:
    """Rows that are equal on purpose, and what else lies on the lead."""
    desk = office(tmp_path)
    desk.run(desk.sheet(rows))
    if others:
        desk.write_foreign(others)

    assert desk.verify(check=ALL).findings == {HELD: len(rows)}


def test_two_times_make_two_activities(tmp_path: Path) -> None:
    """Where the rows have times, an equal activity at another time is another one."""
    desk = office(tmp_path, mapping=TIMED)
    desk.run(desk.sheet([visit(1, Remarks="01/06/2026 10:00")]))
    fields = [{"SchemaName": VISIT, "Value": "V001"}]
    desk.write_foreign([foreign_row("lead1@example.com", Fields=fields, ActivityDateTime="2026-06-01 11:00:00")])
    assert desk.verify(check=ALL).findings == {HELD: 1}

    desk.write_foreign([foreign_row("lead1@example.com", Fields=fields, ActivityDateTime="2026-06-01 10:00:00")])
    assert desk.verify(check=ALL).findings == {TWICE: 1}


def test_values_that_are_reformatted_differ(tmp_path: Path) -> None:
    """What LeadSquared shows is told as it is; a person can judge it."""
    desk = office(tmp_path, values_on_reading=ValuesOnReading.CUT, values_cut_to=3)
    desk.run(desk.sheet(2))

    desk.verify(check=ALL)

    assert verified(desk)["V001"] == ('differs: ActivityNote: "note 1" became "not"; mx_Custom_1: "V001" became "V00"')


def test_rows_that_are_not_created_are_not_checked(tmp_path: Path) -> None:
    """Refused and invalid rows have no activity; their column stays empty."""
    desk = office(tmp_path)
    desk.run(desk.sheet([visit(1), visit(2, Email="nobody@example.com"), visit(3, Email="")]))

    found = desk.verify(check=ALL).findings

    assert found == {HELD: 1}
    assert verified(desk) == {"V001": "held", "V002": "", "V003": ""}
