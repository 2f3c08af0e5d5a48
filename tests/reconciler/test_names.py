"""What the files of a run are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl.errors import UsageError
from etl.reconciler.names import DELIMITED, WORKBOOK, FileKind, ResultNames


@pytest.mark.parametrize(
    ("given", "kind", "of_run", "latest", "failed"),
    [
        ("in/visits.xlsx", WORKBOOK, "in/visits.run41.results.xlsx", "in/visits.results.xlsx", "in/visits.failed.xlsx"),
        ("visits.xlsm", WORKBOOK, "visits.run41.results.xlsx", "visits.results.xlsx", "visits.failed.xlsx"),
        ("VISITS.XLSX", WORKBOOK, "VISITS.run41.results.xlsx", "VISITS.results.xlsx", "VISITS.failed.xlsx"),
        ("visits.csv", DELIMITED, "visits.run41.results.csv", "visits.results.csv", "visits.failed.csv"),
        ("visits.tsv", DELIMITED, "visits.run41.results.csv", "visits.results.csv", "visits.failed.csv"),
        ("visits.txt", DELIMITED, "visits.run41.results.csv", "visits.results.csv", "visits.failed.csv"),
        (
            "visits.failed.xlsx",
            WORKBOOK,
            "visits.failed.run41.results.xlsx",
            "visits.failed.results.xlsx",
            "visits.failed.failed.xlsx",
        ),
        ("v. 1.2.csv", DELIMITED, "v. 1.2.run41.results.csv", "v. 1.2.results.csv", "v. 1.2.failed.csv"),
    ],
    ids=["xlsx", "xlsm", "upper case", "csv", "tsv", "txt", "a failed file", "dots in the name"],
)
def test_files_stand_beside_the_input(given: str, kind: FileKind, of_run: str, latest: str, failed: str) -> None:
    """The files are named after the input and the run, in its folder, and of its kind."""
    names = ResultNames.for_input(Path(given), 41, rehearsal=False)

    assert names == ResultNames(kind, Path(latest), Path(failed), Path(of_run))


def test_a_rehearsal_is_not_taken_for_the_real_thing() -> None:
    """A rehearsal's files say so in their names, and none is kept under a run's number."""
    names = ResultNames.for_input(Path("visits.xlsx"), 3, rehearsal=True)

    assert names == ResultNames(
        WORKBOOK, Path("visits.rehearsal.results.xlsx"), Path("visits.rehearsal.failed.xlsx"), None
    )


def test_a_check_has_no_run() -> None:
    """Without a run only the unnumbered names exist."""
    assert ResultNames.for_input(Path("visits.xlsx"), None, rehearsal=False).of_run is None


def test_each_sheet_has_files_of_its_own() -> None:
    """Sheets of one workbook do not overwrite each other's files, even where a name cannot be a file's name."""
    names = [ResultNames.for_input(Path("v.xlsx"), 1, False, sheet=sheet) for sheet in ("North", "A<B", "A>B", "End.")]

    assert [name.latest.name for name in names] == [
        "v.North.results.xlsx",
        "v.A%3CB.results.xlsx",
        "v.A%3EB.results.xlsx",
        "v.End%2E.results.xlsx",
    ]


@pytest.mark.parametrize(
    ("option", "kind", "failed"),
    [("out/mine.csv", DELIMITED, "out/mine.failed.csv"), ("mine.XLSX", WORKBOOK, "mine.failed.XLSX")],
    ids=["csv", "xlsx"],
)
def test_results_go_exactly_where_the_person_says(option: str, kind: FileKind, failed: str) -> None:
    """With --results there is one results file at that place, of the kind its ending says, the failed file beside it."""
    names = ResultNames.for_input(Path("visits.xlsx"), 41, rehearsal=False, results=Path(option))

    assert names == ResultNames(kind, Path(option), Path(failed), None)


def test_results_of_an_unknown_kind_are_refused() -> None:
    """A name that ends in neither .xlsx nor .csv is refused before anything is sent, and the message says what to do."""
    with pytest.raises(UsageError, match=r'out\.xls: .* not "\.xls"\. Give a name with one of these endings'):
        ResultNames.for_input(Path("visits.xlsx"), 41, rehearsal=False, results=Path("out.xls"))
