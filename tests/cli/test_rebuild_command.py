"""`etl ledger rebuild`: which activities are read, and what it says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import pytest

from etl.errors import UsageError
from etl.events import Started
from etl.proof import Rebuilt
from tests.cli.conftest import Shell


@dataclass
class FakeProof:
    """Stands where `etl.proof` stands."""

    found: Rebuilt
    error: UsageError | None = None
    asked: list[tuple[int, datetime]] = field(default_factory=list)

    def rebuild(self, settings: object, event: int, since: datetime, *, events: Callable[[object], None]) -> Rebuilt:
        self.asked.append((event, since))
        events(Started("prod", "Acme (77)", "/srv/ledger.db"))
        if self.error is not None:
            raise self.error
        return self.found


@pytest.fixture
def proof(shell: Shell) -> FakeProof:
    fake = FakeProof(Rebuilt(12_345, 1))
    shell.world = replace(shell.world, proof=lambda: fake)  # type: ignore[arg-type]  # as much of it as the command asks
    return fake


def test_it_reads_since_the_beginning_of_a_day_in_utc(
    shell: Shell, proof: FakeProof, capsys: pytest.CaptureFixture[str]
) -> None:
    """The type and the day as typed; what was found on stdout, about which account on stderr."""
    assert shell.type("ledger", "rebuild", "--event", "320", "--since", "2026-05-01") == 0

    assert proof.asked == [(320, datetime(2026, 5, 1, tzinfo=UTC))]
    out, err = capsys.readouterr()
    assert out == "12,345 activities of type 320 read; 1 row key not known before.\n"
    assert "Acme (77)" in err


def test_quiet_keeps_the_one_line(shell: Shell, proof: FakeProof, capsys: pytest.CaptureFixture[str]) -> None:
    """It is the result, not talk."""
    proof.found = Rebuilt(1, 0)

    shell.type("ledger", "rebuild", "--event", "320", "--since", "2026-05-01", "-q")

    assert capsys.readouterr() == ("1 activity of type 320 read; 0 row keys not known before.\n", "")


def test_reading_that_is_not_allowed_is_exit_code_2(
    shell: Shell, proof: FakeProof, capsys: pytest.CaptureFixture[str]
) -> None:
    """With the words of the core."""
    proof.error = UsageError("The user of these keys may not read activities back.")

    assert shell.type("ledger", "rebuild", "--event", "320", "--since", "2026-05-01") == 2
    assert "may not read activities back" in capsys.readouterr().err


WRONG = {
    "no type": (("--since", "2026-05-01"), "Missing option '--event'"),
    "type 0": (("--event", "0", "--since", "2026-05-01"), "0 is not in the range"),
    "no day": (("--event", "320"), "Missing option '--since'"),
    "another way to write days": (("--event", "320", "--since", "01/05/2026"), "'01/05/2026' does not match"),
}


@pytest.mark.parametrize(("typed", "says"), WRONG.values(), ids=WRONG.keys())
def test_what_is_typed_wrongly_is_exit_code_2(
    shell: Shell, proof: FakeProof, capsys: pytest.CaptureFixture[str], typed: tuple[str, ...], says: str
) -> None:
    """LeadSquared is not asked."""
    assert shell.type("ledger", "rebuild", *typed) == 2

    assert proof.asked == []
    assert says in capsys.readouterr().err
