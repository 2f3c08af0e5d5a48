"""Rows are staged by columns as they would be one by one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.events import StopSignal, ignore
from etl.identity import CellsFingerprint, lead_mark, payload_fingerprint, unique_key
from etl.ledger.plan import StagedRow
from etl.ledger.versions import version_of
from etl.mapping.apply import Applier
from etl.mapping.model import OnChange
from etl.records import BrokenCell, Outcome
from etl.stages.prepare import LoadedMapping, inputs, load, stage
from etl.stages.staging import Stager
from tests.clocks import ManualClock
from tests.ledger.books import open_book
from tests.mapping.build import a_block, a_mapping, a_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.mapping.apply import AppliedRow
    from etl.mapping.model import Mapping
    from etl.records import Cell

HEADERS = ("No", "Email", "Status", "Remarks", "Owner")
COLUMNS: dict[str, object] = {
    "Email": "SearchByValue",
    "Remarks": {"to": "ActivityNote", "max_length": 4},
    "Status": {"to": "mx_Custom_1", "when_empty": "clear"},
    "Owner": "ActivityOwnerEmail",
}
MAPPINGS: dict[str, dict[str, object]] = {
    "plain": {},
    "keys": {"unique_by": ["No", "Status"]},
    "some left out": {"unique_by": ["No"], "input": {"only": {"Status": ["Done"]}}},
    "versions": {"unique_by": ["No"], "on_change": "send_new"},
    "leads": {
        "operation": "add-by-lead-id",
        "search_by": None,
        "leads": {"find_by": ["Email"]},
        "columns": {**COLUMNS, "Email": "mx_Custom_2"},
    },
}
CELLS = st.one_of(
    st.none(),
    st.sampled_from(
        ["", "Done", "Open", "x\x1fy", "\ud800", "A@example.com ", "too long", BrokenCell("#N/A"), "1", 1, 1.0]
    ),
)
ROWS = st.lists(st.tuples(*[CELLS] * 2, st.sampled_from(["Done", "", "Open"]), CELLS, CELLS), min_size=1, max_size=6)


def loaded(mapping: Mapping) -> LoadedMapping:
    """The mapping as if it had been read from a file."""
    return LoadedMapping(mapping, Path("visits.yaml"), "", {})


def alone(row: AppliedRow, mapping: Mapping) -> StagedRow:
    """How one row is staged, from its own values."""
    run, line = (row.lineage.run, row.lineage.row) if row.lineage else (None, None)
    if row.values is None:
        codes = ", ".join(dict.fromkeys(finding.code for finding in row.findings)) or "ignored"
        error = " ".join(dict.fromkeys(finding.problem.error for finding in row.findings)) or row.ignored
        hint = " ".join(finding.hint for finding in row.findings) or None
        outcome = Outcome.INVALID if row.findings else Outcome.IGNORED
        return StagedRow(row.row_number, outcome, None, None, None, run, line, codes, error, hint)
    payload = payload_fingerprint(row.payload)
    key = payload if row.unique_values is None else unique_key(row.unique_values)
    lead = lead_mark(row.values.get(loaded(mapping).operation.addressed_by(loaded(mapping).request_options), ""))
    version = version_of(payload) if mapping.on_change is OnChange.SEND_NEW else None
    cells = CellsFingerprint(HEADERS).of(row.cells)
    return StagedRow(row.row_number, Outcome.WAITING, key, payload, cells, run, line, lead=lead, version=version)


def rows_of(waiting: dict[str, Sequence[Any]]) -> list[StagedRow]:
    """Staged columns row by row."""
    return [
        StagedRow(outcome=Outcome.WAITING, **dict(zip(waiting, line, strict=True)))
        for line in zip(*waiting.values(), strict=True)
    ]


@pytest.mark.parametrize("case", MAPPINGS)
@settings(max_examples=15, deadline=None)
@given(rows=ROWS, is_ours=st.booleans())
def test_columns_are_staged_as_rows(case: str, rows: list[tuple[Cell, ...]], is_ours: bool) -> None:
    """Every row is staged once, with the fingerprints and words that it has by itself."""
    mapping = a_mapping(**{"columns": COLUMNS, **MAPPINGS[case]})
    own = ("etl_row", "etl_status", "etl_run") if is_ours else ()
    table = a_table(*HEADERS, *own)
    lines = [[*row, *((7, "invalid", 3) if is_ours else ())] for row in rows]
    applier = Applier(mapping, table)
    stager = Stager(applier.columns, loaded(mapping))

    columns = applier.by_columns(a_block(lines))
    staged = stager.left_out(columns) + rows_of(stager.waiting(columns))

    one_by_one = [alone(row, mapping) for row in Applier(mapping, table).apply(a_block(lines))]
    assert sorted(staged, key=lambda row: row.row_number) == one_by_one


def test_what_nothing_is_compared_with_has_no_memory() -> None:
    """Where no ledger knows an input and nothing will be kept, neither cells nor leads are noted."""
    mapping = a_mapping(columns=COLUMNS)
    applier = Applier(mapping, a_table(*HEADERS))
    stager = Stager(applier.columns, loaded(mapping), is_remembered=False)

    staged = stager.waiting(applier.by_columns(a_block([["1", "a@example.com", "", "b", ""]])))

    assert list(staged) == ["row_number", "memory_key", "payload"]


@pytest.mark.parametrize(
    ("more", "has_failures", "has_marks"),
    [
        pytest.param({}, True, True, id="a lead may have been refused"),
        pytest.param({}, False, False, id="none was ever refused"),
        pytest.param({"operation": "update", "search_by": None}, False, True, id="but order is kept by activity"),
    ],
)
def test_leads_have_marks_where_somebody_looks_at_them(
    more: dict[str, object], has_failures: bool, has_marks: bool
) -> None:
    """To be set apart from others, or because the operation tells rows apart by them."""
    columns = {"Email": "ProspectActivityId", "Remarks": "ActivityNote"} if more else COLUMNS
    mapping = a_mapping(columns=columns, **more)
    applier = Applier(mapping, a_table(*HEADERS))
    stager = Stager(applier.columns, loaded(mapping), has_failures=has_failures)

    staged = stager.waiting(applier.by_columns(a_block([["1", "a@example.com", "", "b", ""]])))

    assert ("lead" in staged, "cells" in staged) == (has_marks, True)


@pytest.mark.parametrize("case", MAPPINGS)
@settings(max_examples=10, deadline=None)
@given(rows=ROWS)
def test_a_forecast_tells_rows_apart_as_a_run_does(case: str, rows: list[tuple[Cell, ...]]) -> None:
    """Where nothing will be kept: the same versions, and equal keys and equal payloads exactly where a run has them."""
    mapping = a_mapping(**{"columns": COLUMNS, **MAPPINGS[case]})
    applier = Applier(mapping, a_table(*HEADERS))
    columns = applier.by_columns(a_block([list(row) for row in rows]))

    whole, brief = (
        Stager(applier.columns, loaded(mapping), is_remembered=is_remembered).waiting(columns)
        for is_remembered in (True, False)
    )

    assert [brief.get(name) for name in ("row_number", "version")] == [
        whole.get(name) for name in ("row_number", "version")
    ]
    for name in ("memory_key", "payload"):
        told, expected = ([[one == other for other in of[name]] for one in of[name]] for of in (brief, whole))
        assert told == expected


def test_leads_that_may_have_been_refused_are_marked(tmp_path: Path) -> None:
    """Those of an input that another one goes out before, and of each as soon as any lead was ever refused; else none."""
    files = [tmp_path / name for name in ("first.csv", "second.csv")]
    for file in files:
        file.write_text("Email\na@example.com\n", encoding="utf-8")
    mapping = written_mapping(tmp_path)
    book = open_book(tmp_path, ManualClock())

    def marked() -> list[tuple[int, int]]:
        plan = book.ledger.plan()
        for one in inputs(files, load(mapping, book.ledger), book.ledger):
            stage(one, plan, ignore, StopSignal())
        return [tuple(row) for row in book.query("SELECT input_no, COUNT(lead) FROM plan GROUP BY input_no ORDER BY 1")]

    with book.ledger:
        assert marked() == [(0, 0), (1, 1)]
        book.ledger.failures.note(book.account_id, [lead_mark("b@example.com")])
        assert marked() == [(0, 1), (1, 1)]


def written_mapping(folder: Path) -> Path:
    """A mapping file for sheets with an address alone."""
    path = folder / "visits.yaml"
    path.write_text(
        "version: 1\nname: visits\noperation: add-by-lead-field\nsearch_by: EmailAddress\n"
        "activity: {event: 320}\ncolumns: {Email: SearchByValue}\n",
        encoding="utf-8",
    )
    return path
