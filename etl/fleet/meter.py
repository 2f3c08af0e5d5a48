"""What a worker counts for Prometheus as it happens: rows by outcome, requests, refusals, turns.

These add up over workers: sum by (account) (rate(…)). What is a fact of the database is asked there, and not counted: `facts`.
Labels are accounts, outcomes and exit codes alone. No file, run or submission is one: each would be a series for ever.
"""

from __future__ import annotations

from collections import defaultdict
from threading import Lock
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, ProcessCollector, disable_created_metrics

from etl.events import InputFinished, Planned, Progress, RequestAnswered, RequestSent
from etl.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from etl.events import Event

_THROTTLED = "throttled"
_LEFT_OUT = frozenset({Outcome.WAITING})
"""No outcome that a row came to: how many wait is a fact."""


class Meter:
    """Counts what passes on the way. Safe to call from many threads; whoever listens gets a listener for each turn."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._rows = Counter(
            "etl_rows",
            "Rows that came to an outcome while this worker was at them.",
            ["account", "outcome"],
            registry=registry,
        )
        self._requests = Counter(
            "etl_requests", "Requests with rows that this worker sent.", ["account"], registry=registry
        )
        self._refusals = Counter(
            "etl_refusals",
            "Requests with rows that LeadSquared refused for the rate; they went out again.",
            ["account"],
            registry=registry,
        )
        self._turns = Counter(
            "etl_turns", "Turns of submissions that ended, by exit code.", ["account", "exit_code"], registry=registry
        )
        self._lock = Lock()
        self._known: set[str] = set()

    def listening(self, account: str) -> Callable[[Event], None]:
        """A listener for the events of one turn for the account."""
        self._begin(account)
        turn = _Turn()

        def listen(event: Event) -> None:
            match event:
                case RequestSent():
                    self._requests.labels(account).inc()
                case RequestAnswered(verdict=verdict) if verdict == _THROTTLED:
                    self._refusals.labels(account).inc()
                case Planned():
                    turn.planned(event.input, event.counts)
                case Progress():
                    self._count(account, turn.grown(event.input, event.counts))
                case InputFinished(result=result):
                    self._count(account, turn.grown(result.input, result.equation.outcomes))
                case _:
                    pass

        return listen

    def listening_to_inboxes(self) -> Callable[[Event], None]:
        """A listener for inboxes, whose files go into accounts of their own: what is planned for a file says which."""
        listeners: dict[str, Callable[[Event], None]] = {}

        def listen(event: Event) -> None:
            name = str(getattr(event, "input", "") or getattr(getattr(event, "result", None), "input", ""))
            if isinstance(event, Planned) and event.account is not None:
                listeners[name] = self.listening(event.account)
            if name in listeners:
                listeners[name](event)
            if isinstance(event, InputFinished):
                listeners.pop(name, None)

        return listen

    def ended(self, account: str, exit_code: int) -> None:
        """A turn of a submission has ended."""
        self._turns.labels(account, str(int(exit_code))).inc()

    def _begin(self, account: str) -> None:
        """Its series begin at 0: what is first seen at 25 has no rate."""
        with self._lock:
            if account in self._known:
                return
            self._known.add(account)
        for outcome in Outcome:
            if outcome not in _LEFT_OUT:
                self._rows.labels(account, outcome.value)
        self._requests.labels(account)
        self._refusals.labels(account)

    def _count(self, account: str, grown: Mapping[Outcome, int]) -> None:
        for outcome, rows in grown.items():
            self._rows.labels(account, outcome.value).inc(rows)


class _Turn:
    """What rows of one turn's inputs have come to. A row in doubt that is found counts twice: as in doubt, and as created."""

    def __init__(self) -> None:
        self._most: defaultdict[str, dict[Outcome, int]] = defaultdict(dict)
        self._lock = Lock()

    def planned(self, name: str, counts: Mapping[Outcome, int]) -> None:
        """An input as it stands before anything is sent. What a run had come to in turns before this is no event of now."""
        is_continued = any(
            counts.get(one) for one in (Outcome.CREATED, Outcome.UPDATED, Outcome.REFUSED, Outcome.UNCONFIRMED)
        )
        with self._lock:
            self._most[name] = dict(counts) if is_continued else {}

    def grown(self, name: str, counts: Mapping[Outcome, int]) -> dict[Outcome, int]:
        """By how much each outcome is above the most that was seen of it before."""
        with self._lock:
            most = self._most[name]
            found = {one: now - most.get(one, 0) for one, now in counts.items() if now > most.get(one, 0)}
            most.update({one: counts[one] for one in found})
        return {one: rows for one, rows in found.items() if one not in _LEFT_OUT}


def registry_of_worker() -> CollectorRegistry:
    """Where a worker's numbers are kept; processor time, memory and open files of the process are in it."""
    disable_created_metrics()  # type: ignore[no-untyped-call] # "etl_rows_created" would be taken for created rows
    registry = CollectorRegistry(auto_describe=False)
    ProcessCollector(registry=registry)
    return registry
