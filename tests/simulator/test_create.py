"""One request, one activity: on a lead that is there, or that it creates or changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from etl.simulator import EmptyValue, Fault, LeadField, MessageId, SimRequest, Switches

from .calls import LEADS_PATH, Bench, add, answer, ask, look_up, refusal, row
from .other_calls import LEAD, NOWHERE, OTHER_LEAD, create_custom, fields, post

ANN = {"EmailAddress": "ann@example.com", "FirstName": "Ann", "Phone": "+91-9876543210"}
KYC = {"Attribute": "mx_KYC", "Value": "", "Fields": [{"Attribute": "mx_CustomObject_2", "Value": "8"}]}


def by_address(address: str) -> SimRequest:
    return look_up("Leads.GetByEmailaddress", emailaddress=address)


def by_phone(phone: str) -> SimRequest:
    return look_up("RetrieveLeadByPhoneNumber", phone=phone)


def test_a_lead_and_its_activity() -> None:
    """Both are there, and the lead with all its attributes by address, by phone and by id."""
    bench = Bench(unknown_leads=frozenset({"ann@example.com", "+91-9876543210"}))
    before = [answer(bench.send(asked)) for asked in (by_address("ann@example.com"), by_phone("+91-9876543210"))]

    reply = bench.send(create_custom(ANN, ActivityNote="met", Fields=fields(mx_Custom_1="v")))

    (stored,) = bench.simulator.activities()
    lead_id = stored["RelatedProspectId"]
    found = [
        answer(bench.send(asked))
        for asked in (by_address("ANN@example.com"), by_phone("+91-9876543210"), look_up("Leads.GetById", id=lead_id))
    ]
    assert before == [[], []]
    assert answer(reply) == {"Status": "Success", "Message": {"Id": stored["ProspectActivityId"]}}
    assert (stored["ActivityNote"], stored["Fields"]) == ("met", fields(mx_Custom_1="v"))
    assert [[{name: lead[name] for name in ("ProspectID", *ANN)} for lead in leads] for leads in found] == [
        [{"ProspectID": lead_id, **ANN}]
    ] * 3
    assert bench.stat("leads_created") == 1


def test_a_lead_that_is_found_is_changed() -> None:
    """The second request gives the same lead other attributes; those it does not name stay."""
    bench = Bench()
    bench.send(create_custom(ANN))

    bench.send(create_custom({"EmailAddress": "Ann@Example.com", "FirstName": "Anna", "mx_City": "Pune"}))

    (lead,) = answer(bench.send(by_address("ann@example.com")))
    assert (lead["FirstName"], lead["mx_City"], lead["Phone"]) == ("Anna", "Pune", "+91-9876543210")
    assert len(set(bench.stored("RelatedProspectId"))) == 1
    assert bench.stat("leads_created") == 1


def test_search_by_another_field_finds_the_lead() -> None:
    """A lead created by its address is found by its phone, and gets another address; the old one is nobody's."""
    bench = Bench()
    bench.send(create_custom(ANN))

    bench.send(create_custom({"Phone": "+91-9876543210", "EmailAddress": "new@example.com"}, search_by="Phone"))

    assert len(set(bench.stored("RelatedProspectId"))) == 1
    assert answer(bench.send(by_address("ann@example.com"))) == []
    assert answer(bench.send(by_address("new@example.com")))[0]["FirstName"] == "Ann"
    assert answer(bench.send(add([row("ann@example.com")])))["Response"][0]["ActivityCreated"] is False


@pytest.mark.parametrize(
    ("clash", "message"),
    [
        (
            {"EmailAddress": "ann@example.com"},
            "Duplicate entry 'ann@example.com' for key 'UQ_Prospect_Base_EmailAddress'",
        ),
        ({"Phone": "+91-9876543210"}, "A Lead with same Phone Number already exists."),
        ({"Mobile": "+91-9876543210"}, "A Lead with same Phone Number already exists."),
    ],
    ids=["address", "phone", "mobile"],
)
def test_a_unique_attribute_of_another_lead(clash: dict[str, str], message: str) -> None:
    """The request is refused; neither lead nor activity is stored."""
    bench = Bench()
    bench.send(create_custom(ANN))

    reply = bench.send(create_custom({"mx_Code": "K-1", **clash}, search_by="mx_Code"))

    assert refusal(reply) == (500, "MXDuplicateEntryException", message)
    assert len(bench.stored()) == 1
    assert bench.stat("leads_created") == 1


