"""The ledger's fixtures, for what is delivered out of one."""

from __future__ import annotations

import pytest

from tests.ledger.conftest import SQLITE, book, clock, other

__all__ = ["book", "clock", "other"]


@pytest.fixture
def kind() -> str:
    """A SQLite file alone: what a delivery does with its ledger is the same in any, and is tested with that."""
    return SQLITE
