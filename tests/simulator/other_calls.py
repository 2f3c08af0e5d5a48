"""Requests to the operations beside the one that adds by a lead field, and rows that they take."""

from __future__ import annotations

import json
from typing import Any

from etl.simulator import SimRequest

from .calls import JSON, KEYS, Bench, add, answer, row

ACTIVITIES_PATH = "/v2/ProspectActivity.svc/"
LEAD = "11111111-1111-4111-8111-111111111111"
OTHER_LEAD = "22222222-2222-4222-8222-222222222222"
OPPORTUNITY = "33333333-3333-4333-8333-333333333333"
NOWHERE = "00000000-0000-4000-8000-000000000000"
"""An id that belongs to nothing."""


def post(name: str, body: Any, **query: str) -> SimRequest:
    """A POST to an activity operation, or to any path that starts with a slash."""
    path = name if name.startswith("/") else ACTIVITIES_PATH + name
    headers = {**KEYS, **JSON}
    return SimRequest("POST", path, query=tuple(query.items()), headers=headers, body=json.dumps(body).encode())


def get(name: str, **query: str) -> SimRequest:
    """A GET of an activity operation, or of any path that starts with a slash."""
    path = name if name.startswith("/") else ACTIVITIES_PATH + name
    return SimRequest("GET", path, query=tuple(query.items()), headers=KEYS)


def add_by_id(rows: list[dict[str, Any]]) -> SimRequest:
    return post("Bulk/CustomActivity/Add/ByLeadId", rows)


def of_lead(lead_id: str = LEAD, **members: Any) -> dict[str, Any]:
    return {"RelatedProspectId": lead_id, "ActivityEvent": 320, **members}


def add_to_opportunity(rows: list[dict[str, Any]], opportunity_id: str = OPPORTUNITY) -> SimRequest:
    return post("Bulk/CustomActivity/Add/ByOpportunityId", rows, opportunityId=opportunity_id)


def of_opportunity(owner: str = "rep@example.com", **members: Any) -> dict[str, Any]:
    return {"ActivityEvent": 320, "ActivityOwnerEmail": owner, **members}


def update(rows: list[dict[str, Any]]) -> SimRequest:
    return post("Bulk/CustomActivity/Update", rows)


def create_custom(lead: dict[str, str], search_by: str = "EmailAddress", top: Any = None, **members: Any) -> SimRequest:
    """A lead by its plain attributes, and an activity of type 320. top: members beside these two."""
    details = [{"Attribute": name, "Value": value} for name, value in lead.items()]
    body = {
        "LeadDetails": [*details, {"Attribute": "SearchBy", "Value": search_by}],
        "Activity": {"ActivityEvent": 320, **members},
        **(top or {}),
    }
    return post("CreateCustom", body)


def fields(**values: str) -> list[dict[str, str]]:
    """`Fields` of plain values."""
    return [{"SchemaName": name, "Value": value} for name, value in values.items()]


def stored_ids(bench: Bench, count: int, **members: Any) -> list[str]:
    """Store so many activities of so many leads in one request; their ids."""
    rows = [row(f"lead{number}@example.com", **members) for number in range(1, count + 1)]
    return [given["ProspectActivityId"] for given in answer(bench.send(add(rows)))["Response"]]
