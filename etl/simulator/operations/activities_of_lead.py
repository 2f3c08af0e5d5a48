"""Activities of one lead (LeadSquared API: Get Activities of a Lead)."""

from __future__ import annotations

from collections.abc import Mapping
from operator import attrgetter
from typing import Any

from etl.simulator.account import Account, Arrival, Operation, Refused
from etl.simulator.answers import json_reply
from etl.simulator.bodies import json_object, member
from etl.simulator.messages import Reply
from etl.simulator.paging import Page, numbered_page, page_of, page_size, whole_number
from etl.simulator.shown import by_lead_row, related_id
from etl.simulator.switches import Read, RetrieveOffset, RetrieveWithoutPaging, Switches
from etl.simulator.visible import visible_until

_DEFAULT_PAGE = 25


def answer(account: Account, arrival: Arrival) -> Reply:
    """Newest first, all types or one; a lead that does not exist has none. Raises Refused."""
    lead_id = arrival.request.parameter("leadId")
    if not lead_id:
        raise Refused(500, "MXMandatoryAttributeMissingException", "'leadId' is mandatory.")
    body = json_object(arrival.request) if arrival.request.body.strip() else {}
    event = member(body, "Parameter").get("ActivityEvent")
    rows = account.store.index.of_lead(
        lead_id.strip().lower(), visible_until(arrival, account.switches.by_lead_delay_seconds)
    )
    rows = [row for row in rows if related_id(row, account.switches) in {"", lead_id.strip().lower()}]
    if event is not None and event != "":
        code = whole_number(event, "ActivityEvent")
        rows = [activity for activity in rows if activity.event == code]
    rows.reverse()
    dice = account.dice if account.switches.unstable_ties else None
    page = page_of(rows, _page(member(body, "Paging"), account.switches, len(rows)), attrgetter("modified_on"), dice)
    return json_reply(
        {"RecordCount": len(rows), "ProspectActivities": [by_lead_row(account, activity) for activity in page]}
    )


def _page(paging: Mapping[str, Any], switches: Switches, count: int) -> Page:
    """`{"Offset":"0","RowCount":"10"}` as the switch reads it; `PageIndex` and `PageSize` work here as well."""
    if not paging:
        return Page(0, count if switches.retrieve_without_paging is RetrieveWithoutPaging.ALL else _DEFAULT_PAGE)
    if "PageIndex" in paging or "PageSize" in paging:
        return numbered_page(paging, switches, _DEFAULT_PAGE)
    size = page_size(whole_number(paging.get("RowCount", _DEFAULT_PAGE), "RowCount"), "RowCount", switches)
    offset = whole_number(paging.get("Offset", 0), "Offset")
    if switches.retrieve_offset is RetrieveOffset.ROW:
        return Page(max(0, offset), size)
    first = 1 if switches.retrieve_offset is RetrieveOffset.PAGE_FROM_1 else 0
    return Page(max(0, offset - first) * size, size)


OPERATION = Operation(
    method="POST",
    path="/v2/ProspectActivity.svc/Retrieve",
    bulk=False,
    writes=False,
    answer=answer,
    read=Read.BY_LEAD,
)
