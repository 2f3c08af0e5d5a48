"""One turn of one submission, in a thread of a worker: files laid out, `pipeline.run` as `etl run` has it, results put away."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from etl import pipeline
from etl.delivery.driver import STOPPED_FROM_OUTSIDE
from etl.errors import EtlError, LedgerError, RefusedError
from etl.events import Planned, Progress, RunOptions, StopSignal
from etl.exits import ExitCode, code_of_error
from etl.fleet.ends import Trouble, Turn, Wish, is_all_tried
from etl.fleet.laying_out import clear_away, lay_out
from etl.fleet.publishing import as_found, put_away, put_away_again, said, why_not, without_why_not
from etl.fleet.windows import Closing, closes_at, opens_at
from etl.ledger.store import Ledger
from etl.places import pinned
from etl.stages.connect import connect, host_to_ask

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from etl.clock import Clock
    from etl.events import Event, Summary
    from etl.fleet.ends import Back, Over
    from etl.fleet.order import Order
    from etl.settings import Settings


class Attendant(Protocol):
    """Who goes along with the turns of a worker: has settings, says what happens, tells others. Called from many threads."""

    def settings_of(self, account: str) -> Settings:
        """The settings with this account, read anew: keys are replaced while a worker runs.  Raises: UsageError."""
        ...

    def attending(self, number: int, order: Order) -> AbstractContextManager[Callable[[Event], None]]:
        """For the length of a turn: who listens to its events. What it raises is a defect, and is noted there."""
        ...

    def ended(self, number: int, order: Order, turn: Turn, then: Over | Back, summary: Summary | None) -> None:
        """A turn has ended, and what becomes of the submission is in the queue."""
        ...

    def say(self, text: str) -> None:
        """A sentence about the worker itself."""
        ...


@dataclass(frozen=True, slots=True)
class SoFar:
    """What is noted of a submission's turns before this one. exit_code, said: of the last. tries: vain ones in a row."""

    runs: tuple[int, ...] = ()
    exit_code: int | None = None
    said: str = ""
    tries: int = 0

    @property
    def is_sent(self) -> bool:
        """Whether all its rows were tried, so that at most its results are to be put away."""
        return bool(self.runs) and is_all_tried(self.exit_code)


@dataclass(slots=True)
class Held:
    """A submission that this worker has. Moments are monotonic.

    stop: asks its run to stop; wish: why. is_closed: it was taken outside of its window.
    sends_since: when the first row could go. runs: begun or continued so far, before this turn too.
    done, rows: of this turn, as its progress tells. unpublished: why its results are not where they are wanted.
    """

    number: int
    order: Order
    taken_at: float
    stop: StopSignal = field(default_factory=StopSignal)
    wish: Wish | None = None
    is_closed: bool = False
    sends_since: float | None = None
    runs: list[int] = field(default_factory=list)
    done: int = 0
    rows: int = 0
    summary: Summary | None = None
    unpublished: str | None = None

    def ask(self, wish: Wish) -> None:
        """Have its run stop after what is in flight. The first wish stays, but that of a person goes before all others."""
        if self.wish is None or wish in {Wish.STOP, Wish.LOST}:
            self.wish = wish
        self.stop.request(str(wish))


