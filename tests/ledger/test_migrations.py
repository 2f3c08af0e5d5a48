"""From version 1 to version 2: what was never noted is filled in so that nothing is believed that is not certain."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from etl.errors import LedgerError
from etl.ledger.migrations import STEPS
from etl.ledger.present import PRESENT_VERSION
from etl.ledger.store import Ledger
from etl.reconciler.trust import Trust
from etl.records import Outcome
from tests.clocks import ManualClock
from tests.ledger.books import Book, a_row, created, mark

VERSION_1 = Path(__file__).parent / "files" / "version_1.sql"
"""A run of 31 rows: request 1 answered, 25 created; request 2 lost, 6 unconfirmed."""

MORE = """
INSERT INTO requests (request_id, account_id, run_id, rate_window, boot_id, sent_mono, sent_at, ended_mono, verdict, rows)
VALUES (3, 1, 1, 'bulk', 'boot-1', 1.0, 1.0, NULL, NULL, 1), (4, 1, NULL, 'general', 'boot-1', 1.0, 1.0, 2.0, 'read', 0)"""


BEFORE_14 = """
DROP INDEX rows_by_activity;
CREATE UNIQUE INDEX rows_by_activity ON rows (account_id, activity_id) WHERE outcome = 'created' AND activity_id IS NOT NULL;
CREATE INDEX rows_from_elsewhere ON rows (account_id, activity_id)
    WHERE outcome = 'already_imported' AND activity_id IS NOT NULL;
CREATE INDEX rows_undone ON rows (account_id, activity_id) WHERE outcome = 'undone' AND activity_id IS NOT NULL;
UPDATE meta SET value = '13' WHERE name = 'schema_version'"""


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "old.db"
    with closing(sqlite3.connect(path)) as database:
        database.executescript(VERSION_1.read_text(encoding="utf-8"))
        database.execute(MORE)
        database.commit()
    return path


def opened(path: Path) -> Ledger:
    return Ledger(f"sqlite:///{path}", path.parent / "files", ManualClock())


def test_there_is_a_step_to_each_version() -> None:
    """A ledger that is taken for up to date has every step behind it."""
    assert len(STEPS) == PRESENT_VERSION


def test_old_requests_tell_no_more_than_is_certain(old: Path) -> None:
    """Ended ones count as ended after all there is, lost ones as late; one in the air has no end; stored rows witness."""
    query = "SELECT request_id, late, ended_after, witness IS NOT NULL, server_at FROM requests ORDER BY request_id"

    with opened(old) as ledger:
        requests = ledger._database.connection.exec_driver_sql(query).all()
        witness = ledger.doubts.freshest(1, 320)
        claimed = ledger.doubts.claimed(1, [witness.activity_id] if witness else [])
        doubts = [(doubt.request_id, doubt.late, len(doubt.rows)) for doubt in ledger.doubts.of_run(1)]
        trust = ledger.doubts.trust(1)

    assert requests == [(1, None, 4, 1, None), (2, 1, 4, 0, None), (3, None, None, 0, None), (4, None, 4, 0, None)]
    assert [claim.request_id for claim in claimed.values()] == [1]
    assert doubts == [(2, True, 6)]
    assert trust == Trust()


def test_a_step_that_fails_leaves_the_version_before(old: Path) -> None:
    """When the last statement of a step fails, the ledger is as it was; the next try goes through."""
    with closing(sqlite3.connect(old)) as database:
        database.execute("CREATE TRIGGER broken BEFORE UPDATE ON meta BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
        before = list(database.iterdump())

    with pytest.raises(LedgerError, match="cannot be used: disk is full"):
        opened(old)

    with closing(sqlite3.connect(old)) as database:
        assert list(database.iterdump()) == before
        database.execute("DROP TRIGGER broken")
    with opened(old) as ledger:
        assert ledger._database.connection.exec_driver_sql("SELECT value FROM meta").first() == (str(len(STEPS)),)


def as_of_version_13(book: Book, *words: str) -> None:
    """The ledger as an older etl has left it. words: of its rows, in their order."""
    for number, word in enumerate(words, start=1):
        values = {"row_id": number, "payload": mark("payload", word), "cells": mark("cells", word)}
        book.ledger._database.do("UPDATE rows SET payload = :payload, cells = :cells WHERE row_id = :row_id", values)
    for statement in BEFORE_14.split(";"):
        book.do(statement)


def test_rows_of_before_are_known_by_less_of_their_fingerprints(book: Book) -> None:
    """Equal rows, rows with equal cells and corrected ones are told as by the etl that sent them; their ids are held."""
    first = book.import_rows(a_row(2, "a", key="k"), a_row(3, "b", key="l"), a_row(4, "e", key="n"), unique=True)
    as_of_version_13(book, "a", "b", "e")

    now = book.neighbour()
    plan = now.plan([a_row(2, "a", key="k"), a_row(3, "c", key="l"), a_row(4, "d", key="m", cells="e")], unique=True)
    told = {row.row_number: row.outcome for row in plan.lines(0)}
    late = now.begin([a_row(9, "z", key="z")], unique=True)
    (row,) = now.waiting(late)
    (end,) = now.settle(now.intend(late), created(row, "id-1"))
    now.ledger.close()

    assert told == {2: Outcome.ALREADY_IMPORTED, 3: Outcome.CHANGED, 4: Outcome.ALREADY_IMPORTED}
    assert (end.outcome, end.code) == (Outcome.UNCONFIRMED, "id_taken")
    assert book.query(f"SELECT length(payload), length(cells) FROM rows WHERE run_id = {first}") == [(5, 8)] * 3


def test_an_update_that_is_killed_leaves_the_ledger_of_before(book: Book) -> None:
    """Whatever of it had been done; who opens the ledger then brings it to the present version."""
    book.import_rows(a_row(2, "a"), a_row(3, "b"))
    as_of_version_13(book, "a", "b")
    book.break_writing("UPDATE", "meta")

    with pytest.raises(LedgerError, match="disk is full"):
        book.neighbour()

    assert book.query("SELECT value FROM meta WHERE name = 'schema_version'") == [("13",)]
    assert book.query("SELECT length(payload), length(cells) FROM rows") == [(12, 12)] * 2
    book.do("DROP TRIGGER broken" + (" ON meta" if book.is_shared else ""))
    now = book.neighbour()
    assert now.query("SELECT length(payload), length(cells) FROM rows") == [(5, 8)] * 2
    now.ledger.close()
