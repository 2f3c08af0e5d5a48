"""A second ledger, noticed before anything is sent by the row keys that LeadSquared shows."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from etl.api.activities import PAGE_ROWS
from etl.events import Planned, RunOptions
from etl.records import Outcome
from etl.simulator import Fault, FaultKind, ForbiddenForm, Read
from etl.stages.elsewhere import RECENT
from tests.laws.virtual import Crash, Steps
from tests.simulator.calls import row as foreign_row
from tests.stages.office import (
    KEY,
    MAPPING,
    ONE_BY_ONE,
    ROW_KEY,
    UNIQUE,
    Office,
    office,
    once,
    outcomes,
    results,
    visit,
    visits,
)

CREATED, IMPORTED = Outcome.CREATED, Outcome.ALREADY_IMPORTED
HERE, THERE = "here", "there"
DAY = 86_400.0


def an_office(folder: Path, *, mapping: str = MAPPING + ROW_KEY, **switches: object) -> Office:
    return office(folder, mapping=mapping, **switches)


def imported_there(desk: Office, rows: object = 60) -> None:
    """Somebody else's ledger has imported this sheet; its results are not beside ours."""
    desk.run(desk.sheet(rows), home=THERE)  # type: ignore[arg-type]  # a number or rows
    for written in desk.folder.glob("visits*.results*"):
        written.unlink()


def planned(desk: Office) -> Planned:
    return [event for _, event in desk.heard if isinstance(event, Planned)][-1]


def test_the_same_sheet_from_another_ledger_is_already_imported(tmp_path: Path) -> None:
    """Every row with its id from LeadSquared, nothing sent, exit code 0; one count and one page are read."""
    desk = an_office(tmp_path)
    imported_there(desk)
    asked = desk.asked()

    summary = desk.run(desk.sheet(60), home=HERE)

    assert (summary.exit_code, outcomes(summary)) == (0, {IMPORTED: 60})
    assert {line["Visit"]: line["ProspectActivityId"] for line in results(summary)} == desk.ids
    assert desk.stored == once(60)
    assert "60 rows are in LeadSquared already: their row keys were found there." in desk.notes
    assert planned(desk).rows_to_send == 0
    assert desk.asked() - asked <= 8


def test_what_another_ledger_has_not_sent_goes_out(tmp_path: Path) -> None:
    """Partly there: the others are created, and counted as such before the start."""
    desk = an_office(tmp_path)
    imported_there(desk, visits(40))

    summary = desk.run(desk.sheet(60), home=HERE)

    assert outcomes(summary) == {IMPORTED: 40, CREATED: 20}
    assert planned(desk).rows_to_send == 20
    assert desk.stored == once(60)


def test_once_known_nothing_is_read_again(tmp_path: Path) -> None:
    """The same command a second time finds the rows in its own ledger and asks nothing."""
    desk = an_office(tmp_path)
    imported_there(desk)
    desk.run(desk.sheet(60), home=HERE)
    asked = desk.asked_in_all

    summary = desk.run(desk.sheet(60), home=HERE)

    assert outcomes(summary) == {IMPORTED: 60}
    assert desk.asked_in_all == asked


def _die() -> None:
    raise Crash


def stopped_before(desk: Office, request: int) -> Path:
    """Our run of a sheet of sixty was ended just before a request was sent: its rows are in doubt, later ones wait."""
    sheet = desk.sheet(60)
    desk.limit = ONE_BY_ONE
    with pytest.raises(Crash):
        desk.run(sheet, home=HERE, steps=Steps(at={("send", request): _die}))
    return sheet


def test_what_another_ledger_has_sent_since_we_stopped_is_not_sent_again(tmp_path: Path) -> None:
    """A run goes on after a colleague has imported the whole sheet: what waited is imported, what was in doubt is found."""
    desk = an_office(tmp_path)
    sheet = stopped_before(desk, 2)
    imported_there(desk)

    summary = desk.run(sheet, home=HERE)

    assert outcomes(summary) == {CREATED: 50, IMPORTED: 10}
    assert {line["Visit"]: line["ProspectActivityId"] for line in results(summary)} == desk.ids
    assert desk.stored == once(60)


def test_the_row_in_doubt_that_another_ledger_sent_later(tmp_path: Path) -> None:
    """Ours were refused and not looked for that day; theirs are far from when we sent: the keys tell all the same."""
    desk = office(tmp_path, Fault(FaultKind.REFUSE, requests=frozenset({1})), mapping=MAPPING + ROW_KEY)
    sheet = desk.sheet(20)
    with pytest.raises(Crash):
        desk.run(sheet, home=HERE, steps=Steps(at={("read", 2): _die}))
    desk.world.pass_time(3 * DAY)
    imported_there(desk, 20)
    desk.world.pass_time(DAY)

    assert outcomes(desk.run(sheet, home=HERE)) == {CREATED: 20}
    assert desk.stored == once(20)


