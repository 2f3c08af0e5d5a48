"""Requests of public LeadSquared clients as their own tests and samples show them, and the answers that those expect.

Facts only, noted down from the Ruby gem `leadsquared` (its specs) and the vendor's PHP library (its samples). Both send
the keys in the URL. The ids and addresses are ours.

expected: the answer; a type stands for any value of it, a list of one for any number of such.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

LEAD = "3131ea6a-bb20-4457-b183-ddf6d8716dfe"
NO_LEAD = "12345"
ACTIVITY, LEADS = "/v2/ProspectActivity.svc/", "/v2/LeadManagement.svc/"
AN_ID = {"Status": "Success", "Message": {"Id": str}}
A_LEAD = {"ProspectID": str, "FirstName": str, "LastName": str, "EmailAddress": str}


@dataclass(frozen=True)
class Call:
    """One request of a client. body: None for a GET. expected: the members that its tests or samples look at."""

    path: str
    expected: Any
    body: Any = None
    query: dict[str, str] = field(default_factory=dict)
    status: int = 200


CALLS: dict[str, Call] = {
    "ruby: activities of a lead, none yet": Call(
        ACTIVITY + "Retrieve",
        {"RecordCount": 0, "ProspectActivities": []},
        {"Parameter": {"ActivityEvent": 201}, "Paging": {"Offset": 0, "RowCount": 10}},
        {"leadId": LEAD},
    ),
    "ruby: create an activity type": Call(
        ACTIVITY + "CreateType",
        AN_ID,
        {"ActivityEventName": "New Activity", "Score": 10, "Description": "Some Description", "Direction": 0},
    ),
    "ruby: activity by address": Call(
        ACTIVITY + "Create",
        AN_ID,
        {
            "EmailAddress": "test@example.com",
            "ActivityEvent": "201",
            "ActivityNote": None,
            "ActivityDateTime": "2015-01-01 00:00:00",
            "FirstName": None,
            "LastName": None,
        },
    ),
    "ruby: activity by lead": Call(
        ACTIVITY + "Create",
        AN_ID,
        {
            "RelatedProspectId": LEAD,
            "ActivityEvent": "201",
            "ActivityNote": "Some Description",
            "ActivityDateTime": "2015-01-01 00:00:00",
        },
        {"leadId": LEAD},
    ),
    "ruby: lead by id": Call(LEADS + "Leads.GetById", [A_LEAD], query={"id": LEAD}),
    "ruby: lead by an id that is none": Call(LEADS + "Leads.GetById", [], query={"id": NO_LEAD}),
    "ruby: lead by address": Call(
        LEADS + "Leads.GetByEmailaddress", [A_LEAD], query={"emailaddress": "ann@example.com"}
    ),
    "ruby: lead by an address that is nobody's": Call(
        LEADS + "Leads.GetByEmailaddress", [], query={"emailaddress": "nobody@example.com"}
    ),
    "ruby: quick search": Call(LEADS + "Leads.GetByQuickSearch", [A_LEAD], query={"key": "Ann"}),
    "ruby: quick search for nothing": Call(LEADS + "Leads.GetByQuickSearch", [], query={"key": "Jhon"}),
    "ruby: update a lead": Call(
        LEADS + "Lead.Update",
        {"Status": "Success", "Message": {"AffectedRows": 1}},
        [{"Attribute": "Phone", "Value": "1234567"}, {"Attribute": "mx_City", "Value": "NY"}],
        {"leadId": LEAD},
    ),
    "ruby: update a lead that is none": Call(
        LEADS + "Lead.Update",
        {
            "Status": "Error",
            "ExceptionType": "MXInvalidEntityException",
            "ExceptionMessage": "Lead does not exist in the system",
        },
        [{"Attribute": "Phone", "Value": "1234567"}],
        {"leadId": NO_LEAD},
        500,
    ),
    "ruby: create a lead": Call(
        LEADS + "Lead.Create",
        AN_ID,
        [
            {"Attribute": "EmailAddress", "Value": "test@example.com"},
            {"Attribute": "FirstName", "Value": "Bob"},
            {"Attribute": "LastName", "Value": "Zeiger"},
        ],
    ),
    "ruby: create a lead that is there": Call(
        LEADS + "Lead.Create",
        {
            "Status": "Error",
            "ExceptionType": "MXDuplicateEntryException",
            "ExceptionMessage": "Duplicate entry 'ann@example.com' for key 'UQ_Prospect_Base_EmailAddress'",
        },
        [{"Attribute": "EmailAddress", "Value": "ann@example.com"}],
        status=500,
    ),
    "ruby: attributes of leads": Call(
        LEADS + "LeadsMetaData.Get",
        [
            {
                "SchemaName": str,
                "DisplayName": str,
                "DataType": str,
                "IsMandatory": bool,
                "MaxLength": str,
                "RenderType": int,
            }
        ],
    ),
    "php: activity types": Call(ACTIVITY + "ActivityTypes.Get", [{"ActivityEvent": int, "ActivityEventName": str}]),
    "php: activity by lead": Call(
        ACTIVITY + "Create",
        AN_ID,
        {
            "RelatedProspectId": LEAD,
            "ActivityEvent": 102,
            "ActivityNote": "Your Activity Note",
            "ActivityDateTime": "2015-01-01 00:00:00",
        },
    ),
    "php: activity by address, with the lead's names and a score": Call(
        ACTIVITY + "Create",
        AN_ID,
        {
            "EmailAddress": "john.smith@example.com",
            "ActivityEvent": 102,
            "ActivityNote": "Note for the activity",
            "ActivityDateTime": "2015-01-01 00:00:00",
            "FirstName": "John",
            "LastName": "Smith",
            "Phone": "+919845098450",
            "Score": 10,
        },
    ),
    "php: activities of a lead, without paging": Call(
        ACTIVITY + "Retrieve", {"RecordCount": 0, "ProspectActivities": []}, {}, {"leadId": LEAD}
    ),
    "php: users": Call("/v2/UserManagement.svc/Users.Get", [{"ID": str, "EmailAddress": str, "StatusCode": int}]),
}
