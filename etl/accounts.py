"""Looking after accounts: is one all right, where does a new one live, what does a trial on a test lead show.

Like `etl.pipeline` it prints nothing and raises `etl.errors.EtlError`.
"""

from __future__ import annotations

import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.api import metadata
from etl.api.client import Client
from etl.api.reads import who_am_i
from etl.clock import Clock, SystemClock
from etl.errors import NetworkError, RefusedError, UsageError
from etl.events import Started, ignore
from etl.ledger.store import Ledger
from etl.stages.account_check import Line, State, examine
from etl.stages.connect import ANY_HOST, connect
from etl.stages.probe import Learned, Trial, intentions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from etl.api.metadata import ActivityField
    from etl.api.reads import Identity
    from etl.events import Event
    from etl.settings import Secret, Settings
    from etl.stages.connect import Connection

__all__ = ["Learned", "Line", "State", "check", "identify", "prepare_trial"]


def check(settings: Settings, *, clock: Clock | None = None) -> tuple[Line, ...]:
    """Ask LeadSquared about the account, and say what is right and what is wrong. Changes nothing.

    Raises:  UsageError — no account is set, or its host cannot be. NetworkError — LeadSquared cannot be reached. LedgerError.
    """
    now = clock or SystemClock()
    lines: list[Line] = []
    with Ledger(settings.ledger_url, settings.ledger_files, now) as ledger:
        try:
            with connect(settings.account, ledger, now) as connection:
                lines.extend(examine(connection, ledger, now))
        except RefusedError as error:
            lines.append(Line(State.WRONG, "account", error.message))
    return tuple(lines)


def identify(
    access_key: Secret, secret_key: Secret, host: str | None = None, *, clock: Clock | None = None
) -> Identity:
    """Whose keys these are and where that account lives. host: the address to ask; any of LeadSquared's will do.

    Raises:  RefusedError — the keys are refused, or the host does not tell. NetworkError — it cannot be reached.
    """
    address = host or ANY_HOST
    with Client(address, access_key.reveal(), secret_key.reveal(), clock or SystemClock()) as client:
        identity = who_am_i(client)
    if identity is None:
        raise RefusedError(
            f"{address} does not tell whose keys these are. Check that it is a LeadSquared API host; if it is, write the "
            "account into the settings file by hand, with its host."
        )
    return identity


@dataclass(frozen=True, slots=True)
class PreparedTrial:
    """A trial that waits for consent. intentions: what it will write. go: carries it out."""

    account: str
    intentions: tuple[str, ...]
    go: Callable[[], Learned]


@contextmanager
def prepare_trial(
    settings: Settings,
    lead_id: str,
    event: int,
    *,
    events: Callable[[Event], None] = ignore,
    clock: Clock | None = None,
) -> Iterator[PreparedTrial]:
    """A trial on one lead with one activity type; nothing is written before `go` is called.

    Raises:  UsageError — the id is no id, or the account has no such activity type. RefusedError, NetworkError, LedgerError.
    """
    lead = _guid(lead_id)
    now = clock or SystemClock()
    with (
        Ledger(settings.ledger_url, settings.ledger_files, now) as ledger,
        connect(settings.account, ledger, now) as connection,
    ):
        events(Started(connection.account.name, connection.organisation, ledger.shown))
        _check_type(connection, event)
        dropdown = _dropdown(connection, event)
        trial = Trial(connection, ledger, now, events, lead, event, dropdown, uuid.uuid4().hex[:8])
        yield PreparedTrial(connection.account.name, intentions(lead, event, dropdown), trial.go)


def _guid(lead_id: str) -> str:
    try:
        return str(uuid.UUID(lead_id))
    except ValueError:
        raise UsageError(
            f"--lead: {lead_id!r} is no lead's id. Copy the whole id from LeadSquared, like 0f8fad5b-d9cb-469f-a165-70867728950e."
        ) from None


def _check_type(connection: Connection, event: int) -> None:
    try:
        types = metadata.activity_types(connection.read)
    except NetworkError as error:
        if not error.is_fault:
            raise
        return
    if types and event not in {one.code for one in types}:
        known = ", ".join(f"{one.code} {one.names[0]}" if one.names else str(one.code) for one in types[:12])
        raise UsageError(f"--event: this account has no activity type {event}. Choose a test type; it has: {known}.")


def _dropdown(connection: Connection, event: int) -> ActivityField | None:
    """A field of the type that has options, if it tells one."""
    try:
        fields = metadata.activity_fields(connection.read, event) or ()
    except NetworkError as error:
        if not error.is_fault:
            raise
        return None
    return next(
        (
            one
            for one in fields
            if one.schema_name.startswith("mx_") and (one.options or "dropdown" in one.data_type.casefold())
        ),
        None,
    )
