"""What LeadSquared holds of a run that is to be taken back: each of its activities, and what lies beside it on its lead."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from etl.api.deletion import trail_of_type
from etl.api.details import NoActivity, activity_by_id
from etl.api.whole_trail import AccountPages
from etl.delivery.undoing import Bucket, Held, windows
from etl.events import Auditing
from etl.operations.contract import Proof
from etl.reconciler.sent import same_text
from etl.stages.audit import ROWS_AT_ONCE, Audit
from etl.stages.audit_findings import Finding
from etl.stages.sources import ByTime

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from etl.api.asking import Read
    from etl.api.deletion import TypeOnLead
    from etl.delivery.undoing import OnLead
    from etl.ledger.doubts import CreatedRow
    from etl.reconciler.sent import SentRow
    from etl.records import SeenActivity
    from etl.stages.audit_leads import OfLead

EDITED_AFTER_SECONDS = 60.0
"""What is written so soon behind its request is its own storing, or an automation's work on it, and no edit."""


@dataclass(frozen=True, slots=True)
class Ours:
    """An activity that the run has created. activity: as it is shown now, None where it is not. why: for its bucket."""

    row_id: int
    row_number: int
    activity_id: str
    activity: SeenActivity | None
    bucket: Bucket
    why: str = ""


@dataclass
class Sorted:
    """All activities of a run in their buckets. leads: by compared lead id, what can be deleted there and beside what."""

    ours: list[Ours] = field(default_factory=list)
    leads: dict[str, tuple[OnLead, frozenset[str]]] = field(default_factory=dict)

    def of(self, *buckets: Bucket) -> list[Ours]:
        """Those in some buckets, in the order of the sheet."""
        return [one for one in self.ours if one.bucket in buckets]

    @property
    def counts(self) -> Counter[Bucket]:
        """How many there are in each bucket."""
        return Counter(one.bucket for one in self.ours)


