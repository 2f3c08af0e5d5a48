"""A file is known by its content; the path that is shown is named in messages and must not promise something else."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from etl.errors import SourceError
from etl.reader import READERS, InputRules, open_input, sheets_of

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
        ("tabs.tsv", "visits.XLSX", "visits.XLSX: the name ends in .xlsx, which promises an Excel workbook, but the content "
         "is a delimited text file"),
        ("one_sheet.xlsm", "visits.txt", "visits.txt: the name ends in .txt, which promises a delimited text file"),
        ("surplus_cell.csv", "May/visits.csv", "May/visits.csv, row 3"),
        ("cut_off.xlsx", "visits.xlsx", "visits.xlsx: the workbook is damaged"),
        ("one_sheet.xlsm", "May/~$visits.xlsx", "May/~$visits.xlsx: this is the lock file"),
    ],
    ids=["text-as-workbook", "workbook-as-text", "bad-row", "broken-zip", "lock-file"],
)  # fmt: skip
def test_messages_name_the_shown_path(kept_copy: Any, name: str, shown: str, words: str) -> None:
    """A person reads the name that they gave, never that of the copy."""
    with pytest.raises(SourceError) as caught, open_input(kept_copy(name), InputRules(), Path(shown)) as opened:
        list(opened.blocks())

    assert caught.value.message.startswith(words)
    assert "0b5e55ed" not in caught.value.message


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


@pytest.mark.parametrize("name", [path.name for path in FILES.iterdir() if path.suffix != ".json"])
def test_readers_do_not_compete(name: str) -> None:
    """At most one reader claims a file."""
    head = (FILES / name).read_bytes()[:4096]

    assert sum(reader.claims(head) for reader in READERS) <= 1
