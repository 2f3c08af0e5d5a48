"""The lines to accounts, kept: what handshakes, answers and refusals of all processes have shown (`delivery/line`)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from etl.delivery.line import Line

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.ledger.database import Database, Statement
    from etl.records import Trip

_NAMES = Line._fields

COLUMNS = ", ".join(f"lines.{name}" for name in (*_NAMES, "boot_id"))
"""What a statement is to ask for, with `lines` joined, for `line_in`."""

# When the request was sent tells whether its refusal is news.
_READ = f"""
SELECT requests.account_id, requests.sent_mono, {COLUMNS}
FROM requests LEFT JOIN lines ON lines.account_id = requests.account_id WHERE requests.request_id = :request_id"""
_WRITE = (
    f"INSERT INTO lines (account_id, boot_id, {', '.join(_NAMES)}) "
    f"VALUES (:account_id, :boot_id, {', '.join(':' + name for name in _NAMES)}) "
    "ON CONFLICT (account_id) DO UPDATE SET boot_id = excluded.boot_id, "
    + ", ".join(f"{name} = excluded.{name}" for name in _NAMES)
)


class Lines:
    """The line to an account as this transaction knows it: nobody else can see more of it meanwhile."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: tuple[int, int, Line] | None = None

    def known(self, account_id: int) -> Line | None:
        """The line as it is by now; None where this transaction has not asked yet."""
        if self._known is None or self._known[:2] != (self._database.transactions, account_id):
            return None
        return self._known[2] if self._database.is_writing else None

    def note(self, account_id: int, line: Line) -> None:
        """It is so from here on."""
        self._known = (self._database.transactions, account_id, line)


@dataclass(frozen=True, slots=True)
class LineSeen:
    """What the end of one request has shown of the line. written: from when a bound on its way counts, if any.

    statements: to be carried out with those of its end; none where nothing is news, or where it is written with the commit.
    """

    written: float | None
    statements: Sequence[Statement] = ()


def line_in(found: Sequence[Any], boot_id: str) -> Line:
    """The line that a statement has found as `COLUMNS`, in this boot of the machine; an unseen one where there is none."""
    *known, its_boot = found
    if its_boot is None:
        return Line()
    line = Line(*known)
    return line if its_boot == boot_id else line.as_of_another_boot()


def seen_by(
    database: Database,
    lines: Lines,
    request_id: int,
    trip: Trip | None,
    ended: float,
    refused_within: float | None,
    account_id: int | None = None,
) -> LineSeen:
    """What the end of a request tells. ended: by `monotonic`, when its answer came. account_id: its own, if that is at hand.

    refused_within: it was refused for its rate, and nothing that it said explains it; the seconds of the shortest window.
    """
    clock, sent = database.clock, 0.0  # when it was sent tells of a refusal only
    line = None if account_id is None or refused_within is not None else lines.known(account_id)
    if account_id is None or line is None:
        database.write_last()
        ((account_id, sent, *found),) = database.ask(_READ, {"request_id": request_id})
        line = lines.known(account_id) or line_in(found, clock.boot_id())
    known, written = line, None
    if trip is not None:
        answered = ended - trip.written
        written = line.believed_written(trip, answered)
        line = line.after_answer(answered, is_plain_write=trip.is_plain and trip.size > 0)
        if trip.handshake is not None:
            line = line.after_handshake(trip.handshake, clock.monotonic())
    if refused_within is not None:
        line = line.after_refusal(sent, refused_within, clock.monotonic(), clock.now().timestamp())
    lines.note(account_id, line)
    if line is known:
        return LineSeen(written)
    values = partial(_as_kept, account_id, clock.boot_id(), line)
    if refused_within is not None:
        return LineSeen(written, [(_WRITE, values())])
    return LineSeen(written, database.last_of(f"line {account_id}", _WRITE, values))


def _as_kept(account_id: int, boot_id: str, line: Line) -> dict[str, object]:
    return {"account_id": account_id, "boot_id": boot_id, **line._asdict()}
