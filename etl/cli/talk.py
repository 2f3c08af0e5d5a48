"""What is said on stderr while a command works: events as lines and progress."""

from __future__ import annotations

import sys
from threading import RLock
from typing import TYPE_CHECKING

import click

from etl.cli.pilot import pilot_lines, proposal_line, unusual_line
from etl.cli.progress import Display, NoDisplay, PlainDisplay
from etl.cli.streams import let_go
from etl.cli.wording import (
    counted,
    finding_figures,
    planned_lines,
    printable,
    quota_lines,
    reading_back_figures,
    started_line,
)
from etl.events import (
    Auditing,
    Fetching,
    FindingLeads,
    InputFinished,
    Note,
    PilotOver,
    PilotProposed,
    Planned,
    Progress,
    Reading,
    ReadingBack,
    RequestAnswered,
    RequestSent,
    Started,
    UnusualSize,
)

if TYPE_CHECKING:
    from etl.cli.world import World
    from etl.events import Event


_NO_QUOTA = "no quota is set"


class Talk:
    """Listens to the events of a check or run. May be called from several threads.

    is_verbose: requests are shown too. is_forecast: nothing is sent, so what is planned "would" happen. is_rehearsal:
    no account is spent. is_silent: stderr belongs to somebody else.
    """

    def __init__(
        self,
        world: World,
        *,
        is_quiet: bool,
        is_verbose: bool = False,
        is_forecast: bool = False,
        is_rehearsal: bool = False,
        is_silent: bool = False,
    ) -> None:
        self._log = world.log
        self._is_verbose = is_verbose
        self._is_forecast = is_forecast
        self._is_rehearsal = is_rehearsal
        self._is_silent = is_silent
        self._display = _display(world, is_quiet=is_quiet or is_silent)
        self._lock = RLock()
        self._reading_back: set[str] = set()
        self._said: set[str] = set()

    def __call__(self, event: Event) -> None:
        """Say it. A terminal or pipe that has gone away must not stop an import that is under way."""
        with self._lock:
            try:
                self._say(event)
            except OSError:
                self._fall_silent()

    def close(self) -> None:
        """Take the bar away; lines stay."""
        with self._lock:
            try:
                self._display.close()
            except OSError:
                self._fall_silent()

    def _fall_silent(self) -> None:
        self._display = NoDisplay()
        let_go(sys.stderr)

    def _say(self, event: Event) -> None:  # noqa: PLR0912 — one branch for each kind of event
        match event:
            case RequestSent() | RequestAnswered():  # first, as progress is: there are many
                if self._is_verbose or self._log.keeps_talk:
                    self._line(_request_line(event), is_detail=True)
            case Progress():
                self._reading_back.discard(event.input)
                self._display.progress(event)
            case Reading():
                self._display.reading(event)
            case ReadingBack():
                self._note_beginning(event)
                self._display.reading_back(event)
            case FindingLeads():
                if not event.done:
                    self._line(f"{event.input}: {finding_figures(event)}", is_detail=True)
                self._display.finding_leads(event)
            case Auditing() | Fetching():
                self._compare_or_fetch(event)
            case InputFinished():
                self._reading_back.discard(event.result.input)
                self._display.finished(event.result.input)
                self._line(f"{event.result.input}: {event.result.equation}", is_detail=True)
            case Started():
                self._line(started_line(event))
            case Note():
                self._line(event.text)
            case Planned():
                of_quota = () if self._is_rehearsal else self._of_quota(event)
                for line in (*planned_lines(event, is_forecast=self._is_forecast), *of_quota):
                    self._line(line)
            case PilotProposed():
                if (line := proposal_line(event)) not in self._said:  # several files may go through one mapping
                    self._said.add(line)
                    self._line(line)
            case PilotOver():
                self._show_pilot(event)
            case UnusualSize():
                self._warn(unusual_line(event))

    def _of_quota(self, event: Planned) -> tuple[str, ...]:
        """What the day's quota means for an input; that none is set is said once, whatever number of inputs there is."""
        lines = quota_lines(event)
        if event.budget is None and lines:
            if _NO_QUOTA in self._said:
                return ()
            self._said.add(_NO_QUOTA)
        return lines

    def _compare_or_fetch(self, event: Auditing | Fetching) -> None:
        if isinstance(event, Auditing):
            self._display.auditing(event)
        else:
            self._display.fetching(event)

    def _show_pilot(self, event: PilotOver) -> None:
        """Its rows, for a person to look at; that is what they were sent for, so being quiet does not hide them."""
        self._reading_back.discard(event.input)
        self._display.close()
        for line in pilot_lines(event):
            self._log.say(line)
            if not self._is_silent:
                click.echo(line, err=True)

    def _warn(self, line: str) -> None:
        """What a person must have read before they are asked; being quiet does not hide it."""
        self._display.close()
        self._log.say(line)
        if not self._is_silent:
            click.echo(printable(line), err=True)

    def _note_beginning(self, event: ReadingBack) -> None:
        """The log tells when reading back begins, not each second of it."""
        if event.input not in self._reading_back:
            self._reading_back.add(event.input)
            self._line(f"{event.input}: {reading_back_figures(event)}", is_detail=True)

    def _line(self, text: str, *, is_detail: bool = False) -> None:
        """A line for log and person; details are for the log, and for a person who asked for them."""
        self._log.say(text)
        if self._is_verbose or not is_detail:
            self._display.line(printable(text))


def _request_line(event: RequestSent | RequestAnswered) -> str:
    request = f"{event.input}: request {event.request}" if event.input else f"Request {event.request}"
    if isinstance(event, RequestSent):
        return f"{request}: sent with {counted(event.rows, 'row')}"
    detail = f": {event.detail}" if event.detail else ""
    return f"{request}: {event.verdict}{detail}"


def _display(world: World, *, is_quiet: bool) -> Display:
    if is_quiet:
        return NoDisplay()
    if world.has_terminal:
        from etl.cli.bars import BarDisplay  # noqa: PLC0415 — loads rich, which cron has no use for

        return BarDisplay(sys.stderr, world.clock, has_colour=world.has_colour)
    return PlainDisplay(_write_to_stderr, world.clock)


def _write_to_stderr(text: str) -> None:
    click.echo(text, err=True)
