"""What a look makes of updates in doubt: shown, gone again, refused, or open; and never an older value over a later one."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from etl.api.details import NoActivity
from etl.events import ReadingBack
from etl.proof import Assumption
from etl.records import Outcome, SeenActivity
from etl.simulator import BulkFailureMode, BulkOrder, BulkSuccessShape, Fault, FaultKind, Read, ValuesOnReading
from etl.stages.by_id import Told
from tests.laws.virtual import Crash, Steps
from tests.stages.corrections import (
    LATE,
    NO_SUCH_ID,
    UPDATE,
    WAIT,
    correct,
    correction,
    corrections,
    notes,
    with_visits,
)
from tests.stages.office import BY_EVENT, Office, outcomes, results

UPDATED, REFUSED, UNCONFIRMED = Outcome.UPDATED, Outcome.REFUSED, Outcome.UNCONFIRMED
BY_ID = "asked GetActivityDetails"
K = FaultKind
WITHOUT_TYPE = UPDATE.replace("activity: {event: 320}\n", "")


@dataclass(frozen=True)
class Story:
    """One story of eight corrections in one request. bad: a row whose id leads to nothing.

    sizes: rows of each request with corrections; found: rows that were read back; within: seconds it all took at most.
    by_id, by_event: reads of either kind at most.
    """

    faults: tuple[Fault, ...] = ()
    switches: dict[str, Any] = field(default_factory=dict)
    sizes: tuple[int, ...] = (8,)
    found: int = 0
    within: float = 1.0
    bad: int | None = None
    by_id: int = 0
    by_event: int = 0
    mapping: str = UPDATE


WITH_SHAPE = {"bulk_success_shape": BulkSuccessShape.FEWER_ROWS}
STORIES = {
    "answered": Story(),
    "answer lost": Story((Fault.at(K.DROP_AFTER, 1),), found=8, by_id=8),
    "request lost": Story((Fault.at(K.DROP_BEFORE, 1),), sizes=(8, 8), within=WAIT + 3, by_id=40),
    "bad gateway, nothing done": Story(
        (Fault.at(K.BAD_GATEWAY_BEFORE, 1),), sizes=(8, 8), within=WAIT + LATE + 3, by_id=40
    ),
    "carried out late": Story(
        (Fault.at(K.GATEWAY_TIMEOUT_LATE, 1, seconds=15.0),), found=8, within=WAIT + LATE + 3, by_id=40
    ),
    "done in part": Story((Fault.at(K.STORE_PARTLY, 1),), sizes=(8, 6), found=2, within=WAIT + 3, by_id=40),
    "rows left out of a full account": Story((Fault.at(K.OMIT_ROWS, 1),), found=5, by_id=5),
    "rows left out of each answer": Story(switches=WITH_SHAPE, found=1, by_id=1),
    "numbered from zero": Story(switches={"bulk_order": BulkOrder.ZERO_BASED}),
    "a count alone": Story(switches={"bulk_success_shape": BulkSuccessShape.COUNT}, found=8, by_id=8),
    "an unknown id, told in its row": Story(bad=3),
    "an unknown id, told without a word": Story(
        switches={"bulk_failure_mode": BulkFailureMode.INLINE_OMITTED}, bad=3, within=WAIT + 3, by_id=40
    ),
    "an unknown id, nothing done": Story(
        switches={"bulk_failure_mode": BulkFailureMode.ALL_OR_NOTHING}, bad=3, sizes=(8, 5, 2), by_id=8
    ),
    "an unknown id, the rows before it done": Story(
        switches={"bulk_failure_mode": BulkFailureMode.ABORT_MIDWAY}, bad=5, sizes=(8, 3), found=4, by_id=8
    ),
    "no reading by id": Story(
        (Fault.at(K.DROP_AFTER, 1),),
        {"reads_forbidden": frozenset({Read.ACTIVITY_DETAILS})},
        found=8,
        by_id=2,
        by_event=1,
    ),
    "no reading by id, request lost": Story(
        (Fault.at(K.DROP_BEFORE, 1),),
        {"reads_forbidden": frozenset({Read.ACTIVITY_DETAILS})},
        sizes=(8, 8),
        within=WAIT + 3,
        by_id=10,
        by_event=5,
    ),
    "no reading by id, and no type named": Story(
        (Fault.at(K.DROP_AFTER, 1),),
        {"reads_forbidden": frozenset({Read.ACTIVITY_DETAILS})},
        sizes=(8, 8),
        within=WAIT + 3,
        by_id=10,
        mapping=WITHOUT_TYPE,
    ),
    "no reading at all": Story(
        (Fault.at(K.DROP_AFTER, 1),),
        {"reads_forbidden": frozenset(Read)},
        sizes=(8, 8),
        within=WAIT + 3,
        by_id=10,
        by_event=5,
    ),
    "values come back in another form": Story(
        (Fault.at(K.DROP_AFTER, 1),),
        {"values_on_reading": ValuesOnReading.CUT, "values_cut_to": 6},
        sizes=(8, 8),
        within=WAIT + 3,
        by_id=40,
    ),
}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES.keys())
def test_updates_in_doubt(tmp_path: Path, story: Story) -> None:
    """Each correction is there in the end and says so with its id; only what was not shown, or is bad, was sent again."""
    desk = with_visits(tmp_path, 8, *story.faults, mapping=story.mapping, **story.switches)
    rows = corrections(desk, 8)
    if story.bad is not None:
        rows[story.bad - 1]["Id"] = NO_SUCH_ID
    before = len(desk.sizes)
    desk.world.happened.clear()
    begun = desk.world.seconds

    summary = correct(desk, rows)

    good = 8 - (story.bad is not None)
    assert outcomes(summary) == {UPDATED: good} | ({REFUSED: 1} if story.bad else {})
    assert [line["ProspectActivityId"] for line in results(summary) if line["etl_status"] == "updated"] == [
        row["Id"] for row in rows if row["Id"] != NO_SUCH_ID
    ]
    for line in results(summary):
        if line["etl_status"] == "refused":
            assert "Activity does not exist" in line["etl_error"]
    assert notes(desk) == {f"V{n:03}": f"note {n}" if n == story.bad else f"now V{n:03}" for n in range(1, 9)}
    assert tuple(desk.sizes[before:]) == story.sizes
    assert desk.codes["read_back"] == story.found
    assert desk.world.seconds - begun <= story.within
    assert desk.asked(BY_ID) <= story.by_id
    assert desk.asked(BY_EVENT) <= story.by_event


def seen(note: str) -> SeenActivity:
    return SeenActivity(NO_SUCH_ID, "", note, {"mx_Custom_1": "V001"}, None, None, None)


# Order


def _die() -> None:
    raise Crash


def test_after_a_crash_the_value_is_read_before_it_is_repeated(tmp_path: Path) -> None:
    """The request had arrived: the process that goes on asks for the activities, and sends nothing."""
    desk = with_visits(tmp_path, 5)
    rows, before = corrections(desk, 5), len(desk.sizes)
    with pytest.raises(Crash):
        correct(desk, rows, steps=Steps(at={("receive", 1): _die}))

    summary = correct(desk, rows)

    assert outcomes(summary) == {UPDATED: 5}
    assert desk.sizes[before:] == [5]
    assert desk.codes == {"read_back": 5}


LATE_ONE = Fault.at(K.GATEWAY_TIMEOUT_LATE, 1, seconds=15.0)
LATER_ONES = {
    "lost, done": (Fault.at(K.DROP_AFTER, 1), "now V001"),
    "lost, not done": (Fault.at(K.DROP_BEFORE, 1), "now V001"),
    "done late": (LATE_ONE, "now V001"),
    "done late, the value that it had": (LATE_ONE, "note 1"),
}


@pytest.mark.parametrize(("fault", "remark"), LATER_ONES.values(), ids=LATER_ONES.keys())
def test_rows_of_one_activity_are_applied_in_their_order(tmp_path: Path, fault: Fault, remark: str) -> None:
    """Whatever becomes of the first one, the value of the last one stays; a value that was there already proves nothing."""
    desk = with_visits(tmp_path, 2, fault)
    rows = [correction(desk, "V001", Remarks=remark), correction(desk, "V001", Remarks="the last word")]

    summary = correct(desk, rows)
    desk.world.pass_time(600)

    assert outcomes(summary) == {UPDATED: 2}
    assert [line["ProspectActivityId"] for line in results(summary)] == [desk.ids["V001"]] * 2
    assert notes(desk) == {"V001": "the last word", "V002": "note 2"}


def _in_doubt_and_overtaken(desk: Office, **later: str) -> None:
    """A correction is lost and its run stopped while it is in doubt; then another sheet, of another mapping, corrects it."""

    def stop(event: object) -> None:
        if isinstance(event, ReadingBack):
            desk.stop.request("asked to stop by a test", 2)

    desk.happens = stop
    first = correct(desk, [correction(desk, "V001", Remarks="the first")], "first.csv")
    assert outcomes(first) == {UNCONFIRMED: 1}
    desk.happens = lambda _event: None
    desk.stop = type(desk.stop)()
    other = desk.mapping
    desk.mapping = other.replace("corrections", "others")
    assert outcomes(correct(desk, [correction(desk, "V001", **later)], "second.csv")) == {UPDATED: 1}
    desk.mapping = other
    desk.world.pass_time(600)


def test_an_older_value_is_not_sent_over_a_later_one(tmp_path: Path) -> None:
    """What another sheet has set since stays; whether the first one had arrived before cannot be told, and a person decides."""
    desk = with_visits(tmp_path, 1, Fault.at(K.DROP_BEFORE, 1))
    _in_doubt_and_overtaken(desk, Remarks="the second")
    before = len(desk.sizes)

    (line,) = results(desk.verify(2).result)

    assert (line["etl_status"], line["etl_code"]) == ("unconfirmed", "unconfirmed")
    assert "has been changed since by row 2 of run 3" in line["etl_error"]
    assert notes(desk) == {"V001": "the second"}
    assert len(desk.sizes) == before
    (line,) = results(desk.verify(2, assume=Assumption.STORED).result)
    assert (line["etl_status"], line["ProspectActivityId"]) == ("updated", desk.ids["V001"])


def test_a_later_row_that_set_something_else_is_no_obstacle(tmp_path: Path) -> None:
    """The note that was lost goes out again, though another field of the same activity has been set since."""
    desk = with_visits(tmp_path, 1, Fault.at(K.DROP_BEFORE, 1))
    desk.mapping = UPDATE.replace("  Visit: mx_Custom_1\n", "")
    _in_doubt_and_overtaken_elsewhere(desk)

    assert outcomes(correct(desk, [correction(desk, "V001", Remarks="the first")], "first.csv")) == {UPDATED: 1}

    (one,) = desk.simulator.activities()
    assert one["ActivityNote"] == "the first"
    assert {"SchemaName": "mx_Custom_2", "Value": "V001"} in one["Fields"]


def _in_doubt_and_overtaken_elsewhere(desk: Office) -> None:
    plain = desk.mapping
    desk.happens = lambda event: desk.stop.request("asked", 2) if isinstance(event, ReadingBack) else None
    assert outcomes(correct(desk, [correction(desk, "V001", Remarks="the first")], "first.csv")) == {UNCONFIRMED: 1}
    desk.happens = lambda _event: None
    desk.stop = type(desk.stop)()
    other = "  Visit: mx_Custom_2\n"
    desk.mapping = plain.replace("corrections", "others").replace(
        "  Remarks: {to: ActivityNote, when_empty: clear}\n", other
    )
    assert outcomes(correct(desk, [correction(desk, "V001")], "second.csv")) == {UPDATED: 1}
    desk.mapping = plain


# What is not told


def test_a_cleared_value_is_read_back_as_nothing(tmp_path: Path) -> None:
    """An empty note goes out on purpose, and counts as shown when the activity has none."""
    desk = with_visits(tmp_path, 1, Fault.at(K.DROP_AFTER, 1))

    summary = correct(desk, [correction(desk, "V001", Remarks="")])

    assert outcomes(summary) == {UPDATED: 1}
    assert desk.codes == {"read_back": 1}
    assert notes(desk)["V001"] in {None, ""}


SEEN_OF_A_REFUSED_ONE = {
    "another value": (seen("note 1"), REFUSED, "Activity does not exist"),
    "the value in another form": (seen("NOW  v001"), UNCONFIRMED, "they may be the same in another form"),
    "the very value": (seen("now V001"), UPDATED, ""),
    "nothing told": (None, UNCONFIRMED, "may not read the activity"),
    "no such activity": (NoActivity("gone"), REFUSED, "gone"),
}


@pytest.mark.parametrize(("told", "outcome", "words"), SEEN_OF_A_REFUSED_ONE.values(), ids=SEEN_OF_A_REFUSED_ONE.keys())
def test_a_row_that_was_refused_alone_is_refused_only_when_it_is_not_there(
    tmp_path: Path, told: Told, outcome: Outcome, words: str
) -> None:
    """A refusal of the whole request proves nothing; what may be there in another form, or cannot be read, stays open."""
    forbidden = frozenset(Read) if told is None else frozenset()
    desk = with_visits(tmp_path, 2, bulk_failure_mode=BulkFailureMode.ALL_OR_NOTHING, reads_forbidden=forbidden)

    with patch("etl.stages.by_id.activity_by_id", lambda _read, _id: told):
        summary = correct(desk, [correction(desk, "V001", Id=NO_SUCH_ID)])

    (line,) = results(summary)
    assert line["etl_status"] == outcome.value
    assert words in line["etl_error"]
