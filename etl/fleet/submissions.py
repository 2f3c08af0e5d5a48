"""What was submitted and how it stands: read from the queue, and stopped or put into it once more."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from etl.errors import UsageError
from etl.fleet import queries
from etl.fleet.order import Order, shown_number
from etl.fleet.place import ask, do, is_installed, opened, refuse_without_database, refuse_without_engine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from psycopg.rows import DictRow

    from etl.settings import Settings

TASK = "etl.import"
"""As the engine knows what is submitted; `engine.IMPORT` without loading the engine."""

MOST = 10_000

QUEUE_LOCK = 7_310_579_281_403_623
"""Of the advisory lock under which is looked whether an order is in the queue already, and whether the ledger stays, and then it
is put there; any number that nobody else uses."""

_PATIENCE = "SET lock_timeout = '30s'"


class State(StrEnum):
    """What is true of a submission now."""

    WAITING = "waiting"  # for a free place of a worker that serves its account
    LATER = "later"  # not before a moment: a quota, a window, a try that came to nothing
    PAUSED = "paused"  # its account is
    RUNNING = "running"  # a worker has it
    STOPPING = "stopping"  # a worker has it and was asked to stop it
    ENDED = "ended"  # its exit code says how
    STOPPED = "stopped"  # somebody wanted that; etl submit --again puts it back


@dataclass(frozen=True, slots=True)
class Submission:
    """One order in the queue, or out of it. Moments are seconds since 1970.

    not_before: of one that has to wait. machine, pid: of the worker that has it. runs: that it has begun so far. said: how its
    last turn ended, at said_at. paused_for: why its account is paused, and by whom.
    """

    number: int
    order: Order
    state: State
    submitted_at: float | None
    not_before: float | None = None
    machine: str | None = None
    pid: int | None = None
    runs: tuple[int, ...] = ()
    exit_code: int | None = None
    said: str | None = None
    said_at: float | None = None
    paused_for: str | None = None

    @property
    def shown(self) -> str:
        """`s17 (visits.xlsx)`."""
        return f"{shown_number(self.number)} ({self.order.input.name})"


def listed(settings: Settings, *, only_open: bool = False, most: int = MOST) -> list[Submission]:
    """Submissions, the newest first. only_open: those that are not over.  Raises: UsageError, LedgerError."""
    return _found(settings, queries.OPEN if only_open else queries.EVERY, most=most)


def open_for_certain(settings: Settings, most: int = MOST) -> list[Submission]:
    """Those that are not over, and who is putting one into the queue at this moment is waited for: afterwards such a one sees
    what was noted before this was asked.  Raises: UsageError, LedgerError.
    """
    refuse_without_database(settings)
    with opened(settings) as connection:
        do(connection, _PATIENCE)
        with connection.transaction():
            do(connection, "SELECT pg_advisory_xact_lock(%(lock)s)", {"lock": QUEUE_LOCK})
    return listed(settings, only_open=True, most=most)


def submission(settings: Settings, number: int) -> Submission:
    """One by its number.  Raises: UsageError — there is none. LedgerError — the database cannot be reached."""
    found = _found(settings, queries.ONE, submission=number)
    if not found:
        latest = ", ".join(one.shown for one in listed(settings, most=5)) or "none yet"
        raise UsageError(
            f"There is no submission {shown_number(number)} in {settings.ledger_shown}. The latest: {latest}. "
            "etl runs --all lists them."
        )
    return found[0]


def submission_of_run(settings: Settings, run: int) -> Submission | None:
    """The newest submission that has begun or continued a run; None where none has."""
    found = _found(settings, queries.OF_RUN, run=run)
    return found[0] if found else None


def run_of(settings: Settings, number: int) -> int:
    """The one run of a submission; of several of one sheet, each compared anew with what went out meanwhile, the newest.

    Raises: UsageError — it has begun none yet, or some for each of several sheets.
    """
    one = submission(settings, number)
    if len(one.runs) == 1:
        return one.runs[0]
    if not one.runs:
        raise UsageError(
            f"{one.shown} has begun no run yet: it is {one.state}{_because(one)}. etl runs --all shows how it stands."
        )
    newest = _newest_of_each_sheet(settings, one.runs)
    if len(newest) == 1:
        return newest[0]
    runs = ", ".join(map(str, newest))
    raise UsageError(f"{one.shown} has several runs, one for each sheet: {runs}. Name one of them.")


def _newest_of_each_sheet(settings: Settings, runs: Sequence[int]) -> list[int]:
    from etl.care import opened as opened_ledger  # noqa: PLC0415 — loads what talks to the ledger's own tables

    with opened_ledger(settings, None) as ledger:
        found = [(run, ledger.runs.get(run)) for run in sorted(runs)]
    return sorted({(record.sheet if record is not None else None): run for run, record in found}.values())


def stop(settings: Settings, number: int) -> Submission:
    """Take a submission out of the queue, or ask the worker that has it to stop it. Returns: how it stood before.

    Raises: UsageError — there is none, or it is over. LedgerError — the database cannot be reached.
    """
    refuse_without_engine(settings)
    from etl.fleet.engine import app_for_a_moment  # noqa: PLC0415 — loads the engine

    one = submission(settings, number)
    if one.state in {State.ENDED, State.STOPPED}:
        raise UsageError(f"{one.shown} is over already{_because(one)}. etl runs --all shows how.")
    with app_for_a_moment(settings).open() as app:
        app.job_manager.cancel_job_by_id(number, abort=True)
    return one


def _because(one: Submission) -> str:
    return f" ({one.said.rstrip('.')})" if one.said else ""


def _found(settings: Settings, which: str, most: int = MOST, **values: int) -> list[Submission]:
    refuse_without_database(settings)
    with opened(settings) as connection:
        if not is_installed(connection):
            return []
        rows = ask(connection, queries.SUBMISSIONS.replace("{which}", which), {"task": TASK, "most": most, **values})
    return [_submission(row) for row in rows]


def _submission(row: DictRow) -> Submission:
    state = _state(row)
    return Submission(
        number=row["submission"],
        order=_order(row["args"]),
        state=state,
        submitted_at=row["submitted_at"],
        not_before=row["not_before"] if state is State.LATER else None,
        machine=row["machine"] if state in {State.RUNNING, State.STOPPING} else None,
        pid=row["pid"] if state in {State.RUNNING, State.STOPPING} else None,
        runs=tuple(row["runs"] or ()),
        exit_code=row["exit_code"] if state is State.ENDED else None,
        said=row["said"],
        said_at=row["said_at"],
        paused_for=f"{row['paused_for']} ({row['paused_by']})" if state is State.PAUSED else None,
    )


def _order(args: dict[str, Any]) -> Order:
    return Order.of_data(args)


def _state(row: DictRow) -> State:
    match row["status"]:
        case "doing":
            return State.STOPPING if row["abort_requested"] else State.RUNNING
        case "todo" if row["paused_for"] is not None:
            return State.PAUSED
        case "todo":
            is_later = row["not_before"] is not None and row["not_before"] > row["now"]
            return State.LATER if is_later else State.WAITING
        case "succeeded":
            return State.ENDED
        case _:
            return State.STOPPED


def accounts_known(settings: Settings) -> tuple[Sequence[str], Sequence[str]]:
    """Accounts that the fleet has heard of, and those of them that a worker serves now."""
    with opened(settings) as connection:
        known = [row["account"] for row in ask(connection, queries.ACCOUNTS, {"task": TASK})]
        served = [row["account"] for row in ask(connection, queries.SERVED)]
    return known, served
