"""What happened to a run, step by step, and who did it: the system's user, the machine, and on whose behalf they say.

The steps tell a run's story to people. Nothing is decided by them: a ledger of an older etl has none for its older runs.
"""

from __future__ import annotations

import platform
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

    from etl.ledger.database import Database


_STEPS = """
SELECT run_id, step, at, os_user, machine, on_behalf_of, detail FROM run_steps WHERE run_id IN :row_ids ORDER BY step_id"""


class Step(StrEnum):
    """What happened to a run."""

    BEGUN = "begun"  # its rows were compared with what is known and noted; nothing of it has been sent yet
    CONTINUED = "continued"  # the same command was run again, and it had something left to do
    STOP_ASKED = "stop asked"  # by `etl stop`, from another terminal
    STOPPED = "stopped"  # it ended early; the detail says why
    FINISHED = "finished"  # every row was tried
    RESULTS = "results written"  # the detail says where
    UNDONE = "undone"  # rows of it were taken back by `etl undo`; the detail says how many and how
    HANDED_OVER = "handed over"  # to another ledger (ledger/handover.py); the detail names the package
    TAKEN = "taken over"  # from another ledger; the detail names the package
    CAME_BACK = "came back"  # from where it was handed over to, or by a person's word; the detail says which
    VERIFIED = "verified"  # read back by `etl verify`; the detail says what came out


@dataclass(frozen=True, slots=True)
class Actor:
    """Who did something. user: of the operating system. on_behalf_of: as the person typed it, None where nobody did."""

    user: str
    machine: str
    on_behalf_of: str | None = None

    def __str__(self) -> str:
        return f"{self.user} on {self.machine}" + (f", on behalf of {self.on_behalf_of}" if self.on_behalf_of else "")


@dataclass(frozen=True, slots=True)
class StepTaken:
    """One step. at: seconds since 1970. detail: a reason, a path or counts in words; nothing of a cell."""

    run_id: int
    step: Step
    at: float
    by: Actor
    detail: str | None = None


@cache
def this_actor() -> tuple[str, str]:
    """The system's user, as the system and not a variable tells it, and the name of this machine."""
    import psutil  # noqa: PLC0415 — takes a tenth of a second to load

    try:
        user = psutil.Process().username()
    except (psutil.Error, KeyError, OSError):  # a container may have no name for its user
        user = "unknown"
    return user, platform.node() or "unknown"


def note_step(
    connection: Connection,
    run_id: int,
    step: Step,
    at: float,
    on_behalf_of: str | None = None,
    detail: str | None = None,
) -> None:
    """Note a step within the transaction that is it."""
    from etl.ledger.schema import RUN_STEPS  # noqa: PLC0415 — not for whoever only reads what happened

    user, machine = this_actor()
    values = {"run_id": run_id, "step": step.value, "at": at, "os_user": user, "machine": machine}
    connection.execute(RUN_STEPS.insert().values(on_behalf_of=on_behalf_of, detail=detail, **values))


class Steps:
    """The steps of runs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note(self, run_id: int, step: Step, on_behalf_of: str | None = None, detail: str | None = None) -> None:
        """Note a step that is no transaction of its own."""
        with self._database.writing(run_id=run_id) as connection:
            note_step(connection, run_id, step, self._database.clock.now().timestamp(), on_behalf_of, detail)

    def of(self, run_ids: Sequence[int]) -> list[StepTaken]:
        """The steps of these runs, in the order in which they were noted."""
        found = self._database.ask(_STEPS, {"row_ids": run_ids})
        return [StepTaken(row[0], Step(row[1]), row[2], Actor(row[3], row[4], row[5]), row[6]) for row in found]
