"""Whether a run may simply go on, and who asked it to stop: rows that went out with other runs since, doubts, reasons."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import pytest

from etl.chunker import Group
from etl.ledger.plan import StagedRow
from etl.ledger.requests import Taken
from etl.mapping.model import OnChange
from etl.operations import OPERATIONS
from etl.records import Outcome
from etl.stages.forecast import match
from tests.ledger.books import Book, a_row, created, left_out, lost

Steps = Callable[[Book, Book], int]
"""What happens to a ledger in two processes. Returns the run that is asked about."""


def waiting_run(book: Book, *rows: StagedRow, unique: bool = False) -> int:
    return book.begin(rows or [a_row(2, cells="x")], unique=unique)


def nothing_newer(book: Book, other: Book) -> int:
    other.import_rows(a_row(9, "z"))
    return waiting_run(book)


def same_cells_later(book: Book, other: Book) -> int:
    run_id = waiting_run(book)
    other.import_rows(a_row(9, "under another mapping", cells="x"))
    return run_id


def same_cells_in_the_air(book: Book, other: Book) -> int:
    run_id = waiting_run(book)
    other.intend(other.begin([a_row(9, "b", cells="x")]))
    return run_id


def same_cells_ended(outcome: Outcome) -> Steps:
    def steps(book: Book, other: Book) -> int:
        run_id = waiting_run(book)
        other.send(other.begin([a_row(9, "b", cells="x")]), outcome)
        return run_id

    return steps


def same_cells_only_planned(book: Book, other: Book) -> int:
    run_id = waiting_run(book)
    other.begin([a_row(9, "b", cells="x")])
    return run_id


def same_cells_before(book: Book, other: Book) -> int:
    other.send(other.begin([a_row(9, "b", cells="x")]), Outcome.REFUSED)
    other.import_rows(a_row(3, "c", cells="y"))
    run_id = waiting_run(book, a_row(2, cells="x"), a_row(3, "d", cells="y"))
    assert book.outcomes(run_id) == {2: Outcome.WAITING, 3: Outcome.ALREADY_IMPORTED}
    return run_id


def same_values_later(book: Book, other: Book) -> int:
    run_id = waiting_run(book)
    other.import_rows(a_row(9, cells="another unmapped column"))
    return run_id


def same_values_later_at_another_place(book: Book, other: Book) -> int:
    run_id = waiting_run(book, a_row(2, cells="x"), a_row(3, cells="y"))
    (_, second) = book.waiting(run_id)
    book.settle(book.intend(run_id, [second]), created(second))
    other.import_rows(a_row(8, cells="v"), a_row(9, cells="w"))
    return run_id


def same_key_later(book: Book, other: Book) -> int:
    run_id = waiting_run(book, a_row(2, "a", key="k", cells="x"), unique=True)
    other.import_rows(a_row(9, "b", key="k", cells="y"), unique=True)
    return run_id


def its_own_rows(book: Book, _: Book) -> int:
    run_id = waiting_run(book, a_row(2, cells="x"), a_row(3, cells="x"), a_row(4, "b", cells="x"))
    first = book.waiting(run_id)[0]
    book.settle(book.intend(run_id, [first]), created(first))
    return run_id


def known_when_planned(book: Book, other: Book) -> int:
    other.import_rows(a_row(9, cells="x"))
    run_id = waiting_run(book, a_row(2, cells="x"), a_row(3, "b"))
    other.begin([a_row(9, cells="x")], again=True)
    return run_id


def known_and_sent_once_more(book: Book, other: Book) -> int:
    other.import_rows(a_row(9, cells="x"))
    run_id = waiting_run(book, a_row(2, cells="x"), a_row(3, "b"))
    other.send(other.begin([a_row(9, cells="x")], again=True))
    return run_id


def nothing_waits(book: Book, other: Book) -> int:
    run_id = waiting_run(book, a_row(2, cells="x"))
    book.send(run_id, Outcome.REFUSED)
    other.import_rows(a_row(9, cells="x"))
    return run_id


def line_sent_later(book: Book, other: Book) -> int:
    earlier = other.begin([a_row(5, "bad", cells="bad")])
    run_id = waiting_run(book, a_row(2, "mine", line=(earlier, 5)))
    other.send(earlier)
    return run_id


def line_corrected_otherwise(book: Book, other: Book) -> int:
    earlier = other.begin([left_out(5)])
    run_id = waiting_run(book, a_row(2, "mine", line=(earlier, 5)))
    other.import_rows(a_row(7, "theirs", line=(earlier, 5)))
    return run_id


def line_refused_later(book: Book, other: Book) -> int:
    earlier = other.begin([a_row(5, "bad", cells="bad")])
    run_id = waiting_run(book, a_row(2, "mine", line=(earlier, 5)))
    other.send(earlier, Outcome.REFUSED)
    return run_id


def another_line_sent_later(book: Book, other: Book) -> int:
    earlier = other.begin([a_row(5, "bad"), a_row(6, "worse")])
    run_id = waiting_run(book, a_row(2, "mine", line=(earlier, 5)))
    other.send(earlier, {5: Outcome.WAITING})
    return run_id


def line_of_another_mapping(book: Book, other: Book) -> int:
    scope_id = book.ledger.accounts.scope(book.account_id, "calls", 7)
    stranger = Book(book.ledger, book.clock, book.account_id, scope_id, book.hashes)
    earlier = stranger.begin([a_row(5, "bad")])
    run_id = waiting_run(book, a_row(2, "mine", cells="x", line=(earlier, 5)))
    stranger.send(earlier)
    stranger.import_rows(a_row(9, "mine", cells="x"))
    return run_id


def its_correction_was_its_own(book: Book, _: Book) -> int:
    earlier = book.begin([left_out(5), left_out(6)])
    run_id = waiting_run(book, a_row(2, line=(earlier, 5)), a_row(3, "b", line=(earlier, 6)))
    first = book.waiting(run_id)[0]
    book.settle(book.intend(run_id, [first]), created(first))
    return run_id


def duplicates_asked_for(book: Book, other: Book) -> int:
    other.import_rows(a_row(9, cells="x"))
    return book.begin([a_row(2, cells="x")], again=True)


def duplicates_that_another_run_sent(book: Book, other: Book) -> int:
    other.import_rows(a_row(9, cells="x"))
    run_id = book.begin([a_row(2, cells="x")], again=True)
    other.send(other.begin([a_row(9, cells="x")], again=True))
    return run_id


def freed_and_sent_by_its_holder(book: Book, other: Book) -> int:
    theirs = other.begin([a_row(9, "old mapping", cells="x")])
    (row,) = other.waiting(theirs)
    request_id = other.intend(theirs)
    other.settle(request_id, lost(row))
    run_id = waiting_run(book, a_row(2, "new mapping", cells="x"))
    other.ledger.requests.let_go_as_probe(row.row_id)
    assert [one.row_number for one in book.waiting(run_id)] == [2]
    other.send(theirs)
    return run_id


def of_an_older_ledger(book: Book, other: Book) -> int:
    other.send(other.begin([a_row(9, "b", cells="x")]), Outcome.REFUSED)
    run_id = waiting_run(book)
    other.do(f"UPDATE runs SET planned_after = NULL WHERE run_id = {run_id}")
    return run_id


CASES = [
    pytest.param(nothing_newer, False, id="nothing newer"),
    pytest.param(same_cells_later, True, id="the same cells, stored later by another run"),
    pytest.param(same_cells_in_the_air, True, id="the same cells, in the air"),
    pytest.param(same_cells_ended(Outcome.UNCONFIRMED), True, id="the same cells, lost"),
    pytest.param(same_cells_ended(Outcome.REFUSED), False, id="the same cells, refused"),
    pytest.param(same_cells_ended(Outcome.WAITING), False, id="the same cells, not carried out"),
    pytest.param(same_cells_only_planned, False, id="the same cells, only planned"),
    pytest.param(same_cells_before, False, id="the same cells, sent before the plan"),
    pytest.param(same_values_later, True, id="other cells that make the same values"),
    pytest.param(same_values_later_at_another_place, True, id="equal rows under other ordinals"),
    pytest.param(same_key_later, True, id="the same key with other values"),
    pytest.param(its_own_rows, False, id="equal rows of its own"),
    pytest.param(known_when_planned, False, id="rows that were known when it was planned"),
    pytest.param(known_and_sent_once_more, False, id="rows that were known, sent once more by another run"),
    pytest.param(nothing_waits, False, id="nothing waits any more"),
    pytest.param(line_sent_later, True, id="its line, sent by the run that it comes from"),
    pytest.param(line_corrected_otherwise, True, id="its line, corrected by another run"),
    pytest.param(line_refused_later, False, id="its line, refused"),
    pytest.param(another_line_sent_later, False, id="another line of that run"),
    pytest.param(line_of_another_mapping, False, id="another mapping"),
    pytest.param(its_correction_was_its_own, False, id="lines that it has corrected itself"),
    pytest.param(duplicates_asked_for, False, id="duplicates on purpose"),
    pytest.param(duplicates_that_another_run_sent, True, id="duplicates on purpose that another run has sent"),
    pytest.param(freed_and_sent_by_its_holder, True, id="freed, and then sent by the row it was taken for"),
    pytest.param(of_an_older_ledger, False, id="an older ledger, nothing stored"),
]


@pytest.mark.parametrize(("steps", "is_overtaken"), CASES)
def test_a_run_is_overtaken_when_another_one_has_sent_what_waits_in_it(
    book: Book, other: Book, steps: Steps, *, is_overtaken: bool
) -> None:
    """Then its input is compared anew; else it goes on, and nothing that waits in it is known by now."""
    run_id = steps(book, other)

    assert book.ledger.runs.is_overtaken(run_id) is is_overtaken


def test_an_older_ledger_is_compared_anew_when_in_doubt(book: Book, other: Book) -> None:
    """Where it was not noted when a run was planned, whatever another one has sent counts as sent later."""
    other.import_rows(a_row(9, cells="x"))
    run_id = book.begin([a_row(2, cells="x")], again=True)
    other.do(f"UPDATE runs SET planned_after = NULL WHERE run_id = {run_id}")

    assert book.ledger.runs.is_overtaken(run_id)


def test_a_run_notes_the_newest_request_when_it_begins(book: Book) -> None:
    """Anybody's: what is sent later has a higher number, whatever the clocks do."""
    first = book.begin([a_row(2)])
    book.send(first)
    second = book.begin([a_row(2, "b")])

    assert book.query("SELECT planned_after FROM runs ORDER BY run_id") == [(None,), (1,)]
    assert (first, second) == (1, 2)


