"""The first time that a mapping meets an account: a pilot would show what it sets off there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.events import PilotProposed, UnusualSize

if TYPE_CHECKING:
    from collections.abc import Callable

    from etl.events import Event, RunOptions
    from etl.ledger.store import Ledger
    from etl.stages.prepare import PreparedInput

PROPOSED_ROWS = 10

USUAL_ROWS = 2_000
"""So many rows go out unasked by any mapping: what they set off is a morning's work to look through. Of more a person is
asked the first time (guards.py), and a pilot is proposed there: one question, not two."""


FIRST_UNATTENDED_ROWS = 25_000
"""So many rows of a first import go out where nobody can be asked: it is what LeadSquared's own wizard takes at once, and
there is no earlier size yet by which more than 2,000 would be a mistake. It is told all the same."""

USUAL_TIMES = 3
"""So many times the largest run of the mapping so far: a nightly job that grows is not asked on its busiest day."""


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
    if options.pilot is not None or options.rehearse or not PROPOSED_ROWS < rows <= USUAL_ROWS:
        return
    if scope_id is not None and ledger.runs.has_sent(scope_id):
        return
    mapping = prepared.mapping.mapping
    events(PilotProposed(prepared.shown, mapping.name, mapping.event, PROPOSED_ROWS))


def most_unasked(largest: int) -> int:
    """How many rows may go out without a question, after a largest run of so many."""
    return max(USUAL_ROWS, USUAL_TIMES * largest)


def unusual_size(
    prepared: PreparedInput, rows: int, scope_id: int | None, ledger: Ledger, place: tuple[str, str]
) -> UnusualSize | None:
    """What a person should hear of before so many rows go out; None where the size is nothing special.

    place: the account in words, and its host. scope_id: None for an account that nothing is known of.
    """
    if rows <= USUAL_ROWS:
        return None
    largest = ledger.runs.largest_sent(scope_id) if scope_id is not None else 0
    if rows <= most_unasked(largest):
        return None
    activity = prepared.mapping.mapping.activity
    name = activity.name if activity and activity.name else f"type {prepared.mapping.event}"
    return UnusualSize(prepared.shown, rows, name, *place, largest, PROPOSED_ROWS)


def tell_unusual_size(
    prepared: PreparedInput,
    rows: int,
    scope_id: int | None,
    ledger: Ledger,
    options: RunOptions,
    account: str,
    events: Callable[[Event], None],
) -> None:
    """In a check: what a run would ask about. account: by its name, for LeadSquared may not have been asked."""
    if options.rehearse or options.pilot is not None:
        return
    unusual = unusual_size(prepared, rows, scope_id, ledger, (account, ""))
    if unusual is not None:
        events(unusual)
