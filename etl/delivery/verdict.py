"""What one answer means. Pure: the exchange, the operation and the number of rows in, one verdict out.

The body is read before the status, because LeadSquared reports errors in HTTP 200 and rows may come with any status.
What is not recognised with certainty is `Unknown`: the rows may be in LeadSquared, so nothing is sent again for it.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from etl.delivery import answer as answers
from etl.operations.contract import AnswerNames
from etl.records import ApiAnswer, Limit, LineEnd, TransportFailure

if TYPE_CHECKING:
    from datetime import datetime

    from etl.operations.contract import Operation
    from etl.records import Exchange


class AnswerItem(NamedTuple):
    """One row of an answer, as it stands there.

    done: the success flag, None unless it is exactly true or false. activity_id: None when missing or empty.
    message_id: of an answer about one row, which does not say what its id is of.
    """

    row_number: int | None
    done: bool | None
    activity_id: str | None
    reason: str | None
    message_id: str | None = None


@dataclass(frozen=True, slots=True)
class Answered:
    """The answer speaks about single rows; which of ours they are is for the reconciler to say."""

    items: tuple[AnswerItem, ...]


@dataclass(frozen=True, slots=True)
class Throttled:
    """Refused for its rate and not carried out. limit: the account's real limit, if the answer names it."""

    retry_after_seconds: float | None
    limit: Limit | None


@dataclass(frozen=True, slots=True)
class NotSent:
    """No byte of the request left this machine; it may be sent again."""

    reason: str


@dataclass(frozen=True, slots=True)
class Refused:
    """An application error for the request as a whole. Nothing is proven about its rows: some may be stored.

    is_mx: LeadSquared's own code refused it, and not a gateway or proxy.
    """

    reason: str
    exception_type: str | None
    is_mx: bool = True


@dataclass(frozen=True, slots=True)
class Stop:
    """Account, host or activity type are refused; no further request can do better.

    certain: whether nothing of this request was carried out.
    """

    reason: str
    remedy: str
    certain: bool


@dataclass(frozen=True, slots=True)
class Unknown:
    """LeadSquared may have carried the request out. late: it may still be at work on it."""

    reason: str
    late: bool


Complaint: TypeAlias = Throttled | Stop | Refused | Unknown
Verdict: TypeAlias = Answered | NotSent | Complaint

_LIMIT_TEXT = re.compile(r"exceeded the limit of (\d{1,9}) in (\d{1,9}(?:\.\d{1,3})?) second", re.IGNORECASE)
_HOST_TEXT = re.compile(r"\b[a-z0-9-]+(?:\.[a-z0-9-]+)*\.leadsquared\.com\b", re.IGNORECASE)
_KEYS_REFUSED = frozenset({"MXInvalidAccessDetailsException", "MXUnAuthorizedAccessException"})
EMPTY_GUID = "00000000-0000-0000-0000-000000000000"  # what .NET writes for "no id"


def judge(exchange: Exchange, operation: Operation, rows: int) -> Verdict:
    """What became of a request that carried `rows` activities."""
    if isinstance(exchange, TransportFailure):
        if exchange.end is LineEnd.NOT_SENT:
            return NotSent(exchange.reason)
        return Unknown(exchange.reason, late=exchange.end is LineEnd.TIMED_OUT)
    reading = answers.read(exchange.body)
    names = operation.answer
    if isinstance(names, AnswerNames) and (items := _items(reading, names)):
        return Answered(items)
    if found := _complaint(exchange, reading):
        return found
    if not isinstance(names, AnswerNames) and (item := _message(reading)):
        return Answered((item,))
    return Unknown(_silence(exchange, reading, rows), late=False)


def complaint(answer: ApiAnswer) -> Complaint | None:
    """What a whole answer complains about, None if it is a success. For reads; `judge` is for what carries rows."""
    return _complaint(answer, answers.read(answer.body))


def server_time(exchange: Exchange) -> float | None:
    """The server's own clock as its answer has it, in seconds since 1970 (RFC 9110, Date); None where it does not say."""
    if not isinstance(exchange, ApiAnswer):
        return None
    date = _http_date(exchange.headers.get("date", ""))
    return date.timestamp() if date is not None else None


def _complaint(answer: ApiAnswer, reading: answers.Reading) -> Complaint | None:
    """The first that fits: the more certain a complaint is about what was not carried out, the earlier it is tried."""
    return (
        _throttled(answer, reading)
        or _account_refused(answer, reading)
        or _address_refused(answer, reading)
        or _redirected(answer)
        or _refused(answer, reading)
        or _fault(answer, reading)
    )


def _message(reading: answers.Reading) -> AnswerItem | None:
    """The one row of an answer that calls itself a success and names an id (LeadSquared API: what it is of is not said)."""
    status, message = reading.members.get("Status"), reading.members.get("Message")
    message_id = _identifier(message.get("Id")) if isinstance(message, dict) else None
    if message_id is None or not isinstance(status, str) or status.strip().lower() != "success":
        return None
    return AnswerItem(row_number=None, done=True, activity_id=None, reason=None, message_id=message_id)


def _items(reading: answers.Reading, names: AnswerNames) -> tuple[AnswerItem, ...]:
    """The rows that the body speaks about; () unless at least one element is recognisably a row."""
    telling = {names.flag, "RowNumber"}
    if not any(isinstance(element, dict) and telling & element.keys() for element in reading.elements):
        return ()
    return tuple(_item(element if isinstance(element, dict) else {}, names) for element in reading.elements)


