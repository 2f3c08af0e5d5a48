"""Intents: from here on rows count as unconfirmed, and their places among all rows of their scope are theirs.

    write     the intent of one request, at once
    put_off   … or with those of all requests of one commit, at its end

To claim the places of several hundred rows and to write their intents costs half of what it costs request by request: while
requests are on their way each statement is begun and ended under the eyes of all threads that carry these. So in a ledger in a
file it is put off to the end of the commit, trusting that nobody else has any of the places, as nearly always. Where somebody
has, nothing of the commit is written, and it is to be made once more with each request by itself.
"""

from __future__ import annotations

from contextlib import contextmanager
from itertools import groupby
from typing import TYPE_CHECKING

from etl.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from etl.ledger.database import Database, Statement
    from etl.ledger.requests import Intent
    from etl.ledger.settling_at_once import AtOnce

DEALT_WITH = (
    "Some rows of a request were dealt with by another import at this very moment. The request was not sent. "
    "Run the same command again: it continues with the rows that wait."
)

# In conflict is only a revision, with the row that it replaces: all else is taken.
_CLAIM = """
INSERT INTO claims (scope_id, memory_key, ordinal, row_id)
SELECT scope_id, memory_key, ordinal, row_id FROM rows WHERE row_id IN :row_ids
ON CONFLICT (scope_id, memory_key, ordinal) DO UPDATE SET row_id = excluded.row_id"""

# The same where nobody has these places yet, as nearly always: a third of the time, and it tells by itself that they were free.
_CLAIM_WHAT_IS_FREE = """
INSERT OR IGNORE INTO claims (scope_id, memory_key, ordinal, row_id)
SELECT scope_id, memory_key, ordinal, row_id FROM rows WHERE {which}"""
_CLAIM_FREE_ONES = _CLAIM_WHAT_IS_FREE.format(which="row_id IN :row_ids")
_CLAIM_FREE_STRETCH = _CLAIM_WHAT_IS_FREE.format(which="row_id BETWEEN :first AND :last")

LET_GO = """
DELETE FROM claims WHERE (scope_id, memory_key, ordinal) IN (
    SELECT scope_id, memory_key, ordinal FROM rows WHERE row_id IN :row_ids) AND row_id IN :row_ids"""

# Rows that travel together are mostly rows that stand together, so one statement is for a whole stretch of them.
_INTEND = """
UPDATE rows SET outcome = 'unconfirmed', request_id = :request_id, position = row_id - :before
WHERE row_id BETWEEN :first AND :last AND outcome = 'waiting'"""


class PlaceTakenError(LedgerError):
    """Somebody else has the place of a row whose intent was put off: nothing of the commit was written."""

    def __init__(self) -> None:
        super().__init__(DEALT_WITH)


class Intents:
    """Writes the intents of requests. To be used inside write transactions."""

    def __init__(self, database: Database, at_once: AtOnce) -> None:
        self._database = database
        self._at_once = at_once
        self._put_off: list[tuple[int, Intent]] = []
        self._are_put_off = False

    @contextmanager
    def putting_off(self, *, wanted: bool) -> Iterator[None]:
        """Within one commit: its last act is to write what was put off. wanted: whether that may be.

        Raises: PlaceTakenError — as it says.
        """
        self._are_put_off = wanted and not self._database.is_shared
        try:
            yield
            self.write_put_off()
        finally:
            self._put_off, self._are_put_off = [], False

    def may_put_off(self, intent: Intent) -> bool:
        """Whether it may wait for the end of its commit: nothing has to be asked about its rows first, and no claim passes
        from one row to another."""
        return self._are_put_off and {(row.address, row.replaces) for row in intent.rows} == {(None, None)}

    def put_off(self, request_id: int, intent: Intent) -> None:
        """It is written with the commit."""
        self._put_off.append((request_id, intent))

    def write_put_off(self) -> None:
        """Write what was put off by now: what is written of others may depend on it. Raises: PlaceTakenError, LedgerError."""
        if not self._put_off:
            return
        put_off, self._put_off = self._put_off, []
        row_ids = [row.row_id for _, intent in put_off for row in intent.rows]
        free = [{"first": first, "last": last} for _, first, last in _stretches(row_ids)]
        if self._database.do_each(_CLAIM_FREE_STRETCH, free) != len(row_ids):
            raise PlaceTakenError
        intents = [one for request_id, intent in put_off for one in _intents(request_id, _row_ids(intent))]
        if self._database.do_each(_INTEND, intents) != len(row_ids):
            raise LedgerError(DEALT_WITH)
        for request_id, intent in put_off:
            self._at_once.note(request_id, intent)

    def claim_what_is_free(self, row_ids: Sequence[int]) -> bool:
        """Claim the places of rows if nobody has any of them. Returns: whether that was so; else none is claimed."""
        if self._database.is_shared:
            return False
        if self._database.do(_CLAIM_FREE_ONES, {"row_ids": row_ids}) == len(row_ids):
            return True
        self._database.do(LET_GO, {"row_ids": row_ids})
        return False

    def write(self, request_id: int, intent: Intent, *, are_claimed: bool, counting: Sequence[Statement]) -> None:
        """Claim the places of its rows, if they are not by now; from here on these count as unconfirmed.

        counting: statements that count the request. Raises: LedgerError — a row does not wait any more.
        """
        row_ids = _row_ids(intent)
        claim: list[Statement] = [] if are_claimed else [(_CLAIM, {"row_ids": row_ids})]
        intents: list[Statement] = [(_INTEND, one) for one in _intents(request_id, row_ids)]
        done = self._database.do_all([*counting, *claim, *intents])
        if sum(done[len(done) - len(intents) :]) != len(row_ids):
            raise LedgerError(DEALT_WITH)
        if not self._database.is_shared:
            self._at_once.note(request_id, intent)


def _row_ids(intent: Intent) -> list[int]:
    return [row.row_id for row in intent.rows]


def _intents(request_id: int, row_ids: Sequence[int]) -> list[dict[str, int]]:
    """The values that write the intent of one request, stretch by stretch."""
    return [
        {"request_id": request_id, "before": before, "first": first, "last": last}
        for before, first, last in _stretches(row_ids)
    ]


def _stretches(row_ids: Sequence[int]) -> Iterator[tuple[int, int, int]]:
    """Rows that follow upon each other: the first and the last, before both the number from which positions are counted."""
    if row_ids and row_ids == list(range(row_ids[0], row_ids[0] + len(row_ids))):
        yield row_ids[0] - 1, row_ids[0], row_ids[-1]  # as nearly always, and to look at each takes a while
        return
    for before, stretch in groupby(enumerate(row_ids, start=1), key=lambda placed: placed[1] - placed[0]):
        following = [row_id for _, row_id in stretch]
        yield before, following[0], following[-1]
