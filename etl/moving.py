"""A ledger that moves into another database, mostly from a file into one that several machines share.

It is there afterwards as a whole, or everything is as it was. The old one stays where it is, to be read, and sends nothing any
more: two ledgers of the same past would each send what the other one has not sent yet.

    1  the old one is noted to be moving     from here on no input of it can be locked or held, so nobody sends
    2  somebody imports still?               then it is noted to stay, and that is all; the same where something waits in its
                                             queue that would stay behind: who hands something in looks whether it is noted
    3  all is copied, in one commit          compared on both sides by counts and digests before it
    4  the old one is noted to have moved    a move that was killed between these two is ended by the same command

It is noted to stay only where it is certain that the third has not come about. Where that commit was not answered and the new
one cannot be asked, neither sends until the same command was given again.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.clock import Clock, SystemClock
from etl.errors import LedgerError, UsageError
from etl.ledger.store import Ledger, sqlite_path

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from etl.ledger.transfer import TableMoved


@dataclass(frozen=True, slots=True)
class Moved:
    """What went along. copies: kept inputs and mappings. lost: of how many of them the old ledger had no content any more."""

    source: str
    target: str
    tables: tuple[TableMoved, ...]
    copies: int
    lost: int

    def rows(self, table: str) -> int:
        """How many rows of a table went along."""
        return sum(one.rows for one in self.tables if one.name == table)


def move(
    source: tuple[str, Path],
    target: tuple[str, Path],
    clock: Clock | None = None,
    tell: Callable[[str], None] = lambda _text: None,
    refuse: Callable[[], None] = lambda: None,
) -> Moved:
    """Move the ledger at one place to another. source, target: URL and folder of kept copies, as settings make them of a name.
    refuse: raises what it has against it; asked once more when nobody can begin anything here: what it raises then ends the move.

    Raises: UsageError — they are one, there is no ledger at the first, or something at the second. BusyError — somebody
            imports. LedgerError — one of them cannot be used; the ledger is where it was.
    """
    now = clock or SystemClock()
    path = sqlite_path(source[0])
    if path is not None and not path.exists():
        raise UsageError(
            f"There is no ledger {path}: nothing was moved. Name the file of the one that is to move first."
        )
    if source[0] == target[0]:
        raise UsageError(
            "Both names are those of one ledger. Name the one that is to move first, then where it is to go."
        )
    refuse()
    with ExitStack() as stack:
        old = stack.enter_context(Ledger(*source, now))
        new = stack.enter_context(Ledger(*target, now))
        return _moved(old, new, tell, refuse)


def _moved(old: Ledger, new: Ledger, tell: Callable[[str], None], refuse: Callable[[], None]) -> Moved:
    departure, arrival = old.moving, new.moving
    gone = departure.moved_to()
    if gone is not None:
        raise UsageError(f"The ledger {old.shown} moved to {gone} before. Nothing was moved.")
    identity = departure.identity()
    heading = departure.moving_to()
    if arrival.came_from() == identity and heading == new.shown:  # killed right before the end
        departure.end(new.shown)
        return Moved(old.shown, new.shown, tuple(arrival.counted()), 0, 0)
    if heading is not None and heading != new.shown:
        raise UsageError(
            f"The ledger {old.shown} is on its way to {heading}, and only there it can be seen whether it has arrived. Nothing "
            "was moved. Give the command with that name once more: it ends that move, or begins it anew."
        )
    if departure.is_empty():
        raise UsageError(
            f"The ledger {old.shown} holds no imports, so there is nothing to move. Nothing was changed. The one that moves is "
            "named first; to begin with an empty one, set ETL_LEDGER, or `ledger` in the settings file, to where it is to be."
        )
    if not arrival.is_empty() and (went := arrival.moved_to()) is not None:
        raise UsageError(
            f"The ledger {new.shown} moved to {went} before, and stays as it was then. Nothing was moved. To come back, name a "
            "new file, or a database that holds no imports."
        )
    if not arrival.is_empty():
        raise UsageError(
            f"The ledger {new.shown} holds imports of its own, and two ledgers cannot be made one. Nothing was moved. Name a "
            "database that holds none."
        )
    departure.begin(new.shown)
    try:
        refuse()
        tell(f"Copying {old.shown}")
        tables, copies, lost = arrival.take_in(departure)
    except BaseException as error:
        if not _has_arrived(old, new, identity, error):
            departure.stay()
        raise
    try:
        departure.end(new.shown)
    except LedgerError as error:
        raise LedgerError(
            f"{error.message} Everything has arrived in {new.shown}: run the same command again to end it."
        ) from error
    return Moved(old.shown, new.shown, tables, copies, lost)


def _has_arrived(old: Ledger, new: Ledger, identity: str, error: BaseException) -> bool:
    """Whether all has come about although it ended with an error: then the same command ends it.

    Raises: LedgerError — nobody can tell, and neither of the two may send.
    """
    try:
        return new.moving.has_taken_in(identity)
    except LedgerError as unreachable:
        raise LedgerError(
            f"{unreachable.message} Whether {old.shown} has arrived there cannot be told before that: until then nothing is sent "
            "from here either. The same command goes on then, or begins anew."
        ) from error
