"""Results beside an input that another ledger has left stop the run; our own never do."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import openpyxl
import pytest

from etl import pipeline
from etl.errors import UsageError
from etl.events import Event, Note
from etl.ledger.runs import Runs
from etl.records import ETL_COLUMNS, Outcome
from etl.stages import beside
from etl.stages.beside import refuse_strangers
from etl.stages.prepare import PreparedInput, inputs, load
from etl.stages.rewrite import names_of, write_again
from etl.stages.writer import ResultsWriter
from tests.past import Past, open_past

Line: TypeAlias = tuple[object, int, str]
"""etl_run, etl_row and ProspectActivityId of one line."""

HEADER = [*ETL_COLUMNS, "Email", "Remarks"]
STRANGE = "0b5e3cf1-0000-4000-8000-00000000"


@pytest.fixture
def past(tmp_path: Path) -> Iterator[Past]:
    """A ledger without runs, and a desk with `visits.csv`."""
    with open_past(tmp_path) as opened:
        opened.sheet("visits.csv", 3)
        yield opened


def put(past: Past, name: str, *lines: Line, header: Sequence[str] = HEADER) -> Path:
    """A file as etl writes it, .csv or .xlsx by its name, that this ledger does not know."""
    path = past.desk / name
    table = [list(header)]
    for run, row, activity_id in lines:
        own = dict(zip(ETL_COLUMNS, (row, "created", activity_id, "", "", "", run), strict=True))
        table.append([own.get(column, "x@example.com") for column in header])
    if path.suffix == ".xlsx":
        book = openpyxl.Workbook()
        assert book.active is not None
        for cells in table:
            book.active.append(cells)
        book.save(path)
    else:
        with path.open("w", encoding="utf-8-sig", newline="") as stream:
            csv.writer(stream).writerows(table)
    return path


def prepared(past: Past, name: str = "visits.csv") -> list[PreparedInput]:
    ledger = past.book.ledger
    return inputs([past.desk / name], load(past.desk / "visits.yaml", ledger), ledger)


def refusal(past: Past, name: str = "visits.csv") -> str | None:
    """Why a run of the input stops, None where it does not."""
    try:
        refuse_strangers(prepared(past, name), past.book.ledger, past.book.account_id)
    except UsageError as error:
        return error.message
    return None


def write_results(past: Past, run_id: int) -> tuple[Path, Path | None]:
    """Results and failed file of a run, by this ledger's own hand."""
    ledger = past.book.ledger
    run = ledger.runs.get(run_id)
    assert run is not None
    files = write_again(run, names_of(run), ResultsWriter(ledger), ledger, is_their_place=True)
    assert files.results is not None
    return files.results, files.failed


def edit(path: Path) -> None:
    """As a person's program saves it: the same lines in other bytes."""
    path.write_text(path.read_text(encoding="utf-8-sig").replace("visits.csv 2", "corrected"), encoding="utf-8-sig")


def another_scope(past: Past) -> None:
    ledger = past.book.ledger
    past.book.scope_id = ledger.accounts.scope(past.book.account_id, "calls", 321)


# --- what stops ------------------------------------------------------------------------------------------------------

Scene: TypeAlias = Callable[[Past], object]


STOPS: dict[str, tuple[Scene, str]] = {
    "results": (lambda past: put(past, "visits.results.csv", (7, 2, STRANGE)), "has no run 7"),
    "results of a workbook": (lambda past: put(past, "visits.results.xlsx", (7, 2, STRANGE)), "has no run 7"),
    "results under their run": (lambda past: put(past, "visits.run7.results.csv", (7, 2, STRANGE)), "has no run 7"),
    "a neighbour": (lambda past: put(past, "visits.results.2.csv", (7, 2, STRANGE)), "has no run 7"),
    "a failed file": (lambda past: put(past, "visits.failed.csv", (7, 2, "")), "has no run 7"),
    "one line of many": (
        lambda past: (past.run(Outcome.CREATED), put(past, "visits.failed.csv", (1, 2, "id-1"), (7, 3, ""))),
        "has no run 7",
    ),
    "the number of a run with other ids": (
        lambda past: (past.run(Outcome.CREATED), put(past, "visits.results.csv", (1, 2, STRANGE))),
        "run 1 of the ledger .* is another import, of visits.csv",
    ),
    "the number of a run of another sheet": (
        lambda past: (past.run(Outcome.REFUSED, name="calls.csv"), put(past, "visits.failed.csv", (1, 2, ""))),
        "run 1 of the ledger .* is another import, of calls.csv",
    ),
    "the number of a run through another mapping": (
        lambda past: (another_scope(past), past.run(Outcome.REFUSED), put(past, "visits.failed.csv", (1, 2, ""))),
        "run 1 of the ledger .* is another import, of visits.csv",
    ),
}


