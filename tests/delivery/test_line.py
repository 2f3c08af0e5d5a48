"""What is believed of a line, and when nothing is."""

from __future__ import annotations

import pytest

from etl.delivery.line import FLOOR_SECONDS, LEAST_HANDSHAKES, Line
from etl.records import Trip

NOW, WALL = 1_000.0, 1_800_000_000.0
HOUR, DAY = 3_600.0, 86_400.0


def seen(*handshakes: float, answers: tuple[float, ...] = (1.0,) * 20, at: float = NOW) -> Line:
    """A line with these handshakes, all at one moment, and these answers."""
    line = Line()
    for seconds in handshakes:
        line = line.after_handshake(seconds, at)
    for seconds in answers:
        line = line.after_answer(seconds)
    return line


QUICK = (0.01, 0.02, 0.015)
SPREAD = tuple(0.02 + 0.02 * number for number in range(20))

BOUNDS = [
    pytest.param(seen(*QUICK), FLOOR_SECONDS, id="a quick line: the floor"),
    pytest.param(seen(0.01, 0.3, 0.02), 0.3, id="the slowest handshake, whole"),
    pytest.param(seen(0.01, 0.02), None, id="too few handshakes"),
    pytest.param(seen(*QUICK, at=NOW - 179), FLOOR_SECONDS, id="seen three minutes ago"),
    pytest.param(seen(*QUICK, at=NOW - 181), None, id="not seen for longer"),
    pytest.param(seen(0.01, 1.1, 0.02), None, id="too slow to gain anything"),
    pytest.param(seen(*QUICK, answers=(1.0,) * 7), None, id="too few answers"),
    pytest.param(seen(*QUICK, answers=(0.2,) * 50), None, id="answers so quick that the safe rule costs 4 %"),
    pytest.param(seen(*QUICK, answers=(0.3,) * 50), FLOOR_SECONDS, id="answers that cost 6 %"),
    pytest.param(seen(*QUICK, answers=SPREAD), None, id="answers of 20-400 ms: not certainly slow"),
    pytest.param(seen(*QUICK)._replace(doublings=2, refused_at=WALL), 4 * FLOOR_SECONDS, id="doubled twice"),
    pytest.param(seen(*QUICK)._replace(doublings=5, refused_at=WALL), None, id="doubled too often"),
    pytest.param(seen(*QUICK)._replace(doublings=5, refused_at=WALL - 15.9 * HOUR), None, id="fifteen hours later"),
    pytest.param(
        seen(*QUICK)._replace(doublings=5, refused_at=WALL - 16 * HOUR), 16 * FLOOR_SECONDS, id="sixteen hours later"
    ),
    pytest.param(
        seen(*QUICK)._replace(doublings=2, refused_at=WALL - 2 * HOUR), 2 * FLOOR_SECONDS, id="two hours later"
    ),
    pytest.param(seen(*QUICK)._replace(doublings=2, refused_at=WALL - 3 * HOUR), FLOOR_SECONDS, id="three hours later"),
    pytest.param(seen(*QUICK)._replace(doublings=1, refused_at=WALL + DAY), 2 * FLOOR_SECONDS, id="clock set back"),
]


@pytest.mark.parametrize(("line", "bound"), BOUNDS)
def test_what_is_believed(line: Line, bound: float | None) -> None:
    """Never less than the slowest handshake, and nothing without evidence or without need."""
    assert line.bound(5.0, NOW, WALL) == (None if bound is None else pytest.approx(bound))


EVEN = tuple(0.3 + 0.01 * (number % 3) for number in range(39))
SHARED_OUT = tuple(0.3 + 0.06 * (7 * number % 20) for number in range(40))

WAYS = [
    pytest.param(EVEN, Trip(NOW, None, 2_000), 0.335, NOW, id="within what is usual"),
    pytest.param(EVEN, Trip(NOW, None, 2_000), 0.41, NOW + 0.1, id="0.1 s later than the average"),
    pytest.param(EVEN[:7], Trip(NOW, None, 2_000), 0.3, None, id="nothing is usual yet"),
    pytest.param(SHARED_OUT, Trip(NOW, None, 2_000), 1.5, NOW, id="the slowest of times that differ as work does"),
    pytest.param(SHARED_OUT, Trip(NOW, None, 2_000), 1.9, NOW + 1.03, id="later than any of those"),
    pytest.param(EVEN, Trip(NOW, None, 13_000), 0.3, NOW + 0.02, id="one turn more"),
    pytest.param(EVEN, Trip(NOW, 0.05, 13_000), 0.3, NOW + 0.05, id="one turn more, as its own handshake has shown"),
    pytest.param(EVEN, Trip(NOW, None, 99_000), 0.3, None, id="too large"),
]


