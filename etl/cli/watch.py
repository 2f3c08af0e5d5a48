"""What is done for a command that nobody watches: heartbeat, metrics, JSON log, and telling others how it ended.

None of it may change how the command ends: what goes wrong here is said in a line, and the exit code stays.
"""

from __future__ import annotations

import os
import platform
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etl.cli.streams import write_line
from etl.cli.tally import Named, Tally
from etl.cli.wording import printable
from etl.errors import UsageError
from etl.events import RequestAnswered, RequestSent
from etl.exits import ExitCode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from etl.cli.wishes import Wishes
    from etl.cli.world import World
    from etl.events import Event, Summary
    from etl.notices import FiledFile
    from etl.notify.notice import Ending, Notice
    from etl.notify.tellers import Tellers
    from etl.settings import Settings
    from etl.signs.heartbeat import Heartbeat


@dataclass
class Watch:
    """Goes along with one command. settings: to be set as soon as they are known; the ledger is found by them."""

    world: World
    command: str
    wishes: Wishes
    settings: Settings | None = None
    _endings: list[Ending] = field(default_factory=list)
    _tally: Tally = field(default_factory=Tally)
    _heartbeat: Heartbeat | None = None
    _tellers: Tellers | None = None
    _began: float = 0.0

    def begin(self) -> None:
        """The command begins.

        Raises: UsageError — a file cannot be written, or the settings are wrong about who is told.
        """
        self._began = self.world.clock.now().timestamp()
        self.world.log.accounts = self._tally.accounts
        if self.wishes.is_told and self.wishes.is_real:
            self._begin_telling()
        if self.wishes.metrics is not None:
            _check_folder("--metrics", self.wishes.metrics)
        if self.wishes.heartbeat is not None:
            from etl.signs.heartbeat import Heartbeat  # noqa: PLC0415 — only for who asks

            heartbeat = Heartbeat(self.wishes.heartbeat, self.world.clock, self.command, os.getpid())
            try:
                heartbeat.begin()
            except OSError as error:
                raise UsageError(
                    f"--heartbeat {self.wishes.heartbeat}: the file cannot be written: {error.strerror}. Name one in a "
                    "folder that you may write to."
                ) from None
            self._heartbeat = heartbeat

    def _begin_telling(self) -> None:
        from etl.settings.notifiers import load_notifiers  # noqa: PLC0415 — reads the settings file

        found = load_notifiers(self.world.environ, self.world.cwd, self.world.directories)
        if found:
            from etl.notify.tellers import Tellers  # noqa: PLC0415 — only where somebody is told

            self._tellers = Tellers(found, self.world.clock)
            self._tellers.begun()

    def listening(self, hand_on: Callable[[Event], None]) -> Callable[[Event], None]:
        """A listener that notes what passes, and hands it on."""

        def listen(event: Event) -> None:
            if self._heartbeat is not None:
                self._heartbeat.event()
            self._tally.note(event)
            of = getattr(event, "input", None) or getattr(getattr(event, "result", None), "input", None)
            chunk = event.request if isinstance(event, RequestSent | RequestAnswered) else None
            with self.world.log.telling_of(self._tally.runs.get(of or ""), of, chunk):
                hand_on(event)

        return listen

    def ended(self, summary: Summary) -> None:
        """`etl run` has come to its end."""
        from etl.notices import of_summary  # noqa: PLC0415 — loads slowly, and is loaded by now

        self._endings = [of_summary(one) for one in summary.inputs]

    def filed(self, filed: FiledFile) -> None:
        """One file of an inbox is done with: who is told hears of it now."""
        from etl.notices import of_filed  # noqa: PLC0415 — as above

        ending = of_filed(filed)
        self._endings.append(ending)
        self._guarded(lambda: self._tell([ending], ending.exit_code, ""))

    def end(self, exit_code: int, error: str = "") -> None:
        """The command is over. error: what ended it, where that was no ordinary end."""
        if self._heartbeat is not None:
            self._heartbeat.end(exit_code)
            if self._heartbeat.problem:
                self._say(self._heartbeat.problem)
        if self.wishes.metrics is not None and self.wishes.is_real:
            self._guarded(lambda: self._measure(exit_code))
        if self._tellers is not None and not (error and exit_code == ExitCode.BUSY):  # the other process will tell
            self._guarded(lambda: self._tell_the_end(exit_code, error))

    def _measure(self, exit_code: int) -> None:
        from etl.notices import completed  # noqa: PLC0415 — loads slowly
        from etl.signs.metrics import write  # noqa: PLC0415 — only for who asks

        assert self.wishes.metrics is not None  # noqa: S101 — asked by the one caller
        endings = completed(self._endings, self.settings, self.world.clock, shows_values=False)
        named = Named(self.world, self.wishes, self.settings)
        ended = self.world.clock.now().timestamp()
        write(self.wishes.metrics, self._tally.samples(endings, exit_code, (self._began, ended), named))

    # --- telling ------------------------------------------------------------------------------------------------------

    def _tell_the_end(self, exit_code: int, error: str) -> None:
        assert self._tellers is not None  # noqa: S101 — asked by the one caller
        if error or not self._is_inbox:
            self._tell([] if self._is_inbox else self._endings, exit_code, error)
        self._tellers.ended(
            lambda shows_values: self._notice(self._endings, exit_code, error, shows_values=shows_values)
        )
        for sentence in self._tellers.close():
            self._say(sentence)

    def _tell(self, endings: Sequence[Ending], exit_code: int, error: str) -> None:
        if self._tellers is not None:
            self._tellers.tell(lambda shows_values: self._notice(endings, exit_code, error, shows_values=shows_values))

    def _notice(self, endings: Sequence[Ending], exit_code: int, error: str, *, shows_values: bool) -> Notice:
        from etl.notices import completed, plain  # noqa: PLC0415 — loads slowly
        from etl.notify.notice import Notice  # noqa: PLC0415 — as above

        return Notice(
            command=self.command,
            exit_code=exit_code,
            endings=completed(endings, self.settings, self.world.clock, shows_values=shows_values),
            at=self.world.clock.now(),
            machine=platform.node() or "this machine",
            error=plain(error, shows_values=shows_values, keep=self._mapping_texts) if error else "",
            is_masked=not shows_values,
            submitter=self.wishes.submitted_by,
        )

    @property
    def _is_inbox(self) -> bool:
        return self.wishes.routes is not None

    @property
    def _mapping_texts(self) -> str:
        """What mappings and routes say, which is about nobody."""
        found = []
        for path in (*self.wishes.mappings, *([self.wishes.routes] if self.wishes.routes else ())):
            with suppress(OSError):
                found.append((self.world.cwd / path).read_text(encoding="utf-8", errors="replace"))
        return "\n".join(found)

    # --- what goes wrong here -----------------------------------------------------------------------------------------

    def _guarded(self, act: Callable[[], None]) -> None:
        try:
            act()
        except KeyboardInterrupt:
            self._say("Interrupted while others were told; the import itself is over.")
        except OSError as error:
            self._say(f"{error.filename or self.command}: {error.strerror or error}. The import itself is over.")
        except Exception as error:  # noqa: BLE001 — no import fails because nobody could be told of it
            self._say(f"A defect of etl ({type(error).__name__}) while others were told; the import itself is over.")

    def _say(self, sentence: str) -> None:
        self.world.log.append(sentence, "warning")
        if self.wishes.may_speak:
            write_line(printable(sentence), to_stderr=True)


def _check_folder(option: str, path: Path) -> None:
    if not path.parent.is_dir() or not os.access(path.parent, os.W_OK) or path.is_dir():
        raise UsageError(f"{option} {path}: the file cannot be written. Name one in a folder that you may write to.")
