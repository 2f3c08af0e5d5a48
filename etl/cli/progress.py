"""How far a run is: a bar on a terminal, a plain line now and then elsewhere, nothing when asked to be quiet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from rich.console import Console
from rich.progress import BarColumn, TaskID, TextColumn
from rich.progress import Progress as Bars

from etl.cli.wording import counted, progress_figures

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from etl.clock import Clock
    from etl.events import Progress, Reading

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
        if self._is_time():
            self._write(f"{event.input}: {counted(event.rows, 'row')} read")

    def progress(self, event: Progress) -> None:
        if self._is_time():
            self._write(f"{event.input}: {progress_figures(event)}")

    def close(self) -> None:
        pass

    def _is_time(self) -> bool:
        now = self._clock.monotonic()
        if now - self._last < PLAIN_LINE_SECONDS:
            return False
        self._last = now
        return True


class BarDisplay:
    """One bar for the input at work, redrawn in place; lines appear above it. The bar goes when it is closed."""

    def __init__(self, stream: TextIO, clock: Clock, *, has_colour: bool) -> None:
        console = Console(file=stream, force_terminal=True, no_color=not has_colour, highlight=False)
        self._clock = clock
        self._last = -_REDRAW_SECONDS
        self._shown: tuple[str, str] | None = None
        self._task: TaskID | None = None
        self._bars = Bars(
            TextColumn("{task.description}", markup=False),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[figures]}", markup=False),
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
        self._show("reading", event.input, 0, None, f"{counted(event.rows, 'row')} read")

    def progress(self, event: Progress) -> None:
        self._show("sending", event.input, event.done, event.total, progress_figures(event))

    def close(self) -> None:
        if self._task is not None:
            self._bars.remove_task(self._task)
            self._task = None
            self._bars.stop()

    def _show(self, kind: str, name: str, done: int, total: int | None, figures: str) -> None:
        is_new = self._shown != (kind, name)
        now = self._clock.monotonic()
        if not is_new and done != total and now - self._last < _REDRAW_SECONDS:
            return
        self._last = now
        if is_new or self._task is None:
            self.close()
            self._shown = (kind, name)
            self._task = self._bars.add_task(name, total=total, figures=figures)
            self._bars.start()
        self._bars.update(self._task, completed=done, total=total, figures=figures)
        self._bars.refresh()
