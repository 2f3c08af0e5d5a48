"""Looking leads up, by every way there is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from etl.simulator import LeadShape, PhoneMatch, SimRequest, Switches

from .calls import LEADS_PATH, Bench, add, answer, ask, look_up, refusal, row

STORED, DIGITS = PhoneMatch.STORED_FORM, PhoneMatch.DIGITS


def search(name: str, value: str, **more: Any) -> SimRequest:
    return ask(
        LEADS_PATH + "Leads.Get", {"Parameter": {"LookupName": name, "LookupValue": value, "SqlOperator": "=", **more}}
    )


def by_ids(*ids: str, **more: Any) -> SimRequest:
    return ask(LEADS_PATH + "Leads/Retrieve/ByIds", {"SearchParameters": {"LeadIds": list(ids)}, **more})


def ids_of(found: list[dict[str, Any]]) -> list[str]:
    return [lead["ProspectID"] for lead in found]


def posted(bench: Bench, value: str, search_by: str = "EmailAddress") -> str:
    """Post one activity for a lead and return the lead's id."""
    bench.send(add([row(value)], query=(("searchBy", search_by),)))
    return str(bench.stored("RelatedProspectId")[-1])


@pytest.mark.parametrize(
    ("search_by", "value", "request_made"),
    [
        ("EmailAddress", "a@example.com", look_up("Leads.GetByEmailaddress", emailaddress="A@example.com ")),
        ("EmailAddress", "a@example.com", look_up("Leads.GetByEmailAddress", emailaddress="a@example.com")),
        ("EmailAddress", "a@example.com", search("EmailAddress", "a@example.com")),
        ("Phone", "+91-9876543210", look_up("RetrieveLeadByPhoneNumber", phone="+91-9876543210")),
        ("Mobile", "+91-9876543210", look_up("RetrieveLeadByPhoneNumber", phone="+91-9876543210")),
        ("Mobile", "+91-9876543210", search("Mobile", "+91-9876543210")),
        ("ProspectAutoId", "4711", search("ProspectAutoId", "4711")),
        ("mx_Code", "K-1", search("mx_Code", "K-1")),
    ],
)
@pytest.mark.parametrize("posted_first", [True, False])
def test_a_look_up_finds_the_lead_that_activities_go_to(
    search_by: str, value: str, request_made: SimRequest, posted_first: bool
) -> None:
    """Before or after the first activity: the same id, and the value by which the lead is known."""
    bench = Bench()
    lead_id = posted(bench, value, search_by) if posted_first else None

    (found,) = answer(bench.send(request_made))

    lead_id = lead_id or posted(bench, value, search_by)
    (by_id,) = answer(bench.send(look_up("Leads.GetById", id=lead_id)))
    assert found["ProspectID"] == lead_id == by_id["ProspectID"]
    assert by_id[search_by].casefold() == value.casefold()
    assert all(value is None or isinstance(value, str) for value in found.values())


@pytest.mark.parametrize(
    "request_made",
    [
        look_up("Leads.GetByEmailaddress", emailaddress="nobody@example.com"),
        look_up("Leads.GetByEmailaddress", email="a@example.com"),
        look_up("Leads.GetByEmailaddress", emailaddress="gone@example.com"),
        look_up("RetrieveLeadByPhoneNumber"),
        look_up("RetrieveLeadByPhoneNumber", phone="+91-1111111111"),
        look_up("Leads.GetById", id="00000000-0000-4000-8000-000000000000"),
        look_up("Leads.GetById"),
        search("emailaddress", "a@example.com"),
        search("EmailAddress", ""),
    ],
    ids=["nobody", "wrong-parameter", "ruled-out", "no-phone", "phone", "id", "no-id", "case", "empty"],
)
def test_no_such_lead(request_made: SimRequest) -> None:
    """An empty array with status 200, also for names that LeadSquared does not know."""
    bench = Bench(unknown_leads=frozenset({"GONE@example.com", "+91-1111111111"}))
    posted(bench, "a@example.com")

    reply = bench.send(request_made)

    assert (reply.status, answer(reply)) == (200, [])


@pytest.mark.parametrize(
    ("match", "posted_as", "asked_for", "is_found"),
    [
        (STORED, "+91-9876543210", "+91-9876543210", True),
        (STORED, "+91-9876543210", "9876543210", False),
        (STORED, "+91-9876543210", "+919876543210", False),
        (STORED, "9876543210", "+91-9876543210", False),
        (STORED, "9876543210", "9876543210", True),
        (DIGITS, "+91-9876543210", "9876543210", True),
        (DIGITS, "9876543210", "+91 98765 43210", True),
        (DIGITS, "+91-9876543210", "9876543211", False),
    ],
)
def test_spellings_of_a_phone_number(match: PhoneMatch, posted_as: str, asked_for: str, is_found: bool) -> None:
    """The stored spelling alone, or the digits; what is found is the lead that was posted to."""
    bench = Bench(switches=Switches(phone_match=match))
    lead_id = posted(bench, posted_as, "Phone")

    found = answer(bench.send(look_up("RetrieveLeadByPhoneNumber", phone=asked_for)))

    assert (ids_of(found) == [lead_id]) is is_found
    assert found == [] or match is DIGITS or is_found


