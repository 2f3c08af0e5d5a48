"""Words that stand in the ledger's tables, for whoever only asks for them: their modules are those that write them."""

from __future__ import annotations

GIVEN, TAKEN, KNOWN = "given", "taken", "known"
"""How a run is not this ledger's alone (ledger/handover.py)."""

PRUNED = "pruned"
"""The decision that stands with a run whose bodies and copies were forgotten (ledger/prune.py)."""
