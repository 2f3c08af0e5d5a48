"""The account's leads. Every search value has one, but for those the options rule out; it is known from then on."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field

from etl.simulator.switches import PhoneMatch

_IDS = uuid.UUID("d2c3a1d4-63b8-4f0a-8f29-1f1f6f0f5b21")
_PHONES = frozenset({"Phone", "Mobile"})
_NO_DIGIT = re.compile(r"\D+")
_DIGITS_WITHOUT_COUNTRY = 10


@dataclass(frozen=True, slots=True)
class KnownLead:
    """A lead and the fields by which it is known, as they were first spelled."""

    lead_id: str
    values: dict[str, str] = field(default_factory=dict)


class LeadBook:
    """Leads by id. A lead's id follows from the field and the value; Phone and Mobile count as one field for that.

    unknown: search values that belong to no lead; values that start with `nobody@` never do.
    """

    def __init__(self, unknown: Iterable[str], phone_match: PhoneMatch, country_code: str) -> None:
        self._unknown = frozenset(_plain(value) for value in unknown)
        self._by_digits_alone = phone_match is PhoneMatch.DIGITS
        self._country_code = country_code
        self._leads: dict[str, KnownLead] = {}
        self._digits: dict[str, str] = {}  # digits of a phone number → id of the lead that had them first

    def written_to(self, search_by: str, value: str) -> str | None:
        """The id of the lead that an activity for that value goes to; None where there is none."""
        return None if self._is_unknown(value) else self.remember(self._id_of(search_by, value), search_by, value)

    def looked_up(self, search_by: str, value: str) -> KnownLead | None:
        """The lead that a look-up finds.

        Where phones are matched in their stored form, another spelling of a number that is known finds nothing.
        """
        if not value.strip() or self._is_unknown(value):
            return None
        lead_id = self._id_of(search_by, value)
        known_otherwise = search_by in _PHONES and self._digits.get(self._digits_of(value), lead_id) != lead_id
        if lead_id not in self._leads and not known_otherwise:
            self.remember(lead_id, search_by, value)
        return self._leads.get(lead_id)

    def by_id(self, lead_id: str) -> KnownLead | None:
        """A lead that was written to or looked up before."""
        return self._leads.get(lead_id.strip().lower())

    def all(self) -> list[KnownLead]:
        """Every lead that is known, in the order in which they became so."""
        return list(self._leads.values())

    def remember(self, lead_id: str, search_by: str, value: str) -> str:
        """Know a lead by a value from now on; returns its id."""
        self._leads.setdefault(lead_id, KnownLead(lead_id)).values.setdefault(search_by, value.strip())
        if search_by in _PHONES and (digits := self._digits_of(value)):
            self._digits.setdefault(digits, lead_id)
        return lead_id

    def _is_unknown(self, value: str) -> bool:
        plain = _plain(value)
        return plain.startswith("nobody@") or plain in self._unknown

    def _id_of(self, search_by: str, value: str) -> str:
        text = _plain(value)
        if search_by in _PHONES:
            search_by = "Phone"
            text = (self._by_digits_alone and self._digits_of(value)) or text
        return str(uuid.uuid5(_IDS, f"lead/{search_by}/{text}"))

    def _digits_of(self, phone: str) -> str:
        digits = _NO_DIGIT.sub("", phone)
        return self._country_code + digits if len(digits) == _DIGITS_WITHOUT_COUNTRY else digits


def _plain(value: str) -> str:
    return value.strip().casefold()
