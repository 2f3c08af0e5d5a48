"""A queue does not move with its ledger: nothing is left behind in one, whoever hands something in at that very moment."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from etl.fleet import queueing, submitting
from etl.fleet.engine import app_for_a_moment
from etl.fleet.place import ask, opened
from etl.fleet.queueing import put_into_queue
from etl.fleet.submissions import Submission, listed, open_for_certain, stop
from etl.ledger.moving import Moving
from etl.settings import Settings
from tests.cli import conftest as commands
from tests.cli.conftest import KEYS, Shell
from tests.clocks import ManualClock
from tests.fleet.conftest import Submit, an_order
from tests.flows.sheets import MAPPING, visits, write
from tests.flows.waiting import wait_until
from tests.ledger.books import a_row, open_book

shell = commands.shell

WAITS = "SELECT 1 AS one FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"


def test_what_is_handed_in_as_a_ledger_begins_to_move_keeps_it_here(
    shell: Shell,
    settings: Settings,
    submit: Submit,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The queue is looked at again when nobody can hand anything in any more; then the ledger stays, and works on."""
    book = open_book(settings.ledger_files, ManualClock(), settings.ledger_url)
    book.begin([a_row(2)])
    move = ("ledger", "move", settings.ledger_url, str(shell.world.cwd / "new.db"))
    numbers, begin = [], Moving.begin

    def begins(self: Moving, where: str) -> None:
        numbers.append(submit())
        begin(self, where)

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(Moving, "begin", begins)
        assert shell.type(*move) == 2
    assert f"a queue does not move: s{numbers[0]} (visits.csv). Nothing was moved." in capsys.readouterr().err
    book.ledger.moving.refuse_if_gone()
    book.ledger.close()
    stop(settings, numbers[0])
    assert shell.type(*move) == 0


def test_nothing_is_handed_in_where_the_ledger_leaves_meanwhile(
    shell: Shell,
    settings: Settings,
    submit: Submit,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It is looked at once more right before, as sheets take minutes to be read; also of what is handed in again."""
    number = submit()
    stop(settings, number)
    book = open_book(settings.ledger_files, ManualClock(), settings.ledger_url)

    def opened_late(these: Settings) -> Any:
        book.ledger.moving.begin("elsewhere")
        return opened(these)

    for module, command in (
        (submitting, ("submit", "visits.csv", "-m", "visits.yaml", "-a", "prod")),
        (queueing, ("submit", "--again", f"s{number}")),
    ):
        write(shell.world.cwd / "visits.csv", visits(2))
        (shell.world.cwd / "visits.yaml").write_text(MAPPING, encoding="utf-8")
        with monkeypatch.context() as meanwhile:
            meanwhile.setattr(module, "opened", opened_late)
            assert shell.type(*command, ETL_LEDGER=settings.ledger_url, **KEYS, LSQ_HOST="http://127.0.0.1:1") == 2
        assert "is on its way to elsewhere. Nothing was sent." in capsys.readouterr().err
        book.ledger.moving.stay()
    book.ledger.close()

    assert listed(settings, only_open=True) == []


def test_who_is_handing_in_at_this_moment_is_waited_for(settings: Settings) -> None:
    """Who has seen that the ledger stays is not yet in the queue; the move that was noted since must not miss it."""
    with ThreadPoolExecutor(1) as beside, opened(settings) as connection, app_for_a_moment(settings).open() as app:
        looks: list[Future[list[Submission]]] = []

        def look_meanwhile() -> None:
            looks.append(beside.submit(open_for_certain, settings))
            wait_until(lambda: bool(ask(connection, WAITS)) or looks[0].done(), "the look to wait")

        number, _ = put_into_queue(an_order(), connection, app, look_meanwhile)
        found = looks[0].result(10)

    assert [one.number for one in found] == [number]
