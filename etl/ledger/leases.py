"""Who imports an input, where machines share a ledger: a lease, which ends by itself where its holder is heard of no more.

A lock of the operating system dies with its holder; a row in a database does not. So it says until when it counts, by the
database's clock, and its holder renews it all the time: by a beat on a connection of its own, whatever else it waits for.

    it was renewed in time           its holder sends
    its time is over here            it is renewed first, and nothing is sent if that does not succeed; this process counts
                                     from before it asked, by a clock that goes on while the machine sleeps
    its time is over over there      another process may take it; it ends what is in the air, and reads back: as after a kill
                                     where that process is dead for certain, else as after a time-out, for it may wait still
    another process has taken it     the intent of a request is not written any more: it is looked at in the same commit
    connecting took too long         nothing is written on that line: its time is compared once more right before the first byte
    the ledger moves, or has moved   the same: nobody renews anything there any more, and who held something holds it no longer
    this process gave all up         nothing is written, sent or taken by it any more: it is about to end (`leaving`)

So two that both believe they hold an input do not both send, but for who is halted between that comparison and the write itself.
A holder that was killed on this very machine is known to be dead, and waited for no longer.
"""

from __future__ import annotations

import threading
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Self

from sqlalchemy import make_url

from etl.clock import SystemClock
from etl.errors import BusyError, LedgerError, UsageError
from etl.ledger.clock_set import LONGEST_LEASE_SECONDS
from etl.ledger.lease_beat import Beat
from etl.ledger.leaving import has_given_up
from etl.ledger.steps import this_actor
from etl.ledger.this_process import is_surely_dead, this_process
from etl.ledger.transfer import IS_HERE

if TYPE_CHECKING:
    from types import TracebackType

    from etl.clock import Clock
    from etl.ledger.postgresql import PostgresqlDatabase
    from etl.records import MayWrite

LEASE_SECONDS = 45.0
"""How long a lease counts from its last renewal on. `?etl_lease_seconds=` in the ledger's URL says otherwise."""

_SHORTEST_SECONDS = 1.0
_MARGIN = 0.1  # of that time: by so much earlier its holder stops, for clocks that go unevenly

_TAKE = """
INSERT INTO leases (account_id, identity, holder, held_by, process, since_at, until_at)
VALUES (:account_id, :identity, :holder, :held_by, :process, :now, :until)
ON CONFLICT (account_id, identity) DO UPDATE SET holder = excluded.holder, held_by = excluded.held_by,
    process = excluded.process, since_at = excluded.since_at, until_at = excluded.until_at
WHERE leases.until_at <= :now OR leases.holder = :dead"""

_HELD = """
SELECT holder, held_by, process, since_at, until_at FROM leases WHERE account_id = :account_id AND identity = :identity"""

_COUNT = f"SELECT COUNT(*) FROM leases WHERE holder = :holder AND {IS_HERE}"

_RENEW = f"UPDATE leases SET until_at = :until WHERE holder = :holder AND {IS_HERE}"

# A beat that renews at this moment waits for the end of this, and finds nothing of its own then. The process stays noted.
_END_ALL = "UPDATE leases SET holder = ''"

_GIVE_BACK = "DELETE FROM leases WHERE account_id = :account_id AND identity = :identity AND holder = :holder"


def lease_seconds(url: str) -> float:
    """How long leases of this process count, as its ledger's URL says. Raises: UsageError — no number, or out of bounds."""
    said = make_url(url).query.get("etl_lease_seconds")
    if said is None:
        return LEASE_SECONDS
    try:
        seconds = float(str(said))
    except ValueError:
        seconds = 0.0
    if not _SHORTEST_SECONDS <= seconds <= LONGEST_LEASE_SECONDS:
        raise UsageError(
            f"etl_lease_seconds={said} in the ledger's URL: a number of seconds is expected, from 1 to {LONGEST_LEASE_SECONDS}, "
            "such as 45."
        )
    return seconds


