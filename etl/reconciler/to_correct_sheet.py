"""The sheet "To correct": the rows that need a person, by cause, the most frequent first, each cause with its remedy.

It is taken back: `etl run` of the workbook reads what a person has typed here as if it stood in the sheet of all rows.
How much of it there is in memory is bounded. Where a cause has more rows, they stand in the other sheet alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from etl.cell_marks import MOST_MARKED, column_names, marks_text
from etl.reconciler.cell_pieces import CellPieces, as_written, blank_cell
from etl.reconciler.columns import own_headers, result_headers
from etl.reconciler.rows_sheet import new_sheet, set_columns, write_header
from etl.reconciler.workbook_styles import Widths, row_height
from etl.records import CORRECTIONS_SHEET, NEEDS_A_PERSON, WAS_COLUMN

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xlsxwriter import Workbook

    from etl.reconciler.workbook_styles import Styles
    from etl.records import Cell, Outcome, ResultLine, Table

MOST_LINES = 20_000
"""Most lines of the sheet; who corrects more does it in the sheet of all rows, or at the source."""

MOST_CELLS = 1_000_000
"""Most cells of the sheet that are held in memory."""

_MOST_WORDS = 260  # of the example: a title is one line, and the row below it says the same in full


@dataclass(slots=True)
class _Cause:
    """Rows with one outcome and one first code. words: the error and the hint of the first of them."""

    outcome: Outcome
    code: str
    words: str
    rows: int = 0
    kept: list[list[Cell]] = field(default_factory=list)


class ToCorrect:
    """Collects the lines of one input that need a person while its results are written, and writes their sheet.

    meaning: the first sentence of what a code means, "" where the catalogue does not have it.
    """

    def __init__(
        self,
        table: Table,
        more: tuple[str, ...],
        meaning: Callable[[str], str],
        most_lines: int = MOST_LINES,
    ) -> None:
        self._more = more
        self._headers = (*result_headers(table, more), WAS_COLUMN)
        self._own = own_headers(more)
        self._names = tuple(column_names(self._headers[len(self._own) : -1]))
        self._meaning = meaning
        self._causes: dict[tuple[Outcome, str], _Cause] = {}
        self._kept = 0
        self._most = min(most_lines, MOST_CELLS // len(self._headers)) if len(self._names) <= MOST_MARKED else 0

    def see(self, line: ResultLine, cells: list[Cell]) -> None:
        """Take a line into account. cells: as they stand in the sheet of all rows."""
        if line.status not in NEEDS_A_PERSON:
            return
        code = (line.code or "").split(", ")[0]
        cause = self._causes.get((line.status, code))
        if cause is None:
            cause = self._causes[line.status, code] = _Cause(line.status, code, _words(line))
        cause.rows += 1
        cause.kept.append(cells)
        self._kept += 1
        if self._kept > self._most:  # a cause that comes late has its lines here as well
            max(self._causes.values(), key=lambda one: len(one.kept)).kept.pop()
            self._kept -= 1

    @property
    def is_empty(self) -> bool:
        """Whether no row needs a person, or the table is too wide for such a sheet."""
        return not self._kept

    def write(self, workbook: Workbook, styles: Styles, of_sheet: str | None, failed: str) -> None:
        """Write the sheet. of_sheet: the sheet of all rows, where the workbook has several inputs. failed: that file's name."""
        sheet = new_sheet(workbook, corrections_name(of_sheet))
        write_header(sheet, self._headers, len(self._own), styles)
        pieces = CellPieces(sheet, styles, self._own)
        widths = Widths(self._headers, len(self._own))
        row = 1
        for cause in sorted(self._causes.values(), key=lambda one: -one.rows):
            self._write_title(sheet, row, self._title(cause, of_sheet, failed), styles, pieces)
            row += 1
            for cells in cause.kept:
                widths.see(cells)
                self._write_line(sheet, row, cells, styles, pieces)
                row += 1
        set_columns(sheet, widths, styles, len(self._headers))
        sheet.set_column(len(self._headers) - 1, len(self._headers) - 1, 10, styles.text, {"hidden": True})
        sheet.print_area(0, 0, row - 1, len(self._headers) - 2)

    def _write_title(self, sheet: Any, row: int, title: str, styles: Styles, pieces: CellPieces) -> None:
        """One text in the first column, which runs over to the right: the cells there are empty, but have the same look."""
        blank = [blank_cell(row, column, styles.group) for column in range(1, len(self._headers) - 1)]
        sheet.write_line(row, [pieces.of_text(row, 0, title, styles.group), *blank])

    def _write_line(self, sheet: Any, row: int, cells: Sequence[Cell], styles: Styles, pieces: CellPieces) -> None:
        ours = len(self._own)
        theirs = cells[ours:]
        was = marks_text(self._names, (as_written(cell, styles) for cell in theirs))
        line = [
            *pieces.of_own(row, cells[:ours]),
            *pieces.of_input(row, ours, theirs),
            pieces.of_text(row, len(cells), was, styles.text),
        ]
        sheet.write_line(row, line, row_height(self._own, cells[:ours]))

    def _title(self, cause: _Cause, of_sheet: str | None, failed: str) -> str:
        rows = "1 row" if cause.rows == 1 else f"{cause.rows:,} rows"
        meaning = self._meaning(cause.code)
        what = f"{rows} {cause.outcome.value}" + (
            f" ({cause.code})" if cause.code not in {"", cause.outcome.value} else ""
        )
        left_out = cause.rows - len(cause.kept)
        elsewhere = (
            f" {left_out:,} more of them are in the sheet {of_sheet or 'Rows'} and in {failed}." if left_out else ""
        )
        words = cause.words if len(cause.words) <= _MOST_WORDS else f"{cause.words[:_MOST_WORDS]}…"
        told = " ".join(part for part in (meaning, words) if part)
        return f"{what}: {told}{elsewhere}"


def corrections_name(of_sheet: str | None) -> str:
    """What the sheet of corrections is called, which is cut to what Excel allows."""
    return CORRECTIONS_SHEET if of_sheet is None else f"{CORRECTIONS_SHEET} {of_sheet}"


def _words(line: ResultLine) -> str:
    """What is wrong and what to do, of the first row of a cause as the example of all."""
    error, hint = line.error or "", line.hint or ""
    told = hint if error and error in hint else f"{error} {hint}".strip()
    return f"For example row {line.row_number}: {told}" if told else ""
