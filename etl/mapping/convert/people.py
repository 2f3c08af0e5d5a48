"""E-mail addresses and LeadSquared's ids."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from etl.findings import EmailFormat, GuidFormat, Problem
from etl.mapping.convert.cells import read_as_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.mapping.convert.cells import ColumnRules, Reads

_EMAIL = (
    r"[a-z0-9_+-]++(?:\.[a-z0-9_+-]++)*"
    r"@(?:[a-z0-9]++(?:-[a-z0-9]++)*\.)+(?!(?:invalid|local|localhost|onion|arpa)(?:\n|\Z))[a-z]{2,}+"
)
_ORDINARY_EMAIL = re.compile(_EMAIL, re.ASCII)
"""Addresses, in lower case, that email-validator surely accepts as they are; it takes some 80 times longer to say so.

For both cases and with ways back (`+` for `++`) the same takes more than twice as long. Groups keep theirs: before Python 3.11.5
a group that is repeated so (`(…)*+`) takes half of what does not match.
"""
_ORDINARY_EMAILS = re.compile(f"(?:{_EMAIL}\n)*", re.ASCII)
MOST_OF_ORDINARY = 64

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def _email(text: str) -> str | Problem:
    address = text.strip()
    small = address if address.islower() else address.lower()
    if len(address) <= MOST_OF_ORDINARY and address.isascii() and _ORDINARY_EMAIL.fullmatch(small):
        if small is address:
            return address
        name, _, domain = address.partition("@")
        return f"{name}@{domain.lower()}"
    from email_validator import EmailNotValidError, validate_email  # noqa: PLC0415 — most sheets never need it

    try:
        # deliverability is the account's business: no DNS, and domains made for tests are addresses too
        return validate_email(address, check_deliverability=False, test_environment=True).normalized
    except EmailNotValidError as error:
        return EmailFormat(address, str(error))


def are_ordinary(addresses: Sequence[str]) -> bool:
    """Whether each of these is surely an address, and goes out as it stands."""
    lines = "\n".join([*addresses, ""])
    is_one_a_line = lines.count("\n") == len(addresses) and max(map(len, addresses), default=0) <= MOST_OF_ORDINARY
    return is_one_a_line and lines.isascii() and _ORDINARY_EMAILS.fullmatch(lines) is not None


def email(_: ColumnRules) -> Reads:
    """An address as it is, its domain in lower case."""
    return read_as_text(_email)


def _guid(text: str) -> str | Problem:
    found = text.strip()
    return found.lower() if _GUID.fullmatch(found) else GuidFormat(found)


def guid(_: ColumnRules) -> Reads:
    """A LeadSquared id in lower case."""
    return read_as_text(_guid)
