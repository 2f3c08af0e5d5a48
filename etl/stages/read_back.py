"""One look at what LeadSquared holds: which rows in doubt it shows, which are proved to be absent, which stay open.

Everything that a look finds out is in the ledger when it returns. Waiting, and looking again, is for `stages/verify.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.delivery.absence import (
    KEYED_MARGIN_SECONDS,
    MARGIN_SECONDS,
    NEARBY_SECONDS,
    WIDEST_MARGIN_SECONDS,
    Absence,
    End,
    Moment,
    Reach,
    Seen,
    Stretch,
    Waits,
    absence,
    merged,
    over_at,
)
from etl.delivery.outcomes import ID_UNKNOWN, RowEnd
from etl.identity import ROW_KEY_PREFIX, lead_mark
from etl.reconciler.recognise import Found, Missing, Open, recognise
from etl.reconciler.sent import key_shown, same_text, sent_row, shows_note, shows_values
from etl.reconciler.trust import Kept, Trust, trust_of
from etl.records import Outcome
from etl.stages.again import end_of_absent
from etl.stages.look import Look, Probe
from etl.stages.sources import ByLead, ByTime, Question, elements

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from etl.clock import Clock
    from etl.ledger.doubts import Claimed, Doubt, DoubtfulRow, Sent, Witness
    from etl.ledger.store import Ledger
    from etl.reconciler.recognise import Recognised
    from etl.reconciler.sent import SentRow
    from etl.records import ApiAnswer, ApiRequest, SeenActivity
    from etl.stages.connect import Connection
    from etl.stages.sources import Addressing

_CALIBRATED_BY = 200
"""So many confirmed rows are compared with what was sent for them: enough to see what an account does to values."""


@dataclass(frozen=True, slots=True)
class _Case:
    """A row in doubt with all that is known of it."""

    row: DoubtfulRow
    doubt: Doubt
    sent: SentRow


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a read shows. claimed: which of it is ours, by compared id. disproved: how many were ours by mistake."""

    activities: Sequence[SeenActivity]
    claimed: Mapping[str, Claimed]
    trust: Trust
    disproved: int


