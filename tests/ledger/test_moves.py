"""A folder with files of runs that is moved."""

from __future__ import annotations

from pathlib import Path

from tests.ledger.books import Book, a_row


def test_files_are_looked_for_where_the_folder_went(book: Book, tmp_path: Path) -> None:
    """Input and results have the new place; what we wrote is known at both; a folder whose name begins alike is another."""
    run_id = book.begin([a_row(2)])
    old, new = tmp_path / "working" / "a_%", tmp_path / "done" / "a_%"
    alike = tmp_path / "working" / "a_%b"
    runs = book.ledger.runs
    runs.note_files(run_id, old / "a.results.csv", alike / "a.failed.csv")
    runs.note_output(old / "a.results.csv", "1" * 64, run_id)
    runs.note_output(new / "a.results.csv", "2" * 64, run_id)

    book.ledger.moves.note_folder(old, new)

    record = runs.get(run_id)
    assert record is not None
    assert (record.results_path, record.failed_path) == (str(new / "a.results.csv"), str(alike / "a.failed.csv"))
    assert [runs.output_hash(place / "a.results.csv") for place in (old, new)] == ["1" * 64, "1" * 64]
