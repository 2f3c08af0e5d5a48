"""The first time that a mapping meets an account: a pilot would show what it sets off there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.events import PilotProposed

if TYPE_CHECKING:
    from collections.abc import Callable

    from etl.events import Event, RunOptions
    from etl.ledger.store import Ledger
    from etl.stages.prepare import PreparedInput

PROPOSED_ROWS = 10


def propose_pilot(
    prepared: PreparedInput,
    rows: int,
    scope_id: int | None,
    ledger: Ledger,
    options: RunOptions,
    events: Callable[[Event], None],
) -> None:
    """Say that a pilot would be wise, where so many rows would go out and nothing was ever sent through this mapping.

    It is said and no more: `etl check` says it before anything goes, and a question would keep a nightly job waiting for
    ever. scope_id: None for an account that nothing is known of.
    """
    if options.pilot is not None or options.rehearse or rows <= PROPOSED_ROWS:
        return
    if scope_id is not None and ledger.runs.has_sent(scope_id):
        return
    mapping = prepared.mapping.mapping
    events(PilotProposed(prepared.shown, mapping.name, mapping.event, PROPOSED_ROWS))
