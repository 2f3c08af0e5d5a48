"""Where the activities that may be our rows are looked for: by type and time, or where that is not allowed lead by lead."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Protocol

from etl.api.activities import activities_in_window, activities_of_lead
from etl.api.asking import one_by_one
from etl.api.leads import lead_ids_with, leads_by_ids
from etl.operations.contract import Proof
from etl.reconciler.sent import same_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from etl.api.asking import Each, Read
    from etl.delivery.absence import Stretch
    from etl.operations.contract import Element, Operation, RequestOptions
    from etl.records import SeenActivity

_PHONES = frozenset({"Phone", "Mobile"})
_DIGITS_OF_A_NUMBER = 8


@dataclass(frozen=True, slots=True)
class Addressing:
    """How the rows of one mapping name their activity type, their lead and themselves.

    member: of an element, holds the lead's value. lead_field: the lead field of that value, None where it is the lead's id.
    key_field: the custom field with the row key, if there is one.
    """

    operation: Operation
    options: RequestOptions
    event: int
    member: str
    lead_field: str | None
    key_field: str | None

    @property
    def tells_lead(self) -> bool:
        """Whether reads show a row's activity on the lead that the row was addressed to."""
        return self.operation.proof is Proof.ACTIVITY

    def normal(self, lead: str) -> str:
        """A lead's value in the form in which two of them are compared.

        Too coarse is safe, too fine is not: taking two leads for one leaves a row in doubt, the contrary sends it twice.
        So phone numbers are compared by their last digits, other values without case and leading zeros, numbers by value:
        what is equal for a look-up (api/leads.py) is equal here.
        """
        if self.lead_field in _PHONES:
            digits = "".join(letter for letter in lead if letter.isascii() and letter.isdigit())
            return digits.lstrip("0")[-_DIGITS_OF_A_NUMBER:]
        plain = same_text(lead)
        return plain if self.lead_field in {None, "EmailAddress"} else _by_value(plain)


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be found out. leads: the values that address the rows in doubt, and the rows that show how far a read goes."""

    stretches: Sequence[Stretch]
    leads: frozenset[str]


class Source(Protocol):
    """One way of reading."""

    def activities(self, question: Question) -> list[SeenActivity] | None:
        """What LeadSquared shows; None where this user may not read so."""
        ...

    def lead_of(self, activity: SeenActivity) -> str | None:
        """The value that would address its lead; None where that cannot be told."""
        ...


@dataclass
class ByTime:
    """All activities of the type that were written in some stretches of time: a request per thousand.

    each: how what is asked for each lead by itself is read; one by one if it is left out.
    """

    read: Read
    addressing: Addressing
    each: Each | None = None
    _leads: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _asked: set[str] = field(default_factory=set)
    _pending: set[str] = field(default_factory=set)

    def activities(self, question: Question) -> list[SeenActivity] | None:
        seen: dict[str, SeenActivity] = {}
        for stretch in question.stretches:
            since, until = (datetime.fromtimestamp(moment, UTC) for moment in (stretch.since, stretch.until))
            found = activities_in_window(self.read, self.addressing.event, since, until)
            if found is None:
                return None
            seen |= {same_text(activity.activity_id): activity for activity in found}
        return list(seen.values())

    def expect(self, candidates: Iterable[SeenActivity]) -> None:
        """The leads of these may be asked for; together, when the first one is."""
        self._pending = {same_text(one.lead_id) for one in candidates if one.lead_id} - self._asked

    def lead_of(self, activity: SeenActivity) -> str | None:
        if not self.addressing.tells_lead:
            return None
        if self.addressing.lead_field is None:
            return activity.lead_id or None
        lead_id = same_text(activity.lead_id)
        if lead_id in self._pending:
            self._leads |= leads_by_ids(self.read, sorted(self._pending), self.each) or {}
            self._asked |= self._pending
            self._pending = set()
        return self._leads.get(lead_id, {}).get(self.addressing.lead_field) or None


@dataclass
class ByLead:
    """The activities of each lead in question: two requests a lead."""

    read: Read
    addressing: Addressing
    each: Each | None = None
    _ids: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _value_of: dict[str, str] = field(default_factory=dict)

    def activities(self, question: Question) -> list[SeenActivity] | None:
        seen: dict[str, SeenActivity] = {}
        leads = sorted(question.leads)
        told = [self._of(self.read, lead) for lead in leads[:1]]  # alone, because it shows whether this is allowed
        if None not in told:
            told += (self.each or one_by_one(self.read))(self._of, leads[1:])
        for found in told:
            if found is None:
                return None
            seen |= {same_text(activity.activity_id): activity for activity in found}
        return list(seen.values())

    def expect(self, candidates: Iterable[SeenActivity]) -> None:
        """The leads are known already: it was they who were asked."""

    def lead_of(self, activity: SeenActivity) -> str | None:
        return self._value_of.get(same_text(activity.lead_id))

    def _of(self, read: Read, lead: str) -> list[SeenActivity] | None:
        """The activities of the leads that a value addresses."""
        ids = self._ids_of(read, lead)
        if ids is None:
            return None
        seen: list[SeenActivity] = []
        for lead_id in ids:
            found = activities_of_lead(read, lead_id, self.addressing.event)
            if found is None:
                return None
            seen += found
        return seen

    def _ids_of(self, read: Read, lead: str) -> tuple[str, ...] | None:
        """The leads that this value addresses. A lead without activities is asked for again: it may be new."""
        if self.addressing.lead_field is None:
            ids: tuple[str, ...] | None = (lead,)
        else:
            ids = self._ids.get(lead) or lead_ids_with(read, self.addressing.lead_field, lead)
        if ids is not None:
            self._ids[lead] = ids
            self._value_of |= {same_text(lead_id): lead for lead_id in ids}
        return ids


def _by_value(plain: str) -> str:
    """The same for all spellings of one number; other texts without leading zeros."""
    try:
        number = Decimal(plain)
    except InvalidOperation:
        return plain.lstrip("0")
    if not number.is_finite():
        return plain.lstrip("0")
    sign, digits, exponent = number.as_tuple()
    written = "".join(map(str, digits)).lstrip("0")
    significant = written.rstrip("0")
    power = int(exponent) + len(written) - len(significant)
    return f"{'-' * sign}{significant}e{power}" if significant else "0"


def elements(body: bytes | None, addressing: Addressing) -> list[Element]:
    """The activities of a request body as the ledger keeps it; none where it was pruned."""
    return [] if body is None else addressing.operation.elements(zlib.decompress(body), addressing.options)
