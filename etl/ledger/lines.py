"""The lines to accounts, kept: what handshakes, answers and refusals of all processes have shown (`delivery/line`)."""

from __future__ import annotations

from dataclasses import fields
from operator import attrgetter
from typing import TYPE_CHECKING

from etl.delivery.line import Line

if TYPE_CHECKING:
    from etl.ledger.database import Database
    from etl.records import Trip

_NAMES = tuple(field.name for field in fields(Line))

_facts = attrgetter(*_NAMES)

_READ = f"SELECT {', '.join(_NAMES)}, boot_id FROM lines WHERE account_id = :account_id"
_WRITE = (
    f"INSERT INTO lines (account_id, boot_id, {', '.join(_NAMES)}) "
    f"VALUES (:account_id, :boot_id, {', '.join(':' + name for name in _NAMES)}) "
    "ON CONFLICT (account_id) DO UPDATE SET boot_id = excluded.boot_id, "
    + ", ".join(f"{name} = excluded.{name}" for name in _NAMES)
)


def line_of(database: Database, account_id: int) -> Line:
    """What is known of the account's line in this boot of the machine."""
    found = database.ask(_READ, {"account_id": account_id})
    if not found:
        return Line()
    *known, boot_id = found[0]
    line = Line(*known)
    return line if boot_id == database.clock.boot_id() else line.as_of_another_boot()


def note_answer(database: Database, account_id: int, trip: Trip, ended: float) -> float | None:
    """An answer has come. ended: by `monotonic`, when. Returns: from when a bound on its way counts (`believed_written`)."""
    is_plain_write = trip.is_plain and trip.size > 0
    line = line_of(database, account_id).after_answer(ended - trip.written, is_plain_write=is_plain_write)
    if trip.handshake is not None:
        line = line.after_handshake(trip.handshake, database.clock.monotonic())
    _keep(database, account_id, line)
    return line.believed_written(trip)


def note_refusal(database: Database, account_id: int, sent: float, window_seconds: float) -> None:
    """A request that was sent then was refused for its rate, and nothing that it said explains it."""
    known, clock = line_of(database, account_id), database.clock
    line = known.after_refusal(sent, window_seconds, clock.monotonic(), clock.now().timestamp())
    if line is not known:
        _keep(database, account_id, line)


def _keep(database: Database, account_id: int, line: Line) -> None:
    values = dict(zip(_NAMES, _facts(line), strict=True))
    database.do(_WRITE, {"account_id": account_id, "boot_id": database.clock.boot_id(), **values})