@pytest.mark.parametrize(("scene", "why"), STOPS.values(), ids=STOPS.keys())
def test_lines_of_a_run_that_is_not_ours_stop_the_run(past: Past, scene: Scene, why: str) -> None:
    """File, run and ledger are named, and so is what to do; nothing was written."""
    scene(past)
    runs = past.book.query("SELECT COUNT(*) FROM runs")

    message = refusal(past)

    assert message is not None
    with pytest.raises(UsageError, match=why):
        raise UsageError(message)
    assert "beside visits.csv" in message
    assert past.book.ledger.shown in message
    assert "ETL_LEDGER" in message
    assert "put it back from a backup" in message
    assert past.book.query("SELECT COUNT(*) FROM runs") == runs


def test_with_a_row_key_a_lost_ledger_can_be_rebuilt(past: Past) -> None:
    """Only row keys tell in LeadSquared which row an activity is, so only then rebuilding is offered."""
    mapping = past.desk / "visits.yaml"
    mapping.write_text(mapping.read_text(encoding="utf-8") + "row_key_field: mx_Custom_20\n", encoding="utf-8")
    put(past, "visits.results.csv", (7, 2, STRANGE))

    assert "etl ledger rebuild --event 320 --since DATE" in (refusal(past) or "")


# --- what does not ---------------------------------------------------------------------------------------------------


def ours_as_written(past: Past) -> None:
    write_results(past, past.run(Outcome.CREATED, Outcome.REFUSED))


def ours_edited(past: Past) -> None:
    for path in write_results(past, past.run(Outcome.CREATED, Outcome.REFUSED)):
        assert path is not None
        edit(path)


def ours_moved(past: Past) -> None:
    results, failed = write_results(past, past.run(Outcome.CREATED, Outcome.REFUSED))
    assert failed is not None
    failed.unlink()
    results.rename(results.with_name("visits.results.3.csv"))
    edit(results.with_name("visits.results.3.csv"))


def ours_of_another_mapping(past: Past) -> None:
    """In a sandbox first, then for good: the failed file of the first import lies there still, and was touched."""
    another_scope(past)
    ours_edited(past)


def ours_verified_since(past: Past) -> None:
    """A row was in doubt when the file was written, and has its id by now."""
    results, _ = write_results(past, past.run(Outcome.UNCONFIRMED, Outcome.CREATED))
    edit(results)
    past.book.do("UPDATE rows SET outcome = 'created', activity_id = x'0041' WHERE row_number = 2")


PASSES: dict[str, Scene] = {
    "nothing": lambda past: None,
    "ours as we wrote it": ours_as_written,
    "ours, changed by a person": ours_edited,
    "ours under another name": ours_moved,
    "ours, of another mapping": ours_of_another_mapping,
    "ours, settled since": ours_verified_since,
    "one id of ours among changed ones": lambda past: (
        past.run(Outcome.CREATED, Outcome.CREATED),
        put(past, "visits.results.csv", (1, 2, "typed over"), (1, 3, "ID-2")),
    ),
    "without ids, of this sheet": lambda past: (past.run(Outcome.REFUSED), put(past, "visits.failed.xlsx", (1, 2, ""))),
    "without etl_run": lambda past: put(past, "visits.failed.csv", ("", 2, "")),
    "etl_run typed over": lambda past: put(past, "visits.failed.csv", ("my own", 2, "")),
    "no number of a run": lambda past: put(past, "visits.failed.csv", (10**30, 2, ""), (7, 10**30, "")),
    "not ours by its columns": lambda past: put(
        past, "visits.results.csv", (7, 2, STRANGE), header=["etl_run", "etl_row", "Email"]
    ),
    "damaged": lambda past: (past.desk / "visits.results.xlsx").write_bytes(b"PK\x03\x04 cut off"),
    "a folder": lambda past: (past.desk / "visits.results.csv").mkdir(),
    "of another input": lambda past: put(past, "visits2.results.csv", (7, 2, STRANGE)),
    "of a rehearsal": lambda past: put(past, "visits.rehearsal.results.csv", (7, 2, STRANGE)),
}


