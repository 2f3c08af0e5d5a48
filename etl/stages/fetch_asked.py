"""From ids, e-mail addresses and phone numbers to leads: each value looked up once, and each one answered for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from etl.api.fetching import lead_ids_with_phone
from etl.api.leads import lead_ids_with
from etl.api.reads import who_am_i
from etl.errors import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from etl.api.asking import Read
    from etl.events import StopSignal
    from etl.reconciler.fetched_work import WorkingFile
    from etl.stages.connect import Connection

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_PHONE = re.compile(r"\+?[0-9(][0-9\s().\-/]*")
_FEWEST_DIGITS, _MOST_DIGITS = 6, 15  # ITU-T E.164: at most fifteen
_NATIONAL_DIGITS = 10

_AT_A_TIME = 200
_PATIENCE = (
    3  # look-ups refused before the look-up as such counts as refused: some accounts answer 404 for an unknown phone
)


class Form(Enum):
    """What a value is, by how it looks."""

    ID = auto()
    EMAIL = auto()
    PHONE = auto()


@dataclass(frozen=True, slots=True)
class Asked:
    """A value by which a lead is asked for. row: of the sheet, as Excel shows it; None on the command line."""

    value: str
    row: int | None = None

    @property
    def form(self) -> Form | None:
        """None where it is none of them."""
        if _GUID.fullmatch(self.value):
            return Form.ID
        if _EMAIL.fullmatch(self.value):
            return Form.EMAIL
        is_number = _PHONE.fullmatch(self.value) and _FEWEST_DIGITS <= len(_digits(self.value)) <= _MOST_DIGITS
        return Form.PHONE if is_number else None


@dataclass(frozen=True, slots=True)
class LeadProblem:
    """Why a value has brought no activities, or not all. leads: the ids it may mean."""

    asked: Asked
    problem: str
    remedy: str
    leads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Resolved:
    """leads: the ids to read, in the order in which they were asked for, each with the first value that named it."""

    leads: dict[str, Asked]
    problems: tuple[LeadProblem, ...]


def resolve(asked: Sequence[Asked], connection: Connection, work: WorkingFile, stop: StopSignal) -> Resolved:
    """The leads that the values name. What was found stays in the working file; a wish to stop leaves the rest open.

    Raises: RefusedError — this user may not look leads up. NetworkError, UsageError.
    """
    looked_up = [one for one in asked if one.form in {Form.EMAIL, Form.PHONE}]
    _look_up(list(_first_of_each(looked_up, work)), connection, work, stop)
    leads: dict[str, Asked] = {}
    problems: list[LeadProblem] = []
    for one in asked:
        ids = (one.value.lower(),) if one.form is Form.ID else work.found.get(one.value, ())
        if len(ids) == 1:
            leads.setdefault(ids[0].casefold(), one)
        else:
            problems.append(_problem(one, ids))
    return Resolved(leads, tuple(problems))


def _first_of_each(asked: Sequence[Asked], work: WorkingFile) -> Iterator[Asked]:
    """Those values that have no lead yet, once each."""
    seen = set(work.found)
    for one in asked:
        if one.value not in seen:
            seen.add(one.value)
            yield one


def _look_up(asked: Sequence[Asked], connection: Connection, work: WorkingFile, stop: StopSignal) -> None:
    """Ask for the values, the first few alone, until one answer shows that it is allowed."""
    country = _country_code(asked, connection)
    answered: set[Form | None] = set()

    def look(read: Read, one: Asked) -> bool:
        """Whether there was an answer."""
        if stop.reason is not None:
            return True
        ids = _ids_of(read, one, country)
        if ids:
            work.note_found(one.value, ids)
        return ids is not None

    for form in (Form.EMAIL, Form.PHONE):
        mine = [one for one in asked if one.form is form]
        refused, start = 0, 0
        while start < len(mine) and stop.reason is None:
            batch = mine[start : start + (_AT_A_TIME if form in answered else 1)]
            told = connection.each(look, batch)
            start += len(batch)
            if any(told):
                answered.add(form)
            refused += told.count(False)
            if form not in answered and (refused >= _PATIENCE or start >= len(mine)):
                raise _not_allowed(form)


def _ids_of(read: Read, one: Asked, country: str | None) -> tuple[str, ...] | None:
    if one.form is Form.EMAIL:
        return lead_ids_with(read, "EmailAddress", one.value)
    found = lead_ids_with_phone(read, one.value)
    if not found and country and _is_national(one.value):
        return lead_ids_with_phone(read, f"+{country}{_digits(one.value)}") or found
    return found


def _country_code(asked: Sequence[Asked], connection: Connection) -> str | None:
    """The account's own, for numbers without one; asked only where there are such."""
    if not any(one.form is Form.PHONE and _is_national(one.value) for one in asked):
        return None
    identity = who_am_i(connection.client, connection.slots.take, connection.slots.rest)
    return _digits(identity.country_code or "") or None if identity else None


def _is_national(phone: str) -> bool:
    return not phone.startswith("+") and len(_digits(phone).lstrip("0")) == _NATIONAL_DIGITS


def _digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isascii() and letter.isdigit())


def _problem(one: Asked, ids: Sequence[str]) -> LeadProblem:
    if one.form is None:
        return LeadProblem(one, "This is no lead id, e-mail address or phone number.", "Correct it, or remove the row.")
    if not ids:
        kind = "e-mail address" if one.form is Form.EMAIL else "phone number"
        return LeadProblem(one, f"No lead has this {kind}.", "Correct it, or ask for the lead by its id.")
    return LeadProblem(one, f"{len(ids)} leads have this.", "Ask for the one that is meant by its id.", tuple(ids))


def _not_allowed(form: Form | None) -> RefusedError:
    kind, read = ("e-mail", "Leads.GetByEmailaddress") if form is Form.EMAIL else ("phone", "RetrieveLeadByPhoneNumber")
    return RefusedError(
        f"LeadSquared does not let the user of these keys look leads up by {kind} ({read}). Give the user that right, use "
        "an administrator's keys, or ask for the leads by their ids."
    )
