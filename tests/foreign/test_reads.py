from __future__ import annotations

from email.utils import parsedate_to_datetime
from typing import Any

import pytest

from .conftest import RETRIEVE, Caller, ManualClock, Reply, Serve, row
from .store import USER_ID

BY_EVENT = "/v2/ProspectActivity.svc/CustomActivity/RetrieveByActivityEvent"
ALWAYS = {"FromDate": "2000-01-01 00:00:00", "ToDate": "2100-01-01 00:00:00", "ActivityEvent": 320}


def by_event(caller: Caller, parameter: dict[str, Any] | None = None, **parts: Any) -> Reply:
    """Read activities of a type, by default those of all times."""
    return caller.call("POST", BY_EVENT, {"Parameter": ALWAYS | (parameter or {})} | parts)


def lead_id(caller: Caller, address: str = "asha@example.com") -> str:
    found: str = caller.get("LeadManagement.svc/Leads.GetByEmailaddress", emailaddress=address).content[0]["ProspectID"]
    return found


def test_activities_of_a_lead(serve: Serve) -> None:
    """Retrieve shows a lead's activities under the names of the page, empty fields left out."""
    server, caller = serve(activity_types={320: "Site Visit"})
    fields = [{"SchemaName": "mx_Custom_1", "Value": "First"}, {"SchemaName": "mx_Custom_2", "Value": ""}]
    caller.add(row(ActivityNote="met", ActivityDateTime="2024-01-31 10:00:00", Fields=fields), row("b@example.com"))

    content = caller.call("POST", f"{RETRIEVE}?leadId={lead_id(caller)}").content

    (listed,) = content["ProspectActivities"]
    assert content["RecordCount"] == 1
    assert listed["Id"] == server.activities[0].activity_id
    assert (listed["EventCode"], listed["EventName"], listed["CreatedOn"]) == (320, "Site Visit", "2024-01-31 10:00:00")
    assert listed["RelatedProspectId"] == lead_id(caller)
    assert listed["ActivityFields"] == {"Status": "Active", "mx_Custom_1": "First"}
    assert {"Key": "NotableEventDescription", "Value": "met"} in listed["Data"]


def test_retrieve_pages_by_number_from_zero(serve: Serve) -> None:
    """25 rows come without paging; with it, Offset counts pages from 0. The event code narrows the list."""
    _, caller = serve()
    for _ in range(2):
        caller.add(*[row()] * 20)
    caller.add(row(ActivityEvent=7))
    path = f"{RETRIEVE}?leadId={lead_id(caller)}"

    def ids(body: Any) -> list[str]:
        content = caller.call("POST", path, body).content
        return [activity["Id"] for activity in content["ProspectActivities"]]

    pages = [ids({"Paging": {"Offset": str(page), "RowCount": "15"}}) for page in range(4)]
    assert len(ids(None)) == 25
    assert [len(page) for page in pages] == [15, 15, 11, 0]
    assert len({activity for page in pages for activity in page}) == 41
    assert len(ids({"Parameter": {"ActivityEvent": 7}})) == 1


def test_retrieve_needs_a_lead(serve: Serve) -> None:
    """Without leadId there is nothing to show; for a lead nobody knows the list is empty."""
    _, caller = serve()

    refused = caller.call("POST", RETRIEVE, {})
    assert (refused.status, refused.content["ExceptionType"]) == (500, "MXMandatoryAttributeMissingException")
    assert caller.call("POST", f"{RETRIEVE}?leadId=none").content == {"RecordCount": 0, "ProspectActivities": []}


def test_activities_by_event(serve: Serve) -> None:
    """RetrieveByActivityEvent shows flat rows of texts, under names of their own."""
    server, caller = serve()
    caller.add(row(ActivityNote="met", Fields=[{"SchemaName": "mx_Custom_3", "Value": "x"}]), row(ActivityEvent=7))

    content = by_event(caller, {"RemoveEmptyValue": True}).content

    (listed,) = content["List"]
    assert content["RecordCount"] == 1
    assert listed["ProspectActivityId"] == server.activities[0].activity_id
    assert (listed["ActivityEvent"], listed["ActivityEvent_Note"], listed["mx_Custom_3"]) == ("320", "met", "x")
    assert (listed["CreatedBy"], listed["RelatedProspectId"]) == (USER_ID, lead_id(caller))
    assert "mx_Custom_4" not in listed
    assert by_event(caller).content["List"][0]["mx_Custom_4"] == ""


def test_the_window_is_of_modification_with_both_ends(serve: Serve, clock: ManualClock) -> None:
    """What counts is when an activity was stored, not when it happened; both ends of the window belong to it."""
    server, caller = serve()
    for _ in range(3):
        caller.add(row(ActivityDateTime="2020-01-01 00:00:00"))
        clock.seconds += 10
    times = [activity.modified_on.strftime("%Y-%m-%d %H:%M:%S") for activity in server.activities]

    listed = by_event(caller, {"FromDate": times[0], "ToDate": times[1]}).content["List"]

    assert len(set(times)) == 3
    assert [activity["ModifiedOn"] for activity in listed] == [times[1], times[0]]
    assert by_event(caller, {"FromDate": "2020-01-01 00:00:00", "ToDate": "2020-01-02 00:00:00"}).content["List"] == []


