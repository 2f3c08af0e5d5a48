"""One activity by its id."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.api.asking import ask, getting, identifier, rows_in, text, unusable
from etl.delivery.verdict import Refused, complaint
from etl.records import SeenActivity

if TYPE_CHECKING:
    from etl.api.asking import Read
    from etl.records import ApiAnswer, ApiRequest

_NOTE = "ActivityEvent_Note"


@dataclass(frozen=True, slots=True)
class NoActivity:
    """LeadSquared has no activity under this id, or has it no more. reason: its own words."""

    reason: str


def activity_by_id(read: Read, activity_id: str) -> SeenActivity | NoActivity | None:
    """An activity as it stands. This read tells neither its lead nor any time, and a note only where the type has one.

    None:    LeadSquared does not offer this read, or not to this user.
    Raises:  NetworkError — the answer cannot be used; what `read` raises.
    Source:  LeadSquared API, GetActivityDetails?activityId=: `Fields` as in the type's settings, each with its `Value`;
             `MXUnknownProspectActivityException` for an unknown or deleted id.
    """
    request = getting("ProspectActivity.svc/GetActivityDetails", ("activityId", activity_id))
    answer = read(request)
    if answer is None:
        return None
    refusal = complaint(answer)
    return NoActivity(refusal.reason) if isinstance(refusal, Refused) else _shown(request, answer, activity_id)


def _shown(request: ApiRequest, answer: ApiAnswer, activity_id: str) -> SeenActivity:
    fields = rows_in(ask(lambda _request: answer, request), "Fields")
    if fields is None:
        raise unusable(request, "it lists no Fields")
    told = {name: text(field.get("Value")) or "" for field in fields if (name := identifier(field.get("SchemaName")))}
    return SeenActivity(
        activity_id=activity_id,
        lead_id="",
        note=told.pop(_NOTE, None),
        values={name: value for name, value in told.items() if value},
        created_on=None,
        modified_on=None,
        created_by=None,
    )
