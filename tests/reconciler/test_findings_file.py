"""All findings of a check in a file: as a table for people, as JSON for programs, and never in the place of another file."""

from __future__ import annotations

import csv
import json
import tracemalloc
from pathlib import Path

import openpyxl
import pytest

from etl.errors import UsageError
from etl.findings import DateFormat, EmptyCell, Finding, NumberFormat, UnknownKey
from etl.reconciler import findings_file
from etl.reconciler.findings_file import COLUMNS, FindingsFile, is_findings_file
from etl.records import Place

DATE = Finding(
    Place("visits.xlsx", "Visits", 41, "F", "Visited On"),
    DateFormat("31/02/2026", "date", "dd/mm/yyyy", impossible=True),
)
FORMULA = Finding(Place("visits.xlsx", "Visits", 42, "G", "+Budget"), NumberFormat('=HYPERLINK("x")'))
EMPTY = Finding(Place("visits.csv", None, 3, "A", "Email"), EmptyCell("SearchByValue"))
YAML = Finding(Place("visits.yaml", line=12, line_column=3), UnknownKey("colums", ("columns",), "columns"))
ALL = (DATE, FORMULA, EMPTY, YAML)


def written(target: Path, findings: tuple[Finding, ...] = ALL) -> Path:
    with FindingsFile(target, ()) as file:
        for finding in findings:
            file.add([finding])
        assert file.count == len(findings)
        return file.write()


def test_json_holds_each_finding_as_it_is(tmp_path: Path) -> None:
    """One object, its version and a list; every member is there, with null for what a place does not have."""
    path = written(tmp_path / "f.json")

    held = json.loads(path.read_text(encoding="utf-8"))
    assert list(held) == ["schema_version", "findings"]
    assert held["schema_version"] == 1
    assert held["findings"][0] == {
        "file": "visits.xlsx",
        "sheet": "Visits",
        "row": 41,
        "column": "F",
        "header": "Visited On",
        "code": "date_format",
        "value": "31/02/2026",
        "error": '"31/02/2026" is no date.',
        "expected": "a date written as dd/mm/yyyy",
        "hint": "Type it as dd/mm/yyyy.",
        "line": None,
    }
    assert held["findings"][1]["value"] == '=HYPERLINK("x")'
    assert (held["findings"][3]["row"], held["findings"][3]["line"]) == (None, 12)


def test_a_csv_starts_no_formula(tmp_path: Path) -> None:
    """A text that a spreadsheet program would take for a formula stands behind an apostrophe; Excel knows the encoding."""
    path = written(tmp_path / "f.csv", (*ALL, Finding(Place("v.csv", None, 2), NumberFormat("\ud800 पु\n2"))))

    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.reader(stream))
    assert path.read_bytes().startswith(b"\xef\xbb\xbf")
    assert rows[0] == list(COLUMNS)
    assert rows[2][4:7] == ["'+Budget", "number_format", '\'=HYPERLINK("x")']
    assert rows[3][:5] == ["visits.csv", "", "3", "A", "Email"]
    assert rows[5][6] == "\\ud800 पु\n2"
    assert not [cell for row in rows[1:] for cell in row if cell[:1] in {"=", "+", "-", "@"} and cell[:1]]


def test_a_workbook_holds_texts_as_texts(tmp_path: Path) -> None:
    """Nothing in a workbook is a formula; rows and lines are numbers, so that they sort."""
    path = written(tmp_path / "f.xlsx")

    sheet = openpyxl.load_workbook(path).active
    assert sheet is not None
    rows = list(sheet.iter_rows())
    assert [cell.value for cell in rows[0]] == list(COLUMNS)
    assert [cell.value for cell in rows[2]][2:7] == [42, "G", "+Budget", "number_format", '=HYPERLINK("x")']
    assert {cell.data_type for row in rows for cell in row} <= {"s", "n", "inlineStr"}


def test_a_sheet_that_is_full_goes_on_in_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No finding is lost at the last row of a sheet."""
    monkeypatch.setattr(findings_file._write_workbook, "__defaults__", (3,))

    sheets = openpyxl.load_workbook(written(tmp_path / "f.xlsx", ALL * 2)).worksheets

    assert [sheet.title for sheet in sheets] == ["Findings", "Findings (2)", "Findings (3)", "Findings (4)"]
    assert [sheet.max_row for sheet in sheets] == [3, 3, 3, 3]


@pytest.mark.parametrize("name", ["f.txt", "f", "f.xls"])
def test_another_ending_is_refused(tmp_path: Path, name: str) -> None:
    """The ending says which kind of file is meant; another one is refused before anything is read."""
    with pytest.raises(UsageError, match=r"--findings f.*\.csv, \.xlsx or \.json"):
        FindingsFile(tmp_path / name, ())


def test_an_input_is_never_overwritten(tmp_path: Path) -> None:
    """Neither by its name nor by another one for the same file."""
    (tmp_path / "visits.csv").write_text("Email\n", encoding="utf-8")
    (tmp_path / "other.csv").hardlink_to(tmp_path / "visits.csv")

    for name in ("visits.csv", "other.csv"):
        with pytest.raises(UsageError, match=f"--findings {name}: this is a file that is read here"):
            FindingsFile(tmp_path / name, [tmp_path / "visits.csv"])


@pytest.mark.parametrize("suffix", [".csv", ".xlsx", ".json"])
def test_only_its_own_like_gives_way(tmp_path: Path, suffix: str) -> None:
    """The findings of an earlier check are replaced; any other file stays, and the new one gets a number."""
    target = tmp_path / f"f{suffix}"
    assert written(target) == written(target, ()) == target
    target.write_bytes(b"PK\x03\x04 my own")

    assert not is_findings_file(target)
    assert written(target) == tmp_path / f"f.2{suffix}"
    assert target.read_bytes() == b"PK\x03\x04 my own"


def test_a_folder_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    """Nobody waits for an hour of reading to learn that; the message names the option that was typed."""
    with pytest.raises(UsageError, match="another place with --findings"):
        FindingsFile(tmp_path / "none" / "f.csv", ())


def test_memory_does_not_grow_with_the_findings(tmp_path: Path) -> None:
    """Findings wait on the disk, not in memory, while they come and are written."""
    written(tmp_path / "warm.json")
    tracemalloc.start()
    with FindingsFile(tmp_path / "f.json", ()) as file:
        for _ in range(2_000):
            file.add([DATE])
        path = file.write()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()

    assert peak < 300_000 < path.stat().st_size
