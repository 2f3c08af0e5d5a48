"""What the files of a run are called."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl.errors import UsageError
from etl.reconciler.names import DELIMITED, WORKBOOK, FileKind, ResultNames, new_leads_beside


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
        ("export.xls", DELIMITED, "export.run41.results.csv", "export.results.csv", "export.failed.csv"),
        ("export.csv", WORKBOOK, "export.run41.results.xlsx", "export.results.xlsx", "export.failed.xlsx"),
        ("v. 1.2.csv", DELIMITED, "v. 1.2.run41.results.csv", "v. 1.2.results.csv", "v. 1.2.failed.csv"),
    ],
    ids=[
        "xlsx",
        "xlsm",
        "upper case",
        "csv",
        "tsv",
        "txt",
        "a failed file",
        "text called .xls",
        "workbook called .csv",
        "dots in the name",
    ],
)
def test_files_stand_beside_the_input(given: str, kind: FileKind, of_run: str, latest: str, failed: str) -> None:
    """The files are named after the input and the run, in its folder, and of the kind that its content is."""
    names = ResultNames.for_input(Path(given), 41, rehearsal=False, is_workbook=kind == WORKBOOK)

    assert names == ResultNames(kind, Path(latest), Path(failed), Path(of_run))


def test_a_rehearsal_is_not_taken_for_the_real_thing() -> None:
    """A rehearsal's files say so in their names, and none is kept under a run's number."""
    names = ResultNames.for_input(Path("visits.xlsx"), 3, rehearsal=True, is_workbook=True)

    assert names == ResultNames(
        WORKBOOK, Path("visits.rehearsal.results.xlsx"), Path("visits.rehearsal.failed.xlsx"), None
    )


def test_a_check_has_no_run() -> None:
    """Without a run only the unnumbered names exist."""
    assert ResultNames.for_input(Path("visits.xlsx"), None, rehearsal=False, is_workbook=True).of_run is None


def test_sheets_of_a_workbook_share_its_results() -> None:
    """Results and failed rows of all sheets go into one workbook; what is no results file has the sheet in its name."""
    names = [
        ResultNames.for_input(Path("v.xlsx"), 1, False, is_workbook=True, sheet=sheet)
        for sheet in ("North", "A<B", "A>B", "End.")
    ]

    assert {(name.latest.name, name.failed.name) for name in names} == {("v.results.xlsx", "v.failed.xlsx")}
    assert [new_leads_beside(name).name for name in names] == [
        "v.North.new-leads.csv",
        "v.A%3CB.new-leads.csv",
        "v.A%3EB.new-leads.csv",
        "v.End%2E.new-leads.csv",
    ]


@pytest.mark.parametrize(
    ("given", "stem"),
    [
        ("visits.csv.gz", "visits"),
        ("visits.csv.zip", "visits"),
        ("june.zip", "june"),
        ("june.2026.zip", "june.2026"),
        ("visits.gz", "visits"),
        ("stdin", "stdin"),
    ],
)
def test_packed_inputs_are_named_as_if_they_were_not(given: str, stem: str) -> None:
    """The endings of a packed file go, and of a name that has none nothing does."""
    names = ResultNames.for_input(Path(given), None, rehearsal=False, is_workbook=False)

    assert names.latest.name == f"{stem}.results.csv"


@pytest.mark.parametrize(
    ("option", "kind", "failed"),
    [("out/mine.csv", DELIMITED, "out/mine.failed.csv"), ("mine.XLSX", WORKBOOK, "mine.failed.XLSX")],
    ids=["csv", "xlsx"],
)
def test_results_go_exactly_where_the_person_says(option: str, kind: FileKind, failed: str) -> None:
    """With --results there is one results file at that place, of the kind its ending says, the failed file beside it."""
    names = ResultNames.for_input(Path("visits.xlsx"), 41, rehearsal=False, is_workbook=True, results=Path(option))

    assert names == ResultNames(kind, Path(option), Path(failed), None)


def test_results_of_an_unknown_kind_are_refused() -> None:
    """A name that ends in neither .xlsx nor .csv is refused before anything is sent, and the message says what to do."""
    with pytest.raises(UsageError, match=r'out\.xls: .* not "\.xls"\. Give a name with one of these endings'):
        ResultNames.for_input(Path("visits.xlsx"), 41, rehearsal=False, is_workbook=True, results=Path("out.xls"))
