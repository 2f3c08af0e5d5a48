"""A file is known by its content; the path that is shown is named in messages and must not promise something else."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import xlsxwriter

from etl.errors import SourceError
from etl.reader import READERS, InputRules, open_input, sheets_of
from etl.reader.recognise import content_of
from etl.reader.rules import Content

FILES = Path(__file__).parent.parent / "corpus" / "files"


@pytest.fixture
def kept_copy(tmp_path: Path) -> Any:
    """Copies a file of the corpus under a name without a suffix, as copies are kept by their hash."""

    def copied(name: str) -> Path:
        return Path(shutil.copy(FILES / name, tmp_path / "0b5e55ed"))

    return copied


@pytest.mark.parametrize(
    ("name", "shown"),
    [("one_sheet.xlsm", "May/visits.xlsx"), ("tabs.tsv", "May/visits.tsv"), ("tabs.tsv", "May/visits")],
    ids=["workbook", "text", "no-suffix"],
)
def test_content_decides_and_the_shown_path_is_named(kept_copy: Any, name: str, shown: str) -> None:
    """A copy without a suffix is read by its content, and the table names the path that the person gave."""
    with open_input(kept_copy(name), InputRules(), Path(shown)) as opened:
        assert Path(shown) == opened.table.file


@pytest.mark.parametrize(
    ("name", "shown", "words"),
    [
        ("surplus_cell.csv", "May/visits.csv", "May/visits.csv, row 3"),
        ("cut_off.xlsx", "visits.xlsx", "visits.xlsx: the workbook is damaged"),
        ("one_sheet.xlsm", "May/~$visits.xlsx", "May/~$visits.xlsx: this is the lock file"),
    ],
    ids=["bad-row", "broken-zip", "lock-file"],
)  # fmt: skip
def test_messages_name_the_shown_path(kept_copy: Any, name: str, shown: str, words: str) -> None:
    """A person reads the name that they gave, never that of the copy."""
    with pytest.raises(SourceError) as caught, open_input(kept_copy(name), InputRules(), Path(shown)) as opened:
        list(opened.blocks())

    assert caught.value.message.startswith(words)
    assert "0b5e55ed" not in caught.value.message


@pytest.mark.parametrize(
    ("name", "shown", "note"),
    [
        ("tabs.tsv", "visits.XLSX", "its name ends in .xlsx, but its content is a delimited text file (CSV)"),
        ("one_sheet.xlsm", "visits.txt", "its name ends in .txt, but its content is an Excel workbook"),
        ("cells.xlsb", "visits.xls", "its name ends in .xls, but its content is a binary Excel workbook"),
        ("packed.csv.gz", "visits.csv.gz", None),
        ("tabs.tsv", "visits.csv", None),
    ],
)
def test_another_promise_is_noted(kept_copy: Any, name: str, shown: str, note: str | None) -> None:
    """A file whose name promises another format is read by its content, and the table says so; else it says nothing."""
    with open_input(kept_copy(name), InputRules(), Path(shown)) as opened:
        notes = [found for found in opened.table.notes if "name ends in" in found]

    assert notes == ([f"{note}: read by its content"] if note else [])


@pytest.mark.parametrize("name", ["packed.csv.gz", "packed_workbook.zip", "from_libre_office.xls", "cells.xlsb"])
def test_nothing_is_left_behind(kept_copy: Any, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was unpacked to be read is gone when the input is left."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = kept_copy(name)

    with open_input(path, InputRules()) as opened:
        rows = sum(len(block.frame) for block in opened.blocks())

    assert rows
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("sheet", "expected"),
    [(None, "North"), ("South", "South"), ("Notes", "North"), ("Hidden", "North")],
    ids=["not-said", "ours", "not-ours", "hidden"],
)
def test_a_file_of_ours_has_several_sheets(tmp_path: Path, sheet: str | None, expected: str) -> None:
    """Of our own sheets the rules may name one; anything else is not asked, for those rules are for its input."""
    ours = ["etl_row", "etl_status", "etl_run"]
    with xlsxwriter.Workbook(str(tmp_path / "v.xlsx")) as book:
        for name, header in (("North", ours), ("South", ours), ("Notes", ["A"]), ("Hidden", ours)):
            book.add_worksheet(name).write_row(0, 0, header)
        book.worksheets()[3].hide()

    with open_input(tmp_path / "v.xlsx", InputRules(sheet, header_row=9)) as opened:
        assert expected == opened.table.sheet


def test_missing_file_is_refused(tmp_path: Path) -> None:
    """A path at which nothing is says so."""
    with pytest.raises(SourceError, match=r"visits\.csv: there is no such file\. Check the path"):
        open_input(tmp_path / "visits.csv", InputRules())


def test_folder_is_refused(tmp_path: Path) -> None:
    """A folder is not taken for an empty file."""
    with pytest.raises(SourceError, match=r"this is a folder\. Give a file in it"):
        open_input(tmp_path, InputRules())


@pytest.mark.parametrize(
    ("error", "words"),
    [(PermissionError(13, "denied"), "you may not read this file"), (OSError(5, "I/O error"), "cannot be opened")],
    ids=["permission", "device"],
)
def test_closed_file_is_refused(monkeypatch: pytest.MonkeyPatch, error: OSError, words: str) -> None:
    """A file that the system does not give us is the person's to sort out, not a defect."""

    def refuse(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Path, "open", refuse)

    with pytest.raises(SourceError, match=words):
        open_input(FILES / "tabs.tsv", InputRules())


@pytest.mark.parametrize(
    ("name", "sheets"),
    [
        ("two_visible_sheets.xlsx", ("Visits", "Other")),
        ("hidden_sheet_first.xlsx", ("Visits",)),
        ("tabs.tsv", ()),
        ("strict.xlsx", ("S",)),
    ],
)
def test_sheets_of(name: str, sheets: tuple[str, ...]) -> None:
    """The visible sheets in the order of their tabs; a text file has none."""
    assert sheets == sheets_of(FILES / name)


@pytest.mark.parametrize("name", ["cut_off.xlsx", "password.xlsx", "nothing.csv", "broken_xml.xlsx"])
def test_sheets_of_refuses_what_cannot_be_opened(name: str) -> None:
    """A file that is no input is refused here already, unless only its rows are damaged."""
    if name == "broken_xml.xlsx":
        assert sheets_of(FILES / name) == ("S",)
        return
    with pytest.raises(SourceError, match=name):
        sheets_of(FILES / name)


def content_or_nothing(path: Path) -> Content | None:
    try:
        return content_of(path, path)
    except SourceError:
        return None


@pytest.mark.parametrize("name", [path.name for path in FILES.iterdir() if path.suffix != ".json"])
def test_readers_do_not_compete(name: str) -> None:
    """At most one reader claims a file."""
    content = content_or_nothing(FILES / name)

    assert content is None or sum(reader.claims(content) for reader in READERS) <= 1


@pytest.mark.parametrize(
    ("name", "words"),
    [
        (".~lock.visits.ods#", r"the lock file that LibreOffice keeps .* \(visits\.ods\)"),
        ("visits.xlsx.crdownload", "still being downloaded or copied"),
        ("visits.csv.part", "still being downloaded or copied"),
    ],
)
def test_what_lies_beside_a_file_is_not_the_file(tmp_path: Path, name: str, words: str) -> None:
    """Locks and half downloads are told as such, whatever is in them so far."""
    (tmp_path / name).write_text("A,B\n1,2\n", encoding="utf-8")

    with pytest.raises(SourceError, match=words):
        open_input(tmp_path / name, InputRules())
