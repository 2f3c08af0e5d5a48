"""What is wrong with the activity members of one row, as LeadSquared would refuse it.

Members that LeadSquared does not know are ignored without a word, as it does.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from etl.simulator.account import Account, Refused
from etl.simulator.bulk import RowProblem
from etl.simulator.switches import BadOwner

LONGEST_NOTE = 2000
LONGEST_FIELD = 200
MOST_CUSTOM_FIELDS = 50  # mx_Custom_1 to mx_Custom_50: LeadSquared API, creating an activity type

_DATE_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")
_CUSTOM_FIELD = re.compile(r"mx_Custom_([1-9][0-9]*)")


def event_code(account: Account, row: dict[str, Any]) -> int:
    """The row's activity type. Raises Refused: a missing or unknown one is refused with the whole request."""
    sent = row.get("ActivityEvent")
    is_code = (isinstance(sent, int) and not isinstance(sent, bool)) or (isinstance(sent, str) and sent.isdecimal())
    known = account.options.activity_types
    code = int(sent) if is_code and sent is not None else 0
    if code < 1 or (known is not None and code not in known):
        raise Refused(500, "MXInvalidActivityException", "Event Code is invalid or empty")
    return code


def activity_problem(account: Account, row: dict[str, Any]) -> RowProblem | None:
    """The first thing wrong with note, owner, time or fields; None when all can be stored."""
    for member in ("ActivityNote", "ActivityOwnerEmail", "ActivityDateTime"):
        if not isinstance(row.get(member), str | None):
            return _invalid(f"'{member}' is expected as a string.")
    return (
        _note_problem(row.get("ActivityNote"))
        or _owner_problem(account, row.get("ActivityOwnerEmail"))
        or _date_time_problem(row.get("ActivityDateTime"))
        or _fields_problem(row.get("Fields"))
    )


def _note_problem(note: str | None) -> RowProblem | None:
    if note is not None and len(note) > LONGEST_NOTE:
        return _invalid(f"'ActivityNote' has {len(note)} characters, more than {LONGEST_NOTE}.")
    return None


def _owner_problem(account: Account, owner: str | None) -> RowProblem | None:
    if not owner or account.has_user(owner) or account.switches.bad_owner is BadOwner.FALL_BACK:
        return None
    return _invalid(f"No active user has the e-mail address '{owner}'.")


def _date_time_problem(text: str | None) -> RowProblem | None:
    if text is None:
        return None
    try:
        well_formed = _DATE_TIME.fullmatch(text) and datetime.fromisoformat(text)
    except ValueError:
        well_formed = None
    return (
        None if well_formed else _invalid(f"'ActivityDateTime' value '{text}' is not in the form YYYY-MM-DD HH:MM:SS.")
    )


def _fields_problem(fields: Any) -> RowProblem | None:
    if fields is None:
        return None
    if not isinstance(fields, list):
        return _invalid("'Fields' is expected as an array.")
    return next(filter(None, map(_field_problem, fields)), None)


def _field_problem(entry: Any) -> RowProblem | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("SchemaName"), str):
        return _invalid("Each entry of 'Fields' is expected as an object with a SchemaName.")
    name, value = entry["SchemaName"], entry.get("Value")
    if not _is_field_name(name):
        return _invalid(f"Field name : '{name}' does not exist.")
    if not isinstance(value, str):
        return _invalid(f"Field name : '{name}' expects its Value as a string.")
    if len(value) > LONGEST_FIELD:
        return _invalid(f"Field name : '{name}' has {len(value)} characters, more than {LONGEST_FIELD}.")
    return None


def _is_field_name(name: str) -> bool:
    """Custom fields have numbers up to 50, field sets any `mx_` name; Status and Owner are fields like others."""
    custom = _CUSTOM_FIELD.fullmatch(name)
    if custom is not None:
        return int(custom[1]) <= MOST_CUSTOM_FIELDS
    return name in {"Status", "Owner"} or (name.startswith("mx_") and not name.startswith("mx_Custom_"))


def _invalid(message: str) -> RowProblem:
    return RowProblem("MXInvalidActivityFieldsException", message)
