"""A fleet in bad weather: `python -m tests.fleet.soak [--rounds 3] [--from 0]`. A part of `make soak`.

A round is three workers, three accounts and a PostgreSQL of its own, and every second or so something happens to one of them,
drawn by the number of the round: a worker is killed, told to stop, or frozen and thawed; the database is killed and started; a
line to it is cut and mended; an account is paused and resumed. When the weather is over all has to come to its end by itself, and
each row has to be at its server once. One exception is known, and looked for: a worker that was frozen between its last look
at its lease and the sending itself can send a request too many. `etl verify --all` has to tell of its rows then.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from urllib.parse import urlsplit

from etl.fleet.submissions import State
from etl.fleet.tables import make_tables
from tests.fleet.cut import Line
from tests.fleet.yard import LEASE_SECONDS, Yard
from tests.flows.desk import KEYS, stored
from tests.flows.warm import Started, WarmStart
from tests.foreign.server import ForeignServer
from tests.postgresql import Server, own_server

ACCOUNTS = ("north", "south", "east")
ROWS = 1_500
EVENTS = 15
PATIENCE_SECONDS = 400.0
"""A transaction of a frozen worker is ended after a minute, and some tries wait for minutes."""


class Weather:
    """What happens to one fleet."""

    def __init__(self, yard: Yard, database: Server, line: Line, chance: random.Random) -> None:
        self._yard = yard
        self._database = database
        self._line = line
        self._chance = chance
        self.froze = False

    def start_worker(self) -> None:
        """Through the line that may be cut, or past it."""
        place = urlsplit(self._yard.url)
        far = place._replace(netloc=place.netloc.replace(f":{place.port}", f":{self._line.port}")).geturl()
        ledger = f"{self._chance.choice([far, self._yard.url])}?etl_lease_seconds={LEASE_SECONDS}"
        self._yard.worker("--turn", "3s", ledger=ledger)

    def strike(self) -> str:
        """One event. Returns: what it was."""
        events: tuple[Callable[[], None], ...] = (
            self.kill,
            self.kill,
            self.tell_to_stop,
            self.freeze,
            self.freeze,
            self.fell_the_database,
            self.cut,
            self.pause,
        )
        event = self._chance.choice(events)
        event()
        return event.__name__

    def kill(self) -> None:
        self._one().kill()
        self.start_worker()

    def tell_to_stop(self) -> None:
        self._one().send_signal(signal.SIGTERM)
        self.start_worker()

    def freeze(self) -> None:
        self.froze = True
        pid = self._one().pid
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGSTOP)
            time.sleep(self._chance.uniform(0.2, 3.0 * LEASE_SECONDS))
            os.kill(pid, signal.SIGCONT)

    def fell_the_database(self) -> None:
        self._database.kill()
        time.sleep(self._chance.uniform(0.0, 10.0))
        self._database.start()

    def cut(self) -> None:
        self._line.cut()
        time.sleep(self._chance.uniform(0.2, 3.0 * LEASE_SECONDS))
        self._line.mend()

    def pause(self) -> None:
        account = self._chance.choice(ACCOUNTS)
        self._yard.etl("pause", account, "--because", "bad weather")
        time.sleep(self._chance.uniform(0.2, 3.0))
        self._yard.etl("pause", account, "--resume")

    def _one(self) -> Started:
        return self._chance.choice([one for one in self._yard.workers if one.poll() is None])


def round_of(number: int) -> list[str]:
    """What is wrong after one round."""
    chance = random.Random(number)
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="etl-soak-")))
        database = stack.enter_context(own_server())
        line = stack.enter_context(Line(database.port))
        limits = {"limit": (200, 1.0), "bulk_limit": (10, 1.0), "latency_seconds": (0.0, 0.3)}
        servers = {
            name: stack.enter_context(ForeignServer(org_id=f"8{place:04}", seed=number, **limits, **KEYS))
            for place, name in enumerate(ACCOUNTS)
        }
        warm = WarmStart(home, os.getpid())
        stack.callback(warm.close)
        yard = Yard(home / "yard", warm, database.new_database(), servers)
        stack.callback(yard.end)
        make_tables(yard.settings)
        numbers = [yard.submit(yard.sheet(f"{account}.csv", ROWS), account) for account in ACCOUNTS]
        weather = Weather(yard, database, line, chance)
        for _ in range(3):
            weather.start_worker()
        happened = []
        for _ in range(EVENTS):
            time.sleep(chance.uniform(0.3, 1.5))
            happened.append(weather.strike())
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline and any(yard.all()[one].state is not State.ENDED for one in numbers):
            time.sleep(1.0)
        found = faults(yard, numbers, weather)
        say(f"round {number}: {', '.join(happened)}: {'; '.join(found) or 'each row once'}")
        for log in yard.home.rglob("etl.log") if found else ():
            say(log.read_text("utf-8")[-3000:])
        return found


def faults(yard: Yard, numbers: list[int], weather: Weather) -> list[str]:
    """In words; none where each row is at its server once, or is told of by verifying."""
    found = []
    wanted = {f"V-{number:05}" for number in range(1, ROWS + 1)}
    for account, number in zip(ACCOUNTS, numbers, strict=True):
        one, held = yard.all()[number], stored(yard.servers[account])
        if one.state is not State.ENDED or one.exit_code != 0:
            found.append(f"{account} is {one.state}, exit code {one.exit_code}: {one.said}")
        if held.keys() != wanted:
            found.append(f"{account} lacks {len(wanted - held.keys())} rows")
        twice = sum(1 for count in held.values() if count > 1)
        if twice and not weather.froze:
            found.append(f"{account} has {twice} rows twice")
        elif twice:
            told = yard.etl("verify", str(one.runs[0]), "--all", "-a", account)
            found += [] if told.code else [f"{account} has {twice} rows twice, and verify does not tell"]
    if refused := yard.refused:
        found.append(f"{refused} requests refused for the rate")
    return found


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--from", type=int, default=0, dest="first")
    chosen = options.parse_args()
    wrong = [number for number in range(chosen.first, chosen.first + chosen.rounds) if round_of(number)]
    say(f"{chosen.rounds} rounds, {len(wrong)} with faults" + (f": {wrong}" if wrong else ""))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
