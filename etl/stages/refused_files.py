"""Files of a check that no import could read: each is told of in its place, and the others are checked all the same."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from etl.errors import SourceError, UsageError
from etl.events import Found, InputFinished, InputSummary
from etl.exits import code_of_error
from etl.reconciler.counts import Equation

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from etl.errors import EtlError
    from etl.events import Event
    from etl.stages.prepare import PreparedInput

OF_ONE_FILE = (SourceError, UsageError)
"""What is wrong with a file, or with the mapping for it; all else is wrong with everything."""


class RefusedFiles:
    """Takes them in, by their number among the inputs of the command."""

    def __init__(self, events: Callable[[Event], None]) -> None:
        self._events = events
        self._refused: dict[int, InputSummary] = {}

    def take(self, number: int, shown: str, error: EtlError) -> None:
        """Tell of one. shown: as messages name it."""
        self._events(Found(shown, error.findings))
        untold = tuple(one for one in error.findings if one.problem.error not in error.message)
        code = code_of_error(error)
        summary = InputSummary(
            input=shown,
            run=None,
            equation=Equation(0, {}),
            exit_code=int(code),
            results=None,
            failed=None,
            findings=untold,
            finding_counts=Counter(one.code for one in untold),
            stop_reason=error.message,
            next_step="Mend it, or leave it out: as long as it is among them, an import sends nothing of the other files either.",
        )
        self._refused[number] = summary
        self._events(InputFinished(summary))

    def among(self, prepared: Sequence[PreparedInput], summaries: Sequence[InputSummary]) -> list[InputSummary]:
        """The summaries of those that were read, with these in their places."""
        read = {one.number: summary for one, summary in zip(prepared, summaries, strict=True)}
        return [summary for _, summary in sorted((self._refused | read).items())]
