"""The results file and the failed file of a run, from its lines."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from etl.reconciler.names import WORKBOOK
from etl.reconciler.put_in_place import put_in_place
from etl.reconciler.results_delimited import write_delimited
from etl.records import NEEDS_A_PERSON

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from etl.reconciler.lead_links import LeadLinks
    from etl.reconciler.names import FileKind
    from etl.reconciler.run_summary import RunSummary
    from etl.records import ResultLine, Table


@dataclass(frozen=True, slots=True)
class Part:
    """One input in a results file: its table, a line per data row, and the further columns of ours that it has.

    summary: what the results workbook says of it as a whole. links: to its leads, where they are known. keeps_name: its
    sheet of rows is called as it is itself: it is one of several, or its mapping puts that name into texts. texts: the lines
    as the text of a .csv, which then are not asked for; None where they are not there so.
    """

    table: Table
    lines: Iterable[ResultLine]
    more: tuple[str, ...] = ()
    summary: RunSummary | None = None
    links: LeadLinks | None = None
    keeps_name: bool = False
    texts: Iterable[str] | None = None


def write_results_together(
    target: Path, parts: Sequence[Part], kind: FileKind, may_replace: Callable[[Path], bool], failed: str = ""
) -> Path:
    """As `write_results`, the inputs of one workbook each in a sheet of its own; a .csv has room for one input alone.

    failed: the name of the failed file beside it.
    """

    def write(draft: Path) -> None:
        from etl.reconciler.results_workbook import write_results_workbook  # noqa: PLC0415 — a .csv has no use for it

        write_results_workbook(draft, parts, failed)

    return _written(target, parts, kind, may_replace, write)


def _written(
    target: Path,
    parts: Sequence[Part],
    kind: FileKind,
    may_replace: Callable[[Path], bool],
    write_workbook: Callable[[Path], None],
) -> Path:
    def write(draft: Path) -> None:
        if kind.suffix == WORKBOOK.suffix:
            write_workbook(draft)
        else:
            (part,) = parts
            write_delimited(draft, part.table, part.lines, kind.delimiter, more=part.more, texts=part.texts)

    return put_in_place(target, write, may_replace)


def write_failed_together(
    target: Path, parts: Sequence[Part], kind: FileKind, may_replace: Callable[[Path], bool]
) -> Path | None:
    """As `write_failed`; inputs without a row that needs a person are left out."""
    failed = [replace(part, lines=_failed(part.lines)) for part in parts]
    waiting = [(part, first) for part in failed if (first := next(iter(part.lines), None)) is not None]
    if not waiting:
        return None
    parts = [replace(part, lines=itertools.chain([first], part.lines)) for part, first in waiting]

    def write(draft: Path) -> None:
        from etl.reconciler.results_workbook import write_failed_workbook  # noqa: PLC0415 — as above

        write_failed_workbook(draft, parts)

    return _written(target, parts, kind, may_replace, write)


def _failed(lines: Iterable[ResultLine]) -> Iterator[ResultLine]:
    return (line for line in lines if line.status in NEEDS_A_PERSON)


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
    return write_results_together(target, [Part(table, lines, more)], kind, may_replace)


def write_failed(
    target: Path, table: Table, lines: Iterable[ResultLine], kind: FileKind, may_replace: Callable[[Path], bool]
) -> Path | None:
    """Write only the lines that need a person, to be corrected and run; None, and no file, when there are none."""
    return write_failed_together(target, [Part(table, lines)], kind, may_replace)
