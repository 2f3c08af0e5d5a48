"""The bars of a terminal: one for each input at work, drawn by rich, which is loaded where there is a terminal."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Literal

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
    from typing import TextIO

    from rich.progress import Task
    from rich.progress_bar import ProgressBar

    from etl.clock import Clock
    from etl.events import Auditing, Fetching, FindingLeads, Progress, Reading, ReadingBack

_REDRAW_SECONDS = 0.1


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


@dataclass(slots=True)
class _Shown:
    """What is shown of one input: its bar, what is being done with it, and when it was drawn last."""

    task: TaskID
    work: _Work = _Work.READING
    drawn: float = 0.0


class BarDisplay:
    """One bar for each input at work, redrawn in place; lines appear above them. A bar goes when its input is done.

    Sending and reading back take turns on one line, which is not taken away between them: a bar that goes and comes flickers.
    """

    def __init__(self, stream: TextIO, clock: Clock, *, has_colour: bool) -> None:
        colours: Literal["auto"] | None = "auto" if has_colour else None  # None: not bold either, only the cursor moves
        console = Console(file=stream, force_terminal=True, color_system=colours, highlight=False)
        self._clock = clock
        self._shown: dict[str, _Shown] = {}
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

    def finished(self, name: str) -> None:
        self._take_away(name)

    def close(self) -> None:
        for name in list(self._shown):
            self._take_away(name)

    def _show(self, work: _Work, name: str, done: tuple[int, int | None] | None, figures: str) -> None:
        """Draw, if it is time to. done: how many of how many; None where only words can tell."""
        shown, now = self._shown.get(name), self._clock.monotonic()
        is_last = done is not None and done[0] == done[1]
        if shown is not None and shown.work is work and not is_last and now - shown.drawn < _REDRAW_SECONDS:
            return
        if shown is None or (shown.work is not work and work is _Work.READING):
            shown = self._begin(name, done, figures)
        shown.work, shown.drawn = work, now
        completed, total = done or (None, None)
        self._bars.update(shown.task, completed=completed, total=total, figures=figures, has_bar=done is not None)
        self._bars.refresh()

    def _begin(self, name: str, done: tuple[int, int | None] | None, figures: str) -> _Shown:
        """A new bar. Inputs are read one after another, so those that have been read so far give their place."""
        for other, shown in list(self._shown.items()):
            if other == name or shown.work is _Work.READING:
                self._take_away(other)
        total = done[1] if done is not None else None
        task = self._bars.add_task(name, total=total, figures=figures, has_bar=done is not None)
        self._bars.start()
        self._shown[name] = _Shown(task)
        return self._shown[name]

    def _take_away(self, name: str) -> None:
        shown = self._shown.pop(name, None)
        if shown is None:
            return
        self._bars.remove_task(shown.task)
        if self._shown:
            self._bars.refresh()
        else:
            self._bars.stop()
