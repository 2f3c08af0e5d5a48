"""Does LeadSquared hold every row that we call created, once, and with the values that were sent?

This finds what no client can exclude: a request that LeadSquared carried out after its rows were believed to be absent.
Of rows that updated an activity it asks whether that shows their values, as far as no later row has set others; of rows
sent with their lead also whether the lead shows its attributes.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from etl.delivery.absence import Stretch, merged
from etl.delivery.driver import cause_of
from etl.errors import StoppedError
from etl.events import Auditing
from etl.operations.contract import Proof
from etl.reconciler.sent import key_shown, same_text, sent_row, shows_note
from etl.stages.audit_findings import Finding
from etl.stages.audit_leads import LeadAudit, OfLead
from etl.stages.audit_values import values_found
from etl.stages.sources import ByLead, ByTime, Question, elements

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence

    from etl.delivery.decide import StopCause
    from etl.ledger.doubts import CreatedRow, Sent
    from etl.ledger.runs import RunRecord
    from etl.operations.contract import Element
    from etl.reconciler.sent import SentRow
    from etl.records import SeenActivity
    from etl.stages.sources import Addressing
    from etl.stages.verify import Desk

ROWS_AT_ONCE = 10_000
"""Rows whose activities are held in memory together."""

MARGIN_SECONDS = 300.0
"""By how much a read reaches beyond the moments at which rows were sent, besides the difference of the clocks."""

LATER_SECONDS = 3600.0
"""So long after the waits a request may have been carried out all the same, and its second activities be found by time."""

FEW_ROWS = 200
"""So many rows that were not seen are looked for lead by lead; of more, everything written since is read."""


@dataclass
class Audit:
    """Checks the created or updated rows of one run. counts: rows by what was found."""

    desk: Desk
    run: RunRecord
    addressing: Addressing
    shown: str
    counts: Counter[Finding] = field(default_factory=Counter)
    _source: ByTime | ByLead | None = None

    def go(self, sample: int | None) -> StopCause | None:
        """Check all rows, or as many as `sample` says, drawn at random; what is found is in the ledger.

        Returns: the wish to stop that ended it, if there was one. Raises: RefusedError, NetworkError.
        """
        self._source = ByTime(self.desk.connection.read, self.addressing, self.desk.connection.each)
        rows = list(self.desk.ledger.doubts.created_rows(self.run.run_id))
        if sample is not None and sample < len(rows):
            rows = sorted(random.Random().sample(rows, sample), key=lambda row: row.row_id)  # noqa: S311 — a sample, no secret
        by_request = iter(sorted(rows, key=lambda row: (row.request_id or 0, row.position or 0)))
        done = 0
        while batch := list(islice(by_request, ROWS_AT_ONCE)):
            if self.desk.stop.reason is not None:
                return cause_of(self.desk.stop)
            self.desk.events(Auditing(self.shown, done, len(rows)))
            try:
                self._check(batch)
            except StoppedError:
                return cause_of(self.desk.stop)
            done += len(batch)
        return None

    def _check(self, rows: Sequence[CreatedRow]) -> None:
        requests = self.desk.ledger.doubts.requests({row.request_id for row in rows if row.request_id is not None})
        if self.addressing.operation.proof is Proof.VALUES:
            found = values_found(rows, requests, self.addressing, self.desk)
        else:
            found = self._found(rows, requests)
        self.counts.update(Finding(text.partition(":")[0]) for text in found.values())
        self.desk.ledger.runs.note_verified(found)

    def _found(self, rows: Sequence[CreatedRow], requests: Mapping[int, Sent]) -> dict[int, str]:
        bodies = self._bodies(rows, requests)
        sent = self._sent(rows, bodies)
        activities = self._read(Question(self._stretches(requests.values()), _leads(sent.values())))
        if activities is None:
            return {row.row_id: Finding.NOT_READ.value for row in rows}
        shown = {same_text(one.activity_id): one for one in activities}
        unseen = [row for row in rows if row.activity_id and same_text(row.activity_id) not in shown]
        shown |= self._look_further(unseen, sent)
        copies = _Copies(shown.values(), self.addressing.key_field, self._claimed(shown))
        leads = LeadAudit(self.desk, self.addressing).found(rows, bodies, shown)
        nothing = OfLead()
        return {
            row.row_id: self._told(row, sent.get(row.row_id), shown, copies, leads.get(row.row_id, nothing))
            for row in rows
        }

    def _bodies(self, rows: Iterable[CreatedRow], requests: Mapping[int, Sent]) -> dict[int, Element]:
        """The element that was sent for each row, as far as it is still known."""
        unpacked = {number: elements(request.body, self.addressing) for number, request in requests.items()}
        found: dict[int, Element] = {}
        for row in rows:
            body = unpacked.get(row.request_id or 0, [])
            if row.position is not None and row.position <= len(body):
                found[row.row_id] = body[row.position - 1]
        return found

    def _sent(self, rows: Iterable[CreatedRow], bodies: Mapping[int, Element]) -> dict[int, SentRow]:
        member, key_field = self.addressing.member, self.addressing.key_field
        return {
            row.row_id: sent_row(bodies[row.row_id], row.row_id, row.request_id or 0, member, key_field)
            for row in rows
            if row.row_id in bodies
        }

    def _stretches(self, requests: Iterable[Sent]) -> Sequence[Stretch]:
        behind, ahead = self.desk.ledger.doubts.skew(self.run.account_id)
        account = self.desk.connection.account
        late = account.visibility_wait_seconds + account.late_wait_seconds + LATER_SECONDS
        return merged(
            Stretch(
                request.sent_at + behind - MARGIN_SECONDS,
                (request.ended_at or request.sent_at) + late + ahead + MARGIN_SECONDS,
            )
            for request in requests
        )

    def _read(self, question: Question) -> list[SeenActivity] | None:
        if isinstance(self._source, ByTime):
            activities = self._source.activities(question)
            if activities is not None:
                return activities
            self._source = self._by_lead()
        activities = self._source.activities(question) if self._source else None
        if activities is None:
            self._source = None
        return activities

    def _by_lead(self) -> ByLead | None:
        """Reading lead by lead, where rows name their leads."""
        connection, way = self.desk.connection, self.addressing
        return ByLead(connection.read, way, connection.each) if way.tells_lead else None

    def _look_further(self, unseen: Sequence[CreatedRow], sent: Mapping[int, SentRow]) -> dict[str, SeenActivity]:
        """An activity that was edited later shows up at that later time."""
        if not unseen or not isinstance(self._source, ByTime):
            return {}
        leads = _leads(sent[row.row_id] for row in unseen if row.row_id in sent)
        by_lead = self._by_lead() if len(unseen) <= FEW_ROWS else None
        activities = by_lead.activities(Question((), leads)) if by_lead else None
        if activities is None:
            now = self.desk.clock.now().timestamp()
            activities = self._source.activities(
                Question([Stretch(self.run.started_at - MARGIN_SECONDS, now + MARGIN_SECONDS)], leads)
            )
        return {same_text(one.activity_id): one for one in activities or ()}

    def _claimed(self, shown: Mapping[str, SeenActivity]) -> frozenset[str]:
        ids = [one.activity_id for one in shown.values()]
        return frozenset(same_text(one) for one in self.desk.ledger.doubts.claimed(self.run.account_id, ids))

    def _told(
        self,
        row: CreatedRow,
        sent: SentRow | None,
        shown: Mapping[str, SeenActivity],
        copies: _Copies,
        of_lead: OfLead,
    ) -> str:
        if row.activity_id is None:
            return f"{Finding.NOT_READ.value}: a person decided that it is there, under no id"
        activity = shown.get(same_text(row.activity_id))
        if activity is None:
            return Finding.MISSING.value
        others = copies.of(activity, sent)
        if others:
            return f"{Finding.TWICE.value}: {', '.join(others)}"
        if row.is_revised:
            return f"{Finding.HELD.value}: given other values since, by a later row"
        differences = [*(_differences(sent, activity) if sent is not None else ()), *of_lead.differences]
        finding = Finding.DIFFERS if differences else Finding.HELD
        words = [*differences, *([of_lead.remark] if of_lead.remark else [])]
        return f"{finding.value}: {'; '.join(words)}" if words else finding.value


class _Copies:
    """Finds further activities that are a row: by its key, or without one by lead, time and values."""

    def __init__(self, activities: Iterable[SeenActivity], key_field: str | None, claimed: frozenset[str]) -> None:
        self._key_field = key_field
        self._claimed = claimed
        self._alike: dict[Hashable, list[str]] = defaultdict(list)
        for activity in activities:
            for look in {self._look(activity, with_time=with_time) for with_time in (True, False)}:
                self._alike[look].append(activity.activity_id)

    def of(self, activity: SeenActivity, sent: SentRow | None) -> list[str]:
        """The ids of its copies. With a key that the activity shows all that show it are copies; else those nobody claims.

        Where no time was sent, an activity has that of its writing, and two times say nothing about whether they are one.
        """
        look = self._look(activity, with_time=sent is None or sent.time is not None)
        others = [one for one in self._alike[look] if one != activity.activity_id]
        is_by_key = sent is not None and sent.key is not None and key_shown(activity, self._key_field) is not None
        return others if is_by_key else [one for one in others if same_text(one) not in self._claimed]

    def _look(self, activity: SeenActivity, *, with_time: bool) -> Hashable:
        key = key_shown(activity, self._key_field)
        if key is not None:
            return key
        customs = frozenset((name, value) for name, value in activity.values.items() if name.startswith("mx_"))
        time = (activity.created_on,) if with_time else ()
        return activity.lead_id, activity.created_by, time, activity.note, customs


def _leads(sent: Iterable[SentRow]) -> frozenset[str]:
    return frozenset(row.lead for row in sent)


def _differences(sent: SentRow, activity: SeenActivity) -> Iterator[str]:
    """In words, target by target. The time is left out: LeadSquared does not promise that CreatedOn is the activity's own."""
    if shows_note(sent, activity) is False:
        yield f'ActivityNote: "{sent.note or ""}" became "{activity.note or ""}"'
    for name, value in sent.values.items():
        shown = activity.values.get(name, "")
        if shown != value:
            yield f'{name}: "{value}" became "{shown}"'
