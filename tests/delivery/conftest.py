"""The ledger's fixtures, for what is delivered out of one."""

from __future__ import annotations

from tests.ledger.conftest import book, clock, other

__all__ = ["book", "clock", "other"]
