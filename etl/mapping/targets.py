"""LeadSquared's target names: which there are, which type each has by itself, how long its text may be."""

from __future__ import annotations

import re
from enum import StrEnum

from etl.mapping.headers import nearest


class FieldType(StrEnum):
    """What the cells of a column are, and so how they become text."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    TIME = "time"
    DATETIME = "datetime"
    EMAIL = "email"
    PHONE = "phone"
    CHOICE = "choice"
    MULTICHOICE = "multichoice"
    GUID = "guid"


FIXED_TYPES = {
    "ActivityDateTime": FieldType.DATETIME,
    "ActivityOwnerEmail": FieldType.EMAIL,
    "ProspectActivityId": FieldType.GUID,
    "RelatedProspectId": FieldType.GUID,
    "OpportunityId": FieldType.GUID,
    "Owner": FieldType.GUID,
    "Lead.EmailAddress": FieldType.EMAIL,
}
"""Targets whose type LeadSquared fixes (leads and owners are known by GUID, the owner of a bulk activity by e-mail)."""

NOTE = "ActivityNote"
NAMED_TARGETS = (
    "SearchByValue",
    "RelatedProspectId",
    "OpportunityId",
    "ProspectActivityId",
    NOTE,
    "ActivityOwnerEmail",
    "ActivityDateTime",
    "Status",
    "Owner",
)

FIELD_LENGTH = 200  # LeadSquared: MaxFieldLength of every documented activity field
NOTE_LENGTH = 2000  # LeadSquared: maximum length of notes

CUSTOM_FIELD = re.compile(r"mx_Custom_[1-9][0-9]{0,2}")
_CUSTOM_FIELD_SET = re.compile(r"mx_\w+\.(mx_CustomObject_[1-9][0-9]*|Status)", re.ASCII)
_OTHER_FIELD = re.compile(r"mx_\w+", re.ASCII)
_NUMBERED = re.compile(r"(?P<stem>mx[_ ]?[a-z]+)[_ ]?(?P<number>[1-9][0-9]{0,2})", re.IGNORECASE)
_LEAD_FIELD = re.compile(r"Lead\.(?!SearchBy\Z)[A-Za-z]\w*(\.(mx_CustomObject_[1-9][0-9]*|Status))?", re.ASCII)
"""LeadSquared: an attribute of that name says among the others how the lead is found; `search_by` of the mapping does."""


def is_target(name: str) -> bool:
    """Whether this is a target's name, in LeadSquared's own case: it ignores a wrong case without a word."""
    if name in NAMED_TARGETS or CUSTOM_FIELD.fullmatch(name) or _LEAD_FIELD.fullmatch(name):
        return True
    return is_custom_field_set(name) or (_OTHER_FIELD.fullmatch(name) is not None and _custom_field_meant(name) is None)


def is_custom_field_set(name: str) -> bool:
    """Whether the target lies inside a custom field set of the activity, like `mx_KYC.mx_CustomObject_2`."""
    return _CUSTOM_FIELD_SET.fullmatch(name) is not None


def is_field(name: str) -> bool:
    """Whether the target travels as an entry of the activity's `Fields`."""
    return name in ("Status", "Owner") or (name.startswith("mx_") and not is_custom_field_set(name))


def _custom_field_meant(name: str) -> str | None:
    """The numbered custom field of which this is a misspelling."""
    numbered = _NUMBERED.fullmatch(name)
    if numbered and nearest(numbered["stem"], ["mx_Custom"]):
        return f"mx_Custom_{numbered['number']}"
    return None


def nearest_target(name: str) -> str | None:
    """The target that somebody probably meant."""
    custom = _custom_field_meant(name)
    if custom:
        return custom
    if name in ("ActivityEvent_Note", "Notes", "Note"):
        return NOTE
    head, dot, attribute = name.partition(".")
    if dot and head.casefold() == "lead":
        meant = f"Lead.{attribute}"
        return meant if is_target(meant) and meant != name else None
    return nearest(name, NAMED_TARGETS)


def length_limit(target: str) -> int:
    """The most characters that a target's text may have unless the mapping says otherwise."""
    return NOTE_LENGTH if target == NOTE else FIELD_LENGTH
