"""What `etl check` costs beside reading alone: `python benchmarks/reading.py [--rows 100000 1000000] [--only csv xlsx]`.

Every figure is the CPU time and the peak memory of a process of its own, all in one run, on files made here. CPU time and
not the clock on the wall, because other work on the machine disturbs it least. Reading alone is `csv.reader`, and
iterating over the sheet with python-calamine; both with the start of their interpreter, as `etl check` is with its own.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from big_sheets import mapping_file, write_csv, write_xlsx

_CSV_ALONE = """
import csv, sys
with open(sys.argv[1], encoding="utf-8-sig", newline="") as stream:
    for row in csv.reader(stream):
        pass
"""
_XLSX_ALONE = """
import sys
from python_calamine import CalamineWorkbook
for row in CalamineWorkbook.from_path(sys.argv[1]).get_sheet_by_index(0).iter_rows():
    pass
"""
ALONE = {"csv": ("csv.reader", _CSV_ALONE, 6.0), "xlsx": ("python-calamine", _XLSX_ALONE, 3.0)}


class Cost(NamedTuple):
    """seconds: of the CPU, in the program and in the system for it. megabytes: at the peak."""

    seconds: float
    megabytes: float


def cost(command: list[str], home: Path) -> Cost:
    """What a process costs. Raises RuntimeError when it fails."""
    environment = os.environ | {"ETL_LEDGER": str(home / "ledger.db"), "HOME": str(home)}
    process = subprocess.Popen(command, cwd=home, env=environment, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{' '.join(command[:3])} … ended with {process.returncode}")
    scale = 1 << 20 if sys.platform == "darwin" else 1 << 10
    return Cost(used.ru_utime + used.ru_stime, used.ru_maxrss / scale)


def check(sheet: Path, mapping: Path) -> Cost:
    """`etl check` with a ledger that is empty."""
    with tempfile.TemporaryDirectory(dir=sheet.parent) as home:
        return cost([sys.executable, "-m", "etl", "check", str(sheet), "-m", str(mapping), "-q"], Path(home))


def lines(folder: Path, kind: str, rows: int, times: int) -> Iterator[str]:
    """A line of the table for ten columns, and one with phone numbers; of several measurements the cheapest counts."""
    sheet = folder / f"visits_{rows}.{kind}"
    # In a process of its own: what this one once held would count as the peak of all that it starts.
    writer = multiprocessing.get_context("spawn").Process(
        target=write_csv if kind == "csv" else write_xlsx, args=(sheet, rows)
    )
    writer.start()
    writer.join()
    if writer.exitcode:
        raise RuntimeError(f"{sheet.name} was not written")
    name, program, goal = ALONE[kind]
    alone = min(cost([sys.executable, "-c", program, str(sheet)], folder) for _ in range(times))
    for phones in (False, True):
        mapping = mapping_file(folder, phones=phones)
        ours = min(check(sheet, mapping) for _ in range(times))
        what = f"{rows:,} rows of {kind}{', and phones' if phones else ''}"
        told = "" if phones else f" (goal {goal:.0f})"
        yield (
            f"| {what} | {ours.seconds:.1f} s | {name} {alone.seconds:.1f} s | {ours.seconds / alone.seconds:.1f}{told} "
            f"| {ours.megabytes:.0f} MB | {alone.megabytes:.0f} MB |"
        )
    sheet.unlink()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--only", choices=sorted(ALONE), nargs="+", default=sorted(ALONE))
    parser.add_argument("--times", type=int, default=1, help="measure each so often and take the cheapest")
    options = parser.parse_args()
    print(
        "| `etl check` of | CPU | reading alone | ratio | peak | reading alone |\n|---|---|---|---|---|---|", flush=True
    )
    with tempfile.TemporaryDirectory(prefix="etl-bench-") as name:
        for rows in options.rows:
            for kind in options.only:
                for line in lines(Path(name), kind, rows, options.times):
                    print(line, flush=True)


if __name__ == "__main__":
    main()