def _item(row: dict[str, object], names: AnswerNames) -> AnswerItem:
    flag = row.get(names.flag)
    return AnswerItem(
        row_number=_row_number(row.get("RowNumber")),
        done=flag if isinstance(flag, bool) else None,
        activity_id=_identifier(row.get(names.activity_id)) if names.activity_id else None,
        reason=answers.reason_of(row),
    )


def _identifier(value: object) -> str | None:
    """An id as LeadSquared writes it; None for anything that is none."""
    found = answers.cleaned(value) if isinstance(value, str) else ""
    return found if found not in {"", EMPTY_GUID} else None


def _row_number(value: object) -> int | None:
    """A row number as LeadSquared writes it, or as a number in a text; never a guess."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{1,9}", value):
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _throttled(answer: ApiAnswer, reading: answers.Reading) -> Throttled | None:
    """LeadSquared API: seen as 429, 403 and 200; known by its exception type, by 429 or by its sentence."""
    named = _LIMIT_TEXT.search(reading.prose)
    by_type = reading.exception_type == "MXAPIRateLimitExceededException"
    if not (by_type or named or answer.status == 429):
        return None
    return Throttled(_retry_after(answer), _limit(named))


def _limit(named: re.Match[str] | None) -> Limit | None:
    if named is None:
        return None
    count, seconds = int(named[1]), float(named[2])
    return Limit(count, seconds) if count > 0 and seconds > 0 else None


def _retry_after(answer: ApiAnswer) -> float | None:
    """RFC 9110, Retry-After: seconds, or a date. A date is read against the answer's own Date, never our clock."""
    asked = answer.headers.get("retry-after", "").strip()
    try:
        seconds = float(asked)
    except ValueError:
        until, sent = _http_date(asked), _http_date(answer.headers.get("date", ""))
        if until is None or sent is None:
            return None
        return max(0.0, (until - sent).total_seconds())
    return seconds if math.isfinite(seconds) and seconds >= 0 else None


@lru_cache(maxsize=8)  # a second holds many answers
def _http_date(text: str) -> datetime | None:
    """An HTTP date; None when it is none or names no zone, so that two of them can always be compared."""
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date if date.tzinfo is not None else None


def _account_refused(answer: ApiAnswer, reading: answers.Reading) -> Stop | None:
    """LeadSquared API: 401 for wrong keys, an inactive user and a wrong region, whose text names the right host."""
    if reading.exception_type == "MXInvalidActivityException":
        return Stop(
            reason=f"LeadSquared refused the activity type: {_said(answer, reading)}",
            remedy="Check activity.event in the mapping: the type must exist in this account and be active.",
            certain=False,  # in a bulk request earlier rows may be stored
        )
    if answer.status != 401 and reading.exception_type not in _KEYS_REFUSED:
        return None
    host = _HOST_TEXT.search(reading.prose)
    remedy = (
        f"Set LSQ_HOST to {host[0].lower()}: this account lives there."
        if host
        else "Check the key pair (its user must be active) and LSQ_HOST: a host of another region refuses right keys."
    )
    return Stop(f"LeadSquared refused the account: {_said(answer, reading)}", remedy, certain=True)


def _address_refused(answer: ApiAnswer, reading: answers.Reading) -> Stop | None:
    """No such path or method here; unless the body is an error of LeadSquared's own, which is about what was asked."""
    if answer.status not in {404, 405} or reading.is_error:
        return None
    return Stop(
        reason=f"The host does not offer this operation: {_said(answer, reading)}",
        remedy="Check that LSQ_HOST is the API host of the account's region, such as api-in21.leadsquared.com.",
        certain=True,
    )


def _redirected(answer: ApiAnswer) -> Stop | None:
    """A redirect is never followed: it would post again, and hand the keys to another host."""
    if not 300 <= answer.status < 400:
        return None
    try:
        host = urlsplit(answer.headers.get("location", "")).hostname
    except ValueError:
        host = None
    place = f"to {answers.cleaned(host)}" if host else "to another address of its own"
    return Stop(
        reason=f"The host sent the request on {place} (HTTP {answer.status}); redirects are not followed",
        remedy="Set LSQ_HOST to the API host itself, such as api-in21.leadsquared.com; check any proxy in between.",
        certain=False,
    )


def _refused(answer: ApiAnswer, reading: answers.Reading) -> Refused | None:
    """An application error. A 5xx is one only with an MX type; else it is a fault, and anything may be stored."""
    if reading.is_mx or answer.status == 400 or (reading.is_error and answer.status < 500):
        return Refused(_said(answer, reading), reading.exception_type, reading.is_mx)
    return None


def _fault(answer: ApiAnswer, reading: answers.Reading) -> Unknown | None:
    """Any other status than success. Above 501 a gateway gave up waiting; what is behind it may go on."""
    if 200 <= answer.status < 300:
        return None
    return Unknown(_said(answer, reading), late=answer.status == 408 or answer.status > 501)


def _silence(answer: ApiAnswer, reading: answers.Reading, rows: int) -> str:
    """An answer that neither complains nor tells what became of the rows."""
    said = f"“{reading.text}”" if reading.text else "an answer"
    return f"LeadSquared sent {said} (HTTP {answer.status}) that names none of the {rows} rows sent"


def _said(answer: ApiAnswer, reading: answers.Reading) -> str:
    """The answer in LeadSquared's own words, with the status for whoever asks the vendor."""
    kind = reading.exception_type
    status = f"HTTP {answer.status}, {kind}" if kind and kind != reading.text else f"HTTP {answer.status}"
    return f"“{reading.text}” ({status})" if reading.text else f"HTTP {answer.status} without a reason"
