"""Histories of a ledger that machines share: a real PostgreSQL, whose clock is the world's, and leases that beat and end.

The ledger is as it is in production: its moments are read off the database's clock (`SharedClock`), which tells true time, while
the machine's own goes as the history has it; a lease is renewed as long as its process lives and its machine is awake. Only the
beat's connection and the reading of the database's clock are put into virtual time. A connection may be lost at a commit.
"""

from __future__ import annotations

import random
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg

from etl.ledger import lease_beat, leases, postgresql
from etl.ledger.shared_clock import BOOT, Instant, SharedClock
from etl.ledger.store import Ledger
from tests.clocks import ManualClock
from tests.laws import quick
from tests.laws.virtual import Crash
from tests.laws.world import VirtualClock, World
from tests.postgresql import Server

_SLOWEST_SECONDS = 0.03
"""So long a question to the database takes at most, as its clock is read; nobody waits for it."""

_RENEW = lease_beat._BEAT.replace("extract(epoch FROM clock_timestamp())", "%(now)s")


class _ReadClock(SharedClock):
    """Reads true time wherever the database is asked for its own. The way there and back takes its time."""

    def __init__(self, own: Any) -> None:
        super().__init__(own)
        self._world: World = own.world
        self._dice = random.Random(self._world.seconds)

    def observe(self, asked: Instant, told: float, heard: Instant, boot: str = BOOT) -> bool:
        there, back = (self._dice.uniform(0.0, _SLOWEST_SECONDS / 2) for _ in range(2))
        told, took = self._world.wall().timestamp() - back, there + back
        return super().observe(Instant(heard.awake - took, heard.through_sleep - took), told, heard, boot)


class _Beat:
    """Renews leases in virtual time, while the process lives that has them and its machine is awake."""

    def __init__(self, held: leases.Leases, url: str, clock: VirtualClock, seconds: float) -> None:
        self.is_over = threading.Event()
        self._held, self._url, self._clock, self._seconds = held, url, clock, seconds
        self._life = clock.world.living

    def start(self) -> None:
        world = self._clock.world
        world.at(world.seconds + self._seconds / lease_beat._BEATS, self._renew)

    def _renew(self) -> None:
        world = self._clock.world
        if self.is_over.is_set() or self._life.is_over:
            return
        if not self._clock.is_asleep and not self._life.is_halted:
            expected, asked = self._held.held(), self._clock.through_sleep()
            values = {"now": world.wall().timestamp(), "seconds": self._seconds, "holder": self._held.holder}
            self._held.beat(asked, _connection(self._url).execute(_RENEW, values).rowcount, expected)
            world.happened["lease renewed"] += 1
        self.start()


_beating: dict[str, psycopg.Connection[Any]] = {}


def _connection(url: str) -> psycopg.Connection[Any]:
    if url not in _beating:
        _beating[url] = psycopg.connect(url.replace("+psycopg", ""), autocommit=True)
    return _beating[url]


def _give_back(held: leases.Leases, lease: leases.Lease) -> None:
    """Who dies gives nothing back."""
    if isinstance(sys.exception(), Crash):
        held._held.discard(lease.place)
        held._end_beat()
        return
    _plain_give_back(held, lease)


_plain_give_back = leases.Leases.give_back


def _process(clock: VirtualClock) -> str:
    return f"life {clock.world.living.number}"


def _is_dead(process: str, clock: VirtualClock) -> bool:
    """Known of this machine's processes; of another one's nobody can tell."""
    world = clock.world
    return not world.is_elsewhere and int(process.rpartition(" ")[2]) not in world.living_numbers


@contextmanager
def in_databases(server: Server) -> Iterator[None]:
    """Within, each ledger is in a PostgreSQL database of its own, that machines share."""
    made: dict[Path, str] = {}
    first = server.new_database()
    with tempfile.TemporaryDirectory() as folder:
        Ledger(first, Path(folder), ManualClock()).close()

    def url_of(home: Path) -> str:
        if home not in made:
            made[home] = server.new_database(first.rpartition("/")[2])
        return made[home]

    with ExitStack() as stack:
        for place, name, other in (
            (postgresql, "SystemClock", VirtualClock),
            (postgresql, "SharedClock", _ReadClock),
            (leases, "SystemClock", VirtualClock),
            (leases, "Beat", _Beat),
            (leases, "this_process", _process),
            (leases, "is_surely_dead", _is_dead),
            (leases.Leases, "give_back", _give_back),
        ):
            stack.enter_context(patch.object(place, name, other))
        stack.enter_context(quick.at_urls(url_of))
        try:
            yield
        finally:
            for url in [*made.values(), first]:
                if url in _beating:
                    _beating.pop(url).close()
                server.drop(url)


def is_shared() -> bool:
    """Whether ledgers are in databases now."""
    return bool(quick._databases)


def losing(ledger: Callable[[], Ledger], *, arrives: bool, is_mute: bool = False) -> Callable[[], None]:
    """What happens to the next commit: its connection is lost, before it arrives or with its answer.

    is_mute: so is each over which it is asked afterwards what became of that commit.
    """

    def cut() -> None:
        database: Any = ledger()._database
        if not isinstance(database, postgresql.PostgresqlDatabase):
            return
        connection: Any = database._connection.connection.dbapi_connection
        if is_mute:
            _mute(database)
        if not arrives:
            connection.close()
            return
        plain = database._answers

        def lost(statements: str) -> list[str]:
            del database._answers
            plain(statements)
            connection.close()
            raise psycopg.OperationalError("the connection is lost")

        database._answers = lost  # type: ignore[method-assign]

    return cut


def _mute(database: postgresql.PostgresqlDatabase) -> None:
    plain = database._last_of

    def last_of(statements: str) -> Any:
        if "FROM commits" in statements:
            lost: Any = database._connection.connection.dbapi_connection
            lost.close()
        return plain(statements)

    database._last_of = last_of  # type: ignore[method-assign]
