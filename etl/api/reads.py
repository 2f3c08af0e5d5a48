"""Reads that stand beside the import: which account do these keys belong to?

A read changes nothing, so it is repeated when its answer is lost, throttled or a fault; a few times, with waits.
"""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from etl.delivery.answer import cleaned
from etl.delivery.verdict import Refused, Stop, Throttled, Unknown, complaint
from etl.errors import NetworkError, RefusedError
from etl.records import ApiAnswer, ApiRequest, LineEnd, TransportFailure, Window

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from etl.clock import Clock
    from etl.delivery.verdict import Complaint
    from etl.records import Exchange, MayWrite

_ATTEMPTS = 4
_LONGEST_WAIT_SECONDS = 60.0
_DEFAULT_WINDOW_SECONDS = 5.0  # LeadSquared API: all published limits count in windows of five seconds
_MISSING = frozenset({404, 405, 501})
_ABOUT_WHAT_WAS_ASKED = frozenset({"MXUnknownProspectActivityException"})
"""Refusals that answer the question: there is no such thing. Any other one is about the right to ask it."""

_WHO_AM_I = ApiRequest("GET", "/v2/Authentication.svc/UserByAccessKey.Get", (), b"", Window.GENERAL)


class Sender(Protocol):
    """What reads ask of a client."""

    @property
    def base_url(self) -> str:
        """Scheme, host and port, for messages."""
        ...

    @property
    def clock(self) -> Clock:
        """Time to wait by between attempts."""
        ...

    def send(self, request: ApiRequest, may_write: MayWrite | None = None) -> Exchange:
        """Send one request, once, and say how it ended. may_write: asked right before the first byte is written."""
        ...


@dataclass(slots=True)
class ReadSlot:
    """The right to send one read. exchange: how it ended, for whoever gave the right."""

    exchange: Exchange | None = None


