"""Print what a results workbook holds, for `make demo`: some rows of each outcome, with LeadSquared's id or the reason."""

import sys
from collections import Counter
from pathlib import Path

from openpyxl import load_workbook
from rich.console import Console
from rich.table import Table

SHOWN_COLUMNS = ("etl_row", "etl_status", "ProspectActivityId", "etl_hint", "Customer")
ROWS_OF_EACH = 3


def main() -> None:
    """Show the workbook named on the command line."""
    path = Path(sys.argv[1])
    sheet = load_workbook(path, read_only=True).worksheets[0]
    header, *rows = ([str(cell or "") for cell in row] for row in sheet.iter_rows(values_only=True))
    places = [header.index(name) for name in SHOWN_COLUMNS]
    table = Table(*SHOWN_COLUMNS, title=f"some rows of {path.name}")
    seen: Counter[str] = Counter()
    for row in rows:
        status = row[header.index("etl_status")]
        seen[status] += 1
        if seen[status] <= ROWS_OF_EACH:
            table.add_row(*(row[place] for place in places))
    console = Console(width=130) if not sys.stdout.isatty() else Console()
    console.print(table)
    console.print(f"The whole file: {path.resolve()}", soft_wrap=True)


if __name__ == "__main__":
    main()
