"""What was sent, got back out of a request's body, and whether an activity shows it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.operations.add_by_lead_field import AddByLeadField
from etl.operations.contract import RequestOptions
from etl.reconciler.sent import SentRow, key_shown, sent_row, shows_note, shows_values, whole_second
from etl.records import Activity, SeenActivity

KEY_FIELD = "mx_Custom_20"
ELEMENT: dict[str, Any] = {
    "SearchByValue": "asha@example.com",
    "ActivityEvent": 320,
    "ActivityNote": "met the owner",
    "ActivityOwnerEmail": "ravi@example.com",
    "ActivityDateTime": "2026-02-25 05:30:00",
    "Fields": [
        {"SchemaName": "mx_Custom_1", "Value": "Site Visit"},
        {"SchemaName": "Status", "Value": "Open"},
        {"SchemaName": KEY_FIELD, "Value": "etl-abc"},
    ],
    "ValidateDropDownOptions": True,
}
AT = datetime(2026, 2, 25, 5, 30, tzinfo=UTC)
VALUES = {"mx_Custom_1": "Site Visit", "Status": "Open"}


def seen(note: str | None = "met the owner", values: dict[str, str] | None = None) -> SeenActivity:
    return SeenActivity("id-1", "lead-1", note, VALUES if values is None else values, AT, AT, "user-1")


def sent(element: dict[str, Any] = ELEMENT, key_field: str | None = KEY_FIELD) -> SentRow:
    return sent_row(element, 7, 3, "SearchByValue", key_field)


def test_an_element_is_the_row_that_was_sent() -> None:
    """Lead, note, time, key and fields are those of the element; the owner's e-mail address is left out."""
    assert sent() == SentRow(7, 3, "asha@example.com", "met the owner", AT, VALUES, "etl-abc")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param({"ActivityNote": ""}, {"note": None}, id="a note sent empty"),
        pytest.param({"ActivityDateTime": ""}, {"time": None}, id="a time sent empty"),
        pytest.param({"Fields": []}, {"values": {}, "key": None}, id="no fields"),
        pytest.param({"Fields": [{"SchemaName": "mx_Custom_1", "Value": ""}]}, {"values": {}, "key": None}, id="empty"),
        pytest.param({"Fields": [{"SchemaName": KEY_FIELD, "Value": ""}]}, {"values": {}, "key": None}, id="empty key"),
    ],
)
def test_what_was_sent_empty_is_not_there(change: dict[str, Any], expected: dict[str, Any]) -> None:
    """LeadSquared does not show empty values, so a row does not expect them back."""
    row = sent(ELEMENT | change)

    assert {name: getattr(row, name) for name in expected} == expected


def test_without_optional_members_only_the_lead_is_left() -> None:
    """An element may hold a lead and nothing else."""
    assert sent({"SearchByValue": "a@b.example", "ActivityEvent": 320}) == SentRow(
        7, 3, "a@b.example", None, None, {}, None
    )


@pytest.mark.parametrize("key_field", [None, "mx_Custom_19"], ids=["no key field", "another key field"])
def test_only_the_key_field_holds_a_key(key_field: str | None) -> None:
    """Where the mapping names no key field, or another one, a field is a value like the rest."""
    row = sent(key_field=key_field)

    assert (row.key, row.values) == (None, VALUES | {KEY_FIELD: "etl-abc"})


def test_a_row_is_addressed_by_the_member_of_its_operation() -> None:
    """The lead is what the operation's own member says, and its absence is a defect."""
    element = {"RelatedProspectId": "lead-9", "ActivityEvent": 320}

    assert sent_row(element, 7, 3, "RelatedProspectId", None).lead == "lead-9"
    with pytest.raises(KeyError, match="SearchByValue"):
        sent(element)


def test_a_time_that_we_cannot_have_sent_is_a_defect() -> None:
    """A date-time in another form than ours is no date-time of ours."""
    with pytest.raises(ValueError, match="Invalid isoformat string"):
        sent(ELEMENT | {"ActivityDateTime": "25/02/2026 05:30"})


