"""`etl_verified` in the results of a run whose created rows were compared with LeadSquared, and in no other file."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from etl.events import Event, Note
from etl.mapping.bind import bind
from etl.records import ETL_COLUMNS, Outcome
from etl.stages.prepare import inputs, load
from etl.stages.rewrite import names_of, write_again
from etl.stages.writer import Files, ResultsWriter
from tests.past import Past, open_past


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    with open_past(tmp_path) as opened:
        yield opened


def written(past: Past, run_id: int) -> Files:
    ledger = past.book.ledger
    run = ledger.runs.get(run_id)
    assert run is not None
    return write_again(run, names_of(run), ResultsWriter(ledger), ledger, is_their_place=True)


def rows_of(path: Path | None) -> list[list[str]]:
    assert path is not None
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.reader(stream))


def verified_run(past: Past) -> int:
    run_id = past.run(Outcome.CREATED, Outcome.REFUSED, Outcome.CREATED)
    past.book.ledger.runs.note_verified({1: "held", 3: "twice: b"})
    return run_id


def test_only_verified_results_have_the_column(past: Past) -> None:
    """Not before verifying, not in the failed file, and not in the results of another run."""
    other = past.run(Outcome.CREATED, name="calls.csv")
    run_id = past.run(Outcome.CREATED, Outcome.REFUSED)
    before = written(past, run_id)
    assert rows_of(before.results)[0] == [*ETL_COLUMNS, "Email", "Remarks"]

    past.book.ledger.runs.note_verified({2: "held"})
    after = written(past, run_id)

    assert rows_of(after.results)[0] == [*ETL_COLUMNS, "etl_verified", "Email", "Remarks"]
    assert [line[7] for line in rows_of(after.results)[1:]] == ["held", ""]
    assert rows_of(after.failed)[0] == [*ETL_COLUMNS, "Email", "Remarks"]
    assert rows_of(written(past, other).results)[0] == [*ETL_COLUMNS, "Email", "Remarks"]


def test_verified_results_are_input_again(past: Past) -> None:
    """They are known as ours and by their rows; the column is none of the person's."""
    results = written(past, verified_run(past)).results
    assert results is not None
    ledger = past.book.ledger
    mapping = load(past.desk / "visits.yaml", ledger)

    (prepared,) = inputs([results], mapping, ledger)

    bound = bind(mapping.mapping, prepared.table)
    assert prepared.table.is_ours
    assert [column.header for column in bound.input] == ["Email", "Remarks"]
    assert prepared.unmapped == ()
    assert [row.lineage.row for rows in prepared.applied() for row in rows if row.lineage] == [2, 3, 4]


def test_verified_results_are_left_out_of_a_pattern(past: Past) -> None:
    """As etl wrote them they are no input among several, with that column as without."""
    results = written(past, verified_run(past)).results
    assert results is not None
    ledger, told = past.book.ledger, list[Event]()

    found = inputs([past.desk / "visits.csv", results], load(past.desk / "visits.yaml", ledger), ledger, told.append)

    assert [prepared.path.name for prepared in found] == ["visits.csv"]
    assert told == [Note("visits.results.csv is a results file as etl wrote it: left out.")]
