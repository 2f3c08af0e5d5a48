"""Write any number of valid site visits: `python sample_data/make_big.py 100000 --format csv -o big.csv`."""

from __future__ import annotations

import argparse
import sys
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from field_team import CUSTOMERS, DOMAINS, EXECUTIVES, REMARKS, SITES, VISIT_TYPES, rupees
from sheets import TooManyRowsError, write_csv, write_workbook

if TYPE_CHECKING:
    from collections.abc import Iterator

    from field_team import SheetRow

FIRST_DAY = date(2025, 1, 1)
ROWS_PER_LEAD = 3


def big_visits(rows: int, random: Random) -> Iterator[SheetRow]:
    """Rows without a slip, one at a time; three visits to each lead, all Visit IDs different."""
    days = [FIRST_DAY + timedelta(days=number) for number in range(365 + 30)]
    dates = [f"{day:%d/%m/%Y}" for day in days]
    follow_ups = [f"{day:%d-%b-%Y}" for day in days]
    budgets = [rupees(25_000 * steps) for steps in range(18, 120)]
    for number in range(rows):
        chance = random.getrandbits(40)  # one draw serves all choices: a draw for each would take most of the time
        day, minute = chance % 365, chance // 365 % 600
        lead = number // ROWS_PER_LEAD
        name, latin = CUSTOMERS[lead % len(CUSTOMERS)]
        yield {
            "Visit ID": f"SV-{number + 1:04d}",
            "Date": dates[day],
            "Visited On": f"{dates[day]} {9 + minute // 60:02d}:{minute % 60:02d}",
            "Customer": name,
            "Email": f"{latin}.{lead}@{DOMAINS[lead % len(DOMAINS)]}",
            "Mobile": f"+91 98{lead // 100_000 % 1000:03d} {lead % 100_000:05d}",
            "Executive": f"{EXECUTIVES[chance // 7 % len(EXECUTIVES)]}@example.com",
            "Visit Type": VISIT_TYPES[chance // 11 % len(VISIT_TYPES)],
            "Site": SITES[chance // 13 % len(SITES)],
            "Plot No": f"{chance // 17 % 1500 + 1:05d}",
            "Budget": budgets[chance // 19 % len(budgets)],
            "Follow-up": follow_ups[day + 7 + chance // 23 % 21] if chance // 29 % 5 else None,
            "Status": "Done" if chance // 31 % 3 else "Closed",
            "Remarks": REMARKS[chance // 37 % len(REMARKS)],
        }


def main(arguments: list[str]) -> int:
    """Read the command line, write the file, say where it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", type=int, metavar="ROWS", help="how many rows below the header")
    parser.add_argument("--format", choices=["csv", "xlsx"], help="default: as the file's ending, else csv")
    parser.add_argument("--seed", type=int, default=2026, help="another seed makes other rows (default %(default)s)")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="default: big_ROWS.csv or .xlsx here")
    options = parser.parse_args(arguments)
    ending = options.output.suffix.lower().lstrip(".") if options.output else ""
    kind = options.format or (ending if ending in {"csv", "xlsx"} else "csv")
    file = options.output or Path(f"big_{options.rows}.{kind}")
    rows = big_visits(options.rows, Random(options.seed))
    try:
        (write_workbook if kind == "xlsx" else write_csv)(file, rows)
    except TooManyRowsError as error:
        file.unlink(missing_ok=True)
        print(error, file=sys.stderr)
        return 2
    print(file)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
