"""All findings of a check as a file: .csv and .xlsx for people, .json for programs.

They come one by one while an input is read, and wait in a temporary file, so that memory stays as it is however many come.
"""

from __future__ import annotations

import csv
import json
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar
from zipfile import BadZipFile, ZipFile

from etl.errors import UsageError
from etl.mapping.fetched_lines import defused_text
from etl.reconciler.exact_workbook import SHEET_ROWS, ExactWorksheet, fitting, open_workbook, storable
from etl.reconciler.put_in_place import check_folder, put_in_place
from etl.reconciler.workbook_styles import Styles, Widths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from etl.findings import Finding

_T = TypeVar("_T")

Line: TypeAlias = "dict[str, str | int | None]"
"""A finding by the names of COLUMNS."""

SCHEMA_VERSION = 1
COLUMNS = ("file", "sheet", "row", "column", "header", "code", "value", "error", "expected", "hint", "line")
"""column: its letter. line: of a mapping, or of a text file where no row can be told."""

_JSON_HEAD = f'{{"schema_version": {SCHEMA_VERSION}, "findings": ['
_MARK = "findings of etl"  # in a workbook's properties, by which it is known again
_SHEET = "Findings"


class FindingsFile:
    """Collects findings and writes them to `target`. A context manager: leaving it forgets what was collected.

    Raises: UsageError, at once — the name ends otherwise, the folder cannot be written to, or it is one of `inputs`.
    """

    def __init__(self, target: Path, inputs: Iterable[Path]) -> None:
        self._target = target
        self._write = _writer_for(target)
        if any(_is_same(target, one) for one in inputs):
            raise UsageError(f"--findings {target.name}: this is a file that is read here. Name another one.")
        _under_its_own_name(lambda: check_folder(target))
        self._waiting = TemporaryFile("w+", encoding="ascii")  # noqa: SIM115 — closed by __exit__
        self.count = 0

    def add(self, findings: Iterable[Finding]) -> None:
        for finding in findings:
            self._waiting.write(json.dumps(line_of(finding)) + "\n")
            self.count += 1

    def write(self) -> Path:
        """Write what has come, whole or not at all. Another file of the same name stays: the new one gets a number."""
        return _under_its_own_name(
            lambda: put_in_place(self._target, lambda draft: self._write(draft, self._lines()), is_findings_file)
        )

    def _lines(self) -> Iterator[Line]:
        self._waiting.seek(0)
        yield from map(json.loads, self._waiting)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._waiting.close()


def line_of(finding: Finding) -> Line:
    """A finding as a line of the file."""
    place, problem = finding.place, finding.problem
    found = (place.file, place.sheet, place.row, place.letter, place.header, problem.code, problem.found_value)
    said = (problem.error, problem.expectation, problem.remedy, place.line)
    return dict(zip(COLUMNS, (*found, *said), strict=True))


def is_findings_file(path: Path) -> bool:
    """Whether a file is one of these, so that the next may take its place."""
    try:
        with path.open("rb") as stream:
            head = stream.read(200)
        if head.startswith(b"PK"):
            with ZipFile(path) as archive:
                return _MARK.encode() in archive.read("docProps/core.xml")
    except (OSError, KeyError, BadZipFile):
        return False
    return head.startswith((_JSON_HEAD.encode(), b"\xef\xbb\xbf" + ",".join(COLUMNS).encode() + b"\r\n"))


def _writer_for(target: Path) -> Callable[[Path, Iterable[Line]], None]:
    kind = _KINDS.get(target.suffix.lower())
    if kind is None:
        raise UsageError(
            f'--findings {target.name}: the file can be .csv, .xlsx or .json, not "{target.suffix}". '
            "Give a name with one of these endings."
        )
    return kind


def _is_same(one: Path, other: Path) -> bool:
    return one.resolve() == other.resolve() or (one.exists() and other.exists() and one.samefile(other))


def _under_its_own_name(act: Callable[[], _T]) -> _T:
    """Errors of writing name the option that the person can change."""
    try:
        return act()
    except UsageError as error:
        raise UsageError(error.message.replace("--results", "--findings")) from error


def _write_delimited(draft: Path, lines: Iterable[Line]) -> None:
    """UTF-8 with a byte order mark, by which Excel knows that it is UTF-8; texts like formulas behind an apostrophe."""
    with draft.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        writer.writerows(
            [defused_text(cell) if isinstance(cell, str) else cell for cell in line.values()] for line in lines
        )


def _write_json(draft: Path, lines: Iterable[Line]) -> None:
    """One object with a list, a finding a line. A stray half of a UTF-16 pair becomes its escape, which JSON has too."""
    with draft.open("w", encoding="utf-8", errors="backslashreplace", newline="\n") as stream:
        stream.write(_JSON_HEAD)
        between = "\n"
        for line in lines:
            stream.write(between + json.dumps(line, ensure_ascii=False))
            between = ",\n"
        stream.write("\n]}\n")


def _write_workbook(draft: Path, lines: Iterable[Line], sheet_rows: int = SHEET_ROWS) -> None:
    """Texts as texts, whatever they look like. Rows beyond the last row of a sheet go on in a further sheet."""
    with open_workbook(draft) as workbook:
        workbook.set_properties({"comments": _MARK})
        styles = Styles.of(workbook)
        sheet = _Sheet(workbook, styles, 1)
        for line in lines:
            if sheet.row == sheet_rows:
                sheet.finish()
                sheet = _Sheet(workbook, styles, sheet.number + 1)
            sheet.add(list(line.values()))
        sheet.finish()


class _Sheet:
    """One sheet that is being filled."""

    def __init__(self, workbook: Any, styles: Styles, number: int) -> None:
        self.number = number
        self.row = 1
        self._styles = styles
        self._widths = Widths(COLUMNS, 0)
        name = _SHEET if number == 1 else f"{_SHEET} ({number})"
        self._sheet = workbook.add_worksheet(name, ExactWorksheet)
        self._sheet.freeze_panes(1, 0)
        for position, header in enumerate(COLUMNS):
            self._sheet.write_string(0, position, header, styles.own_header)

    def add(self, cells: Sequence[str | int | None]) -> None:
        self._widths.see(cells)
        for position, cell in enumerate(cells):
            if isinstance(cell, str) and cell:
                self._sheet.write_string(self.row, position, storable(fitting(cell)), self._styles.text)
            elif isinstance(cell, int):
                self._sheet.write_number(self.row, position, cell, self._styles.own_number)
        self.row += 1

    def finish(self) -> None:
        for position in range(len(COLUMNS)):
            self._sheet.set_column(position, position, self._widths.of(position))
        self._sheet.autofilter(0, 0, max(self.row - 1, 0), len(COLUMNS) - 1)
        self._sheet.ignore_errors({"number_stored_as_text": f"A1:XFD{SHEET_ROWS}"})


_KINDS: dict[str, Callable[[Path, Iterable[Line]], None]] = {
    ".csv": _write_delimited,
    ".xlsx": _write_workbook,
    ".json": _write_json,
}
