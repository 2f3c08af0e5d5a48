"""Taking a run back: what is only ours deleted, or all of it marked; then read back, and only then forgotten.

A deletion is queued at LeadSquared, and nobody can call it back. So each lead is read once more just before its own
request; leads that hold nothing else of the type go first; of the others one goes alone, and the rest only once that one has
shown that LeadSquared takes what was meant and nothing else. What was queued is never asked for again.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from etl.api.activities import activities_in_window
from etl.api.deletion import deletion
from etl.delivery.absence import WIDEST_MARGIN_SECONDS
from etl.delivery.decide import StopCause
from etl.delivery.driver import STOPPED_FROM_OUTSIDE
from etl.delivery.undoing import Bucket
from etl.errors import NetworkError, StoppedError
from etl.events import ReadingBack
from etl.exits import ExitCode
from etl.ledger.undoing import DELETE
from etl.operations import OPERATIONS
from etl.reconciler.sent import same_text
from etl.stages.audit import MARGIN_SECONDS
from etl.stages.by_id import ById
from etl.stages.undo_look import EDITED_AFTER_SECONDS, Sighting, sort_on_lead
from etl.stages.undo_send import MarkRow, UndoSender, in_chunks, shows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from etl.delivery.undoing import Span
    from etl.ledger.runs import RunRecord
    from etl.records import SeenActivity
    from etl.stages.sources import Addressing
    from etl.stages.undo_look import Ours, Sorted
    from etl.stages.undo_send import Mark
    from etl.stages.verify import Desk

_GOING = frozenset({Bucket.ONLY_OURS, Bucket.QUEUED})
_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 15.0


@dataclass
class Undo:
    """One run that is being taken back."""

    desk: Desk
    run: RunRecord
    addressing: Addressing
    shown: str
    _sighting: Sighting = field(init=False)
    _sender: UndoSender = field(init=False)
    _beside: dict[str, frozenset[str]] = field(default_factory=dict)  # by lead, what must still be there
    _asked: dict[int, set[bytes]] = field(default_factory=dict)  # by row_id, what was asked and may come to pass

    def __post_init__(self) -> None:
        self._sender = UndoSender(self.desk, self.run, self.addressing.event)

    def look(self) -> Sorted:
        """Every activity of the run in its bucket, as LeadSquared shows it now.  Raises: RefusedError, NetworkError."""
        self._sighting = Sighting(
            self.desk,
            self.run,
            self.addressing,
            self.shown,
            written_until=self._written_until(),
            queued=self._queued(),
            fresh=self._fresh(),
        )
        return self._sighting.sort(self.desk.ledger.undoings.created(self.run.run_id))

    def note_what_was_deleted(self, found: Sorted) -> None:
        """What we have asked for earlier and is gone by now: undone, and none of those found any more."""
        asked = {one.row_id for one in self.desk.ledger.undoings.asked(self.run.run_id) if one.way == DELETE}
        deleted = [one for one in found.of(Bucket.GONE) if one.row_id in asked]
        self._note(deleted)
        found.ours = [one for one in found.ours if one not in deleted]

    def take_note_of_gone(self, found: Sorted) -> int:
        """What others have deleted is undone, too. Returns: how many those are."""
        gone = found.of(Bucket.GONE)
        today = f"{self.desk.clock.now():%Y-%m-%d}"
        hints = {
            one.row_id: f"LeadSquared did not have it any more on {today}, deleted by somebody else (etl undo)."
            for one in gone
        }
        self.desk.ledger.undoings.note_undone(self.run.run_id, self.run.account_id, hints, "gone")
        return len(gone)

    # Deleting

    def delete(self, found: Sorted) -> StopCause | None:
        """Delete what is only ours, and wait until it is gone, also for what was asked for earlier.

        Returns: why it ended before all was gone, if it did. Raises: RefusedError, NetworkError, QuotaSpentError.
        """
        self._asked = self._asked_bodies()
        here = self._by_lead(found.ours)
        leads = [lead for lead, ours in here.items() if any(one.bucket in _GOING for one in ours)]
        self._beside = {lead: beside for lead, (_, beside) in found.leads.items()}
        alone = [lead for lead in leads if not self._beside[lead]]
        others = [lead for lead in leads if self._beside[lead]]
        pending: dict[str, list[Ours]] = {}
        for some, is_awaited in ((alone, False), (others[:1], True), (others[1:], False)):
            struck = {lead: self._strike(lead, here[lead]) for lead in some}
            if not is_awaited:
                pending |= struck
            elif cause := self._await(struck):
                return cause
        return self._await(pending)

    def _strike(self, lead: str, here: Sequence[Ours]) -> list[Ours]:
        """Ask for what is to go from one lead, as it stands at this very moment. Returns: what was asked for, now or before.

        What is queued already is asked for no second time. A lead whose requests were broken off midway gets the rest of them
        as long as it stands as it stood then. What stays of ours for others' sake is as foreign there as those others.
        """
        trail = self._sighting.trail(self.desk.connection.read, lead)
        shown = {same_text(one.activity_id): one for one in trail.activities} if trail else {}
        as_it_stands = [_as_it_stands(one, shown.get(same_text(one.activity_id))) for one in here]
        on_lead, self._beside[lead] = sort_on_lead(as_it_stands, trail)
        going = [one for one in here if one.bucket in _GOING and same_text(one.activity_id) in on_lead.taken]
        asked = set[bytes]().union(*(self._asked.get(one.row_id, set()) for one in here))
        bodies = {span: deletion(lead, self.addressing.event, span.since, span.until).body for span in on_lead.spans}
        if not asked or not asked.isdisjoint(bodies.values()):
            for span in (one for one, body in bodies.items() if body not in asked):
                inside = [one.row_id for one in going if _lies_in(one, span)]
                self._sender.delete(lead, span, inside)
                asked.add(bodies[span])
                self._asked |= {row_id: {*self._asked.get(row_id, set()), bodies[span]} for row_id in inside}
        return [one for one in here if one.bucket in _GOING and one.row_id in self._asked]

    def _await(self, pending: dict[str, list[Ours]]) -> StopCause | None:
        """Read back until nothing of these is there any more, or LeadSquared has had its time."""
        clock, pause = self.desk.clock, _FIRST_PAUSE_SECONDS
        until = clock.monotonic() + self.desk.connection.account.late_wait_seconds
        found = 0
        while pending:
            left, lost = self._gone(pending)
            found += sum(map(len, pending.values())) - sum(map(len, left.values()))
            if lost:
                return _took_others(lost)
            pending = left
            if not pending:
                break
            count = sum(map(len, pending.values()))
            if clock.monotonic() >= until:
                return self._still_queued(count)
            cause = self._wait(min(until, clock.monotonic() + pause), count, found)
            if cause is not None:
                return cause
            pause = min(_LONGEST_PAUSE_SECONDS, 2 * pause)
        return None

    def _gone(self, pending: dict[str, list[Ours]]) -> tuple[dict[str, list[Ours]], list[str]]:
        """Look at these leads: what is there still, by lead; and what of others is not there any more."""
        trails = self.desk.connection.each(self._sighting.trail, list(pending))
        left: dict[str, list[Ours]] = {}
        lost: list[str] = []
        for (lead, rows), trail in zip(pending.items(), trails, strict=True):
            shown = None if trail is None else {same_text(one.activity_id) for one in trail.activities}
            if shown is None or trail is None or trail.missing:
                left[lead] = rows
                continue
            self._note(one for one in rows if same_text(one.activity_id) not in shown)
            there = [one for one in rows if same_text(one.activity_id) in shown]
            lost += sorted(self._beside.get(lead, frozenset()) - shown)
            if there:
                left[lead] = there
        return left, lost

    def _still_queued(self, count: int) -> StopCause:
        rows = "1 activity is" if count == 1 else f"{count:,} activities are"
        return StopCause(
            ExitCode.UNCONFIRMED,
            f"{rows} queued for deletion at LeadSquared and still there",
            "LeadSquared deletes when it gets to it, and tells nobody. Run the same command later: it looks again, and asks for "
            "nothing twice. Import the right rows after that: until then these count as imported.",
        )

    def _note(self, gone: Iterable[Ours]) -> None:
        today = f"{self.desk.clock.now():%Y-%m-%d}"
        hints = {one.row_id: f"Deleted on {today} (etl undo), and read back: it is not there any more." for one in gone}
        self.desk.ledger.undoings.note_undone(self.run.run_id, self.run.account_id, hints, "deleted")

    # Marking

    def mark(self, found: Sorted, mark: Mark) -> tuple[int, StopCause | None]:
        """Mark whatever is there of the run, and read it back.

        Returns: how many show the mark, and why the others do not. Raises: RefusedError, NetworkError, QuotaSpentError.
        """
        rows = [
            MarkRow(one.row_id, one.row_number, one.activity_id)
            for one in found.of(Bucket.ONLY_OURS, Bucket.TAKES_OTHERS, Bucket.CHANGED, Bucket.UNTOLD)
        ]
        since = self.desk.clock.now().timestamp()
        trouble: NetworkError | None = None
        try:
            for chunk in in_chunks(rows, OPERATIONS["update"].rows_per_request):
                self._sender.mark(chunk, mark)
        except (
            NetworkError
        ) as error:  # a stop and a spent quota among them: what has gone out is looked at all the same
            trouble = error
        asked = {one.row_id for one in self.desk.ledger.undoings.asked(self.run.run_id) if one.way == str(mark)}
        waiting = [one for one in rows if one.row_id in asked and one.row_id not in self._sender.refused]
        marked, cause = self._await_marks(waiting, mark, since)
        if trouble is not None:
            raise trouble
        return marked, cause or self._why_unmarked(len(rows) - marked)

    def _await_marks(self, rows: Sequence[MarkRow], mark: Mark, since: float) -> tuple[int, StopCause | None]:
        clock, pause, marked = self.desk.clock, _FIRST_PAUSE_SECONDS, 0
        until = clock.monotonic() + self.desk.connection.account.visibility_wait_seconds
        today = f"{clock.now():%Y-%m-%d}"
        left = list(rows)
        while left:
            seen = self._marked([one.activity_id for one in left], mark, since)
            done = {
                one.row_id: f"Marked with {mark} on {today} (etl undo); it is in LeadSquared still." for one in left
            }
            done = {one.row_id: done[one.row_id] for one in left if same_text(one.activity_id) in seen}
            self.desk.ledger.undoings.note_undone(self.run.run_id, self.run.account_id, done, "marked")
            marked += len(done)
            left = [one for one in left if one.row_id not in done]
            if not left or clock.monotonic() >= until:
                break
            cause = self._wait(min(until, clock.monotonic() + pause), len(left), marked)
            if cause is not None:
                return marked, cause
            pause = min(_LONGEST_PAUSE_SECONDS, 2 * pause)
        return marked, None

    def _marked(self, ids: Collection[str], mark: Mark, since: float) -> set[str]:
        """Which of these show the mark, by compared id."""
        now = self.desk.clock.now().timestamp()
        behind, ahead = self.desk.ledger.doubts.skew(self.run.account_id)
        begin = datetime.fromtimestamp(since + behind - MARGIN_SECONDS, UTC)
        end = datetime.fromtimestamp(now + ahead + WIDEST_MARGIN_SECONDS, UTC)
        found = activities_in_window(self.desk.connection.read, self.addressing.event, begin, end)
        if found is not None:
            wanted = {same_text(one) for one in ids}
            seen = {same_text(one.activity_id) for one in found if shows(one.values, mark)}
            return seen & wanted
        told = ById(self.desk.connection, self.addressing).activities(list(ids)) or {}
        return {
            same_text(one)
            for one, shown in told.items()
            if (values := getattr(shown, "values", None)) and shows(values, mark)
        }

    def _why_unmarked(self, count: int) -> StopCause | None:
        if not count:
            return None
        rows = "1 activity does" if count == 1 else f"{count:,} activities do"
        said = next(iter(self._sender.refused.values()), None)
        if said is not None:
            reason = f"{rows} not show the mark; LeadSquared refused {len(self._sender.refused):,}: {said}"
            return StopCause(
                ExitCode.NEEDS_A_PERSON, reason, "Mend that, or name another field, and run the command again."
            )
        reason = f"{rows} not show the mark yet"
        return StopCause(ExitCode.UNCONFIRMED, reason, "Run the same command again: marking twice does no harm.")

    # What both need

    def _written_until(self) -> dict[int, float]:
        _, ahead = self.desk.ledger.doubts.skew(self.run.account_id)
        late = self.desk.connection.account.late_wait_seconds
        found: dict[int, float] = {}
        for row_id, ended_at, verdict in self.desk.ledger.undoings.written(self.run.run_id):
            until = ended_at + ahead + EDITED_AFTER_SECONDS + (late if verdict == "unknown" else 0.0)
            found[row_id] = max(until, found.get(row_id, 0.0))
        return found

    def _fresh(self) -> frozenset[int]:
        """Rows that were written so lately that LeadSquared need not show them yet; but for those it has shown already."""
        now, account = self.desk.clock.now().timestamp(), self.desk.connection.account
        shown_from: dict[int, float] = {}
        for row_id, ended_at, verdict in self.desk.ledger.undoings.written(self.run.run_id):
            late = account.late_wait_seconds if verdict == "unknown" else 0.0
            moment = ended_at + account.visibility_wait_seconds + late
            shown_from[row_id] = min(moment, shown_from.get(row_id, moment))
        fresh = {row_id for row_id, moment in shown_from.items() if now < moment}
        asked = self.desk.ledger.undoings.asked(self.run.run_id)
        return frozenset(fresh - {one.row_id for one in asked if one.way == DELETE})

    def _queued(self) -> frozenset[int]:
        """Rows whose deletion is queued, or may be."""
        return frozenset(self._asked_bodies())

    def _asked_bodies(self) -> dict[int, set[bytes]]:
        """What was asked for, by row_id, and may come to pass still; what got no answer only as long as requests may be late."""
        now, late = self.desk.clock.now().timestamp(), self.desk.connection.account.late_wait_seconds
        found: dict[int, set[bytes]] = {}
        for one in self.desk.ledger.undoings.asked(self.run.run_id):
            is_lost = one.verdict in {None, "unknown"} and now < (one.ended_at or now) + late
            if one.way == DELETE and (one.verdict == "queued" or is_lost):
                found.setdefault(one.row_id, set()).add(zlib.decompress(one.body) if one.body else b"")
        return found

    @staticmethod
    def _by_lead(rows: Iterable[Ours]) -> dict[str, list[Ours]]:
        found: dict[str, list[Ours]] = {}
        for one in rows:
            if one.activity is not None:
                found.setdefault(same_text(one.activity.lead_id), []).append(one)
        return found

    def _wait(self, until: float, rows: int, found: int) -> StopCause | None:
        clock = self.desk.clock
        while (left := until - clock.monotonic()) > 0:
            stop = self.desk.stop
            if stop.reason is not None:
                raise StoppedError(stop.reason, stop.remedy, stop.signal_number)
            if self.desk.ledger.runs.is_stop_asked(self.run.run_id):
                return STOPPED_FROM_OUTSIDE
            self.desk.events(ReadingBack(self.shown, rows, found, left, None))
            clock.sleep(min(1.0, left))
        return None


def _as_it_stands(one: Ours, now: SeenActivity | None) -> Ours:
    """A row that is to go, as something to be taken; one that somebody has written since the look, as foreign."""
    if one.bucket not in _GOING:
        return one
    is_as_it_was = now is None or (one.activity is not None and now.modified_on == one.activity.modified_on)
    return replace(one, bucket=Bucket.ONLY_OURS if is_as_it_was else Bucket.CHANGED)


def _lies_in(one: Ours, span: Span) -> bool:
    activity = one.activity
    times = (activity.created_on, activity.modified_on) if activity else ()
    return any(span.has(time) for time in times if time is not None)


def _took_others(lost: Sequence[str]) -> StopCause:
    shown = ", ".join(lost[:5]) + (f" and {len(lost) - 5:,} more" if len(lost) > 5 else "")
    return StopCause(
        ExitCode.NEEDS_A_PERSON,
        f"{len(lost):,} activities that this run did not create are not there any more: {shown}",
        "Nothing more was asked for. Find out whether a person deleted them at this time; if not, LeadSquared deletes more than "
        "its window, and its support may bring them back. Mark the other activities instead: --mark FIELD=VALUE.",
    )
