"""`--pilot`: the first rows go out alone and are read back and shown, before the others may go.

A pilot is the beginning of its run and no run of its own. Who is not there to be asked, or says no, has a run that stopped
early by its own wish; the next command continues it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.delivery.decide import StopCause
from etl.delivery.driver import cause_of
from etl.errors import NetworkError, QuotaSpentError, RefusedError, StoppedError
from etl.events import PILOT_OVER, Note, PilotOver
from etl.exits import ExitCode
from etl.stages.first_rows import FirstRows
from etl.stages.verify import addressing_of

if TYPE_CHECKING:
    from etl.events import PilotRow
    from etl.ledger.runs import SentLine
    from etl.stages.rounds import Rounds
    from etl.stages.session import Pilot, Session


def go(rounds: Rounds, shown: str, session: Session) -> StopCause | None:
    """All rounds of a run, those of its first rows before all others where the command has a pilot.

    Returns: why the run stopped before its end, if it did.
    """
    pilot = session.pilot
    if pilot is None or pilot.is_over:
        return rounds.go()
    cause = _first(rounds, shown, session, pilot)
    return cause or (rounds.go() if pilot.is_over else None)


def _first(rounds: Rounds, shown: str, session: Session, pilot: Pilot) -> StopCause | None:
    """The first rows of a run, as far as the pilot has not had its number from runs before."""
    runs, run_id = session.ledger.runs, rounds.run.run_id
    before = session.ledger.doubts.newest_request()
    while True:
        last_row = runs.last_of_first_to_send(run_id, pilot.left) if pilot.left > 0 else 0
        cause = rounds.go(last_row)
        if cause is not None:
            return cause
        lines = runs.sent_since(run_id, before)
        others = runs.count_to_send(run_id)
        if lines or not others or pilot.left <= 0:
            break  # else rows have just turned out to be missing, and are the first now
    rows, cause = _read_back(rounds, shown, session, lines) if lines else ([], None)
    pilot.left -= len(lines)
    pilot.shown += rows
    if cause is not None:
        return cause
    if not others and not lines:
        return None
    over = PilotOver(shown, run_id, tuple(rows or pilot.shown), others)
    session.events(over)
    return _ask(over, session, pilot) if others else None


def _read_back(
    rounds: Rounds, shown: str, session: Session, lines: list[SentLine]
) -> tuple[list[PilotRow], StopCause | None]:
    first_rows = FirstRows(rounds.desk, rounds.run, addressing_of(rounds.run, session.ledger), shown)
    try:
        return first_rows.look(lines)
    except QuotaSpentError as error:
        return [], StopCause(ExitCode.STOPPED, error.reason, error.remedy, is_for_today=True)
    except StoppedError:
        return [], cause_of(session.stop)
    except (NetworkError, RefusedError) as error:
        session.events(Note(f"The first rows could not be read back: {error.message}"))
        return first_rows.as_known(lines), None


def _ask(over: PilotOver, session: Session, pilot: Pilot) -> StopCause | None:
    if session.options.go_on is not None and session.options.go_on(over):
        pilot.is_over = True
        return None
    if session.stop.reason is not None:
        return cause_of(session.stop)
    count = len(pilot.shown)
    rows = "1 row has gone out" if count == 1 else f"{count:,} rows have gone out"
    remedy = (
        "Look at these rows in LeadSquared, and at what they have set off there. Then run the command below: it sends the "
        "others."
    )
    return StopCause(ExitCode.STOPPED, f"{PILOT_OVER}: {rows}", remedy)
