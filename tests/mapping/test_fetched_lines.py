"""Lines of a fetched file: unchanged ones are known, formulas are harmless and come back as they were."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import UsageError
from etl.mapping.apply import AppliedRow, Applier
from etl.mapping.fetched_lines import FINGERPRINT_COLUMN, as_fetched, defused_text, fingerprint_of, is_unchanged
from etl.mapping.load import load_mapping
from etl.records import Block, Cell, Column, Table

TEXTS = st.text(max_size=12)


@given(TEXTS)
def test_a_defused_text_is_no_formula_and_comes_back(text: str) -> None:
    """Whatever LeadSquared holds, the file shows it so that no program calculates it, and reading it back gives it again."""
    written = defused_text(text)

    assert not written.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert as_fetched(written) == text


@given(st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=6), st.data())
def test_a_line_is_unchanged_only_if_every_cell_is(cells: dict[str, str], data: st.DataObject) -> None:
    """Any order and choice of columns is unchanged; one cell that is emptied, filled or typed over is a change."""
    fetched = {header: cell for header, cell in cells.items() if cell.strip()}
    mark = fingerprint_of(cells.items())
    kept = data.draw(st.lists(st.sampled_from(list(cells.items())), unique=True))
    header = data.draw(st.sampled_from(list(cells)))
    other = data.draw(TEXTS.filter(lambda text: _plain(text) != _plain(cells[header])))

    if fetched:
        assert is_unchanged(mark, kept)
    assert not is_unchanged(mark, [*kept, (header, other)])


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.parametrize("mark", [None, "", "1.", "1.AAA", "1.?", "2.AAAAAAAA", 12, "text"])
def test_a_damaged_fingerprint_is_a_change(mark: Cell) -> None:
    """A line whose fingerprint says nothing goes out: nobody can tell that it was left alone."""
    assert not is_unchanged(mark, [])


@pytest.mark.parametrize(
    ("written", "read"),
    [
        pytest.param("417", 417, id="a number that a program made of digits"),
        pytest.param("a\r\nb", "a\nb", id="line ends"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_what_saving_again_does_is_no_change(written: str, read: Cell) -> None:
    """A spreadsheet program may write the same cell in another way."""
    assert is_unchanged(fingerprint_of([("x", "1"), ("y", written)]), [("x", "1"), ("y", read)])


UPDATE = """\
version: 1
name: corrections
operation: update
columns:
  ProspectActivityId: ProspectActivityId
  ActivityNote: ActivityNote
  mx_Custom_1: mx_Custom_1
"""
IDS = ["aaaaaaaa-1111-4111-8111-11111111111" + str(number) for number in range(4)]
HEADERS = ("ProspectActivityId", "ActivityNote", "mx_Custom_1", "CreatedOn (UTC)")


def applied(folder: Path, lines: list[list[Cell]], headers: tuple[str, ...], mapping: str = UPDATE) -> list[AppliedRow]:
    (folder / "m.yaml").write_text(mapping, encoding="utf-8")
    columns = tuple(Column(place, "ABCDEFGH"[place], header) for place, header in enumerate(headers))
    table = Table(folder / "fetched.csv", None, columns)
    applier = Applier(load_mapping(folder / "m.yaml"), table)
    assert FINGERPRINT_COLUMN not in {column.header for column in applier.unmapped}
    frame = pd.DataFrame(lines, columns=[column.letter for column in columns], dtype=object)
    frame.index = pd.Index(range(2, len(lines) + 2), name="row_number")
    return applier.apply(Block(frame.astype(object).where(frame.notna(), None)))


def fetched(number: int, note: str, value: str) -> list[Cell]:
    cells: list[Cell] = [IDS[number], note, value, "2026-03-01 10:00:00"]
    return [*map(as_written, cells), fingerprint_of(zip(HEADERS, cells, strict=True))]


def as_written(cell: Cell) -> Cell:
    return defused_text(cell) if isinstance(cell, str) else cell


def test_an_update_leaves_out_what_nobody_changed(tmp_path: Path) -> None:
    """Of three lines the corrected one is sent, with its phone as LeadSquared has it; the others say why they are not."""
    lines = [fetched(0, "met", "+91-98"), fetched(1, "met", "+91-99"), fetched(2, "=1+1", "x")]
    lines[1][1] = "met twice"
    lines[2][3] = "01/03/2026"  # a column that the mapping does not read

    rows = applied(tmp_path, lines, (*HEADERS, FINGERPRINT_COLUMN))

    assert [row.values for row in rows] == [
        None,
        {"ProspectActivityId": IDS[1], "ActivityNote": "met twice", "mx_Custom_1": "+91-99"},
        None,
    ]
    assert [bool(row.ignored and "nobody changed" in row.ignored) for row in rows] == [True, False, True]


def test_columns_may_be_moved_left_out_and_added(tmp_path: Path) -> None:
    """What is compared are the cells that the mapping reads, wherever they stand."""
    whole = fetched(0, "met", "x")
    line: list[Cell] = [whole[4], "my own remark", whole[1], whole[0]]
    mapping = UPDATE.replace("  mx_Custom_1: mx_Custom_1\n", "")

    rows = applied(tmp_path, [line], (FINGERPRINT_COLUMN, "Remark", "ActivityNote", "ProspectActivityId"), mapping)

    assert rows[0].ignored is not None


ADD = """\
version: 1
name: copies
operation: add-by-lead-id
activity: {event: 320}
columns: {ProspectActivityId: RelatedProspectId, ActivityNote: ActivityNote}
"""


def test_lines_are_never_added_once_more(tmp_path: Path) -> None:
    """A mapping that adds refuses the file, whatever else is wrong with its columns, and says both ways out."""
    mapping = ADD.replace("ActivityNote: ActivityNote", "Somewhere else: ActivityNote")

    with pytest.raises(UsageError, match="shows activities that LeadSquared has") as refused:
        applied(tmp_path, [fetched(0, "-met", "x")], (*HEADERS, FINGERPRINT_COLUMN), mapping)

    (finding,) = refused.value.findings
    assert (finding.code, finding.place.letter, finding.place.row) == ("activities_that_are_there", "E", 1)
    assert "operation: update, like mappings/update_visits.yaml" in finding.problem.remedy
    assert "delete the column etl_fingerprint" in finding.problem.remedy


def test_without_the_column_they_are_new_ones(tmp_path: Path) -> None:
    """Who takes the column out adds every line: activities that are copied to leads are new."""
    rows = applied(tmp_path, [fetched(0, "met", "x")[:-1]], HEADERS, ADD)

    assert rows[0].values == {"RelatedProspectId": IDS[0], "ActivityNote": "met"}
