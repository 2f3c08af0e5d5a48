"""The two ways the samples are kept: a workbook, and the .csv that Excel saves of it for a person in India."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import xlsxwriter
from field_team import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from field_team import SheetCell, SheetRow


@dataclass(frozen=True, slots=True)
class Form:
    """What a sheet looks like: the title of the file, the name of the sheet, its columns in order."""

    title: str
    sheet: str
    columns: tuple[str, ...]


VISITS = Form("Site visits", "Visits", COLUMNS)

_WIDTHS = {"Visited On": 17, "Customer": 13, "Email": 30, "Mobile": 17, "Executive": 22, "Site": 17, "Remarks": 60}
_WIDTHS |= {"Lead Id": 38, "Opportunity Id": 38, "Activity Id": 38, "Owner": 22, "Agent": 22, "Came On": 17}
_USUAL_WIDTH = 12
_SHEET_ROWS = 1_048_576  # Excel: specifications and limits
_MADE_ON = datetime(2026, 4, 1, tzinfo=UTC)  # told to the workbook, so that its bytes are the same on every day


class TooManyRowsError(ValueError):
    """A sheet cannot hold the rows."""


def write_workbook(path: Path, rows: Iterable[SheetRow], form: Form = VISITS) -> None:
    """Write one sheet, a row in memory at a time; dates look as they are typed in India."""
    with xlsxwriter.Workbook(str(path), {"constant_memory": True}) as workbook:
        workbook.set_properties({"title": form.title, "created": _MADE_ON.replace(tzinfo=None)})
        moment = workbook.add_format({"num_format": "dd/mm/yyyy hh:mm"})
        day = workbook.add_format({"num_format": "dd/mm/yyyy"})
        short_day = workbook.add_format({"num_format": "dd-mmm-yyyy"})
        bold = workbook.add_format({"bold": True})
        sheet = workbook.add_worksheet(form.sheet)
        sheet.freeze_panes(1, 0)
        for position, header in enumerate(form.columns):
            sheet.set_column(position, position, _WIDTHS.get(header, _USUAL_WIDTH))
            sheet.write_string(0, position, header, bold)
        for number, row in enumerate(rows, start=1):
            if number == _SHEET_ROWS:
                raise TooManyRowsError(f"A sheet holds {_SHEET_ROWS - 1:,} rows below its header; write a .csv.")
            for position, header in enumerate(form.columns):
                cell = row[header]
                if isinstance(cell, str):
                    sheet.write_string(number, position, cell)
                elif isinstance(cell, datetime):
                    sheet.write_datetime(number, position, cell, moment)
                elif isinstance(cell, date):
                    sheet.write_datetime(number, position, cell, short_day if header == "Follow-up" else day)
                elif cell is not None:
                    sheet.write_number(number, position, cell)


def write_csv(path: Path, rows: Iterable[SheetRow], form: Form = VISITS) -> None:
    """Write what Excel's "CSV UTF-8" would: each cell as it is shown, a byte order mark, CR LF."""
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow(form.columns)
        for row in rows:
            writer.writerow([_as_shown(header, row[header]) for header in form.columns])


def _as_shown(header: str, cell: SheetCell) -> str:
    if isinstance(cell, datetime):
        return f"{cell:%d/%m/%Y %H:%M}"
    if isinstance(cell, date):
        return f"{cell:%d-%b-%Y}" if header == "Follow-up" else f"{cell:%d/%m/%Y}"
    return "" if cell is None else str(cell)