@dataclass(frozen=True, slots=True)
class Carrier:
    """Carries out orders. folder: of the worker, for what it works on. watchers: told of each event, in the run's thread."""

    attendant: Attendant
    folder: Path
    clock: Clock
    watchers: Sequence[Callable[[Held, Event], None]] = ()

    def turn(self, held: Held, before: SoFar) -> Turn:
        """One turn. Raises nothing: a mistake of ours is an end, too."""
        held.runs += [run for run in before.runs if run not in held.runs]
        try:
            if before.is_sent:
                return self._put_away(held, before)
            return self._imported(held, before.tries)
        except LedgerError as error:
            code = int(code_of_error(error))
            return Turn(code, error.message, tuple(held.runs), held.wish, Trouble.LEDGER, before.tries)
        except Exception as error:  # noqa: BLE001 — whatever one order meets, the worker has others
            words = f"a defect of etl ({type(error).__name__}); the details are in the log of the worker"
            return Turn(int(ExitCode.DEFECT), words, tuple(held.runs), held.wish, None, before.tries)

    def _imported(self, held: Held, tries: int) -> Turn:
        """Raises: LedgerError."""
        order, settings = held.order, None
        try:
            settings = self.attendant.settings_of(order.account)
            with self.attendant.attending(held.number, order) as listener:
                summary = held.summary = self._run(held, settings, listener)
            words = " ".join(filter(None, (said(summary), held.unpublished)))
            return self._judged(held, settings, words, summary.exit_code, tries)
        except LedgerError:
            raise
        except EtlError as error:
            return self._judged(held, settings, error.message, int(code_of_error(error)), tries)

    def _put_away(self, held: Held, before: SoFar) -> Turn:
        """The results of a submission whose rows were tried in turns before this one: nothing is read or sent again."""
        order = held.order
        if order.results is not None:
            try:
                settings = self.attendant.settings_of(order.account)
            except EtlError as error:
                held.unpublished = why_not(error.message, order.results, held.number)
            else:
                held.unpublished = put_away_again(
                    held.runs, order.results, held.number, self.folder, settings, self.clock
                )
        words = " ".join(filter(None, (without_why_not(before.said), held.unpublished)))
        return Turn(
            before.exit_code or 0, words, tuple(held.runs), held.wish, None, before.tries, held.unpublished is not None
        )

    def _run(self, held: Held, settings: Settings, listener: Callable[[Event], None]) -> Summary:
        order = held.order
        closes = closes_at(order.window, self.clock.now())
        if closes is not None:
            held.stop.deadlines = (Closing(closes, self.clock),)
        if opens_at(order.window, self.clock.now()) is not None:
            held.is_closed = True
            held.stop.request("its window is not open")
        with Ledger(settings.ledger_url, settings.ledger_files, self.clock) as ledger:
            laid_out = lay_out(order, held.number, self.folder, ledger)
        options = RunOptions(
            duplicate=order.duplicate,
            preflight=order.preflight,
            rows_ok=order.rows_ok,
            all_or_nothing=order.all_or_nothing,
            on_behalf_of=order.on_behalf_of,
        )

        def noting(event: Event) -> None:
            self._note(held, event)
            for watcher in self.watchers:
                watcher(held, event)
            listener(event)

        try:
            with pinned(laid_out.at_hand):
                summary = pipeline.run(
                    settings,
                    [laid_out.sheet],
                    laid_out.mapping,
                    options=options,
                    events=noting,
                    stop=held.stop,
                    clock=self.clock,
                )
            if order.results is not None:
                held.unpublished = put_away(laid_out.sheet, order.results, held.number)
            place = order.results if held.unpublished is None else None
            return replace(summary, inputs=tuple(as_found(one, place) for one in summary.inputs))
        finally:
            clear_away(held.number, self.folder)

    def _note(self, held: Held, event: Event) -> None:
        match event:
            case Planned(run=int() as run):
                held.sends_since = held.sends_since or self.clock.monotonic()
                if run not in held.runs:
                    held.runs.append(run)
            case Progress():
                held.done, held.rows = event.done, event.total
            case _:
                pass

    def _judged(self, held: Held, settings: Settings | None, words: str, code: int, tries: int) -> Turn:
        """The turn with what its exit code does not tell.  Raises: LedgerError."""
        inputs = held.summary.inputs if held.summary else ()
        held.runs += [one.run for one in inputs if one.run is not None and one.run not in held.runs]
        wish = held.wish
        if any(one.stop_reason == STOPPED_FROM_OUTSIDE.reason for one in inputs):
            wish = Wish.STOP
        trouble = None
        if wish is None and (held.is_closed or any(one.passed() for one in held.stop.deadlines)):
            trouble = Trouble.CLOSED
        elif wish is None and settings is not None and code in {ExitCode.REFUSED, ExitCode.STOPPED}:
            trouble = self._trouble_of_account(settings, code)
        return Turn(code, words, tuple(held.runs), wish, trouble, tries, held.unpublished is not None)

    def _trouble_of_account(self, settings: Settings, code: int) -> Trouble | None:
        """Whether the account is why it stopped: LeadSquared is asked whose keys these are, the ledger what is left today."""
        account = settings.account
        if account is None:
            return None
        with Ledger(settings.ledger_url, settings.ledger_files, self.clock) as ledger:
            if code == ExitCode.REFUSED:
                try:
                    with connect(account, ledger, self.clock):
                        return None
                except RefusedError:
                    return Trouble.KEYS_REFUSED
                except EtlError:
                    return None
            record = ledger.accounts.known_as(host_to_ask(account), account.name)
            if account.daily_requests is None or record is None:
                return None
            left = ledger.requests.budget(record.account_id, account.daily_requests).left_today
            return Trouble.QUOTA_SPENT if left <= 0 else None
