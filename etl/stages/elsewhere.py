"""The second ledger, noticed before anything is sent: row keys of the days in question are read back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from etl.api.activities import activities_in_window, count_in_window
from etl.events import Note
from etl.identity import ROW_KEY_PREFIX, row_key
from etl.reconciler.sent import key_shown
from etl.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from etl.clock import Clock
    from etl.ledger.plan import PlannedRow
    from etl.ledger.runs import RunRecord, WaitingRow
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

ROWS_AT_A_TIME = 5_000

SPARE = timedelta(days=1)
"""Beyond both ends, for clocks that differ."""


def note_what_is_there(prepared: PreparedInput, session: Session) -> None:
    """Take rows that LeadSquared shows under their row keys for imported, whoever sent them.

    Raises: RefusedError, NetworkError — LeadSquared cannot be asked; nothing was sent.
    """
    key_field, counts = prepared.mapping.mapping.row_key_field, session.plan.counts(prepared.number)
    if not key_field or not (counts.get(Outcome.WAITING) or counts.get(Outcome.UNCONFIRMED)):
        return
    _read_recent_keys(prepared.mapping.event, key_field, session, session.clock.now() - RECENT)
    known = _those_there(prepared, session, session.plan.all_to_send(prepared.number))
    name, event = prepared.mapping.mapping.name, prepared.mapping.event
    scope_id = session.ledger.accounts.scope(session.connection.record.account_id, name, event)
    activities = {row.row_number: activity_id for row, activity_id in known}
    session.plan.note_imported(prepared.number, activities, scope_id)


def note_what_came_meanwhile(prepared: PreparedInput, run: RunRecord, session: Session) -> None:
    """The same for the rows that wait in a run that goes on: another ledger may have imported the sheet since it stopped.

    Raises: RefusedError, NetworkError — LeadSquared cannot be asked; nothing more was sent.
    """
    key_field, counts = prepared.mapping.mapping.row_key_field, session.ledger.runs.counts(run.run_id)
    if not key_field or not (counts.get(Outcome.WAITING) or counts.get(Outcome.UNCONFIRMED)):
        return
    begun = datetime.fromtimestamp(run.started_at, UTC) - SPARE
    _read_recent_keys(prepared.mapping.event, key_field, session, max(begun, session.clock.now() - RECENT))
    known = _those_there(prepared, session, session.ledger.runs.all_waiting(run.run_id))
    session.ledger.requests.note_imported({row.row_id: activity_id for row, activity_id in known})


_Row = TypeVar("_Row", "PlannedRow", "WaitingRow")


def _those_there(prepared: PreparedInput, session: Session, rows: Iterable[_Row]) -> list[tuple[_Row, str]]:
    """Those rows whose keys LeadSquared has shown, with their activities; some thousand at a time in memory."""
    name, event = prepared.mapping.mapping.name, prepared.mapping.event
    found: list[tuple[_Row, str]] = []
    left = iter(rows)
    while some := list(islice(left, ROWS_AT_A_TIME)):
        keys = {row_key(name, event, row.memory_key, row.ordinal): row for row in some}
        known = session.ledger.known_keys.among(session.connection.record.account_id, event, keys)
        found += [(keys[key], activity_id) for key, activity_id in known.items()]
    if found:
        session.events(Note(f"{len(found)} rows are in LeadSquared already: their row keys were found there."))
    return found


def _read_recent_keys(event: int, key_field: str, session: Session, since: datetime) -> None:
    until = session.clock.now() + SPARE
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
