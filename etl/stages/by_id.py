"""Activities asked for by their ids, and what later rows of ours have done to them: for rows that update what is there."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

from etl.api.activities import activities_in_window
from etl.api.details import NoActivity, activity_by_id
from etl.delivery.absence import MARGIN_SECONDS, WIDEST_MARGIN_SECONDS
from etl.operations.contract import Proof
from etl.reconciler.sent import same_text
from etl.reconciler.updated import sent_update
from etl.records import SeenActivity
from etl.stages.sources import elements

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from etl.ledger.doubts import Doubt, LaterRow, Sent
    from etl.ledger.store import Ledger
    from etl.reconciler.updated import SentUpdate
    from etl.stages.connect import Connection
    from etl.stages.sources import Addressing

_TRIED_FIRST = 2
"""So many ids are asked for before all others: one that LeadSquared does not like says nothing about the rest."""

Told: TypeAlias = SeenActivity | NoActivity | None
"""What LeadSquared says of one id; None where it does not tell."""


@dataclass
class ById:
    """Reads activities one by one, side by side where the connection can; by type and time where that is not offered."""

    connection: Connection
    addressing: Addressing
    _is_offered: bool = field(default=False, init=False)

    def activities(self, ids: Sequence[str]) -> dict[str, Told] | None:
        """What is told of each id. None: LeadSquared does not offer this read, or not to this user.

        Raises: RefusedError, NetworkError.
        """
        told: list[Told] = [activity_by_id(self.connection.read, one) for one in ids[:_TRIED_FIRST]]
        self._is_offered = self._is_offered or any(one is not None for one in told)
        if not self._is_offered:
            return None
        told += self.connection.each(activity_by_id, ids[_TRIED_FIRST:])
        return dict(zip(ids, told, strict=True))

    def changed_since(self, since: float, now: float) -> dict[str, SeenActivity] | None:
        """The activities of the mapping's type that were written since then, by compared id; both by our clock, in seconds.

        None: the mapping names no type, or this user may not read so. Raises: RefusedError, NetworkError.
        """
        if not self.addressing.event:
            return None
        begin = datetime.fromtimestamp(since - MARGIN_SECONDS, UTC)
        end = datetime.fromtimestamp(now + WIDEST_MARGIN_SECONDS, UTC)  # nothing is there, and nothing slips out
        found = activities_in_window(self.connection.read, self.addressing.event, begin, end)
        return None if found is None else {same_text(one.activity_id): one for one in found}


@dataclass(frozen=True, slots=True)
class Change:
    """What a later row has set in the same activity. targets: None where what was sent is not kept any more."""

    row: LaterRow
    targets: frozenset[str] | None

    def touches(self, targets: Collection[str]) -> bool:
        """Whether it has set one of these, as far as is known."""
        return self.targets is None or not self.targets.isdisjoint(targets)

    def __str__(self) -> str:
        return f"row {self.row.row_number} of run {self.row.run_id}"


def changes_since(
    row_ids: Collection[int], first_request: int, addressing: Addressing, ledger: Ledger
) -> dict[int, list[Change]]:
    """By row_id, what rows that went out later have set in the activities of these, or may have set."""
    later = ledger.doubts.later_for_same(row_ids, first_request)
    numbers = {one.request_id for rows in later.values() for one in rows}
    requests = ledger.doubts.requests(numbers)
    sent = {number: updates_of(request, addressing) for number, request in requests.items()}
    return {row_id: [_change(one, sent.get(one.request_id, ())) for one in rows] for row_id, rows in later.items()}


def updates_of(request: Sent, addressing: Addressing) -> list[SentUpdate]:
    """What a request sent, row by row; none where that is not kept, or was sent in another way."""
    if request.operation != addressing.operation.name:
        return []
    return [sent_update(one, addressing.member) for one in elements(request.body, addressing)]


def ids_named_by(doubt: Doubt, addressing: Addressing) -> dict[int, str]:
    """The activities that the rows of a request are about, by row_id; none where its answer would have named them."""
    if addressing.operation.proof is not Proof.VALUES:
        return {}
    sent = [sent_update(one, addressing.member) for one in elements(doubt.body, addressing)]
    return {row.row_id: sent[row.position - 1].activity_id for row in doubt.rows if row.position <= len(sent)}


def _change(row: LaterRow, sent: Sequence[SentUpdate]) -> Change:
    known = 0 < row.position <= len(sent)
    return Change(row, frozenset(sent[row.position - 1].values) if known else None)


def ids_of(updates: Mapping[int, SentUpdate]) -> list[str]:
    """The activities that these rows are about, each once and in the order of the rows."""
    return list({same_text(one.activity_id): one.activity_id for one in updates.values()}.values())
