"""What becomes of a submission when a worker has worked on it: over, or back into the queue, and when.

Pure, a table:

    what happened                                   then
    0, 4            every row was tried             over, as soon as its results are where they are wanted
    1, 3            a defect; it cannot be read     over: a person has to do something
    2               before anything was begun       over: the same
    2, later        keys or settings are missing    tried again, later each time; back at once where a stop was asked for
    5, keys refused                                 the account is paused, and it waits
    5, otherwise    the activity type, say          over
    6, quota spent                                  waits for the next UTC day
    6, window closed                                waits for the next opening; over where there is none
    6, anything else  network, throttled            tried again, later each time
    7               rows in doubt                   tried again, for they may be seen later; over after a while
    8               another process has the input   tried again soon
    the ledger cannot be reached                    tried again, later each time
    stopped by its worker, or for others            back at once
    another worker has it by now                    left to that one, however it ended here
    stopped by a person                             over
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING

from etl.exits import ExitCode
from etl.fleet.windows import opens_at

if TYPE_CHECKING:
    from etl.fleet.order import Window


class Wish(StrEnum):
    """Why a worker has asked one of its runs to stop."""

    HAND_OVER = "its worker was stopped"  # the next free place of any worker takes it
    GIVE_WAY = "its turn was over, and others waited"  # it waits behind those
    PAUSE = "the account was paused"
    STOP = "somebody asked for it with etl stop"
    LOST = "another worker has it"  # the queue says so: this one was away too long


class Trouble(StrEnum):
    """What a run could not tell by its exit code."""

    KEYS_REFUSED = "keys refused"
    QUOTA_SPENT = "quota spent"
    LEDGER = "the ledger cannot be used"
    CLOSED = "its window is closed"


@dataclass(frozen=True, slots=True)
class Turn:
    """How a turn ended. said: in words, for a person. runs: begun or continued, in this turn or in one before.

    wish: of its worker, if it asked. tries: vain ones before this. is_unpublished: its results are not where they are wanted.
    """

    exit_code: int
    said: str
    runs: tuple[int, ...] = ()
    wish: Wish | None = None
    trouble: Trouble | None = None
    tries: int = 0
    is_unpublished: bool = False


@dataclass(frozen=True, slots=True)
class Over:
    """It has come to its end. is_stopped: because somebody wanted that."""

    is_stopped: bool = False


@dataclass(frozen=True, slots=True)
class Back:
    """It goes back into the queue. at: not before this moment. is_behind: behind all that waits. tries: vain ones, so far.

    pauses: why its account is to be paused.
    """

    at: datetime | None = None
    is_behind: bool = False
    tries: int = 0
    pauses: str | None = None


FIRST_WAIT, LONGEST_WAIT = timedelta(minutes=1), timedelta(hours=1)
MOST_TRIES = 60
"""Vain ones, after which a person is needed: two days and a half, so a weekend passes."""

DOUBT_WAIT, MOST_LOOKS = timedelta(minutes=5), 6
"""A look at rows in doubt takes what `etl run` takes for it; what six of them in five hours do not find, a person decides."""

BUSY_WAIT, LONGEST_BUSY_WAIT = timedelta(seconds=5), timedelta(minutes=1)
"""The lease of a worker that is gone is over within a minute; whoever else imports the input may take hours."""

ALL_TRIED = frozenset({ExitCode.DONE, ExitCode.NEEDS_A_PERSON})
_FINAL = ALL_TRIED | {ExitCode.SOURCE, ExitCode.DEFECT}


def is_all_tried(exit_code: int | None) -> bool:
    """Whether a submission that ended so has nothing left to send."""
    return exit_code in ALL_TRIED


def what_next(turn: Turn, window: Window | None, now: datetime) -> Over | Back:
    """What becomes of the submission."""
    if turn.wish is Wish.LOST:
        return Back()
    if turn.trouble is Trouble.LEDGER:
        return _again(turn, FIRST_WAIT / 4, MOST_TRIES, now)
    if turn.is_unpublished and is_all_tried(turn.exit_code) and turn.wish is not Wish.STOP:
        return _again(turn, FIRST_WAIT, MOST_TRIES, now)
    if turn.exit_code in _FINAL:
        return Over()
    if turn.exit_code == ExitCode.USAGE and not turn.runs and turn.wish is None:
        return Over()
    if turn.wish is Wish.STOP:
        return Over(is_stopped=True)
    if turn.wish is not None:
        return Back(is_behind=turn.wish is Wish.GIVE_WAY, tries=0)
    match turn.trouble:
        case Trouble.KEYS_REFUSED:
            return Back(pauses=turn.said)
        case Trouble.QUOTA_SPENT:
            return Back(_next_day(now), is_behind=True)
        case Trouble.CLOSED:
            opens = opens_at(window, now)
            return Over() if opens is None else Back(opens, is_behind=True)
        case _:
            return _by_code(turn, now)


def _by_code(turn: Turn, now: datetime) -> Over | Back:
    match turn.exit_code:
        case ExitCode.REFUSED:
            return Over()
        case ExitCode.UNCONFIRMED:
            return _again(turn, DOUBT_WAIT, MOST_LOOKS, now)
        case ExitCode.BUSY:
            return Back(now + min(BUSY_WAIT * 2 ** min(turn.tries, 8), LONGEST_BUSY_WAIT), tries=turn.tries + 1)
        case _:
            return _again(turn, FIRST_WAIT, MOST_TRIES, now)


def _again(turn: Turn, first: timedelta, most: int, now: datetime) -> Over | Back:
    """Twice as long as before each time, up to an hour."""
    if turn.tries >= most:
        return Over()
    return Back(now + min(first * 2 ** min(turn.tries, 16), LONGEST_WAIT), tries=turn.tries + 1)


def _next_day(now: datetime) -> datetime:
    """A minute past the next 00:00 UTC: clocks differ."""
    return datetime.combine(now.astimezone(UTC).date() + timedelta(days=1), time(0, 1), UTC)