def without_slot() -> AbstractContextManager[ReadSlot]:
    """For reads that nobody counts."""
    return nullcontext(ReadSlot())


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose keys these are.

    org_id: the account, whatever its keys, hosts and names are called. user_id: what the key pair's user creates
    carries it. api_host: the host on which the account lives. country_code: digits. None: not told.
    """

    org_id: str
    user_id: str | None
    user_email: str | None
    time_zone: str | None
    api_host: str | None
    org_name: str | None
    country_code: str | None


class _TryLaterError(NetworkError):
    """Worth another attempt. wait_seconds: what LeadSquared asked for, None if it named no time."""

    def __init__(
        self,
        message: str,
        wait_seconds: float | None = None,
        *,
        is_without_connection: bool = False,
        is_fault: bool = False,
    ) -> None:
        super().__init__(message, is_without_connection=is_without_connection, is_fault=is_fault)
        self.wait_seconds = wait_seconds


def who_am_i(
    client: Sender,
    slot: Callable[[], AbstractContextManager[ReadSlot]] = without_slot,
    rest: Callable[[float], None] | None = None,
) -> Identity | None:
    """Whose keys these are; None where the account does not offer this read or its answer cannot be used.

    slot: entered around each attempt, because a read counts in the account's general limit like any other request.
    rest: as `read` has it.
    A server that answers this read with faults may do its main work well: that is for the import itself to find out.
    Raises:  RefusedError — keys or host are refused. NetworkError — no answer, after some attempts.
    Source:  LeadSquared API, `UserByAccessKey.Get`: works on any host, 401 for unknown keys and inactive users.
    """
    try:
        answer = read(client, _WHO_AM_I, slot, rest)
    except NetworkError as error:
        if error.is_fault:
            return None
        raise
    return None if answer is None else _identity(answer.body)


def read(
    client: Sender,
    request: ApiRequest,
    slot: Callable[[], AbstractContextManager[ReadSlot]] = without_slot,
    rest: Callable[[float], None] | None = None,
) -> ApiAnswer | None:
    """The answer to a read; None where LeadSquared does not offer it or refuses it to this user.

    That it knows no activity under an id is an answer, too. rest: lets the time between two attempts pass, a minute at
    most, and may raise to end it; None for a plain sleep.

    Raises:  RefusedError — keys or host are refused. NetworkError — no answer, after some attempts. What `rest` raises.
    """
    attempts = Retrying(
        retry=retry_if_exception_type(_TryLaterError),
        stop=_enough,
        wait=_pause,
        sleep=rest or client.clock.sleep,
        reraise=True,
    )
    return attempts(_attempt, client, request, slot)


def _attempt(
    client: Sender, request: ApiRequest, slot: Callable[[], AbstractContextManager[ReadSlot]]
) -> ApiAnswer | None:
    with slot() as taken:
        exchange = taken.exchange = client.send(request)
    if isinstance(exchange, TransportFailure):
        is_without_connection = exchange.end is LineEnd.NOT_SENT
        raise _TryLaterError(_unreachable(client, exchange.reason), is_without_connection=is_without_connection)
    if exchange.status in _MISSING:
        return None
    found = complaint(exchange)
    if found is None or (isinstance(found, Refused) and found.exception_type in _ABOUT_WHAT_WAS_ASKED):
        return exchange
    _raise_if_worth_it(client, found, exchange.status)
    return None


def _raise_if_worth_it(client: Sender, found: Complaint, status: int) -> None:
    """Refused keys stop the run, a busy or faulty server is asked again; any other complaint is about this read alone."""
    match found:
        case Stop(reason=reason, remedy=remedy):
            raise RefusedError(f"{client.base_url}: {reason}. {remedy}")
        case Throttled(retry_after_seconds=asked, limit=limit):
            wait = asked if asked is not None else (limit.seconds if limit else _DEFAULT_WINDOW_SECONDS)
            pause = f"it is over its limit of requests and asks to wait {wait:g} seconds"
            raise _TryLaterError(_unreachable(client, pause), wait)
        case Unknown(reason=reason) if status >= 500:
            raise _TryLaterError(_unreachable(client, reason), is_fault=True)


def _unreachable(client: Sender, reason: str) -> str:
    return (
        f"LeadSquared ({client.base_url}) does not answer: {reason}. Check the network and run the same command again."
    )


def _asked(state: RetryCallState) -> float | None:
    """The wait that the last attempt was asked for."""
    trouble = state.outcome.exception() if state.outcome else None
    return trouble.wait_seconds if isinstance(trouble, _TryLaterError) else None


def _pause(state: RetryCallState) -> float:
    """As long as asked for; else 1, 2, 4 … seconds."""
    asked = _asked(state)
    return asked if asked is not None else float(2 ** (state.attempt_number - 1))


def _enough(state: RetryCallState) -> bool:
    """After some attempts, or when asked to wait longer than a person sits before a terminal."""
    return stop_after_attempt(_ATTEMPTS)(state) or (_asked(state) or 0.0) > _LONGEST_WAIT_SECONDS


def _identity(body: bytes) -> Identity | None:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        return None
    user = document[0] if isinstance(document, list) and document else document
    if not isinstance(user, dict) or (org_id := _text(user, "OrgId")) is None:
        return None
    hosts = user.get("LSQCommonServiceURLs")
    return Identity(
        org_id=org_id,
        user_id=_text(user, "Id"),
        user_email=_text(user, "EmailAddress"),
        time_zone=_text(user, "TimeZone"),
        api_host=_host(_text(hosts, "api")) if isinstance(hosts, dict) else None,
        org_name=_text(user, "OrgShortCode"),
        country_code=_text(user, "DefaultCountryCode"),
    )


def _text(members: dict[str, object], name: str) -> str | None:
    """A member as text; a number is as good, nothing else and no empty text is."""
    value = members.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return cleaned(value) or None if isinstance(value, str) else None


def _host(address: str | None) -> str | None:
    """The bare host name of an address that comes with or without its scheme."""
    try:
        return urlsplit(address if "://" in address else f"https://{address}").hostname if address else None
    except ValueError:
        return None
