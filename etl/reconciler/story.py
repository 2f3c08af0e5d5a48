"""The story of one run, in order: begun, first request, told to slow down, stopped, continued, verified, results written.

Made of the steps that were noted and of the requests that went out. Of a run from before steps were noted it tells what
can be told without them, and does not say by whom.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from etl.ledger.steps import Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from etl.ledger.listing import Decision, ListedRun, SentAt
    from etl.ledger.steps import StepTaken

QUIET_SECONDS = 600.0
"""So long without a request is told as a pause, where no step says what it was."""

_BEGINNINGS = ("Begun", "Continued")
_ENDS = {Step.STOPPED, Step.FINISHED}


@dataclass(frozen=True, slots=True)
class Told:
    """One sentence of a story. at: seconds since 1970. by: who did it, where that was noted."""

    at: float
    what: str
    by: str | None = None


def story(
    run: ListedRun, steps: Sequence[StepTaken], sent: Sequence[SentAt], decisions: Sequence[Decision]
) -> tuple[Told, ...]:
    """What happened, the earliest first.

    Args:    steps: of the run and of those that revise for it. sent: the requests of these alone, in the order of time.
    """
    own = list(_steps(run, steps))
    begun = [one for one in own if one.what.startswith(_BEGINNINGS)]
    # At one and the same moment a beginning stands before what was sent, and an end behind it.
    told = [*begun, *_requests(sent, steps), *(one for one in own if one not in begun), *_decisions(decisions)]
    return tuple(sorted(told, key=lambda one: one.at))


def _steps(run: ListedRun, steps: Sequence[StepTaken]) -> Iterator[Told]:
    own = [step for step in steps if step.run_id == run.run_id]
    if not own or own[0].step is not Step.BEGUN:
        yield Told(run.started_at, _begun(run))
        if run.ended_at is not None and not any(step.step in _ENDS for step in own):
            yield Told(run.ended_at, _ended(run.stop_reason))
    for step in _without_repeats(steps):
        if step.run_id == run.run_id:
            yield Told(step.at, _step(step, run), str(step.by))
        elif step.step is Step.BEGUN:
            yield Told(
                step.at, f"Run {step.run_id} begun: known rows with other values go to their activities", str(step.by)
            )


def _without_repeats(steps: Sequence[StepTaken]) -> Iterator[StepTaken]:
    """The same results written several times on end are told once, the last time."""
    for _, same in groupby(
        steps, key=lambda one: (one.step, one.run_id, one.by) if one.step is Step.RESULTS else id(one)
    ):
        yield list(same)[-1]


def _step(step: StepTaken, run: ListedRun) -> str:
    match step.step:
        case Step.BEGUN:
            return _begun(run)
        case Step.CONTINUED:
            return "Continued"
        case Step.STOP_ASKED:
            return "Asked to stop, from another terminal"
        case Step.STOPPED | Step.FINISHED:
            return _ended(step.detail)
        case Step.RESULTS:
            return f"Results written: {step.detail}" if step.detail else "Results could not be written"
        case Step.UNDONE:
            return f"Undone: {step.detail}" if step.detail else "Undone"
        case Step.HANDED_OVER:
            return f"Handed over to another ledger: {step.detail}"
        case Step.TAKEN:
            return f"Taken over from another ledger: {step.detail}"
        case Step.CAME_BACK:
            return f"Came back: {step.detail}"
        case Step.VERIFIED:
            return f"Verified by reading back: {step.detail}"


def _begun(run: ListedRun) -> str:
    rows = "1 data row" if run.data_rows == 1 else f"{run.data_rows:,} data rows"
    return f"Begun with {rows}, by etl {run.etl_version}"


def _ended(stop_reason: str | None) -> str:
    return "Finished: every row was tried" if stop_reason is None else f"Stopped: {stop_reason}"


def _requests(sent: Sequence[SentAt], steps: Sequence[StepTaken]) -> Iterator[Told]:
    """First and last request, what was refused for its rate, and pauses; sitting by sitting."""
    for place, sitting in enumerate(
        sittings(sent, [step.at for step in steps if step.step in {Step.BEGUN, Step.CONTINUED}])
    ):
        carrying = [one for one in sitting if one.rows]
        if not carrying:
            continue
        yield Told(carrying[0].at, "First request sent" if place == 0 else "First request sent after the pause")
        refused = [one for one in sitting if one.is_refused]
        if refused:
            times = "once" if len(refused) == 1 else f"{len(refused):,} times"
            yield Told(refused[0].at, f"LeadSquared refused a request for its rate, {times} in all: etl slowed down")
        rows = sum(one.rows for one in carrying if not one.is_refused)
        if len(carrying) > 1:
            yield Told(
                carrying[-1].at, f"Last request sent: {rows:,} rows in {len(carrying):,} requests since the first"
            )


def sittings(sent: Sequence[SentAt], beginnings: Sequence[float]) -> Iterator[list[SentAt]]:
    """Requests by the times at which somebody was at work: a new beginning lies between, or a long pause."""
    sitting: list[SentAt] = []
    for one in sent:
        if sitting and (
            one.at - sitting[-1].at > QUIET_SECONDS or any(sitting[-1].at < moment <= one.at for moment in beginnings)
        ):
            yield sitting
            sitting = []
        sitting.append(one)
    if sitting:
        yield sitting


def _decisions(decisions: Sequence[Decision]) -> Iterator[Told]:
    for made in decisions:
        if made.decision in {"stored", "absent"}:
            rows = "1 row in doubt counts" if made.rows == 1 else f"{made.rows:,} rows in doubt count"
            what = f"A person decided that {rows} as {made.decision} (etl verify --assume)"
        elif made.decision == "pruned":
            what = "Request bodies, reasons and kept copies pruned from the ledger (etl ledger prune)"
        else:
            what = f"Decided: {made.decision}, {made.rows:,} rows"
        yield Told(made.decided_at, what)
