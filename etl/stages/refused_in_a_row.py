"""`stop_when: {refused_in_a_row: 50}`: so many rows refused one after the other mean that something is wrong with all of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from etl.delivery.decide import StopCause
from etl.delivery.verdict import Refused
from etl.exits import ExitCode
from etl.records import STORED, Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.delivery.driver import Observer
    from etl.delivery.outcomes import RowEnd
    from etl.delivery.verdict import Verdict
    from etl.stages.session import Session


@dataclass
class RefusedInARow:
    """Counts rows that LeadSquared refuses, by themselves or with their whole request, until it takes one.

    Once there are `most` of them no further request of the run goes out; what is in flight is finished.
    """

    session: Session
    run_id: int
    most: int | None
    count: int = 0
    is_reached: bool = False

    def take_in(self, verdict: Verdict, ends: Sequence[RowEnd]) -> None:
        """The ends of one request's rows, in their order."""
        if self.most is None:
            return
        for end in ends:
            if end.outcome is Outcome.REFUSED or (isinstance(verdict, Refused) and end.outcome is Outcome.UNCONFIRMED):
                self.count += 1
            elif end.outcome in STORED:
                self.count = 0
            if self.count >= self.most and not self.is_reached:
                self.is_reached = True
                self.session.ledger.runs.ask_to_stop(self.run_id)

    def in_words(self, cause: StopCause | None) -> StopCause | None:
        """The cause of a stop, as this has brought it about."""
        if cause is None or not self.is_reached:
            return cause
        reason = (
            f"{self.count:,} rows were refused one after the other, and the mapping says stop_when: "
            f"{{refused_in_a_row: {self.most}}}"
        )
        remedy = (
            "See in the results what LeadSquared says of them. When that is mended, there or in the mapping, run the same "
            "command: it continues with the rows that wait."
        )
        return replace(cause, exit_code=ExitCode.STOPPED, reason=reason, remedy=remedy)


@dataclass
class Watched:
    """Hands on to the observer of a delivery, and counts."""

    observer: Observer
    refused: RefusedInARow

    def sent(self, request_id: int, rows: int) -> None:
        self.observer.sent(request_id, rows)

    def settled(self, request_id: int, verdict: Verdict, ends: Sequence[RowEnd], in_flight: int) -> None:
        self.refused.take_in(verdict, ends)
        self.observer.settled(request_id, verdict, ends, in_flight)
