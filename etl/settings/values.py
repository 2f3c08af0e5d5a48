"""Texts and numbers of settings into values; what does not fit is refused, naming the place and the remedy."""

from __future__ import annotations

import re

from etl.errors import UsageError
from etl.quoting import shown
from etl.records import Limit

_LIMIT = re.compile(r"(?P<count>\d{1,6})/(?P<seconds>\d{1,6}(\.\d{1,3})?)", re.ASCII)
_NUMBER = re.compile(r"\d{1,9}(\.\d{1,9})?", re.ASCII)
_LEAD_LINK = re.compile(r"https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?/[^\s{}\"<>]*\{id\}[^\s{}\"<>]*", re.ASCII)
_LONGEST_LINK = 1_000  # Excel takes twice that, the id included
_DAY_SECONDS = 86_400


def parse_limit(value: object, place: str) -> Limit:
    """`25/5` as a limit: 25 requests in any 5 seconds."""
    found = _LIMIT.fullmatch(value) if isinstance(value, str) else None
    limit = Limit(int(found["count"]), float(found["seconds"])) if found else None
    if limit is None or limit.count < 1 or not 0 < limit.seconds <= _DAY_SECONDS:
        raise UsageError(
            f"{place}: {shown(value)} is no limit. Write requests/seconds as a text, "
            'for example "25/5" for 25 requests in 5 seconds.'
        )
    return limit


def parse_share(value: object, place: str) -> float:
    """`0.5` as a part of the limits: above 0, at most 1."""
    share = _number(value)
    if share is None or not 0 < share <= 1:
        raise UsageError(f"{place}: {shown(value)} is no share. Write a number above 0 and up to 1; 0.5 uses half.")
    return share


def parse_daily_requests(value: object, place: str) -> int:
    """A whole number of requests a day, at least 1."""
    number = _number(value)
    if number is None or number < 1 or number != int(number):
        raise UsageError(
            f"{place}: {shown(value)} is no number of requests. Write a whole number from 1, "
            "without separators; leave the setting out for no budget."
        )
    return int(number)


def parse_seconds(value: object, place: str) -> float:
    """A wait in seconds: from 0 to one day."""
    seconds = _number(value)
    if seconds is None or not 0 <= seconds <= _DAY_SECONDS:
        raise UsageError(f"{place}: {shown(value)} is no wait. Write a number of seconds from 0 to 86400.")
    return seconds


def parse_lead_link(value: object, place: str) -> str:
    """The address of a lead's page, `{id}` in the place of the id; it becomes a link in each results workbook."""
    if not isinstance(value, str) or len(value) > _LONGEST_LINK or _LEAD_LINK.fullmatch(value) is None:
        raise UsageError(
            f"{place}: {shown(value)} is no address of a lead's page. Open a lead in LeadSquared, copy the address, and write "
            "{id} in the place of its id: https://app.example.com/LeadManagement/LeadDetails?LeadID={id}. It must begin with "
            "https://, and hold no name or password."
        )
    return value


def _number(value: object) -> float | None:
    """A plain decimal number, from an environment variable's text or as TOML has it; None for anything else."""
    if isinstance(value, str):
        return float(value) if _NUMBER.fullmatch(value) else None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return float(value) if abs(value) < 1e9 else None  # TOML has nan, inf and whole numbers too large for a float