EQUAL = {
    "one there, three here": (1, 3, {IMPORTED: 1, CREATED: 2}),
    "three there, three here": (3, 3, {IMPORTED: 3}),
    "three there, two here": (3, 2, {IMPORTED: 2}),
}


@pytest.mark.parametrize(("there", "here", "counts"), EQUAL.values(), ids=EQUAL.keys())
def test_equal_rows_are_a_multiset(tmp_path: Path, there: int, here: int, counts: dict[Outcome, int]) -> None:
    """Of n equal rows of which m are in LeadSquared, n - m go out; each has a key of its own."""
    desk = an_office(tmp_path)
    imported_there(desk, [visit(1)] * there)

    summary = desk.run(desk.sheet([visit(1)] * here), home=HERE)

    assert outcomes(summary) == counts
    assert desk.stored == {"V001": max(there, here)}
    ids = [line["ProspectActivityId"] for line in results(summary)]
    assert len(set(ids)) == here


def test_rows_with_the_same_unique_value_follow_the_one_that_is_there(tmp_path: Path) -> None:
    """The second line of one visit is that activity, too: it is neither sent nor left waiting."""
    desk = an_office(tmp_path, mapping=MAPPING + ROW_KEY + UNIQUE)
    imported_there(desk, visits(5))

    summary = desk.run(desk.sheet([*visits(5), visit(3), visit(6)]), home=HERE)

    assert outcomes(summary) == {IMPORTED: 6, CREATED: 1}
    assert desk.stored == once(6)
    third, again = (line for line in results(summary) if line["Visit"] == "V003")
    assert third["ProspectActivityId"] == again["ProspectActivityId"] == desk.ids["V003"]


def test_known_rows_are_sent_once_more_on_purpose(tmp_path: Path) -> None:
    """`--duplicate` with their number is a wish that row keys of another ledger do not overrule."""
    desk = an_office(tmp_path)
    imported_there(desk, visits(5))
    sheet = desk.sheet(5)
    desk.run(sheet, home=HERE)

    summary = desk.run(sheet, home=HERE, options=RunOptions(duplicate=5))

    assert outcomes(summary) == {CREATED: 5}
    assert desk.stored == dict.fromkeys(once(5), 2)


@pytest.mark.parametrize("form", ForbiddenForm)
def test_where_reading_is_forbidden_a_note_says_so(tmp_path: Path, form: ForbiddenForm) -> None:
    """The import goes on: another ledger goes unnoticed, and the person is told before the first row."""
    desk = an_office(tmp_path, reads_forbidden=frozenset({Read.BY_EVENT}), forbidden_form=form)

    summary = desk.run(desk.sheet(5))

    assert outcomes(summary) == {CREATED: 5}
    assert desk.notes == [
        "The user of these keys may not read activities back: an import from another ledger goes unnoticed."
    ]


NOTHING_TO_ASK = {
    "no row key": (MAPPING, [visit(1)]),
    "nothing to send": (MAPPING + ROW_KEY, [visit(1, Email="")]),
}


@pytest.mark.parametrize(("mapping", "rows"), NOTHING_TO_ASK.values(), ids=NOTHING_TO_ASK.keys())
def test_nothing_is_read_without_need(tmp_path: Path, mapping: str, rows: list[dict[str, str]]) -> None:
    """Without a key there is nothing to compare, without rows nothing to protect."""
    desk = an_office(tmp_path, mapping=mapping)

    desk.run(desk.sheet(rows))

    assert desk.asked() == 0


def test_keys_of_another_mapping_are_not_ours(tmp_path: Path) -> None:
    """The mapping's name is part of a row's identity: equal rows of another import go out."""
    desk = an_office(tmp_path)
    imported_there(desk, visits(5))
    desk.mapping = desk.mapping.replace("name: visits", "name: calls")

    summary = desk.run(desk.sheet(5), home=HERE)

    assert outcomes(summary) == {CREATED: 5}


def test_texts_that_are_no_row_keys_say_nothing(tmp_path: Path) -> None:
    """Somebody filled the field by hand; only what looks like our keys is kept."""
    desk = an_office(tmp_path)
    desk.write_foreign([foreign_row("a@example.com", Fields=[{"SchemaName": KEY, "Value": "checked by Asha"}])])

    summary = desk.run(desk.sheet(5))

    assert outcomes(summary) == {CREATED: 5}
    assert desk.ask("SELECT COUNT(*) FROM known_keys") == [(0,)]


