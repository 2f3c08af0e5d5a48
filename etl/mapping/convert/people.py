"""E-mail addresses and LeadSquared's ids."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from etl.findings import EmailFormat, GuidFormat, Problem
from etl.mapping.convert.cells import read_as_text

if TYPE_CHECKING:
    from etl.mapping.convert.cells import ColumnRules, Reads

_ORDINARY_EMAIL = re.compile(
    r"[a-z0-9_+-]+(?:\.[a-z0-9_+-]+)*"
    r"@(?:[a-z0-9]+(?:-[a-z0-9]+)*\.)+(?!(?:invalid|local|localhost|onion|arpa)$)[a-z]{2,}",
    re.IGNORECASE | re.ASCII,
)
"""Addresses that email-validator surely accepts as they are; it takes some 40 times longer to say so."""

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _email(text: str) -> str | Problem:
    address = text.strip()
    if len(address) <= 64 and _ORDINARY_EMAIL.fullmatch(address):
        if address.islower():
            return address
        name, _, domain = address.partition("@")
        return f"{name}@{domain.lower()}"
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 — most sheets never need it

    try:
        # deliverability is the account's business: no DNS, and domains made for tests are addresses too
        return validate_email(address, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        return EmailFormat(address, str(error))


def email(_: ColumnRules) -> Reads:
    """An address as it is, its domain in lower case."""
    return read_as_text(_email)


def _guid(text: str) -> str | Problem:
    found = text.strip()
    return found.lower() if _GUID.fullmatch(found) else GuidFormat(found)


def guid(_: ColumnRules) -> Reads:
    """A LeadSquared id in lower case."""
    return read_as_text(_guid)
