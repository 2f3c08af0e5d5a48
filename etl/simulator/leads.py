"""The account's leads. Every search value has one, but for those the options rule out; it is known from then on."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from etl.simulator.switches import PhoneMatch

_IDS = uuid.UUID("d2c3a1d4-63b8-4f0a-8f29-1f1f6f0f5b21")
_PHONES = frozenset({"Phone", "Mobile"})
_UNIQUE = ("EmailAddress", "Phone", "Mobile")  # LeadSquared API: the fields that are unique unless changed
_NAMED_BY = frozenset({*_UNIQUE, "ProspectAutoId"})
_NO_DIGIT = re.compile(r"\D+")
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NOBODY_S_ID = "00000000-"
_DIGITS_WITHOUT_COUNTRY = 10


def is_guid(text: str) -> bool:
    """Whether a text has the form of LeadSquared's ids."""
    return _GUID.fullmatch(text.strip().lower()) is not None


def is_unique_field(name: str) -> bool:
    """Whether a lead can be found by it: one of the defaults, or a field that the account may have made unique."""
    return name in _NAMED_BY or name.startswith("mx_")


@dataclass(frozen=True, slots=True)
class KnownLead:
    """A lead and its attributes: those by which it is known, as they were first spelled, and those that were written."""

    lead_id: str
    values: dict[str, str] = field(default_factory=dict)


class LeadBook:
    """Leads by id. A lead's id follows from the field and the value; Phone and Mobile count as one field for that.

    unknown: search values and ids that belong to no lead; values that start with `nobody@` and ids that start with
    `00000000-` never do. others_exist: every value that is not ruled out belongs to a lead, seen before or not.
    A lead whose attributes were written is known by each of them, whatever was ruled out.
    """

    def __init__(
        self, unknown: Iterable[str], phone_match: PhoneMatch, country_code: str, *, others_exist: bool = True
    ) -> None:
        self._unknown = frozenset(_plain(value) for value in unknown)
        self._others_exist = others_exist
        self._by_digits_alone = phone_match is PhoneMatch.DIGITS
        self._country_code = country_code
        self._leads: dict[str, KnownLead] = {}
        self._digits: dict[str, str] = {}  # digits of a phone number → id of the lead that had them first
        self._holders: dict[tuple[str, str], dict[str, None]] = {}  # written attribute → ids of the leads that have it
        self._given_up: set[tuple[str, str]] = set()  # values that a lead had until others were written

    def written_to(self, search_by: str, value: str) -> str | None:
        """The id of the lead that an activity for that value goes to; None where there is none."""
        if self._is_unknown(search_by, value):
            return None
        return self.remember(self.id_of(search_by, value), search_by, value)

    def looked_up(self, search_by: str, value: str) -> KnownLead | None:
        """The lead that a look-up finds.

        Where phones are matched in their stored form, another spelling of a number that is known finds nothing.
        """
        if not value.strip() or self._is_unknown(search_by, value):
            return None
        lead_id = self.id_of(search_by, value)
        known_otherwise = search_by in _PHONES and self._digits.get(self._digits_of(value), lead_id) != lead_id
        if lead_id not in self._leads and not known_otherwise:
            self.remember(lead_id, search_by, value)
        return self._leads.get(lead_id)

    def all_with(self, search_by: str, value: str) -> list[KnownLead]:
        """Every lead that has the value: several where it is written of several, else the one that a look-up finds."""
        several = self._holders.get(self._key(search_by, value), ())
        if len(several) > 1:
            return [self._leads[lead_id] for lead_id in several]
        found = self.looked_up(search_by, value)
        return [] if found is None else [found]

    def by_id(self, lead_id: str) -> KnownLead | None:
        """The lead of that id: one that was written to or looked up, or any where others exist."""
        plain = _plain(lead_id)
        lead = self._leads.get(plain)
        may_exist = self._others_exist and not plain.startswith(_NOBODY_S_ID) and plain not in self._unknown
        if lead is not None or not (may_exist and is_guid(plain)):
            return lead
        return self._leads.setdefault(plain, KnownLead(plain))

    def known(self, lead_id: str) -> KnownLead | None:
        """The lead of that id if it was met before."""
        return self._leads.get(lead_id)

    def all(self) -> list[KnownLead]:
        """Every lead that is known, in the order in which they became so."""
        return list(self._leads.values())

    def id_of(self, search_by: str, value: str) -> str:
        """The id of the lead with that value, or the one that it would have."""
        key = self._key(search_by, value)
        return next(iter(self._holders.get(key, ())), str(uuid.uuid5(_IDS, f"lead/{key[0]}/{key[1]}")))

    def remember(self, lead_id: str, search_by: str, value: str) -> str:
        """Know a lead by a value from now on; returns its id."""
        self._leads.setdefault(lead_id, KnownLead(lead_id)).values.setdefault(search_by, value.strip())
        self._remember_digits(lead_id, search_by, value)
        return lead_id

    def taken_by_another(self, lead_id: str, attributes: Mapping[str, str]) -> str | None:
        """The first of the unique attributes that another known lead has."""
        for name in _UNIQUE:
            value = attributes.get(name, "")
            if value.strip() and not self._is_unknown(name, value):
                holder = self.id_of(name, value)
                if holder != lead_id and holder in self._leads:
                    return name
        return None

    def write(self, lead_id: str, attributes: Mapping[str, str]) -> KnownLead:
        """Give a lead these attributes, creating it where there is none; an empty one is cleared."""
        lead = self._leads.setdefault(lead_id, KnownLead(lead_id))
        for name, value in attributes.items():
            if name in lead.values:
                self._let_go(lead, name)
            if not value.strip():
                lead.values.pop(name, None)
                continue
            lead.values[name] = value.strip()
        for name, value in lead.values.items():
            if is_unique_field(name):
                self._holders.setdefault(self._key(name, value), {})[lead_id] = None
                self._remember_digits(lead_id, name, value)
        return lead

    def _let_go(self, lead: KnownLead, name: str) -> None:
        """The lead is known by its value of that name no more."""
        key = self._key(name, lead.values[name])
        self._given_up.add(key)
        self._holders.get(key, {}).pop(lead.lead_id, None)
        digits = self._digits_of(lead.values[name])
        if name in _PHONES and self._digits.get(digits) == lead.lead_id:
            del self._digits[digits]

    def _is_unknown(self, search_by: str, value: str) -> bool:
        key = self._key(search_by, value)
        if self._holders.get(key):
            return False
        plain = _plain(value)
        if plain.startswith("nobody@") or plain in self._unknown:
            return True
        lead = self._leads.get(self.id_of(search_by, value))
        if lead is None:
            return not self._others_exist
        held = [known for name, text in lead.values.items() if (known := self._key(name, text))[0] == key[0]]
        return key in self._given_up or (bool(held) and key not in held)

    def _key(self, search_by: str, value: str) -> tuple[str, str]:
        text = _plain(value)
        if search_by in _PHONES:
            return "Phone", (self._by_digits_alone and self._digits_of(value)) or text
        return search_by, text

    def _remember_digits(self, lead_id: str, name: str, value: str) -> None:
        if name in _PHONES and (digits := self._digits_of(value)):
            self._digits.setdefault(digits, lead_id)

    def _digits_of(self, phone: str) -> str:
        digits = _NO_DIGIT.sub("", phone)
        return self._country_code + digits if len(digits) == _DIGITS_WITHOUT_COUNTRY else digits


def _plain(value: str) -> str:
    return value.strip().casefold()