def test_a_stop_is_asked_for_once_and_cleared(book: Book, other: Book) -> None:
    """Another process sees and clears it; a run that nobody asked to stop is not written."""
    runs, run_id, beside = book.ledger.runs, book.begin([a_row(2)]), book.begin([a_row(2, "b")])
    book.do(f"UPDATE runs SET stop_asked_at = 5.0 WHERE run_id = {run_id}")

    assert (other.ledger.runs.is_stop_asked(run_id), other.ledger.runs.is_stop_asked(beside)) == (True, False)
    other.ledger.runs.clear_stop(beside)
    assert runs.is_stop_asked(run_id)
    other.ledger.runs.clear_stop(run_id)
    assert not runs.is_stop_asked(run_id)
    assert not runs.is_stop_asked(99)


def test_a_run_has_doubts_while_a_row_is_unconfirmed(book: Book, other: Book) -> None:
    """Its own rows in the air and lost ones, and rows that were taken for those of other runs."""
    runs, run_id = book.ledger.runs, book.begin([a_row(2), a_row(3, "b")])
    first, second = book.waiting(run_id)
    assert not runs.has_doubts(run_id)
    request_id = book.intend(run_id)
    assert runs.has_doubts(run_id)
    book.settle(request_id, created(first), lost(second))
    beside = other.begin([a_row(9, "b")])
    assert (runs.has_doubts(run_id), runs.has_doubts(beside)) == (True, True)

    book.read_back(request_id, created(second))

    assert (runs.has_doubts(run_id), runs.has_doubts(beside)) == (False, False)


