"""What is typed into the sheet "To correct" of a results workbook counts as if it stood in the sheet of rows."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from etl.errors import SourceError
from etl.reader import InputRules, open_input
from etl.reconciler.names import WORKBOOK
from etl.reconciler.results import Part, write_results_together
from etl.records import Cell, Column, Outcome, ResultLine, Table

HEADERS = ("Visit ID", "Visited On", "Budget", "Remarks")
GOOD: tuple[Cell, ...] = ("V-1", "01/06/2026", 4200, "met")
BAD: tuple[Cell, ...] = ("V-2", "31/02/2026", 12.5, "line\nbreak")
WORSE: tuple[Cell, ...] = ("V-3", "yesterday", None, "00417")

Book = Any  # openpyxl's, of which a test uses what it needs


def table(sheet: str = "Visits") -> Table:
    columns = tuple(Column(place, chr(65 + place), header) for place, header in enumerate(HEADERS))
    return Table(Path("visits.xlsx"), sheet, columns)


def lines(run: int | None = 7) -> list[ResultLine]:
    hint = 'B3: "31/02/2026" is no date. Type it as dd/mm/yyyy.'
    return [
        ResultLine(2, Outcome.CREATED, "id-1", None, None, None, run, GOOD),
        ResultLine(3, Outcome.INVALID, None, "no date", hint, "date_format", run, BAD),
        ResultLine(4, Outcome.INVALID, None, "no date", hint, "date_format", run, WORSE),
    ]


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """One row that is there and two that are not, as etl writes them."""
    return write(tmp_path / "visits.results.xlsx", Part(table(), lines()))


def write(path: Path, *parts: Part) -> Path:
    return write_results_together(path, parts, WORKBOOK, lambda _: True, "visits.failed.xlsx")


def change(path: Path, how: Callable[[Book], None]) -> None:
    """Open, do something, save, as a person does."""
    book = openpyxl.load_workbook(path)
    how(book)
    book.save(path)


def read(path: Path, sheet: str | None = None) -> list[tuple[Cell, ...]]:
    """The input's cells of all lines."""
    with open_input(path, InputRules(sheet)) as opened:
        letters = [column.letter for column in opened.table.columns if column.header in HEADERS]
        return [
            line
            for block in opened.blocks()
            for line in zip(*(block.columns[letter] for letter in letters), strict=True)
        ]


def findings_of(path: Path) -> list[str]:
    with pytest.raises(SourceError) as told:
        read(path)
    assert "Nothing was sent" in told.value.message
    return [str(one) for one in told.value.findings]


def typed(cells: Mapping[str, Cell]) -> Callable[[Book], None]:
    """Type over cells, named as `To correct!I3`."""

    def how(book: Book) -> None:
        for place, cell in cells.items():
            sheet, _, reference = place.partition("!")
            book[sheet][reference] = cell

    return how


def test_untouched_it_changes_nothing(results: Path) -> None:
    """As etl wrote it, the workbook holds the rows once: first the sheet of rows, then that of corrections."""
    book = openpyxl.load_workbook(results)
    to_correct = book["To correct"]

    assert book.sheetnames == ["Rows", "To correct"]
    assert book.active is book["Rows"]
    assert [cell.value for cell in to_correct["A"]] == ["etl_row", to_correct["A2"].value, 3, 4]
    assert to_correct["A2"].value.startswith("2 rows invalid (date_format): A text is not the date")
    assert 'For example row 3: B3: "31/02/2026" is no date' in to_correct["A2"].value
    assert to_correct.column_dimensions["L"].hidden and to_correct["L1"].value == "etl_was"
    assert read(results) == [GOOD, BAD, WORSE]


GOES_TOGETHER: dict[str, tuple[dict[str, Cell], tuple[Cell, ...]]] = {
    "only in To correct": ({"To correct!I3": "28/02/2026"}, ("V-2", "28/02/2026", 12.5, "line\nbreak")),
    "only in the rows": ({"Rows!I3": "28/02/2026"}, ("V-2", "28/02/2026", 12.5, "line\nbreak")),
    "the same in both": ({"Rows!I3": "x", "To correct!I3": "x"}, ("V-2", "x", 12.5, "line\nbreak")),
    "another cell in each": (
        {"Rows!K3": "called", "To correct!I3": "28/02/2026"},
        ("V-2", "28/02/2026", 12.5, "called"),
    ),
    "cleared": ({"To correct!K3": None}, ("V-2", "31/02/2026", 12.5, None)),
    "filled in the rows, and stored otherwise there": (
        {"Rows!I3": "28/02/2026", "To correct!J3": 12.500000000000001},
        ("V-2", "28/02/2026", 12.5, "line\nbreak"),
    ),
}


@pytest.mark.parametrize(("cells", "row"), GOES_TOGETHER.values(), ids=GOES_TOGETHER.keys())
def test_what_goes_together_is_taken(results: Path, cells: dict[str, Cell], row: tuple[Cell, ...]) -> None:
    """A cell that was typed in one sheet alone counts, whichever it is; all other cells stay as they are."""
    change(results, typed(cells))

    assert read(results) == [GOOD, row, WORSE]


def without_row_number(book: Book) -> None:
    book["To correct"].append([None] * 7 + ["V-9", "01/06/2026"])


def without_its_row(book: Book) -> None:
    book["Rows"].delete_rows(3)
    book["To correct"]["I3"] = "28/02/2026"


