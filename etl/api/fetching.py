"""Activities with all that LeadSquared shows of them, as texts by column, the same from both reads.

Names are those under which LeadSquared takes the values back (`ActivityNote`, `mx_KYC.mx_CustomObject_2`), so that a
fetched line can be corrected and sent. Times are UTC, as `2026-01-31 10:00:00`.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, TypeAlias

from etl.api.activities import page_of_window, tells_type
from etl.api.asking import NotOfferedError, identifier, moment, rows_in, text, texts
from etl.api.leads import lead_ids_with
from etl.api.whole_trail import PAGE_SIZES, whole_trail
from etl.api.window import Part, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from etl.api.asking import Read, Row
    from etl.api.whole_trail import AccountPages
    from etl.records import ApiAnswer, ApiRequest

Line: TypeAlias = "dict[str, str]"
"""One activity: column → text, empty ones left out."""

_MOMENTS = ("CreatedOn", "ModifiedOn")
_WHO = ("CreatedBy", "CreatedByName", "CreatedByEmailAddress", "ModifiedBy", "ModifiedByName")
_NO_FIELDS = frozenset({"ActivityType", "ActivityEvent", "ActivityEvent_Note", "ProspectActivityAutoId"})
_NO_FIELDS |= {"ProspectActivityId", "RelatedProspectId", "ModifiedByEmailAddress", *_MOMENTS, *_WHO}
_SET_MEMBER = re.compile(r"mx_CustomObject_[1-9][0-9]*")


def fetched_of_lead(read: Read, lead_id: str, event: int | None, pages: AccountPages) -> tuple[list[Line], int] | None:
    """Every activity of a lead, of one type or of all, each once, oldest first; and how many LeadSquared counts beyond them.

    None:    LeadSquared does not offer this read, or not to this user.
    Raises:  NetworkError — an answer cannot be used; what `read` raises.
    Source:  LeadSquared API, Retrieve?leadId=; of rows that share an id the one that tells most is taken.
    """
    try:
        trail = whole_trail(read, lead_id, event, pages)
    except NotOfferedError:
        return None
    fullest: dict[str, tuple[tuple[bool, int], Row]] = {}
    for (activity_id, code), row in sorted(trail.rows.items()):
        told = None if event is None else tells_type(code, event)
        if told is not False:
            worth = (told is True, len(_fields_of(row)))
            if activity_id not in fullest or worth > fullest[activity_id][0]:
                fullest[activity_id] = (worth, row)
    return _oldest_first(_of_lead(row, lead_id) for _, row in fullest.values()), trail.missing


def fetched_parts(read: Read, event: int, since: datetime, until: datetime) -> Iterator[tuple[datetime, list[Line]]]:
    """Every activity of a type that was written within a span, part by part, oldest first: the part's end and its lines.

    A row on the border of two parts, or one edited meanwhile, comes more than once; its last state comes last. One that is
    edited meanwhile stays in only if `until` lies in the future.
    Raises:  NotOfferedError — LeadSquared does not offer this read, or not to this user. NetworkError, as `read_part`.
    Source:  LeadSquared API, RetrieveByActivityEvent: filters on ModifiedOn, both ends included.
    """
    part = Part.around(since, until)
    size = _window_page_size(read, event, part)
    for piece, rows in parts_of(lambda span, number: page_of_window(read, event, span, number, size), part):
        ours = [row for row in rows.values() if tells_type(row.get("ActivityEvent"), event) is not False]
        yield piece.until, _oldest_first(_listed(row) for row in ours)


def lead_ids_with_phone(read: Read, phone: str) -> tuple[str, ...] | None:
    """The ids of the leads that have a number as Phone or as Mobile, () if there are none; None where that may not be asked.

    Of several leads with one number LeadSquared may show only that with the latest activity.
    """
    answers: dict[ApiRequest, ApiAnswer | None] = {}

    def once(request: ApiRequest) -> ApiAnswer | None:
        if request not in answers:
            answers[request] = read(request)
        return answers[request]

    found = [lead_ids_with(once, field, phone) for field in ("Phone", "Mobile")]
    if all(ids is None for ids in found):
        return None
    return tuple({lead_id.casefold(): lead_id for ids in found for lead_id in ids or ()}.values())


def _window_page_size(read: Read, event: int, part: Part) -> int:
    """The most rows that this account lets a page have.  Raises:  NotOfferedError — whatever is asked for is refused."""
    for size in PAGE_SIZES:
        try:
            page_of_window(read, event, Part(part.since, part.since), 1, size)
        except NotOfferedError:
            continue
        return size
    raise NotOfferedError


def _of_lead(row: Row, lead_id: str) -> Line:
    """A row of the read by lead. System events have no fields; notes stand in one of two places."""
    fields = _fields_of(row)
    about = {identifier(pair.get("Key")): pair.get("Value") for pair in rows_in(row, "Data") or []}
    return _line(
        {
            "ProspectActivityId": identifier(row.get("Id")),
            "RelatedProspectId": identifier(row.get("RelatedProspectId")) or lead_id,
            "ActivityEvent": text(row.get("EventCode")),
            "ActivityEventName": text(row.get("EventName")) or text(about.get("EventName")),
            "ActivityNote": text(fields.get("ActivityEvent_Note")) or text(about.get("NotableEventDescription")),
            **{name: _moment(row.get(name)) or _moment(fields.get(name)) for name in _MOMENTS},
            **{name: text(about.get(name)) for name in _WHO},
        },
        fields,
    )


def _listed(row: Row) -> Line:
    """A row of the read by type and window: all members stand side by side."""
    return _line(
        {
            "ProspectActivityId": identifier(row.get("ProspectActivityId")),
            "RelatedProspectId": identifier(row.get("RelatedProspectId")),
            "ActivityEvent": text(row.get("ActivityEvent")),
            "ActivityNote": text(row.get("ActivityEvent_Note")),
            **{name: _moment(row.get(name)) for name in _MOMENTS},
            **{name: text(row.get(name)) for name in _WHO},
        },
        row,
    )


def _line(fixed: Mapping[str, str | None], fields: Row) -> Line:
    line = {name: told for name, told in fixed.items() if told}
    for name, held in texts(fields).items():
        if name not in _NO_FIELDS:
            line.update(_unfolded(name, held))
    return line


def _fields_of(row: Row) -> Row:
    told = row.get("ActivityFields")
    return told if isinstance(told, dict) else {}


def _unfolded(name: str, held: str) -> Line:
    """A field as one column, a custom field set as one for each of its members.

    Source:  LeadSquared API: a set is read as a JSON text of mx_CustomObject_N, Status, ModifiedByName and ModifiedOn.
    """
    try:
        members = json.loads(held) if name.startswith("mx_") and held.startswith("{") else None
    except (ValueError, RecursionError):  # a text that only begins like a set
        members = None
    if not isinstance(members, dict) or not any(_SET_MEMBER.fullmatch(member) for member in members):
        return {name: held}
    told = {
        member: (_moment(value) or value) if member in _MOMENTS else value for member, value in texts(members).items()
    }
    return {f"{name}.{member}": value for member, value in told.items()}


def _moment(told: object) -> str | None:
    """A time in one form, whichever LeadSquared wrote it in; anything else as it stands."""
    known = moment(told)
    return text(told) if known is None else f"{known:%Y-%m-%d %H:%M:%S}"


def _oldest_first(lines: Iterable[Line]) -> list[Line]:
    return sorted(lines, key=lambda line: (line.get("CreatedOn", ""), line["ProspectActivityId"].casefold()))
