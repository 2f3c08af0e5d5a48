"""A results file as .csv: UTF-8 with a byte order mark, by which Excel knows that it is UTF-8."""

from __future__ import annotations

import csv
from datetime import datetime
from types import SimpleNamespace
from typing import TYPE_CHECKING

from etl.reconciler.columns import input_cells, input_positions, own_cells, result_headers
from etl.records import ShownNumber

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from etl.reconciler.columns import OwnCell
    from etl.records import Cell, ResultLine, Table


_MOST_AT_ONCE = 500  # lines


def write_delimited(
    path: Path,
    table: Table,
    lines: Iterable[ResultLine],
    delimiter: str,
    more: tuple[str, ...] = (),
    texts: Iterable[str] | None = None,
) -> None:
    """Write the lines as they come, some hundred in memory at a time. texts: the same as text, where they are there so."""
    # A stray half of a UTF-16 pair is written out by its number: one odd character must not cost the whole file.
    with path.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="") as stream:
        csv.writer(stream, delimiter=delimiter, lineterminator="\r\n").writerow(result_headers(table, more))
        stream.writelines(texts_of(lines, table, delimiter, more) if texts is None else texts)


def texts_of(lines: Iterable[ResultLine], table: Table, delimiter: str, more: tuple[str, ...]) -> Iterator[str]:
    """The lines as text, some hundred at a time."""
    positions = input_positions(table)
    written: list[str] = []
    writer = csv.writer(SimpleNamespace(write=written.append), delimiter=delimiter, lineterminator="\r\n")
    for line in lines:
        cells = (*own_cells(line, more), *input_cells(line, positions))
        writer.writerow([cell if type(cell) is str else as_text(cell) for cell in cells])
        if len(written) == _MOST_AT_ONCE:
            yield "".join(written)
            written.clear()
    yield "".join(written)


def as_text(cell: Cell | OwnCell) -> str:
    """A cell as text: a text as it is, a workbook's dates and times the ISO way, its booleans as Excel shows them."""
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, ShownNumber):
        return cell.exact
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    return str(cell)
