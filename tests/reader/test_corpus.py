"""Every file of the corpus is read exactly as expected, or refused in the expected words."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from etl import errors
from etl.reader import InputRules, open_input
from etl.records import Block, BrokenCell, ShownNumber, Table

CORPUS = Path(__file__).parent.parent / "corpus"
FILES = CORPUS / "files"
CASES = json.loads((FILES / "expected.json").read_text(encoding="utf-8"))
READ = [case for case in CASES if "headers" in case]
REFUSED = [case for case in CASES if "refused" in case]
TAGS = {
    "broken": BrokenCell,
    "date": date.fromisoformat,
    "datetime": datetime.fromisoformat,
    "time": time.fromisoformat,
    "shown": lambda shown: ShownNumber(*shown),
}


def name_of(case: dict[str, Any]) -> str:
    rules = "-".join(f"{key}={value}" for key, value in case["rules"].items())
    return f"{case['file']}-{rules}" if rules else case["file"]


def untagged(cell: Any) -> Any:
    """A cell of expected.json as the reader gives it."""
    if not isinstance(cell, dict):
        return cell
    [(tag, text)] = cell.items()
    return TAGS[tag](text)


def rules_of(case: dict[str, Any]) -> InputRules:
    """JSON has lists only."""
    as_said = {"header_row": lambda row: tuple(row) if isinstance(row, list) else row, "headers": frozenset}
    return InputRules(**{name: as_said.get(name, lambda value: value)(value) for name, value in case["rules"].items()})


def typed(row: list[Any]) -> list[tuple[type, Any]]:
    """Cells with their types, so that 5 is not 5.0, and True is not 1."""
    return [(type(cell), cell) for cell in row]


def read(case: dict[str, Any], block_rows: int = 5000) -> tuple[dict[str, Any], list[list[Any]]]:
    path = FILES / case["file"]
    with open_input(path, rules_of(case)) as opened:
        table = opened.table
        blocks = list(opened.blocks(block_rows))
    frames = [block.frame for block in blocks]
    assert [column.letter for column in table.columns] == list("ABCDEFGHIJ"[: len(table.columns)])
    assert all(list(frame.columns) == [column.letter for column in table.columns] for frame in frames)
    shape = {
        "sheet": table.sheet,
        "header_row": table.header_row,
        "headers": [column.header for column in table.columns],
    }
    rows = [
        [number, *cells] for frame in frames for number, cells in zip(frame.index, frame.values.tolist(), strict=True)
    ]
    return shape | {"notes": table.notes, **_out_of_sight(table, blocks)}, rows


def _out_of_sight(table: Table, blocks: list[Block]) -> dict[str, Any]:
    """What the sheet hides or merges, as a case names it."""
    return {
        "hidden": sorted(number for block in blocks for number in block.hidden),
        "hidden_columns": sorted(table.hidden_columns),
        "merged": [one.reference for block in blocks for one in block.merged],
    }


@pytest.mark.parametrize("case", READ, ids=name_of)
def test_cells_are_as_expected(case: dict[str, Any]) -> None:
    """Every cell has the expected value and type, whatever the size of a block."""
    shape, rows = read(case)
    notes = shape.pop("notes")
    expected = [[untagged(cell) for cell in row] for row in case["rows"]]

    assert {key: case.get(key, []) for key in shape} == shape
    assert [typed(row) for row in expected] == [typed(row) for row in rows]
    assert case["notes"] in " ".join(notes)
    assert bool(case["notes"]) == bool(notes)
    assert read(case, block_rows=1)[1] == rows


@pytest.mark.parametrize("case", REFUSED, ids=name_of)
def test_refusal_says_what_and_where_and_what_to_do(case: dict[str, Any]) -> None:
    """A file that cannot be read is refused with the kind of error and the words that a person needs."""
    with pytest.raises(errors.EtlError) as caught:
        read(case)

    assert isinstance(caught.value, getattr(errors, case["refused"]))
    for words in case["words"]:
        assert words in caught.value.message
    if case["refused"] == "SourceError":
        assert caught.value.message.startswith(str(FILES / case["file"]))


def test_every_file_has_a_case() -> None:
    """No file of the corpus lies there without being read."""
    assert {path.name for path in FILES.iterdir()} - {"expected.json"} == {case["file"] for case in CASES}


def test_script_writes_the_corpus(tmp_path: Path) -> None:
    """The files in the repository are those that the script writes, byte for byte."""
    subprocess.run([sys.executable, CORPUS / "make.py", tmp_path], check=True)

    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {
        path.name: path.read_bytes() for path in FILES.iterdir()
    }


@pytest.mark.parametrize("name", ["cells.xlsb", "hidden_and_merged.xlsb"])
def test_binary_workbooks_are_what_other_readers_open(name: str) -> None:
    """The hand-made ones are workbooks to python-calamine as well, with the same texts in their first column."""
    [case] = [case for case in READ if case["file"] == name]
    rows = CalamineWorkbook.from_path(FILES / name).get_sheet_by_name(case["sheet"]).to_python()

    assert [row[0] for row in rows] == [case["headers"][0], *(row[1] for row in case["rows"])]
