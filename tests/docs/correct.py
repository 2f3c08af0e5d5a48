"""What a person does in Excel: `python correct.py FILE HEADER ROW VALUE` types over one cell of a row, known by its etl_row."""

from __future__ import annotations

import sys

from openpyxl import load_workbook


def correct(file: str, header: str, row: str, value: str) -> None:
    """Type the value into every sheet that has such a row, and save."""
    workbook = load_workbook(file)
    found = 0
    for sheet in workbook.worksheets:
        headers = {cell.value: cell.column for cell in sheet[1]}
        if header not in headers or "etl_row" not in headers:
            continue
        for number in range(2, sheet.max_row + 1):
            if str(sheet.cell(number, headers["etl_row"]).value) == row:
                sheet.cell(number, headers[header]).value = value
                found += 1
    assert found, f"{file} has no row {row} with {header}"
    workbook.save(file)


if __name__ == "__main__":
    correct(*sys.argv[1:])
