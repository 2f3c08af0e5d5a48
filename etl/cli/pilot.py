"""The pilot on a terminal: its rows, and the question whether the others may go."""

from __future__ import annotations

import signal
import sys
from threading import Lock, current_thread, main_thread
from typing import TYPE_CHECKING

import click

from etl.cli.wording import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from etl.cli.world import World
    from etl.events import PilotOver, PilotProposed, UnusualSize


def can_ask(world: World) -> bool:
    """Whether somebody is there to be asked: both what is shown and what is typed are a terminal."""
    return world.has_terminal and sys.stdin is not None and sys.stdin.isatty()


class Question:
    """Asks whether the other rows may go. Ctrl-C and a terminal that goes away mean no. is_agreed: the answer was yes."""

    def __init__(self) -> None:
        self.is_agreed = False

    def __call__(self, over: PilotOver) -> bool:
        self.is_agreed = _may_go_on(over)
        return self.is_agreed


def _may_go_on(over: PilotOver) -> bool:
    return _confirmed(f"Go on with the other {counted(over.others, 'row')}?")


def _confirmed(question: str) -> bool:
    """Whether the answer is yes. Only the main thread may say what Ctrl-C does; elsewhere it ends the command as ever."""
    is_main = current_thread() is main_thread()
    # else it would be waited for an answer all the same
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler) if is_main else None
    try:
        return click.confirm(question, default=False, err=True)
    except (click.Abort, KeyboardInterrupt, OSError):
        click.echo(err=True)
        return False
    finally:
        if is_main:
            signal.signal(signal.SIGINT, earlier)


class SizeQuestion:
    """Asks whether so many rows are meant, one input after the other; what it is about has just been said."""

    def __init__(self) -> None:
        self._lock = Lock()

    def __call__(self, unusual: UnusualSize) -> bool:
        with self._lock:
            return _confirmed(f"{unusual.input}: send {counted(unusual.rows, 'row')}?")


def unusual_line(event: UnusualSize) -> str:
    """What is about to go out, where to, and what it will set off there."""
    place = f"{event.organisation} ({event.host})" if event.host else event.organisation
    before = (
        f"Largest run so far: {event.largest:,}." if event.largest else "Nothing was sent through this mapping before."
    )
    return (
        f"About to create {event.rows:,} '{event.activity}' activities in {place}. {before} LeadSquared will fire every "
        f"automation on this activity type. --pilot {event.pilot} sends {event.pilot} rows first and shows them; "
        f"--rows-ok {event.rows} says that so many are meant."
    )


def proposal_line(event: PilotProposed) -> str:
    """Why a pilot would be wise, and how it is asked for."""
    which = f"activity type {event.activity_type}" if event.activity_type else "these activities"
    return (
        f'The mapping "{event.mapping}" has not sent anything to this account yet. LeadSquared fires every automation on '
        f"{which} for each row, and no client can see or stop those: --pilot {event.rows} sends {event.rows} rows first and "
        "shows them, before the others go."
    )


def pilot_lines(over: PilotOver) -> Iterator[str]:
    """The rows of a pilot, each with its lead, its id, and what LeadSquared shows of it."""
    if not over.rows:
        yield f"{over.input}: the pilot has had its rows; {counted(over.others, 'row')} would go out from here."
        return
    yield f"{over.input}: {counted(len(over.rows), 'row')} sent as a pilot. LeadSquared shows:"
    for row in over.rows:
        yield printable(f"  row {row.row_number}  {row.lead}  {row.activity_id or row.outcome.value}")
        yield printable(f"      {row.shows}")


def without_pilot(arguments: Sequence[str]) -> tuple[str, ...]:
    """The words of a command without its pilot: what sends the other rows."""
    kept: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--pilot":
            next(words, None)
        elif not word.startswith("--pilot="):
            kept.append(word)
    return tuple(kept)
