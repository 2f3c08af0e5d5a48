"""What a look at LeadSquared makes of rows in doubt: each path on which a row is found, proved absent, or stays open."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from etl.events import ReadingBack
from etl.records import Limit, Outcome
from etl.simulator import BulkFailureMode, Fault, FaultKind, Read, ValuesOnReading
from tests.laws.virtual import Crash, Steps
from tests.simulator.calls import row as foreign_row
from tests.stages.office import (
    KEY,
    MAPPING,
    ONE_BY_ONE,
    PLENTY,
    ROW_KEY,
    Office,
    office,
    once,
    outcomes,
    results,
    visit,
    visits,
)

CREATED, UNCONFIRMED, REFUSED = Outcome.CREATED, Outcome.UNCONFIRMED, Outcome.REFUSED
WAIT, LATE = 8.0, 20.0
"""Seconds, shorter than the real defaults: fewer ticks of the countdown to live through."""

K = FaultKind
BAD_ROW = 17
WITH_A_BAD_ROW = [visit(n, **({"Email": "nobody@example.com"} if n == BAD_ROW else {})) for n in range(1, 31)]


@dataclass(frozen=True)
class Story:
    """One story. rows, faults, switches, mapping, limit: what happens.

    sizes: rows of each request, in order; sent: seconds from the start at which the later ones went. found: rows that were
    read back. reads: at most so many. reason: stands in the results of each row that stays open.
    """

    faults: tuple[Fault, ...]
    counts: dict[Outcome, int]
    sizes: list[int]
    rows: Any = 60
    sent: dict[int, float] = field(default_factory=dict)
    found: int = 0
    reads: int = 1
    reason: str = ""
    limit: Limit = PLENTY
    mapping: str = MAPPING
    switches: dict[str, Any] = field(default_factory=dict)


ALL = {CREATED: 60}
OPEN = {CREATED: 35, UNCONFIRMED: 25}
PATHS = {
    "stored, connection lost: found at once": Story((Fault.at(K.DROP_AFTER, 2),), ALL, [25, 25, 10], found=25),
    "stored, answered 502: found at once": Story((Fault.at(K.BAD_GATEWAY_AFTER, 2),), ALL, [25, 25, 10], found=25),
    "stored, timed out: found at once": Story((Fault.at(K.SLOW, 2),), ALL, [25, 25, 10], found=25),
    "stored in part: the rest is proved absent": Story(
        (Fault.at(K.STORE_PARTLY, 2),), ALL, [25, 25, 10, 17], found=8, reads=5, limit=ONE_BY_ONE
    ),
    "lost before: absent after the visibility wait, a later activity being visible": Story(
        (Fault.at(K.DROP_BEFORE, 1),), ALL, [25, 25, 10, 25], sent={3: WAIT}, reads=4, limit=ONE_BY_ONE
    ),
    "500 before: no late wait": Story(
        (Fault.at(K.SERVER_ERROR_BEFORE, 1),), ALL, [25, 25, 10, 25], sent={3: WAIT}, reads=4, limit=ONE_BY_ONE
    ),
    "502 before: the late wait too, and a witness from behind it": Story(
        (Fault.at(K.BAD_GATEWAY_BEFORE, 1),),
        ALL,
        [25, 25, 10, 1, 24],
        sent={3: WAIT + LATE},
        reads=9,
        limit=ONE_BY_ONE,
    ),
    "504, stored within the late wait: found": Story(
        (Fault.at(K.GATEWAY_TIMEOUT_LATE, 1, seconds=LATE - 5),), ALL, [25, 25, 10], found=25, reads=7
    ),
    "nothing of ours is visible: a probe after both waits": Story(
        (Fault.at(K.DROP_BEFORE, 1),), {CREATED: 25}, [25, 1, 24], rows=25, sent={1: WAIT + LATE}, reads=9
    ),
    "nothing later is there: a probe after the visibility wait": Story(
        (Fault.at(K.DROP_BEFORE, 3),), ALL, [25, 25, 10, 1, 9], sent={3: WAIT}, reads=6
    ),
    "reads slower than the wait: unseen, then found": Story(
        (Fault.at(K.DROP_AFTER, 2),),
        ALL,
        [25, 25, 10],
        found=25,
        reads=8,
        limit=ONE_BY_ONE,
        switches={"by_event_delay_seconds": 2.5 * WAIT},
    ),
    "reads much slower: open, and not sent again": Story(
        (Fault.at(K.DROP_AFTER, 2),),
        OPEN,
        [25, 25, 10],
        reads=9,
        reason="nor does it show",
        limit=ONE_BY_ONE,
        switches={"by_event_delay_seconds": 1_000.0},
    ),
    "reads much slower, nothing later confirmed: no probe while others are invisible": Story(
        (Fault.at(K.DROP_AFTER, 2),),
        OPEN,
        [25, 25, 10],
        reads=9,
        reason="nor does it show other activities that it has confirmed",
        switches={"by_event_delay_seconds": 1_000.0},
    ),
    "refused as a whole: by fifths, then alone": Story(
        (),
        {CREATED: 29, REFUSED: 1},
        [25, 5, 5, 5, 5, 5, 5, 1, 1, 1, 1, 1],
        rows=WITH_A_BAD_ROW,
        sent={2: WAIT, 7: 2 * WAIT},
        reads=15,
        switches={"bulk_failure_mode": BulkFailureMode.ALL_OR_NOTHING},
    ),
    "refused midway: what was stored before is found": Story(
        (),
        {CREATED: 29, REFUSED: 1},
        [25, 5, 5, 4, 1, 1, 1, 1, 1],
        rows=WITH_A_BAD_ROW,
        found=16,
        reads=15,
        switches={"bulk_failure_mode": BulkFailureMode.ABORT_MIDWAY},
    ),
    "refused, and a lost chunk behind it: no refused row is the probe": Story(
        (Fault.at(K.DROP_BEFORE, 2),),
        {CREATED: 49, REFUSED: 1},
        [25, 25, 5, 5, 5, 5, 5, 1, 1, 1, 1, 1, 25],
        rows=[*WITH_A_BAD_ROW, *visits(50, first=31)],
        reads=20,
        switches={"bulk_failure_mode": BulkFailureMode.ALL_OR_NOTHING},
    ),
    "values cut on reading: open": Story(
        (Fault.at(K.DROP_AFTER, 2),),
        OPEN,
        [25, 25, 10],
        reads=5,
        reason="A row_key_field in the mapping would settle it",
        switches={"values_on_reading": ValuesOnReading.CUT, "values_cut_to": 4},
    ),
    "values and row keys cut: open": Story(
        (Fault.at(K.DROP_AFTER, 2),),
        OPEN,
        [25, 25, 10],
        reads=6,
        reason="The row_key_field does not come back as it was sent",
        mapping=MAPPING + ROW_KEY,
        switches={"values_on_reading": ValuesOnReading.CUT, "values_cut_to": 4},
    ),
    "values reformatted, row keys kept: found by the keys": Story(
        (Fault.at(K.DROP_AFTER, 2),),
        ALL,
        [25, 25, 10],
        found=25,
        reads=2,
        rows=[visit(n, Remarks=f"note  {n} ") for n in range(1, 61)],
        mapping=MAPPING + ROW_KEY,
        switches={"values_on_reading": ValuesOnReading.REFORMATTED},
    ),
    "a colleague writes the same: told by the user of our keys": Story(
        (Fault.at(K.TWIN, 1, 2, 3), Fault.at(K.DROP_AFTER, 2)), ALL, [25, 25, 10], found=25
    ),
    "a colleague writes the same, and our rows have keys": Story(
        (Fault.at(K.TWIN, 1, 2, 3), Fault.at(K.DROP_AFTER, 2)),
        ALL,
        [25, 25, 10],
        found=25,
        reads=2,
        mapping=MAPPING + ROW_KEY,
        switches={"row_key_fields": frozenset({KEY})},
    ),
    "by time is forbidden: lead by lead": Story(
        (Fault.at(K.DROP_AFTER, 2),),
        ALL,
        [25, 25, 10],
        found=25,
        switches={"reads_forbidden": frozenset({Read.BY_EVENT})},
    ),
    "by time is forbidden: absent lead by lead": Story(
        (Fault.at(K.DROP_BEFORE, 1),),
        ALL,
        [25, 25, 10, 25],
        reads=1,
        limit=ONE_BY_ONE,
        switches={"reads_forbidden": frozenset({Read.BY_EVENT})},
    ),
    "all reads are forbidden: open": Story(
        (Fault.at(K.DROP_AFTER, 2),),
        OPEN,
        [25, 25, 10],
        reason="`etl verify RUN --assume`",
        switches={"reads_forbidden": frozenset({Read.BY_EVENT, Read.BY_LEAD})},
    ),
    "an answer with the id of another row: found": Story((Fault.at(K.DUPLICATE_ID, 2),), ALL, [25, 25, 10], found=2),
}


def an_office(folder: Path, *faults: Fault, limit: Limit = PLENTY, **more: Any) -> Office:
    made = office(folder, *faults, **more)
    made.waits, made.limit = (WAIT, LATE), limit
    return made


@pytest.mark.parametrize("story", PATHS.values(), ids=PATHS.keys())
def test_each_path_ends_as_it_should(tmp_path: Path, story: Story) -> None:
    """A row is called created under its own id, sent again only when it is proved absent, and else open with the reason."""
    desk = an_office(tmp_path, *story.faults, limit=story.limit, mapping=story.mapping, **story.switches)
    began = desk.world.clock.monotonic()

    summary = desk.run(desk.sheet(story.rows))

    assert outcomes(summary) == story.counts, results(summary)
    assert desk.sizes == story.sizes
    sent = [moment - began for moment in desk.sent_at()]
    assert {place: sent[place] >= least for place, least in story.sent.items()} == dict.fromkeys(story.sent, True), sent
    assert all(sent[place] < least + 30 for place, least in story.sent.items()), sent
    assert (desk.codes["read_back"], desk.codes["id_taken"]) == (story.found, 0)
    assert desk.asked() <= story.reads
    assert set(desk.stored.values()) == {1}, "a row is stored twice"
    lines = results(summary)
    assert {line["Visit"]: line["ProspectActivityId"] for line in lines if line["etl_status"] == "created"} == {
        name: activity_id for name, activity_id in _our_ids(desk).items() if name in _called(lines, "created")
    }
    assert _called(lines, "refused") == ({f"V{BAD_ROW:03}"} if REFUSED in story.counts else set())
    assert all(story.reason in line["etl_error"] for line in lines if line["etl_status"] == "unconfirmed")
    assert summary.exit_code == (7 if UNCONFIRMED in story.counts else 4 if REFUSED in story.counts else 0)


def _our_ids(desk: Office) -> dict[str, str]:
    email = desk.simulator.options.user_email
    return {
        next(field["Value"] for field in one["Fields"] if field["SchemaName"] == "mx_Custom_1"): one[
            "ProspectActivityId"
        ]
        for one in desk.simulator.activities()
        if one["CreatedByEmailAddress"] == email
    }


def _called(lines: list[dict[str, str]], status: str) -> set[str]:
    return {line["Visit"] for line in lines if line["etl_status"] == status}


def test_the_probe_is_the_first_missing_row_and_goes_alone(tmp_path: Path) -> None:
    """One row is risked, not a chunk; the others wait until it is visible."""
    desk = an_office(tmp_path, Fault.at(K.DROP_BEFORE, 1))

    desk.run(desk.sheet(25))

    first = list(range(2, 27))
    assert desk.rows_of_requests == [first, [2], first[1:]]


def test_what_was_refused_is_said_in_leadsquared_s_words(tmp_path: Path) -> None:
    """Refused only alone and after reading back, with the reason of the request in which it stood alone."""
    desk = an_office(tmp_path, bulk_failure_mode=BulkFailureMode.ALL_OR_NOTHING)

    summary = desk.run(desk.sheet(WITH_A_BAD_ROW))

    (line,) = [line for line in results(summary) if line["etl_status"] == "refused"]
    assert "nobody@example.com' does not exist" in line["etl_error"]
    alone = [rows for rows in desk.rows_of_requests if BAD_ROW + 1 in rows][-1]
    assert alone == [BAD_ROW + 1]
    last_look = desk.ask("SELECT MAX(sent_mono) FROM requests WHERE run_id IS NULL")[0][0]
    assert last_look >= desk.ended_at()[desk.rows_of_requests.index(alone)] + WAIT


def test_a_lead_that_was_refused_drags_no_others_along_next_time(tmp_path: Path) -> None:
    """Its rows go in a request of their own from then on, and no chunk has to be taken apart again."""
    desk = an_office(tmp_path, bulk_failure_mode=BulkFailureMode.ALL_OR_NOTHING)
    desk.run(desk.sheet(WITH_A_BAD_ROW))
    before = len(desk.sizes)
    more = [visit(n, **({"Email": "nobody@example.com"} if n == 105 else {})) for n in range(101, 131)]

    summary = desk.run(desk.sheet(more, name="more.csv"))

    assert sorted(desk.sizes[before:]) == [1, 4, 25]
    assert outcomes(summary) == {CREATED: 29, REFUSED: 1}


def test_who_sent_before_this_process_is_not_known(tmp_path: Path) -> None:
    """After a crash the keys may be another user's: a colleague's equal activity makes the rows open, and none goes again."""
    desk = an_office(tmp_path, Fault.at(K.TWIN, 1))
    with pytest.raises(Crash):
        desk.run(desk.sheet(5), steps=Steps(at={("receive", 1): _die}))

    summary = desk.run(tmp_path / "visits.csv")

    assert outcomes(summary) == {UNCONFIRMED: 5}
    (line, *_) = results(summary)
    assert "LeadSquared holds 2 activities like this row" in line["etl_error"]
    assert "A row_key_field in the mapping would settle it." in line["etl_error"]
    assert desk.stored == once(5)


def _die() -> None:
    raise Crash


def test_after_a_crash_rows_are_found_without_waiting(tmp_path: Path) -> None:
    """What arrived after all is there at the first look of the next command."""
    desk = an_office(tmp_path)
    with pytest.raises(Crash):
        desk.run(desk.sheet(60), steps=Steps(at={("receive", 1): _die}))
    began = desk.world.seconds

    summary = desk.run(tmp_path / "visits.csv")

    assert outcomes(summary) == {CREATED: 60}
    assert desk.world.seconds - began < 2
    assert "Read back: 60 rows are in LeadSquared, 0 are not." in desk.notes


def test_after_a_crash_absence_counts_from_the_restart(tmp_path: Path) -> None:
    """Nobody knows when the dead process's connections ended, so the wait begins when the next one is there."""
    desk = an_office(tmp_path, Fault.at(K.DROP_BEFORE, 1))
    with pytest.raises(Crash):
        desk.run(desk.sheet(5), steps=Steps(at={("receive", 1): _die}))
    desk.world.pass_time(1_000)
    began = desk.world.clock.monotonic()

    summary = desk.run(tmp_path / "visits.csv")

    assert outcomes(summary) == {CREATED: 5}
    assert desk.sent_at()[1] - began >= WAIT + LATE
    assert desk.sizes == [5, 1, 4]