def test_custom_field_sets_in_lead_and_activity() -> None:
    """The lead's set is a JSON text in look-ups, member by member; the activity's is one in reads."""
    bench = Bench()
    more = {**KYC, "Fields": [{"Attribute": "Status", "Value": "Done"}]}
    details = [
        {"Attribute": "EmailAddress", "Value": "a@example.com"},
        {"Attribute": "SearchBy", "Value": "EmailAddress"},
    ]
    activity = {"ActivityEvent": 320, "Fields": [KYC]}

    for entry in (KYC, more):
        bench.send(post("CreateCustom", {"LeadDetails": [entry, *details], "Activity": activity}))

    (lead,) = answer(bench.send(by_address("a@example.com")))
    assert json.loads(lead["mx_KYC"]) == {"mx_CustomObject_2": "8", "Status": "Done"}
    assert [json.loads(shown["mx_KYC"]) for shown in bench.shown()] == [{"mx_CustomObject_2": "8"}] * 2


@pytest.mark.parametrize(("switch", "expected"), [("clears", None), ("ignored", "Ann")])
def test_empty_attributes(switch: str, expected: str | None) -> None:
    """An empty attribute clears or is ignored."""
    bench = Bench(switches=Switches(empty_value=EmptyValue(switch)))
    bench.send(create_custom(ANN))

    bench.send(create_custom({"EmailAddress": "ann@example.com", "FirstName": ""}))

    assert answer(bench.send(by_address("ann@example.com")))[0]["FirstName"] == expected


def test_the_id_may_be_the_lead_s() -> None:
    """Which id the answer names is not documented."""
    bench = Bench(switches=Switches(message_id=MessageId.LEAD))

    assert answer(bench.send(create_custom(ANN)))["Message"]["Id"] == bench.stored("RelatedProspectId")[0]


BAD: dict[str, tuple[SimRequest, tuple[int, str]]] = {
    "array": (post("CreateCustom", []), (400, "JsonSerializationException")),
    "no-lead": (
        post("CreateCustom", {"Activity": {"ActivityEvent": 320}}),
        (500, "MXMandatoryAttributeMissingException"),
    ),
    "no-search-by": (
        post(
            "CreateCustom", {"LeadDetails": [{"Attribute": "Phone", "Value": "1"}], "Activity": {"ActivityEvent": 320}}
        ),
        (500, "MXMandatoryAttributeMissingException"),
    ),
    "search-by-wrong-field": (create_custom(ANN, "FirstName"), (500, "MXInvalidInputException")),
    "search-by-without-value": (create_custom(ANN, "Mobile"), (500, "MXMandatoryAttributeMissingException")),
    "no-event": (create_custom(ANN, ActivityEvent=None), (500, "MXInvalidActivityException")),
    "bad-time": (create_custom(ANN, ActivityDateTime="today"), (500, "MXInvalidActivityFieldsException")),
    "bad-field": (create_custom(ANN, Fields=fields(Colour="red")), (500, "MXInvalidActivityFieldsException")),
    "unknown-attribute": (create_custom({**ANN, "mx_Colour": "red"}), (500, "MXUnknownAttributeException")),
    "create-unknown-lead": (
        post("Create", {"RelatedProspectId": NOWHERE, "ActivityEvent": 320}),
        (500, "MXInvalidLeadException"),
    ),
    "create-no-lead": (post("Create", {"ActivityEvent": 320}), (500, "MXMandatoryAttributeMissingException")),
    "create-no-event": (post("Create", {"RelatedProspectId": LEAD}), (500, "MXInvalidActivityException")),
}


@pytest.mark.parametrize("case", BAD)
def test_what_is_refused(case: str) -> None:
    """The request is refused as a whole: no activity, and no lead."""
    bench = Bench(lead_fields=(LeadField("mx_City"),))
    request_made, expected = BAD[case]

    assert refusal(bench.send(request_made))[:2] == expected
    assert (bench.stored(), bench.stat("leads_created")) == ([], 0)


def test_only_laid_down_attributes_can_be_unknown() -> None:
    """Every name is taken unless the account lays its attributes down."""
    taken = Bench().send(create_custom({**ANN, "mx_Colour": "red"}))
    laid_down = Bench(lead_fields=(LeadField("mx_Colour"),)).send(create_custom({**ANN, "mx_Colour": "red"}))

    assert [reply.status for reply in (taken, laid_down)] == [200, 200]


def test_a_created_lead_survives_a_restart(tmp_path: Path) -> None:
    """With all its attributes, and found by each of them."""
    first = Bench(store=tmp_path / "account.db", other_leads_exist=False)
    first.send(create_custom(ANN))
    lead_id = first.stored("RelatedProspectId")[0]
    first.simulator.close()

    second = Bench(store=tmp_path / "account.db", other_leads_exist=False)
    found = [answer(second.send(asked)) for asked in (by_address("ann@example.com"), by_phone("+91-9876543210"))]

    assert [(lead["ProspectID"], lead["FirstName"]) for (lead,) in found] == [(lead_id, "Ann")] * 2
    assert answer(second.send(by_address("other@example.com"))) == []
    second.simulator.close()


