"""The second ledger, noticed before anything is sent: row keys of the days in question are read back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from etl.api.activities import activities_in_window, count_in_window
from etl.events import Note
from etl.identity import ROW_KEY_PREFIX, row_key
from etl.reconciler.sent import key_shown

if TYPE_CHECKING:
    from datetime import datetime

    from etl.clock import Clock
    from etl.ledger.store import Ledger
    from etl.records import SeenActivity
    from etl.stages.connect import Connection
    from etl.stages.prepare import PreparedInput
    from etl.stages.session import Session

RECENT = timedelta(days=31)
"""How far back keys are read before a run: another ledger's import of the same sheet lies days or weeks back."""

MOST_ACTIVITIES = 100_000
"""More than these are not read before a run: a hundred requests. The span is halved until it holds fewer."""

SHORTEST = timedelta(hours=1)
"""The span is not halved below this, however many were written in it: what was written just now is read in any case."""

PART = timedelta(days=8)
"""So much is read and kept at a time; a part shares its first second with the one before."""

SPARE = timedelta(days=1)
"""Beyond both ends, for clocks that differ."""


def note_what_is_there(prepared: PreparedInput, session: Session) -> None:
    """Take rows that LeadSquared shows under their row keys for imported, whoever sent them.

    Raises: RefusedError, NetworkError — LeadSquared cannot be asked; nothing was sent.
    """
    mapping = prepared.mapping
    if not mapping.mapping.row_key_field or not session.plan.count_to_send(prepared.number):
        return
    account_id = session.connection.record.account_id
    _read_recent_keys(mapping.event, mapping.mapping.row_key_field, session)
    planned = {
        row_key(mapping.mapping.name, mapping.event, row.memory_key, row.ordinal): row.row_number
        for row in session.plan.all_to_send(prepared.number)
    }
    known = session.ledger.known_keys.among(account_id, mapping.event, planned)
    session.plan.note_imported(prepared.number, {planned[key]: activity_id for key, activity_id in known.items()})
    if known:
        session.events(Note(f"{len(known)} rows are in LeadSquared already: their row keys were found there."))


def _read_recent_keys(event: int, key_field: str, session: Session) -> None:
    until = session.clock.now() + SPARE
    since = session.clock.now() - RECENT
    read = session.connection.read
    count = count_in_window(read, event, since, until)
    if count is None:
        session.events(
            Note("The user of these keys may not read activities back: an import from another ledger goes unnoticed.")
        )
        return
    begins = since
    while count > MOST_ACTIVITIES and session.clock.now() - since > SHORTEST:
        since += (session.clock.now() - since) / 2
        count = count_in_window(read, event, since, until) or 0
    if since > begins:
        session.events(
            Note(f"Very many activities of type {event}: row keys are compared since {since:%Y-%m-%d %H:%M} UTC.")
        )
    if count:
        read_keys(event, since, key_field, KeyMemory(session.ledger, session.connection, session.clock))


@dataclass(frozen=True, slots=True)
class KeyMemory:
    """Where keys are read, and where they are kept."""

    ledger: Ledger
    connection: Connection
    clock: Clock


def read_keys(event: int, since: datetime, key_field: str | None, memory: KeyMemory) -> tuple[int, int] | None:
    """Keep the row keys that activities of this type show which were written since then.

    key_field: None looks for our keys in all custom fields.
    Returns: how many activities were read, how many keys are new; None where this user may not read activities.
    """
    read, keys_new, part = 0, 0, since
    until = memory.clock.now() + SPARE
    while part < until:
        end = min(part + PART, until)
        activities = activities_in_window(memory.connection.read, event, part, end)
        if activities is None:
            return None
        keys = {key: one.activity_id for one in activities if (key := _key_of(one, key_field))}
        keys_new += memory.ledger.known_keys.note(memory.connection.record.account_id, event, keys)
        read, part = read + len(activities), end
    return read, keys_new


def _key_of(activity: SeenActivity, key_field: str | None) -> str | None:
    if key_field is not None:
        shown = key_shown(activity, key_field)
        return shown if shown and shown.startswith(ROW_KEY_PREFIX) else None
    return next((value for value in activity.values.values() if value.startswith(ROW_KEY_PREFIX)), None)
