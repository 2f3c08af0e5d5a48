"""The lines to accounts, kept: what handshakes, answers and refusals of all processes have shown (`delivery/line`)."""

from __future__ import annotations

from dataclasses import astuple, fields
from typing import TYPE_CHECKING

from sqlalchemy import text

from etl.delivery.line import Line

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from etl.clock import Clock
    from etl.records import Trip

_NAMES = tuple(field.name for field in fields(Line))

# Built once, like the other statements of every request.
_READ = text(f"SELECT {', '.join(_NAMES)}, boot_id FROM lines WHERE account_id = :account_id")
_WRITE = text(
    f"INSERT INTO lines (account_id, boot_id, {', '.join(_NAMES)}) "
    f"VALUES (:account_id, :boot_id, {', '.join(':' + name for name in _NAMES)}) "
    "ON CONFLICT (account_id) DO UPDATE SET boot_id = excluded.boot_id, "
    + ", ".join(f"{name} = excluded.{name}" for name in _NAMES)
)


def line_of(connection: Connection, account_id: int, clock: Clock) -> Line:
    """What is known of the account's line in this boot of the machine."""
    found = connection.execute(_READ, {"account_id": account_id}).first()
    if found is None:
        return Line()
    line = Line(*found[:-1])
    return line if found.boot_id == clock.boot_id() else line.as_of_another_boot()


def note_answer(connection: Connection, account_id: int, trip: Trip, ended: float, clock: Clock) -> float | None:
    """An answer has come. ended: by `monotonic`, when. Returns: from when a bound on its way counts (`believed_written`)."""
    is_plain_write = trip.is_plain and trip.size > 0
    line = line_of(connection, account_id, clock).after_answer(ended - trip.written, is_plain_write=is_plain_write)
    if trip.handshake is not None:
        line = line.after_handshake(trip.handshake, clock.monotonic())
    _keep(connection, account_id, line, clock)
    return line.believed_written(trip)


def note_refusal(connection: Connection, account_id: int, sent: float, window_seconds: float, clock: Clock) -> None:
    """A request that was sent then was refused for its rate, and nothing that it said explains it."""
    known = line_of(connection, account_id, clock)
    line = known.after_refusal(sent, window_seconds, clock.monotonic(), clock.now().timestamp())
    if line is not known:
        _keep(connection, account_id, line, clock)


def _keep(connection: Connection, account_id: int, line: Line, clock: Clock) -> None:
    values = dict(zip(_NAMES, astuple(line), strict=True))
    connection.execute(_WRITE, {"account_id": account_id, "boot_id": clock.boot_id(), **values})
