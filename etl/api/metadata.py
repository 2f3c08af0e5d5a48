"""What an account has: its activity types and their fields, its users, its lead fields.

Every read may be missing, forbidden or answered with something else; accounts differ, and only key names are known
for certain. So whatever is not clearly there is not told: `None` for an answer, left out for a member.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.api.asking import NotOfferedError, ask, getting, identifier, posting, rows_in, unusable, whole_number
from etl.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.api.asking import Read, Row
    from etl.records import ApiRequest

NOTE_FIELD = "ActivityEvent_Note"
"""What the fields of an activity type call what requests call `ActivityNote` (LeadSquared API, activity type details)."""

_OPTION_ROWS = 1000


@dataclass(frozen=True, slots=True)
class ActivityType:
    """One activity type. names: what LeadSquared calls it, usually one name; two where internal and shown ones differ."""

    code: int
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ActivityField:
    """One field of an activity type.

    data_type: LeadSquared's word, "" where it is not told. max_length: None where none is told. options: texts of a
    dropdown in their own letter case, empty where none are told, which does not mean that there are none.
    """

    schema_name: str
    display_name: str
    data_type: str = ""
    is_mandatory: bool = False
    max_length: int | None = None
    options: tuple[str, ...] = ()
    takes_others: bool = False


@dataclass(frozen=True, slots=True)
class User:
    """One user. is_active: None where it is not told."""

    email: str
    is_active: bool | None


@dataclass(frozen=True, slots=True)
class LeadField:
    """One lead field by its schema name and the name that people see."""

    schema_name: str
    display_name: str


def activity_types(read: Read) -> tuple[ActivityType, ...] | None:
    """The account's activity types.

    None:    not offered, or not to this user.
    Raises:  NetworkError — the answer is no list of types, or none came.
    Source:  LeadSquared API, ActivityTypes.Get; keys as other clients read them.
    """
    request = getting("ProspectActivity.svc/ActivityTypes.Get")
    rows = _list(read, request)
    if rows is None:
        return None
    types = tuple(_type(code, row) for row in rows if (code := _code(row.get("ActivityEvent"))) is not None)
    if rows and not types:
        raise unusable(request, "no entry has an ActivityEvent")
    return types


def activity_fields(read: Read, code: int) -> tuple[ActivityField, ...] | None:
    """The fields of one activity type; empty where the answer lists none.

    None:    not offered, not to this user, or this code is refused: how an unknown code is answered is not documented.
    Raises:  NetworkError — the answer is no activity type, or none came.
    Source:  LeadSquared API, CustomActivity/GetActivitySetting?code=.
    """
    request = getting("ProspectActivity.svc/CustomActivity/GetActivitySetting", ("code", str(code)))
    try:
        document = ask(read, request)
    except (NotOfferedError, RefusedError):
        return None
    rows = rows_in(document, "Fields") if isinstance(document, dict) else None
    if rows is None:
        raise unusable(request, "it lists no Fields")
    return tuple(_field(name, row) for row in rows if (name := identifier(row.get("SchemaName"))))


def field_options(read: Read, code: int, schema_name: str) -> tuple[str, ...] | None:
    """The options of a dropdown; None where they are not told: dependent dropdowns and some types are refused.

    Raises:  NetworkError — no answer came.
    Source:  LeadSquared API, ActivityField/Dropdown/Options/Get.
    """
    request = posting(
        "ProspectActivity.svc/ActivityField/Dropdown/Options/Get",
        {
            "Parameter": {"SchemaName": schema_name, "ActivityEventCode": code},
            "Paging": {"PageIndex": 1, "PageSize": _OPTION_ROWS},
        },
    )
    try:
        document = ask(read, request)
    except (NotOfferedError, RefusedError):
        return None
    listed = document.get("Options") if isinstance(document, dict) else None
    return tuple(one for one in listed if isinstance(one, str)) if isinstance(listed, list) else None


def users(read: Read) -> tuple[User, ...] | None:
    """The account's users.

    None:    not offered, or not to this user.
    Raises:  NetworkError — the answer is no list of users, or none came.
    Source:  LeadSquared API, Users.Get; StatusCode 0 is an active user.
    """
    request = getting("UserManagement.svc/Users.Get")
    rows = _list(read, request)
    if rows is None:
        return None
    found = tuple(_user(email, row) for row in rows if (email := identifier(row.get("EmailAddress"))))
    if not found:
        raise unusable(request, "it lists no user with an EmailAddress")
    return found


def lead_fields(read: Read) -> tuple[LeadField, ...] | None:
    """The account's lead fields, without their options.

    None:    not offered, or not to this user.
    Raises:  NetworkError — the answer is no list of fields, or none came.
    Source:  LeadSquared API, LeadsMetaData.Get; `excludeOptionSets=1` keeps the answer small.
    """
    request = getting("LeadManagement.svc/LeadsMetaData.Get", ("excludeOptionSets", "1"))
    rows = _list(read, request)
    if rows is None:
        return None
    found = tuple(
        LeadField(name, identifier(row.get("DisplayName")))
        for row in rows
        if (name := identifier(row.get("SchemaName")))
    )
    if not found:
        raise unusable(request, "it lists no field with a SchemaName")
    return found


def _list(read: Read, request: ApiRequest) -> Sequence[Row] | None:
    """A bare list of objects. A refusal of this one read is about this user's rights: whose keys they are was told before."""
    try:
        document = ask(read, request)
    except (NotOfferedError, RefusedError):
        return None
    rows = rows_in(document, "List")
    if rows is None:
        raise unusable(request, "it is no list")
    return rows


def _code(value: object) -> int | None:
    return whole_number(value.strip() if isinstance(value, str) else value)


def _type(code: int, row: Row) -> ActivityType:
    names = (identifier(row.get(member)) for member in ("DisplayName", "ActivityEventName"))
    return ActivityType(code, tuple(dict.fromkeys(name for name in names if name)))


def _field(name: str, row: Row) -> ActivityField:
    return ActivityField(
        schema_name=name,
        display_name=identifier(row.get("DisplayName")),
        data_type=identifier(row.get("DataType")),
        is_mandatory=_is_true(row.get("IsMandatory")),
        max_length=_code(row.get("MaxFieldLength")) or None,  # 0 is no length
        options=_options(row.get("OptionSet")),
        takes_others=_is_true(row.get("IncludeOthersOption")),
    )


def _is_true(value: object) -> bool:
    """LeadSquared writes truth as JSON, as a number and as a text."""
    return identifier(value).casefold() in {"true", "1"}


def _options(value: object) -> tuple[str, ...]:
    """`OptionSet`: nothing, or a list of objects with a `Value`, as JSON within a text."""
    try:
        listed = json.loads(value) if isinstance(value, str) and value else value
    except (ValueError, RecursionError):
        return ()
    rows = rows_in(listed, "Options") or []
    return tuple(held for row in rows if isinstance(held := row.get("Value"), str) and held)


def _user(email: str, row: Row) -> User:
    status = _code(row.get("StatusCode"))
    return User(email, None if status is None else status == 0)
