"""Rows in doubt settled by reading back: look, wait, look again, until nothing more can be learned without sending.

What a look finds is believed at once. What it does not show is absent only after its time, and only while a later
activity of ours is visible (delivery/absence.py). Where there is none, one missing row may be sent alone to be it: the
probe. That is decided here, and carried out like any other sending.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etl.delivery.decide import NETWORK_PATIENCE_SECONDS, StopCause
from etl.delivery.driver import STOPPED_FROM_OUTSIDE, cause_of
from etl.errors import BusyError, NetworkError, QuotaSpentError, RefusedError, StoppedError
from etl.events import Note, ReadingBack
from etl.exits import ExitCode
from etl.mapping.load import load_mapping
from etl.operations import OPERATIONS
from etl.operations.contract import Proof, RequestOptions
from etl.stages.lock_names import lock_name_of_content
from etl.stages.look import Look
from etl.stages.read_back import NOT_ALLOWED, ReadBack
from etl.stages.read_values import ReadValues
from etl.stages.sources import Addressing

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import ExitStack
    from pathlib import Path

    from etl.clock import Clock
    from etl.events import Event, StopSignal
    from etl.ledger.doubts import Doubt
    from etl.ledger.runs import RunRecord
    from etl.ledger.store import Ledger
    from etl.stages.connect import Connection
    from etl.stages.look import Probe

FIRST_PAUSE_SECONDS = 2.0
LONGEST_PAUSE_SECONDS = 30.0
"""Looks come after 2, 4, 8, 16, 30, 30 … seconds: most doubts are over after the first ones."""

PATIENCE = 4
"""So many visibility waits a later activity may stay invisible that LeadSquared has confirmed, before we give up."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What settling needs. locks: what is locked here stays so until the run is over."""

    ledger: Ledger
    connection: Connection
    clock: Clock
    events: Callable[[Event], None]
    stop: StopSignal
    locks: ExitStack


@dataclass(frozen=True, slots=True)
class Settled:
    """How far settling came. cause: why it was broken off. probes: missing rows of which one may be sent as the probe."""

    cause: StopCause | None
    in_doubt: int
    probes: tuple[Probe, ...] = ()
    is_allowed: bool = True