@pytest.mark.parametrize("scene", PASSES.values(), ids=PASSES.keys())
def test_what_is_ours_or_says_nothing_does_not_stop(past: Past, scene: Scene) -> None:
    """Files that this ledger wrote, changed or moved or not, and files that name no run, are let be."""
    scene(past)

    assert refusal(past) is None


def test_a_file_as_we_wrote_it_is_not_read(past: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    """Results of a hundred thousand rows cost a look at their hash, no more; and those of no run cost nothing."""
    ours_as_written(past)
    made = prepared(past)
    monkeypatch.setattr(beside, "open_input", lambda *_: pytest.fail("it was read"))

    refuse_strangers(made, past.book.ledger, past.book.account_id)


# --- the input itself ------------------------------------------------------------------------------------------------

INPUTS: dict[str, tuple[Scene, str, str | None]] = {
    "of another ledger": (
        lambda past: put(past, "visits.failed.csv", (7, 2, "")),
        "visits.failed.csv",
        r"visits\.failed\.csv has lines of run 7, .* has no run 7.* delete its etl_ columns",
    ),
    "a workbook of another ledger": (
        lambda past: put(past, "fixed.xlsx", (7, 2, "")),
        "fixed.xlsx",
        r"fixed\.xlsx has lines of run 7",
    ),
    "of another sheet": (
        lambda past: (past.run(Outcome.REFUSED, name="calls.csv"), put(past, "visits.failed.csv", (1, 2, ""))),
        "visits.failed.csv",
        r"is another import, of calls\.csv",
    ),
    "ours, corrected": (
        lambda past: (past.run(Outcome.REFUSED), put(past, "visits.failed.csv", (1, 2, ""))),
        "visits.failed.csv",
        None,
    ),
    "ours, renamed": (
        lambda past: (past.run(Outcome.REFUSED), put(past, "fixed by Asha.csv", (1, 2, ""))),
        "fixed by Asha.csv",
        None,
    ),
    "ours as written": (ours_as_written, "visits.results.csv", None),
    "ours, beside strange results": (
        lambda past: (
            past.run(Outcome.REFUSED),
            put(past, "visits.failed.csv", (1, 2, "")),
            put(past, "visits.results.csv", (7, 2, STRANGE)),
        ),
        "visits.failed.csv",
        r"visits\.results\.csv, beside visits\.failed\.csv, has lines of run 7",
    ),
}


@pytest.mark.parametrize(("scene", "name", "why"), INPUTS.values(), ids=INPUTS.keys())
def test_an_input_that_is_a_file_of_ours_is_looked_at_too(past: Past, scene: Scene, name: str, why: str | None) -> None:
    """A corrected failed file of this ledger goes out, under whatever name; one of another ledger does not."""
    scene(past)
    message = refusal(past, name)

    if why is None:
        assert message is None
    else:
        with pytest.raises(UsageError, match=why):
            raise UsageError(message or "it did not stop")


def test_a_check_only_says_so(past: Past) -> None:
    """`etl check` goes on, with one note that a run would stop."""
    put(past, "visits.results.csv", (7, 2, STRANGE), (8, 3, STRANGE))
    told: list[Event] = []

    summary = pipeline.check(
        past.settings, [past.desk / "visits.csv"], past.desk / "visits.yaml", events=told.append, clock=past.clock
    )

    notes = [event.text for event in told if isinstance(event, Note)]
    assert summary.exit_code == 0
    assert [note.partition(":")[0] for note in notes] == ["A run would stop"]
    assert "visits.results.csv, beside visits.csv, has lines of run 7" in notes[0]


def test_ids_of_rows_are_found_by_their_numbers(past: Past) -> None:
    """Also those that an equal row holds; rows without an id, and runs that are not there, have none."""
    run_id = past.run(Outcome.CREATED, Outcome.REFUSED)
    past.book.do(
        "INSERT INTO rows (run_id, row_number, scope_id, account_id, outcome, known_row_id) "
        f"VALUES ({run_id}, 9, 1, 1, 'already_imported', 1)"
    )
    runs: Runs = past.book.ledger.runs

    assert runs.activity_ids(run_id, [2, 3, 9, 50]) == {2: "id-1", 9: "id-1"}
    assert runs.activity_ids(run_id + 1, [2]) == {}
