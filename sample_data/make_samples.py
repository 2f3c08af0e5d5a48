"""Write `site_visits.xlsx` and `site_visits.csv` anew: `python sample_data/make_samples.py [FOLDER]`.

The same script writes the same bytes on every machine and day.
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

from sheets import write_csv, write_workbook
from site_visits import site_visits

SEED = 2026


def make_samples(folder: Path) -> list[Path]:
    """Write both files into the folder and say where they are."""
    rows = site_visits(Random(SEED))
    files = [folder / "site_visits.xlsx", folder / "site_visits.csv"]
    write_workbook(files[0], rows)
    write_csv(files[1], rows)
    return files


if __name__ == "__main__":
    for file in make_samples(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent):
        print(file)
