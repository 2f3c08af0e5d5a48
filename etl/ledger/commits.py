"""What became of a commit that was not answered, in a database that machines share.

The connection may be lost while a COMMIT is on its way. Whether it came about cannot be told by the transaction's number: after
a crash, and on a standby that takes over, numbers whose transactions were lost are given out again, and somebody else's commit
would be taken for ours. So each transaction that writes also writes a number of our own, in the statement that ends it and on
the same way there: one row for each ledger that is open, written over each time. Looked at afterwards under the transaction's
own locks, which it gives back when it has ended in whatever way, the number is there or it is not.

The same number tells whether a database has forgotten commits that it had answered: a standby that took over, and lagged.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection

    from etl.clock import Clock

_KEPT_SECONDS = 86_400
"""A number is asked for within minutes of its commit; so old rows are of those who have ended long ago."""

_MISSED_SECONDS = _KEPT_SECONDS / 2
"""So long after a commit that was answered its row is there for certain: others throw away only what is twice as old."""

_NOW = "extract(epoch FROM clock_timestamp())"

_NOTE = (
    f"INSERT INTO commits (writer, number, noted_at) SELECT '{{writer}}', {{number}}, {_NOW} "
    "WHERE pg_current_xact_id_if_assigned() IS NOT NULL "  # else nothing was written, and there is nothing to find out about
    "ON CONFLICT (writer) DO UPDATE SET number = excluded.number, noted_at = excluded.noted_at; "
)
_NOTED = "INSERT 0 1"

_FORGET_OLD = (
    "DELETE FROM commits WHERE writer IN ("
    f"SELECT writer FROM commits WHERE noted_at < {_NOW} - {_KEPT_SECONDS} FOR UPDATE SKIP LOCKED); "
)


class Commits:
    """The commits of one ledger that is open. are_noted: whether the table for it is there."""

    def __init__(self, clock: Clock) -> None:
        """clock: this machine's."""
        self._clock = clock
        self._answered_at = 0.0  # by `through_sleep`
        self._writer = uuid.uuid4().hex
        self._number = self._answered = 0
        self.are_noted = False

    @property
    def question(self) -> str:
        """Asks for the last number that was committed."""
        return f"SELECT MAX(number) FROM commits WHERE writer = '{self._writer}'"

    def ending(self) -> str:
        """The last statements of the next transaction: it notes its number and commits."""
        if not self.are_noted:
            return "COMMIT"
        self._number += 1
        old = _FORGET_OLD if self._number == 1 else ""
        return f"{_NOTE.format(writer=self._writer, number=self._number)}{old}COMMIT"

    def note_answered(self, answers: Collection[str]) -> None:
        """The last one has come about. answers: what PostgreSQL has said to each of its last statements."""
        if _NOTED in answers:
            self._answered, self._answered_at = self._number, self._clock.through_sleep()

    def has_come_about(self, found: int | None) -> bool:
        """Whether the last one did. found: what was answered to the question."""
        return found == self._number

    def are_forgotten(self, found: int | None) -> bool:
        """Whether commits that were answered are not there any more. found: as above; None, where there is no row of ours,
        tells that only as long as nobody else may have thrown it away."""
        if found is None:
            return self._answered > 0 and self._clock.through_sleep() - self._answered_at < _MISSED_SECONDS
        return found < self._answered
