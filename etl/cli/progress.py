"""How far a run is: a bar on a terminal (bars.py), a plain line now and then elsewhere, nothing when asked to be quiet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from etl.cli.wording import (
    auditing_figures,
    counted,
    fetching_figures,
    finding_figures,
    progress_figures,
    reading_back_figures,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from etl.clock import Clock
    from etl.events import Auditing, Fetching, FindingLeads, Progress, Reading, ReadingBack

PLAIN_LINE_SECONDS = 10.0


class Display(Protocol):
    """Where lines and progress appear."""

    def line(self, text: str) -> None:
        """Show a line that stays."""
        ...

    def reading(self, event: Reading) -> None:
        """Show how many rows have been read."""
        ...

    def progress(self, event: Progress) -> None:
        """Show how many rows have been sent."""
        ...

    def reading_back(self, event: ReadingBack) -> None:
        """Show how many rows are in doubt, and how long until the next look."""
        ...

    def auditing(self, event: Auditing) -> None:
        """Show how many created rows have been compared with what LeadSquared holds."""
        ...

    def fetching(self, event: Fetching) -> None:
        """Show how much has been fetched."""
        ...

    def finding_leads(self, event: FindingLeads) -> None:
        """Show how many leads have been looked up."""
        ...

    def finished(self, name: str) -> None:
        """Take away what does not stay of one input, which is done."""
        ...

    def close(self) -> None:
        """Take away what does not stay. Safe to call twice."""
        ...


class NoDisplay:
    """Shows nothing: `--quiet`."""

    def line(self, text: str) -> None:
        pass

    def reading(self, event: Reading) -> None:
        pass

    def progress(self, event: Progress) -> None:
        pass

    def reading_back(self, event: ReadingBack) -> None:
        pass

    def auditing(self, event: Auditing) -> None:
        pass

    def finding_leads(self, event: FindingLeads) -> None:
        pass

    def fetching(self, event: Fetching) -> None:
        pass

    def finished(self, name: str) -> None:
        pass

    def close(self) -> None:
        pass


class PlainDisplay:
    """Lines for a log or a pipe; at most one about an input's progress in ten seconds, and none before those have passed."""

    def __init__(self, write: Callable[[str], None], clock: Clock) -> None:
        self._write = write
        self._clock = clock
        self._began = clock.monotonic()
        self._last: dict[str, float] = {}

    def line(self, text: str) -> None:
        self._write(text)

    def reading(self, event: Reading) -> None:
        self._now_and_then(event.input, f"{counted(event.rows, 'row')} read")

    def progress(self, event: Progress) -> None:
        self._now_and_then(event.input, progress_figures(event))

    def reading_back(self, event: ReadingBack) -> None:
        self._now_and_then(event.input, reading_back_figures(event))

    def auditing(self, event: Auditing) -> None:
        self._now_and_then(event.input, auditing_figures(event))

    def finding_leads(self, event: FindingLeads) -> None:
        self._now_and_then(event.input, finding_figures(event))

    def fetching(self, event: Fetching) -> None:
        self._now_and_then(event.output, fetching_figures(event))

    def finished(self, name: str) -> None:
        pass

    def close(self) -> None:
        pass

    def _now_and_then(self, name: str, figures: str) -> None:
        now = self._clock.monotonic()
        if now - self._last.get(name, self._began) >= PLAIN_LINE_SECONDS:
            self._last[name] = now
            self._write(f"{name}: {figures}")
