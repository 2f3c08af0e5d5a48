"""Everybody who is told of one command, each at their own pace: one that hangs keeps neither the others nor the import.

Each notifier has a thread and a queue. Whoever does not answer in time is not tried again by this command; what could not
be told is handed back at the end, in words.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from queue import SimpleQueue
from threading import Event, Thread
from typing import TYPE_CHECKING, TypeAlias

from etl.notify import mail, payloads, ping, through_apprise
from etl.notify.post import post
from etl.notify.trouble import NotToldError, late
from etl.settings.notifier import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from etl.clock import Clock
    from etl.notify.notice import Notice
    from etl.settings.notifier import Notifier

    Send: TypeAlias = Callable[[Notifier, str, Notice], None]

_JSON = "application/json; charset=utf-8"
_MOST_TURNS = 3
"""At the end a notifier with several messages left is waited for so many time-outs at most."""

SENDERS: dict[Kind, Send] = {
    Kind.WEBHOOK: lambda to, address, notice: post(to, address, payloads.for_webhook(notice), _JSON),
    Kind.SLACK: lambda to, address, notice: post(to, address, payloads.for_slack(notice), _JSON),
    Kind.TEAMS: lambda to, address, notice: post(to, address, payloads.for_teams(notice), _JSON),
    Kind.PING: ping.tell_end,
    Kind.SMTP: lambda to, _, notice: mail.send(to, notice),
    Kind.APPRISE: through_apprise.send,
}


def send(notifier: Notifier, notice: Notice) -> None:
    """Tell one of them, now.

    Raises: NotToldError — with the reason.
    """
    SENDERS[notifier.kind](notifier, _address(notifier), notice)


def _address(notifier: Notifier) -> str:
    if notifier.problem is not None:
        raise NotToldError(notifier.problem)
    return notifier.address.reveal() if notifier.address is not None else ""


def _is_for_nobody(notifier: Notifier, notice: Notice) -> bool:
    """Good news for the person who submitted the file, and nobody is said to have: that is no trouble of the mail's."""
    is_mail = notifier.mail is not None and not mail.recipients(notifier.mail, notice)
    return is_mail and not notice.needs_attention


@dataclass(slots=True)
class _Line:
    """One notifier with what waits for it. done: the last message was tried. failures: why, each reason once."""

    notifier: Notifier
    waiting: SimpleQueue[Callable[[], None] | None] = field(default_factory=SimpleQueue)
    done: Event = field(default_factory=Event)
    failures: list[str] = field(default_factory=list)
    put: int = 0
    tried: int = 0
    untold: int = 0

    def begin(self) -> None:
        Thread(target=self._work, name=f"notify-{self.notifier.name}", daemon=True).start()

    def hand(self, task: Callable[[], None]) -> None:
        self.put += 1
        self.waiting.put(task)

    def _work(self) -> None:
        is_given_up = False
        while (task := self.waiting.get()) is not None:
            if is_given_up:
                self.untold += 1
                continue
            try:
                task()
            except NotToldError as error:
                self._note(error.why)
                is_given_up = (
                    error.is_late and self.notifier.kind is not Kind.PING
                )  # its end counts though its start was lost
            except Exception as error:  # noqa: BLE001 — whatever it is, no import fails by it; its text may hold a secret
                self._note(f"a defect of etl ({type(error).__name__})")
            self.tried += 1
        self.done.set()

    def _note(self, why: str) -> None:
        self.untold += 1
        if why not in self.failures:
            self.failures.append(why)

    @property
    def patience_seconds(self) -> float:
        """For how long what is under way may be waited for."""
        return self.notifier.timeout_seconds * max(1, min(self.put - self.tried, _MOST_TURNS)) + 0.5

    def end(self, seconds: float) -> None:
        """Wait for so long at most."""
        if not self.done.wait(seconds):
            self.failures.append(str(late(self.notifier)))
            self.untold = max(1, self.untold + self.put - self.tried)

    def in_words(self) -> str | None:
        if not self.failures:
            return None
        several = f" ({self.untold} messages)" if self.untold > 1 else ""
        reasons = "; ".join(self.failures).rstrip(".")
        return f"notify.{self.notifier.name} ({self.notifier.kind.value}) could not be told{several}: {reasons}."


class Tellers:
    """Tells several side by side, from now until it is closed."""

    def __init__(self, notifiers: Sequence[Notifier], clock: Clock) -> None:
        self._clock = clock
        self._lines = [_Line(one) for one in notifiers]
        for line in self._lines:
            line.begin()

    def begun(self) -> None:
        """A command begins: who is pinged is told."""
        for line in self._of({Kind.PING}):
            notifier = line.notifier
            line.hand(lambda to=notifier: ping.tell_start(to, _address(to)))  # type: ignore[misc]

    def tell(self, notice_of: Callable[[bool], Notice]) -> None:
        """Tell of something to whom it is meant for. notice_of: the notice, with values of cells shown or not."""
        made: dict[bool, Notice] = {}
        for line in self._of(set(Kind) - {Kind.PING}):
            shows = line.notifier.shows_values
            notice = made[shows] = made.get(shows) or notice_of(shows)
            if line.notifier.when.is_met(needs_attention=notice.needs_attention) and not _is_for_nobody(
                line.notifier, notice
            ):
                line.hand(lambda to=line.notifier, what=notice: send(to, what))  # type: ignore[misc]

    def ended(self, notice_of: Callable[[bool], Notice]) -> None:
        """A command is over: who is pinged is told its exit status."""
        for line in self._of({Kind.PING}):
            notice = notice_of(line.notifier.shows_values)
            line.hand(lambda to=line.notifier, what=notice: send(to, what))  # type: ignore[misc]

    def close(self) -> tuple[str, ...]:
        """Wait until all are told, for some seconds at most. Returns: who could not be told and why, in sentences."""
        for line in self._lines:
            line.waiting.put(None)
        began = self._clock.monotonic()
        for line, patience in [(line, line.patience_seconds) for line in self._lines]:
            line.end(max(0.0, began + patience - self._clock.monotonic()))
        return tuple(words for line in self._lines if (words := line.in_words()) is not None)

    def _of(self, kinds: Iterable[Kind]) -> list[_Line]:
        return [line for line in self._lines if line.notifier.kind in kinds]
