"""A thousand accounts and a hundred million rows, on paper: `python benchmarks/scale.py [--accounts 1000] [--rows 100000000]`.

What one request costs is measured here and now (`unit_costs`: the real `etl run`, ledgers on PostgreSQL and SQLite, a disk that
is written for each commit), and multiplied. How the commits of many accounts come together in time is played (`many_accounts`).

The third table says for how many accounts at full speed each part suffices: the first part that does not is the one that breaks
first. `--quick` measures less and plays a hundred accounts.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import ceil

from cost import loop, server
from many_accounts import Database, play, table
from unit_costs import ROWS_A_REQUEST, Unit, commits_a_second, database_in_earnest, on_postgresql, on_sqlite

from etl.delivery.throttle import capacity_for
from etl.records import Limit

DEFAULT_CONNECTIONS, KEPT_CONNECTIONS = 100, 3
"""PostgreSQL's max_connections and superuser_reserved_connections, unless set."""

CONNECTIONS_OF_A_WORKER = 4  # etl/fleet/engine.py


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for, and what the database would run on. disk: bytes a second that it writes."""

    accounts: int
    rows: int
    limit: Limit
    cores: int
    disk: float

    @property
    def of_one(self) -> float:
        """Requests a second of one account at full speed."""
        return self.limit.count / self.limit.seconds


@dataclass(frozen=True, slots=True)
class Part:
    """Something that is used up. takes: by one account at full speed."""

    name: str
    has: float
    takes: float
    unit: str

    @property
    def accounts(self) -> float:
        return self.has / self.takes


def units(large: Unit, small: Unit, spread: float) -> Iterator[str]:
    """What one request costs. spread: commits of one at the usual limit, where fewer answers come at one moment."""
    yield f"| one request of {ROWS_A_REQUEST} rows | ledger on PostgreSQL | on SQLite |\n|---|---|---|"
    yield f"| CPU of the worker | {large.worker_seconds * 1e3:.1f} ms | {small.worker_seconds * 1e3:.1f} ms |"
    yield f"| CPU of the database | {large.database_seconds * 1e3:.1f} ms | |"
    yield f"| commits | {large.commits:.2f} here; {spread:.2f} at the usual limit, as played below | |"
    yield f"| log of the database | {large.log_bytes / 1e3:.1f} kB | |"
    yield f"| ledger, a row | {large.row_bytes:.0f} bytes as written | {small.row_bytes:.0f} bytes |"
    yield f"| the same, packed | {large.packed_bytes:.0f} bytes ({large.parts}) | |"
    yield f"| connections while a run sends | {large.connections} | |\n"


def sums(wanted: Wanted, unit: Unit) -> Iterator[str]:
    """What the accounts and rows come to."""
    requests, full = wanted.rows / ROWS_A_REQUEST, wanted.accounts * wanted.of_one
    workers = full * unit.worker_seconds
    limit = f"{wanted.limit.count}/{wanted.limit.seconds:g}"
    yield f"| {wanted.accounts:,} accounts at {limit}, {wanted.rows:,} rows | |\n|---|---|"
    yield f"| requests | {requests:,.0f} |"
    rows = f"{full * ROWS_A_REQUEST:,.0f} rows a second, {requests / full / 60:,.0f} min"
    yield f"| all at full speed | {full:,.0f} requests and {rows} |"
    yield f"| commits | {full * unit.commits:,.0f} a second |"
    log = f"{full * unit.log_bytes / 1e6:,.0f} MB a second, {requests * unit.log_bytes / 1e9:,.0f} GB in all"
    yield f"| log of the database | {log} |"
    yield f"| CPU of the database | {full * unit.database_seconds:,.1f} cores |"
    yield f"| CPU of the workers | {workers:,.1f} cores, so {ceil(workers):,} workers: one process keeps one core busy |"
    packed, written = (wanted.rows * size / 1e9 for size in (unit.packed_bytes, unit.row_bytes))
    yield f"| ledger | {packed:,.0f} GB packed, {written:,.0f} GB if nothing is freed meanwhile |"
    yield f"| requests in the air, at most | {wanted.accounts * capacity_for(wanted.limit):,} |"
    yield f"| runs at once, and their connections | {wanted.accounts:,}, {wanted.accounts * unit.connections:,} |\n"


def parts(wanted: Wanted, unit: Unit, commits: float) -> list[Part]:
    """What one PostgreSQL has, the scarcest first. commits: a second, as measured."""
    connections = float(DEFAULT_CONNECTIONS - KEPT_CONNECTIONS - CONNECTIONS_OF_A_WORKER)
    found = [
        Part("connections, unless set higher", connections, unit.connections, ""),
        Part("commits to this disk", commits, wanted.of_one * unit.commits, " a second"),
        Part(f"CPU of {wanted.cores} cores", wanted.cores, wanted.of_one * unit.database_seconds, " cores"),
        Part("log", wanted.disk / 1e6, wanted.of_one * unit.log_bytes / 1e6, " MB a second"),
    ]
    return sorted(found, key=lambda part: part.accounts)


def main() -> None:
    """Measure, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--rows", type=int, default=100_000_000)
    parser.add_argument("--limit", default="25/5")
    parser.add_argument("--cores", type=int, default=8, help="of the machine that the database would have")
    parser.add_argument("--disk", type=float, default=200.0, help="MB a second that its disk would write")
    parser.add_argument("--quick", action="store_true")
    chosen = parser.parse_args()
    count, _, seconds = chosen.limit.partition("/")
    wanted = Wanted(chosen.accounts, chosen.rows, Limit(int(count), float(seconds)), chosen.cores, chosen.disk * 1e6)
    short, long = (1_000, 6_000) if chosen.quick else (2_500, 27_500)
    played = min(chosen.accounts, 100) if chosen.quick else chosen.accounts
    spread = play(min(played, 50), wanted.limit, 40.0, at_once=False).commits_per_request
    with server() as keys, database_in_earnest() as own:
        unit = on_postgresql(own, keys, short, long)
        url = own.new_database()
        rates = {many: commits_a_second(url, many, 1.0 if chosen.quick else 4.0) for many in (1, 8, 32)}
        for line in units(unit, on_sqlite(keys, short, long), spread):
            print(line, flush=True)
    unit = replace(unit, commits=max(unit.commits, spread))
    for line in sums(wanted, unit):
        print(line, flush=True)
    head = f"| one PostgreSQL | has | an account at full speed takes | accounts | {wanted.rows:,} rows take |"
    print(f"{head}\n|---|---|---|---|---|")
    scarcest = parts(wanted, unit, max(rates.values()))
    for part in scarcest:
        minutes = wanted.rows / ROWS_A_REQUEST / (min(part.accounts, wanted.accounts) * wanted.of_one) / 60
        of_one = f"{part.takes:,.3g}{part.unit}"
        print(f"| {part.name} | {part.has:,.0f}{part.unit} | {of_one} | {part.accounts:,.0f} | {minutes:,.0f} min |")
    first, second = scarcest[:2]
    print(
        f"\nFirst breaks: {first.name} ({first.accounts:,.0f} accounts); then {second.name} ({second.accounts:,.0f})."
    )
    told = ", ".join(f"{rate:,.0f} over {many}" for many, rate in rates.items())
    print(f"Commits a second, over so many connections: {told}. A loop beside it: {loop():.2f} s.\n", flush=True)
    print(f"{played:,} accounts in virtual time, {wanted.limit.count}/{wanted.limit.seconds:g} each:\n")
    database = Database(max(rates.values()), wanted.cores / unit.database_seconds)
    for line in table(played, wanted.limit, 40.0, database):
        print(line, flush=True)


if __name__ == "__main__":
    main()