class ReadBack:
    """Looks for rows that were addressed in one way. Keeps what it learns about leads and margins between looks.

    began_after: the newest request of the time before this process: who sent those is not known.
    """

    def __init__(
        self, addressing: Addressing, ledger: Ledger, connection: Connection, clock: Clock, began_after: int
    ) -> None:
        self._addressing = addressing
        self._ledger = ledger
        self._connection = connection
        self._clock = clock
        self._account_id = connection.record.account_id
        self._waits = Waits(connection.account.visibility_wait_seconds, connection.account.late_wait_seconds)
        self._margin = KEYED_MARGIN_SECONDS if addressing.key_field else MARGIN_SECONDS
        self._began_after = began_after
        self._reads = 0  # of the present look, by time
        self._source: ByTime | ByLead | None = ByTime(self._read, addressing, connection.each)
        self._user_id: str | None = None
        # By request, when an activity of it was visible for the first time: `monotonic`, and seconds since 1970.
        self._first_seen: dict[int, tuple[float, float]] = {}
        self._took: float | None = None  # seconds within which the latest visible activity had become so

    def look(self, doubts: Sequence[Doubt]) -> Look:
        """Read, recognise and settle.

        Raises: RefusedError, NetworkError — LeadSquared cannot be asked. What was settled before stays settled.
        """
        cases = self._cases(doubts)
        self._user_id = self._who_sent(doubts)
        began, self._reads = self._now(), 0
        before, confirmed = self._before(doubts), self._confirmed(doubts)
        shown = self._shown(cases, doubts, [one for one in (before, confirmed) if one is not None])
        if shown is None:
            return self._unreadable(doubts)
        reach = self._reach(shown, before, confirmed, began[0])
        free = [one for one in shown.activities if same_text(one.activity_id) not in shown.claimed]
        told = self._recognise(cases, free, shown.trust)
        standing = _Standing(reach, self._waits, *began, shown.trust.keys is Kept.KEPT)
        look = self._settle(cases, told, standing, doubts)
        look.disproved = shown.disproved
        return look

    def _read(self, request: ApiRequest) -> ApiAnswer | None:
        self._reads += 1
        return self._connection.read(request)

    def _who_sent(self, doubts: Iterable[Doubt]) -> str | None:
        """The user whose keys sent these rows; not known for requests of an earlier process: keys may have been changed."""
        is_ours = all(doubt.request_id > self._began_after for doubt in doubts)
        return self._connection.user_id if is_ours else None

    def _now(self) -> tuple[Moment, float]:
        now = Moment(self._clock.monotonic(), self._clock.boot_id())
        return now, self._ledger.doubts.boot_seen(now.boot)

    def _cases(self, doubts: Iterable[Doubt]) -> list[_Case]:
        """The rows whose payload is still known. Of a pruned request none is: it had no row in doubt when it was pruned."""
        found: list[_Case] = []
        for doubt in doubts:
            sent = elements(doubt.body, self._addressing)
            for row in doubt.rows:
                if row.position <= len(sent):
                    one = self._sent(sent[row.position - 1], row.row_id, doubt.request_id)
                    found.append(_Case(row, doubt, one))
        return found

    def _sent(self, element: Mapping[str, object], row_id: int, request_id: int) -> SentRow:
        return sent_row(element, row_id, request_id, self._addressing.member, self._addressing.key_field)

    # What is asked

    def _before(self, doubts: Sequence[Doubt]) -> Witness | None:
        """A confirmed activity from shortly before the first doubt: a read that shows it reaches back behind all of them."""
        first = min(doubts, key=lambda doubt: doubt.request_id)
        return self._ledger.doubts.confirmed_before(
            self._account_id, self._addressing.event, first.request_id, first.sent_at - NEARBY_SECONDS
        )

    def _confirmed(self, doubts: Sequence[Doubt]) -> Witness | None:
        """The last confirmed activity. One from long before all doubts proves nothing, and reading back to it would be dear."""
        first = min(doubts, key=lambda doubt: doubt.request_id)
        last = self._ledger.doubts.freshest(self._account_id, self._addressing.event)
        if last is None or last.request_id > first.request_id:
            return last
        return last if last.sent_at > first.sent_at - NEARBY_SECONDS else None

    def _shown(self, cases: Sequence[_Case], doubts: Sequence[Doubt], witnesses: Sequence[Witness]) -> _Shown | None:
        question = Question(
            self._stretches(doubts, witnesses), frozenset({case.sent.lead for case in cases} | self._leads(witnesses))
        )
        activities = self._activities(question)
        if activities is None:
            return None
        ids = [one.activity_id for one in activities]
        claims = self._ledger.doubts.claimed(self._account_id, ids)
        claimed = {same_text(activity_id): claim for activity_id, claim in claims.items()}
        return self._learned(activities, claimed)

    def _activities(self, question: Question) -> list[SeenActivity] | None:
        """By time as long as that is allowed, then lead by lead where rows name their leads; None where neither is."""
        if isinstance(self._source, ByTime):
            activities = self._source.activities(question)
            if activities is not None:
                return activities
            way = self._addressing
            self._source = ByLead(self._connection.read, way, self._connection.each) if way.tells_lead else None
        activities = self._source.activities(question) if self._source else None
        if activities is None:
            self._source = None
        return activities

    def _stretches(self, doubts: Sequence[Doubt], witnesses: Iterable[Witness]) -> Sequence[Stretch]:
        """When the rows in doubt can have been written, by the server's clock, and generously.

        Two clocks of ours are asked, because one of them may have been set meanwhile; the server's was seen in its answers.
        What reaches until now reaches far beyond: there is nothing there, and a clock that was set back hides nothing.
        """
        now, mono, boot = self._clock.now().timestamp(), self._clock.monotonic(), self._clock.boot_id()
        behind, ahead = self._ledger.doubts.skew(self._account_id)
        low, high = behind - self._margin, ahead + self._margin
        further = self._waits.visibility + self._waits.late
        found: list[Stretch] = []
        for doubt in doubts:
            since = min(doubt.sent_at, now - (mono - doubt.sent_mono) if doubt.boot_id == boot else now)
            until = doubt.ended_at + further + high
            found.append(Stretch(since + low, until if until < now + low else max(until, now) + WIDEST_MARGIN_SECONDS))
        found += [Stretch(min(one.sent_at, now) + low, now + high + WIDEST_MARGIN_SECONDS) for one in witnesses]
        return merged(found)

    def _leads(self, witnesses: Iterable[Witness]) -> set[str]:
        claims = self._ledger.doubts.claimed(self._account_id, [one.activity_id for one in witnesses])
        return {sent.lead for sent in self._sent_for(claims.values())}

    # What it teaches

    def _learned(self, activities: Sequence[SeenActivity], claimed: Mapping[str, Claimed]) -> _Shown:
        """What this account's reads are worth, by the rows that are confirmed; what is bad is kept for good.

        An activity that shows the row key of another row, or other values on another lead, was never this row's, whatever an
        answer said: it is given back.
        """
        ours = [one for one in activities if same_text(one.activity_id) in claimed]
        sent = {row.row_id: row for row in self._sent_for(claimed.values())}
        pairs = [(sent[row_id], one) for one in ours if (row_id := _claim(one, claimed).row_id) in sent]
        wrong = {same_text(one.activity_id) for row, one in pairs if self._is_of_another(one, row)}
        wrong |= self._on_another_lead([(row, one) for row, one in pairs if same_text(one.activity_id) not in wrong])
        self._ledger.requests.disprove([claimed[activity_id].row_id for activity_id in wrong])
        rightly = {activity_id: claim for activity_id, claim in claimed.items() if activity_id not in wrong}
        right = [(row, one) for row, one in pairs if same_text(one.activity_id) in rightly][-_CALIBRATED_BY:]
        revised = self._ledger.doubts.revised(
            [row.row_id for row, _ in right]
        )  # they show what came later, and rightly so
        right = [(row, one) for row, one in right if row.row_id not in revised]
        known = self._ledger.doubts.trust(self._account_id)
        trust = trust_of(right, self._addressing.key_field, self._user_id, known)
        self._ledger.doubts.remember_trust(self._account_id, trust)
        return _Shown(activities, rightly, trust, len(wrong))

    def _on_another_lead(self, pairs: Sequence[tuple[SentRow, SeenActivity]]) -> set[str]:
        """Of the few activities that show other values than their rows sent, those on other leads. Of many it is the account."""
        others = [
            (row, one) for row, one in pairs if not (shows_values(row, one) and shows_note(row, one) is not False)
        ]
        if self._source is None or not others or len(others) > max(3, len(pairs) // 5):
            return set()
        self._source.expect([one for _, one in others])
        normal, wrong = self._addressing.normal, set()
        for row, one in others:
            lead = self._source.lead_of(one)
            if lead is not None and normal(lead) != normal(row.lead):
                wrong.add(same_text(one.activity_id))
        return wrong

    def _is_of_another(self, activity: SeenActivity, sent: SentRow) -> bool:
        shown = key_shown(activity, self._addressing.key_field)
        if sent.key is None or shown is None:
            return False
        return shown.startswith(ROW_KEY_PREFIX) and len(shown) == len(sent.key) and shown != same_text(sent.key)

    def _sent_for(self, claims: Iterable[Claimed]) -> list[SentRow]:
        """What was sent for rows that are confirmed, as far as it is still known."""
        wanted = [claim for claim in claims if claim.request_id is not None and claim.position is not None]
        requests = self._ledger.doubts.requests({claim.request_id for claim in wanted if claim.request_id is not None})
        ours = self._addressing.operation.name
        unpacked = {
            number: elements(request.body, self._addressing)
            for number, request in requests.items()
            if request.operation == ours
        }
        found: list[SentRow] = []
        for claim in wanted:
            sent, position = unpacked.get(claim.request_id or 0, []), claim.position or 0
            if position <= len(sent) and self._addressing.member in sent[position - 1]:
                found.append(self._sent(sent[position - 1], claim.row_id, claim.request_id or 0))
        return found

    def _reach(self, shown: _Shown, before: Witness | None, confirmed: Witness | None, began: Moment) -> Reach:
        """How fresh the read is. What came in with one answer was seen at one moment; of a longer read each part has its own.

        Then an activity counts that an earlier look has shown: it was visible before any part of this one was read.
        """
        is_one_answer = isinstance(self._source, ByTime) and self._reads == 1
        numbers = {claim.request_id for claim in shown.claimed.values() if claim.request_id is not None}
        for number in numbers - self._first_seen.keys():
            self._first_seen[number] = (self._clock.monotonic(), self._clock.now().timestamp())
        seen_before = {number for number in numbers if is_one_answer or self._first_seen[number][0] < began.mono}
        newest = self._ledger.doubts.requests({max(seen_before)}) if seen_before else {}
        freshest = next((Seen(one.request_id, Moment(one.sent_mono, one.boot_id)) for one in newest.values()), None)
        self._took = next((self._took_at_most(one) for one in newest.values()), None)
        reaches_back = before is None or before.request_id in numbers
        if not reaches_back:
            self._margin = min(WIDEST_MARGIN_SECONDS, 4 * self._margin)
        return Reach(
            freshest,
            Seen(confirmed.request_id, Moment(confirmed.sent_mono, confirmed.boot_id)) if confirmed else None,
            reaches_back,
        )

    # What it means

    def _recognise(self, cases: Sequence[_Case], free: Sequence[SeenActivity], trust: Trust) -> dict[int, Recognised]:
        source = self._source
        if source is None:
            raise TypeError("activities were read from nowhere")
        source.expect(free)
        if not self._addressing.tells_lead and (without := [case for case in cases if case.sent.key is None]):
            open_ = {case.row.row_id: Open(case.row.row_id, WITHOUT_KEY, ()) for case in without}
            return open_ | self._recognise([case for case in cases if case.sent.key is not None], free, trust)
        rows = [case.sent for case in cases]
        told = recognise(rows, free, trust, self._addressing.key_field, source.lead_of, self._addressing.normal)
        return {one.row_id: one for one in told} | self._elsewhere(cases, told)

    def _elsewhere(self, cases: Sequence[_Case], told: Iterable[Recognised]) -> dict[int, Recognised]:
        """Of the missing rows those that are there all the same: another ledger sent them, long before or after this one."""
        missing = {one.row_id for one in told if isinstance(one, Missing)}
        keys = {case.sent.key: case.row.row_id for case in cases if case.row.row_id in missing and case.sent.key}
        known = self._ledger.known_keys.among(self._account_id, self._addressing.event, keys)
        return {keys[key]: Found(keys[key], activity_id) for key, activity_id in known.items()}

    def _settle(
        self, cases: Sequence[_Case], told: Mapping[int, Recognised], standing: _Standing, doubts: Sequence[Doubt]
    ) -> Look:
        look = Look(in_doubt=sum(len(doubt.rows) for doubt in doubts))
        ends: dict[int, list[RowEnd]] = {}
        for case in cases:
            end = self._end_of(case, told[case.row.row_id], standing, look)
            if end is not None:
                ends.setdefault(case.doubt.request_id, []).append(end)
        settled = self._ledger.requests.settle_read_back(ends)
        self._note_refused(cases, settled)
        look.take_in(settled)
        return look

    def _end_of(self, case: _Case, told: Recognised, standing: _Standing, look: Look) -> RowEnd | None:
        """How the row ends, or None while it is in doubt; why is noted in the look."""
        match told:
            case Found(activity_id=activity_id):
                return RowEnd(case.row.row_id, Outcome.CREATED, activity_id=activity_id, code="read_back")
            case Open(reason=reason):
                look.reasons[case.row.row_id] = reason
                if reason is not WITHOUT_KEY:  # no later look can tell more of such a row
                    self._note_ready(case.doubt, standing, look)
                return None
            case Missing():
                return self._missing(case, standing, look)

    def _missing(self, case: _Case, standing: _Standing, look: Look) -> RowEnd | None:
        end = _end(case.doubt)
        if case.row.code == ID_UNKNOWN:  # there is nothing to be proved: LeadSquared has said that it is there
            look.unseen += 1
            look.reasons[case.row.row_id] = STORED_AND_NOT_SHOWN
            return None
        if case.row.code == "id_taken" and not (case.sent.key and standing.has_keys):
            look.reasons[case.row.row_id] = (
                "LeadSquared called it stored, under a ProspectActivityId that another row has; which is whose is not told."
            )
            return None
        match absence(end, standing.reach, standing.waits, standing.now, standing.boot_seen):
            case Absence.PROVED:
                return end_of_absent(case.row, case.doubt)
            case Absence.TOO_EARLY:
                self._note_ready(case.doubt, standing, look)
                look.reasons[case.row.row_id] = "LeadSquared does not show it, and may still do so."
            case Absence.NO_WITNESS if not standing.lags:
                if self._has_had_its_time(case, standing, look):
                    if case.doubt.verdict == "refused":
                        return end_of_absent(case.row, case.doubt)
                    has_found = len(case.doubt.rows) < case.doubt.size
                    look.probes.append(Probe(case.row.together == 1, has_found, case.row.row_id, case.sent.lead))
                look.reasons[case.row.row_id] = (
                    "LeadSquared does not show it; no later activity of ours is there to prove that it would by now."
                )
            case Absence.UNSEEN | Absence.NO_WITNESS:
                look.unseen += 1
                look.reasons[case.row.row_id] = (
                    "LeadSquared does not show it; nor does it show other activities that it has confirmed."
                )
            case Absence.OUT_OF_REACH:
                look.is_behind = True
                look.reasons[case.row.row_id] = (
                    "LeadSquared does not show it; nor does it show activities that were confirmed before it was sent."
                )
        return None

    def _has_had_its_time(self, case: _Case, standing: _Standing, look: Look) -> bool:
        """Whether all but a later activity says that a missing row is not there.

        That is enough for the rows of a request that LeadSquared has refused, and to send one of the others as the probe. A
        read has to reach back behind the row, which has had as long to appear as the last visible activity took at most.
        Where none of ours is visible, LeadSquared gets the late wait on top.
        """
        if not standing.reach.reaches_back:
            look.is_behind = True
            return False
        ended = (
            over_at(_end(case.doubt), standing.waits, standing.now.boot, standing.boot_seen) - standing.waits.visibility
        )
        moment = ended + max(standing.waits.visibility, self._longest_to_appear(standing))
        if moment <= standing.now.mono:
            return True
        look.ready_at = min(moment, look.ready_at if look.ready_at is not None else moment)
        return False

    def _longest_to_appear(self, standing: _Standing) -> float:
        """Seconds within which the latest visible activity had become so; the waits together where nothing tells."""
        most, freshest = self._waits.visibility + self._waits.late, standing.reach.freshest
        if freshest is None or freshest.sent.boot != standing.now.boot or self._took is None:
            return most
        return min(most, self._took)

    def _took_at_most(self, request: Sent) -> float:
        """By both clocks: one of them stands still while the machine sleeps, the other one may be set."""
        mono, wall = self._first_seen[request.request_id]
        return max(mono - request.sent_mono, wall - request.sent_at)

    def _note_ready(self, doubt: Doubt, standing: _Standing, look: Look) -> None:
        moment = over_at(_end(doubt), standing.waits, standing.now.boot, standing.boot_seen)
        if moment > standing.now.mono:
            look.ready_at = min(moment, look.ready_at if look.ready_at is not None else moment)

    def _note_refused(self, cases: Iterable[_Case], settled: Iterable[RowEnd]) -> None:
        by_row = {case.row.row_id: case for case in cases}
        for end in settled:
            if end.outcome is Outcome.REFUSED:
                case = by_row[end.row_id]
                self._ledger.failures.note(self._account_id, (lead_mark(case.sent.lead), case.row.memory_key))

    def _unreadable(self, doubts: Iterable[Doubt]) -> Look:
        look = Look(is_allowed=False)
        for doubt in doubts:
            look.in_doubt += len(doubt.rows)
            look.reasons |= {row.row_id: NOT_ALLOWED for row in doubt.rows}
        return look


WITHOUT_KEY = (
    "Which lead and values LeadSquared shows for an activity of an opportunity is not known, so it cannot be told from "
    "others. A row_key_field in the mapping would settle it."
)

STORED_AND_NOT_SHOWN = (
    "LeadSquared called it stored, and does not show it: it is not sent again for that. Look it up there and decide with "
    "`etl verify RUN --assume`."
)

NOT_ALLOWED = (
    "The user of these keys may not read activities back (RetrieveByActivityEvent, Retrieve): give it that right, or look "
    "the row up and decide with `etl verify RUN --assume`."
)


@dataclass(frozen=True, slots=True)
class _Standing:
    """What a missing row is measured by."""

    reach: Reach
    waits: Waits
    now: Moment
    boot_seen: float
    has_keys: bool

    @property
    def lags(self) -> bool:
        """Whether the last activity that LeadSquared has confirmed is not visible yet. A row that is missing may be so, too."""
        confirmed, freshest = self.reach.confirmed, self.reach.freshest
        return confirmed is not None and (freshest is None or freshest.request < confirmed.request)


def _claim(activity: SeenActivity, claimed: Mapping[str, Claimed]) -> Claimed:
    return claimed[same_text(activity.activity_id)]


def _end(doubt: Doubt) -> End:
    return End(Moment(doubt.ended_mono, doubt.boot_id), doubt.ended_after, doubt.late)
