"""Where rows in doubt are looked for, and how leads are compared."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.api.leads import is_same_lead_value
from etl.api.reads import read
from etl.delivery.absence import Stretch
from etl.operations import OPERATIONS
from etl.operations.contract import RequestOptions
from etl.records import ApiAnswer, ApiRequest, SeenActivity
from etl.simulator import ForbiddenForm, Read, SimRequest, Switches
from etl.stages.sources import Addressing, ByLead, ByTime, Question, elements
from tests.clocks import ManualClock
from tests.simulator.calls import KEYS, START, Bench, add, row

NOON = START.timestamp()
ALL_DAY = Stretch(NOON - 3600, NOON + 3600)
EVENT_READ, LEAD_READ, BY_IDS, LEADS_GET, BY_EMAIL, BY_PHONE = (
    "RetrieveByActivityEvent",
    "Retrieve",
    "ByIds",
    "Leads.Get",
    "Leads.GetByEmailaddress",
    "RetrieveLeadByPhoneNumber",
)


def way(lead_field: str | None = "EmailAddress") -> Addressing:
    options = RequestOptions(lead_field or "EmailAddress")
    return Addressing(OPERATIONS["add-by-lead-field"], options, 320, "SearchByValue", lead_field, None)


@dataclass
class Asked:
    """A simulated account that is asked in process. count: requests by the last part of their path."""

    bench: Bench
    count: Counter[str] = field(default_factory=Counter)
    base_url = "http://127.0.0.1:1"
    clock = ManualClock()

    def send(self, request: ApiRequest, may_write: object = None) -> ApiAnswer:
        self.count[request.path.rsplit("/", 1)[-1]] += 1
        arriving = SimRequest(
            request.method, request.path, request.query, KEYS | {"content-type": "application/json"}, request.body
        )
        reply = self.bench.send(arriving, later=0.5)
        return ApiAnswer(reply.status, reply.headers, reply.body)

    def read(self, request: ApiRequest) -> ApiAnswer | None:
        return read(self, request)


def account(*leads: str, search_by: str = "EmailAddress", **switches: Any) -> Asked:
    """An account that holds one activity for each of these leads."""
    bench = Bench(switches=Switches(**switches))
    if leads:
        query = (("searchBy", search_by),)
        assert bench.send(add([row(lead, ActivityNote=lead) for lead in leads], query=query)).status == 200
    return Asked(bench)


def about(*leads: str, stretches: Sequence[Stretch] = (ALL_DAY,)) -> Question:
    return Question(stretches, frozenset(leads))


# How leads are compared

SAME = {
    "e-mail: case and outer blanks": ("EmailAddress", "Asha@Example.com ", "asha@example.com"),
    "phone: with and without country": ("Phone", "+91-98765 43210", "9876543210"),
    "phone: a zero in front": ("Mobile", "09876543210", "9876543210"),
    "phone: two zeros and the country": ("Phone", "00919876543210", "+91 (98765) 43210"),
    "phone: short, a zero in front": ("Phone", "01234567", "1234567"),
    "code: zeros in front": ("mx_Code", "00417", "417"),
    "code: a letter behind zeros": ("mx_Code", "0A7", "a7"),
    "number: decimals that say nothing": ("mx_Number", "417.00", "417"),
    "number: a power of ten": ("mx_Number", "4.17E2", "417"),
    "number: a plus": ("mx_Number", "+417", "417"),
    "number: nothing": ("mx_Number", "0.00", "0"),
    "id: case": (None, "0A1B-2C", "0a1b-2c "),
}
APART = {
    "e-mail": ("EmailAddress", "asha@example.com", "usha@example.com"),
    "e-mail: zeros in front": ("EmailAddress", "0asha@example.com", "asha@example.com"),
    "phone: another last digit": ("Phone", "+91-9876543210", "+91-9876543211"),
    "code": ("mx_Code", "417", "4170"),
    "number: sign": ("mx_Number", "-417", "417"),
    "number: place of the point": ("mx_Number", "41.7", "4.17"),
    "id: zeros in front": (None, "00a1", "a1"),
}


@pytest.mark.parametrize(("lead_field", "one", "other"), SAME.values(), ids=SAME.keys())
def test_spellings_of_one_lead_are_equal(lead_field: str | None, one: str, other: str) -> None:
    """Whatever LeadSquared may show for the value that was sent: too fine a comparison would send a row twice."""
    assert way(lead_field).normal(one) == way(lead_field).normal(other)


@pytest.mark.parametrize(("lead_field", "one", "other"), APART.values(), ids=APART.keys())
def test_different_leads_are_told_apart(lead_field: str | None, one: str, other: str) -> None:
    """Coarse is safe, but what is plainly another lead must not keep a row in doubt."""
    assert way(lead_field).normal(one) != way(lead_field).normal(other)


VALUES = st.one_of(
    st.text("0123456789+-. ()eE", max_size=14),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.text(max_size=8),
)


@settings(max_examples=40)
@given(
    lead_field=st.sampled_from(["EmailAddress", "Phone", "Mobile", "mx_Code"]),
    one=VALUES,
    other=VALUES,
    zeros=st.integers(0, 3),
)
def test_what_a_look_up_calls_equal_is_equal(lead_field: str, one: str, other: str, zeros: int) -> None:
    """The comparison is never finer than that of the look-ups by which leads are found."""
    for pair in ((one, other), (one, f"{'0' * zeros}{one}"), (one, f"+91{one}"), (one, f" {one.upper()} ")):
        if is_same_lead_value(lead_field, *pair):
            assert way(lead_field).normal(pair[0]) == way(lead_field).normal(pair[1]), pair


# By time


def test_overlapping_stretches_show_an_activity_once() -> None:
    """Two doubts at different times make two stretches; what lies in both is one activity."""
    asked = account("a@example.com", "b@example.com")
    stretches = (ALL_DAY, Stretch(NOON - 10, NOON + 7200))

    seen = ByTime(asked.read, way()).activities(about(stretches=stretches))

    assert seen is not None
    assert sorted(one.note or "" for one in seen) == ["a@example.com", "b@example.com"]
    assert asked.count[EVENT_READ] == 2


def test_leads_are_asked_for_together_and_once() -> None:
    """The first candidate whose lead is wanted fetches the leads of all; none is asked for again, known or not."""
    leads = [f"lead{number}@example.com" for number in range(7)]
    asked = account(*leads)
    source = ByTime(asked.read, way())
    seen = source.activities(about())
    assert seen is not None

    for _ in range(2):
        source.expect(seen)
        told = {source.lead_of(one) for one in seen}

    assert told == set(leads)
    assert asked.count[BY_IDS] == 1
    assert sum(asked.count.values()) == 2


def test_only_new_leads_are_asked_for() -> None:
    """A later look that shows one more activity costs one more question, about its lead alone."""
    asked = account("a@example.com", "b@example.com")
    source = ByTime(asked.read, way())
    first = source.activities(about())
    assert first is not None
    source.expect(first)
    source.lead_of(first[0])
    asked.bench.send(add([row("c@example.com")]))
    later = source.activities(about())
    assert later is not None

    source.expect(later)

    assert sorted(source.lead_of(one) or "" for one in later) == [f"{name}@example.com" for name in "abc"]
    assert asked.count[BY_IDS] == 2


def test_leads_that_nobody_wants_are_not_asked_for() -> None:
    """Rows that their keys settle need no leads: expecting alone asks nothing."""
    asked = account("a@example.com")
    source = ByTime(asked.read, way())

    source.expect(source.activities(about()) or ())

    assert asked.count == {EVENT_READ: 1}


def test_a_row_addressed_by_the_lead_s_id_needs_no_look_up() -> None:
    """The activity names its lead itself."""
    asked = account("a@example.com")
    source = ByTime(asked.read, way(None))
    (seen,) = source.activities(about()) or ()
    source.expect([seen])

    assert source.lead_of(seen) == seen.lead_id != ""
    assert asked.count == {EVENT_READ: 1}


def test_leads_that_may_not_be_read_are_not_told() -> None:
    """Neither many nor single ones: the lead stays unknown, which keeps a row open, and nothing is guessed."""
    asked = account("a@example.com", reads_forbidden=frozenset({Read.LEADS, Read.LEADS_BY_IDS}))
    source = ByTime(asked.read, way())
    (seen,) = source.activities(about()) or ()
    source.expect([seen])

    assert source.lead_of(seen) is None


# Lead by lead

BY_LEAD = {
    "e-mail": ("EmailAddress", "asha@example.com", BY_EMAIL),
    "phone": ("Phone", "+91-9876543210", BY_PHONE),
    "custom field": ("mx_Code", "K-417", LEADS_GET),
}


@pytest.mark.parametrize(("lead_field", "lead", "look_up"), BY_LEAD.values(), ids=BY_LEAD.keys())
def test_a_lead_s_activities_are_found_by_its_value(lead_field: str, lead: str, look_up: str) -> None:
    """The value is looked up once, and each activity leads back to the value that the row has."""
    asked = account(lead, "other@example.com" if lead_field == "EmailAddress" else "9000000000", search_by=lead_field)
    source = ByLead(asked.read, way(lead_field))

    (seen,) = source.activities(about(lead)) or ()
    looked_up = asked.count[look_up]
    again = source.activities(about(lead))

    assert (seen.note, source.lead_of(seen)) == (lead, lead)
    assert again == [seen]
    assert asked.count[look_up] == looked_up > 0
    assert EVENT_READ not in asked.count


def test_a_row_addressed_by_id_is_read_without_a_look_up() -> None:
    """One request for the lead's activities."""
    asked = account("a@example.com")
    (lead_id,) = asked.bench.stored("RelatedProspectId")
    source = ByLead(asked.read, way(None))

    (seen,) = source.activities(about(lead_id)) or ()

    assert source.lead_of(seen) == lead_id
    assert set(asked.count) == {LEAD_READ}


