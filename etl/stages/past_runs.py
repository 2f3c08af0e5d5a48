"""A past run as a person asks for it: whether somebody is at work on it, and the one command that carries it on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from etl.ledger.kept_words import GIVEN
from etl.places import place_of
from etl.reconciler.names import STANDARD_INPUT, ResultNames
from etl.records import NEEDS_A_PERSON, Outcome
from etl.settings.toml_file import ENVIRONMENT_ACCOUNT
from etl.stages.lock_names import lock_name_of_content
from etl.stages.submitted import submission_in

if TYPE_CHECKING:
    from pathlib import Path

    from etl.ledger.listing import ListedRun
    from etl.ledger.store import Ledger


class RunState(StrEnum):
    """What is true of a run now."""

    RUNNING = "running"  # a process is at work on it
    FINISHED = "finished"  # every row was tried; some may be unconfirmed or need a person
    STOPPED = "stopped"  # it ended early, said why, and may go on
    BROKEN_OFF = "broken off"  # its process is gone without a word; it may go on
    HANDED_OVER = "handed over"  # it went to another ledger, and goes on there alone
    ELSEWHERE = "of another ledger"  # of its rows those are known here that came along with a run that was handed over


@dataclass(frozen=True, slots=True)
class NextCommand:
    """What to type now. words: behind `etl`, not yet quoted for a shell. purpose: what it does, in a few words."""

    purpose: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PastRun:
    """A run with what follows from how it stands. next_command: None where nothing is left to do."""

    listed: ListedRun
    state: RunState
    next_command: NextCommand | None

    @property
    def in_order(self) -> dict[Outcome, int]:
        """The outcomes that occur, in their fixed order."""
        return {outcome: self.listed.counts[outcome] for outcome in Outcome if outcome in self.listed.counts}


def past_run(listed: ListedRun, ledger: Ledger) -> PastRun:
    """How a run stands at this moment."""
    state = _state(listed, ledger)
    return PastRun(listed, state, next_command(listed, state))


def _state(listed: ListedRun, ledger: Ledger) -> RunState:
    """A finished run is not asked about: the lock may be held for a later run of the same content."""
    way = ledger.listing.way_of(listed.run_id)
    if way is not None:
        return RunState.HANDED_OVER if way == GIVEN else RunState.ELSEWHERE
    if listed.state == "finished":
        return RunState.FINISHED
    if is_at_work(listed, ledger):
        return RunState.RUNNING
    return RunState.STOPPED if listed.stop_reason else RunState.BROKEN_OFF


def is_at_work(listed: ListedRun, ledger: Ledger) -> bool:
    """Whether a process holds the lock on what this run imports."""
    return ledger.is_locked(listed.account_id, lock_name_of_content(listed.scope_id, listed.sheet, listed.input_hash))


def next_command(listed: ListedRun, state: RunState) -> NextCommand | None:
    """The one command that continues a run, verifies it or sends its corrected rows."""
    if state is RunState.ELSEWHERE:
        return None
    if state is RunState.HANDED_OVER:
        return NextCommand(
            "take it back, if nobody has taken the package", ("handoff", "take-back", str(listed.run_id))
        )
    if state is RunState.RUNNING:
        return NextCommand("stop it", ("stop", str(listed.run_id)))
    if state is not RunState.FINISHED or listed.counts.get(Outcome.WAITING):
        return NextCommand("continue it", run_command(listed))
    if listed.counts.get(Outcome.UNCONFIRMED):
        return NextCommand("find out about the unconfirmed rows", ("verify", str(listed.run_id)))
    failed = place_of(listed.failed_path) if listed.failed_path else None
    if failed is not None and any(listed.counts.get(outcome) for outcome in NEEDS_A_PERSON):
        if submission_in(listed.input_path) is not None:
            purpose = f"write its results here, with {failed.name}: correct its rows and submit that"
            return NextCommand(purpose, ("results", str(listed.run_id)))
        return NextCommand(f"send the rows that you have corrected in {failed.name}", rows_command(listed, failed))
    return None


def rows_command(listed: ListedRun, file: Path) -> tuple[str, ...]:
    """The command that sends what was corrected in a results or failed file of a run."""
    return ("run", str(file), "-m", listed.mapping_path, *_account(listed))


def run_command(listed: ListedRun) -> tuple[str, ...]:
    """The command that began this run, as its words behind `etl`; of what was submitted, the one that does so again."""
    submission = submission_in(listed.input_path)
    if submission is not None:
        return ("submit", "--again", submission)
    again = ("--duplicate", str(listed.duplicate)) if listed.duplicate else ()
    return ("run", _input(listed), "-m", listed.mapping_path, *_account(listed), *again, *_results(listed))


def _input(listed: ListedRun) -> str:
    """The input as it was typed: what came in by standard input lies nowhere under its name."""
    path = place_of(listed.input_path)
    return "-" if path.name == STANDARD_INPUT and not path.exists() else listed.input_path


def _account(listed: ListedRun) -> tuple[str, ...]:
    """The account's name; that of the LSQ_* variables cannot be typed, and where there are several the first will do."""
    names = [name for name in listed.accounts if name != ENVIRONMENT_ACCOUNT]
    return ("-a", names[0]) if names and ENVIRONMENT_ACCOUNT not in listed.accounts else ()


def _results(listed: ListedRun) -> tuple[str, ...]:
    """`--results`, where the results lay in another folder than the input."""
    if listed.results_path is None:
        return ()
    is_workbook = listed.sheet is not None
    usual = ResultNames.for_input(place_of(listed.input_path), listed.run_id, False, is_workbook=is_workbook).latest
    lay = place_of(listed.results_path)
    return () if not lay.is_absolute() or lay.parent == usual.parent else ("--results", str(lay))
