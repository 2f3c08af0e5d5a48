"""What is said, and what is logged, while rows are read back."""

from __future__ import annotations

from dataclasses import replace

import pytest

from etl.cli.talk import Talk
from etl.events import Auditing, Note, Progress, ReadingBack
from tests.cli.conftest import Shell

PROGRESS = Progress("visits.xlsx", 1, 2, {}, 1.0, None, 0)
BEGINS = "visits.xlsx: reading back 50 rows · next look in 2 s"


def back(seconds: float) -> ReadingBack:
    return ReadingBack("visits.xlsx", 50, 0, seconds, None)


def tell(shell: Shell, *, is_quiet: bool = False, is_verbose: bool = False) -> list[str]:
    """Two rounds of sending and reading back, six seconds in all. Returns the log, without its times."""
    world = replace(shell.world, log=replace(shell.world.log, keeps_talk=True))
    talk = Talk(world, is_quiet=is_quiet, is_verbose=is_verbose)
    for _ in range(2):
        talk(PROGRESS)
        for event in (back(2), Note("Something to know."), back(1), Auditing("visits.xlsx", 1, 2)):
            talk(event)
            shell.clock.seconds += 1
    talk.close()
    return [line.split(" ", 1)[1] for line in shell.log_text.splitlines()]


def test_the_log_tells_when_reading_back_begins(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """One line a round, whatever comes between; a person without a terminal is told nothing in these seconds but notes."""
    log = tell(shell)

    assert log == [BEGINS, "Something to know."] * 2
    assert capsys.readouterr().err.splitlines() == ["Something to know."] * 2


def test_who_asks_sees_that_line_too(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """-v shows what the log keeps."""
    tell(shell, is_verbose=True)

    assert capsys.readouterr().err.splitlines() == [BEGINS, "Something to know."] * 2


def test_quiet_is_silent_about_reading_back(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """--quiet keeps the log alone."""
    log = tell(shell, is_quiet=True)

    assert log == [BEGINS, "Something to know."] * 2
    assert capsys.readouterr().err == ""