def test_why_a_row_is_in_doubt_is_kept_while_it_is(book: Book) -> None:
    """The reason replaces the one before; a row that has its end by now is left alone."""
    run_id = book.begin([a_row(2), a_row(3, "b")])
    first, second = book.waiting(run_id)
    book.settle(book.intend(run_id), lost(first), created(second))

    book.ledger.runs.note_reasons({first.row_id: "two activities like it", second.row_id: "none"})
    book.ledger.runs.note_reasons({})

    assert [(line.outcome, line.error, line.code) for line in book.lines(run_id)] == [
        (Outcome.UNCONFIRMED, "two activities like it", "unconfirmed"),
        (Outcome.CREATED, None, None),
    ]


def test_what_is_left_to_send_is_counted_by_company(book: Book) -> None:
    """Rows that follow others, rows in the air and rows with an end do not count."""
    run_id = book.begin(
        [a_row(2, key="a"), a_row(3, key="b"), a_row(4, key="b"), a_row(5, key="c"), left_out(6)], unique=True
    )
    book.do("UPDATE rows SET together = 5 WHERE row_number IN (3, 4)")
    assert book.ledger.runs.counts_to_send(run_id) == {Group(2): 1, Group(1, together=5): 1}
    assert book.ledger.runs.count_to_send(run_id) == 3

    first = book.waiting(run_id)[0]
    book.settle(book.intend(run_id, [first]), lost(first))

    assert book.ledger.runs.counts_to_send(run_id) == {Group(1): 1, Group(1, together=5): 1}
    assert book.ledger.runs.counts_to_send(99) == {}


@pytest.mark.parametrize("unique", [True, False], ids=["by its key", "by what it sends"])
def test_rows_that_go_out_elsewhere_while_they_are_compared_go_out_once(
    book: Book, other: Book, unique: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another import sends the same rows between two questions of one comparison: its rows are those, not equal ones beside."""
    rows = [a_row(number, f"visit {number}", key=f"{number}" if unique else None) for number in (2, 3)]
    mapping = SimpleNamespace(unique_by=["Visit ID"] if unique else [], on_change=OnChange.REPORT)
    loaded = SimpleNamespace(mapping=mapping, operation=OPERATIONS["add-by-lead-field"])
    plan = book.ledger.plan()
    plan.stage(0, rows)
    number_equals = plan.number_equals

    def overtaken(input_no: int, scope_id: int | None) -> None:
        other.import_rows(*rows, unique=unique)
        number_equals(input_no, scope_id)

    monkeypatch.setattr(plan, "number_equals", overtaken)
    match(SimpleNamespace(number=0, mapping=loaded), plan, book.scope_id, None)  # type: ignore[arg-type] # as much as is asked
    run_id = book.ledger.runs.begin(book.new_run(2), plan, 0)
    reserved = book.reserve(run_id)

    assert isinstance(reserved, Taken)
    assert set(book.outcomes(run_id).values()) == {Outcome.ALREADY_IMPORTED}
