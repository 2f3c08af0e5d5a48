"""Results as .xlsx: made to be filtered and corrected by a person, and read back cell by cell as they were.

A results workbook has the rows first, so that whoever opens its first sheet finds them; then, where rows need a person, the
sheet in which they are corrected by cause; then the summary. A failed file has the sheets of rows alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.errors import UsageError
from etl.reconciler.columns import result_headers
from etl.reconciler.exact_workbook import SHEET_COLUMNS, SHEET_ROWS, open_workbook
from etl.reconciler.report.causes import meaning_of
from etl.reconciler.rows_sheet import RowsSheet
from etl.reconciler.summary_sheet import write_summary
from etl.reconciler.to_correct_sheet import ToCorrect
from etl.reconciler.workbook_styles import Styles
from etl.records import MESSAGE_COLUMN, VERIFIED_COLUMN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from xlsxwriter import Workbook

    from etl.reconciler.results import Part
    from etl.records import ResultLine, Table

ROWS_SHEET = "Rows"
"""What the sheet of all rows is called where a workbook has one input, and its mapping does not ask for the sheet's name."""


def write_workbook(
    path: Path,
    table: Table,
    lines: Iterable[ResultLine],
    sheet_rows: int = SHEET_ROWS,
    *,
    more: tuple[str, ...] = (),
) -> None:
    """Write the lines as they come, one in memory at a time. sheet_rows: most rows of a sheet, header included.

    Raises: UsageError — a sheet has not enough columns; OSError — the disk is full, or the like.
    """
    check_columns(table)
    with open_workbook(path) as workbook:
        rows = RowsSheet(workbook, Styles.of(workbook), table, table.sheet, more, sheet_rows)
        for line in lines:
            rows.add(line)
        rows.finish_sheet()


def write_failed_workbook(path: Path, parts: Sequence[Part]) -> None:
    """The same for several inputs, one after the other, each in a sheet of its own."""
    _check(parts)
    with open_workbook(path) as workbook:
        styles = Styles.of(workbook)
        for part in parts:
            rows = RowsSheet(workbook, styles, part.table, part.table.sheet, part.more, links=part.links)
            for line in part.lines:
                rows.add(line)
            rows.finish_sheet()


def write_results_workbook(path: Path, parts: Sequence[Part], failed: str, sheet_rows: int = SHEET_ROWS) -> None:
    """The whole results workbook, its rows one in memory at a time but for those to correct, of which some thousand are.

    failed: the name of the file of failed rows beside it. sheet_rows: most rows of a sheet of rows, header included.
    """
    _check(parts)
    with open_workbook(path) as workbook:
        styles = Styles.of(workbook)
        is_one = len(parts) == 1
        corrections = [_write_rows(workbook, styles, part, sheet_rows, is_one=is_one) for part in parts]
        for to_correct, name in corrections:
            if not to_correct.is_empty:
                to_correct.write(workbook, styles, None if is_one else name, failed)
        facts = [part.summary for part in parts if part.summary is not None]
        if facts:
            write_summary(workbook, styles, facts)


def _write_rows(
    workbook: Workbook, styles: Styles, part: Part, sheet_rows: int, *, is_one: bool
) -> tuple[ToCorrect, str]:
    """The sheet of an input's rows; returns what of them is to be corrected, and what the sheet is called."""
    name = ROWS_SHEET if is_one and not part.keeps_name else part.table.sheet
    rows = RowsSheet(workbook, styles, part.table, name, part.more, sheet_rows, part.links)
    to_correct = ToCorrect(part.table, part.more, meaning_of)
    for line in part.lines:
        to_correct.see(line, rows.add(line))
    rows.finish_sheet()
    return to_correct, rows.first_name


def _check(parts: Sequence[Part]) -> None:
    for part in parts:
        check_columns(part.table)


def check_columns(table: Table) -> None:
    """Raise UsageError where the input's columns and ours are too many for a sheet; best asked before sending.

    Counted with the column that comes when the run is verified later: by then it would be too late to say so.
    """
    columns = len(result_headers(table, (MESSAGE_COLUMN, VERIFIED_COLUMN)))
    if columns > SHEET_COLUMNS:
        raise UsageError(
            f"{table.file} has so many columns that its results file would have {columns:,}, and a sheet holds "
            f"{SHEET_COLUMNS:,}. Name a .csv with --results, or delete the columns that hold nothing."
        )