BEYOND = RECENT.total_seconds() + 2 * DAY


@pytest.mark.parametrize(
    ("seconds", "counts"),
    [
        pytest.param(RECENT.total_seconds() - 2 * DAY, {IMPORTED: 5}, id="within"),
        pytest.param(BEYOND, {CREATED: 5}, id="beyond"),
    ],
)
def test_keys_are_read_back_a_month(tmp_path: Path, seconds: float, counts: dict[Outcome, int]) -> None:
    """Older ones take `etl ledger rebuild`."""
    desk = an_office(tmp_path)
    imported_there(desk, visits(5))
    desk.world.pass_time(seconds)

    assert outcomes(desk.run(desk.sheet(5), home=HERE)) == counts


def test_a_rebuilt_memory_knows_rows_of_long_ago(tmp_path: Path) -> None:
    """`etl ledger rebuild` reads the keys since a day; a run finds them, and a second rebuilding brings nothing new."""
    desk = an_office(tmp_path)
    since = desk.world.wall() - timedelta(days=1)
    imported_there(desk, visits(40))
    desk.write_foreign([foreign_row(f"other{n}@example.com") for n in range(25)])
    desk.world.pass_time(BEYOND)

    rebuilt = desk.rebuild(since, home=HERE)
    again = desk.rebuild(since, home=HERE)
    asked = desk.asked()
    summary = desk.run(desk.sheet(60), home=HERE)

    assert (rebuilt.activities, rebuilt.keys) == (65, 40)
    assert (again.activities, again.keys) == (65, 0)
    assert outcomes(summary) == {IMPORTED: 40, CREATED: 20}
    assert desk.asked() - asked == 1
    assert desk.stored == once(60) | {"": 25}


def test_a_part_shares_its_first_second_with_the_one_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Read in parts of five seconds, the activities on the borders are neither lost nor counted as two keys."""
    desk = an_office(tmp_path)
    since = desk.world.wall()
    for first in range(1, 10, 3):
        desk.run(desk.sheet(visits(first + 2, first=first)), home=THERE)
        desk.world.pass_time(5.0)
    monkeypatch.setattr("etl.stages.elsewhere.PART", timedelta(seconds=5))
    monkeypatch.setattr("etl.stages.elsewhere.SPARE", timedelta(seconds=30))

    rebuilt = desk.rebuild(since, home=HERE)

    assert rebuilt.keys == 9
    assert desk.ask("SELECT COUNT(*) FROM known_keys", home=HERE) == [(9,)]


class TestVeryManyActivities:
    """More than are read before a run: the span is halved until it holds fewer, once more than it can be a note says so."""

    @pytest.fixture
    def desk(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Office:
        monkeypatch.setattr("etl.stages.elsewhere.MOST_ACTIVITIES", 30)
        return an_office(tmp_path)

    def test_the_span_is_halved(self, desk: Office) -> None:
        """What another ledger sent lately is found, what lies further back is not, and the note names the day."""
        imported_there(desk, visits(20))
        desk.world.pass_time(20 * DAY)
        imported_there(desk, visits(40, first=21))
        desk.world.pass_time(DAY)

        summary = desk.run(desk.sheet(40), home=HERE)

        assert outcomes(summary) == {IMPORTED: 20, CREATED: 20}
        (note,) = [note for note in desk.notes if note.startswith("Very many activities of type 320")]
        since = desk.world.wall() - RECENT / 2
        assert f"since {since:%Y-%m-%d}" in note

    def test_the_halving_ends(self, desk: Office) -> None:
        """Everything was written within the last minute: that is read in any case, after some counts and with one note."""
        imported_there(desk, visits(60))
        asked = desk.asked()

        summary = desk.run(desk.sheet(60), home=HERE)

        assert outcomes(summary) == {IMPORTED: 60}
        assert len([note for note in desk.notes if note.startswith("Very many")]) == 1
        assert desk.asked() - asked <= 16


def test_a_day_of_imports_is_read_in_pages(tmp_path: Path) -> None:
    """More than a page of activities: the keys on all of them are found."""
    desk = an_office(tmp_path)
    count = PAGE_ROWS + 200
    desk.write_foreign(
        [
            foreign_row(f"lead{n % 9}@example.com", Fields=[{"SchemaName": KEY, "Value": f"etl-{n:020}"}])
            for n in range(count)
        ]
    )

    desk.run(desk.sheet(5))

    assert desk.ask("SELECT COUNT(*) FROM known_keys") == [(count,)]
