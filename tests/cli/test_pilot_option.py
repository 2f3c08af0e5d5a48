"""`--pilot` at the door: its rows as they are shown, the question, and the command that goes on."""

from __future__ import annotations

from unittest.mock import patch

import click
import pytest

from etl.cli.pilot import Question, without_pilot
from etl.events import PilotOver, PilotProposed, PilotRow, Summary
from etl.records import Outcome
from tests.cli.conftest import Shell, input_summary

RUN = ("run", "visits.xlsx", "-m", "visits.yaml")
OVER = PilotOver(
    "visits.xlsx",
    41,
    (
        PilotRow(2, "a@example.com", "11111111-aaaa", Outcome.CREATED, '"Met\x1b[2J the owner"'),
        PilotRow(3, "b@example.com", None, Outcome.REFUSED, "refused: no such lead"),
    ),
    7_990,
)
SHOWN = """\
visits.xlsx: 2 rows sent as a pilot. LeadSquared shows:
  row 2  a@example.com  11111111-aaaa
      "Met�[2J the owner"
  row 3  b@example.com  refused
      refused: no such lead
"""
WORDS = {
    ("run", "v.csv", "--pilot", "10", "-q"): ("run", "v.csv", "-q"),
    ("run", "--pilot=10", "v.csv"): ("run", "v.csv"),
    ("run", "v.csv"): ("run", "v.csv"),
}


@pytest.mark.parametrize("quiet", [(), ("--quiet",)], ids=["as usual", "quiet"])
def test_its_rows_are_shown(shell: Shell, capsys: pytest.CaptureFixture[str], quiet: tuple[str, ...]) -> None:
    """Row, lead, id and what LeadSquared shows; that is what they were sent for, so they are shown to the quiet, too."""
    shell.pipeline.acts = lambda listen, _options, _stop: listen(OVER)

    shell.type(*RUN, "--pilot", "2", *quiet)

    assert capsys.readouterr().err == SHOWN
    assert (shell.options.pilot, shell.options.go_on) == (2, None)


def test_the_way_on_is_the_command_without_it(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """With the pilot in it, it would send the next pilot."""
    ended = input_summary(
        {Outcome.CREATED: 2, Outcome.WAITING: 7_990}, exit_code=6, stop_reason="the pilot is over: 2 rows have gone out"
    )
    shell.pipeline.summary = Summary((ended,), 6)

    code = shell.type(*RUN, "--pilot", "2")

    assert code == 6
    assert "  Continue:   etl run visits.xlsx -m visits.yaml\n" in capsys.readouterr().out


@pytest.mark.parametrize(("typed", "kept"), WORDS.items())
def test_only_the_pilot_is_left_out(typed: tuple[str, ...], kept: tuple[str, ...]) -> None:
    """In both ways of writing an option."""
    assert without_pilot(typed) == kept


@pytest.mark.parametrize(
    ("answer", "goes_on"), [(True, True), (False, False), (click.Abort(), False), (KeyboardInterrupt(), False)]
)
def test_only_yes_is_a_yes(answer: bool | BaseException, goes_on: bool) -> None:
    """Ctrl-C and a closed terminal mean no; the question has the number in it."""
    with patch("etl.cli.pilot.click.confirm", side_effect=[answer]) as confirm:
        question = Question()
        assert question(OVER) is goes_on

    assert question.is_agreed is goes_on
    assert confirm.call_args.args == ("Go on with the other 7,990 rows?",)
    assert confirm.call_args.kwargs["default"] is False


def test_it_is_proposed_with_its_reason(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """A line, and no question."""
    shell.pipeline.acts = lambda listen, _options, _stop: listen(PilotProposed("visits.xlsx", "site-visits", 320, 10))

    shell.type(*RUN)

    (line,) = capsys.readouterr().err.splitlines()
    assert "LeadSquared fires every automation on activity type 320" in line and "--pilot 10" in line


def test_a_dry_run_has_no_pilot(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing is sent, so nothing is first."""
    assert shell.type(*RUN, "--pilot", "2", "--dry-run") == 2
    assert "--pilot and --dry-run" in capsys.readouterr().err
