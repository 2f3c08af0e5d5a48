"""Writes what other programs make of traps, LibreOffice and xlwt, into the folder `made_elsewhere`.

python tests/corpus/make_elsewhere.py     (needs soffice and xlwt; the files lie in the repository, so that the suite does not)
"""

from __future__ import annotations

import subprocess
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter

FOLDER = Path(__file__).parent / "made_elsewhere"

# What stands in column A, and the cell beside it: a value, a number with its format, or a formula with its result.
CELLS: tuple[tuple[str, Any], ...] = (
    ("not available", ("=NA()", "#N/A")),
    ("divided by zero", ("=1/0", "#DIV/0!")),
    ("sum", ("=1+1", 2)),
    ("joined text", ('="x"&"y"', "xy")),
    ("true", True),
    ("date", (45000, "dd/mm/yyyy")),
    ("date and time", (45000.5, "dd/mm/yyyy hh:mm")),
    ("midnight", (45000, "dd/mm/yyyy hh:mm")),
    ("time", (0.25, "hh:mm")),
    ("more than a day", (1.5, "[h]:mm:ss")),
    ("percentage", (0.15, "0%")),
    ("leading zeros", (7, "00000")),
    ("phone as a number", (919876543210, "0")),
    ("fraction", (1.1, "General")),
    ("rupees", (1234.5, "[$₹-4009] #,##0.00")),
    ("digits as text", "00417"),
    ("spaces", "  x  y "),
    ("two lines", "a\nb"),
    ("other letters", "पुणे 😀"),
    ("hidden row", "hidden"),
    ("damaged number", "9.19877E+11"),
)


def write_workbook(path: Path) -> None:
    with xlsxwriter.Workbook(str(path)) as workbook:
        sheet = workbook.add_worksheet("Visits")
        sheet.write_row(0, 0, ["What", "Cell", "Hidden", "End"])
        for row, (what, cell) in enumerate(CELLS, 1):
            sheet.write_string(row, 0, what)
            if isinstance(cell, tuple) and isinstance(cell[0], str):
                sheet.write_formula(row, 1, cell[0], None, cell[1])
            elif isinstance(cell, tuple):
                sheet.write_number(row, 1, cell[0], workbook.add_format({"num_format": cell[1]}))
            elif isinstance(cell, bool):
                sheet.write_boolean(row, 1, cell)
            else:
                sheet.write_string(row, 1, cell)
            if what == "hidden row":
                sheet.set_row(row, None, None, {"hidden": True})
            sheet.write_string(row, 3, "end")
        sheet.set_column(2, 2, None, None, {"hidden": True})
        hidden = workbook.add_worksheet("Old")
        hidden.write_string(0, 0, "not for you")
        hidden.hide()


def write_1904(path: Path) -> None:
    with xlsxwriter.Workbook(str(path), {"date_1904": True}) as workbook:
        sheet = workbook.add_worksheet("S")
        sheet.write_row(0, 0, ["Date", "Moment"])
        sheet.write_datetime(1, 0, date(2026, 3, 1), workbook.add_format({"num_format": "dd/mm/yyyy"}))
        sheet.write_datetime(
            1,
            1,
            datetime(2026, 3, 1, 10, 30, tzinfo=UTC).replace(tzinfo=None),
            workbook.add_format({"num_format": "dd/mm/yyyy hh:mm"}),
        )


def write_currencies(path: Path) -> None:
    with xlsxwriter.Workbook(str(path)) as workbook:
        sheet = workbook.add_worksheet("S")
        sheet.write_row(0, 0, ["A", "Key"])
        for row, code in enumerate(("[$₹-4009] #,##0", '"$"#,##0.00'), 1):
            sheet.write_number(row, 0, row * 500, workbook.add_format({"num_format": code}))
            sheet.write_string(row, 1, "k")


def write_without_calculating(path: Path) -> None:
    """xlwt calculates nothing: its formulas have an empty text for a result."""
    import xlwt  # type: ignore[import-not-found]  # noqa: PLC0415 - of no use to anything else here

    book = xlwt.Workbook()
    sheet = book.add_sheet("Visits")
    for column, header in enumerate(("What", "Cell")):
        sheet.write(0, column, header)
    cells = (
        ("int", 919876543210),
        ("float", 1.1),
        ("text", "पुणे"),
        ("date", date(2026, 3, 1), xlwt.easyxf(num_format_str="dd/mm/yyyy")),
        ("zeros", 7, xlwt.easyxf(num_format_str="00000")),
        ("bool", True),
        ("formula", xlwt.Formula("1+2")),
        ("text of a formula", xlwt.Formula('"a"&"b"')),
    )
    for row, (what, *cell) in enumerate(cells, 1):
        sheet.write(row, 0, what)
        sheet.write(row, 1, *cell)
    book.save(str(path))


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    write_without_calculating(FOLDER / "never_calculated.xls")
    with tempfile.TemporaryDirectory() as folder:
        traps, dates = Path(folder) / "from_libre_office.xlsx", Path(folder) / "dates_1904.xlsx"
        write_workbook(traps)
        write_1904(dates)
        currencies = Path(folder) / "currencies.xlsx"
        write_currencies(currencies)
        for source, kind in ((traps, "xls"), (traps, "ods"), (dates, "xls"), (currencies, "xls")):
            subprocess.run(
                ["soffice", "--headless", "--convert-to", kind, "--outdir", str(FOLDER), str(source)], check=True
            )


if __name__ == "__main__":
    main()
