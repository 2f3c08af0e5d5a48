"""What an account has, in whatever shape it is told."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from etl.api import metadata
from etl.api.asking import Read
from etl.api.metadata import ActivityField, ActivityType, LeadField, User
from etl.errors import NetworkError, RefusedError
from etl.records import ApiAnswer, ApiRequest


def telling(document: Any) -> Read:
    """A read that is answered with this document; None where it is not offered."""

    def read(_request: ApiRequest) -> ApiAnswer | None:
        return None if document is None else ApiAnswer(200, {}, json.dumps(document).encode())

    return read


def asks(read: Callable[[Read], object]) -> str:
    """Where a question goes."""
    seen: list[ApiRequest] = []

    def note(request: ApiRequest) -> None:
        seen.append(request)

    read(note)
    query = "&".join(f"{name}={value}" for name, value in seen[0].query)
    return f"{seen[0].method} {seen[0].path}{f'?{query}' if query else ''}"


QUESTIONS: dict[str, tuple[Callable[[Read], object], str]] = {
    "types": (metadata.activity_types, "GET /v2/ProspectActivity.svc/ActivityTypes.Get"),
    "fields": (
        lambda read: metadata.activity_fields(read, 320),
        "GET /v2/ProspectActivity.svc/CustomActivity/GetActivitySetting?code=320",
    ),
    "options": (
        lambda read: metadata.field_options(read, 320, "Status"),
        "POST /v2/ProspectActivity.svc/ActivityField/Dropdown/Options/Get",
    ),
    "users": (metadata.users, "GET /v2/UserManagement.svc/Users.Get"),
    "lead fields": (metadata.lead_fields, "GET /v2/LeadManagement.svc/LeadsMetaData.Get?excludeOptionSets=1"),
}


@pytest.mark.parametrize(("ask", "address"), QUESTIONS.values(), ids=QUESTIONS)
def test_each_question_has_its_address_and_may_be_refused(ask: Callable[[Read], object], address: str) -> None:
    """Not offered and refused to this user are one: it is not told."""

    def refusing(_request: ApiRequest) -> ApiAnswer | None:
        raise RefusedError("no")

    assert asks(ask) == address
    assert ask(telling(None)) is None
    assert ask(refusing) is None


FIELD = {"SchemaName": "mx_Custom_1", "DisplayName": " Visit Type ", "DataType": "SearchableDropdown"}
TOLD: dict[str, tuple[Callable[[Read], object], Any, object]] = {
    "types, number and text": (
        metadata.activity_types,
        [
            {"ActivityEvent": 320, "ActivityEventName": "Visit", "DisplayName": "Site Visit"},
            {"ActivityEvent": "21"},
            {"Score": 1},
        ],
        (ActivityType(320, ("Site Visit", "Visit")), ActivityType(21, ())),
    ),
    "one name for a type": (
        metadata.activity_types,
        [{"ActivityEvent": 1, "ActivityEventName": "Call", "DisplayName": "Call"}],
        (ActivityType(1, ("Call",)),),
    ),
    "no types": (metadata.activity_types, [], ()),
    "a field with options in a text": (
        lambda read: metadata.activity_fields(read, 320),
        {
            "Fields": [
                FIELD
                | {"IsMandatory": True, "MaxFieldLength": 200, "OptionSet": '[{"Text":"","Value":"A"},{"Value":""}]'}
            ]
        },
        (ActivityField("mx_Custom_1", "Visit Type", "SearchableDropdown", True, 200, ("A",)),),
    ),
    "a field with options as a list, truth as texts": (
        lambda read: metadata.activity_fields(read, 320),
        {
            "Fields": [
                FIELD
                | {
                    "IsMandatory": "false",
                    "MaxFieldLength": "0",
                    "OptionSet": [{"Value": "A"}],
                    "IncludeOthersOption": "1",
                }
            ]
        },
        (ActivityField("mx_Custom_1", "Visit Type", "SearchableDropdown", False, None, ("A",), True),),
    ),
    "options that are no JSON": (
        lambda read: metadata.activity_fields(read, 320),
        {"Fields": [FIELD | {"OptionSet": "A;B"}, {"DisplayName": "nameless"}]},
        (ActivityField("mx_Custom_1", "Visit Type", "SearchableDropdown"),),
    ),
    "options of one field": (
        lambda read: metadata.field_options(read, 1, "Status"),
        {"Options": ["A", 1, "a"]},
        ("A", "a"),
    ),
    "options in no list": (lambda read: metadata.field_options(read, 1, "Status"), {"Options": "A"}, None),
    "users": (
        metadata.users,
        [
            {"EmailAddress": "a@b.c", "StatusCode": 0},
            {"EmailAddress": "d@b.c", "StatusCode": "1"},
            {"EmailAddress": "e@b.c"},
            {},
        ],
        (User("a@b.c", True), User("d@b.c", False), User("e@b.c", None)),
    ),
    "lead fields": (
        metadata.lead_fields,
        [{"SchemaName": "mx_City", "DisplayName": "City"}, {"SchemaName": ""}],
        (LeadField("mx_City", "City"),),
    ),
}


@pytest.mark.parametrize(("ask", "document", "told"), TOLD.values(), ids=TOLD)
def test_what_is_told_is_read(ask: Callable[[Read], object], document: Any, told: object) -> None:
    """In the forms that other clients have seen; what is not clearly there is left out."""
    assert ask(telling(document)) == told


NONSENSE: dict[str, tuple[Callable[[Read], object], Any]] = {
    "types that are no list": (metadata.activity_types, {"Types": 1}),
    "types without numbers": (metadata.activity_types, [{"Name": "x"}]),
    "a type without fields": (lambda read: metadata.activity_fields(read, 1), {"ID": "x"}),
    "a list in the place of a type": (lambda read: metadata.activity_fields(read, 1), []),
    "users without addresses": (metadata.users, [{"Name": "x"}]),
    "lead fields without names": (metadata.lead_fields, []),
}


@pytest.mark.parametrize(("ask", "document"), NONSENSE.values(), ids=NONSENSE)
def test_what_cannot_be_what_was_asked_for_is_a_fault(ask: Callable[[Read], object], document: Any) -> None:
    """Told apart from what is not offered, so that nobody takes it for a right that is missing."""
    with pytest.raises(NetworkError, match="cannot be used") as caught:
        ask(telling(document))

    assert caught.value.is_fault
