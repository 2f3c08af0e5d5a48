"""`pipeline.check` and `pipeline.run` as a notebook calls them."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pytest

from etl import pipeline
from etl.errors import RefusedError, UsageError
from etl.events import (
    Event,
    Found,
    InputFinished,
    Planned,
    Progress,
    Reading,
    RequestAnswered,
    RequestSent,
    RunOptions,
    Started,
    StopSignal,
)
from etl.records import Limit, Outcome
from etl.settings import Account, Secret, Settings
from tests.flows.conftest import Serve
from tests.flows.desk import KEYS, stored
from tests.flows.sheets import MAPPING, read, visit, visits, write
from tests.foreign.server import ForeignServer


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a mapping."""
    (tmp_path / "visits.yaml").write_text(MAPPING, encoding="utf-8")
    return tmp_path


def settings_for(server: ForeignServer, folder: Path, **changes: str) -> Settings:
    """Settings as a program makes them, without a file or a variable."""
    keys = KEYS | changes
    quick = Limit(25, 1.0)
    account = Account(
        "prod", server.host, Secret(keys["access_key"]), Secret(keys["secret_key"]), bulk_limit=quick, limit=quick
    )
    return Settings(account, f"sqlite:///{folder / 'ledger.db'}", folder / "ledger_files")


def test_a_run_tells_events_and_returns_a_summary(
    folder: Path, server: ForeignServer, capfd: pytest.CaptureFixture[str]
) -> None:
    """Events come in the order of the work, the summary counts each row once, and nothing is printed."""
    sheet = write(folder / "visits.csv", [*visits(59), visit(60, Remarks="")])
    told: list[Event] = []

    options = RunOptions(preflight=False)
    summary = pipeline.run(
        settings_for(server, folder), [sheet], folder / "visits.yaml", options=options, events=told.append
    )

    (result,) = summary.inputs
    kinds = [type(event) for event in told]
    planned = next(event for event in told if isinstance(event, Planned))
    last = [event for event in told if isinstance(event, Progress)][-1]
    assert summary.exit_code == result.exit_code == 4
    assert result.equation.holds and result.equation.data_rows == 60
    assert {outcome: count for outcome, count in result.equation.outcomes.items() if count} == {
        Outcome.CREATED: 59,
        Outcome.INVALID: 1,
    }
    assert (result.run, result.finding_count) == (1, 1)
    assert result.results is not None and result.failed is not None
    assert len(read(result.results)) == 60 and len(read(result.failed)) == 1
    assert kinds[:4] == [Found, Reading, Started, Planned]
    assert (planned.data_rows, planned.rows_to_send, planned.requests) == (60, 59, 3)
    assert kinds.count(RequestSent) == kinds.count(RequestAnswered) == 3
    assert (last.done, last.total, last.in_flight) == (59, 59, 0)
    assert sum(stored(server).values()) == 59
    assert capfd.readouterr() == ("", "")


def test_inputs_are_finished_by_name(folder: Path, server: ForeignServer) -> None:
    """Each input of a run ends with an event of its own that holds its summary."""
    sheets = [write(folder / f"{name}.csv", visits(2, first=first)) for name, first in (("a", 1), ("b", 2))]
    told: list[Event] = []

    summary = pipeline.run(settings_for(server, folder), sheets, folder / "visits.yaml", events=told.append)

    assert [event.result for event in told if isinstance(event, InputFinished)] == list(summary.inputs)


def test_a_check_sends_nothing(folder: Path, server: ForeignServer, capfd: pytest.CaptureFixture[str]) -> None:
    """A check returns counts and findings as a run would meet them, asks the server nothing and prints nothing."""
    sheet = write(folder / "visits.csv", [*visits(59), visit(60, Remarks="")])
    told: list[Event] = []

    summary = pipeline.check(settings_for(server, folder), [sheet], folder / "visits.yaml", events=told.append)

    (result,) = summary.inputs
    (finding,) = result.findings
    assert summary.exit_code == 4
    assert result.run is None
    assert (finding.code, finding.place.row, finding.place.letter) == ("empty_cell", 61, "C")
    assert [event.rows_to_send for event in told if isinstance(event, Planned)] == [59]
    assert server.requests == []
    assert capfd.readouterr() == ("", "")


def test_what_is_wrong_is_raised(folder: Path, serve: Serve) -> None:
    """A wrong mapping is a UsageError, refused keys a RefusedError; no exit, no key in the message."""
    server = serve()
    sheet = write(folder / "visits.csv", visits(2))
    wrong = folder / "wrong.yaml"
    wrong.write_text(MAPPING.replace("columns:", "colums:"), encoding="utf-8")

    with pytest.raises(UsageError, match=r"wrong\.yaml"):
        pipeline.run(settings_for(server, folder), [sheet], wrong)
    with pytest.raises(RefusedError, match="refused the account") as caught:
        pipeline.run(settings_for(server, folder, secret_key="other-secret"), [sheet], folder / "visits.yaml")
    assert "other-secret" not in str(caught.value)
    assert server.activities == []


@pytest.mark.parametrize("options", [RunOptions(), RunOptions(dry_run=True)], ids=["check", "dry run"])
def test_a_check_that_is_stopped_while_it_reads_foretells_nothing(folder: Path, options: RunOptions) -> None:
    """What was read by then is no forecast of the whole, so that nothing is planned, written or called anything."""
    sheet = write(folder / "visits.csv", [visit(1, Email="nothing"), visit(2)])
    stop = StopSignal()
    out = BytesIO()
    told: list[Event] = []

    def listen(event: Event) -> None:
        told.append(event)
        stop.request("asked to stop")

    summary = pipeline.check(
        Settings(None, f"sqlite:///{folder / 'ledger.db'}", folder / "ledger_files"),
        [sheet],
        folder / "visits.yaml",
        options=replace(options, dry_run_out=out),
        events=listen,
        stop=stop,
    )

    (result,) = summary.inputs
    assert (summary.exit_code, result.stop_reason, result.failed) == (6, "asked to stop", None)
    assert not any(isinstance(event, Planned) for event in told)
    assert out.getvalue() == b""
