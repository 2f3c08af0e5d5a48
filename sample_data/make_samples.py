"""Write the sample sheets anew, one for each operation: `python sample_data/make_samples.py [FOLDER]`.

The same script writes the same bytes on every machine and day.
"""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

import calls
import payments
import phone_visits
import sheets
import visit_updates
import walk_ins
from sheets import write_csv, write_workbook
from site_visits import site_visits

if TYPE_CHECKING:
    from collections.abc import Callable

    from field_team import SheetRow

SEED = 2026

# File → what its sheet looks like, and who makes its rows.
SHEETS: dict[str, tuple[sheets.Form, Callable[[Random], list[SheetRow]]]] = {
    "site_visits.xlsx": (sheets.VISITS, site_visits),
    "site_visits.csv": (sheets.VISITS, site_visits),
    "calls.csv": (calls.FORM, calls.calls),
    "payments.xlsx": (payments.FORM, payments.payments),
    "visits_by_phone.xlsx": (phone_visits.FORM, phone_visits.phone_visits),
    "visit_updates.xlsx": (visit_updates.FORM, visit_updates.visit_updates),
    "walk_ins.csv": (walk_ins.FORM, walk_ins.walk_ins),
}


def make_samples(folder: Path) -> list[Path]:
    """Write all files into the folder and say where they are."""
    files = []
    for name, (form, rows) in SHEETS.items():
        files.append(folder / name)
        write = write_workbook if name.endswith(".xlsx") else write_csv
        write(files[-1], rows(Random(SEED)), form)
    return files


if __name__ == "__main__":
    for file in make_samples(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent):
        print(file)
