"""Every operation that is served: its address, and what kind of call it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .account_reads import activity_details, activity_setting, activity_types, user_by_access_key, users
from .activity_reads import activities_by_event, activities_of_lead
from .behaviour import Behaviour
from .creating import create_lead_and_activity
from .deleting import delete_activities
from .exchange import Request
from .lead_metadata import leads_metadata
from .lead_reads import lead_by_email, lead_by_id, lead_by_phone, leads_by_criterion, leads_by_ids
from .posting import add_by_lead_field, add_by_lead_id, add_by_opportunity
from .store import Arrival, Store
from .updating import update_activities


@dataclass(frozen=True)
class Operation:
    """One operation under /v2/."""

    method: str
    path: str
    carry_out: Callable[[Request, Store, Arrival], Any]
    writes: bool = False  # faults befall these alone
    bulk: str | None = None  # counts in the bulk limit if this is "", or the name of a switch that is on
    offered: str | None = None  # the name of the switch without which it is answered 404

    def counts_as_bulk(self, behaviour: Behaviour) -> bool:
        """Whether the account counts it among the calls of its bulk operations."""
        return self.bulk is not None and (not self.bulk or getattr(behaviour, self.bulk))


_SERVED = (
    # The page on rate limits lists the bulk operations; posting on an opportunity is not among them.
    Operation("POST", "ProspectActivity.svc/Bulk/CustomActivity/Add/ByLeadField", add_by_lead_field, True, ""),
    Operation("POST", "ProspectActivity.svc/Bulk/CustomActivity/Add/ByLeadId", add_by_lead_id, True, ""),
    Operation(
        "POST",
        "ProspectActivity.svc/Bulk/CustomActivity/Add/ByOpportunityId",
        add_by_opportunity,
        True,
        "opportunity_is_bulk",
    ),
    Operation("POST", "ProspectActivity.svc/Bulk/CustomActivity/Update", update_activities, True, ""),
    Operation("POST", "ProspectActivity.svc/CreateCustom", create_lead_and_activity, True),
    Operation("POST", "ProspectActivity.svc/DeleteActivities", delete_activities, True, None, "serves_deletion"),
    Operation("POST", "ProspectActivity.svc/Retrieve", activities_of_lead),
    Operation("POST", "ProspectActivity.svc/CustomActivity/RetrieveByActivityEvent", activities_by_event),
    Operation("GET", "ProspectActivity.svc/GetActivityDetails", activity_details),
    Operation("GET", "ProspectActivity.svc/ActivityTypes.Get", activity_types),
    Operation("GET", "ProspectActivity.svc/CustomActivity/GetActivitySetting", activity_setting),
    Operation("GET", "LeadManagement.svc/Leads.GetByEmailaddress", lead_by_email),
    Operation("GET", "LeadManagement.svc/RetrieveLeadByPhoneNumber", lead_by_phone),
    Operation("GET", "LeadManagement.svc/Leads.GetById", lead_by_id),
    Operation("POST", "LeadManagement.svc/Leads.Get", leads_by_criterion),
    Operation("POST", "LeadManagement.svc/Leads/Retrieve/ByIds", leads_by_ids, offered="serves_leads_by_ids"),
    Operation("GET", "LeadManagement.svc/LeadsMetaData.Get", leads_metadata),
    Operation("GET", "UserManagement.svc/Users.Get", users),
    Operation("GET", "Authentication.svc/UserByAccessKey.Get", user_by_access_key, offered="serves_user_by_access_key"),
)
_BY_ADDRESS = {(operation.method, f"/v2/{operation.path}"): operation for operation in _SERVED}


def find_operation(request: Request, behaviour: Behaviour) -> Operation | None:
    """The operation that a request asks for; None when no page describes it, or this account does not offer it."""
    found = _BY_ADDRESS.get((request.method, request.path))
    is_offered = found is None or found.offered is None or getattr(behaviour, found.offered)
    return found if is_offered else None
