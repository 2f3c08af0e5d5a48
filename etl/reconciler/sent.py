"""What was sent for a row, in the form in which LeadSquared would show it, and whether an activity shows it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etl.records import SeenActivity


@dataclass(frozen=True, slots=True)
class SentRow:
    """One row as it stood in the request that carried it.

    lead: the text that addressed the lead, as sent. note, values: what was sent empty is left out, because LeadSquared
    does not show it; values without the row key. time: `ActivityDateTime` in UTC. key: the row key, None if none was sent.
    `ActivityOwnerEmail` is not here: reads show the owner's GUID.
    """

    row_id: int
    request_id: int
    lead: str
    note: str | None
    time: datetime | None
    values: Mapping[str, str]
    key: str | None


def sent_row(
    element: Mapping[str, Any], row_id: int, request_id: int, addressed_by: str, key_field: str | None
) -> SentRow:
    """One element of a request's JSON array (operations/bulk.py) as a row. addressed_by: the member that names the lead.

    Raises:  KeyError — no such member. ValueError — `ActivityDateTime` is no `YYYY-MM-DD HH:MM:SS`. We sent neither.
    """
    fields = {field["SchemaName"]: field["Value"] for field in element.get("Fields", ())}
    key = fields.pop(key_field, None) if key_field else None
    time = element.get("ActivityDateTime")
    return SentRow(
        row_id=row_id,
        request_id=request_id,
        lead=element[addressed_by],
        note=element.get("ActivityNote") or None,
        time=whole_second(datetime.fromisoformat(time)) if time else None,
        values={name: value for name, value in fields.items() if value},
        key=key or None,
    )


def whole_second(moment: datetime) -> datetime:
    """A moment without its fraction: requests carry whole seconds, LeadSquared keeps milliseconds. UTC unless it says."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).replace(microsecond=0)


def same_text(text: str) -> str:
    """A row key or a GUID in the form in which it is compared: LeadSquared does not promise case or outer blanks."""
    return text.strip().casefold()


def key_shown(activity: SeenActivity, key_field: str | None) -> str | None:
    """What an activity shows as row key, in the form in which keys are compared; None for nothing."""
    return (key_field and same_text(activity.values.get(key_field, ""))) or None


def shows_note(row: SentRow, activity: SeenActivity) -> bool | None:
    """Whether an activity has exactly the note that was sent, or none if none was; None: this read does not tell."""
    if activity.note is None and row.note:
        return None
    return (activity.note or None) == row.note


def shows_values(row: SentRow, activity: SeenActivity) -> bool:
    """Whether an activity has exactly the values that were sent, whatever else it has."""
    return all(activity.values.get(name) == value for name, value in row.values.items())
