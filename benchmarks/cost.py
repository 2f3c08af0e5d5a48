"""What everything but waiting costs: `python benchmarks/cost.py [--rows 100000 1000000]`, one table, all in one run.

Each figure is the CPU time (`os.wait4`) and the peak memory of a process of its own. A whole import goes to a server that
answers at once (`quick_server`) in a process apart, under a limit that is never reached. Because other work on the machine
makes CPU time dearer, a plain loop of Python is measured beside each: of two runs those with equal loops may be compared.
"""

from __future__ import annotations

import argparse
import os
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from big_sheets import mapping_file, write_csv, write_xlsx
from reading import ALONE

ETL = (sys.executable, "-m", "etl")
NO_LIMIT = "100000/1"
PILOT = 25
NOTHING = subprocess.DEVNULL
LOOP = "for number in range(5_000_000): pass"


class Cost(NamedTuple):
    """seconds: of the CPU, in the program and in the system for it. megabytes: at the peak."""

    seconds: float
    megabytes: float


def cost(command: tuple[str, ...], home: Path, more: dict[str, str] | None = None, code: int = 0) -> Cost:
    """What a process costs. code: with which it is to end. Raises RuntimeError when it does not."""
    environment = os.environ | {"ETL_LEDGER": str(home / "ledger.db"), "HOME": str(home)} | (more or {})
    process = subprocess.Popen(command, cwd=home, env=environment, stdin=NOTHING, stdout=NOTHING, stderr=NOTHING)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != code:
        raise RuntimeError(f"{' '.join(command[:5])} … ended with {process.returncode}")
    scale = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / scale)


def loop() -> float:
    """CPU seconds of a loop that is always the same: how dear the CPU is just now."""
    with tempfile.TemporaryDirectory() as home:
        return cost((sys.executable, "-c", LOOP), Path(home)).seconds


@contextmanager
def server() -> Iterator[dict[str, str]]:
    """A quick server, as settings of the environment."""
    script = Path(__file__).with_name("quick_server.py")
    process = subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        keys = {"LSQ_HOST": process.stdout.readline().strip(), "LSQ_ACCESS_KEY": "a" * 16, "LSQ_SECRET_KEY": "b" * 16}
        yield keys | {"LSQ_LIMIT": NO_LIMIT, "LSQ_BULK_LIMIT": NO_LIMIT}
    finally:
        process.kill()
        process.wait()


def line(what: str, figure: str, goal: str) -> str:
    """One line of the table."""
    return f"| {what} | {figure} | {goal} | {loop():.2f} s |"


def start_up(folder: Path) -> Iterator[str]:
    """What commands cost that do next to nothing; the least of five."""

    def least(*command: str) -> float:
        return min(cost(command, folder) for _ in range(5)).seconds

    nothing = least(sys.executable, "-c", "pass")
    for name, goal in (("--help", "150 ms"), ("runs", "400 ms")):
        ours = least(*ETL, name)
        yield line(f"`etl {name}`", f"{ours * 1e3:.0f} ms, {ours / nothing:.1f} × `python -c pass`", goal)


def whole_import(folder: Path, rows: int) -> Iterator[str]:
    """A sheet sent to the quick server; what its ledger holds then; its results written once more."""
    sheet = folder / f"visits_{rows}.csv"
    write_csv(sheet, rows)
    mapping = mapping_file(folder, phones=False)
    options = ("-m", str(mapping), "--no-preflight", "--rows-ok", str(rows), "-q")
    home = folder / f"home_{rows}"
    home.mkdir()
    with server() as keys:
        sent = cost((*ETL, "run", str(sheet), *options), home, keys)
    told = f"{sent.seconds / rows * 1e6:.0f} µs a row, {sent.seconds:.1f} s, {sent.megabytes:.0f} MB"
    yield line(f"`etl run`, {rows:,} rows of csv", told, "100 µs, 200 MB")
    yield line("  its ledger", on_disk(home / "ledger.db", rows), "200 bytes a row")
    written = cost((*ETL, "results", "1"), home)
    yield line(
        f"`etl results`, {rows:,} rows",
        f"{written.seconds:.1f} s, {written.megabytes:.0f} MB",
        f"{rows / 1e5:.0f} s, 100 MB",
    )
    sheet.unlink()


def recorded(folder: Path, rows: int) -> Iterator[str]:
    """Reading, mapping, encoding and recording: what rows cost that stop behind a pilot, less what the pilot's 25 cost alone.

    The results, in which all others wait, are written once more, and that is taken off: they are not part of it. Beside it
    stands what the file costs that reads it alone, by which two machines can be compared.
    """
    mapping = mapping_file(folder, phones=False)
    options = ("-m", str(mapping), "--no-preflight", "--rows-ok", str(rows), "-q", "--pilot", str(PILOT))
    options += ("--results", "visits.results.csv")  # a workbook of results costs three times of what is measured here
    for kind, goal, write in (("csv", 60_000, write_csv), ("xlsx", 35_000, write_xlsx)):
        seconds, alone = {}, {}
        reader, script, _ = ALONE[kind]
        for count, code in ((PILOT, 0), (rows, 6)):
            home = folder / f"recorded_{kind}_{count}"
            home.mkdir()
            sheet = home / f"visits.{kind}"
            write(sheet, count)
            with server() as keys:
                whole = cost((*ETL, "run", str(sheet), *options), home, keys, code).seconds
            seconds[count] = whole - cost((*ETL, "results", "1"), home).seconds
            alone[count] = cost((sys.executable, "-c", script, str(sheet)), home).seconds
            sheet.unlink()
        ours, theirs = (1e6 * (took[rows] - took[PILOT]) / (rows - PILOT) for took in (seconds, alone))
        told = f"{1e6 / ours:,.0f} rows/s: {ours:.1f} µs a row, {ours / theirs:.1f} × the {theirs:.1f} of {reader}"
        yield line(f"read, mapped, encoded and recorded, {rows:,} rows of {kind}", told, f"{goal:,} rows/s")


def on_disk(ledger: Path, rows: int) -> str:
    """Bytes a row, and in which tables and indexes the most of them are."""
    size = sum(file.stat().st_size for file in ledger.parent.glob(f"{ledger.name}*"))
    with closing(sqlite3.connect(ledger)) as database:
        try:
            parts = database.execute(
                "SELECT name, SUM(pgsize) AS bytes FROM dbstat GROUP BY name ORDER BY bytes DESC LIMIT 6"
            ).fetchall()
        except sqlite3.OperationalError:  # SQLite may be built without dbstat
            parts = []
    most = ", ".join(f"{name} {taken / rows:.0f}" for name, taken in parts)
    return f"{size / rows:.0f} bytes a row" + (f" ({most})" if most else "")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    rows = parser.parse_args().rows
    print("| what | cost | goal | a loop beside it |\n|---|---|---|---|", flush=True)
    with tempfile.TemporaryDirectory(prefix="etl-bench-") as name:
        for told in start_up(Path(name)):
            print(told, flush=True)
        for told in recorded(Path(name), min(rows)):
            print(told, flush=True)
        for count in rows:
            for told in whole_import(Path(name), count):
                print(told, flush=True)


if __name__ == "__main__":
    main()
