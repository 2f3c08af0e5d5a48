"""A fleet at work: `python benchmarks/fleet.py [--seconds 60] [--workers 3] [--accounts 12]`.

Real `etl worker` processes with a real PostgreSQL take a sheet for each account; each account has a strict server and a limit of
its own (tests/foreign, in processes of their own, by arrival in a sliding window). Measured is the part of the sum of all limits
that goes out from the moment on when all accounts are sent to, until the first has nothing left. Then every row is counted: each
is to be stored once, and no request refused. PostgreSQL forces each commit to the disk, as a real one does.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psutil

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from etl.fleet.submissions import State  # noqa: E402 — from the folder above
from etl.fleet.tables import make_tables  # noqa: E402 — as above
from tests.fleet.yard import Yard  # noqa: E402 — as above
from tests.flows.desk import ADDING, KEYS  # noqa: E402 — as above
from tests.flows.warm import WarmStart  # noqa: E402 — as above
from tests.foreign.process import ForeignProcess, foreign_process  # noqa: E402 — as above
from tests.postgresql import own_server  # noqa: E402 — as above

LIMITS = ((25, 5), (20, 5), (15, 5), (10, 5), (25, 5), (30, 5))
"""Requests in seconds, one account after the other; the usual limit of 25 in 5 is among them."""

GOAL = 95.0
ROWS_PER_REQUEST = 25


@dataclass(frozen=True)
class Account:
    """One account: its server, and its limit in requests a second."""

    name: str
    server: ForeignProcess
    count: int
    seconds: int

    @property
    def rate(self) -> float:
        return self.count / self.seconds

    def arrivals(self) -> list[float]:
        """When requests with rows have arrived, by the clock that all processes of this machine share."""
        return sorted(one["arrival"] for one in self.server.state()["requests"] if ADDING in one["path"])


@dataclass(frozen=True)
class Cost:
    """Seconds of the CPU. servers: of those that stand for LeadSquared, which take from the same processors."""

    workers: float
    database: float
    servers: float


def open_accounts(stack: ExitStack, how_many: int) -> list[Account]:
    found = []
    for number in range(how_many):
        count, seconds = LIMITS[number % len(LIMITS)]
        options = ["--limit", "200/1", "--bulk-limit", f"{count}/{seconds}", "--latency", "0.02-0.2"]
        options += ["--access-key", KEYS["access_key"], "--secret-key", KEYS["secret_key"]]
        options += ["--org-id", f"7{number:04}"]
        server = stack.enter_context(foreign_process(*options))
        found.append(Account(f"account{number:02}", server, count, seconds))
    return found


def write_settings(yard: Yard, accounts: list[Account]) -> None:
    lines = []
    for one in accounts:
        lines += [f"[accounts.{one.name}]", f'host = "{one.server.host}"', "access_key = {env = 'KEY_A'}"]
        lines += ["secret_key = {env = 'KEY_S'}", 'limit = "200/1"', f'bulk_limit = "{one.count}/{one.seconds}"']
    (yard.folder / "etl.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")


def measure(accounts: list[Account]) -> tuple[float, float, dict[str, float]]:
    """From when to when all were sent to, in seconds, and the part of its limit that each has used, in percent."""
    arrivals = {one.name: one.arrivals() for one in accounts}
    begin = max(times[0] for times in arrivals.values())
    end = min(times[-1] for times in arrivals.values())
    used = {}
    for one in accounts:
        # whole windows from its own first request on: bursts at both ends must not count for more or less than they are
        first = next(moment for moment in arrivals[one.name] if moment >= begin)
        windows = int((end - first) // one.seconds)
        within = sum(first <= moment < first + windows * one.seconds for moment in arrivals[one.name])
        used[one.name] = 100.0 * within / (windows * one.count)
    return begin, end, used


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seconds", type=int, default=60, help="for which the sheets last")
    options.add_argument("--workers", type=int, default=3)
    options.add_argument("--accounts", type=int, default=12)
    chosen = options.parse_args()
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="etl-fleet-")))
        database = stack.enter_context(own_server(fsync="on", full_page_writes="on", synchronous_commit="on"))
        accounts = open_accounts(stack, chosen.accounts)
        warm = WarmStart()
        stack.callback(warm.close)
        yard = Yard(home / "yard", warm, database.new_database(), {})
        stack.callback(yard.end)
        make_tables(yard.settings)
        write_settings(yard, accounts)
        numbers = {}
        for one in accounts:
            rows = int(one.rate * chosen.seconds) * ROWS_PER_REQUEST
            numbers[one.name] = (yard.submit(yard.sheet(f"{one.name}.csv", rows), one.name), rows)
        places = -(-chosen.accounts // chosen.workers)
        for _ in range(chosen.workers):
            yard.worker("--jobs", str(places), "-q")
        deadline = time.monotonic() + 3 * chosen.seconds + 60
        while any(one.state is not State.ENDED for one in yard.all().values()) and time.monotonic() < deadline:
            time.sleep(1.0)
        cost = Cost(
            cpu_seconds([worker.pid for worker in yard.workers]),
            cpu_seconds([database.process.pid] if database.process else []),
            cpu_seconds([one.server.process_id for one in accounts]),
        )
        return report(yard, accounts, numbers, cost)


def cpu_seconds(pids: list[int]) -> float:
    """What these processes and their children have used so far, those that have ended included."""
    found = [psutil.Process(pid) for pid in pids]
    every = [*found, *(child for one in found for child in one.children(recursive=True))]
    times = [one.cpu_times() for one in every]
    return sum(one.user + one.system + one.children_user + one.children_system for one in times)


def report(yard: Yard, accounts: list[Account], numbers: dict[str, tuple[int, int]], cost: Cost) -> int:
    begin, end, used = measure(accounts)
    found = yard.all()
    is_right, refused = True, 0
    print(f"{'account':<12} {'limit':>7} {'of it':>7} {'rows':>7} {'once':>6} {'refused':>8} {'exit':>5}")
    for one in accounts:
        number, rows = numbers[one.name]
        state = one.server.state()
        visits = [activity["fields"]["mx_Custom_1"] for activity in state["activities"]]
        is_once = len(visits) == len(set(visits)) == rows
        is_right &= is_once and found[number].exit_code == 0
        refused += state["refused_for_rate"]
        limit, once = f"{one.count}/{one.seconds}", "yes" if is_once else "NO"
        print(
            f"{one.name:<12} {limit:>7} {used[one.name]:>6.1f}% {rows:>7,} {once:>6} "
            f"{state['refused_for_rate']:>8} {found[number].exit_code!s:>5}"
        )
    together = sum(used[one.name] * one.rate for one in accounts) / sum(one.rate for one in accounts)
    print(
        f"together {together:.1f}% of {sum(one.rate for one in accounts):.0f} requests a second, over {end - begin:.0f} s "
        f"(goal {GOAL:.0f}%); {refused} refused"
    )
    requests = sum(rows for _, rows in numbers.values()) / ROWS_PER_REQUEST
    print(
        f"CPU a request: workers {1000 * cost.workers / requests:.1f} ms (with reading, mapping and starting), PostgreSQL "
        f"{1000 * cost.database / requests:.1f} ms, the servers sent to {1000 * cost.servers / requests:.1f} ms; load of this "
        f"machine now {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors"
    )
    return 0 if is_right and not refused and together >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
