"""From version 1 to version 2: what was never noted is filled in so that nothing is believed that is not certain."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from etl.errors import LedgerError
from etl.ledger.migrations import STEPS
from etl.ledger.store import Ledger
from etl.reconciler.trust import Trust
from tests.clocks import ManualClock

VERSION_1 = Path(__file__).parent / "files" / "version_1.sql"
"""A run of 31 rows: request 1 answered, 25 created; request 2 lost, 6 unconfirmed."""

MORE = """
INSERT INTO requests (request_id, account_id, run_id, rate_window, boot_id, sent_mono, sent_at, ended_mono, verdict, rows)
VALUES (3, 1, 1, 'bulk', 'boot-1', 1.0, 1.0, NULL, NULL, 1), (4, 1, NULL, 'general', 'boot-1', 1.0, 1.0, 2.0, 'read', 0)"""


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