@dataclass
class Verifier:
    """Settles the rows in doubt of one run, and those of other runs that its rows were taken for."""

    desk: Desk
    run: RunRecord
    shown: str
    found: int = 0
    absent: int = 0
    refused: int = 0
    _readers: dict[Addressing, ReadBack | ReadValues] = field(default_factory=dict)
    _addressings: dict[int, Addressing] = field(default_factory=dict)
    _held: set[int] = field(default_factory=set)
    _failing_since: float | None = None
    _is_told: bool = False
    _began_after: int = 0

    def __post_init__(self) -> None:
        self._began_after = self.desk.ledger.doubts.newest_request()
        if self.desk.ledger.runs.has_doubts(self.run.run_id):
            self.desk.ledger.requests.tell_late_followers(self.run.run_id)

    def look(self) -> Look | StopCause:
        """Look once, without waiting for anything."""
        look = Look()
        try:
            for addressing, doubts in self._in_question().items():
                look.add(self._reader(addressing).look(doubts))
        except RefusedError as error:
            return StopCause(ExitCode.REFUSED, error.message, "Mend that, then run the same command: it continues.")
        except QuotaSpentError as error:
            return StopCause(ExitCode.STOPPED, error.reason, error.remedy, is_for_today=True)
        except StoppedError:
            return cause_of(self.desk.stop)
        except NetworkError as error:
            return self._unreachable(error) or Look(in_doubt=self._count())
        self._failing_since = None
        self.found += look.found
        self.absent += look.absent
        self.refused += look.refused
        return look

    def settle(self) -> Settled:
        """Look until every row is settled, or only sending can tell more, or nothing can."""
        pause, absent = FIRST_PAUSE_SECONDS, 0
        looked: float | None = None  # when the first look was over: under a low limit it may take long itself
        while True:
            look = self.look()
            if isinstance(look, StopCause):
                return self._end(Settled(look, self._count()), {})
            absent += look.absent
            looked = looked or self.desk.clock.monotonic()
            if not (look.in_doubt or look.disproved) or not look.is_allowed:
                return self._end(Settled(None, look.in_doubt, is_allowed=look.is_allowed), look.reasons)
            until = self._next_look(look, pause, looked, has_absent=absent > 0)
            if until is None:
                return self._end(Settled(None, look.in_doubt, tuple(look.probes)), look.reasons)
            cause = self._wait(until, look.in_doubt, look.ready_at)
            if cause is not None:
                return self._end(Settled(cause, look.in_doubt), look.reasons)
            pause = min(LONGEST_PAUSE_SECONDS, 2 * pause)

    def _next_look(self, look: Look, pause: float, looked: float, *, has_absent: bool) -> float | None:
        """When to look again; None when that is of no use, or when rows are waiting to be sent that will tell more."""
        now = self.desk.clock.monotonic()
        if look.disproved:
            return now + pause
        if look.ready_at is not None:
            is_worth_waiting = not has_absent or look.ready_at - now <= LONGEST_PAUSE_SECONDS
            return min(now + pause, max(look.ready_at, now + 0.5)) if is_worth_waiting else None
        if has_absent:
            return None
        waits = PATIENCE * max(self.desk.connection.account.visibility_wait_seconds, FIRST_PAUSE_SECONDS)
        can_still_show = look.unseen or look.is_behind or self._failing_since is not None
        return now + pause if can_still_show and now - looked < waits else None

    def wait(self, seconds: float) -> StopCause | None:
        """Wait, told second by second. Returns: the wish to stop that ended it, if there was one."""
        return self._wait(self.desk.clock.monotonic() + seconds, self._count(), None)

    def _wait(self, until: float, rows: int, ready_at: float | None) -> StopCause | None:
        clock = self.desk.clock
        while (left := until - clock.monotonic()) > 0:
            if self.desk.stop.reason is not None:
                return cause_of(self.desk.stop)
            if self.desk.ledger.runs.is_stop_asked(self.run.run_id):
                return STOPPED_FROM_OUTSIDE
            at_most = None if ready_at is None else max(0.0, ready_at - clock.monotonic())
            self.desk.events(ReadingBack(self.shown, rows, self.found, left, at_most))
            clock.sleep(min(1.0, left))
        return None

    def _end(self, settled: Settled, reasons: dict[int, str]) -> Settled:
        """Keep why rows are open still; the results say it."""
        self.desk.ledger.runs.note_reasons(reasons)
        if not settled.is_allowed and not self._is_told:
            self._is_told = True
            self.desk.events(Note(NOT_ALLOWED))
        return settled

    @property
    def other_runs(self) -> frozenset[int]:
        """The other runs whose rows were looked for; their results may say more by now."""
        return frozenset(self._held - {self.run.run_id})

    # Whose rows

    def _in_question(self) -> dict[Addressing, list[Doubt]]:
        """The doubts to look for, by how their rows are addressed. Rows of a run that is at work elsewhere are its own."""
        groups: dict[Addressing, list[Doubt]] = {}
        for doubt in self.desk.ledger.doubts.of_run(self.run.run_id):
            if self._holds(doubt.run_id):
                groups.setdefault(self._addressing(doubt.run_id), []).append(doubt)
        return groups

    def _count(self) -> int:
        return sum(len(doubt.rows) for doubts in self._in_question().values() for doubt in doubts)

    def _holds(self, run_id: int) -> bool:
        """Whether the run's lock is ours: it is taken here where the run is another one, and kept."""
        if run_id == self.run.run_id or run_id in self._held:
            return True
        run = self.desk.ledger.runs.get(run_id)
        if run is None:
            return False
        name = lock_name_of_content(run.scope_id, run.sheet, run.input_hash)
        if name != lock_name_of_content(self.run.scope_id, self.run.sheet, self.run.input_hash):
            try:
                self.desk.locks.enter_context(self.desk.ledger.lock_input(run.account_id, name))
            except BusyError:
                return False
        self._held.add(run_id)
        self.desk.ledger.requests.close_lost(run_id)
        return True

    def _addressing(self, run_id: int) -> Addressing:
        if run_id not in self._addressings:
            run = self.run if run_id == self.run.run_id else self.desk.ledger.runs.get(run_id)
            if run is None:
                raise LookupError(f"run {run_id} is not in the ledger")
            self._addressings[run_id] = addressing_of(run, self.desk.ledger)
        return self._addressings[run_id]

    def _reader(self, addressing: Addressing) -> ReadBack | ReadValues:
        if addressing not in self._readers:
            self._readers[addressing] = self._new_reader(addressing)
        return self._readers[addressing]

    def _new_reader(self, addressing: Addressing) -> ReadBack | ReadValues:
        desk = self.desk
        if addressing.operation.proof is Proof.VALUES:
            return ReadValues(addressing, desk.ledger, desk.connection, desk.clock)
        return ReadBack(addressing, desk.ledger, desk.connection, desk.clock, self._began_after)

    def _unreachable(self, error: NetworkError) -> StopCause | None:
        """A cause to stop once LeadSquared could not be asked for long enough."""
        now = self.desk.clock.monotonic()
        self._failing_since = now if self._failing_since is None else self._failing_since
        if not error.is_final and now - self._failing_since < NETWORK_PATIENCE_SECONDS:
            return None
        return StopCause(ExitCode.STOPPED, error.message, "Then run the same command: it reads back what is in doubt.")


def addressing_of(run: RunRecord, ledger: Ledger) -> Addressing:
    """How a run's rows were addressed, by the mapping that was kept with it.

    Raises: LedgerError, UsageError — the kept copy of the mapping is gone or damaged.
    """
    copy: Path = ledger.copies.path(run.mapping_hash.split("+")[0])
    mapping = load_mapping(copy)
    operation = OPERATIONS[run.operation]
    options = RequestOptions(mapping.search_by, mapping.skip_dropdown_validation)
    return Addressing(
        operation,
        options,
        mapping.event or 0,
        operation.addressed_by(options),
        operation.lead_field(options),
        mapping.row_key_field,
    )
