"""`etl status` in words: the sum over all rounds, what is missing, and the one command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from etl.ledger.steps import this_actor
from etl.records import Outcome
from tests.past import open_past

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cli.conftest import Shell
    from tests.past import Past

CREATED, INVALID = Outcome.CREATED, Outcome.INVALID


@pytest.fixture
def past(shell: Shell) -> Iterator[Past]:
    """A run with one bad row, whose sheet lies on the desk."""
    with open_past(shell.world.directories.state) as opened:
        opened.run(CREATED, CREATED, INVALID)
        yield opened


def test_it_adds_up_in_words(shell: Shell, past: Past, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows by the day on which they went in, each round, and the rows that are missing by number."""
    sheet, (user, machine) = past.desk / "visits.csv", this_actor()

    assert shell.type("status", str(sheet)) == 4

    assert capsys.readouterr().out.splitlines() == [
        "visits.csv: 3 data rows, through visits into prod",
        "  3 = 2 on 3 June 2026 + 1 still missing",
        "  Rounds (UTC):",
        "    run 1  2026-06-03 09:30  visits.csv  2 rows of it went in  now 2 created, 1 invalid"
        f"  by {user} on {machine}",
        "  Missing:  1 row",
        "    1 invalid (date): row 4",
    ]


def test_a_sheet_that_was_changed_is_to_be_run_again(
    shell: Shell, past: Past, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is known is of before; the one command sends what is new."""
    sheet = past.desk / "visits.csv"
    sheet.write_text("Email,Remarks\nnew@example.com,x\n", encoding="utf-8")

    assert shell.type("status", str(sheet)) == 6

    out = capsys.readouterr().out
    assert "as it is now it was not imported" in out
    assert f"to send what is new in the file: etl run {sheet} -m {past.desk / 'visits.yaml'} -a prod" in out


WRONG = {
    "nothing there": ("nowhere.xlsx", "there is no such file, and nothing was ever imported from there"),
    "a folder": (".", "this is a folder"),
}


@pytest.mark.parametrize(("name", "says"), WRONG.values(), ids=WRONG.keys())
def test_what_is_no_file_is_exit_code_2(
    shell: Shell, past: Past, capsys: pytest.CaptureFixture[str], name: str, says: str
) -> None:
    """One sentence on stderr."""
    assert shell.type("status", name) == 2
    assert says in capsys.readouterr().err