def test_digits_are_one_lead_for_writes_as_well() -> None:
    """Where digits count, activities for two spellings go to one lead; otherwise to two."""
    for match, leads in ((DIGITS, 1), (STORED, 2)):
        bench = Bench(switches=Switches(phone_match=match))

        assert len({posted(bench, "+91-9876543210", "Phone"), posted(bench, "9876543210", "Phone")}) == leads


def test_a_query_wrapper_filters_nothing() -> None:
    """Leads.Get with `Query` for `Parameter` answers every lead there is."""
    bench = Bench()
    leads = [posted(bench, value) for value in ("a@example.com", "b@example.com")]

    found = answer(bench.send(ask(LEADS_PATH + "Leads.Get", {"Query": {"LookupName": "EmailAddress"}})))

    assert ids_of(found) == leads


def test_search_by_id_columns_and_pages() -> None:
    """ProspectID is a field like others, in this spelling; only the columns asked for come; pages count from 1."""
    bench = Bench()
    leads = [posted(bench, f"{name}@example.com") for name in "abc"]
    paged = {"Columns": {"Include_CSV": "ProspectID, EmailAddress"}, "Paging": {"PageIndex": 2, "PageSize": 2}}

    assert ids_of(answer(bench.send(search("ProspectID", leads[1])))) == [leads[1]]
    assert answer(bench.send(search("ProspectId", leads[1]))) == []
    assert answer(bench.send(ask(LEADS_PATH + "Leads.Get", paged))) == [
        {"ProspectID": leads[2], "EmailAddress": "c@example.com"}
    ]


def test_many_by_their_ids() -> None:
    """Those that are known, each once; the others are simply missing."""
    bench = Bench()
    leads = [posted(bench, f"{name}@example.com") for name in "abc"]

    body = answer(bench.send(by_ids(leads[2], "unknown", leads[0].upper(), leads[2])))

    assert (body["RecordCount"], ids_of(body["Leads"])) == (2, [leads[2], leads[0]])


@pytest.mark.parametrize("operation", ["Leads.GetById", "ByIds"])
def test_leads_as_property_lists(operation: str) -> None:
    """With the switch a lead asked for by id is a list of pairs."""
    bench = Bench(switches=Switches(lead_shape=LeadShape.PROPERTY_LIST))
    lead_id = posted(bench, "a@example.com")

    body = answer(bench.send(by_ids(lead_id) if operation == "ByIds" else look_up(operation, id=lead_id)))

    (lead,) = body["Leads"] if operation == "ByIds" else body
    assert {"Attribute": "EmailAddress", "Value": "a@example.com"} in lead["LeadPropertyList"]


def test_an_activity_moves_its_lead() -> None:
    """LeadLastModifiedOn is the time of the latest writing, in the form that leads have."""
    bench = Bench()
    (before,) = answer(bench.send(look_up("Leads.GetByEmailaddress", emailaddress="a@example.com")))
    lead_id = posted(bench, "a@example.com")

    (after,) = answer(bench.send(look_up("Leads.GetById", id=lead_id)))

    assert before["LeadLastModifiedOn"] < after["LeadLastModifiedOn"] == "2026-03-01 09:30:01.000"


def test_leads_are_known_after_a_restart(tmp_path: Path) -> None:
    """Those of stored activities, with the field that names them; their activities can be read, too."""
    first = Bench(store=tmp_path / "account.db")
    lead_id = posted(first, "a@example.com")
    first.simulator.close()

    second = Bench(store=tmp_path / "account.db")
    (lead,) = answer(second.send(look_up("Leads.GetById", id=lead_id)))

    assert lead["EmailAddress"] == "a@example.com"
    assert [shown["RelatedProspectId"] for shown in second.shown()] == [lead_id]
    second.simulator.close()


@pytest.mark.parametrize(
    ("request_made", "expected"),
    [
        (search("EmailAddress", "a", SqlOperator="LIKE"), (500, "MXInvalidInputException")),
        (by_ids(), (500, "MXInvalidInputException")),
        (by_ids(*map(str, range(1001))), (500, "MXInvalidInputException")),
        (ask(LEADS_PATH + "Leads/Retrieve/ByIds", {}), (500, "MXInvalidInputException")),
        (ask(LEADS_PATH + "Leads.Get", []), (400, "JsonSerializationException")),
        (ask(LEADS_PATH + "Leads.GetById", {}), (405, "MethodNotAllowedException")),
    ],
    ids=["operator", "no-ids", "too-many-ids", "no-parameters", "array", "post-for-get"],
)
def test_refusals(request_made: SimRequest, expected: tuple[int, str]) -> None:
    """What is not as specified is refused."""
    assert refusal(Bench().send(request_made))[:2] == expected
