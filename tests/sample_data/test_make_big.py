"""The script that makes samples of any size."""

from __future__ import annotations

import csv
import itertools
from pathlib import Path
from random import Random

import make_big
import openpyxl
import phonenumbers
import pytest
import sheets
from field_team import COLUMNS


def rows_of(file: Path) -> list[list[str]]:
    """All rows as texts, header first, of either kind."""
    if file.suffix == ".csv":
        with file.open(encoding="utf-8-sig", newline="") as stream:
            return list(csv.reader(stream))
    sheet = openpyxl.load_workbook(file)["Visits"]
    return [["" if cell is None else str(cell) for cell in row] for row in sheet.iter_rows(values_only=True)]


def test_both_formats_hold_the_same_rows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same number and seed make the same rows in both formats, below the sample's header."""
    text, workbook = tmp_path / "big.csv", tmp_path / "big.xlsx"

    assert make_big.main(["40", "-o", str(text)]) == 0
    assert make_big.main(["40", "-o", str(workbook)]) == 0

    assert capsys.readouterr().out.splitlines() == [str(text), str(workbook)]
    assert rows_of(text) == rows_of(workbook)
    assert rows_of(text)[0] == list(COLUMNS)
    assert len(rows_of(text)) == 41


def test_another_seed_makes_other_rows() -> None:
    """The seed alone decides the rows."""
    first, same, other = (list(make_big.big_visits(20, Random(seed))) for seed in (1, 1, 2))

    assert first == same
    assert first != other


def test_rows_are_valid_and_different() -> None:
    """No two rows share a Visit ID, three share a lead, and every mobile number is one."""
    rows = list(make_big.big_visits(3000, Random(7)))

    assert len({row["Visit ID"] for row in rows}) == 3000
    assert len({row["Email"] for row in rows}) == 1000
    assert all(phonenumbers.is_valid_number(phonenumbers.parse(str(row["Mobile"]), "IN")) for row in rows)


def test_rows_are_made_one_at_a_time() -> None:
    """The first rows of a huge number are there at once."""
    assert len(list(itertools.islice(make_big.big_visits(10**12, Random(7)), 3))) == 3


def test_more_rows_than_a_sheet_holds_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A workbook that would end before its rows do is not written, and the message names the way out."""
    monkeypatch.setattr(sheets, "_SHEET_ROWS", 10)

    assert make_big.main(["10", "-o", str(tmp_path / "big.xlsx")]) == 2
    assert "A sheet holds 9 rows below its header; write a .csv." in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_as_many_rows_as_a_sheet_holds_are_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last row of a sheet is used."""
    monkeypatch.setattr(sheets, "_SHEET_ROWS", 10)

    assert make_big.main(["9", "-o", str(tmp_path / "big.xlsx")]) == 0
    assert len(rows_of(tmp_path / "big.xlsx")) == 10
