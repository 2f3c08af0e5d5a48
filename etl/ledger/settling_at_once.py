"""The end of a request all of whose rows were created, as nearly always: written after one question about all of them.

That is for a ledger in a file: where machines share one, others may have dealt with the rows meanwhile.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

from etl.ledger.all_created import all_created, stretches
from etl.ledger.held_ids import are_all_guids, holders

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.ledger.database import Database, Statement, Values
    from etl.ledger.requests import Intent, RequestEnd

END_REQUEST = """
UPDATE requests SET ended_mono = :ended_mono, ended_at = :ended_at, status = :status, verdict = :verdict, detail = :detail,
    late = :late, server_at = :server_at, written_mono = :written_mono, ended_after = (SELECT MAX(request_id) FROM requests)
WHERE request_id = :request_id"""

_END_WITNESSED = END_REQUEST.replace("late = :late", "late = :late, witness = :witness")

# Of nearly all rows this is all there is to say, and each value that is told with a row costs as much as writing it.
END_CREATED = """
UPDATE rows SET outcome = 'created', activity_id = :activity_id, code = NULL, error = NULL, hint = NULL
WHERE row_id = :row_id"""

# Some hundred rows at once take half of the time that they take one by one.
_END_STRETCH = """
UPDATE rows SET outcome = 'created', activity_id = substr(:ids, (row_id - :first) * 16 + 1, 16),
    code = NULL, error = NULL, hint = NULL
WHERE row_id BETWEEN :first AND :last"""

_FOLLOWED_AMONG = """
SELECT 1 FROM rows WHERE known_row_id IS NOT NULL AND known_row_id BETWEEN :first AND :last LIMIT 1"""


class Created(NamedTuple):
    """A request all of whose rows were created. ids: of these, in the order sent, as they are kept."""

    end: RequestEnd
    account_id: int
    ids: list[bytes]


class AtOnce:
    """The requests of a ledger in a file that have no end yet, as they were sent.

    One that is not among them is settled the general way: so is each whose end was in a commit that was taken back.
    """

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

    def forget(self, request_id: int) -> None:
        """It has its end."""
        self._sent.pop(request_id, None)

    def created(self, ends: Sequence[RequestEnd]) -> list[Created]:
        """Those in front of some requests of one account, as far as all rows of each were created and nothing depends on these.

        Nothing is asked but whether another row holds one of their ids; then none of them is told, nor where they share one.
        """
        found: list[Created] = []
        for end in ends:
            created = self._created(end)
            if created is None:
                break
            found.append(created)
        ids = [kept for one in found for kept in one.ids]
        if not ids or len(set(ids)) < len(ids) or holders(self._database, found[0].account_id, ids):
            return []
        return found

    def write(self, created: Sequence[Created], endings: Sequence[Sequence[Statement]]) -> None:
        """Write the ends of such requests. endings: of each, the statements that write how it ended."""
        rows: dict[int, bytes] = {}
        ended: list[Values] = []
        more: list[Statement] = []
        for request, ((_, values), *others) in zip(created, endings, strict=True):
            rows.update(zip([end.row_id for end in request.end.rows], request.ids, strict=True))
            ended.append({**cast("Values", values), "witness": request.ids[-1]})
            more += others
            self.forget(request.end.request_id)
        self._database.do_all([(_END_STRETCH, list(stretches(rows))), (_END_WITNESSED, ended), *more])

    def _created(self, end: RequestEnd) -> Created | None:
        sent = self._sent.get(end.request_id)
        if sent is None or not self._are_alone(sent.account_id):
            return None
        ids = all_created(sent.rows, end.rows)
        return None if ids is None else Created(end, sent.account_id, ids)

    def _are_alone(self, account_id: int) -> bool:
        """Whether no row follows one that is on its way, and no id of the account is held in another spelling than the usual one.
        Asked once in a transaction: nobody else writes meanwhile."""
        number, of, are_alone = self._are_alone_in
        if number != self._database.transactions or of != account_id:
            row_ids = [row.row_id for intent in self._sent.values() for row in intent.rows]
            place = {"first": min(row_ids, default=0), "last": max(row_ids, default=0)}
            are_alone = are_all_guids(self._database, account_id) and not self._database.ask(_FOLLOWED_AMONG, place)
            self._are_alone_in = (self._database.transactions, account_id, are_alone)
        return are_alone
