"""What went in, for an auditor: one sheet with a line per input, one with every row's id, one that says what they hold.

No cell of an input is in it: rows are named by run and row number, activities by LeadSquared's ids.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeAlias

from etl.reconciler.exact_workbook import SHEET_ROWS, ExactWorksheet, open_workbook, write_cell
from etl.reconciler.workbook_styles import Styles
from etl.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from xlsxwriter import Workbook

    from etl.records import Cell

_Line: TypeAlias = "Sequence[Cell]"

_WIDTHS = {
    "by": 18,
    "machine": 18,
    "on behalf of": 24,
    "continued by": 24,
    "input": 44,
    "mapping": 44,
    "SHA-256": 20,
    "mapping SHA-256": 20,
    "received (UTC)": 19,
    "ended (UTC)": 19,
    "sent (UTC)": 19,
    "ProspectActivityId": 38,
    "LeadSquared says": 36,
    "state": 26,
    "what": 24,
    "is": 90,
}
_WIDTH = 12


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One input. Moments are seconds since 1970. by: None for runs from before that was recorded.

    held: created or updated rows by what reading them back has found, None where that was not asked; not_verified: why not.
    """

    run: int
    received: float
    ended: float | None
    by: str | None
    machine: str | None
    on_behalf_of: str | None
    continued_by: str
    input: str
    sheet: str | None
    sha256: str
    data_rows: int
    counts: Mapping[Outcome, int]
    state: str
    account: str
    organisation: str | None
    mapping: str
    mapping_path: str
    mapping_sha256: str
    operation: str
    event: int
    held: Mapping[str, int] | None = None
    not_verified: str | None = None


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One row of an input. from_run, from_row: the row that holds its activity, where that is another one."""

    run: int
    row_number: int
    outcome: Outcome
    activity_id: str | None
    code: str | None
    sent: float | None
    from_run: int | None
    from_row: int | None


FINDINGS = ("held", "differs", "missing", "twice", "not read")
"""What a check of created rows can find, in words of `etl verify`."""


def write_audit(
    path: Path, about: Sequence[tuple[str, str]], lines: Sequence[AuditLine], rows: Iterable[AuditRow]
) -> None:
    """Write the workbook; rows as they come, one in memory at a time.

    Raises: OSError — the disk is full, or the like.
    """
    has_checks = any(line.held is not None or line.not_verified for line in lines)
    with open_workbook(path) as workbook:
        styles = Styles.of(workbook)
        _write(workbook, styles, "Inputs", _input_headers(has_checks), [_input_cells(one, has_checks) for one in lines])
        _write(workbook, styles, "Rows", _ROW_HEADERS, (_row_cells(one) for one in rows))
        _write(workbook, styles, "About", ("what", "is"), about)


def _input_headers(has_checks: bool) -> tuple[str, ...]:
    headers = (
        *("run", "received (UTC)", "by", "machine", "on behalf of", "input", "sheet", "SHA-256", "data rows"),
        *(outcome.replace("_", " ") for outcome in Outcome),
        *("adds up", "account", "organisation", "mapping", "mapping SHA-256", "operation", "event", "state"),
        *("ended (UTC)", "continued by"),
    )
    return (*headers, *(f"checked: {name}" for name in FINDINGS), "LeadSquared says") if has_checks else headers


def _input_cells(one: AuditLine, has_checks: bool) -> _Line:
    counts = [one.counts.get(outcome, 0) for outcome in Outcome]
    cells: list[Cell] = [
        *(one.run, _moment(one.received), one.by or "not recorded", one.machine, one.on_behalf_of),
        *(one.input, one.sheet, one.sha256, one.data_rows, *counts, "yes" if sum(counts) == one.data_rows else "NO"),
        *(one.account, one.organisation, f"{one.mapping}: {one.mapping_path}", one.mapping_sha256, one.operation),
        *(one.event or None, one.state, _moment(one.ended), one.continued_by or None),
    ]
    if has_checks:
        cells += [one.held.get(name, 0) if one.held is not None else None for name in FINDINGS]
        cells.append(one.not_verified or _says(one))
    return cells


def _says(one: AuditLine) -> str:
    """What the check has come to, in words."""
    held = one.held or {}
    checked, good = sum(held.values()), held.get("held", 0)
    if not checked:
        return "nothing was created, so there is nothing to hold"
    return f"holds all {checked:,}" if good == checked else f"holds {good:,} of {checked:,}"


_ROW_HEADERS = ("run", "row", "outcome", "ProspectActivityId", "sent (UTC)", "code", "from run", "from row")


def _row_cells(one: AuditRow) -> _Line:
    outcome = one.outcome.replace("_", " ")
    return (
        *(one.run, one.row_number, outcome, one.activity_id, _moment(one.sent), one.code, one.from_run, one.from_row),
    )


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(round(seconds), UTC).replace(tzinfo=None)


def _write(workbook: Workbook, styles: Styles, name: str, headers: Sequence[str], lines: Iterable[_Line]) -> None:
    """A sheet with a header, a filter and frozen panes; beyond the last row of a sheet a further one goes on."""
    waiting = iter(lines)
    for number in itertools.count(1):
        sheet = workbook.add_worksheet(name if number == 1 else f"{name} ({number})", ExactWorksheet)
        sheet.freeze_panes(1, 1)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0)
        for column, header in enumerate(headers):
            sheet.set_column(column, column, _WIDTHS.get(header, max(_WIDTH, len(header) + 3)))
            sheet.write_string(0, column, header, styles.own_header)
        last = _fill(sheet, styles, itertools.islice(waiting, SHEET_ROWS - 1))
        sheet.autofilter(0, 0, last, len(headers) - 1)
        first_of_next = next(waiting, None)
        if first_of_next is None:
            return
        waiting = itertools.chain([first_of_next], waiting)


def _fill(sheet: Any, styles: Styles, lines: Iterable[_Line]) -> int:
    row = 0
    for row, cells in enumerate(lines, start=1):
        for column, cell in enumerate(cells):
            if cell is not None:
                write_cell(sheet, row, column, cell, styles)
    return row
