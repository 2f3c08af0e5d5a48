"""Whose keys these are is believed for an hour, of these very keys, and nobody finds them in the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from etl.api.reads import Identity
from etl.ledger.accounts import AccountRecord
from etl.ledger.store import Ledger
from etl.settings import Account, Secret
from etl.stages.whose_keys import forget, remember, remembered
from tests.clocks import ManualClock

HOST = "https://api.example.com"
TOLD = Identity("90001", "user-7", "asha@example.com", "Asia/Kolkata", "api.example.com", "Example", "91")
ACCOUNT = Account("field", HOST, Secret("the-access-key"), Secret("the-secret-key"))


@pytest.fixture
def wall() -> ManualClock:
    return ManualClock()


@pytest.fixture
def ledger(tmp_path: Path, wall: ManualClock) -> Iterator[Ledger]:
    with Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "files", wall) as opened:
        yield opened


@pytest.fixture
def known(ledger: Ledger) -> AccountRecord:
    """The account, met and told about just now."""
    record = ledger.accounts.meet(HOST, "field", "90001")
    remember(ACCOUNT, record, TOLD, ledger)
    return record


@pytest.mark.parametrize(
    ("ahead_seconds", "is_believed"), [(0, True), (3_599, True), (3_601, False), (-1, False)],
    ids=["now", "almost an hour later", "an hour later", "the clock was set back"],
)  # fmt: skip
def test_an_answer_is_believed_for_an_hour(
    ledger: Ledger, wall: ManualClock, known: AccountRecord, ahead_seconds: int, is_believed: bool
) -> None:
    """Every part of it; of an answer from a time that has not come yet nobody knows the age."""
    wall.jump(ahead_seconds)

    assert remembered(ACCOUNT, known, ledger) == (TOLD if is_believed else None)


@pytest.mark.parametrize(
    "account",
    [
        replace(ACCOUNT, access_key=Secret("another-access-key")),
        replace(ACCOUNT, secret_key=Secret("another-secret-key")),
        replace(ACCOUNT, access_key=Secret("the-access-keyt"), secret_key=Secret("he-secret-key")),
    ],
    ids=["another access key", "another secret key", "the same letters, divided elsewhere"],
)
def test_other_keys_are_asked_about(ledger: Ledger, known: AccountRecord, account: Account) -> None:
    """Under whatever name: they may belong to another company."""
    assert remembered(account, known, ledger) is None


def test_what_does_not_fit_is_asked_about(ledger: Ledger, known: AccountRecord) -> None:
    """An account never met, one that is of another organisation by now, and what another version has kept."""
    another = replace(known, organisation="4711")
    of_none = remembered(ACCOUNT, None, ledger)
    of_another = remembered(ACCOUNT, another, ledger)
    fact = ledger.facts.get(known.account_id, "whose_keys")
    assert fact is not None
    assert isinstance(fact.value, dict)
    ledger.facts.put(known.account_id, "whose_keys", fact.value | {"identity": {"organisation": "90001"}})

    assert (of_none, of_another, remembered(ACCOUNT, known, ledger)) == (None, None, None)


def test_what_is_forgotten_is_asked_about(ledger: Ledger, known: AccountRecord) -> None:
    """Until it is told again."""
    forget(known, ledger)
    forgotten = remembered(ACCOUNT, known, ledger)
    remember(ACCOUNT, known, TOLD, ledger)

    assert (forgotten, remembered(ACCOUNT, known, ledger)) == (None, TOLD)


def test_no_part_of_the_keys_is_in_the_ledger(ledger: Ledger, known: AccountRecord) -> None:
    """And the same keys leave another trace each time."""
    first = ledger.facts.get(known.account_id, "whose_keys")
    remember(ACCOUNT, known, TOLD, ledger)
    second = ledger.facts.get(known.account_id, "whose_keys")

    assert first is not None
    assert second is not None
    assert "access-key" not in str(first.value) + str(second.value)
    assert "secret-key" not in str(first.value) + str(second.value)
    assert isinstance(first.value, dict)
    assert isinstance(second.value, dict)
    assert first.value["keys"] != second.value["keys"]
