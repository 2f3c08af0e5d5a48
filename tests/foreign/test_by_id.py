"""Posting on leads by their ids, and on one opportunity."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import (
    ADD_BY_ID,
    ADD_BY_OPPORTUNITY,
    ASHA,
    CALL,
    DEAL,
    LOADED,
    RAVI,
    RETRIEVE,
    Serve,
    assert_refused,
    row,
)

OWNER = "owner@example.com"
UNKNOWN = "00000000-0000-4000-8000-000000000000"


def by_id(lead_id: str = ASHA, **members: Any) -> dict[str, Any]:
    return {"RelatedProspectId": lead_id, "ActivityEvent": 320} | members


def of_deal(**members: Any) -> dict[str, Any]:
    return {"ActivityEvent": 320, "ActivityOwnerEmail": OWNER} | members


def test_rows_find_their_leads_by_id(serve: Serve) -> None:
    """Rows of several leads travel together, and are answered in order; the case of an id does not count."""
    server, caller = serve(**LOADED)

    reply = caller.call("POST", ADD_BY_ID, [by_id(RAVI), by_id(ASHA.upper(), ActivityDateTime="2024-02-29 23:59:59")])

    _, first, second = server.activities
    assert reply.content == {
        "Response": [
            {"ProspectActivityId": first.activity_id, "RowNumber": 1, "ActivityCreated": True},
            {"ProspectActivityId": second.activity_id, "RowNumber": 2, "ActivityCreated": True},
        ]
    }
    assert (first.lead_id, second.lead_id) == (RAVI, ASHA)
    assert second.created_on.isoformat() == "2024-02-29T23:59:59+00:00"
    assert (second.search_by, second.search_value) == ("RelatedProspectId", ASHA.upper())


def test_an_unknown_lead_id_is_the_row_s_error(serve: Serve) -> None:
    """A row of an id that no lead has is answered false; its neighbours are stored."""
    server, caller = serve(**LOADED)

    answers = caller.call("POST", ADD_BY_ID, [by_id(), by_id(UNKNOWN), by_id("")]).content["Response"]

    assert [answer["ActivityCreated"] for answer in answers] == [True, False, False]
    assert UNKNOWN in answers[1]["ExceptionMessage"]
    assert "'RelatedProspectId' is mandatory" in answers[2]["ExceptionMessage"]
    assert len(server.activities) == 2


def test_a_lead_that_was_looked_up_has_an_id_that_works(serve: Serve) -> None:
    """Where leads have always been there, an id works once a look-up has named it."""
    server, caller = serve()
    (lead,) = caller.get("LeadManagement.svc/Leads.GetByEmailaddress", emailaddress="asha@example.com").content

    caller.call("POST", ADD_BY_ID, [by_id(lead["ProspectID"])])
    caller.add(row("asha@example.com"))

    assert len({activity.lead_id for activity in server.activities}) == 1


@pytest.mark.parametrize(
    ("path", "rows", "says"),
    [
        pytest.param(ADD_BY_ID, [by_id(ValidateDropDownOptions=True)], "ValidateDropDownOptions", id="skip by lead id"),
        pytest.param(ADD_BY_ID, [row()], "SearchByValue", id="row of another operation"),
        pytest.param(
            f"{ADD_BY_OPPORTUNITY}?opportunityId={DEAL}",
            [of_deal(ActivityDateTime="2024-01-01 00:00:00")],
            "ActivityDateTime",
            id="time on an opportunity",
        ),
        pytest.param(
            f"{ADD_BY_OPPORTUNITY}?opportunityId={DEAL}", [of_deal(RelatedProspectId=ASHA)], "Related", id="two places"
        ),
    ],
)
def test_an_operation_takes_what_its_own_page_shows(serve: Serve, path: str, rows: Any, says: str) -> None:
    """A member that only a sister page shows is a body of another structure: 400, nothing stored."""
    server, caller = serve(**LOADED)

    assert_refused(caller.call("POST", path, rows), 400, "MXBadRequestException", says)
    assert len(server.activities) == 1


@pytest.mark.parametrize(("shows", "listed_under"), [("lead", RAVI), ("opportunity", DEAL)])
def test_an_opportunity_s_activity_is_listed_under_lead_or_opportunity(
    serve: Serve, shows: str, listed_under: str
) -> None:
    """Which of the two ids reads show is not documented, so the test chooses."""
    server, caller = serve(opportunity_shows=shows, **LOADED)

    reply = caller.call("POST", f"{ADD_BY_OPPORTUNITY}?opportunityId={DEAL}", [of_deal(ActivityNote="PAN")])

    stored = server.activities[1]
    assert reply.content["Response"][0]["ProspectActivityId"] == stored.activity_id
    assert (stored.opportunity_id, stored.lead_id, stored.owner_email) == (DEAL, RAVI, OWNER)
    (listed,) = caller.call("POST", f"{RETRIEVE}?leadId={listed_under}").content["ProspectActivities"]
    assert (listed["Id"], listed["RelatedProspectId"]) == (stored.activity_id, listed_under)
    other = DEAL if listed_under == RAVI else RAVI
    assert caller.call("POST", f"{RETRIEVE}?leadId={other}").content["RecordCount"] == 0


def test_every_row_on_an_opportunity_names_its_owner(serve: Serve) -> None:
    """The owner is mandatory here, row by row."""
    _, caller = serve(**LOADED)
    path = f"{ADD_BY_OPPORTUNITY}?opportunityId={DEAL}"

    answers = caller.call("POST", path, [of_deal(), {"ActivityEvent": 320}]).content["Response"]

    assert [answer["ActivityCreated"] for answer in answers] == [True, False]
    assert "'ActivityOwnerEmail' is mandatory" in answers[1]["ExceptionMessage"]


def test_a_request_needs_an_opportunity_that_is_there(serve: Serve) -> None:
    """Without an opportunity, with one that is not there, or with 26 rows the whole request is refused."""
    server, caller = serve(**LOADED)
    path = f"{ADD_BY_OPPORTUNITY}?opportunityId="

    assert_refused(caller.call("POST", path, [of_deal()]), 500, "MXMandatoryAttributeMissingException", "opportunityId")
    assert_refused(caller.call("POST", path + UNKNOWN, [of_deal()]), 500, "MXInvalidInputException", UNKNOWN)
    assert_refused(caller.call("POST", path + DEAL, [of_deal()] * 26), 500, "MXInvalidInputException", "26 activities")
    assert len(server.activities) == 1


def test_opportunities_have_always_been_there_where_none_are_loaded(serve: Serve) -> None:
    """Every GUID is an opportunity then, of a lead of its own; what is no GUID is none."""
    server, caller = serve()
    path = f"{ADD_BY_OPPORTUNITY}?opportunityId="

    for opportunity in (DEAL, CALL, DEAL):
        assert caller.call("POST", path + opportunity, [of_deal()]).status == 200

    assert caller.call("POST", f"{path}deal", [of_deal()]).status == 500
    assert [activity.opportunity_id for activity in server.activities] == [DEAL, CALL, DEAL]
    assert len({activity.lead_id for activity in server.activities}) == 2


@pytest.mark.parametrize(
    ("unknown_owner", "stored_as"), [("row-error", [OWNER]), ("key-owner", ["administrator@example.com", OWNER])]
)
def test_an_owner_who_is_no_user(serve: Serve, unknown_owner: str, stored_as: list[str]) -> None:
    """Of an owner who is no active user the row is refused, or becomes the key owner's without a word."""
    users = [{"EmailAddress": OWNER, "ID": CALL}, {"EmailAddress": "left@example.com", "StatusCode": 1}]
    server, caller = serve(users=users, unknown_owner=unknown_owner, leads=LOADED["leads"])

    rows = [by_id(ActivityOwnerEmail="left@example.com"), by_id(ActivityOwnerEmail=OWNER.upper())]
    answers = caller.call("POST", ADD_BY_ID, rows).content["Response"]

    assert [activity.owner_email.lower() for activity in server.activities] == stored_as
    assert [answer["ActivityCreated"] for answer in answers] == [unknown_owner == "key-owner", True]
    listed = caller.call("POST", f"{RETRIEVE}?leadId={ASHA}").content["ProspectActivities"]
    assert CALL in [activity["ActivityFields"]["Owner"] for activity in listed]
