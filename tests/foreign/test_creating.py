"""CreateCustom."""

from __future__ import annotations

import json
from typing import Any

import pytest

from .conftest import ASHA, CREATE, LEADS, LOADED, RAVI, ManualClock, Serve, assert_refused, creation

BY_EMAIL = "LeadManagement.svc/Leads.GetByEmailaddress"


def test_a_lead_that_is_not_found_is_created(serve: Serve) -> None:
    """Lead and activity are there, under the answered id; the same address again finds the new lead."""
    server, caller = serve(**LOADED)
    kyc = {"Status": "Pending", "mx_CustomObject_2": "864563"}
    details = (("EmailAddress", "new@example.com"), ("mx_City", "Jaipur"), ("mx_KYC", kyc))

    reply = caller.call("POST", CREATE, creation(*details, ActivityNote="met", ActivityDateTime="2024-01-31 10:00:00"))
    caller.call("POST", CREATE, creation(("EmailAddress", "NEW@example.com"), ("FirstName", "Nila")))

    (created,) = [lead for lead in server.leads if lead.created_by is not None]
    first, second = server.activities[1:]
    assert reply.content == {"Status": "Success", "Message": {"Id": first.activity_id}}
    assert (first.lead_id, first.note, first.message_id) == (created.lead_id, "met", first.activity_id)
    assert second.lead_id == created.lead_id
    assert (created.created_by, created.updates) == (0, 1)
    assert created.values == {
        "EmailAddress": "NEW@example.com",
        "mx_City": "Jaipur",
        "mx_KYC": json.dumps(kyc),
        "FirstName": "Nila",
    }


def test_a_lead_that_is_found_is_updated(serve: Serve) -> None:
    """A known phone finds its lead, whose other attributes stay."""
    server, caller = serve(**LOADED)

    caller.call("POST", CREATE, creation(("Phone", "+91-9800000001"), ("mx_City", "Mysuru"), search_by="Phone"))

    asha = server.leads[0]
    assert len(server.leads) == 2
    assert (asha.lead_id, asha.updates, asha.created_by) == (ASHA, 1, None)
    assert {"ProspectID": ASHA, **asha.values} == LEADS[0] | {"mx_City": "Mysuru"}
    assert server.activities[1].lead_id == ASHA


@pytest.mark.parametrize("which", ["activity", "lead", "neither"])
def test_the_answered_id_is_opaque(serve: Serve, which: str) -> None:
    """What the id is of is not documented, so the test chooses; the state tells which was answered."""
    server, caller = serve(message_id=which, **LOADED)

    answered = caller.call("POST", CREATE, creation(("EmailAddress", "ravi@example.com"))).content["Message"]["Id"]

    stored = server.activities[1]
    assert {"activity": stored.activity_id, "lead": RAVI}.get(which, answered) == answered
    assert (answered in {stored.activity_id, RAVI}) == (which != "neither")
    assert stored.message_id == answered


def of_new(*more: tuple[str, str], **activity: Any) -> Any:
    """A lead that is not there yet."""
    return creation(("EmailAddress", "n@example.com"), *more, **activity)


def of_ravi(*more: tuple[str, str], **others: Any) -> Any:
    """A lead that is there."""
    return creation(("EmailAddress", "ravi@example.com"), *more, **others)


ASHAS_PHONE = ("Phone", "+91-9800000001")
NO_ACTIVITY = {"LeadDetails": [{"Attribute": "FirstName", "Value": "N"}]}
IN_PUNE = ("mx_City", "Pune")
WRONG = {
    "unknown attribute": (of_new(("mx_Nothing", "x")), "MXUnknownAttributeException", "mx_Nothing"),
    "another lead's phone on a new lead": (of_new(ASHAS_PHONE), "MXDuplicateEntryException", "UQ_Prospect_Base_Phone"),
    "another lead's phone on a known lead": (of_ravi(ASHAS_PHONE), "MXDuplicateEntryException", "+91-9800000001"),
    "known address without SearchBy": (of_ravi(search_by=""), "MXDuplicateEntryException", "ravi@example.com"),
    "not unique": (creation(IN_PUNE, search_by="mx_City"), "MXInvalidInputException", "mx_City"),
    "no value": (creation(IN_PUNE), "MXMandatoryAttributeMissingException", "'EmailAddress'"),
    "no activity": (NO_ACTIVITY, "MXMandatoryAttributeMissingException", "'Activity'"),
    "wrong time of the activity": (
        of_new(ActivityDateTime="31.01.2024"),
        "MXInvalidInputException",
        "ActivityDateTime",
    ),
    "unknown activity type": (of_new(ActivityEvent=7), "MXInvalidActivityException", "activity type"),
}


@pytest.mark.parametrize(("body", "exception_type", "says"), WRONG.values(), ids=WRONG)
def test_both_or_nothing(serve: Serve, body: Any, exception_type: str, says: str) -> None:
    """A wrong lead or activity is a logical error of the whole request: no lead, no activity, no attribute changes."""
    server, caller = serve(lead_fields={"mx_City": {}}, activity_types={320: "Site Visit"}, **LOADED)
    before = server.state()

    assert_refused(caller.call("POST", CREATE, body), 500, exception_type, says)
    after = server.state()
    assert (after["leads"], after["activities"]) == (before["leads"], before["activities"])


@pytest.mark.parametrize(
    "body",
    [
        pytest.param([creation(("EmailAddress", "n@example.com"))], id="array"),
        pytest.param(creation(("EmailAddress", "a"), ("EmailAddress", "b")), id="attribute twice"),
        pytest.param(creation(("EmailAddress", "a"), ActivityOwnerEmail="b@example.com"), id="owner"),
        pytest.param(creation(("EmailAddress", "a"), ValidateDropDownOptions=True), id="skip inside the activity"),
        pytest.param({"LeadDetails": [{"SchemaName": "a", "Value": "b"}], "Activity": {"a": 1}}, id="SchemaName"),
    ],
)
def test_400_for_a_body_of_another_structure(serve: Serve, body: Any) -> None:
    """A body that is not as the page shows is answered 400, and nothing of it is stored."""
    server, caller = serve(leads=[])

    assert caller.call("POST", CREATE, body).status == 400
    assert (server.leads, server.activities) == ([], [])


def test_a_lead_nobody_knows_is_created_where_others_have_always_been_there(serve: Serve) -> None:
    """Without loaded leads every address finds its lead, but those that the test calls unknown."""
    server, caller = serve(unknown_leads=["new@example.com"])

    for address in ("old@example.com", "new@example.com", "new@example.com"):
        assert caller.call("POST", CREATE, creation(("EmailAddress", address))).status == 200

    assert [(lead.created_by, lead.updates) for lead in server.leads] == [(None, 1), (1, 1)]


def test_reads_lag_behind_new_leads(serve: Serve, clock: ManualClock) -> None:
    """A lead is found by the next CreateCustom at once, and by look-ups when it is visible."""
    server, caller = serve(visible_after_seconds=2.0, leads=[])
    caller.call("POST", CREATE, creation(("EmailAddress", "new@example.com")))
    clock.seconds += 1.0
    caller.call("POST", CREATE, creation(("EmailAddress", "new@example.com"), ("FirstName", "Nila")))

    def shown() -> list[Any]:
        return [lead["FirstName"] for lead in caller.get(BY_EMAIL, emailaddress="new@example.com").content]

    assert (len(server.leads), shown()) == (1, [])
    clock.seconds += 1.0
    assert shown() == [None]
    clock.seconds += 1.0
    assert shown() == ["Nila"]
