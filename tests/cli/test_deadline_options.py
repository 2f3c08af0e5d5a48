"""`--not-after` and `--max-runtime` as they are typed, and when they have come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from etl.cli.deadline_options import deadlines
from etl.errors import UsageError
from tests.cli.conftest import Shell
from tests.clocks import ManualClock
from tests.zones import machine_in

NOON = datetime(2026, 6, 3, 12, tzinfo=UTC)  # 17:30 in Kolkata
RUNTIMES = {"2h": 7_200, "90m": 5_400, "2h30m": 9_000, "45s": 45, "1H": 3_600, "1h0m5s": 3_605}
NO_RUNTIMES = {
    "90": 'For 90 minutes write "90m".',
    "": "Write it like 2h, 90m or 2h30m.",
    "2 hours": "Write it like 2h, 90m or 2h30m.",
    "0h": "Write it like 2h, 90m or 2h30m.",
    "30m2h": "Write it like 2h, 90m or 2h30m.",
    "-1h": "Write it like 2h, 90m or 2h30m.",
}
TIMES = {
    "today": ("Asia/Kolkata", NOON, "18:00", "Wednesday 2026-06-03 18:00 (UTC+05:30)"),
    "one digit": ("Asia/Kolkata", NOON, "4:15", "Thursday 2026-06-04 04:15 (UTC+05:30)"),
    "tonight, behind midnight": ("Asia/Kolkata", NOON, "05:00", "Thursday 2026-06-04 05:00 (UTC+05:30)"),
    "a day": ("Asia/Kolkata", NOON, "2026-06-30 18:00", "Tuesday 2026-06-30 18:00 (UTC+05:30)"),
    "a day, with a T": ("Asia/Kolkata", NOON, "2026-06-30T18:00", "Tuesday 2026-06-30 18:00 (UTC+05:30)"),
    "twice there: the first": (
        *("Europe/Berlin", datetime(2026, 10, 24, 20, tzinfo=UTC)),
        *("2026-10-25 02:30", "Sunday 2026-10-25 02:30 (UTC+02:00)"),
    ),
    "not there: never later": (
        *("Europe/Berlin", datetime(2026, 3, 28, 20, tzinfo=UTC)),
        *("2026-03-29 02:30", "Sunday 2026-03-29 01:30 (UTC+01:00)"),
    ),
}
NO_TIMES = {
    "in words": ("6pm", "is no time. Write it like 18:00"),
    "no such hour": ("24:30", "is no time. Write it like 18:00"),
    "no such day": ("2026-02-30 18:00", "is no time. Write it like 18:00"),
    "a day gone by": ("2026-06-01 18:00", "that has passed already"),
    "an hour ago": (
        "16:30",
        "16:30 has passed today, so nothing was sent. If tomorrow's is meant, write --not-after \"2026-06-04",
    ),
}


@pytest.mark.parametrize(("typed", "seconds"), RUNTIMES.items())
def test_a_length_of_time(typed: str, seconds: int) -> None:
    """Over when so many seconds have passed, and not before."""
    clock = ManualClock()
    (deadline,), said = deadlines(None, typed, clock)

    clock.move(seconds - 0.5)
    before = deadline.passed()
    clock.move(0.5)

    time_up = deadline.passed()
    assert (before, said) == (None, [])
    assert time_up is not None and time_up.reason == f"its time is up (--max-runtime {typed})"


@pytest.mark.parametrize(("typed", "hint"), NO_RUNTIMES.items())
def test_what_is_no_length_of_time(typed: str, hint: str) -> None:
    """Numbers without a unit are not guessed at."""
    with pytest.raises(UsageError) as caught:
        deadlines(None, typed, ManualClock())

    assert caught.value.message.startswith(f'--max-runtime "{typed}"') and caught.value.message.endswith(hint)


def test_a_machine_that_slept_has_used_the_time() -> None:
    """`monotonic` stood still meanwhile; what somebody does to the calendar does not matter."""
    clock = ManualClock()
    (deadline,), _ = deadlines(None, "1h", clock)

    clock.jump(7_200)
    set_ahead = deadline.passed()
    clock.jump(-14_400)
    clock.doze(1_800)
    half_asleep = deadline.passed()
    clock.move(1_800)

    assert set_ahead is None and half_asleep is None
    assert deadline.passed() is not None


@pytest.mark.parametrize(("zone", "now", "typed", "shown"), TIMES.values(), ids=TIMES)
def test_a_time_of_day(zone: str, now: datetime, typed: str, shown: str) -> None:
    """The next such moment of this machine's clock, said with its day; a moment that exists twice is the first."""
    clock = ManualClock(wall=now)
    with machine_in(zone):
        (deadline,), said = deadlines(typed, None, clock)

    assert said == [f"No request is sent after {shown}."]
    moment = datetime.strptime(shown.split(" ", 1)[1], "%Y-%m-%d %H:%M (UTC%z)")
    clock.jump((moment - now - timedelta(seconds=1)).total_seconds())
    assert deadline.passed() is None
    clock.jump(1)
    assert deadline.passed() is not None


@pytest.mark.parametrize(("typed", "hint"), NO_TIMES.values(), ids=NO_TIMES)
def test_what_is_no_time_to_stop_at(typed: str, hint: str) -> None:
    """A time that has just passed is not taken for tomorrow's: the import would go on for a day."""
    with machine_in("Asia/Kolkata"), pytest.raises(UsageError) as caught:
        deadlines(typed, None, ManualClock(wall=NOON))

    assert hint in caught.value.message


def test_the_command_hands_them_on(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """The pipeline gets a stop signal that asks by itself, and the person is told the moment that is meant."""
    asked = []
    shell.pipeline.acts = lambda _listen, _options, stop: asked.append(stop)

    with machine_in("UTC"):
        shell.type("run", "visits.xlsx", "-m", "visits.yaml", "--not-after", "18:00", "--max-runtime", "2h")
    before = asked[0].reason
    shell.clock.seconds += 7_200

    assert "No request is sent after Wednesday 2026-06-03 18:00 (UTC+00:00)." in capsys.readouterr().err
    assert (before, asked[0].reason) == (None, "its time is up (--max-runtime 2h)")