def test_a_row_under_the_id_of_another_is_never_sent_again(tmp_path: Path) -> None:
    """LeadSquared called it stored: if it is not shown, somebody may have deleted it, and a person has to look."""
    desk = an_office(tmp_path, Fault.at(K.DUPLICATE_ID, 2), seed=1)
    unanswered: list[str] = []

    def delete_unanswered() -> None:
        unanswered.extend(
            f"V{number - 1:03}" for (number,) in desk.ask("SELECT row_number FROM rows WHERE code = 'id_taken'")
        )
        desk.delete(*unanswered)

    summary = desk.run(desk.sheet(30), steps=Steps(at={("read", 1): delete_unanswered}))

    assert outcomes(summary) == {CREATED: 29, UNCONFIRMED: 1}
    assert all(
        "under a ProspectActivityId that another row has" in line["etl_error"]
        for line in results(summary)
        if line["etl_status"] == "unconfirmed"
    )
    assert desk.sizes == [25, 5]


@pytest.mark.parametrize("mapping", [MAPPING, MAPPING + ROW_KEY], ids=["by lead and values", "by row keys"])
@pytest.mark.parametrize("seed", [1, 2])
def test_an_id_that_was_told_wrongly_is_taken_back(tmp_path: Path, seed: int, mapping: str) -> None:
    """An answer names the activity of a lost row for another one: both end under their own ids, and none goes again."""
    rows = [visit(n, Email=f"lead{n}@example.com") for n in range(1, 51)]
    desk = an_office(
        tmp_path,
        Fault.at(K.DROP_AFTER, 1),
        Fault.at(K.DUPLICATE_ID, 2),
        seed=seed,
        mapping=mapping,
    )

    summary = desk.run(desk.sheet(rows))

    assert outcomes(summary) == {CREATED: 50}
    assert {line["Visit"]: line["ProspectActivityId"] for line in results(summary)} == desk.ids
    assert desk.sizes == [25, 25]


