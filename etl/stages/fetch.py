"""Activities fetched lead by lead, or by type and time, into the working file: what is in it is not asked for again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING

from etl.api.activities import count_in_window
from etl.api.asking import NotOfferedError
from etl.api.fetching import fetched_of_lead, fetched_parts
from etl.api.leads import leads_by_ids
from etl.api.whole_trail import AccountPages
from etl.errors import RefusedError
from etl.events import Fetching, Note
from etl.stages.fetch_asked import Form, LeadProblem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import datetime

    from etl.api.asking import Read
    from etl.clock import Clock
    from etl.events import Event, StopSignal
    from etl.reconciler.fetched_work import WorkingFile
    from etl.stages.connect import Connection
    from etl.stages.fetch_asked import Asked

SPARE = timedelta(days=1)
"""So far into the future a type is read whose end nobody set: an activity that is edited meanwhile comes again at the end."""

OVERLAP = timedelta(hours=1)
"""What an earlier process read is read again from so long before, where its part reached into its future: clocks differ."""

_AT_A_TIME = 200
_FIRST = 3  # leads asked alone, until one shows that reading is allowed: a single one may be refused for itself
_REQUESTS_A_LEAD = 2


@dataclass(frozen=True, slots=True)
class FetchDesk:
    """What fetching needs. shown: the output, as events name it."""

    connection: Connection
    work: WorkingFile
    clock: Clock
    events: Callable[[Event], None]
    stop: StopSignal
    shown: str


def fetch_leads(desk: FetchDesk, leads: Mapping[str, Asked], event: int | None) -> tuple[LeadProblem, ...]:
    """All activities of leads, of one type or of all. leads: id → by what it was asked for.

    Returns: the leads that LeadSquared refused to show, does not have, or has not shown whole.
    Raises:  RefusedError — no lead is shown to this user. NetworkError, UsageError; what was complete stays.
    """
    missing = [lead_id for lead_id in leads if lead_id not in desk.work.leads]
    _tell_how_long(desk, len(missing))
    refused = _LeadByLead(desk, event, len(leads)).go(missing)
    problems = [_refused(leads[lead_id]) for lead_id in refused]
    problems += _not_there(desk, leads)
    problems += [_not_whole(one, desk.work.leads[key]) for key, one in leads.items() if desk.work.leads.get(key)]
    return tuple(problems)


class _LeadByLead:
    """Reads leads, several at a time, and keeps each one as soon as it is whole."""

    def __init__(self, desk: FetchDesk, event: int | None, total: int) -> None:
        self._desk = desk
        self._event = event
        self._total = total
        self._pages = AccountPages()
        self._lock = Lock()

    def go(self, leads: Sequence[str]) -> list[str]:
        """Returns: the leads that were refused."""
        refused: list[str] = []
        for batch in _batches(leads):
            if self._desk.stop.reason is not None:
                break
            told = self._desk.connection.each(self._one, batch)
            refused += [lead_id for lead_id, is_shown in zip(batch, told, strict=True) if not is_shown]
            if refused and not self._desk.work.leads:
                raise RefusedError(
                    "LeadSquared does not let the user of these keys read activities of leads (Retrieve). Give the user that "
                    "right, use an administrator's keys, or fetch a type of activities with --event CODE --since DATE."
                )
        return refused

    def _one(self, read: Read, lead_id: str) -> bool:
        """Whether LeadSquared shows the lead's activities. A wish to stop begins no further lead."""
        desk = self._desk
        if desk.stop.reason is not None:
            return True
        told = fetched_of_lead(read, lead_id, self._event, self._pages)
        if told is None:
            return False
        lines, missing = told
        with self._lock:
            desk.work.note_lead(lead_id, lines, missing)
            desk.events(Fetching(desk.shown, len(desk.work.leads), self._total, desk.work.activities, is_by_lead=True))
        return True


def fetch_window(desk: FetchDesk, event: int, since: datetime, until: datetime | None) -> bool:
    """All activities of a type that were written since a moment, and until another one or now.

    Returns: whether it came to the end; not if it was asked to stop.
    Raises: RefusedError — this user may not read so. NetworkError, UsageError; what was complete stays.
    """
    read, work = desk.connection.read, desk.work
    begin, end = _begin(desk, since), until or desk.clock.now() + SPARE
    if begin >= end:
        return True
    left = count_in_window(read, event, begin, end)
    if left is None:
        raise _window_not_allowed()
    total = work.activities + left
    try:
        for reached, lines in fetched_parts(read, event, begin, end):
            work.note_part(reached, lines, desk.clock.now())
            total = max(total, work.activities)
            desk.events(Fetching(desk.shown, work.activities, total, work.activities, is_by_lead=False))
            if desk.stop.reason is not None and reached < end:
                return False
    except NotOfferedError:
        raise _window_not_allowed() from None
    return True


def _begin(desk: FetchDesk, since: datetime) -> datetime:
    """Where an earlier process has ended. What lay in its future then is read again."""
    if desk.work.reached is None or desk.work.read_at is None:
        return since
    return max(since, min(desk.work.reached, desk.work.read_at - OVERLAP))


def _window_not_allowed() -> RefusedError:
    return RefusedError(
        "LeadSquared does not let the user of these keys read activities by type (RetrieveByActivityEvent). Give the user "
        "that right, use an administrator's keys, or fetch the activities of leads with --lead or --leads."
    )


def _batches(leads: Sequence[str]) -> Iterator[Sequence[str]]:
    if leads:
        yield leads[:_FIRST]
    for start in range(_FIRST, len(leads), _AT_A_TIME):
        yield leads[start : start + _AT_A_TIME]


def _tell_how_long(desk: FetchDesk, leads: int) -> None:
    requests, limit = leads * _REQUESTS_A_LEAD, desk.connection.account.limit
    minutes = requests * limit.seconds / limit.count / desk.connection.account.share / 60
    if minutes >= 1:
        desk.events(
            Note(f"{leads:,} leads are asked for, in some {requests:,} requests: about {minutes:.0f} min at the limit.")
        )


def _not_there(desk: FetchDesk, leads: Mapping[str, Asked]) -> list[LeadProblem]:
    """Which of the ids without an activity belong to no lead: reading their activities does not tell."""
    empty = [key for key, one in leads.items() if one.form is Form.ID and desk.work.has_nothing_of(key)]
    if not empty or desk.stop.reason is not None:
        return []
    known = leads_by_ids(desk.connection.read, empty, desk.connection.each)
    if known is None:
        desk.events(Note(f"{len(empty):,} leads have no activity; whether they exist is not shown to this user."))
        return []
    return [
        LeadProblem(leads[key], "No lead has this id.", "Correct it, or remove the row.")
        for key in empty
        if key not in known
    ]


def _refused(one: Asked) -> LeadProblem:
    return LeadProblem(one, "LeadSquared refuses to show this lead's activities.", "Look at the lead in LeadSquared.")


def _not_whole(one: Asked, missing: int) -> LeadProblem:
    return LeadProblem(
        one,
        f"LeadSquared counts {missing:,} more activities of this lead than it shows, or shows them in another order each time.",
        "Fetch this lead again later; if it stays so, compare with the lead in LeadSquared.",
    )
