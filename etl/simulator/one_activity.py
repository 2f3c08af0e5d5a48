"""What the operations about one activity have in common: any problem refuses the request, the answer names one id."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from etl.simulator.account import Account, Arrival, Refused
from etl.simulator.answers import json_reply
from etl.simulator.bulk import RowProblem
from etl.simulator.messages import Reply
from etl.simulator.new_activity import AddedRow, Lead, store_activity
from etl.simulator.row_checks import activity_problem, event_code


def checked_activity(account: Account, arrival: Arrival, members: Mapping[str, Any]) -> AddedRow:
    """One new activity as the bulk operations have it: every field under a SchemaName. Raises Refused."""
    account.stats.rows_received += 1
    whole = with_schema_names(members)
    event = event_code(account, whole)
    refuse_for(account, activity_problem(account, whole, event))
    return AddedRow(arrival, 1, event, whole)


def refuse_for(account: Account, problem: RowProblem | None) -> None:
    """Raise Refused for a problem, if there is one."""
    if problem is not None:
        account.stats.rows_refused += 1
        raise problem.as_refusal()


def store_one(account: Account, row: AddedRow, lead: Lead) -> str:
    """Store the activity; returns its id."""
    account.stats.rows_stored += 1
    return str(store_activity(account, row, lead)["ProspectActivityId"])


def id_reply(shown: str) -> Reply:
    return json_reply({"Status": "Success", "Message": {"Id": shown}})


def with_schema_names(members: Mapping[str, Any]) -> dict[str, Any]:
    """The vendor's samples name a custom field set of an activity by `Attribute`; both names are taken."""
    fields = members.get("Fields")
    if not isinstance(fields, list):
        return dict(members)
    return {**members, "Fields": [_with_schema_name(entry) for entry in fields]}


def unknown_lead(account: Account, search_by: str, value: object) -> Refused:
    account.stats.unknown_leads += 1
    message = f"Lead with {search_by} '{value}' does not exist or you do not have permission."
    return Refused(500, "MXInvalidLeadException", message)


def _with_schema_name(entry: Any) -> Any:
    if not isinstance(entry, dict) or "SchemaName" in entry or "Attribute" not in entry:
        return entry
    return {"SchemaName": entry["Attribute"], **{name: value for name, value in entry.items() if name != "Attribute"}}
