"""The activities that LeadSquared holds: by type and time of writing, or lead by lead.

The two reads name the same things differently, show different members, and only the first tells who created a row.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from etl.api.asking import (
    NotOfferedError,
    ask,
    identifier,
    moment,
    posting,
    rows_in,
    text,
    texts,
    unusable,
    whole_number,
)
from etl.api.trail import read_trail
from etl.api.window import PAGE_ROWS, Page, Part, read_part
from etl.records import SeenActivity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from etl.api.asking import Read, Row
    from etl.api.trail import Key
    from etl.records import ApiRequest

_FIXED = frozenset({"ActivityType", "ActivityEvent", "ActivityEvent_Note"})
_FIXED |= {"ProspectActivityId", "RelatedProspectId", "ProspectActivityAutoId"}
_STAMPS = ("Created", "Modified")


def activities_in_window(read: Read, event: int, since: datetime, until: datetime) -> list[SeenActivity] | None:
    """Every activity of a type that was written (created or last edited) within a span, each once, oldest part first.

    since, until: aware. The span is widened to whole seconds, so neighbours of its ends may be among the answer.
    An activity that is edited meanwhile stays in only if `until` lies beyond the end of the reading: let it lie in the
    future. Ask `count_in_window` first where the account may hold many: this takes a request per some 600 activities.
    None:    LeadSquared does not offer this read, or not to this user.
    Raises:  NetworkError — the list keeps changing, or an answer cannot be used; what `read` raises. ValueError — no span.
    Source:  LeadSquared API, RetrieveByActivityEvent: filters on ModifiedOn, both ends included.
    """
    try:
        rows = read_part(
            lambda part, number: page_of_window(read, event, part, number, PAGE_ROWS), Part.around(since, until)
        )
    except NotOfferedError:
        return None
    return [_listed(row) for row in rows.values() if tells_type(row.get("ActivityEvent"), event) is not False]


def count_in_window(read: Read, event: int, since: datetime, until: datetime) -> int | None:
    """How many activities of a type were written within a span; one request, and None and Raises as above."""
    try:
        return page_of_window(read, event, Part.around(since, until), 1, 1).count
    except NotOfferedError:
        return None


def activities_of_lead(read: Read, lead_id: str, event: int) -> list[SeenActivity] | None:
    """Every activity of a type on one lead, each once. Nobody is named as its creator: this read tells no user ids.

    None:    LeadSquared does not offer this read, or not to this user.
    Raises:  NetworkError — an answer cannot be used; what `read` raises.
    Source:  LeadSquared API, Retrieve?leadId=; one id may stand on rows of several types, of which ours is taken.
    """
    try:
        rows = _trail(read, lead_id, event)
    except NotOfferedError:
        return None
    ours: dict[str, Row] = {}
    for told in (True, None):  # a row that tells our type goes before one with the same id that tells none
        for (activity_id, code), row in rows.items():
            if tells_type(code, event) is told:
                ours.setdefault(activity_id, row)
    return [seen_on_lead(row, lead_id) for row in ours.values()]


def tells_type(told: object, event: int) -> bool | None:
    """Whether a row is of our type; None if it does not tell. Some servers write the number, others a text."""
    number = whole_number(told.strip() if isinstance(told, str) else told)
    return None if number is None else number == event


def page_of_window(read: Read, event: int, part: Part, number: int, size: int) -> Page:
    """One page of the activities by type and window. An empty answer has no list at all."""
    request = posting(
        "ProspectActivity.svc/CustomActivity/RetrieveByActivityEvent",
        {
            "Parameter": {
                "FromDate": f"{part.since:%Y-%m-%d %H:%M:%S}",
                "ToDate": f"{part.until:%Y-%m-%d %H:%M:%S}",
                "ActivityEvent": event,
                "RemoveEmptyValue": True,
            },
            "Paging": {"PageIndex": number, "PageSize": size},
            "Sorting": {"ColumnName": "ProspectActivityId", "Direction": 0},
        },
    )
    document = ask(read, request)
    count = whole_number(document.get("RecordCount")) if isinstance(document, dict) else None
    if count is None:
        raise unusable(request, "it does not tell a RecordCount")
    listed = {identifier(row.get("ProspectActivityId")).casefold(): row for row in rows_in(document, "List") or []}
    listed.pop("", None)  # missing in the count then, so the part does not pass for complete
    return Page(count, listed)


def _listed(row: Row) -> SeenActivity:
    """A row of the read by window. An empty note is left out of the answer, so a missing one is an empty one."""
    return SeenActivity(
        activity_id=identifier(row.get("ProspectActivityId")),
        lead_id=identifier(row.get("RelatedProspectId")),
        note=text(row.get("ActivityEvent_Note")) or "",
        values=_values(row),
        created_on=moment(row.get("CreatedOn")),
        modified_on=moment(row.get("ModifiedOn")),
        created_by=identifier(row.get("CreatedBy")) or None,
    )


def _values(fields: Row) -> dict[str, str]:
    """What the type's own fields hold, its Status and Owner among them."""
    return {name: held for name, held in texts(fields).items() if not (name in _FIXED or name.startswith(_STAMPS))}


