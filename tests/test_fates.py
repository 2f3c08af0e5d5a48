"""benchmarks/peers.py sets commands side by side: what it counts of their rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import Workbook

from benchmarks.fates import Fates, Told, fates, notes, results


@pytest.mark.parametrize(
    ("held", "told", "found"),
    [
        pytest.param(["a"], Told({"V": {"a"}}), Fates(0, 0, 0), id="stored-and-told"),
        pytest.param(["a"], Told({}), Fates(0, 0, 1), id="stored-and-not-told"),
        pytest.param(["a"], Told({}, {"V"}), Fates(0, 0, 1), id="stored-and-denied"),
        pytest.param(["a"], Told({"V": {"b"}}), Fates(0, 0, 1), id="stored-under-another-id"),
        pytest.param(["a", "b"], Told({"V": {"b"}}), Fates(0, 1, 1), id="doubled-and-one-told"),
        pytest.param(["a", "b"], Told({"V": {"a", "b"}}), Fates(0, 1, 0), id="doubled-and-both-told"),
        pytest.param(["a", "b", "c"], Told({"V": {"a", "b"}}), Fates(0, 1, 1), id="three-times-is-one-row-doubled"),
        pytest.param([], Told({"V": {"a"}}), Fates(1, 0, 1), id="lost-and-called-stored"),
        pytest.param([], Told({}), Fates(1, 0, 1), id="lost-and-not-told"),
        pytest.param([], Told({}, {"V"}), Fates(1, 0, 0), id="lost-and-told"),
        pytest.param([], Told({"V": {"a"}}, {"V"}), Fates(1, 0, 1), id="lost-and-told-both"),
    ],
)
def test_a_rows_fate_is_counted_from_what_is_held_and_what_is_told(held: list[str], told: Told, found: Fates) -> None:
    """Each row is lost or not, doubled or not, and told only where the records name exactly what the server holds."""
    assert fates(["V"], {"V": held} if held else {}, told) == found


def test_rows_of_the_sheet_are_counted_and_no_others() -> None:
    """Fates add up over the sheet's rows; what the server holds beside them does not count."""
    stored = {"V-1": ["a"], "V-2": ["b", "c"], "V-4": ["d", "e"]}
    told = Told({"V-1": {"a"}, "V-2": {"c"}})
    assert fates(["V-1", "V-2", "V-3"], stored, told) == Fates(lost=1, doubled=1, untold=2)


def test_notes_of_several_runs_are_taken_together(tmp_path: Path) -> None:
    """A row that was answered twice has two ids; one that was refused, and stored later, is stored; no file tells nothing."""
    noted = tmp_path / "answered.csv"
    assert notes(noted) == Told({}, set())
    noted.write_text('V-1,a,\nV-1,b,\nV-2,,"no lead, alas"\nV-3,,no lead\nV-3,c,\n', encoding="utf-8")
    assert notes(noted) == Told({"V-1": {"a", "b"}, "V-3": {"c"}}, {"V-2"})


def test_a_results_file_tells_nothing_of_its_unconfirmed_rows(tmp_path: Path) -> None:
    """Ids count where the row is created or there already; refused rows are not stored; unconfirmed ones are not told."""
    book = Workbook()
    for line in (
        ["etl_row", "etl_status", "ProspectActivityId", "Visit ID"],
        [2, "created", "a", "V-1"],
        [3, "already_imported", "b", "V-2"],
        [4, "refused", None, "V-3"],
        [5, "unconfirmed", "c", "V-4"],
        [6, "waiting", None, "V-5"],
    ):
        book.worksheets[0].append(line)
    book.save(tmp_path / "visits.results.xlsx")
    assert results(tmp_path / "visits.results.xlsx", "Visit ID") == Told({"V-1": {"a"}, "V-2": {"b"}}, {"V-3", "V-5"})
