"""Finding leads by phone, id, ids, or any one field."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import ADD_BY_ID, ASHA, LEADS, LOADED, RAVI, Caller, Serve

SERVICE = "LeadManagement.svc"
BY_IDS = f"/v2/{SERVICE}/Leads/Retrieve/ByIds"


def ids(leads: list[dict[str, Any]]) -> list[str]:
    return [lead["ProspectID"] for lead in leads]


def search(caller: Caller, body: Any) -> list[dict[str, Any]]:
    """Leads.Get."""
    found: list[dict[str, Any]] = caller.call("POST", f"/v2/{SERVICE}/Leads.Get", body).content
    return found


def criterion(name: str, value: str, **parts: Any) -> dict[str, Any]:
    return {"Parameter": {"LookupName": name, "LookupValue": value, "SqlOperator": "="}} | parts


@pytest.mark.parametrize(
    ("phone", "by_digits", "as_stored"),
    [
        pytest.param("+91-9800000001", [], [ASHA], id="stored form"),
        pytest.param("+919800000001", [ASHA], [], id="plus and digits"),
        pytest.param("919800000001", [ASHA], [], id="digits"),
        pytest.param("9800000001", [ASHA], [], id="without country code"),
        pytest.param("+91 9800000001", [], [], id="space"),
        pytest.param("9800000002", [RAVI], [], id="mobile"),
        pytest.param("800000001", [], [], id="part of it"),
    ],
)
def test_which_spelling_of_a_phone_is_found(
    serve: Serve, phone: str, by_digits: list[str], as_stored: list[str]
) -> None:
    """Digits are what the page asks for, the stored form what one tenant was seen to need: either, not both."""
    operation = f"{SERVICE}/RetrieveLeadByPhoneNumber"
    _, documented = serve(**LOADED)
    _, seen = serve(phone_match="stored", **LOADED)

    assert ids(documented.get(operation, phone=phone).content) == by_digits
    assert ids(seen.get(operation, phone=phone).content) == as_stored


def test_of_leads_with_one_phone_the_last_active_is_found(serve: Serve) -> None:
    """One lead is answered: the one with the newest activity."""
    leads = [{"ProspectID": ASHA, "Phone": "+91-9800000001"}, {"ProspectID": RAVI, "Mobile": "+91-9800000001"}]
    _, caller = serve(leads=leads)
    found = []

    for lead_id, time in ((RAVI, "2024-01-02 00:00:00"), (ASHA, "2024-01-03 00:00:00")):
        row = {"RelatedProspectId": lead_id, "ActivityEvent": 320, "ActivityDateTime": time}
        caller.call("POST", ADD_BY_ID, [row])
        found += ids(caller.get(f"{SERVICE}/RetrieveLeadByPhoneNumber", phone="9800000001").content)

    assert found == [RAVI, ASHA]


def test_an_unknown_phone(serve: Serve) -> None:
    """No lead is an empty array, on some accounts 404."""
    server, caller = serve(leads=[])
    operation = f"{SERVICE}/RetrieveLeadByPhoneNumber"

    assert caller.get(operation, phone="9800000001").content == []
    server.behaviour.unknown_phone_is_404 = True
    assert caller.get(operation, phone="9800000001").status == 404
    assert caller.get(operation).status == 500


def test_phones_have_always_been_there_where_no_leads_are_loaded(serve: Serve) -> None:
    """A well spelt phone finds a lead, the same each time."""
    _, caller = serve(unknown_leads=["9800000009"])
    operation = f"{SERVICE}/RetrieveLeadByPhoneNumber"

    first, again = (ids(caller.get(operation, phone="9800000001").content) for _ in range(2))

    assert first == again != []
    assert caller.get(operation, phone="9800000009").content == []
    assert caller.get(operation, phone="+91-9800000001").content == []


def test_a_loaded_lead_is_shown_with_all_its_attributes(serve: Serve) -> None:
    """A lead is the same by address and by id, flat or as a list of properties; only loaded leads are there."""
    server, caller = serve(**LOADED)

    (by_address,) = caller.get(f"{SERVICE}/Leads.GetByEmailaddress", emailaddress="asha@EXAMPLE.com").content
    (by_id,) = caller.get(f"{SERVICE}/Leads.GetById", id=ASHA.upper()).content
    server.behaviour.leads_by_id_nested = True
    (nested,) = caller.get(f"{SERVICE}/Leads.GetById", id=ASHA).content

    assert LEADS[0].items() <= by_id.items()
    assert by_address == by_id == {entry["Attribute"]: entry["Value"] for entry in nested["LeadPropertyList"]}
    assert caller.get(f"{SERVICE}/Leads.GetByEmailaddress", emailaddress="nobody@example.com").content == []
    assert caller.get(f"{SERVICE}/Leads.GetByEmailaddress", email="asha@example.com").content == []


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        pytest.param(criterion("EmailAddress", "ravi@example.com"), [RAVI], id="unique field"),
        pytest.param(criterion("mx_City", "pune"), [ASHA], id="any field"),
        pytest.param(criterion("ProspectID", RAVI), [RAVI], id="id"),
        pytest.param(criterion("ProspectId", RAVI), [], id="name in the wrong case"),
        pytest.param(criterion("mx_City", "Delhi"), [], id="nothing"),
        pytest.param({"Query": criterion("mx_City", "Pune")}, [ASHA, RAVI], id="wrapper that narrows nothing"),
        pytest.param({"Sorting": {"ColumnName": "mx_City", "Direction": "0"}}, [RAVI, ASHA], id="oldest first"),
        pytest.param({"Paging": {"PageIndex": 2, "PageSize": 1}}, [RAVI], id="second page"),
    ],
)
def test_leads_by_a_criterion(serve: Serve, body: Any, expected: list[str]) -> None:
    """Leads.Get shows the leads with one value in one field; what it does not understand it ignores."""
    _, caller = serve(**LOADED)

    assert ids(search(caller, body)) == expected


def test_leads_with_the_columns_asked_for(serve: Serve) -> None:
    """Only the columns named come; a criterion without a name or of another operator is refused."""
    _, caller = serve(**LOADED)
    columns = {"Include_CSV": "ProspectID, mx_City,Nothing"}

    assert search(caller, criterion("mx_City", "Pune", Columns=columns)) == [{"ProspectID": ASHA, "mx_City": "Pune"}]
    for body in (
        {"Parameter": {"LookupValue": "x"}},
        {"Parameter": criterion("a", "b")["Parameter"] | {"SqlOperator": "<>"}},
    ):
        assert caller.call("POST", f"/v2/{SERVICE}/Leads.Get", body).status == 500


def test_leads_by_ids_only_where_the_account_offers_it(serve: Serve) -> None:
    """The operation is on no page: 404, unless the test says that it is there. Unknown ids are left out."""
    server, caller = serve(**LOADED)
    body = {
        "SearchParameters": {"LeadIds": [RAVI, "none", ASHA]},
        "Columns": {"Include_CSV": "ProspectID"},
        "Paging": {"PageIndex": 1, "PageSize": 1000},
    }

    assert caller.call("POST", BY_IDS, body).status == 404
    server.behaviour.serves_leads_by_ids = True
    expected = {"RecordCount": 2, "Leads": [{"ProspectID": RAVI}, {"ProspectID": ASHA}]}
    assert caller.call("POST", BY_IDS, body).content == expected
    assert caller.call("POST", BY_IDS, {"LeadIds": [RAVI]}).status == 400
