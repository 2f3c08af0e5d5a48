"""Send, read back, send what is proved to be missing, read back: until every row has its end, or no round helps."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.delivery.decide import StopCause
from etl.events import Note
from etl.exits import ExitCode
from etl.records import Outcome
from etl.stages.deliver import deliver, pace_of
from etl.stages.refused_in_a_row import RefusedInARow
from etl.stages.verify import Desk, Verifier

if TYPE_CHECKING:
    from contextlib import ExitStack

    from etl.stages.look import Probe
    from etl.stages.prepare import PreparedInput
    from etl.stages.session import Session

MOST_FRUITLESS_ROUNDS = 12
"""So many rounds in a row may settle no row at all, before the rest is left to another day."""

MOST_SICK_IN_A_ROW = 4
PAUSES_WHEN_SICK = (5.0, 15.0, 45.0, 90.0)
"""Seconds between breaking off because requests told nothing, and the next careful one."""

MOST_PROBES_IN_A_ROW = 3


class Rounds:
    """The rounds of one run, which is as it was when they began."""

    def __init__(self, prepared: PreparedInput, run_id: int, session: Session, locks: ExitStack) -> None:
        run = session.ledger.runs.get(run_id)
        if run is None:
            raise LookupError(f"run {run_id} is not in the ledger")
        connection = session.connection.to_read_back
        self.desk = Desk(session.ledger, connection, session.clock, session.events, session.stop, locks)
        self.run = run
        self._verifier = Verifier(self.desk, run, prepared.shown)
        self._pace = pace_of(prepared, session)
        guards = prepared.mapping.mapping.stop_when
        self._refused = RefusedInARow(session, run_id, guards.refused_in_a_row if guards else None)
        self._prepared = prepared
        self._run_id = run_id
        self._session = session
        self._sick = 0
        self._probes = 0
        self._probed_leads: set[str] = set()
        self._in_doubt = 0
        self._left = run.data_rows + 1
        self._fruitless = 0

    def go(self, last_row: int | None = None) -> StopCause | None:
        """All rounds. last_row: rows below that one are left for later.

        Returns: why the run stopped before its end, if it did.
        """
        self._pace = pace_of(self._prepared, self._session)  # anew behind a pilot, whose question may have waited long
        cause = self.look_back()
        while self._is_worth_it():
            if cause is not None:
                return cause
            delivered = deliver(
                self._prepared,
                self._run_id,
                self._session,
                self._pace,
                is_careful=self._sick > 0,
                last_row=last_row,
                refused=self._refused,
            )
            if delivered.cause is not None:
                if delivered.cause.is_for_today:
                    self._verifier.settle()  # from what is kept of the day's quota for that
                return self._refused.in_words(delivered.cause)
            if delivered.is_sick:
                cause = self._nurse()
                continue
            self._sick = 0
            settled = self._verifier.settle()
            if settled.cause is not None:
                return self._refused.in_words(settled.cause)
            if settled.in_doubt < self._in_doubt:
                self._probes = 0
            self._in_doubt = settled.in_doubt
            if not self._has_rows_to_send(last_row) and not self._send_probe(settled.probes):
                break
        return self._left_over() if last_row is None else None

    def _is_worth_it(self) -> bool:
        """Whether rounds still settle rows: each that does lets the counting of fruitless ones begin anew."""
        counts = self._session.ledger.runs.counts(self._run_id)
        left = counts.get(Outcome.WAITING, 0) + counts.get(Outcome.UNCONFIRMED, 0)
        self._fruitless = 0 if left < self._left else self._fruitless + 1
        self._left = min(left, self._left)
        return self._fruitless < MOST_FRUITLESS_ROUNDS

    @property
    def other_runs(self) -> frozenset[int]:
        """The other runs whose rows were read back on the way."""
        return self._verifier.other_runs

    def look_back(self) -> StopCause | None:
        """What became of rows that an earlier process left in doubt, as far as it can be seen at once."""
        if not self._session.ledger.runs.has_doubts(self._run_id):
            return None
        look = self._verifier.look()
        if isinstance(look, StopCause):
            return look
        if look.found or look.absent or look.refused:
            self._session.events(Note(self._told(look.found, look.absent + look.refused)))
        return None

    def _nurse(self) -> StopCause | None:
        """LeadSquared told nothing several times: see what arrived, wait if nothing did, and let the next one go alone."""
        look = self._verifier.look()
        if isinstance(look, StopCause):
            return look
        if look.found:
            self._sick = 1  # it does its work and only tells nothing of it: careful, but no reason to give up
            return None
        pause = PAUSES_WHEN_SICK[min(self._sick, len(PAUSES_WHEN_SICK) - 1)]
        self._sick += 1
        if self._sick > MOST_SICK_IN_A_ROW:
            reason = "LeadSquared is not well: request after request told nothing about its rows"
            return StopCause(ExitCode.STOPPED, reason, "Run the same command when it is well: it continues.")
        self._session.events(
            Note(f"Requests come back without telling anything; {pause:g} s pause, then one at a time.")
        )
        return self._verifier.wait(pause)

    def _send_probe(self, missing: tuple[Probe, ...]) -> bool:
        """Let one missing row go alone, so that there is a later activity to see. Returns: whether there is one to go.

        Each time for another lead, if there is one: a probe that LeadSquared does not take shows nothing.
        """
        self._probes += 1
        if not missing or self._probes > MOST_PROBES_IN_A_ROW:
            return False
        probe = min(missing, key=lambda one: (one.lead in self._probed_leads, one))
        self._probed_leads.add(probe.lead)
        self._session.ledger.requests.let_go_as_probe(probe.row_id)
        return True

    def _has_rows_to_send(self, last_row: int | None = None) -> bool:
        return self._session.ledger.runs.count_to_send(self._run_id, last_row) > 0

    def _left_over(self) -> StopCause | None:
        """Rounds are bounded: what waits still is left for the next run."""
        waiting = self._session.ledger.runs.counts(self._run_id).get(Outcome.WAITING, 0)
        if not waiting or waiting == self._session.ledger.revisions.count_waiting_lines(self._run_id):
            return None
        held = self._session.ledger.found_leads.count_held(self._run_id)
        if held and not self._has_rows_to_send():
            rows = "1 row waits for its lead" if held == 1 else f"{held} rows wait for their leads"
            reason = f"{rows}, which LeadSquared does not have yet"
            remedy = "Run the same command when the leads are there: it looks again."
            return StopCause(ExitCode.STOPPED, reason, remedy, is_of_input=True)
        held_back = self._session.ledger.runs.count_held_back(self._run_id)
        if held_back and not self._has_rows_to_send():
            rows = "1 row waits" if held_back == 1 else f"{held_back} rows wait"
            reason = (
                f"{rows} for other rows of the same activity or lead, of which it is not known whether they arrived"
            )
            remedy = "Run the same command: it reads back once more and continues."
            return StopCause(ExitCode.STOPPED, reason, remedy, is_of_input=True)
        reason = "rows had to be sent again too often in this run"
        return StopCause(ExitCode.STOPPED, reason, "Run the same command: it continues.", is_of_input=True)

    def _told(self, found: int, missing: int) -> str:
        return f"Read back: {found} rows are in LeadSquared, {missing} are not."
