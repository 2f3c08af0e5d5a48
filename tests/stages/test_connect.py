"""Which account this is: asked once, remembered, and never mixed up."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from etl.clock import SystemClock
from etl.errors import RefusedError, StoppedError, UsageError
from etl.events import StopSignal
from etl.exits import ExitCode, code_of_error
from etl.ledger.store import Ledger
from etl.records import Limit, Window
from etl.settings import Account, Secret
from etl.stages.connect import allowance_of, connect, host_to_ask
from tests.clocks import ManualClock
from tests.foreign.server import ForeignServer


def ledger_in(folder: Path) -> Ledger:
    return Ledger(f"sqlite:///{folder / 'ledger.db'}", folder / "files", SystemClock())


def account_at(base_url: str, access_key: str = "foreign-access-key") -> Account:
    return Account("field", base_url, Secret(access_key), Secret("foreign-secret-key"))


@dataclass
class Pressing(ManualClock):
    """Ctrl-C is pressed when a connection is tried for the nth time, the last second of the rest before it included."""

    presses_at: int = 1
    stop: StopSignal = field(default_factory=StopSignal)

    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        if sum(self.slept) >= 2.0 ** (self.presses_at - 1) - 1:
            self.stop.request("interrupted by Ctrl-C", 2)


def test_an_account_is_known_by_its_organisation(tmp_path: Path) -> None:
    """Two names for one organisation are one account, so that rows are known again under either."""
    with ForeignServer(latency_seconds=(0, 0)) as server, ledger_in(tmp_path) as ledger:
        with connect(account_at(server.host), ledger, SystemClock()) as first:
            pass
        other = Account("other", server.host, Secret("foreign-access-key"), Secret("foreign-secret-key"))
        with connect(other, ledger, SystemClock()) as second:
            pass

    assert first.record.organisation is not None
    assert second.record.account_id == first.record.account_id


def test_without_the_read_an_account_is_known_by_host_and_name(tmp_path: Path) -> None:
    """A server that does not tell whose keys these are is no reason not to import."""
    with (
        ForeignServer(latency_seconds=(0, 0), serves_user_by_access_key=False) as server,
        ledger_in(tmp_path) as ledger,
        connect(account_at(server.host), ledger, SystemClock()) as found,
    ):
        pass

    assert found.record.organisation is None
    assert found.record.identity == f"host:{server.host.removeprefix('http://')}/field"


def test_an_organisation_once_told_stays(tmp_path: Path) -> None:
    """A read that fails later does not split an account in two."""
    with ForeignServer(latency_seconds=(0, 0)) as server, ledger_in(tmp_path) as ledger:
        with connect(account_at(server.host), ledger, SystemClock()) as first:
            pass
        server.behaviour.serves_user_by_access_key = False
        with connect(account_at(server.host), ledger, SystemClock()) as second:
            pass

    assert second.record == first.record


def test_an_account_without_a_host_is_known_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its host is found from the keys; the next command and its forecast know the account before they ask."""
    with ForeignServer(latency_seconds=(0, 0)) as server, ledger_in(tmp_path) as ledger:
        monkeypatch.setattr("etl.stages.connect.ANY_HOST", server.host)
        account = Account("field", None, Secret("foreign-access-key"), Secret("foreign-secret-key"))
        with connect(account, ledger, SystemClock()) as found:
            pass

        assert found.account.base_url == "https://127.0.0.1"
        assert ledger.accounts.known_as(host_to_ask(account), "field") == found.record


def test_wrong_keys_stop_before_anything_is_sent(tmp_path: Path) -> None:
    """Keys that LeadSquared does not know are an error that says what to check, without showing them."""
    with (
        ForeignServer(latency_seconds=(0, 0)) as server,
        ledger_in(tmp_path) as ledger,
        pytest.raises(RefusedError, match="Check the key pair") as refused,
        connect(account_at(server.host, "not-the-key"), ledger, SystemClock()),
    ):
        pass

    assert "not-the-key" not in str(refused.value)


def test_no_account_is_an_error_of_the_command(tmp_path: Path) -> None:
    """From Python, settings without an account are refused with the variables to set."""
    with (
        ledger_in(tmp_path) as ledger,
        pytest.raises(UsageError, match="LSQ_HOST"),
        connect(None, ledger, SystemClock()),
    ):
        pass


def test_a_host_never_reached_that_makes_no_connection_is_a_wrong_host(tmp_path: Path) -> None:
    """The first contact decides: an address nobody answers at is taken for a slip in the settings."""
    with ForeignServer() as server:
        gone = server.host
    clock = ManualClock()

    with (
        Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "files", clock) as ledger,
        pytest.raises(UsageError, match="has not been reached before"),
        connect(account_at(gone), ledger, clock),
    ):
        pass


def test_who_stops_it_before_a_host_was_reached_is_told_that(tmp_path: Path) -> None:
    """Ctrl-C while the connection is refused is no slip in the settings, at whichever attempt it comes."""
    with ForeignServer() as server:
        gone = server.host
    for attempt in (1, 3):
        stop, clock = StopSignal(), Pressing(presses_at=attempt)
        clock.stop = stop
        with (
            Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "files", clock) as ledger,
            pytest.raises(StoppedError, match="interrupted by Ctrl-C") as stopped,
            connect(account_at(gone), ledger, clock, stop),
        ):
            pass
        assert code_of_error(stopped.value) is ExitCode.INTERRUPTED


def test_the_questions_count_in_the_limits(tmp_path: Path) -> None:
    """The request that asks whose keys these are takes a slot like any other."""
    with ForeignServer(latency_seconds=(0, 0)) as server, ledger_in(tmp_path) as ledger:
        for _ in range(2):
            with connect(account_at(server.host), ledger, SystemClock()) as found:
                pass

        assert ledger.requests.spent_today(found.record.account_id) == len(server.requests) == 2


def test_the_allowance_is_the_smaller_limit_and_our_share_of_it(tmp_path: Path) -> None:
    """Half of what a refusal taught, where the settings promise more."""
    account = Account("field", "http://127.0.0.1:1", Secret("a"), Secret("b"), limit=Limit(20, 5), share=0.5)
    with ledger_in(tmp_path) as ledger:
        record = ledger.accounts.meet("http://127.0.0.1:1", "field", "42")
        ledger.accounts.learn_limit(record.account_id, Window.BULK, Limit(10, 5))

        allowed = allowance_of(account, ledger, record)

    assert allowed.limits == {Window.BULK: Limit(5, 5), Window.GENERAL: Limit(10, 5)}