@pytest.mark.parametrize(
    "kind", ["store-partly", "omit-rows", "duplicate-id", "duplicate-rows", "shuffle-rows", "twin"]
)
@pytest.mark.parametrize("message_id", MessageId)
def test_faults_of_rows_where_there_is_one(kind: str, message_id: MessageId) -> None:
    """The lead alone is stored; the answer names no id, or another's; or a colleague does the same again."""
    bench = Bench(faults=(Fault.at(kind, 2),), switches=Switches(message_id=message_id))
    bench.send(create_custom({"EmailAddress": "first@example.com"}))
    first = answer(bench.send(by_address("first@example.com")))[0]["ProspectID"]

    reply = bench.send(create_custom(ANN))
    bench.send(by_address("a@example.com"), later=5)

    own = {"activity": "ProspectActivityId", "lead": "RelatedProspectId"}[message_id]
    others = {"activity": bench.stored("ProspectActivityId")[0], "lead": first}[message_id]
    message = answer(reply).get("Message")
    assert len(bench.stored()) == {"store-partly": 1, "twin": 3}.get(kind, 2)
    assert answer(bench.send(by_address("ann@example.com")))[0]["FirstName"] == "Ann"
    if kind == "store-partly":
        assert (reply.status, answer(reply)["ExceptionType"]) == (500, "ArgumentNullException")
    elif kind == "omit-rows":
        assert message == {}
    else:
        assert message == {"Id": others if kind == "duplicate-id" else bench.stored(own)[1]}


@pytest.mark.parametrize("is_new", [True, False])
def test_one_activity_by_address(is_new: bool) -> None:
    """An address that is nobody's creates the lead, with the attributes beside it."""
    bench = Bench(unknown_leads=frozenset({"ann@example.com"} if is_new else ()))
    body = {
        **ANN,
        "LastName": None,
        "ActivityEvent": "320",
        "ActivityNote": None,
        "ActivityOwnerEmail": "x@example.com",
    }

    reply = bench.send(post("Create", body))

    (stored,) = bench.simulator.activities()
    assert answer(reply) == {"Status": "Success", "Message": {"Id": stored["ProspectActivityId"]}}
    assert stored["ActivityOwnerEmail"] is None
    assert answer(bench.send(by_address("ann@example.com")))[0]["FirstName"] == "Ann"


def test_one_activity_by_lead_id() -> None:
    """It goes to the lead of the id, whose attributes stay as they are."""
    bench = Bench(leads=({"ProspectID": LEAD, "FirstName": "Bea"},))

    bench.send(post("Create", {"RelatedProspectId": LEAD, "FirstName": "Ann", "ActivityEvent": 320}))

    assert bench.stored("RelatedProspectId") == [LEAD]
    assert answer(bench.send(look_up("Leads.GetById", id=LEAD)))[0]["FirstName"] == "Bea"


def test_leads_that_are_there_from_the_start() -> None:
    """They are found by what they have, and nobody else is; several may share a number."""
    phone = "+91-9876543210"
    bench = Bench(
        leads=(
            {"ProspectID": LEAD, "Phone": phone},
            {"ProspectID": OTHER_LEAD, "Mobile": phone, "EmailAddress": "b@b.b"},
        ),
        other_leads_exist=False,
    )
    bench.send(add([row("b@b.b")]))

    search = {"Parameter": {"LookupName": "Phone", "LookupValue": phone, "SqlOperator": "="}}
    several = answer(bench.send(ask(LEADS_PATH + "Leads.Get", search)))
    answered = answer(bench.send(add([row("b@b.b"), row("c@b.b")])))["Response"]

    assert [lead["ProspectID"] for lead in several] == [LEAD, OTHER_LEAD]
    assert [lead["ProspectID"] for lead in answer(bench.send(by_phone(phone)))] == [OTHER_LEAD]
    assert [given["ActivityCreated"] for given in answered] == [True, False]
    assert answer(bench.send(look_up("Leads.GetById", id="44444444-4444-4444-8444-444444444444"))) == []


def test_members_of_bodies_are_checked_not_trusted() -> None:
    """Odd shapes are refused like any other wrong body, never a defect of the simulator."""
    odd: list[Any] = [{}, {"LeadDetails": [5]}, {"LeadDetails": [{"Attribute": 5}]}, {"LeadDetails": {}, "Activity": 5}]
    bench = Bench()

    statuses = {bench.send(post("CreateCustom", body)).status for body in odd}

    assert (statuses, bench.stat("internal_errors")) == ({500}, 0)


def test_a_value_that_was_cleared_is_nobody_s() -> None:
    """A lead whose number was cleared is not found by it any more."""
    bench = Bench()
    bench.send(create_custom({"Phone": "+91-9876543210", "EmailAddress": "ann@example.com"}, search_by="Phone"))
    bench.send(create_custom({"EmailAddress": "ann@example.com", "Phone": ""}))

    assert answer(bench.send(by_phone("+91-9876543210"))) == []
