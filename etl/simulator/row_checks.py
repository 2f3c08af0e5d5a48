"""What is wrong with the activity members of one row, as LeadSquared would refuse it.

Members that LeadSquared does not know are ignored without a word, as it does.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from etl.simulator.account import Account, Refused
from etl.simulator.bulk import RowProblem
from etl.simulator.field_checks import fields_problem, invalid_field, missing_field
from etl.simulator.switches import BadOwner

LONGEST_NOTE = 2000

_DATE_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")


def event_code(account: Account, row: dict[str, Any]) -> int:
    """The row's activity type. Raises Refused: a missing or unknown one is refused with the whole request."""
    sent = row.get("ActivityEvent")
    is_code = (isinstance(sent, int) and not isinstance(sent, bool)) or (isinstance(sent, str) and sent.isdecimal())
    known = account.activity_types
    code = int(sent) if is_code and sent is not None else 0
    if code < 1 or (known is not None and code not in known):
        raise Refused(500, "MXInvalidActivityException", "Event Code is invalid or empty")
    return code


def activity_problem(account: Account, row: dict[str, Any], event: int) -> RowProblem | None:
    """The first thing wrong with note, owner, time or fields of a new activity; None when all can be stored."""
    for member in ("ActivityNote", "ActivityOwnerEmail", "ActivityDateTime"):
        if not isinstance(row.get(member), str | None):
            return invalid_field(f"'{member}' is expected as a string.")
    return (
        _note_problem(row.get("ActivityNote"))
        or _owner_problem(account, row.get("ActivityOwnerEmail"))
        or _date_time_problem(row.get("ActivityDateTime"))
        or fields_problem(account, event, row)
        or missing_field(account, event, row)
    )


def change_problem(account: Account, row: dict[str, Any], event: int) -> RowProblem | None:
    """The first thing wrong with note or fields of an update."""
    if not isinstance(row.get("ActivityNote"), str | None):
        return invalid_field("'ActivityNote' is expected as a string.")
    return _note_problem(row.get("ActivityNote")) or fields_problem(account, event, row)


def _note_problem(note: str | None) -> RowProblem | None:
    if note is not None and len(note) > LONGEST_NOTE:
        return invalid_field(f"'ActivityNote' has {len(note)} characters, more than {LONGEST_NOTE}.")
    return None


def _owner_problem(account: Account, owner: str | None) -> RowProblem | None:
    if not owner or account.has_user(owner) or account.switches.bad_owner is BadOwner.FALL_BACK:
        return None
    return invalid_field(f"No active user has the e-mail address '{owner}'.")


def _date_time_problem(text: str | None) -> RowProblem | None:
    if text is None:
        return None
    try:
        well_formed = _DATE_TIME.fullmatch(text) and datetime.fromisoformat(text)
    except ValueError:
        well_formed = None
    return (
        None
        if well_formed
        else invalid_field(f"'ActivityDateTime' value '{text}' is not in the form YYYY-MM-DD HH:MM:SS.")
    )
