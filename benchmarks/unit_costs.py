"""What one request of 25 rows costs, with the ledger on PostgreSQL and on SQLite; for `scale.py`, which multiplies it.

Two imports of different length go through the real `etl run` to a server that answers at once, under a limit small enough that
requests wait for slots as they do in earnest. What the longer one costs more is the cost of its additional requests, so
starting up, reading the mapping and writing results are not in it, and reading the rows is.
"""

from __future__ import annotations

import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from big_sheets import mapping_file, write_csv
from cost import ETL, cost

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests import postgresql  # noqa: E402 — from the folder above

IN_EARNEST = {"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on", "autovacuum": "on"}
"""What tests do without: each commit is on the disk before it is answered."""

LIMIT_HERE = "25/0.25"
"""Twenty times the usual one, so that measuring ends; slots are waited for all the same."""

ROWS_A_REQUEST = 25
_COUNTED_SECONDS = 1.2  # a backend hands in what it has counted at most once a second


@dataclass(frozen=True, slots=True)
class Unit:
    """What one request costs. Seconds are of the CPU; bytes are on the disk, `parts` by table.

    row_bytes: of a row, as it was written: each is written three times, and what the first two leave is free for others
    after a vacuum. packed_bytes: with nothing free in it. connections: most of them while the run went on.
    """

    worker_seconds: float
    row_bytes: float
    packed_bytes: float = 0.0
    database_seconds: float = 0.0
    commits: float = 0.0
    log_bytes: float = 0.0
    connections: int = 0
    parts: str = ""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a PostgreSQL has spent so far: seconds of the CPU and bytes of its log in all, commits in one database."""

    seconds: float
    commits: float
    log: float


@contextmanager
def database_in_earnest() -> Iterator[postgresql.Server]:
    """A PostgreSQL that keeps what it has promised."""
    postgresql._SETTINGS |= IN_EARNEST
    with postgresql.own_server() as own:
        yield own


def on_postgresql(own: postgresql.Server, keys: dict[str, str], short: int, long: int) -> Unit:
    """What a request costs with the ledger there; short, long: rows of the two imports, each into a new ledger."""
    requests = (long - short) / ROWS_A_REQUEST
    workers: list[float] = []
    spent: list[Spent] = []
    seen: list[int] = []
    _import(short, own.new_database(), keys)  # the first one after the start finds nothing in memory
    for rows in (short, long):
        url = own.new_database()
        before = _spent(own, url)
        with _watched(own, url, seen):
            workers.append(_import(rows, url, keys))
        after = _spent(own, url)
        spent.append(Spent(after.seconds - before.seconds, after.commits - before.commits, after.log - before.log))
    sizes = _sizes(own, url)
    own.do("VACUUM FULL", database=_name(url))
    packed = _sizes(own, url)
    most = sorted(packed.items(), key=lambda one: -one[1])[:3]
    less, more = spent
    return Unit(
        worker_seconds=(workers[1] - workers[0]) / requests,
        row_bytes=sum(sizes.values()) / long,
        packed_bytes=sum(packed.values()) / long,
        database_seconds=(more.seconds - less.seconds) / requests,
        commits=(more.commits - less.commits) / requests,
        log_bytes=(more.log - less.log) / requests,
        connections=max(seen),
        parts=", ".join(f"{table} {size / long:.0f}" for table, size in most),
    )


def on_sqlite(keys: dict[str, str], short: int, long: int) -> Unit:
    """What a request costs with the ledger in a file: all of it is the worker's own."""
    with tempfile.TemporaryDirectory() as name:
        ledgers = [Path(name) / f"{rows}.db" for rows in (short, long)]
        less, more = (_import(rows, str(ledger), keys) for rows, ledger in zip((short, long), ledgers, strict=True))
        size = sum(file.stat().st_size for file in Path(name).glob(f"{long}.db*"))
    return Unit((more - less) / ((long - short) / ROWS_A_REQUEST), size / long)


def commits_a_second(url: str, connections: int, seconds: float) -> float:
    """How many small commits a PostgreSQL carries out that way, each on the disk before it is answered."""
    address = url.replace("+psycopg", "")
    with psycopg.connect(address, autocommit=True) as one:
        one.execute("CREATE TABLE IF NOT EXISTS scale (number integer, filler text)")
    counts = [0] * connections
    over = threading.Event()

    def commit(place: int) -> None:
        with psycopg.connect(address, autocommit=True) as own:
            while not over.is_set():
                own.execute("INSERT INTO scale VALUES (%s, %s)", (place, "x" * 200))
                counts[place] += 1

    threads = [threading.Thread(target=commit, args=(place,)) for place in range(connections)]
    for thread in threads:
        thread.start()
    time.sleep(seconds)
    over.set()
    for thread in threads:
        thread.join()
    return sum(counts) / seconds


def _import(rows: int, ledger: str, keys: dict[str, str]) -> float:
    """Import a sheet into a new ledger. Returns the seconds of the CPU that it took."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_csv(folder / "visits.csv", rows)
        mapping = mapping_file(folder, phones=False)
        options = ("-m", str(mapping), "--no-preflight", "--rows-ok", str(rows), "-q")
        more = {"ETL_LEDGER": ledger, "LSQ_LIMIT": LIMIT_HERE, "LSQ_BULK_LIMIT": LIMIT_HERE, "PYTHONPATH": str(ROOT)}
        return cost((*ETL, "run", str(folder / "visits.csv"), *options), folder, keys | more).seconds


def _spent(own: postgresql.Server, url: str) -> Spent:
    time.sleep(_COUNTED_SECONDS)
    assert own.process is not None
    first = psutil.Process(own.process.pid)
    times = first.cpu_times()
    seconds = times.user + times.system + times.children_user + times.children_system
    for child in first.children():
        seconds += sum(child.cpu_times()[:2])
    asked = "SELECT xact_commit, pg_current_wal_insert_lsn() - '0/0' FROM pg_stat_database WHERE datname = %s"
    ((commits, log),) = own.ask(asked, _name(url))
    return Spent(seconds, float(commits), float(log))


def _sizes(own: postgresql.Server, url: str) -> dict[str, int]:
    """Bytes by table with its indexes, as they are after the import: what autovacuum has not come to yet is in it."""
    asked = (
        "SELECT relname, pg_total_relation_size(oid) FROM pg_class "
        "WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace"
    )
    return dict(own.ask(asked, database=_name(url)))


@contextmanager
def _watched(own: postgresql.Server, url: str, seen: list[int]) -> Iterator[None]:
    """Count connections meanwhile."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'"
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.3):
            seen.append(int(own.ask(asked, _name(url))[0][0]))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield
    finally:
        over.set()
        looking.join()


def _name(url: str) -> str:
    return url.rpartition("/")[2]
