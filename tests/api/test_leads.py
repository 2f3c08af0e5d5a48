"""Leads by id and by field value, through whichever read the account offers."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

import pytest

from etl.api.leads import is_same_lead_value, lead_ids_with, leads_by_ids
from etl.errors import NetworkError
from etl.records import ApiAnswer, ApiRequest, Window

Answer: TypeAlias = "Callable[[ApiRequest], object]"
Lead: TypeAlias = "dict[str, object]"

REFUSED = object()
ASHA: Lead = {
    "ProspectID": "L-1",
    "EmailAddress": "Asha@Example.com",
    "Phone": "+91-9876543210",
    "Score": 7,
    "Notes": "",
}
RAVI: Lead = {"ProspectID": "L-2", "EmailAddress": "ravi@example.com", "Mobile": "9123456780", "mx_Code": "K-7"}
FLAT_ASHA = {
    "ProspectID": "L-1",
    "EmailAddress": "Asha@Example.com",
    "Phone": "+91-9876543210",
    "Score": "7",
    "Notes": "",
}


@dataclass
class Account:
    """Answers by the last part of the path; what has no answer is refused, and a raised error is raised."""

    answers: dict[str, Answer]
    asked: list[ApiRequest] = field(default_factory=list)

    def read(self, request: ApiRequest) -> ApiAnswer | None:
        assert request.window is Window.GENERAL
        self.asked.append(request)
        document = self.answers.get(request.path.rsplit("/", 1)[-1], lambda _: REFUSED)(request)
        if isinstance(document, Exception):
            raise document
        return None if document is REFUSED else ApiAnswer(200, {}, json.dumps(document).encode())

    @property
    def operations(self) -> list[str]:
        return [request.path.rsplit("/", 1)[-1] for request in self.asked]


def by_ids(leads: list[Lead], clamp: int = 1000) -> Answer:
    def answer(request: ApiRequest) -> object:
        wanted = {lead_id.casefold() for lead_id in json.loads(request.body)["SearchParameters"]["LeadIds"]}
        found = [lead for lead in leads if str(lead["ProspectID"]).casefold() in wanted]
        return {"RecordCount": len(found), "Leads": found[:clamp]}

    return answer


def by_id(leads: list[Lead]) -> Answer:
    return lambda request: [
        lead for lead in leads if str(lead["ProspectID"]).casefold() == dict(request.query)["id"].casefold()
    ]


def paired(lead: Lead) -> dict[str, object]:
    return {"LeadPropertyList": [{"Attribute": name, "Value": value} for name, value in lead.items()]}


def always(document: object) -> Answer:
    return lambda _: document


@pytest.mark.parametrize(
    ("answers", "operations"),
    [
        pytest.param({"ByIds": by_ids([ASHA])}, ["ByIds"], id="many at once"),
        pytest.param({"ByIds": always({"Leads": [paired(ASHA)]})}, ["ByIds"], id="many at once, as pairs"),
        pytest.param({"ByIds": always([ASHA, RAVI])}, ["ByIds"], id="a bare list, with others"),
        pytest.param({"Leads.GetById": by_id([ASHA])}, ["ByIds", "Leads.GetById"], id="many at once refused"),
        pytest.param(
            {"ByIds": always({"Status": "Success"}), "Leads.GetById": always([ASHA])},
            ["ByIds", "Leads.GetById"],
            id="another shape",
        ),
        pytest.param(
            {"ByIds": always(NetworkError("500", is_fault=True)), "Leads.GetById": always([paired(ASHA)])},
            ["ByIds", "Leads.GetById"],
            id="a fault of the server",
        ),
        pytest.param(
            {"ByIds": by_ids([]), "Leads.GetById": by_id([ASHA])},
            ["ByIds", "Leads.GetById"],
            id="not among many, but there",
        ),
    ],
)
def test_a_lead_is_found_in_whatever_way_there_is(answers: dict[str, Answer], operations: list[str]) -> None:
    """A lead's attributes come flat and as texts, by its id in small letters; single reads stand in for the large one."""
    account = Account(answers)

    assert leads_by_ids(account.read, [" l-1 "]) == {"l-1": FLAT_ASHA}
    assert account.operations == operations


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        pytest.param({"ByIds": by_ids([]), "Leads.GetById": by_id([])}, {}, id="both say so"),
        pytest.param({"ByIds": by_ids([])}, {}, id="single leads refused"),
        pytest.param({"Leads.GetById": by_id([])}, {}, id="many refused"),
        pytest.param({"ByIds": by_ids([]), "Leads.GetById": always([RAVI])}, {}, id="answered with another lead"),
        pytest.param({}, None, id="neither offered"),
    ],
)
def test_a_lead_that_is_not_there(answers: dict[str, Answer], expected: dict[str, str] | None) -> None:
    """An unknown id is left out; None says that leads cannot be read at all."""
    assert leads_by_ids(Account(answers).read, ["l-1"]) == expected


