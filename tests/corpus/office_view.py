"""What a person sees in LibreOffice: a workbook converted to a flat OpenDocument file, and each cell of that file.

Not through the readers of `etl`: this is the other opinion.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

_NAMES = "urn:oasis:names:tc:opendocument:xmlns:"
_TABLE, _OFFICE, _TEXT = (f"{{{_NAMES}{name}:1.0}}" for name in ("table", "office", "text"))
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_GROUPS = frozenset(
    _TABLE + name for name in ("table-rows", "table-row-group", "table-header-rows")
)  # that rows may stand in; those of a chart's own table stand elsewhere
_BATCH = 15
_SECONDS = 180


class Seen(NamedTuple):
    """A cell: its kind (string, float, percentage, currency, date, time, boolean, error), its value, and what shows of it."""

    kind: str
    value: str
    shown: str


Sheets = dict[str, dict[tuple[int, int], Seen]]
"""By the sheet's name: row from 1 and column from 0 → the cell; without empty ones."""


def program() -> str | None:
    """Where LibreOffice is, if it is installed."""
    return shutil.which("soffice") or shutil.which("libreoffice")


def seen_in_office(paths: Iterable[Path]) -> Iterator[tuple[Path, Sheets | None]]:
    """Each workbook as LibreOffice sees it; None where it cannot open it."""
    waiting = list(paths)
    with tempfile.TemporaryDirectory(prefix="office-") as folder:
        for start in range(0, len(waiting), _BATCH):
            batch = waiting[start : start + _BATCH]
            converted = _converted(batch, Path(folder) / str(start), Path(folder) / "profile")
            for path, flat in zip(batch, converted, strict=True):
                yield path, sheets_in(flat) if flat.exists() else None


def _converted(batch: list[Path], folder: Path, profile: Path) -> list[Path]:
    folder.mkdir()
    copies = [Path(shutil.copy(path, folder / f"{place}{path.suffix}")) for place, path in enumerate(batch)]
    command = [str(program()), "--headless", "--norestore", f"-env:UserInstallation={profile.as_uri()}"]
    with contextlib.suppress(subprocess.TimeoutExpired):  # what it has not written by then it does not open
        subprocess.run(
            [*command, "--convert-to", "fods", "--outdir", str(folder), *map(str, copies)],
            check=False,
            capture_output=True,
            timeout=_SECONDS,
        )
    return [copy.with_suffix(".fods") for copy in copies]


def sheets_in(flat: Path) -> Sheets:
    """The cells of a flat OpenDocument file."""
    found: Sheets = {}
    for table in ElementTree.parse(flat).getroot().iterfind(f".//{_OFFICE}spreadsheet/{_TABLE}table"):
        cells: dict[tuple[int, int], Seen] = {}
        row_number = 0
        for row in _rows_of(table):
            times = int(row.get(_TABLE + "number-rows-repeated", "1"))
            seen = dict(_cells_of(row))
            for number in range(row_number + 1, row_number + 1 + (times if seen else 0)):
                cells |= {(number, column): cell for column, cell in seen.items()}
            row_number += times
        found[table.get(_TABLE + "name", "")] = cells
    return found


def _rows_of(table: ElementTree.Element) -> Iterator[ElementTree.Element]:
    for element in table:
        if element.tag == _TABLE + "table-row":
            yield element
        elif element.tag in _GROUPS:
            yield from _rows_of(element)


def _cells_of(row: ElementTree.Element) -> Iterator[tuple[int, Seen]]:
    column = 0
    for element in row:
        if element.tag not in (_TABLE + "table-cell", _TABLE + "covered-table-cell"):
            continue
        times = int(element.get(_TABLE + "number-columns-repeated", "1"))
        seen = _seen(element)
        if seen is not None:
            yield from ((place, seen) for place in range(column, column + times))
        column += times


def _seen(element: ElementTree.Element) -> Seen | None:
    shown = "\n".join(_shown(child) for child in element if child.tag == _TEXT + "p")
    kind = element.get(_OFFICE + "value-type")
    if element.get(_CALC + "value-type") == "error":
        return Seen("error", shown, shown)
    if kind is None:
        return Seen("string", shown, shown) if shown else None
    attribute = {"date": "date-value", "time": "time-value", "boolean": "boolean-value", "string": "string-value"}
    value = element.get(_OFFICE + attribute.get(kind, "value"), shown)
    return Seen(kind, value, shown) if value or shown else None


def _shown(element: ElementTree.Element) -> str:
    if element.tag == _TEXT + "s":
        return " " * int(element.get(_TEXT + "c", "1"))
    inner = {_TEXT + "tab": "\t", _TEXT + "line-break": "\n"}.get(element.tag, element.text or "")
    if element.tag.endswith("}annotation"):
        return ""
    return inner + "".join(_shown(child) + (child.tail or "") for child in element)