class Lease:
    """One input of one account, held. Use it as a context manager."""

    def __init__(self, leases: Leases, account_id: int, identity: str) -> None:
        self._leases = leases
        self.place = (account_id, identity)

    def release(self) -> None:
        """Give it back. Where the database cannot be reached it ends by itself."""
        self._leases.give_back(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


class Leases:
    """The leases of one ledger that is open. For the thread that the ledger is for."""

    def __init__(self, database: PostgresqlDatabase, url: str, clock: Clock) -> None:
        """clock: this machine's."""
        self._database = database
        self._clock = clock
        self._url = url
        self._seconds = lease_seconds(url)
        self._holder = uuid.uuid4().hex
        self._held: set[tuple[int, str]] = set()
        self._deadline = 0.0  # by `through_sleep`
        self._is_lost = False
        self._given_back = 0  # so many by now
        self._may_other_live = False
        self._lock = threading.Lock()
        self._beat: Beat | None = None

    def take(self, account_id: int, identity: str) -> Lease:
        """Take the lease of an input. Raises: BusyError — another process holds it, and may be at work; or this one is ending."""
        if has_given_up():
            raise BusyError("This process is ending and begins nothing more. Run the same command again.")
        place = {"account_id": account_id, "identity": identity}
        dead = self._dead_holder(place)
        user, machine = this_actor()
        asked = self._clock.through_sleep()
        with self._database.writing(account_id):
            now = self._database.clock.monotonic()
            values = {"now": now, "until": now + self._seconds, "holder": self._holder, "dead": dead}
            who = {"held_by": f"{user} on {machine}", "process": this_process(self._clock)}
            before = self._database.ask(_HELD, place)
            if not self._database.do(_TAKE, {**place, **values, **who}):
                raise self._busy(place, now)
            self._database.do(_RENEW, values)
        if not self._held:
            self._is_lost = self._may_other_live = False
        self._may_other_live |= any(not is_surely_dead(process, self._clock) for _, _, process, _, _ in before)
        self._held.add((account_id, identity))
        self._renewed(asked)
        self._begin_to_beat()
        return Lease(self, account_id, identity)

    def is_taken(self, account_id: int, identity: str) -> bool:
        """Whether somebody holds it who may be at work; asks only."""
        found = self._database.ask(_HELD, {"account_id": account_id, "identity": identity})
        return any(
            until > self._database.clock.monotonic() and not is_surely_dead(process, self._clock)
            for _, _, process, _, until in found
        )

    def is_any_taken(self) -> bool:
        """Whether anybody holds anything and may be at work; asks only."""
        now = self._database.clock.monotonic()
        return any(until > now for until in self._until_of_living())

    def end_all(self) -> bool:
        """Take all leases away, within a transaction of no account. Returns: whether any is of who may live still, asleep or
        cut off; whoever takes one of those next learns that, too."""
        self._database.do(_END_ALL, {})
        return bool(self._until_of_living())

    def _until_of_living(self) -> list[float]:
        found = self._database.ask("SELECT process, until_at FROM leases", {})
        return [until for process, until in found if not is_surely_dead(process, self._clock)]

    def holds(self) -> bool:
        """Whether all that was taken is still held at this very moment. To be asked right before each request is sent."""
        if has_given_up():
            return False
        if not self._held:
            return True
        if not self._is_lost and self._clock.through_sleep() >= self._deadline:
            self._renew()
        return not self._is_lost and self._clock.through_sleep() < self._deadline

    def permit(self) -> MayWrite | None:
        """Whether a request that is handed over now may still be written, to be asked by its own thread right before its first
        byte; None where nothing is held, and nobody need ask. It asks the clock alone, and is over when anything is given back.
        """
        return partial(self._may_write, self._given_back) if self._held else None

    def _may_write(self, given_back: int) -> bool:
        with self._lock:
            is_held = given_back == self._given_back and not self._is_lost and not has_given_up()
            return is_held and self._clock.through_sleep() < self._deadline

    def holds_in_this_commit(self) -> bool:
        """The same for an intent, within the transaction that writes it: whoever takes a lease has to wait for its end."""
        if has_given_up():
            return False
        if self._held and not self._is_lost:
            self._is_lost = self._database.ask(_COUNT, {"holder": self._holder})[0][0] != len(self._held)
        return not self._is_lost

    def is_after_one_that_may_live(self) -> bool:
        """Whether something that is held was another's whose time was over, and who may live still: cut off, or asleep."""
        return self._may_other_live

    def give_back(self, lease: Lease) -> None:
        """It is over."""
        if lease.place not in self._held:
            return
        with self._lock:
            self._held.discard(lease.place)
            self._given_back += 1
        if not self._held:
            self._end_beat()
        account_id, identity = lease.place
        if self._database.is_away:
            return  # it ends by itself; nobody is to wait for the database for that
        with suppress(LedgerError):
            self._database.do(_GIVE_BACK, {"account_id": account_id, "identity": identity, "holder": self._holder})

    def close(self) -> None:
        """Give all back."""
        for place in sorted(self._held):
            self.give_back(Lease(self, *place))
        self._end_beat()

    def beat(self, asked: float, renewed: int, expected: int) -> None:
        """The beat has renewed so many of those that were held when it asked. asked: before, by `through_sleep`."""
        with self._lock:
            if renewed >= expected:
                self._deadline = max(self._deadline, asked + self._usable)
            elif len(self._held) >= expected:  # none of them was given back meanwhile
                self._is_lost = True

    def held(self) -> int:
        """How many are held now. For the beat."""
        with self._lock:
            return len(self._held)

    @property
    def holder(self) -> str:
        """As what the database knows this ledger that is open."""
        return self._holder

    @property
    def _usable(self) -> float:
        return self._seconds * (1 - _MARGIN)

    def _renewed(self, asked: float) -> None:
        with self._lock:
            self._deadline = asked + self._usable

    def _renew(self) -> None:
        """Nobody may have taken it: then it goes on."""
        asked = self._clock.through_sleep()
        try:
            with self._database.writing(next(iter(self._held))[0]):
                values = {"until": self._database.clock.monotonic() + self._seconds, "holder": self._holder}
                renewed = self._database.do(_RENEW, values)
        except LedgerError:
            return  # nobody knows whether it is held: for now nothing is sent
        if renewed == len(self._held):
            self._renewed(asked)
        else:
            self._is_lost = True

    def _dead_holder(self, place: dict[str, object]) -> str | None:
        """The holder of a lease, where that process has died on this machine."""
        found = self._database.ask(_HELD, place)
        return next((holder for holder, _, process, _, _ in found if is_surely_dead(process, self._clock)), None)

    def _busy(self, place: dict[str, object], now: float) -> BusyError:
        found = self._database.ask(_HELD, place)
        who, since, until = (found[0][1], found[0][3], found[0][4]) if found else ("somebody", now, now + self._seconds)
        return BusyError(
            f"Another process is importing this input at this moment: {who}, since {_clock_time(since)}. Wait until it "
            "has ended, then run the same command again: it continues with whatever is left. If that machine has died, that "
            f"can be done from {_clock_time(until)} on."
        )

    def _begin_to_beat(self) -> None:
        if self._beat is None and isinstance(self._clock, SystemClock):
            self._beat = Beat(self, self._url, self._clock, self._seconds)
            self._beat.start()

    def _end_beat(self) -> None:
        if self._beat is not None:
            self._beat.is_over.set()
            self._beat = None


def _clock_time(at: float) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%H:%M:%S} UTC"
