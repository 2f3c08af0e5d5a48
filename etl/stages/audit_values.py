"""Do the activities that rows have updated show what was sent for them?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.api.details import NoActivity
from etl.reconciler.sent import same_text
from etl.reconciler.updated import differences
from etl.stages.audit_findings import Finding
from etl.stages.by_id import ById, changes_since, ids_of, updates_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from etl.ledger.doubts import CreatedRow, Sent
    from etl.reconciler.updated import SentUpdate
    from etl.stages.by_id import Change, Told
    from etl.stages.sources import Addressing
    from etl.stages.verify import Desk

_DECIDED = f"{Finding.NOT_READ.value}: a person decided that it is there"
_NOT_KEPT = f"{Finding.NOT_READ.value}: what was sent for it is not kept any more"


def values_found(
    rows: Sequence[CreatedRow], requests: Mapping[int, Sent], addressing: Addressing, desk: Desk
) -> dict[int, str]:
    """What is found out about each row, by row_id; the first word is a `Finding`. requests: that brought them, by number.

    Raises: RefusedError, NetworkError.
    """
    unpacked = {number: updates_of(request, addressing) for number, request in requests.items()}
    sent: dict[int, SentUpdate] = {}
    for row in rows:
        of_request = unpacked.get(row.request_id or 0, [])
        if row.position is not None and row.position <= len(of_request):
            sent[row.row_id] = of_request[row.position - 1]
    told = _told(sent, requests, addressing, desk)
    changes = changes_since(sent.keys(), min(requests, default=0), addressing, desk.ledger)
    return {row.row_id: _finding(sent.get(row.row_id), told, changes.get(row.row_id, ()), row) for row in rows}


def _told(
    sent: Mapping[int, SentUpdate], requests: Mapping[int, Sent], addressing: Addressing, desk: Desk
) -> Mapping[str, Told]:
    """What is shown, by compared id. What was written since can stand in no other stretch of time than the one from then on."""
    source, ids = ById(desk.connection, addressing), ids_of(sent)
    by_id = source.activities(ids)
    if by_id is not None:
        return {same_text(activity_id): told for activity_id, told in by_id.items()}
    behind, ahead = desk.ledger.doubts.skew(desk.connection.record.account_id)
    since = min((request.sent_at for request in requests.values()), default=0.0)
    changed = source.changed_since(since + behind, desk.clock.now().timestamp() + ahead)
    return dict(changed or {})


def _finding(sent: SentUpdate | None, told: Mapping[str, Told], changes: Sequence[Change], row: CreatedRow) -> str:
    if sent is None:
        return _DECIDED if row.activity_id is None else _NOT_KEPT
    shown = told.get(same_text(sent.activity_id))
    if shown is None:
        return Finding.NOT_READ.value
    if isinstance(shown, NoActivity):
        return Finding.MISSING.value
    later = [one for one in changes if one.touches(sent.values)]
    overwritten = {name for name in sent.values if any(one.touches({name}) for one in later)}
    different = list(differences(sent, shown, overwritten))
    if different:
        return f"{Finding.DIFFERS.value}: {'; '.join(different)}"
    if list(differences(sent, shown, ())):
        return f"{Finding.HELD.value}: what is shown instead was set by {later[-1]}"
    return Finding.HELD.value
