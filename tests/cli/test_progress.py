"""Progress: a bar on a terminal, now and then a line elsewhere, and truthful words in both."""

from __future__ import annotations

import io

import pytest

from etl.cli.bars import BarDisplay
from etl.cli.progress import NoDisplay, PlainDisplay
from etl.cli.wording import auditing_figures, counted, duration, printable, progress_figures, reading_back_figures
from etl.events import Auditing, Progress, Reading, ReadingBack
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
    assert progress_figures(at(1_250)) == (
        "1,250 of 2,000 rows · 48 rows/s · 16 s left at the limit · 3 requests in flight · 1,250 created"
    )
    assert progress_figures(at(0, None)) == "0 of 2,000 rows · 48 rows/s · 3 requests in flight"


def back(seconds: float = 6.0, at_most: float | None = 74.2, rows: int = 50, found: int = 12) -> ReadingBack:
    """50 rows in doubt, 12 found, the next look in 6 s."""
    return ReadingBack("visits.xlsx", rows, found, seconds, at_most)


READING_BACK = {
    "all": (
        back(),
        "reading back 50 rows · 12 found · next look in 6 s · at most 74 s until a missing row counts as absent",
    ),
    "none found": (
        back(found=0),
        "reading back 50 rows · next look in 6 s · at most 74 s until a missing row counts as absent",
    ),
    "depends on others": (back(at_most=None), "reading back 50 rows · 12 found · next look in 6 s"),
    "time is up": (back(at_most=0.0, seconds=0.4, rows=1), "reading back 1 row · 12 found · next look in 1 s"),
    "nothing in doubt": (back(rows=0, found=0, at_most=None), "reading back · next look in 6 s"),
    "the late wait": (
        back(at_most=389.0, found=1_200),
        "reading back 50 rows · 1,200 found · next look in 6 s · at most 6 min until a missing row counts as absent",
    ),
}


@pytest.mark.parametrize(("event", "figures"), READING_BACK.values(), ids=READING_BACK.keys())
def test_reading_back_says_what_is_awaited_and_how_long(event: ReadingBack, figures: str) -> None:
    """Rows in doubt, found so far, the next look, and when absence can be believed - where that is known."""
    assert reading_back_figures(event) == figures


def test_auditing_says_how_far_it_is() -> None:
    """Of how many created rows."""
    figures = auditing_figures(Auditing("visits.xlsx", 2_000, 40_000))
    assert figures == "2,000 of 40,000 created rows compared with LeadSquared"


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
    assert lines[0][1] == f"visits.xlsx: {progress_figures(at(400))}"


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


def test_the_bar_counts_down_without_flicker(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading back takes turns with sending on one line, which is drawn second by second and never taken away between."""
    monkeypatch.setenv("COLUMNS", "200")
    clock = StillClock()
    display = BarDisplay(stream := io.StringIO(), clock, has_colour=False)

    display.reading(Reading("visits.xlsx", 2_000))
    for left in (3, 2, 1):
        display.progress(at(1_950))
        display.reading_back(back(seconds=left, at_most=70.0 + left))  # at once: another work is always drawn
        clock.seconds += 1
    display.line("a line stays")
    before_the_end = stream.getvalue()
    display.close()

    assert all(f"next look in {left} s · at most 7{left} s" in before_the_end for left in (3, 2, 1))
    assert "visits.xlsx  reading back 50 rows · 12 found" in before_the_end  # words, no bar that would measure nothing
    assert "visits.xlsx ━" in before_the_end
    assert "a line stays" in before_the_end
    assert (before_the_end.count("\x1b[?25l"), before_the_end.count("\x1b[?25h")) == (1, 0)  # the cursor goes once


def test_a_narrow_terminal_shows_the_whole_countdown(monkeypatch: pytest.MonkeyPatch) -> None:
    """In 80 columns the words go on in a second line; neither name nor numbers are cut."""
    monkeypatch.setenv("COLUMNS", "80")
    display = BarDisplay(stream := io.StringIO(), StillClock(), has_colour=False)

    display.reading_back(back())
    display.close()

    shown = stream.getvalue()
    assert "visits.xlsx  reading back 50 rows · 12 found · next look in 6 s · at most 74 s" in shown
    assert "until a missing row counts as absent" in shown


def test_another_input_has_a_bar_of_its_own() -> None:
    """Inputs at work side by side have a bar each; one goes when its input is done, and the cursor when all have gone."""
    clock = StillClock()
    display = BarDisplay(stream := io.StringIO(), clock, has_colour=False)

    display.reading_back(back())
    display.progress(Progress("calls.xlsx", 1, 2, {}, 1.0, None, 0))
    together = stream.getvalue()
    display.finished("visits.xlsx")
    stream.truncate(stream.seek(0))
    display.auditing(Auditing("calls.xlsx", 1, 2))
    alone = stream.getvalue()
    display.close()

    last_drawn = together[together.rindex("\r") :]
    assert "visits.xlsx" in last_drawn and "calls.xlsx" in together[together.rindex("visits.xlsx") :]
    assert "calls.xlsx" in alone and "1 of 2 created rows" in alone and "visits.xlsx" not in alone
    assert together.count("\x1b[?25l") == 1 and stream.getvalue().count("\x1b[?25h") == 1


def test_a_bar_of_reading_goes_when_the_next_input_is_read() -> None:
    """Inputs are read one after another before any is sent, so there are not as many bars as files."""
    display = BarDisplay(stream := io.StringIO(), StillClock(), has_colour=False)

    for name in ("north.xlsx", "south.xlsx"):
        display.reading(Reading(name, 7))
    stream.truncate(stream.seek(0))
    display.progress(Progress("north.xlsx", 1, 2, {}, 1.0, None, 0))
    display.close()

    assert "north.xlsx" in stream.getvalue() and "south.xlsx" not in stream.getvalue()


def test_plain_lines_of_one_input_do_not_keep_those_of_another_away() -> None:
    """Each input tells how far it is every ten seconds, however many are at work."""
    lines: list[str] = []
    clock = StillClock()
    display = PlainDisplay(lines.append, clock)

    clock.seconds += 11
    for name in ("north.xlsx", "south.xlsx", "north.xlsx"):
        display.reading(Reading(name, 7))

    assert [line.split(":")[0] for line in lines] == ["north.xlsx", "south.xlsx"]


def test_plain_reading_back_is_at_most_one_line_in_ten_seconds() -> None:
    """A countdown of minutes is some lines in a log, not one a second."""
    lines: list[tuple[float, str]] = []
    clock = StillClock()
    display = PlainDisplay(lambda text: lines.append((clock.seconds, text)), clock)

    for left in range(25, 0, -1):
        display.reading_back(back(seconds=left, at_most=None))
        clock.seconds += 1

    assert lines == [
        (1010.0, "visits.xlsx: reading back 50 rows · 12 found · next look in 15 s"),
        (1020.0, "visits.xlsx: reading back 50 rows · 12 found · next look in 5 s"),
    ]


def test_quiet_shows_nothing() -> None:
    """The quiet display takes everything and keeps silent."""
    display = NoDisplay()

    display.line("a")
    display.reading(Reading("visits.xlsx", 1))
    display.progress(at(1))
    display.reading_back(back())
    display.auditing(Auditing("visits.xlsx", 1, 2))
    display.close()
