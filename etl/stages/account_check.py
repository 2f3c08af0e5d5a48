"""What is right and wrong with an account: keys, host, organisation, clock, rights and limits, one line each."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from etl.api import metadata
from etl.api.activities import activities_of_lead, count_in_window
from etl.api.asking import getting, posting
from etl.api.reads import who_am_i
from etl.delivery.verdict import server_time
from etl.errors import NetworkError, RefusedError
from etl.records import ApiAnswer
from etl.settings.host import is_loopback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from etl.api.asking import Read
    from etl.api.reads import Identity, ReadSlot
    from etl.clock import Clock
    from etl.ledger.store import Ledger
    from etl.records import ApiRequest, Exchange
    from etl.stages.connect import Connection

_CLOCK_TOLERANCE_SECONDS = 30.0
_NO_LEAD = "00000000-0000-0000-0000-000000000000"
_NO_TYPE = 1  # read about where the account tells no type of its own: whether it may be asked is the question
_OWN_TYPES_FROM = 100  # LeadSquared API: an account's own activity types begin around 100 or 200


class State(StrEnum):
    """What a line means for imports."""

    FINE = "ok"
    DOUBT = "!"  # imports work, but not everything about them
    WRONG = "x"  # imports do not work, or must not


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at."""

    state: State
    subject: str
    words: str


@dataclass(frozen=True, slots=True)
class Right:
    """A read that etl uses, and what for."""

    words: str
    needed_for: str
    ask: Callable[[Read], object]


def examine(connection: Connection, ledger: Ledger, clock: Clock) -> Iterator[Line]:
    """Ask LeadSquared about the account, line by line. Takes about ten requests.

    Raises: RefusedError — keys or host are refused. NetworkError — LeadSquared cannot be reached.
    """
    listener = _Listener(connection)
    identity = who_am_i(connection.client, listener.slot, connection.slots.rest)
    yield _keys(identity)
    yield _host(connection, identity)
    yield Line(State.FINE, "organisation", connection.organisation)
    if identity is not None:
        yield from _region(identity)
    yield _clock(listener.last, clock)
    yield from _rights(connection, clock)
    yield from _limits(connection, ledger, listener.last)


