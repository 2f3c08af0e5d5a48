"""Facts about an account are kept with their age, and may be forgotten."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import update

from etl.ledger.schema import ACCOUNT_FACTS
from etl.ledger.store import Ledger
from tests.clocks import ManualClock


def test_a_fact_is_what_was_told_last_and_knows_its_age(tmp_path: Path) -> None:
    """By account and name; a new one takes the place of the old one, and what cannot be read is as if it were not there."""
    clock = ManualClock()
    with Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "files", clock) as ledger:
        one = ledger.accounts.meet("https://a", "one", "1").account_id
        two = ledger.accounts.meet("https://a", "two", "2").account_id
        ledger.facts.put(one, "users", [{"email": "ä@example.com"}])
        clock.move(60)
        first = ledger.facts.get(one, "users")
        ledger.facts.put(one, "users", [])
        second = ledger.facts.get(one, "users")
        others = ledger.facts.get(two, "users"), ledger.facts.get(one, "types")
        with ledger._database.writing() as connection:
            connection.execute(update(ACCOUNT_FACTS).values(value="{"))
        damaged = ledger.facts.get(one, "users")

    assert first is not None
    assert (first.value, first.age_seconds) == ([{"email": "ä@example.com"}], 60.0)
    assert second is not None
    assert (second.value, second.age_seconds) == ([], 0.0)
    assert others == (None, None)
    assert damaged is None