@given(
    lead=st.text(min_size=1),
    note=st.none() | st.text(),
    values=st.dictionaries(st.sampled_from(["mx_Custom_1", "mx_Custom_2", "Status", KEY_FIELD]), st.text()),
    at=st.none() | st.datetimes(datetime(1900, 1, 1), datetime(2200, 1, 1)),  # noqa: DTZ001 # written as UTC
)
def test_what_goes_into_a_body_comes_out_of_it(
    lead: str, note: str | None, values: dict[str, str], at: datetime | None
) -> None:
    """Whatever the operation puts into a request, its element gives back."""
    fixed = {"SearchByValue": lead, "ActivityNote": note, "ActivityDateTime": at and f"{at:%Y-%m-%d %H:%M:%S}"}
    activity = Activity(2, {name: text for name, text in fixed.items() if text is not None} | values, 320)
    body = AddByLeadField().request([activity], RequestOptions(search_by="EmailAddress")).body

    row = sent(json.loads(body)[0])

    fields = {name: text for name, text in values.items() if text and name != KEY_FIELD}
    time = at and at.replace(microsecond=0, tzinfo=UTC)
    assert row == SentRow(7, 3, lead, note or None, time, fields, values.get(KEY_FIELD) or None)


@pytest.mark.parametrize(
    ("sent_note", "shown_note", "expected"),
    [
        pytest.param("a", "a", True, id="equal"),
        pytest.param("a", "a ", False, id="a blank more"),
        pytest.param("a", "A", False, id="another case"),
        pytest.param("a", "", False, id="gone"),
        pytest.param("a", None, None, id="not told"),
        pytest.param("", "", True, id="none sent, none shown"),
        pytest.param("", None, True, id="none sent, not told"),
        pytest.param("", "a", False, id="none sent, one shown"),
    ],
)
def test_a_note_is_compared_exactly(sent_note: str, shown_note: str | None, *, expected: bool | None) -> None:
    """A note that was sent must come back to the letter; a read without notes does not tell."""
    assert shows_note(sent(ELEMENT | {"ActivityNote": sent_note}), seen(shown_note)) is expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        pytest.param(VALUES, True, id="equal"),
        pytest.param(VALUES | {"Owner": "user-1", "mx_Custom_9": "x"}, True, id="more than was sent"),
        pytest.param(VALUES | {"Status": "open"}, False, id="another case"),
        pytest.param({"Status": "Open"}, False, id="one gone"),
    ],
)
def test_values_are_compared_exactly(values: dict[str, str], *, expected: bool) -> None:
    """Each value that was sent must come back to the letter."""
    assert shows_values(sent(), seen(values=values)) is expected


@pytest.mark.parametrize(
    ("values", "key_field", "expected"),
    [
        pytest.param({KEY_FIELD: " ETL-Abc "}, KEY_FIELD, "etl-abc", id="in any case, with blanks"),
        pytest.param({KEY_FIELD: " "}, KEY_FIELD, None, id="blank"),
        pytest.param({}, KEY_FIELD, None, id="not shown"),
        pytest.param({KEY_FIELD: "etl-abc"}, None, None, id="no key field"),
    ],
)
def test_a_key_is_read_in_the_form_in_which_keys_are_compared(
    values: dict[str, str], key_field: str | None, expected: str | None
) -> None:
    """Blanks and case are LeadSquared's to change; nothing shown is no key."""
    assert key_shown(seen(values=values), key_field) == expected


@pytest.mark.parametrize(
    "moment",
    [
        pytest.param(AT.replace(microsecond=417_000), id="with milliseconds"),
        pytest.param(AT.replace(tzinfo=None), id="without a zone"),
        pytest.param(AT.astimezone(timezone(timedelta(hours=5, minutes=30))), id="in another zone"),
    ],
)
def test_one_moment_is_one_second(moment: datetime) -> None:
    """Moments are compared by whole seconds, in UTC where they name no zone."""
    assert whole_second(moment) == AT
