"""One turn of one submission, in a thread of a worker: files laid out, `pipeline.run` as `etl run` has it, results put away."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Protocol

from etl import pipeline
from etl.delivery.driver import STOPPED_FROM_OUTSIDE
from etl.errors import EtlError, LedgerError, RefusedError
from etl.events import Planned, Progress, RunOptions, StopSignal
from etl.exits import ExitCode, code_of_error
from etl.fleet.ends import Trouble, Turn, Wish
from etl.fleet.laying_out import clear_away, lay_out, results_of
from etl.fleet.windows import Closing, closes_at, opens_at
from etl.ledger.store import Ledger
from etl.places import place_of
from etl.reconciler.put_in_place import copy_in_place
from etl.stages.connect import connect, host_to_ask

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from etl.clock import Clock
    from etl.events import Event, InputSummary, Summary
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


@dataclass(slots=True)
class Held:
    """A submission that this worker has. Moments are monotonic.

    stop: asks its run to stop; wish: why. is_closed: it was taken outside of its window.
    sends_since: when the first row could go. runs: begun or continued so far.
    done, rows: of this turn, as its progress tells.
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

    def turn(self, held: Held, tries: int) -> Turn:
        """One turn. tries: vain ones before it. Raises nothing: a mistake of ours is an end, too."""
        order = held.order
        try:
            settings = self.attendant.settings_of(order.account)
            with self.attendant.attending(held.number, order) as listener:
                summary = held.summary = self._run(held, settings, listener)
            return self._judged(held, settings, _said(summary), summary.exit_code, tries)
        except LedgerError as error:
            return Turn(int(code_of_error(error)), error.message, tuple(held.runs), held.wish, Trouble.LEDGER, tries)
        except EtlError as error:
            return self._judged(held, None, error.message, int(code_of_error(error)), tries)
        except Exception as error:  # noqa: BLE001 — whatever one order meets, the worker has others
            words = f"a defect of etl ({type(error).__name__}); the details are in the log of the worker"
            return Turn(int(ExitCode.DEFECT), words, tuple(held.runs), held.wish, None, tries)

    def _run(self, held: Held, settings: Settings, listener: Callable[[Event], None]) -> Summary:
        order = held.order
        closes = closes_at(order.window, self.clock.now())
        if closes is not None:
            held.stop.deadlines = (Closing(closes, self.clock),)
        if opens_at(order.window, self.clock.now()) is not None:
            held.is_closed = True
            held.stop.request("its window is not open")
        with Ledger(settings.ledger_url, settings.ledger_files, self.clock) as ledger:
            sheet, mapping = lay_out(order, held.number, self.folder, ledger)
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
            summary = pipeline.run(
                settings, [sheet], mapping, options=options, events=noting, stop=held.stop, clock=self.clock
            )
            if order.results is not None:
                _publish(sheet, order.results)
            return replace(summary, inputs=tuple(_as_found(one, order.results) for one in summary.inputs))
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

    def _judged(self, held: Held, settings: Settings | None, said: str, code: int, tries: int) -> Turn:
        """The turn with what its exit code does not tell."""
        inputs = held.summary.inputs if held.summary else ()
        held.runs += [one.run for one in inputs if one.run is not None and one.run not in held.runs]
        wish = held.wish
        if any(one.stop_reason == STOPPED_FROM_OUTSIDE.reason for one in inputs):
            wish = Wish.STOP
        trouble = None
        if wish is None and (held.is_closed or any(one.passed() for one in held.stop.deadlines)):
            trouble = Trouble.CLOSED
        elif wish is None and code in {ExitCode.REFUSED, ExitCode.STOPPED}:
            trouble = self._trouble_of_account(held.order, settings, code)
        return Turn(code, said, tuple(held.runs), wish, trouble, tries)

    def _trouble_of_account(self, order: Order, settings: Settings | None, code: int) -> Trouble | None:
        """Whether the account is why it stopped: LeadSquared is asked whose keys these are, the ledger what is left today."""
        settings = settings or self.attendant.settings_of(order.account)
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


def _said(summary: Summary) -> str:
    """How the inputs of a run ended, in words: of the outcomes those that occur."""
    told = []
    for one in summary.inputs:
        rows = " + ".join(
            f"{count:,} {outcome.replace('_', ' ')}" for outcome, count in one.equation.outcomes.items() if count
        )
        told.append(f"{one.input}: {one.equation.data_rows:,} data rows = {rows or '0'}.")
        if one.stop_reason:
            told.append(f"Stopped: {one.stop_reason}.")
    return " ".join(told)


def _as_found(one: InputSummary, place: str | None) -> InputSummary:
    """How an input ended, with its files where people find them: the folder of the worker is gone by then."""
    if place is not None:
        files = [place_of(place) / file.name if file is not None else None for file in (one.results, one.failed)]
        return replace(one, results=files[0], failed=files[1])
    step = one.next_step
    if one.failed is not None and one.exit_code == ExitCode.NEEDS_A_PERSON:
        step = f"etl results {one.run} writes {one.failed.name}: correct its rows and submit that."
    return replace(one, results=None, failed=None, next_step=step)


def _publish(sheet: Path, place: str) -> None:
    """Put what a run has written where the submission wants it; what a turn before this one has put there is replaced."""
    folder = place_of(place)
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    for file in results_of(sheet):
        copy_in_place(file, folder / file.name, lambda _: True)
