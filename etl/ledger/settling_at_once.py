"""The end of a request all of whose rows were created, as nearly always: written without a question about any of them.

That is for a ledger in a file: where machines share one, others may have dealt with the rows meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from etl.delivery.outcomes import RowEnd
from etl.ledger.schema import opaque
from etl.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from etl.ledger.database import Database, Statement
    from etl.ledger.requests import Intent, RequestEnd

_GUID_BYTES = 16  # of an id that is kept as one (schema.py)
_NOTHING_MORE = RowEnd(0, Outcome.CREATED)[3:]  # than which row, and under which id

END_REQUEST = """
UPDATE requests SET ended_mono = :ended_mono, ended_at = :ended_at, status = :status, verdict = :verdict, detail = :detail,
    late = :late, server_at = :server_at, written_mono = :written_mono, ended_after = (SELECT MAX(request_id) FROM requests)
WHERE request_id = :request_id"""

_END_WITNESSED = END_REQUEST.replace("late = :late", "late = :late, witness = :witness")

# Most accounts have rows of neither kind, and what is not there need not be searched. Nor is there mostly any id spelt otherwise
# than GUIDs are: those are kept as texts behind a zero byte, 37 in all.
OTHER_HOLDERS = ("already_imported", "undone")
HAVE_OTHERS = "SELECT " + ", ".join(
    f"EXISTS (SELECT 1 FROM rows WHERE account_id = :account_id AND outcome = '{outcome}' AND activity_id IS NOT NULL)"
    for outcome in OTHER_HOLDERS
)
_HAVE_SPELT_OTHERWISE = """, EXISTS (
    SELECT 1 FROM rows WHERE account_id = :account_id AND outcome = 'created' AND activity_id IS NOT NULL
      AND activity_id >= x'0030' AND activity_id < x'0067' AND length(activity_id) = 37)"""

# Of nearly all rows this is all there is to say, and each value that is told with a row costs as much as writing it.
END_CREATED = """
UPDATE rows SET outcome = 'created', activity_id = :activity_id, code = NULL, error = NULL, hint = NULL
WHERE row_id = :row_id"""

# The index of ids that were created refuses one that is there: how many rows were changed tells whether one was.
_END_CREATED_IF_NEW = END_CREATED.replace("UPDATE rows", "UPDATE OR IGNORE rows")

_FOLLOWED_AMONG = """
SELECT 1 FROM rows WHERE known_row_id IS NOT NULL AND known_row_id BETWEEN :first AND :last LIMIT 1"""


def _all_created(sent: Intent, ends: Sequence[RowEnd]) -> list[dict[str, object]] | None:
    """What is to be written of a request all of whose rows were created under ids of their own, as nearly always.

    None where any of it is otherwise, or an id is spelt as no GUID is, or a row is tied to rows of other runs.
    """
    if [end.row_id for end in ends] != [row.row_id for row in sent.rows]:
        return None
    if any(row.lineage_run is not None or row.replaces is not None for row in sent.rows):
        return None
    if any(end.outcome is not Outcome.CREATED or end[3:] != _NOTHING_MORE for end in ends):
        return None
    ids = [opaque(end.activity_id) for end in ends if end.activity_id]
    if not len(ids) == len(set(ids)) == len(ends) or set(map(len, ids)) != {_GUID_BYTES}:
        return None
    return [{"row_id": end.row_id, "activity_id": kept} for end, kept in zip(ends, ids, strict=True)]


class AtOnce:
    """The requests of a ledger in a file that have no end yet, as they were sent."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._sent: dict[int, Intent] = {}  # by their numbers
        self._are_alone_in = (0, 0, False)  # the last transaction that asked, the account, and what it was told

    def note(self, request_id: int, intent: Intent) -> None:
        """This one is about to be sent."""
        self._sent[request_id] = intent

    def sent(self, request_id: int) -> Intent | None:
        """How a request was sent; None where it was by somebody else, or has its end."""
        return self._sent.get(request_id)

    def ask_anew(self) -> None:
        """Rows are about to get other ends than these."""
        self._are_alone_in = (0, 0, False)

    def settle(self, sent: Intent, end: RequestEnd, ending: Sequence[Statement]) -> bool:
        """Write the end of a request whose rows were all created, where nothing else depends on them: nothing is asked then.

        sent: the request as it was sent. Returns: whether that was so; else nothing of its own end is written yet.
        """
        are_alone = self._are_alone(sent.account_id)
        del self._sent[end.request_id]
        created = _all_created(sent, end.rows) if are_alone else None
        if created is None or self._database.do_each(_END_CREATED_IF_NEW, created) != len(created):
            return False
        (_, values), *others = ending
        witness = {"witness": created[-1]["activity_id"]}
        self._database.do_all([(_END_WITNESSED, {**cast("Mapping[str, object]", values), **witness}), *others])
        return True

    def _are_alone(self, account_id: int) -> bool:
        """Whether no row follows one that is on its way, and no id of the account is held but as the index of those created
        knows it. Asked once in a transaction: nobody else writes meanwhile."""
        number, of, are_alone = self._are_alone_in
        if number != self._database.transactions or of != account_id:
            row_ids = [row.row_id for intent in self._sent.values() for row in intent.rows]
            place = {"first": min(row_ids, default=0), "last": max(row_ids, default=0)}
            others = self._database.ask(HAVE_OTHERS + _HAVE_SPELT_OTHERWISE, {"account_id": account_id})
            are_alone = not any(others[0]) and not self._database.ask(_FOLLOWED_AMONG, place)
            self._are_alone_in = (self._database.transactions, account_id, are_alone)
        return are_alone