def test_a_read_that_does_not_reach_back_proves_nothing(tmp_path: Path) -> None:
    """A confirmed activity from before the doubt is not shown: the read looks further back, and the rows stay open."""
    desk = an_office(tmp_path, Fault.at(K.DROP_BEFORE, 2), limit=ONE_BY_ONE)
    desk.waits = (30.0, 60.0)

    def delete_the_first_chunk(event: object) -> None:
        if isinstance(event, ReadingBack):
            desk.delete(*once(25))

    desk.happens = delete_the_first_chunk

    summary = desk.run(desk.sheet(75))

    assert outcomes(summary) == {CREATED: 50, UNCONFIRMED: 25}
    open_lines = [line for line in results(summary) if line["etl_status"] == "unconfirmed"]
    assert all(
        "nor does it show activities that were confirmed before it was sent" in one["etl_error"] for one in open_lines
    )
    assert desk.sizes == [25, 25, 25]


def test_many_activities_of_others_cost_a_request_per_some_hundred(tmp_path: Path) -> None:
    """Three thousand activities of the type lie in the window; one look takes some dozen requests, and one for leads."""
    desk = an_office(tmp_path, Fault.at(K.DROP_AFTER, 122))
    desk.write_foreign([foreign_row(f"other{n % 50}@example.com", ActivityNote=f"call {n}") for n in range(3_000)])

    summary = desk.run(desk.sheet(60))

    assert outcomes(summary) == {CREATED: 60}
    assert desk.asked() <= 32
    assert desk.asked("asked Leads/Retrieve/ByIds") <= 1


def test_an_import_of_long_ago_is_not_read_back_to(tmp_path: Path) -> None:
    """What was confirmed two months ago proves nothing about rows of today: the activities since then are not read."""
    desk = an_office(tmp_path, Fault.at(K.DROP_AFTER, 82))
    desk.run(desk.sheet(5, name="old.csv"))
    for _ in range(80):
        desk.write_foreign([foreign_row(f"other{n}@example.com") for n in range(25)])
        desk.world.pass_time(60_000)
    desk.world.pass_time(7_200)

    summary = desk.run(desk.sheet(visits(40, first=21)))

    assert outcomes(summary) == {CREATED: 20}
    assert desk.asked() == 1


def test_a_forbidden_read_is_not_tried_at_each_look(tmp_path: Path) -> None:
    """Once refused, the read by time is left alone for the rest of the run, however often LeadSquared is looked at."""
    desk = an_office(tmp_path, Fault.at(K.DROP_BEFORE, 1), reads_forbidden=frozenset({Read.BY_EVENT}))

    summary = desk.run(desk.sheet(60))

    assert outcomes(summary) == {CREATED: 60}
    assert desk.asked() == 1
    assert desk.asked("asked Retrieve") > 2 * 9
