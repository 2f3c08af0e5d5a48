"""The switches that make reading differ from what was written, in time, in value, in right."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.simulator import CreatedOnShows, Fault, ForbiddenForm, Read, SimRequest, Switches, ValuesOnReading

from .calls import USER_PATH, Bench, add, answer, by_event, by_lead, look_up, read, refusal, row
from .test_leads import by_ids, search

CUSTOM = [{"SchemaName": "mx_Custom_1", "Value": "v"}, {"SchemaName": "mx_Custom_2", "Value": "KEY"}]
LEAD = "00000000-0000-4000-8000-000000000000"


def seen_by(bench: Bench, later: float) -> tuple[int, int]:
    """How many activities either read shows, so much later than the last request."""
    lead_id = bench.stored("RelatedProspectId")[0]
    by_type = answer(bench.send(by_event(), later))["RecordCount"]
    return by_type, answer(bench.send(by_lead(lead_id), 0.0))["RecordCount"]


@pytest.mark.parametrize(
    ("switches", "seconds_after", "expected"),
    [
        ({}, 0.0, (1, 1)),
        ({"by_event_delay_seconds": 2.0}, 1.9, (0, 1)),
        ({"by_event_delay_seconds": 2.0}, 2.0, (1, 1)),
        ({"by_event_delay_seconds": 60.0, "by_lead_delay_seconds": 2.0}, 1.9, (0, 0)),
        ({"by_event_delay_seconds": 60.0, "by_lead_delay_seconds": 2.0}, 2.0, (0, 1)),
        ({"by_event_delay_seconds": 60.0, "by_lead_delay_seconds": 2.0}, 61.0, (1, 1)),
    ],
)
def test_an_activity_shows_after_a_while(
    switches: dict[str, float], seconds_after: float, expected: tuple[int, int]
) -> None:
    """Each read has a delay of its own; what is stored is stored at once."""
    bench = Bench(switches=Switches(**switches))
    bench.send(add([row()]))

    assert seen_by(bench, seconds_after) == expected
    assert len(bench.stored()) == 1


def test_what_was_written_first_shows_first() -> None:
    """What shows is always the first part of what was written, so a later activity that shows vouches for earlier ones."""
    bench = Bench(switches=Switches(by_event_delay_seconds=3.5))
    seen = []
    for _ in range(6):
        bench.send(add([row()]))
        seen.append([shown["ProspectActivityId"] for shown in bench.shown()])

    written = bench.stored("ProspectActivityId")
    assert seen == [written[: len(part)] for part in seen]
    assert [len(part) for part in seen] == [0, 0, 1, 2, 3, 4]


FORMS = {
    # kind: sent value → read value
    "as_sent": {"  a  b ": "  a  b ", "5": "5", "2026-03-01 13:05:09": "2026-03-01 13:05:09"},
    "trimmed": {"  a  b ": "a  b", "5": "5", "\tx\n": "x"},
    "cut": {"abcdefgh": "abcde", "abc": "abc", "2026-03-01 13:05:09": "2026-"},
    "reformatted": {
        "5": "5.00",
        "-5.5": "-5.50",
        "5.125": "5.125",
        "2026-03-01 13:05:09": "3/1/2026 1:05:09 PM",
        "2026-03-01 00:00:00": "3/1/2026 12:00:00 AM",
        "2026-11-30 12:00:00": "11/30/2026 12:00:00 PM",
        "2026-03-01": "3/1/2026 12:00:00 AM",
        "2026-02-30": "2026-02-30",
        "  a  b\n": "a b",
        "Cafe\u0301": "Café",
        "1,5": "1,5",
    },
}


@pytest.mark.parametrize(
    ("kind", "sent", "expected"),
    [(kind, sent, read_) for kind, forms in FORMS.items() for sent, read_ in forms.items()],
)
def test_custom_values_on_reading(kind: str, sent: str, expected: str) -> None:
    """Both reads show the value as the switch says; what is stored, and every other member, stays as it was sent."""
    fields = [{"SchemaName": "mx_Custom_1", "Value": sent}, {"SchemaName": "Status", "Value": " 5 "}]
    bench = Bench(switches=Switches(values_on_reading=ValuesOnReading(kind), values_cut_to=5))
    bench.send(add([row(Fields=fields, ActivityDateTime="2026-01-01 00:00:00")]))

    (by_type,) = bench.shown()
    (of_lead,) = answer(bench.send(by_lead(by_type["RelatedProspectId"])))["ProspectActivities"]

    assert by_type["mx_Custom_1"] == of_lead["ActivityFields"]["mx_Custom_1"] == expected
    assert bench.stored("Fields") == [fields]
    assert (by_type["Status"], by_type["CreatedOn"]) == (" 5 ", "2026-01-01 00:00:00")


@pytest.mark.parametrize(
    ("kind", "expected"), [("as_sent", " 5  0 "), ("trimmed", "5  0"), ("cut", " 5  0"), ("reformatted", "5 0")]
)
def test_notes_on_reading(kind: str, expected: str) -> None:
    """A note is text: blanks and length may change, and nothing in it is taken for a number."""
    bench = Bench(switches=Switches(values_on_reading=ValuesOnReading(kind), values_cut_to=5))
    bench.send(add([row(ActivityNote=" 5  0 "), row(ActivityNote="7")]))

    assert sorted(shown["ActivityEvent_Note"] for shown in bench.shown()) == sorted([expected, "7"])
    assert bench.stored("ActivityNote") == [" 5  0 ", "7"]


@given(st.text(st.characters(codec="utf-8"), max_size=60), st.sampled_from(ValuesOnReading))
def test_reading_twice_shows_the_same(text: str, kind: ValuesOnReading) -> None:
    """No text breaks a read, and a read is no change."""
    bench = Bench(switches=Switches(values_on_reading=kind))
    bench.send(add([row(ActivityNote=text, Fields=[{"SchemaName": "mx_Custom_1", "Value": text}])]))

    assert bench.shown() == bench.shown()
    assert bench.stat("internal_errors") == 0
    assert bench.stored("ActivityNote") == [text]


@pytest.mark.parametrize(
    ("switch", "sent", "expected"),
    [
        ("activity_time", "2025-01-01 00:00:00", "2025-01-01 00:00:00"),
        ("activity_time", None, "2026-03-01 09:30:00"),
        ("write_time", "2025-01-01 00:00:00", "2026-03-01 09:30:00"),
        ("write_time", None, "2026-03-01 09:30:00"),
    ],
)
def test_created_on(switch: str, sent: str | None, expected: str) -> None:
    """The activity's own time or that of its writing, in both reads; the time that was sent is kept."""
    bench = Bench(switches=Switches(created_on_shows=CreatedOnShows(switch)))
    bench.send(add([row(ActivityDateTime=sent)]))

    (by_type,) = bench.shown()
    (of_lead,) = answer(bench.send(by_lead(by_type["RelatedProspectId"])))["ProspectActivities"]

    assert by_type["CreatedOn"] == of_lead["CreatedOn"] == expected
    assert bench.stored("ActivityDateTime") == [sent]