def _trail(read: Read, lead_id: str, event: int) -> dict[Key, Row]:
    """All rows of a lead, of whatever types the server shows.

    A second form of paging, seen to work where the documented one is ignored, is tried if fewer rows came than the
    server counts. Its count may mean something else, so what the first form brought stands in any case.
    """
    counted = 0

    def page(offset: int, paging: Mapping[str, object]) -> dict[Key, Row]:
        nonlocal counted
        request = posting(
            "ProspectActivity.svc/Retrieve",
            {"Parameter": {"ActivityEvent": event}, "Paging": paging},
            ("leadId", lead_id),
        )
        try:
            rows, count = _trail_page(request, ask(read, request), event)
        except NotOfferedError:
            if offset == 0:  # where pages count from 1 this may be refused: the next one tells
                return {}
            raise
        counted = max(counted, count)
        return rows

    found = read_trail(lambda offset: page(offset, {"Offset": str(offset), "RowCount": str(PAGE_ROWS)}))
    if len(found) < counted:
        with suppress(NotOfferedError):
            found |= read_trail(lambda offset: page(offset, {"PageIndex": offset, "PageSize": PAGE_ROWS}))
    return found


def _trail_page(request: ApiRequest, document: object, event: int) -> tuple[dict[Key, Row], int]:
    """The rows of one page of a lead's activities, and how many the answer says there are."""
    count = whole_number(document.get("RecordCount")) if isinstance(document, dict) else None
    listed = rows_in(document, "ProspectActivities")
    if listed is None and count != 0:
        raise unusable(request, "it lists no ProspectActivities")
    rows: dict[Key, Row] = {}
    for row in listed or []:
        activity_id, code = identifier(row.get("Id")).casefold(), identifier(row.get("EventCode"))
        if activity_id:
            rows[activity_id, code] = row
        elif tells_type(code, event) is not False:
            raise unusable(request, "it lists an activity without its Id")
    return rows, count or 0


def seen_on_lead(row: Row, lead_id: str) -> SeenActivity:
    """A row of the read by lead. System events have no fields; notes stand in one of two places."""
    told, pairs = row.get("ActivityFields"), rows_in(row, "Data") or []
    fields: Row = told if isinstance(told, dict) else {}
    about = {identifier(pair.get("Key")): pair.get("Value") for pair in pairs}
    return SeenActivity(
        activity_id=identifier(row.get("Id")),
        lead_id=identifier(row.get("RelatedProspectId")) or lead_id,
        note=text(fields.get("ActivityEvent_Note")) or text(about.get("NotableEventDescription")),
        values=_values(fields),
        created_on=moment(row.get("CreatedOn")) or moment(fields.get("CreatedOn")),
        modified_on=moment(row.get("ModifiedOn")) or moment(fields.get("ModifiedOn")),
        created_by=None,
    )
