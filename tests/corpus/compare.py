"""Compares what our readers give with what LibreOffice shows, cell by cell: `make compare`.

python tests/corpus/compare.py golden            writes tests/corpus/golden/ anew from the corpus, as LibreOffice sees it
python tests/corpus/compare.py wild [FOLDER]     spreadsheets that nobody here made: in FOLDER, or else the test files inside some
                                                 public packages, downloaded for the time of the comparison and not kept

Prints each difference with file, sheet and cell; exits with 1 for a traceback, and for a cell that is lost without a word.
"""

from __future__ import annotations

import contextlib
import csv
import subprocess
import sys
import tarfile
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from cells_alike import difference
from office_view import Seen, Sheets, program, seen_in_office

from etl.errors import EtlError
from etl.reader import READERS, InputRules, open_input, sheets_of
from etl.reader.header import letter_of
from etl.reader.recognise import content_of, refuse_foreign
from etl.reader.workbook import _damage_as_source_error as damage_as_source_error
from etl.reader.workbook_formats import WorkbookFormat
from etl.records import Cell

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
ENDS = (".xlsx", ".xlsm", ".xlsb", ".xls", ".ods")
PACKAGES = (
    "agate-excel",
    "csvkit",
    "django-import-export",
    "frictionless",
    "odfpy",
    "petl",
    "pyexcel",
    "pyexcel-ods3",
    "pyexcel-xls",
    "pyexcel-xlsx",
    "tablib",
    "xlrd3",
    "xlsx2csv",
)
"""Those whose source distributions have spreadsheets of many writers among their tests, and need nothing built."""

_MOST_SHOWN = 8  # differences of one sheet
_MOST_BYTES = 2 << 20

Rows = dict[str, dict[tuple[int, int], Cell]]


def main(arguments: list[str]) -> int:
    """Do what the command line says."""
    if program() is None:
        _say("LibreOffice is not installed: nothing to compare with.")
        return 0
    if arguments[:1] == ["golden"]:
        return _write_golden()
    with contextlib.ExitStack() as leaving:
        folder = Path(arguments[1]) if len(arguments) > 1 else _downloaded(leaving)
        return _compare(sorted(path for path in folder.rglob("*") if path.suffix.lower() in ENDS))


def ours_in(path: Path) -> Rows:
    """Each sheet's cells as our reader of workbooks gives them, hidden sheets included. Raises EtlError."""
    content = content_of(path, path)
    refuse_foreign(path, content, path)
    reader = next(reader for reader in READERS if reader.claims(content))
    if not isinstance(reader, WorkbookFormat):
        return {}
    found: Rows = {}
    with damage_as_source_error(path), contextlib.closing(reader.open_book(path)) as book:
        for sheet in book.sheets:
            rows = book.rows(sheet)
            found[sheet.name] = {
                (row_number, column): cell
                for row_number, cells in rows
                for column, cell in enumerate(cells)
                if cell is not None
            }
    return found


def differences(ours: Rows, theirs: Sheets) -> Iterator[tuple[str, str]]:
    """Place and words of each difference."""
    for name in ours:
        if name not in theirs:
            yield name, "LibreOffice has no such sheet"
            continue
        for place in sorted(ours[name].keys() | theirs[name].keys()):
            words = difference(ours[name].get(place), theirs[name].get(place))
            if words:
                yield f"{name}!{letter_of(place[1])}{place[0]}", words


def golden_of(path: Path) -> Sheets:
    """What `golden` has written of a file of the corpus."""
    sheets: Sheets = {}
    with path.open(encoding="utf-8", newline="") as source:
        for sheet, row, column, kind, value, shown in csv.reader(source):
            sheets.setdefault(sheet, {})
            if row:
                sheets[sheet][int(row), int(column)] = Seen(kind, value, shown)
    return sheets


def _write_golden() -> int:
    GOLDEN.mkdir(exist_ok=True)
    for old in GOLDEN.glob("*.csv"):
        old.unlink()
    for path, theirs in seen_in_office(path for path in sorted((HERE / "files").iterdir()) if path.suffix in ENDS):
        if theirs is None:
            continue
        with (GOLDEN / f"{path.name}.csv").open("w", encoding="utf-8", newline="") as target:
            writer = csv.writer(target, lineterminator="\n")
            for sheet, cells in theirs.items():
                writer.writerow([sheet, "", "", "", "", ""])
                writer.writerows([sheet, *place, *seen] for place, seen in cells.items())
    _say(f"{len(list(GOLDEN.iterdir()))} files in {GOLDEN}")
    return 0


def _compare(paths: list[Path]) -> int:
    counts: Counter[str] = Counter()
    for path, theirs in seen_in_office(paths):
        counts["files"] += 1
        try:
            _open_as_the_command_does(path)
            ours = ours_in(path)
        except EtlError as error:
            counts["refused"] += 1
            _say(f"REFUSED {path.name}: {error.message}" + ("" if theirs is None else " (LibreOffice opens it)"))
            continue
        except Exception:  # noqa: BLE001 - whatever it is, it is told
            counts["tracebacks"] += 1
            _say(f"TRACEBACK {path}\n{traceback.format_exc()}")
            continue
        if theirs is None:
            counts["not opened by LibreOffice"] += 1
            _say(f"ONLY OURS {path.name}: LibreOffice does not open it, or not in time")
            continue
        counts["cells"] += sum(map(len, theirs.values()))
        found = list(differences(ours, theirs))
        counts["differences"] += len(found)
        counts["lost"] += sum(words.startswith("ours nothing") for _, words in found)
        for place, words in found[:_MOST_SHOWN]:
            _say(f"{path.name} {place}: {words}")
        if len(found) > _MOST_SHOWN:
            _say(f"{path.name}: … {len(found)} differences")
    _say(", ".join(f"{count:,} {what}" for what, count in counts.items()))
    return 1 if counts["tracebacks"] or counts["lost"] else 0


def _open_as_the_command_does(path: Path) -> None:
    """To its last row, each visible sheet; a refusal is no difference here: what the cells are is compared without headers."""
    with contextlib.suppress(EtlError):
        for sheet in sheets_of(path):
            with contextlib.suppress(EtlError), open_input(path, InputRules(sheet=sheet)) as opened:
                for _ in opened.blocks():
                    pass


def _downloaded(leaving: contextlib.ExitStack) -> Path:
    folder = Path(leaving.enter_context(tempfile.TemporaryDirectory(prefix="wild-")))
    for package in PACKAGES:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", package, "--dest"]
        done = subprocess.run([*command, str(folder), package], check=False, capture_output=True, text=True)
        if done.returncode:
            _say(f"{package} cannot be downloaded: {done.stderr.strip().splitlines()[-1:]}")
    for archive in folder.glob("*.tar.gz"):
        with tarfile.open(archive) as packed:
            wanted = [part for part in packed if part.name.lower().endswith(ENDS) and part.size < _MOST_BYTES]
            packed.extractall(folder / archive.name.removesuffix(".tar.gz"), members=wanted, filter="data")
    return folder


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