@dataclass
class Sighting(Audit):
    """Looks at the activities of a run. What it finds is for this command; nothing of it is noted in the ledger.

    written_until: until when (wall clock, seconds) our own requests may have written a row's activity, by row_id.
    queued: rows whose deletion LeadSquared was asked for before. fresh: rows that were written so lately that LeadSquared need
    not show them yet: that it does not know them is no proof that they are gone.
    """

    written_until: Mapping[int, float] = field(default_factory=dict)
    queued: frozenset[int] = frozenset()
    fresh: frozenset[int] = frozenset()
    pages: AccountPages = field(default_factory=AccountPages)
    _seen: dict[int, tuple[SeenActivity, str]] = field(default_factory=dict)

    def sort(self, rows: Sequence[CreatedRow]) -> Sorted:
        """Every row with an id in its bucket.  Raises: RefusedError, NetworkError."""
        named = [row for row in rows if row.activity_id]
        self._look_at(named)
        unseen = [row for row in named if row.row_id not in self._seen]
        told = dict(
            zip(
                unseen, self.desk.connection.each(activity_by_id, [str(one.activity_id) for one in unseen]), strict=True
            )
        )
        found = [self._first_sight(row, told.get(row)) for row in named]
        by_lead: dict[str, list[Ours]] = defaultdict(list)
        for one in found:
            if one.activity is not None and one.activity.lead_id:
                by_lead[same_text(one.activity.lead_id)].append(one)
        sorted_ones = Sorted(found)
        leads = list(by_lead)
        trails = self._trails(leads)
        final: dict[int, Ours] = {}
        for lead, trail in zip(leads, trails, strict=True):
            on_lead, beside = sort_on_lead(by_lead[lead], trail)
            sorted_ones.leads[lead] = on_lead, beside
            final |= {one.row_id: settled for one in by_lead[lead] if (settled := _settled(one, on_lead, trail))}
        sorted_ones.ours = [final.get(one.row_id, one) for one in found]
        return sorted_ones

    def trail(self, read: Read, lead_id: str) -> TypeOnLead | None:
        """What a lead holds of the run's type now."""
        return trail_of_type(read, lead_id, self.addressing.event, self.pages)

    def _trails(self, leads: Sequence[str]) -> list[TypeOnLead | None]:
        """Those of all leads. Where activities lie on opportunities, deleting by lead is not for them: nothing is read."""
        if self.addressing.operation.proof is Proof.KEY and self.addressing.member == "OpportunityId":
            return [None for _ in leads]
        return self.desk.connection.each(self.trail, leads)

    def _look_at(self, rows: Sequence[CreatedRow]) -> None:
        waiting = iter(rows)
        done = 0
        while batch := list(islice(waiting, ROWS_AT_ONCE)):
            self.desk.events(Auditing(self.shown, done, len(rows)))
            self._source = ByTime(self.desk.connection.read, self.addressing, self.desk.connection.each)
            requests = self.desk.ledger.doubts.requests({row.request_id for row in batch if row.request_id is not None})
            self._found(batch, requests)
            done += len(batch)
        self.desk.events(Auditing(self.shown, done, len(rows)))

    def _first_sight(self, row: CreatedRow, told: SeenActivity | NoActivity | None) -> Ours:
        """By the row itself, before it is looked at what lies beside it."""
        activity, finding = self._seen.get(row.row_id, (None, ""))
        place = (row.row_id, row.row_number, str(row.activity_id), activity)
        if activity is None:
            if isinstance(told, NoActivity) and row.row_id in self.fresh:
                return Ours(*place, Bucket.UNTOLD, "it was sent so lately that LeadSquared need not show it yet")
            if isinstance(told, NoActivity):
                return Ours(*place, Bucket.GONE, told.reason)
            return Ours(*place, Bucket.UNTOLD, "LeadSquared does not show it, nor its lead")
        if row.row_id in self.queued:
            return Ours(*place, Bucket.QUEUED)
        if row.is_revised:
            return Ours(*place, Bucket.CHANGED, "a later import has given it other values")
        if finding.startswith(Finding.DIFFERS):
            return Ours(*place, Bucket.CHANGED, finding.partition(": ")[2])
        written = activity.modified_on
        until = self.written_until.get(row.row_id)
        if written is not None and until is not None and written.timestamp() > until:
            return Ours(*place, Bucket.CHANGED, f"written again at {written:%Y-%m-%d %H:%M:%S} UTC")
        return Ours(*place, Bucket.ONLY_OURS)

    def _told(
        self,
        row: CreatedRow,
        sent: SentRow | None,
        shown: Mapping[str, SeenActivity],
        copies: object,
        of_lead: OfLead,
    ) -> str:
        told = super()._told(row, sent, shown, copies, of_lead)  # type: ignore[arg-type]  # as handed over
        activity = shown.get(same_text(row.activity_id)) if row.activity_id else None
        if activity is not None:
            self._seen[row.row_id] = activity, told
        return told


def sort_on_lead(ours: Iterable[Ours], trail: TypeOnLead | None) -> tuple[OnLead, frozenset[str]]:
    """What of one lead can be deleted alone, and the ids of whatever else of the type lies there.

    What somebody has changed since is as foreign as anything else; what is being deleted is in nobody's way.
    """
    ids = {bucket: {same_text(one.activity_id) for one in ours if one.bucket is bucket} for bucket in Bucket}
    if trail is None or trail.missing:
        return windows((), ()), frozenset()
    held = [Held(same_text(one.activity_id), one.created_on, one.modified_on) for one in trail.activities]
    going = ids[Bucket.ONLY_OURS]
    on_lead = windows(held, going, ids[Bucket.QUEUED])
    return on_lead, frozenset(one.activity_id for one in held) - on_lead.taken - ids[Bucket.QUEUED]


def _settled(one: Ours, on_lead: OnLead, trail: TypeOnLead | None) -> Ours | None:
    """The same with the bucket that its neighbours give it; None where its own stays."""
    if one.bucket is not Bucket.ONLY_OURS:
        return None
    place = (one.row_id, one.row_number, one.activity_id, one.activity)
    activity_id = same_text(one.activity_id)
    if activity_id in on_lead.taken:
        return None
    if activity_id in on_lead.blocked:
        return Ours(*place, Bucket.TAKES_OTHERS, "other activities of its lead and type lie too near in time")
    why = "LeadSquared does not show all that its lead has" if trail and trail.missing else "its lead cannot be read"
    return Ours(*place, Bucket.UNTOLD, why)