class _Listener:
    """Slots for reads, and how the last of them ended."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self.last: Exchange | None = None

    @contextmanager
    def slot(self) -> Iterator[ReadSlot]:
        with self._connection.slots.take() as taken:
            yield taken
            self.last = taken.exchange


def _keys(identity: Identity | None) -> Line:
    if identity is None:
        return Line(
            State.DOUBT,
            "keys",
            "Not refused; whose they are is not told here, so the account is known by host and name.",
        )
    return Line(
        State.FINE, "keys", f"Right; they act for the user {identity.user_email or identity.user_id or 'not named'}."
    )


def _host(connection: Connection, identity: Identity | None) -> Line:
    host = urlsplit(str(connection.account.base_url)).hostname or ""
    told = identity.api_host if identity else None
    if told is None or told == host or (is_loopback(host) and is_loopback(told)):
        return Line(
            State.FINE, "host", f"{host}{'' if told else '; LeadSquared does not tell whether that is the right one'}"
        )
    return Line(
        State.WRONG,
        "host",
        f'The account lives on {told}, not on {host}. Set host = "{told}" in the settings file, or LSQ_HOST.',
    )


def _region(identity: Identity) -> Iterator[Line]:
    told = [
        f"time zone {identity.time_zone}" if identity.time_zone else "",
        f"country code {identity.country_code}" if identity.country_code else "",
    ]
    if words := ", ".join(one for one in told if one):
        yield Line(State.FINE, "region", f"{words}; the zone of a sheet's times stands in its mapping")


def _clock(exchange: Exchange | None, clock: Clock) -> Line:
    theirs = server_time(exchange) if exchange is not None else None
    if theirs is None:
        return Line(State.DOUBT, "clock", "LeadSquared does not tell its time.")
    ahead = clock.now().timestamp() - theirs
    if abs(ahead) <= _CLOCK_TOLERANCE_SECONDS:
        return Line(State.FINE, "clock", "This machine's clock and LeadSquared's agree.")
    side = "ahead of" if ahead > 0 else "behind"
    return Line(
        State.DOUBT,
        "clock",
        f"This machine's clock is {abs(ahead):.0f} s {side} LeadSquared's. Set it: rows in doubt are looked for by time, "
        "and the day's budget ends at 00:00 UTC.",
    )


def _rights(connection: Connection, clock: Clock) -> Iterator[Line]:
    """Each read that etl uses, asked for something small."""
    types: list[metadata.ActivityType] = []

    def ask_for_types(read: Read) -> object:
        told = metadata.activity_types(read)
        types.extend(told or ())
        return told

    yield _tried(connection, Right("activity types", "checks before a run", ask_for_types))
    code = min((one.code for one in types if one.code >= _OWN_TYPES_FROM), default=_NO_TYPE)
    now = clock.now()
    rights = (
        Right("fields of an activity type", "checks before a run", lambda read: metadata.activity_fields(read, code)),
        Right("users", "checking owners before a run", metadata.users),
        Right("lead fields", "etl check --live", metadata.lead_fields),
        Right(
            "activities by type and time",
            "finding rows whose answer was lost",
            lambda read: count_in_window(read, code, now - timedelta(minutes=1), now),
        ),
        Right(
            "activities of a lead",
            "finding rows where the read by time is not allowed, and etl fetch",
            lambda read: activities_of_lead(read, _NO_LEAD, code),
        ),
        Right(
            "leads by id",
            "telling rows of several leads apart",
            _asking(getting("LeadManagement.svc/Leads.GetById", ("id", _NO_LEAD))),
        ),
        Right(
            "leads by a field",
            "finding leads by e-mail or phone",
            _asking(
                posting(
                    "LeadManagement.svc/Leads.Get",
                    {
                        "Parameter": {"LookupName": "ProspectID", "LookupValue": _NO_LEAD, "SqlOperator": "="},
                        "Columns": {"Include_CSV": "ProspectID"},
                        "Paging": {"PageIndex": 1, "PageSize": 1},
                    },
                )
            ),
        ),
    )
    for right in rights:
        yield _tried(connection, right)


def _asking(request: ApiRequest) -> Callable[[Read], object]:
    return lambda read: read(request)


def _tried(connection: Connection, right: Right) -> Line:
    try:
        told = right.ask(connection.read)
    except RefusedError as error:
        return Line(State.DOUBT, right.words, f"refused, needed for {right.needed_for}: {error.message}")
    except NetworkError as error:
        if not error.is_fault:
            raise
        return Line(State.DOUBT, right.words, f"answered with a fault, needed for {right.needed_for}: {error.message}")
    if told is None:
        return Line(State.DOUBT, right.words, f"not offered to this user; needed for {right.needed_for}")
    return Line(State.FINE, right.words, "may be read")


def _limits(connection: Connection, ledger: Ledger, exchange: Exchange | None) -> Iterator[Line]:
    """What the settings say, what refusals have taught, and any header that speaks of limits; none is documented."""
    account = connection.account
    words = f"bulk {account.bulk_limit}, all {account.limit} (requests/seconds) in the settings"
    learned = ledger.accounts.learned_limits(connection.record.account_id)
    if learned:
        words += "; LeadSquared has taught " + ", ".join(f"{window.value} {limit}" for window, limit in learned.items())
    yield Line(State.FINE, "limits", words)
    spent = ledger.requests.spent_today(connection.record.account_id)
    budget = f" of {account.daily_requests:,}" if account.daily_requests is not None else "; no budget is set"
    yield Line(State.FINE, "today", f"{spent:,} requests sent from this ledger{budget}")
    headers = exchange.headers if isinstance(exchange, ApiAnswer) else {}
    told = [f"{name}: {value}" for name, value in sorted(headers.items()) if "limit" in name or name == "retry-after"]
    if told:
        yield Line(State.FINE, "told limits", "; ".join(told))
