"""What a fleet is at, as facts of its database alone: none of a worker's memory.

worker    a process that serves accounts, with its heartbeat and what it is at
account   by the name that settings give it: what is in the queue for it, how much of its limit goes out, what is left to do
"""

from __future__ import annotations

from dataclasses import dataclass

from etl.fleet import queries


@dataclass(frozen=True, slots=True)
class Work:
    """A submission that a worker is at. name: of its input. seconds: since it was taken this time. runs: that it has begun."""

    submission: int
    account: str
    name: str
    seconds: float
    runs: tuple[int, ...] = ()
    is_stopping: bool = False


@dataclass(frozen=True, slots=True)
class WorkerNow:
    """A worker. beat_age: seconds since its last heartbeat, due every beat_seconds. places: so many runs side by side."""

    number: int
    machine: str
    pid: int
    accounts: tuple[str, ...]
    places: int
    beat_age: float
    beat_seconds: float
    up_seconds: float
    etl_version: str
    work: tuple[Work, ...] = ()

    @property
    def is_fresh(self) -> bool:
        """Whether it is believed to be there: the others take its work over once it is not."""
        return self.beat_age <= queries.STALLED_BEATS * self.beat_seconds


@dataclass(frozen=True, slots=True)
class Queue:
    """Submissions of an account that wait. later: not before a moment, the first at next_at (since 1970).

    oldest_seconds: for how long the first of the others could have been taken, None where there is none.
    """

    now: int = 0
    later: int = 0
    oldest_seconds: float | None = None
    next_at: float | None = None


@dataclass(frozen=True, slots=True)
class Paused:
    """Why nothing of an account is begun. since: seconds since 1970."""

    who: str
    why: str
    since: float


@dataclass(frozen=True, slots=True)
class AccountNow:
    """How an account stands. rows_*: of its open runs. share: of its limit, in the last minute; 1 for all of it.

    quota_left: requests for sending that the day's budget still has; None where these settings know of none.
    """

    name: str
    running: int = 0
    queue: Queue = Queue()
    paused: Paused | None = None
    is_served: bool = True
    share: float | None = None
    refused: int = 0
    rows_per_second: float = 0.0
    rows_waiting: int = 0
    rows_unconfirmed: int = 0
    spent_today: int = 0
    quota_left: int | None = None

    @property
    def eta_seconds(self) -> float | None:
        """Until the rows of open runs are sent, as fast as in the last minute; None where nothing of them goes out."""
        if not self.rows_waiting or self.rows_per_second <= 0:
            return None
        return self.rows_waiting / self.rows_per_second


@dataclass(frozen=True, slots=True)
class Overview:
    """A fleet at a moment, by the clock of who looks (seconds since 1970). counted_at: of which moment rows_* are.

    left: work of workers that are gone for good; another worker takes it up within a few heartbeats.
    """

    ledger: str
    at: float
    counted_at: float
    workers: tuple[WorkerNow, ...]
    accounts: tuple[AccountNow, ...]
    left: tuple[Work, ...] = ()

    @property
    def worries(self) -> list[str]:
        """What somebody should look at, a sentence each."""
        gone = [
            f"{one.machine}, process {one.pid}: no heartbeat for {one.beat_age:.0f} s. Its work goes on elsewhere."
            for one in self.workers
            if not one.is_fresh
        ]
        unserved = [one.name for one in self.accounts if one.queue.now and not one.is_served and one.paused is None]
        nobody = [f"No worker serves {name}, and something waits for it. Start one: etl worker" for name in unserved]
        left = [
            f"s{one.submission} ({one.name}, {one.account}) was left by a worker that is gone." for one in self.left
        ]
        return gone + left + nobody
