"""The results file and the failed file of a run, from its lines."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

from etl.reconciler.names import WORKBOOK
from etl.reconciler.put_in_place import put_in_place
from etl.reconciler.results_delimited import write_delimited
from etl.reconciler.results_workbook import write_workbook
from etl.records import NEEDS_A_PERSON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from etl.reconciler.names import FileKind
    from etl.records import ResultLine, Table


def write_results(
    target: Path,
    table: Table,
    lines: Iterable[ResultLine],
    kind: FileKind,
    may_replace: Callable[[Path], bool],
    *,
    more: tuple[str, ...] = (),
) -> Path:
    """Write one line per data row, as they come: the outcome columns, then the input's columns untouched and in order.

    Args:    table: the input. lines: their `cells` have one cell per column of `table`, in its order.
             may_replace: whether a file that stands at `target` is one we wrote and nobody touched since.
             more: the further columns of ours that these results have.
    Returns: where the file is: `target`, or a neighbour with a number (`visits.results.2.xlsx`).
    Raises:  UsageError — the folder cannot be written to, or a sheet has not enough columns.
    """

    def write(draft: Path) -> None:
        if kind.suffix == WORKBOOK.suffix:
            write_workbook(draft, table, lines, more=more)
        else:
            write_delimited(draft, table, lines, kind.delimiter, more=more)

    return put_in_place(target, write, may_replace)


def write_failed(
    target: Path, table: Table, lines: Iterable[ResultLine], kind: FileKind, may_replace: Callable[[Path], bool]
) -> Path | None:
    """Write only the lines that need a person, to be corrected and run; None, and no file, when there are none."""
    failed = (line for line in lines if line.status in NEEDS_A_PERSON)
    first = next(failed, None)
    if first is None:
        return None
    return write_results(target, table, itertools.chain([first], failed), kind, may_replace)