def test_a_lead_that_is_not_there_is_asked_for_again() -> None:
    """It may be made between two looks; until then it has no activities."""
    asked = account("a@example.com")
    source = ByLead(asked.read, way())

    assert source.activities(about("nobody@example.com")) == []
    assert source.activities(about("nobody@example.com")) == []
    assert asked.count[BY_EMAIL] == 2


FORBIDDEN = {
    "by time": (ByTime, Read.BY_EVENT),
    "by lead: its activities": (ByLead, Read.BY_LEAD),
    "by lead: the lead": (ByLead, Read.LEADS),
}


@pytest.mark.parametrize("form", ForbiddenForm)
@pytest.mark.parametrize(("source", "forbidden"), FORBIDDEN.values(), ids=FORBIDDEN.keys())
def test_a_forbidden_read_is_told_from_an_empty_one(
    source: type[ByTime] | type[ByLead], forbidden: Read, form: ForbiddenForm
) -> None:
    """None, never an empty list: nothing may be called absent on the strength of it."""
    asked = account("a@example.com", reads_forbidden=frozenset({forbidden}), forbidden_form=form)

    assert source(asked.read, way()).activities(about("a@example.com")) is None


def test_a_kept_body_gives_its_elements() -> None:
    """Deflated JSON; a pruned body has none."""
    assert elements(zlib.compress('[{"SearchByValue":"आशा@example.com"}]'.encode()), way()) == [
        {"SearchByValue": "आशा@example.com"}
    ]
    assert elements(None, way()) == []


def test_the_lead_of_an_opportunity_s_activity_is_not_told() -> None:
    """Which id reads show for it is not documented, so rows are never compared with it."""
    options = RequestOptions()
    on_opportunity = Addressing(OPERATIONS["add-by-opportunity"], options, 12000, "OpportunityId", None, None)
    by_id = Addressing(OPERATIONS["add-by-lead-id"], options, 320, "RelatedProspectId", None, None)
    seen = SeenActivity("a-1", "l-1", "", {}, None, None, None)

    assert ByTime(lambda _request: None, on_opportunity).lead_of(seen) is None
    assert ByTime(lambda _request: None, by_id).lead_of(seen) == "l-1"