def test_by_event_sorts_and_pages(serve: Serve) -> None:
    """Pages are counted from 1, RecordCount is the window's, and the order is the one asked for."""
    server, caller = serve()
    caller.add(*[row()] * 5)
    sorting = {"ColumnName": "ProspectActivityId", "Direction": "0"}

    replies = [by_event(caller, Paging={"PageIndex": page, "PageSize": 2}, Sorting=sorting) for page in (1, 2, 3, 4)]

    listed = [entry["ProspectActivityId"] for reply in replies for entry in reply.content["List"]]
    assert [len(reply.content["List"]) for reply in replies] == [2, 2, 1, 0]
    assert listed == sorted(activity.activity_id for activity in server.activities)
    assert {reply.content["RecordCount"] for reply in replies} == {5}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        pytest.param({}, "'Parameter' is mandatory", id="no parameter"),
        pytest.param({"Parameter": ALWAYS | {"ActivityEvent": None}}, "'ActivityEvent' is mandatory", id="no event"),
        pytest.param({"Parameter": ALWAYS | {"FromDate": "01/02/2024"}}, "FromDate", id="date of another form"),
        pytest.param({"Parameter": ALWAYS | {"FromDate": "2101-01-01 00:00:00"}}, "later than ToDate", id="reversed"),
        pytest.param({"Parameter": ALWAYS, "Paging": {"PageSize": 1001}}, "PageSize. 1001", id="page too large"),
        pytest.param({"Parameter": ALWAYS, "Paging": {"PageIndex": 0}}, "PageIndex. 0", id="pages start at 1"),
        pytest.param({"Parameter": ALWAYS, "Sorting": {"ColumnName": "Mood"}}, "Mood", id="no such column"),
    ],
)
def test_by_event_refuses_what_it_cannot_mean(serve: Serve, body: dict[str, Any], says: str) -> None:
    """A missing or impossible parameter is a logical error: 500 with its words."""
    _, caller = serve()
    caller.add(row())

    reply = caller.call("POST", BY_EVENT, body)

    assert reply.status == 500
    assert says in reply.content["ExceptionMessage"]


def test_reads_lag_behind(serve: Serve, clock: ManualClock) -> None:
    """An activity is there at once, and shown by either read only after the given seconds."""
    server, caller = serve(visible_after_seconds=2.0)
    caller.add(row())
    path = f"{RETRIEVE}?leadId={lead_id(caller)}"

    def shown() -> tuple[int, int]:
        return by_event(caller).content["RecordCount"], caller.call("POST", path).content["RecordCount"]

    clock.seconds += 1.75
    assert (len(server.activities), shown()) == (1, (0, 0))
    clock.seconds += 0.25
    assert shown() == (1, 1)


def test_leads_are_found_by_address_and_id(serve: Serve) -> None:
    """A lead is a flat object in an array, the same by either key and as the activities name it."""
    server, caller = serve(unknown_leads=["nobody@example.com"])
    caller.add(row("Asha@example.com"))

    by_address = caller.get("LeadManagement.svc/Leads.GetByEmailaddress", emailaddress="asha@Example.com").content
    by_id = caller.get("LeadManagement.svc/Leads.GetById", id=by_address[0]["ProspectID"]).content

    assert by_address == by_id
    assert by_address[0]["ProspectID"] == server.activities[0].lead_id
    assert by_address[0]["EmailAddress"] == "Asha@example.com"
    assert caller.get("LeadManagement.svc/Leads.GetByEmailaddress", emailaddress="nobody@example.com").content == []
    assert caller.get("LeadManagement.svc/Leads.GetById", id="none").content == []


def test_the_user_of_the_keys(serve: Serve) -> None:
    """UserByAccessKey.Get names user, organisation, zone and the account's own host."""
    server, caller = serve()

    content = caller.get("Authentication.svc/UserByAccessKey.Get").content

    assert (content["Id"], content["OrgId"], content["TimeZone"]) == (USER_ID, "70071", "Asia/Kolkata")
    assert content["LSQCommonServiceURLs"]["api"] == server.host.removeprefix("http://")


def test_the_user_may_not_be_served(serve: Serve) -> None:
    """An account that does not offer UserByAccessKey.Get answers 404 there, and serves the rest."""
    _, caller = serve(serves_user_by_access_key=False)

    assert caller.get("Authentication.svc/UserByAccessKey.Get").status == 404
    assert caller.add(row()).status == 200


def test_activity_types_have_names_where_the_test_gives_them(serve: Serve) -> None:
    """GetActivitySetting names a known type and refuses another; without given types it is not there."""
    _, caller = serve(activity_types={320: "Site Visit"})
    _, other = serve()
    operation = "ProspectActivity.svc/CustomActivity/GetActivitySetting"

    assert caller.get(operation, code="320").content["DisplayName"] == "Site Visit"
    assert caller.get(operation, code="321").status == 500
    assert other.get(operation, code="320").status == 404


def test_the_wall_clock_may_be_skewed(serve: Serve) -> None:
    """The Date header and ModifiedOn follow the same clock, as far ahead as the test says."""
    server, caller = serve()
    skewed_server, skewed = serve(clock_skew_seconds=600.0)

    dates = [parsedate_to_datetime(caller.add(row()).headers["Date"]) for caller in (caller, skewed)]

    assert server.activities[0].modified_on == dates[0]
    assert skewed_server.activities[0].modified_on == dates[1]
    assert 599 <= (dates[1] - dates[0]).total_seconds() <= 601
