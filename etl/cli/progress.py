"""How far a run is: a bar on a terminal, a plain line now and then elsewhere, nothing when asked to be quiet."""

from __future__ import annotations

from enum import Enum, auto
from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bars
from rich.table import Column
from rich.text import Text

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
    from typing import TextIO

    from rich.progress import Task
    from rich.progress_bar import ProgressBar

    from etl.clock import Clock
    from etl.events import Auditing, Fetching, FindingLeads, Progress, Reading, ReadingBack

PLAIN_LINE_SECONDS = 10.0
_REDRAW_SECONDS = 0.1


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

    def close(self) -> None:
        pass


class PlainDisplay:
    """Lines for a log or a pipe; at most one about progress in ten seconds, and none before those have passed."""

    def __init__(self, write: Callable[[str], None], clock: Clock) -> None:
        self._write = write
        self._clock = clock
        self._last = clock.monotonic()

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

    def close(self) -> None:
        pass

    def _now_and_then(self, name: str, figures: str) -> None:
        now = self._clock.monotonic()
        if now - self._last >= PLAIN_LINE_SECONDS:
            self._last = now
            self._write(f"{name}: {figures}")


class _Work(Enum):
    """What is being done with an input."""

    READING = auto()
    SENDING = auto()
    READING_BACK = auto()
    AUDITING = auto()
    FINDING_LEADS = auto()
    FETCHING = auto()


class _BarWithWords(BarColumn):
    """A bar that makes room for words where there is nothing to measure."""

    def render(self, task: Task) -> ProgressBar | Text:  # type: ignore[override]  # rich takes whatever can be drawn
        return super().render(task) if task.fields["has_bar"] else Text()


class BarDisplay:
    """One bar for the input at work, redrawn in place; lines appear above it. The bar goes when it is closed.

    Sending and reading back take turns on one line, which is not taken away between them.
    """

    def __init__(self, stream: TextIO, clock: Clock, *, has_colour: bool) -> None:
        console = Console(file=stream, force_terminal=True, no_color=not has_colour, highlight=False)
        self._clock = clock
        self._last = -_REDRAW_SECONDS
        self._shown: tuple[_Work, str] | None = None
        self._task: TaskID | None = None
        self._bars = Bars(
            TextColumn("{task.description}", markup=False),
            _BarWithWords(bar_width=24),
            TextColumn("{task.fields[figures]}", markup=False, table_column=Column()),  # wraps on a narrow terminal
            console=console,
            auto_refresh=False,  # drawn when there is news: no thread, no clock of its own
            transient=True,
            get_time=clock.monotonic,
            redirect_stdout=False,
            redirect_stderr=False,
        )

    def line(self, text: str) -> None:
        self._bars.console.print(text, markup=False, soft_wrap=True)

    def reading(self, event: Reading) -> None:
        self._show(_Work.READING, event.input, (0, None), f"{counted(event.rows, 'row')} read")

    def progress(self, event: Progress) -> None:
        self._show(_Work.SENDING, event.input, (event.done, event.total), progress_figures(event))

    def reading_back(self, event: ReadingBack) -> None:
        self._show(_Work.READING_BACK, event.input, None, reading_back_figures(event))

    def auditing(self, event: Auditing) -> None:
        self._show(_Work.AUDITING, event.input, (event.done, event.total), auditing_figures(event))

    def finding_leads(self, event: FindingLeads) -> None:
        self._show(_Work.FINDING_LEADS, event.input, (event.done, event.total), finding_figures(event))

    def fetching(self, event: Fetching) -> None:
        self._show(_Work.FETCHING, event.output, (event.done, event.total), fetching_figures(event))

    def close(self) -> None:
        if self._task is not None:
            self._bars.remove_task(self._task)
            self._task = None
            self._bars.stop()

    def _show(self, work: _Work, name: str, done: tuple[int, int | None] | None, figures: str) -> None:
        """Draw, if it is time to. done: how many of how many; None where only words can tell."""
        is_other = self._shown != (work, name)
        is_last = done is not None and done[0] == done[1]
        now = self._clock.monotonic()
        if not is_other and not is_last and now - self._last < _REDRAW_SECONDS:
            return
        self._last = now
        completed, total = done or (None, None)
        if self._needs_new_bar(work, name):
            self.close()
        if self._task is None:
            self._task = self._bars.add_task(name, total=total, figures=figures, has_bar=done is not None)
            self._bars.start()
        self._shown = (work, name)
        self._bars.update(self._task, completed=completed, total=total, figures=figures, has_bar=done is not None)
        self._bars.refresh()

    def _needs_new_bar(self, work: _Work, name: str) -> bool:
        """Whether another input is at work. A bar that goes and comes flickers, so an input keeps its own."""
        if self._shown is None:
            return False
        return self._shown[1] != name or (work is _Work.READING and self._shown[0] is not work)
