"""`etl check` reads and maps, and its result is findings and forecast."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from etl.events import Event, Planned, RunOptions, Started, StopSignal, Summary
from etl.records import Outcome
from tests.cli.conftest import input_summary

if TYPE_CHECKING:
    import pytest

    from tests.cli.conftest import Shell

CHECK = ("check", "visits.xlsx", "-m", "visits.yaml")


def act(listen: Callable[[Event], None], _options: RunOptions, _stop: StopSignal | None) -> None:
    """Tell of an account and a plan."""
    listen(Started("prod", "ACME EDU (90001)", "/srv/ledger.db"))
    listen(Planned("visits.xlsx", None, 240, {Outcome.WAITING: 240}, (), 240, 10, 7500.0))


def test_the_forecast_stands_at_the_end_on_stdout(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """Rows, requests and duration are the result of a check, not talk on the way."""
    shell.pipeline.acts = act
    ended = input_summary({Outcome.WAITING: 240}, run=None, results=None)
    shell.pipeline.summary = Summary((ended,), 0)

    code = shell.type(*CHECK)

    out, err = capsys.readouterr()
    assert code == 0
    assert err == "Account prod · organisation ACME EDU (90001) · ledger /srv/ledger.db\n"
    assert out.splitlines() == [
        "visits.xlsx",
        "  240 waiting",
        f"  {ended.equation}",
        "",
        "What a run would do:",
        "visits.xlsx: 240 data rows. 240 rows would go out in 10 requests, about 2 h 5 min at the account's limit.",
    ]


def test_a_check_goes_without_an_account(shell: Shell) -> None:
    """Somebody who has no keys yet can check a sheet."""
    code = shell.type(*CHECK, LSQ_ACCESS_KEY="", LSQ_SECRET_KEY="", ETL_ACCOUNT="")

    assert code == 2  # keys that came out empty are still told of
    assert shell.pipeline.asked == []

    shell.world.environ.clear()  # type: ignore[attr-defined] # the environment of these tests is a dict
    assert shell.type(*CHECK) == 0
    assert shell.pipeline.asked[0]["settings"].account is None


def test_a_quiet_check_is_silent_when_all_is_well(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    """--quiet leaves the exit code to speak."""
    shell.pipeline.acts = act

    assert shell.type(*CHECK, "-q") == 0
    assert capsys.readouterr() == ("", "")