def test_lost_fields_are_not_stored() -> None:
    """LeadSquared says the row was created, and the field is nowhere."""
    bench = Bench(switches=Switches(fields_lost=frozenset({"mx_Custom_2"})))

    reply = bench.send(add([row(Fields=CUSTOM)]))

    assert answer(reply)["Response"][0]["ActivityCreated"] is True
    assert bench.stored("Fields") == [CUSTOM[:1]]
    assert "mx_Custom_2" not in bench.shown()[0]


REQUESTS: dict[str, list[SimRequest]] = {
    "by_event": [by_event()],
    "by_lead": [by_lead(LEAD)],
    "leads": [
        look_up("Leads.GetByEmailaddress", emailaddress="a@example.com"),
        look_up("Leads.GetByEmailAddress", emailaddress="a@example.com"),
        look_up("Leads.GetById", id=LEAD),
        look_up("RetrieveLeadByPhoneNumber", phone="1"),
        search("EmailAddress", "a@example.com"),
    ],
    "leads_by_ids": [by_ids(LEAD)],
}


@pytest.mark.parametrize("forbidden", REQUESTS)
@pytest.mark.parametrize(
    ("form", "expected"),
    [("403_json", (403, "MXUnauthorizedRequestException")), ("404", (404, "EndpointNotFoundException"))],
)
def test_forbidden_reads(forbidden: str, form: str, expected: tuple[int, str]) -> None:
    """A read that is not allowed is refused in its form; all others, and writes, work."""
    switches = Switches(reads_forbidden=frozenset({Read(forbidden)}), forbidden_form=ForbiddenForm(form))
    bench = Bench(switches=switches)

    for name, requests_made in REQUESTS.items():
        for request_made in requests_made:
            reply = bench.send(request_made)
            assert refusal(reply)[:2] == expected if name == forbidden else reply.status == 200
    assert bench.send(add([row()])).status == bench.send(read(USER_PATH)).status == 200


@pytest.mark.parametrize(
    ("skew", "date", "written"),
    [
        (0.0, "Sun, 01 Mar 2026 09:30:00 GMT", "2026-03-01 09:30:00.123"),
        (600.0, "Sun, 01 Mar 2026 09:40:00 GMT", "2026-03-01 09:40:00.123"),
        (-600.0, "Sun, 01 Mar 2026 09:20:00 GMT", "2026-03-01 09:20:00.123"),
    ],
)
def test_a_skewed_clock(skew: float, date: str, written: str) -> None:
    """The header Date and ModifiedOn go by the server's calendar."""
    bench = Bench(clock_skew_seconds=skew)

    reply = bench.send(add([row()]))

    assert (reply.headers["Date"], bench.stored("ModifiedOn")) == (date, [written])


@pytest.mark.parametrize("skew", [0.0, 3600.0, -3600.0])
def test_delays_go_by_the_skewed_clock(skew: float) -> None:
    """A delay is as long as without skew."""
    bench = Bench(clock_skew_seconds=skew, switches=Switches(by_event_delay_seconds=2.0))
    bench.send(add([row()]))

    assert [len(bench.shown()) for _ in range(2)] == [0, 1]


def test_a_slow_reply_is_dated_when_it_goes_out() -> None:
    """Date is the time of the answer, not of the request's arrival."""
    bench = Bench(faults=(Fault.at("slow", 1, seconds=30.0),))

    assert dates(bench, add([row()])) == ["Sun, 01 Mar 2026 09:30:30 GMT"]


def dates(bench: Bench, *requests_made: SimRequest) -> list[Any]:
    return [bench.send(made).headers.get("Date") for made in requests_made]


def test_every_reply_is_dated() -> None:
    """Answers, refusals and pages of gateways alike."""
    bench = Bench(daily=2)

    seen = dates(
        bench, add([row()]), SimRequest("GET", "/nowhere"), add(b"["), add([row()]), read("/_simulator/redirected")
    )

    assert seen == [f"Sun, 01 Mar 2026 09:30:0{second} GMT" for second in range(5)]