def without_marks(book: Book) -> None:
    book["To correct"]["L3"] = None
    book["To correct"]["I3"] = "28/02/2026"


def twice_in_the_same_sheet(book: Book) -> None:
    sheet = book["To correct"]
    sheet.append([cell.value for cell in sheet[3]])
    sheet["I3"], sheet["I5"] = "28/02/2026", "27/02/2026"


CLASHES: dict[str, tuple[Callable[[Book], None], str]] = {
    "two dates": (
        typed({"Rows!I3": "27/02/2026", "To correct!I3": "28/02/2026"}),
        'To correct!I3 "Visited On": "28/02/2026" was typed here, and "27/02/2026" into Rows!I3, for the same row. '
        "Decide which one is right, and type it into both cells.",
    ),
    "marks cleared": (
        without_marks,
        'To correct!I3 "Visited On": "28/02/2026" was typed here, and "31/02/2026" into Rows!I3, for the same row. '
        "Decide which one is right, and type it into both cells.",
    ),
    "a line copied and corrected twice": (
        twice_in_the_same_sheet,
        'To correct!I5 "Visited On": "27/02/2026" was typed here, and "28/02/2026" into Rows!I3, for the same row. '
        "Decide which one is right, and type it into both cells.",
    ),
    "its row deleted": (
        without_its_row,
        'To correct!I3: This line was corrected, and no line of the sheet of rows has its etl_row "3" and etl_run "7". '
        "Restore the line there, or etl_row and etl_run here, from the results as etl wrote them (etl results RUN).",
    ),
    "a new line": (
        without_row_number,
        'To correct!H5 "Visit ID": This line has values and no etl_row, so it corrects no row. '
        "A new row belongs into the sheet of rows, with its etl_ columns left empty; else clear these cells.",
    ),
}


@pytest.mark.parametrize(("how", "told"), CLASHES.values(), ids=CLASHES.keys())
def test_what_clashes_is_told_with_both_cells(results: Path, how: Callable[[Book], None], told: str) -> None:
    """What cannot be decided is not guessed: nothing is read, and the finding names the cells and what to do."""
    change(results, how)

    assert findings_of(results) == [f"{results}, {told}"]


def test_columns_are_known_by_their_headers(results: Path) -> None:
    """A person has moved a column, added one of their own and deleted one: what is typed still finds its cell."""

    def how(book: Book) -> None:
        rows, sheet = book["Rows"], book["To correct"]
        sheet["I3"] = "28/02/2026"
        sheet.delete_cols(10)  # Budget
        sheet.insert_cols(8)
        sheet["H1"], sheet["H4"] = "checked by", "Ravi"
        rows.insert_cols(1)
        rows["A1"], rows["A3"] = "my notes", "asked Asha"

    change(results, how)

    assert read(results) == [GOOD, ("V-2", "28/02/2026", 12.5, "line\nbreak"), WORSE]


def test_a_summary_put_first_and_a_hidden_sheet_change_nothing(results: Path) -> None:
    """The order of the sheets and what is hidden are a person's own affair; the text is that of our summary."""

    def how(book: Book) -> None:
        book.create_sheet("Summary", 0)["A1"] = "What became of visits.xlsx"
        book["To correct"]["I3"] = "28/02/2026"
        book["To correct"].sheet_state = "hidden"
        book.move_sheet("To correct", -1)

    change(results, how)

    assert read(results)[1] == ("V-2", "28/02/2026", 12.5, "line\nbreak")


def test_alone_it_is_an_input(results: Path) -> None:
    """A workbook with nothing but the sheet of corrections is read as one, its titles left out."""

    def how(book: Book) -> None:
        book["To correct"]["I3"] = "28/02/2026"
        del book["Rows"]

    change(results, how)

    assert read(results) == [("V-2", "28/02/2026", 12.5, "line\nbreak"), WORSE]


@pytest.mark.parametrize("run", [7, None], ids=["of a run", "of a rehearsal"])
def test_each_sheet_of_several_gets_its_own_corrections(tmp_path: Path, run: int | None) -> None:
    """The lines of two inputs have equal row numbers, and in a rehearsal no run either: none is taken for the other."""
    other = None if run is None else run + 1
    path = write(tmp_path / "visits.results.xlsx", Part(table("North"), lines(run)), Part(table("South"), lines(other)))
    change(path, typed({"To correct South!I3": "28/02/2026", "To correct North!K4": "417"}))

    assert openpyxl.load_workbook(path).sheetnames == ["North", "South", "To correct North", "To correct South"]
    assert read(path, "North") == [GOOD, BAD, (*WORSE[:3], "417")]
    assert read(path, "South") == [GOOD, ("V-2", "28/02/2026", 12.5, "line\nbreak"), WORSE]


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_what_libreoffice_saves_is_taken_back(results: Path, tmp_path: Path) -> None:
    """Corrected, and stored again by LibreOffice, which changes styles and texts in its own way: only what was typed counts."""
    change(results, typed({"To correct!I3": "28/02/2026", "Rows!K4": "417"}))
    profile = f"-env:UserInstallation=file://{tmp_path}/profile"
    command = ["soffice", profile, "--headless", "--convert-to", "xlsx", "--outdir", tmp_path / "saved", results]
    subprocess.run(command, check=True, capture_output=True, timeout=120)

    assert read(tmp_path / "saved" / results.name) == [
        GOOD,
        ("V-2", "28/02/2026", 12.5, "line\nbreak"),
        (*WORSE[:3], "417"),
    ]
