"""Progress: a bar on a terminal, now and then a line elsewhere, and truthful words in both."""

from __future__ import annotations

import io

import pytest

from etl.cli.progress import BarDisplay, NoDisplay, PlainDisplay
from etl.cli.wording import counted, duration, printable, progress_figures
from etl.events import Progress, Reading
from etl.records import Outcome
from tests.cli.conftest import StillClock

DURATIONS = {
    0.0: "0 s",
    0.2: "1 s",
    16.4: "16 s",
    119.4: "119 s",
    120.0: "2 min",
    3599.0: "60 min",
    3600.0: "1 h",
    7500.0: "2 h 5 min",
    7199.0: "2 h",
    86_399.0: "24 h",
    86_400.0: "1 d",
    273_600.0: "3 d 4 h",
}


@pytest.mark.parametrize(("seconds", "words"), DURATIONS.items())
def test_durations_read_as_people_say_them(seconds: float, words: str) -> None:
    """At most two units, rounded, and never 60 of the smaller one."""
    assert duration(seconds) == words


def test_counts_have_separators_and_plurals() -> None:
    """One row, two thousand rows."""
    assert [counted(number, "row") for number in (0, 1, 2_000)] == ["0 rows", "1 row", "2,000 rows"]


def test_printable_keeps_line_breaks_and_scripts() -> None:
    """Only control characters are replaced."""
    assert printable("दौरा\nB\x1b[2J\x9bC") == "दौरा\nB�[2J�C"


def at(done: int, eta_seconds: float | None = 16.0) -> Progress:
    """Progress of 2,000 rows."""
    return Progress("visits.xlsx", done, 2_000, {Outcome.CREATED: done, Outcome.REFUSED: 0}, 48.2, eta_seconds, 3)


def test_figures_say_rows_rate_time_left_and_outcomes() -> None:
    """What a person wants to know, without outcomes that did not occur."""
    assert progress_figures(at(1_250)) == "1,250 of 2,000 rows · 48 rows/s · 16 s left · 1,250 created"
    assert progress_figures(at(0, None)) == "0 of 2,000 rows · 48 rows/s"


def test_plain_progress_is_at_most_one_line_in_ten_seconds() -> None:
    """A log of a day is not a million lines, and a run of some seconds shows no progress at all."""
    lines: list[tuple[float, str]] = []
    clock = StillClock()
    display = PlainDisplay(lambda text: lines.append((clock.seconds, text)), clock)

    for done in range(0, 1_000, 10):
        display.progress(at(done))
        display.reading(Reading("visits.xlsx", done))
        clock.seconds += 0.25

    assert [seconds for seconds, _ in lines] == [1010.0, 1020.0]
    assert lines[0][1] == "visits.xlsx: 400 of 2,000 rows · 48 rows/s · 16 s left · 400 created"


def test_plain_lines_are_never_held_back() -> None:
    """Only progress is thinned out; what is said is said."""
    lines: list[str] = []
    display = PlainDisplay(lines.append, StillClock())

    for text in ("a", "b", "c"):
        display.line(text)

    assert lines == ["a", "b", "c"]


def test_the_bar_shows_the_figures_and_goes_when_closed() -> None:
    """A terminal sees rows done and outcomes; the cursor is back at the end; closing twice is harmless."""
    stream = io.StringIO()
    clock = StillClock()
    display = BarDisplay(stream, clock, has_colour=False)

    display.reading(Reading("visits.xlsx", 2_000))
    for done in (0, 1_000, 2_000):
        clock.seconds += 1
        display.progress(at(done))
    display.line("a line [that] stays")
    display.close()
    display.close()

    shown = stream.getvalue()
    assert "2,000 rows read" in shown
    assert "1,000 of 2,000 rows" in shown
    assert "a line [that] stays" in shown
    assert shown.rfind("\x1b[?25h") > shown.rfind("\x1b[?25l") > -1
    assert "\x1b[3" not in shown  # no colour was asked for


def test_the_bar_is_not_redrawn_more_often_than_eyes_can_see() -> None:
    """A thousand events in one moment draw one bar; the last one is always drawn."""
    clock = StillClock()
    display = BarDisplay(stream := io.StringIO(), clock, has_colour=False)

    for done in range(1_000):
        display.progress(at(done))
    before_the_last = stream.getvalue()
    display.progress(at(2_000))
    display.close()

    assert "999 of 2,000" not in before_the_last
    assert len(before_the_last) < 2_000
    assert "2,000 of 2,000" in stream.getvalue()


def test_quiet_shows_nothing() -> None:
    """The quiet display takes everything and keeps silent."""
    display = NoDisplay()

    display.line("a")
    display.reading(Reading("visits.xlsx", 1))
    display.progress(at(1))
    display.close()
