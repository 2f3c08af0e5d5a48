"""Pruning a ledger beside which a queue waits."""

from __future__ import annotations

from pathlib import Path

import pytest

from etl.clock import SystemClock
from etl.errors import LedgerError
from etl.fleet.engine import app_for_a_moment
from etl.fleet.order import KeptFile, Order
from etl.fleet.place import do, opened
from etl.fleet.queueing import put_into_queue
from etl.fleet.submissions import stop
from etl.ledger.store import Ledger
from etl.settings import Settings
from tests.fleet.conftest import Submit
from tests.postgresql import LOCKED_USER, PASSWORD, Server


def test_what_waits_in_the_queue_keeps_its_files(settings: Settings, tmp_path: Path) -> None:
    """Sheet, mapping and lookup files of a submission, however long it waits; once it is over they may go."""
    before = SystemClock().now().timestamp() + 60
    with Ledger(settings.ledger_url, settings.ledger_files, SystemClock()) as ledger:
        kept = {}
        for kind in ("input", "mapping", "lookup", "stray"):
            (tmp_path / kind).write_text(kind, encoding="utf-8")
            kept[kind] = KeptFile(kind, ledger.copies.keep(tmp_path / kind, kind.replace("stray", "input")))
        order = Order("prod", "/desk/input", kept["input"], kept["mapping"], "visits", (kept["lookup"],))
        with opened(settings) as connection, app_for_a_moment(settings).open() as app:
            number, _ = put_into_queue(order, connection, app)
        waiting = ledger.pruning.prunable(before).files
        forgotten = ledger.pruning.forget_copies(before)[0]
        there = [kind for kind, one in kept.items() if ledger.copies.has(one.hash)]
        stop(settings, number)
        over = ledger.pruning.prunable(before).files

    assert (waiting, forgotten, over) == (1, 1, 3)
    assert there == ["input", "mapping", "lookup"]


def test_a_ledger_without_a_queue_is_pruned(settings: Settings, tmp_path: Path) -> None:
    """Most ledgers have none."""
    with opened(settings) as connection:
        do(connection, "DROP SCHEMA etl_fleet CASCADE")
    with Ledger(settings.ledger_url, settings.ledger_files, SystemClock()) as ledger:
        (tmp_path / "a.csv").write_text("a", encoding="utf-8")
        ledger.copies.keep(tmp_path / "a.csv", "input")

        assert ledger.pruning.forget_copies(SystemClock().now().timestamp() + 60)[0] == 1


def test_who_may_not_look_into_the_queue_is_told_the_right(
    settings: Settings, postgresql: Server, submit: Submit, tmp_path: Path
) -> None:
    """What is named suffices; nothing is forgotten before, and where there is no queue nobody needs it."""
    submit()
    database = settings.ledger_url.rpartition("/")[2]
    postgresql.do(f"GRANT ALL ON SCHEMA public TO {LOCKED_USER}", database)
    theirs = postgresql.url(database, LOCKED_USER, PASSWORD)
    before = SystemClock().now().timestamp() + 60
    with Ledger(theirs, tmp_path / "theirs", SystemClock()) as ledger:
        (tmp_path / "a.csv").write_text("a", encoding="utf-8")
        ledger.copies.keep(tmp_path / "a.csv", "input")
        for ask in (ledger.pruning.prunable, ledger.pruning.forget_copies):
            with pytest.raises(LedgerError, match="in the schema etl_fleet, and this user may not look") as caught:
                ask(before)
        for right in caught.value.message.partition("carry out: ")[2].split(";")[:-1]:
            postgresql.do(right, database)

        assert ledger.pruning.forget_copies(before)[0] == 1
        postgresql.do("DROP TABLE etl_fleet.procrastinate_jobs CASCADE", database)
        postgresql.do(f"REVOKE USAGE ON SCHEMA etl_fleet FROM {LOCKED_USER}", database)
        assert ledger.pruning.prunable(before).files == 0