@pytest.mark.parametrize(("answers", "trip", "answered", "written"), WAYS)
def test_from_when_the_bound_counts(
    answers: tuple[float, ...], trip: Trip, answered: float, written: float | None
) -> None:
    """From the last byte, later for a large request, and by as much as its answer came later than the average."""
    believed = seen(*QUICK, answers=answers).believed_written(trip, answered)

    assert believed == (None if written is None else pytest.approx(written))


def test_a_burst_of_late_answers_is_late_to_its_end() -> None:
    """What kept the first of them kept them all: 25 that took 0.1 s more do not become what is usual while they come."""
    line = seen(*QUICK, answers=EVEN)
    believed = []
    for number in range(25):
        believed.append(line.believed_written(Trip(NOW, None, 2_000), 0.41 + 0.001 * number) or 0.0)
        line = line.after_answer(0.41 + 0.001 * number)

    assert min(believed) > NOW + 0.08


def test_a_server_that_has_turned_slow_is_soon_usual() -> None:
    """Its answers are counted, if a little at a time: after a hundred of them none is late."""
    line = seen(*QUICK, answers=EVEN)
    for _ in range(100):
        line = line.after_answer(1.0)

    assert line.believed_written(Trip(NOW, None, 2_000), 1.0) == NOW


def test_a_shorter_window_loses_more_by_the_same_answers() -> None:
    """Answers of 200 ms cost a window of one second a fifth of its limit."""
    assert seen(*QUICK, answers=(0.2,) * 50).bound(1.0, NOW, WALL) == FLOOR_SECONDS


def test_a_slow_handshake_is_remembered_for_ten_minutes_and_forgotten_after_twenty() -> None:
    """What the line once was counts for a while, however quick it is by now."""
    line = seen(0.01, 0.3, 0.02)
    bounds = []
    for minute in range(1, 23):
        line = line.after_handshake(0.01, NOW + 60 * minute)
        bounds.append(line.bound(5.0, NOW + 60 * minute, WALL))

    assert bounds[9] == bounds[19] == 0.3
    assert bounds[-1] == FLOOR_SECONDS


def test_refusals_of_one_burst_are_one() -> None:
    """Requests that were sent before the retreat say nothing about it."""
    line = seen(*QUICK).after_refusal(NOW - 1.0, 5.0, NOW, WALL)
    again = line.after_refusal(NOW - 0.5, 5.0, NOW + 0.3, WALL)
    later = again.after_refusal(NOW + 6.0, 5.0, NOW + 7.0, WALL + 7)

    assert (line.doublings, again, later.doublings) == (1, line, 2)


def test_a_refusal_under_the_safe_rule_halves_our_share_which_grows_back() -> None:
    """Where the line cannot be to blame somebody else sends, or the limit is smaller than we know."""
    line = Line().after_refusal(NOW, 5.0, NOW, WALL)
    again = line.after_refusal(NOW + 6.0, 5.0, NOW + 7.0, WALL)

    assert (line.doublings, line.share_at(WALL), again.share_at(WALL)) == (0, 0.5, 0.25)
    assert (line.share_at(WALL + 150), line.share_at(WALL + 300), line.share_at(WALL + DAY)) == (0.75, 1.0, 1.0)


def test_a_boot_keeps_the_retreat_alone() -> None:
    """Moments of another boot mean nothing; that the line has lied is remembered."""
    line = seen(*QUICK)._replace(refused=NOW, doublings=3, refused_at=WALL, share=0.5, eased_at=WALL)

    assert line.as_of_another_boot() == Line(doublings=3, refused_at=WALL, share=0.5, eased_at=WALL)


def test_without_tls_quick_answers_tell_nothing_of_the_way() -> None:
    """What opens a plain connection is the nearest program: only where every write takes long is it the server's work."""
    told = dict.fromkeys(("slow", "once quick", "forgotten"), Line())
    for name, answers in (
        ("slow", [0.3, 0.9, 1.4] * 10),
        ("once quick", [*[0.3, 0.9, 1.4] * 10, 0.05, 0.9]),
        ("forgotten", [0.05, *[0.3, 0.9, 1.4] * 40]),
    ):
        for seconds in answers:
            told[name] = told[name].after_answer(seconds, is_plain_write=True)
        for _ in range(LEAST_HANDSHAKES):
            told[name] = told[name].after_handshake(0.001, 10.0)

    bounds = {name: line.bound(5.0, 11.0, 11.0) for name, line in told.items()}

    assert bounds == {"slow": FLOOR_SECONDS, "once quick": None, "forgotten": FLOOR_SECONDS}
