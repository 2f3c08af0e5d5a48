"""Spreadsheets of field visits as people keep them, as .csv and as .xlsx: written, read and corrected."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TypeAlias

import openpyxl

Value: TypeAlias = str | datetime
Row: TypeAlias = Mapping[str, Value]

VISIT_FIELD = "mx_Custom_1"
"""The custom field that the mapping below sends the column `Visit` to: what tells the visits apart at the server."""

MAPPING = """\
version: 1
name: visits
operation: add-by-lead-field
search_by: EmailAddress
input: {time_zone: Asia/Kolkata}
activity: {event: 320}
columns:
  Email: SearchByValue
  Visited On: {to: ActivityDateTime, format: "%d/%m/%Y %H:%M"}
  Remarks: {to: ActivityNote, when_empty: error}
  Visit: mx_Custom_1
"""


def visit(number: int, **cells: Value) -> dict[str, Value]:
    """One good row, the same for the same number; `cells` are what a test is about."""
    row: dict[str, Value] = {
        "Email": f"lead{number}@example.com",
        "Visited On": f"{1 + number % 28:02}/06/2026 {8 + number % 10:02}:{number % 60:02}",
        "Remarks": f"दौरा {number}: “met”, and talked",
        "Visit": f"V-{number:05}",
    }
    return row | cells


def visits(last: int, first: int = 1) -> list[dict[str, Value]]:
    """Good rows with the numbers from `first` to `last`."""
    return [visit(number) for number in range(first, last + 1)]


def write(path: Path, rows: Sequence[Row]) -> Path:
    """Write the rows, by the ending of the path as .csv (UTF-8) or as a workbook with one sheet; over what is there."""
    lines: list[list[Value]] = [list(rows[0]), *([row[name] for name in rows[0]] for row in rows)]
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        assert book.active is not None
        for line in lines:
            book.active.append(line)
        book.save(path)
    else:
        with path.open("w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(lines)
    return path


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a sheet as texts, an empty cell as ""."""
    if path.suffix == ".xlsx":
        sheet = openpyxl.load_workbook(path).active
        assert sheet is not None
        lines = [["" if cell is None else str(cell) for cell in line] for line in sheet.iter_rows(values_only=True)]
    else:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            lines = list(csv.reader(stream))
    header, *others = lines
    return [dict(zip(header, line, strict=True)) for line in others]


def correct(path: Path, corrections: Mapping[str, Mapping[str, str]]) -> None:
    """Type over single cells and save, as a person does: visit → header → new text. All else stays as it is."""
    if path.suffix == ".xlsx":
        _correct_workbook(path, corrections)
        return
    rows = [{**row, **corrections.get(row["Visit"], {})} for row in read(path)]
    write(path, rows)


def _correct_workbook(path: Path, corrections: Mapping[str, Mapping[str, str]]) -> None:
    book = openpyxl.load_workbook(path)
    assert book.active is not None
    header, *lines = book.active.iter_rows()
    places = {cell.value: position for position, cell in enumerate(header)}
    for line in lines:
        for name, text in corrections.get(str(line[places["Visit"]].value), {}).items():
            line[places[name]].value = text
    book.save(path)


def save_again(path: Path) -> None:
    """Open and save a workbook without touching a cell: another program writes other bytes for the same sheet."""
    book = openpyxl.load_workbook(path)
    book.properties.title = "Saved again"  # within one second the bytes would be the same
    book.save(path)