def test_many_leads_go_in_batches() -> None:
    """A thousand ids a request, each once; pages that are cut short are asked on, and only the missing one singly."""
    leads: list[Lead] = [{"ProspectID": f"L-{number}"} for number in range(1200)]
    account = Account({"ByIds": by_ids(leads, clamp=400), "Leads.GetById": by_id(leads)})
    found = leads_by_ids(account.read, [f"l-{number}" for number in range(1201)] + ["L-5"])

    assert found is not None
    assert len(found) == 1200
    assert account.operations == ["ByIds"] * 5 + ["Leads.GetById"]


def test_single_reads_are_not_tried_for_ever() -> None:
    """Where nothing is offered, a few requests show it; one success is enough to go on through refusals."""
    closed = Account({})
    half_open = Account({"Leads.GetById": lambda request: by_id([ASHA, RAVI])(request) or REFUSED})
    unknown = [f"x-{number}" for number in range(9)]

    assert leads_by_ids(closed.read, unknown) is None
    assert len(closed.asked) == 4
    assert (leads_by_ids(half_open.read, ["L-1", *unknown, "L-2"]) or {}).keys() == {"l-1", "l-2"}


def test_trouble_of_the_network_is_not_taken_for_a_refusal() -> None:
    """An account that cannot be reached is not asked in another way."""
    account = Account({"ByIds": always(NetworkError("gone")), "Leads.GetById": by_id([ASHA])})

    with pytest.raises(NetworkError, match="gone"):
        leads_by_ids(account.read, ["L-1"])


def test_no_ids_need_no_request() -> None:
    """Nothing asked, nothing sent."""
    account = Account({})

    assert leads_by_ids(account.read, ["", " "]) == {}
    assert lead_ids_with(account.read, "EmailAddress", " ") == ()
    assert account.asked == []


def stored_phone(spelling: str, lead: Lead) -> Answer:
    return lambda request: [lead] if dict(request.query)["phone"] == spelling else []


def criteria(leads: list[Lead], heeds_condition: bool = True) -> Answer:
    def answer(request: ApiRequest) -> object:
        body = json.loads(request.body)
        name, value, paging = body["Parameter"]["LookupName"], body["Parameter"]["LookupValue"], body["Paging"]
        kept = [lead for lead in leads if not heeds_condition or str(lead.get(name, "")).lower() == value.lower()]
        first = (paging["PageIndex"] - 1) * paging["PageSize"]
        shown = body["Columns"]["Include_CSV"].split(",")
        return [{column: lead.get(column) for column in shown} for lead in kept[first : first + paging["PageSize"]]]

    return answer


E_MAIL, PHONE, GET = "Leads.GetByEmailaddress", "RetrieveLeadByPhoneNumber", "Leads.Get"
MANY: list[Lead] = [{"ProspectID": f"L-{number}", "mx_City": "Pune"} for number in range(150)]


@pytest.mark.parametrize(
    ("name", "value", "answers", "expected"),
    [
        pytest.param("EmailAddress", " asha@example.com", {E_MAIL: always([ASHA])}, ("L-1",), id="e-mail"),
        pytest.param("EmailAddress", "nobody@example.com", {E_MAIL: always([])}, (), id="e-mail, nobody"),
        pytest.param("EmailAddress", "nobody@example.com", {E_MAIL: always([ASHA])}, (), id="e-mail of another"),
        pytest.param("EmailAddress", "asha@example.com", {}, None, id="e-mail, refused"),
        pytest.param("Phone", "98765 43210", {PHONE: stored_phone("98765 43210", ASHA)}, ("L-1",), id="phone as given"),
        pytest.param("Phone", "98765-43210", {PHONE: stored_phone("9876543210", ASHA)}, ("L-1",), id="phone's digits"),
        pytest.param("Phone", "+919876543210", {PHONE: stored_phone("+91-9876543210", ASHA)}, ("L-1",), id="dashed"),
        pytest.param("Phone", "+919876543211", {PHONE: always([ASHA])}, (), id="phone of another"),
        pytest.param("Mobile", "+919123456780", {PHONE: always([RAVI])}, ("L-2",), id="mobile, one lead thrice"),
        pytest.param("Mobile", "9123456780", {PHONE: always([])}, (), id="mobile, nobody"),
        pytest.param("Phone", "9876543210", {}, None, id="phone, refused"),
        pytest.param(
            "Phone",
            "+91 98765 43210",
            {PHONE: lambda request: stored_phone("+91-9876543210", ASHA)(request) or REFUSED},
            ("L-1",),
            id="phone, a spelling that nobody has is refused",
        ),
        pytest.param("mx_Code", "k-7", {GET: criteria([ASHA, RAVI])}, ("L-2",), id="another field"),
        pytest.param("mx_Code", "K-8", {GET: criteria([ASHA, RAVI])}, (), id="another field, nobody"),
        pytest.param("ProspectID", "l-2", {GET: criteria([ASHA, RAVI])}, ("L-2",), id="the id"),
        pytest.param("mx_Code", "K-7", {GET: criteria([ASHA, RAVI], heeds_condition=False)}, None, id="unfiltered"),
        pytest.param("mx_Code", "K-7", {}, None, id="another field, refused"),
        pytest.param(
            "mx_City", "Pune", {GET: criteria(MANY)}, tuple(str(lead["ProspectID"]) for lead in MANY), id="pages"
        ),
    ],
)
def test_leads_by_the_value_of_a_field(
    name: str, value: str, answers: dict[str, Answer], expected: tuple[str, ...] | None
) -> None:
    """The leads that hold a value are found by the look-up for its field; others in the answer are left out."""
    assert lead_ids_with(Account(answers).read, name, value) == expected


