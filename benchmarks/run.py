"""Speed and memory as ratios measured in one run: `make bench`, or `python benchmarks/run.py [--rows N]`.

Each line compares something of ours with the least that the same work costs on the same machine in the same run.
"""

from __future__ import annotations

import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from openpyxl import load_workbook

from etl.clock import SystemClock
from etl.events import StopSignal, ignore
from etl.ledger.store import Ledger
from etl.pipeline import run
from etl.records import Limit
from etl.settings import Account, Secret, Settings
from etl.simulator import SimulatorOptions
from etl.simulator.options import Latency, RateLimit
from etl.simulator.server import EmbeddedSimulator
from etl.stages.prepare import PreparedInput, inputs, load, stage

ROOT = Path(__file__).parents[1]
MAPPING = ROOT / "mappings" / "site_visits.yaml"


@dataclass(frozen=True)
class Line:
    """One comparison. unit: of both numbers."""

    what: str
    ours: float
    against: str
    least: float
    unit: str

    def __str__(self) -> str:
        ratio = self.ours / self.least if self.least else float("inf")
        return f"| {self.what} | {self.ours:,.3f} {self.unit} | {self.against} | {self.least:,.3f} {self.unit} | {ratio:.2f} |"


def seconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def start_up() -> Iterator[Line]:
    """What the command line costs before it does anything; the best of five."""
    etl = Path(sys.executable).with_name("etl")

    def best(*command: str) -> float:
        return min(seconds(lambda: subprocess.run(command, check=True, capture_output=True)) for _ in range(5))

    yield Line("etl --help", best(str(etl), "--help"), "python -c pass", best(sys.executable, "-c", "pass"), "s")


@contextmanager
def prepared(sheet: Path, folder: Path) -> Iterator[tuple[Ledger, PreparedInput]]:
    with Ledger(f"sqlite:///{folder / 'bench.db'}", folder / "files", SystemClock()) as ledger:
        yield ledger, inputs([sheet], load(MAPPING, ledger), ledger)[0]


def reading(folder: Path, rows: int) -> Iterator[Line]:
    """Reading, mapping, fingerprints and staging of a whole sheet, against iterating over its cells."""
    for kind in ("csv", "xlsx"):
        sheet = folder / f"big.{kind}"
        script = ROOT / "sample_data" / "make_big.py"
        subprocess.run(
            [sys.executable, script, str(rows), "--format", kind, "-o", sheet], check=True, capture_output=True
        )
        with prepared(sheet, folder) as (ledger, one):
            ours = seconds(partial(stage, one, ledger.plan(), ignore, StopSignal()))
        least = seconds(partial(_iterate, sheet))
        yield Line(
            f"check {rows:,} rows of {kind}", ours, "csv.reader" if kind == "csv" else "openpyxl read-only", least, "s"
        )


def _iterate(sheet: Path) -> int:
    if sheet.suffix == ".csv":
        with sheet.open(encoding="utf-8-sig", newline="") as stream:
            return sum(1 for _ in csv.reader(stream))
    return sum(1 for _ in load_workbook(sheet, read_only=True).worksheets[0].iter_rows(values_only=True))


def at_the_limit(folder: Path, rows: int) -> Iterator[Line]:
    """A whole import against a strict server, against the time that the account's limit alone takes."""
    sheet = folder / "limited.csv"
    script = ROOT / "sample_data" / "make_big.py"
    subprocess.run([sys.executable, script, str(rows), "--format", "csv", "-o", sheet], check=True, capture_output=True)
    options = SimulatorOptions(limit=RateLimit(25, 1.0), latency=Latency(0.02, 0.4), seed=1)
    with EmbeddedSimulator(options) as simulator:
        limit = Limit(25, 1.0)
        keys = Secret(options.access_key), Secret(options.secret_key)
        account = Account("bench", simulator.url, *keys, bulk_limit=limit, limit=limit)
        settings = Settings(account, f"sqlite:///{folder / 'sent.db'}", folder / "sent")
        took = seconds(lambda: run(settings, [sheet], MAPPING))
        stats = simulator.stats()
    requests = -(-rows // 25)
    floor = (requests - 1) // 25 * 1.0
    yield Line(f"{requests} requests at 25/1 s, 20–400 ms", took, "the limit alone", floor, "s")
    yield Line("requests refused for their rate", stats["refused_for_rate"], "none", 0.0, "requests")


def cost(folder: Path, rows: int) -> Iterator[Line]:
    """CPU of everything for a sheet sent to a server without a limit that answers at once, its own CPU left out."""
    sheet = folder / "big.csv"
    options = SimulatorOptions(limit=RateLimit(10_000, 1.0), seed=2)
    with EmbeddedSimulator(options) as simulator:
        limit = Limit(10_000, 1.0)
        keys = {"LSQ_ACCESS_KEY": options.access_key, "LSQ_SECRET_KEY": options.secret_key}
        home = folder / "cost"
        home.mkdir()
        environment = (
            os.environ | keys | {"LSQ_HOST": simulator.url, "LSQ_LIMIT": str(limit), "LSQ_BULK_LIMIT": str(limit)}
        )
        environment |= {"ETL_LEDGER": str(home / "ledger.db")}
        before = os.times()
        etl = Path(sys.executable).with_name("etl")
        command = [str(etl), "run", str(sheet), "-m", str(MAPPING), "-q"]
        subprocess.run(command, env=environment, check=True, capture_output=True)
        after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    yield Line(f"CPU of a whole import, {rows:,} rows of csv", spent / rows * 1e6, "goal of 100", 100.0, "µs/row")
    size = (home / "ledger.db").stat().st_size
    yield Line("ledger on disk", size / rows, "goal of 200", 200.0, "bytes/row")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    rows = parser.parse_args().rows
    print("| what | ours | against | that | ratio |\n|---|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for lines in (start_up(), reading(folder, rows), at_the_limit(folder, 10_000), cost(folder, rows)):
            for line in lines:
                print(line, flush=True)


if __name__ == "__main__":
    main()
