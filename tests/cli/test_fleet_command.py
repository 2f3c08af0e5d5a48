"""`etl fleet`: for a ledger that machines share, and a sentence for everybody else."""

from __future__ import annotations

import json
import re

import pytest

from etl.errors import LedgerError
from etl.fleet.lookout import Lookout
from etl.fleet.overview import Overview
from etl.fleet.tables import make_tables
from etl.settings import Settings
from tests.cli.conftest import Shell
from tests.docs.console import ROOT


def test_a_ledger_of_one_machine_has_no_fleet(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """It is said what a fleet needs."""
    assert shell.type("fleet") == 2
    assert "a fleet needs a ledger that all its machines can reach: set ETL_LEDGER=postgresql+psycopg://" in _told(
        capsys
    )


def test_watching_and_json_are_two_things(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """One object is printed once."""
    assert shell.type("fleet", "--watch", "--json") == 2
    assert "--watch and --json" in _told(capsys)


def test_a_fleet_is_shown_and_told_as_json(
    shell: Shell, postgresql_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of a database in which nobody works yet; the members are those of the page."""
    make_tables(Settings(None, postgresql_url, shell.world.cwd))

    assert shell.type("fleet", ETL_LEDGER=postgresql_url) == 0
    shown = capsys.readouterr().out
    assert shell.type("fleet", "--json", ETL_LEDGER=postgresql_url) == 0
    told = json.loads(capsys.readouterr().out)

    assert "0 workers, 0 accounts; 0 submissions at work, 0 waiting" in shown
    assert told.pop("schema_version") == 1
    page = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
    (line,) = [line for line in page.splitlines() if line.startswith("| `etl fleet` |")]
    assert set(re.findall(r"`(\w+)`", line.partition(" | ")[2])) == told.keys()


def test_watching_goes_on_while_the_database_is_away(
    shell: Shell, postgresql_url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is said, and looked again two seconds later, until Ctrl-C, which is no failure here."""
    make_tables(Settings(None, postgresql_url, shell.world.cwd))
    looked, look = [], Lookout.look

    def away_at_first(lookout: Lookout) -> Overview:
        looked.append(lookout)
        if len(looked) == 1:
            raise LedgerError("The database is away.")
        return look(lookout)

    def sleep(seconds: float) -> None:
        assert seconds == 2
        if len(looked) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(Lookout, "look", away_at_first)
    monkeypatch.setattr(shell.clock, "sleep", sleep)

    assert shell.type("fleet", "--watch", ETL_LEDGER=postgresql_url) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("The database is away. Looking again every 2 s.")
    assert "0 workers" in shown


def _told(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().err.split())