@pytest.mark.parametrize(
    ("phone", "spellings"),
    [
        pytest.param("+91 98765 43210", ["+91 98765 43210", "919876543210", "+91-9876543210"], id="with its country"),
        pytest.param("98765 43210", ["98765 43210", "9876543210"], id="without"),
        pytest.param("9876543210", ["9876543210"], id="digits"),
        pytest.param("ext", ["ext"], id="no number"),
    ],
)
def test_spellings_of_a_number(phone: str, spellings: list[str]) -> None:
    """A number is looked up in each spelling that follows from it; no country is guessed."""
    account = Account({PHONE: always([])})

    assert lead_ids_with(account.read, "Phone", phone) == ()
    assert [dict(request.query)["phone"] for request in account.asked] == spellings


def test_values_travel_as_they_are_written() -> None:
    """The body of a question is real UTF-8, which is what LeadSquared reads without fault."""
    account = Account({GET: always([])})
    lead_ids_with(account.read, "mx_City", "पुणे")

    assert "पुणे".encode() in account.asked[0].body


def test_an_answer_that_is_no_list_of_leads() -> None:
    """What lists nothing never passes for "there is no such lead"."""
    with pytest.raises(NetworkError, match="no list of leads") as raised:
        lead_ids_with(Account({E_MAIL: always({"Status": "Success"})}).read, "EmailAddress", "a@example.com")
    assert raised.value.is_fault


@pytest.mark.parametrize(
    ("name", "held", "asked", "expected"),
    [
        pytest.param("EmailAddress", " A@Example.com", "a@example.COM ", True, id="e-mail, case and spaces"),
        pytest.param("EmailAddress", "a@example.com", "b@example.com", False, id="e-mail, another"),
        pytest.param("EmailAddress", "", "b@example.com", None, id="e-mail, none held"),
        pytest.param("Phone", "+91-9876543210", "98765 43210", True, id="phone without its country"),
        pytest.param("Mobile", "9876543210", "+91 98765 43210", True, id="mobile, the other way round"),
        pytest.param("Phone", "+91-9876543210", "09876543210", True, id="phone with a trunk zero"),
        pytest.param("Phone", "+91-9876543210", "3210", False, id="phone, too short an end"),
        pytest.param("Phone", "3210", "3210", True, id="phone, short and equal"),
        pytest.param("Phone", "+91-9876543210", "9876543211", False, id="phone, another"),
        pytest.param("Phone", "n/a", "9876543210", None, id="phone, no digits held"),
        pytest.param("Phone", "9876543210", "", None, id="phone, none asked"),
        pytest.param("mx_Code", "K-7", " k-7", True, id="another field"),
        pytest.param("mx_Code", "10.00", "10", True, id="another field, as numbers"),
        pytest.param("mx_Code", "nan", "inf", False, id="another field, no numbers"),
        pytest.param("mx_Code", "K-7", "K-8", False, id="another field, another"),
        pytest.param("mx_Code", " ", "K-8", None, id="another field, none held"),
    ],
)
def test_same_value(name: str, held: str, asked: str, expected: bool | None) -> None:
    """Two spellings of one value are the same, clearly different ones are not, and an empty one tells nothing."""
    assert is_same_lead_value(name, held, asked) is expected
