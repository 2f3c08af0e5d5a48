"""One look at activities that rows in doubt were to update: do they show what was sent?

An update may be repeated. So what is not shown goes again once nothing can be at work on it any more, and no later
activity is needed as a proof; what is shown counts as updated, whoever has written it.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeAlias

from etl.api.details import NoActivity
from etl.delivery.absence import End, Moment, Waits, over_at
from etl.delivery.outcomes import REFUSED_HINT, RowEnd
from etl.identity import lead_mark
from etl.reconciler.sent import same_text
from etl.reconciler.trust import Kept
from etl.reconciler.updated import Showing, sent_update, showing
from etl.records import Outcome
from etl.stages.again import end_of_absent, is_refused_alone
from etl.stages.by_id import ById, changes_since, ids_of
from etl.stages.look import Look
from etl.stages.sources import elements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from etl.clock import Clock
    from etl.ledger.doubts import Doubt, DoubtfulRow
    from etl.ledger.store import Ledger
    from etl.reconciler.updated import SentUpdate
    from etl.stages.by_id import Change
    from etl.stages.connect import Connection
    from etl.stages.sources import Addressing

FEW_ROWS = 25
"""Of more rows in doubt, each is read at the first look and when its time is over, and not at the looks in between."""

_Told: TypeAlias = Showing | NoActivity | None
"""What is known of one row; None: nothing is told of its activity, or it was not asked for this time."""

TOO_EARLY = "LeadSquared does not show its values, and may still do so."
MAY_COME_LATE = (
    "LeadSquared shows its values, and may still be at work on its request: what waits behind it goes after that."
)
NOT_EXACTLY = (
    "LeadSquared refused it, and shows other values than were sent; they may be the same in another form. Look it up there "
    "and decide with `etl verify RUN --assume`."
)
MOST_WITHOUT_A_WORD = 3
"""So often a row goes alone in one run, and is answered without a word about it, before it is left to a person."""

NO_WORD = (
    "LeadSquared answered several times without a word about it, though it was sent alone, and does not show its values: it "
    "seems to refuse them. Look it up there and decide with `etl verify RUN --assume`."
)
NOT_TOLD = (
    "LeadSquared refused it, and the user of these keys may not read the activity (GetActivityDetails): look it up and "
    "decide with `etl verify RUN --assume`."
)


@dataclass(frozen=True, slots=True)
class _Case:
    """A row in doubt with all that is known of it. over: from when on, by `monotonic`, nothing is at work on it any more."""

    row: DoubtfulRow
    doubt: Doubt
    sent: SentUpdate
    over: float


@dataclass(frozen=True, slots=True)
class _Standing:
    """What rows are measured by. awaited: rows behind which others of the same activity wait."""

    now: float
    changes: Mapping[int, Sequence[Change]]
    awaited: frozenset[int]
    is_reformatting: bool


class ReadValues:
    """Looks at the activities of rows that update them. Keeps which rows it has asked for between looks."""

    def __init__(self, addressing: Addressing, ledger: Ledger, connection: Connection, clock: Clock) -> None:
        self._addressing = addressing
        self._ledger = ledger
        self._clock = clock
        self._account_id = connection.record.account_id
        self._waits = Waits(connection.account.visibility_wait_seconds, connection.account.late_wait_seconds)
        self._source = ById(connection, addressing)
        self._asked: set[int] = set()
        self._wordless: dict[int, set[int]] = {}  # by row, the requests of its own that were answered without a word

    def look(self, doubts: Sequence[Doubt]) -> Look:
        """Read, compare and settle.

        Raises: RefusedError, NetworkError — LeadSquared cannot be asked. What was settled before stays settled.
        """
        look = Look(in_doubt=sum(len(doubt.rows) for doubt in doubts))
        cases = self._cases(doubts)
        told = self._told(self._worth_asking(cases))
        standing = self._standing(cases)
        ends: dict[int, list[RowEnd]] = {}
        for case in cases:
            end = self._end_of(case, told.get(case.row.row_id), standing, look)
            if end is not None:
                ends.setdefault(case.doubt.request_id, []).append(end)
        settled = self._ledger.requests.settle_read_back(ends)
        self._note_refused(cases, settled)
        look.take_in(settled)
        return look

    def _cases(self, doubts: Iterable[Doubt]) -> list[_Case]:
        boot = self._clock.boot_id()
        seen = self._ledger.doubts.boot_seen(boot)
        found: list[_Case] = []
        for doubt in doubts:
            sent = [sent_update(one, self._addressing.member) for one in elements(doubt.body, self._addressing)]
            end = End(Moment(doubt.ended_mono, doubt.boot_id), doubt.ended_after, doubt.late)
            over = over_at(end, self._waits, boot, seen)
            found += [
                _Case(row, doubt, sent[row.position - 1], over) for row in doubt.rows if row.position <= len(sent)
            ]
        return found

    def _standing(self, cases: Sequence[_Case]) -> _Standing:
        row_ids = {case.row.row_id for case in cases}
        first = min((case.doubt.request_id for case in cases), default=0)
        return _Standing(
            self._clock.monotonic(),
            changes_since(row_ids, first, self._addressing, self._ledger),
            frozenset(self._ledger.doubts.awaited(row_ids)),
            self._ledger.doubts.trust(self._account_id).values is Kept.CHANGED,
        )

    # What is asked

    def _worth_asking(self, cases: Sequence[_Case]) -> Sequence[_Case]:
        now = self._clock.monotonic()
        if len(cases) <= FEW_ROWS:
            return cases
        return [case for case in cases if case.row.row_id not in self._asked or case.over <= now]

    def _told(self, cases: Sequence[_Case]) -> dict[int, _Told]:
        """What is shown of each row that was asked for."""
        if not cases:
            return {}
        by_id = self._source.activities(ids_of({case.row.row_id: case.sent for case in cases}))
        self._asked |= {case.row.row_id for case in cases}
        if by_id is None:
            return self._told_by_time(cases)
        of_id = {same_text(activity_id): told for activity_id, told in by_id.items()}
        found: dict[int, _Told] = {}
        for case in cases:
            told = of_id[same_text(case.sent.activity_id)]
            found[case.row.row_id] = told if told is None or isinstance(told, NoActivity) else showing(case.sent, told)
        return found

    def _told_by_time(self, cases: Sequence[_Case]) -> dict[int, _Told]:
        """An activity that has not been written since a row was sent does not show that row."""
        behind, ahead = self._ledger.doubts.skew(self._account_id)
        since = min(self._sent_at(case.doubt) for case in cases)
        changed = self._source.changed_since(since + behind, self._clock.now().timestamp() + ahead)
        if changed is None:
            return {}
        seen = [(case, changed.get(same_text(case.sent.activity_id))) for case in cases]
        return {case.row.row_id: showing(case.sent, one) if one else Showing.OTHER for case, one in seen}

    def _sent_at(self, doubt: Doubt) -> float:
        """When at the earliest, in seconds since 1970: two clocks are asked, because one of them may have been set since."""
        now, mono, boot = self._clock.now().timestamp(), self._clock.monotonic(), self._clock.boot_id()
        return min(doubt.sent_at, now - (mono - doubt.sent_mono) if doubt.boot_id == boot else now)

    # What it means

    def _end_of(self, case: _Case, told: _Told, standing: _Standing, look: Look) -> RowEnd | None:
        """How the row ends, or None while it is in doubt; why is noted in the look."""
        is_over = case.over <= standing.now
        match told:
            case NoActivity(reason=reason) if is_over or case.doubt.verdict == "refused":
                return RowEnd(case.row.row_id, Outcome.REFUSED, code="refused", error=reason, hint=REFUSED_HINT)
            case Showing.ALL if case.doubt.late and not is_over and case.row.row_id in standing.awaited:
                self._note_ready(case, look, MAY_COME_LATE)
                return None
            case Showing.ALL:
                activity_id = case.sent.activity_id
                return RowEnd(case.row.row_id, Outcome.UPDATED, activity_id=activity_id, code="read_back")
        return self._not_shown(case, told, standing, look)

    def _not_shown(self, case: _Case, told: _Told, standing: _Standing, look: Look) -> RowEnd | None:
        changes = [one for one in standing.changes.get(case.row.row_id, ()) if one.touches(case.sent.values)]
        if changes:
            look.reasons[case.row.row_id] = (
                f"Its activity has been changed since by {changes[-1]}: whether this row was applied before that is not told, "
                "and to send it again would undo it. Decide with `etl verify RUN --assume`."
            )
            return None
        is_bad_company = case.doubt.verdict == "refused" and case.doubt.size > 1 and not case.doubt.late
        if case.over > standing.now and not (is_bad_company and told is not None):
            self._note_ready(case, look, TOO_EARLY)
            return None
        if is_refused_alone(case.doubt) and (told is not Showing.OTHER or standing.is_reformatting):
            look.reasons[case.row.row_id] = NOT_TOLD if told is None else NOT_EXACTLY
            return None
        if case.row.together == 1 and case.doubt.size == 1 and case.doubt.status == HTTPStatus.OK:
            self._wordless.setdefault(case.row.row_id, set()).add(case.doubt.request_id)
            if len(self._wordless[case.row.row_id]) >= MOST_WITHOUT_A_WORD:
                look.reasons[case.row.row_id] = NO_WORD
                return None
        return end_of_absent(case.row, case.doubt)

    def _note_ready(self, case: _Case, look: Look, reason: str) -> None:
        look.ready_at = min(case.over, look.ready_at if look.ready_at is not None else case.over)
        look.reasons[case.row.row_id] = reason

    def _note_refused(self, cases: Iterable[_Case], settled: Iterable[RowEnd]) -> None:
        by_row = {case.row.row_id: case for case in cases}
        for end in settled:
            if end.outcome is Outcome.REFUSED:
                case = by_row[end.row_id]
                self._ledger.failures.note(self._account_id, (lead_mark(case.sent.activity_id), case.row.memory_key))
