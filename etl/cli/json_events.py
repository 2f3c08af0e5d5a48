"""What happens while a run is at work, as JSON for programs: one object a line.

Each object has `schema_version`, `event` and `at` (UTC, ISO 8601), and beside them the members below. Members may be added
under the same version; none is renamed or given another meaning. There is nothing of a cell, a lead, an answer or a key in
it, and no path: inputs are named by their file's name alone. May be called from several threads.

    started        account
    reading        input, rows
    planned        input, run, data_rows, rows, rows_to_send, requests, seconds_at_limit, look_up_requests,
                   daily_requests, requests_left_today
    finding_leads  input, done, total, seconds_left
    progress       input, done, total, rows, rows_per_second, rows_per_second_now, limit_used, in_flight, refusals,
                   requests_left_today, unconfirmed, seconds_left, seconds_left_by (limit, rate or quota)
    request_sent, request_answered
                   input, request, and rows or verdict
    reading_back   input, rows, found, seconds_to_next_look
    pilot_proposed input, rows
    pilot          input, run, rows, others
    unusual_size   input, rows, largest
    findings       input, by_code
    finished       input, run, data_rows, rows, exit_code, findings
    ended          exit_code: the command is over
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any, TextIO

from etl.cli.streams import let_go
from etl.errors import EtlError, UsageError
from etl.events import (
    FindingLeads,
    Found,
    InputFinished,
    PilotOver,
    PilotProposed,
    Planned,
    Progress,
    Reading,
    ReadingBack,
    RequestAnswered,
    RequestSent,
    Started,
    UnusualSize,
)
from etl.exits import code_of_error
from etl.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from pathlib import Path

    from etl.cli.world import World
    from etl.clock import Clock
    from etl.events import Event

SCHEMA_VERSION = 1


ON_STDERR = "-"


@contextmanager
def kept_as_json(
    place: str | None, inputs: Iterable[Path], world: World, listener: Callable[[Event], None]
) -> Iterator[JsonEvents]:
    """A listener that also writes to the file of `--json-events`, if there is one. An error that ends it stands last there.

    Raises: UsageError — the file cannot be written, or is an input.
    """
    with _stream(place, inputs, world) as stream:
        events = JsonEvents(stream, world.clock, listener)
        try:
            yield events
        except EtlError as error:
            events.ended(code_of_error(error))
            raise


@contextmanager
def _stream(place: str | None, inputs: Iterable[Path], world: World) -> Iterator[TextIO | None]:
    if place is None:
        yield None
        return
    if place == ON_STDERR:
        yield sys.stderr
        return
    path = world.cwd / place
    if any(path.exists() and (world.cwd / one).exists() and path.samefile(world.cwd / one) for one in inputs):
        raise UsageError(f"--json-events {place}: this is a file of the import itself. Name another one.")
    try:
        stream = path.open("a", encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--json-events {place}: the file cannot be written: {error.strerror}.") from error
    with stream:
        yield stream


class JsonEvents:
    """Writes each event it knows as a line, and hands all of them on. A reader that has gone away ends only the writing."""

    def __init__(self, stream: TextIO | None, clock: Clock, hand_on: Callable[[Event], None]) -> None:
        self._stream = stream
        self._lock = Lock()
        self._clock = clock
        self._hand_on = hand_on

    def __call__(self, event: Event) -> None:
        named = _named(event) if self._stream is not None else None
        if named is not None:
            self._write(*named)
        self._hand_on(event)

    def ended(self, exit_code: int) -> None:
        """The command is over."""
        self._write("ended", {"exit_code": exit_code})

    def _write(self, name: str, members: Mapping[str, Any]) -> None:
        at = self._clock.now().isoformat(timespec="milliseconds")
        line = {"schema_version": SCHEMA_VERSION, "event": name, "at": at, **members}
        with self._lock:
            if self._stream is None:
                return
            try:
                self._stream.write(json.dumps(line, ensure_ascii=False) + "\n")
                self._stream.flush()
            except OSError:
                let_go(self._stream)
                self._stream = None


def _named(event: Event) -> tuple[str, dict[str, Any]] | None:  # noqa: PLR0912 — one branch for each kind of event
    """The event under its name; None for one that is words for a person."""
    match event:
        case Started():
            return "started", {"account": event.account}
        case Reading():
            return "reading", {"input": event.input, "rows": event.rows}
        case Planned():
            return "planned", _planned(event)
        case FindingLeads():
            members = {"done": event.done, "total": event.total, "seconds_left": _round(event.seconds)}
            return "finding_leads", {"input": event.input, **members}
        case Progress():
            return "progress", _progress(event)
        case RequestSent():
            return "request_sent", {"input": event.input, "request": event.request, "rows": event.rows}
        case RequestAnswered():
            return "request_answered", {"input": event.input, "request": event.request, "verdict": event.verdict}
        case ReadingBack():
            members = {"rows": event.rows, "found": event.found, "seconds_to_next_look": _round(event.seconds)}
            return "reading_back", {"input": event.input, **members}
        case PilotProposed():
            return "pilot_proposed", {"input": event.input, "rows": event.rows}
        case UnusualSize():
            return "unusual_size", {"input": event.input, "rows": event.rows, "largest": event.largest}
        case PilotOver():
            return "pilot", {
                "input": event.input,
                "run": event.run,
                "rows": dict(Counter(row.outcome.value for row in event.rows)),
                "others": event.others,
            }
        case Found():
            by_code = dict(Counter(finding.code for finding in event.findings))
            return "findings", {"input": event.input, "by_code": by_code}
        case InputFinished(result=result):
            return "finished", {
                "input": result.input,
                "run": result.run,
                "data_rows": result.equation.data_rows,
                "rows": _rows(result.equation.outcomes),
                "exit_code": result.exit_code,
                "findings": dict(result.finding_counts),
            }
        case _:
            return None


def _planned(event: Planned) -> dict[str, Any]:
    return {
        "input": event.input,
        "run": event.run,
        "data_rows": event.data_rows,
        "rows": _rows(event.counts),
        "rows_to_send": event.rows_to_send,
        "requests": event.requests,
        "seconds_at_limit": _round(event.seconds_at_limit),
        "look_up_requests": event.look_ups.requests if event.look_ups else 0,
        "daily_requests": event.budget.daily_requests if event.budget else None,
        "requests_left_today": event.budget.left_today if event.budget else None,
    }


def _progress(event: Progress) -> dict[str, Any]:
    return {
        "input": event.input,
        "done": event.done,
        "total": event.total,
        "rows": _rows(event.counts),
        "rows_per_second": _round(event.rows_per_second),
        "rows_per_second_now": _round(event.rows_per_second_now),
        "limit_used": _round(event.limit_used),
        "in_flight": event.in_flight,
        "refusals": event.refusals,
        "requests_left_today": event.quota_left,
        "unconfirmed": event.counts.get(Outcome.UNCONFIRMED, 0),
        "seconds_left": _round(event.eta_seconds),
        "seconds_left_by": event.eta_basis.value,
    }


def _rows(counts: Mapping[Outcome, int]) -> dict[str, int]:
    """How many rows stand at each outcome that occurs."""
    return {outcome.value: counts[outcome] for outcome in Outcome if counts.get(outcome)}


def _round(number: float | None) -> float | None:
    return None if number is None else round(number, 3)
