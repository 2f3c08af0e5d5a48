"""The sheet of what a run has in LeadSquared: one id, the input's own cells, and a fingerprint that holds after reading."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from datetime import date, datetime, time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.mapping.fetched_lines import as_fetched, is_unchanged
from etl.reader import InputRules, open_input
from etl.reconciler import for_update
from etl.reconciler.for_update import CorrectionColumns, write_for_update
from etl.reconciler.names import DELIMITED, WORKBOOK, FileKind
from etl.records import ETL_COLUMNS, Cell, Column, Outcome, ResultLine, Table

from .conftest import MakeLine, MakeTable

ID = "1f0c5a3e-0000-4000-8000-000000000001"


def written(
    path: Path, table: Table, cells: Sequence[Sequence[Cell]], kind: FileKind = WORKBOOK, id_position: int | None = None
) -> tuple[list[str], list[list[Cell]]]:
    """Headers and lines of the sheet for rows with these cells, as etl reads them."""
    lines = [ResultLine(2, Outcome.CREATED, ID, None, None, None, 41, tuple(row)) for row in cells]
    columns = CorrectionColumns.of(table, id_position)
    place = write_for_update(path, table, columns, lines, kind, lambda _: True)
    with open_input(place, InputRules()) as opened:
        blocks = [block.frame.values.tolist() for block in opened.blocks()]
        return [column.header for column in opened.table.columns], [line for block in blocks for line in block]


def is_left_out(headers: Sequence[str], line: Sequence[Cell]) -> bool:
    """Whether an update would leave the line out, all its columns mapped."""
    *cells, mark = line
    return is_unchanged(mark, zip(headers, map(as_fetched, cells), strict=False))


TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), max_size=8)
STARTS = st.sampled_from(["", "'", "''", "'+", "=", "+91 ", "-", "'=", "@", "00"])
MOMENTS = st.datetimes(datetime(1901, 1, 1), datetime(2199, 1, 1)).map(lambda one: one.replace(microsecond=0))  # noqa: DTZ001
CELLS = st.one_of(
    st.none(),
    st.builds(lambda start, rest: start + rest, STARTS, TEXTS),
    st.integers(-(10**14), 10**14),
    st.floats(allow_nan=False, allow_infinity=False, width=32),
    st.booleans(),
    MOMENTS,
    st.dates(date(1901, 1, 1), date(2199, 1, 1)),
    st.times().map(lambda one: one.replace(microsecond=0)),
)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=6), st.sampled_from([WORKBOOK, DELIMITED]))
@settings(max_examples=30, deadline=None)
def test_a_line_that_nobody_changed_is_known_as_such(cells: list[tuple[Cell, Cell]], kind: FileKind) -> None:
    """Whatever the cells hold: written and read, each line is left out; with another word typed it is not."""
    table = Table(Path("visits.xlsx"), "Visits", (Column(0, "A", "Visit"), Column(1, "B", "Remarks")))
    with tempfile.TemporaryDirectory() as folder:
        headers, lines = written(Path(folder, f"sheet{kind.suffix}"), table, cells, kind)

    assert headers == ["ProspectActivityId", "Visit", "Remarks", "etl_fingerprint"]
    assert len(lines) == len(cells)
    for line in lines:
        assert line[0] == ID
        assert is_left_out(headers, line)
        assert not is_left_out(headers, [*line[:2], "typed over", line[3]])
        assert not is_left_out(headers, [line[0], "typed over", *line[2:]])


@pytest.mark.parametrize("kind", [WORKBOOK, DELIMITED], ids=["xlsx", "csv"])
@pytest.mark.parametrize("text", ["'+91", "''=1", "+91 98", "'quoted'", "=1+1"])
def test_a_text_reaches_leadsquared_as_it_was(tmp_path: Path, make_table: MakeTable, text: str, kind: FileKind) -> None:
    """What reading a sheet with fingerprints takes away was put there: apostrophes of the person's own stay."""
    _, ((_, _, cell, _),) = written(tmp_path / f"s{kind.suffix}", make_table(), [("SV-1", text)], kind)

    assert as_fetched(cell) == text


def test_cells_keep_their_kinds_in_a_workbook(tmp_path: Path, make_table: MakeTable) -> None:
    """Numbers stay numbers, days stay days: the person's mapping reads them as it read the input."""
    cells: list[Cell] = ["00417", 12.5, 7, True, date(2026, 1, 17), datetime(2026, 1, 17, 10, 30), time(9, 5)]  # noqa: DTZ001
    table = make_table([f"C{place}" for place in range(len(cells))])

    _, ((_, *read, _),) = written(tmp_path / "s.xlsx", table, [cells])

    assert read == cells


COLUMNS = {
    "none of its own": (("Visit", "Remarks"), None, ("ProspectActivityId", "Visit", "Remarks")),
    "an older id": (("Visit", " ProspectActivityId", "Remarks"), None, ("ProspectActivityId", "Visit", "Remarks")),
    "an update's own": (("Remarks", "Activity Id"), 1, ("Remarks", "Activity Id")),
    "an update of a fetched file": (
        ("ProspectActivityId", "Status", "etl_fingerprint"),
        0,
        ("ProspectActivityId", "Status"),
    ),
    "our own results": ((*ETL_COLUMNS, "Visit"), None, ("ProspectActivityId", "Visit")),
    "an update of our own results": ((*ETL_COLUMNS, "Visit"), 2, ("ProspectActivityId", "Visit")),
}


@pytest.mark.parametrize(("headers", "id_position", "expected"), COLUMNS.values(), ids=COLUMNS)
def test_there_is_one_id_and_one_fingerprint(
    make_table: MakeTable, headers: tuple[str, ...], id_position: int | None, expected: tuple[str, ...]
) -> None:
    """An update mapping would not know which of two ids is meant; all other columns stay, in their order."""
    columns = CorrectionColumns.of(make_table(headers), id_position)

    assert columns.headers == (*expected, "etl_fingerprint")


def test_texts_of_a_fetched_file_keep_their_one_apostrophe(tmp_path: Path, make_table: MakeTable) -> None:
    """They were guarded when they were fetched; twice would send one of the apostrophes."""
    headers, ((_, note, mark),) = written(
        tmp_path / "s.csv", make_table(("Id", "Note", "etl_fingerprint")), [("a", "'+91", "1.old")], DELIMITED, 0
    )

    assert note == "'+91"
    assert is_left_out(headers, ["a", note, mark])


def test_rows_beyond_a_sheet_go_on_in_another(tmp_path: Path, make_table: MakeTable, make_line: MakeLine) -> None:
    """With the same header, and nothing is lost."""
    columns = CorrectionColumns.of(make_table())
    lines = [make_line((f"SV-{number}", None)) for number in range(5)]

    for_update._write_workbook(tmp_path / "s.xlsx", make_table(), columns, lines, sheet_rows=3)

    visits = []
    for sheet in ("Activities", "Activities (2)", "Activities (3)"):
        with open_input(tmp_path / "s.xlsx", InputRules(sheet)) as opened:
            visits += [row for block in opened.blocks() for row in block.frame["B"].tolist()]
    assert visits == [f"SV-{number}" for number in range(5)]
