"""E-mail addresses, phone numbers and LeadSquared's ids."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from etl.findings import EmailFormat, GuidFormat, PhoneFormat, PhoneRegion, Problem, TextDamaged
from etl.mapping.convert.cells import read_as_text
from etl.mapping.convert.text import damaged
from etl.mapping.target_rules import PhoneForm

if TYPE_CHECKING:
    from collections.abc import Callable

    from etl.mapping.convert.cells import ColumnRules, Reads

_ORDINARY_EMAIL = re.compile(
    r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*"
    r"@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+(?!(?:invalid|local|localhost|onion|arpa)$)[a-z]{2,}",
    re.IGNORECASE | re.ASCII,
)
"""Addresses that email-validator surely accepts as they are; it takes some 40 times longer to say so."""

_PHONE_SIGNS = re.compile(r"[0-9+()\s.\u00a0\u2010-\u2015-]+")
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _email(text: str) -> str | Problem:
    address = text.strip()
    if len(address) <= 64 and _ORDINARY_EMAIL.fullmatch(address):
        if address.islower():
            return address
        name, _, domain = address.partition("@")
        return f"{name}@{domain.lower()}"
    try:
        # deliverability is the account's business: no DNS, and domains made for tests are addresses too
        return validate_email(address, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        return EmailFormat(address, str(error))


def email(_: ColumnRules) -> Reads:
    """An address as it is, its domain in lower case."""
    return read_as_text(_email)


_FORMS: dict[PhoneForm, Callable[[phonenumbers.PhoneNumber, str], str]] = {
    PhoneForm.E164: lambda number, _: phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164),
    # LeadSquared: stored numbers read +CC-NNNNNNNNNN
    PhoneForm.LEADSQUARED: lambda number, _: (
        f"+{number.country_code}-{phonenumbers.national_significant_number(number)}"
    ),
    PhoneForm.AS_TYPED: lambda _, typed: typed,
}


def phone(rules: ColumnRules) -> Reads:
    """One number that exists, in the form the mapping asks for."""
    region, form = rules.rule.region, _FORMS[rules.rule.form]

    def read(text: str) -> str | Problem:
        typed = text.strip()
        number = _parsed(typed, region)
        return number if isinstance(number, Problem) else form(number, typed)

    return read_as_text(read)


def _parsed(typed: str, region: str | None) -> phonenumbers.PhoneNumber | Problem:
    if damaged(typed):
        return TextDamaged(typed)
    # 030 901820/21 is two numbers; the library would make one of them
    if not _PHONE_SIGNS.fullmatch(typed):
        return PhoneFormat(typed, region)
    if region is None and not typed.startswith("+"):
        return PhoneRegion(typed)
    try:
        number = phonenumbers.parse(typed, region)
    except phonenumbers.NumberParseException:
        return PhoneFormat(typed, region)
    return number if phonenumbers.is_valid_number(number) else PhoneFormat(typed, region)


def _guid(text: str) -> str | Problem:
    found = text.strip()
    return found.lower() if _GUID.fullmatch(found) else GuidFormat(found)


def guid(_: ColumnRules) -> Reads:
    """A LeadSquared id in lower case."""
    return read_as_text(_guid)
