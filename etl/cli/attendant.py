"""What goes along with a worker: its settings, its talk and log, telling others how imports ended, and its inboxes."""

from __future__ import annotations

import traceback
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING

from etl.cli import options
from etl.cli.streams import write_line
from etl.cli.wishes import Wishes
from etl.cli.wording import counted, printable
from etl.errors import EtlError
from etl.events import InputFinished, Note, Planned, RequestAnswered, RequestSent, StopSignal, ignore
from etl.exits import ExitCode, code_of_error
from etl.fleet.ends import Back, Wish, is_all_tried
from etl.fleet.order import shown_number
from etl.settings import load_settings, load_settings_without_account

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from pathlib import Path

    from etl.cli.world import World
    from etl.events import Event, Summary
    from etl.fleet.ends import Over, Turn
    from etl.fleet.order import Order
    from etl.settings import Settings


class CliAttendant:
    """`etl.fleet.carrying.Attendant` of the command line."""

    def __init__(self, world: World, *, is_quiet: bool, is_verbose: bool, is_told: bool) -> None:
        self._world = world
        self._is_quiet = is_quiet
        self._is_verbose = is_verbose
        self._is_told = is_told
        self._lock = Lock()
        self._settings: dict[int, Settings] = {}
        self._inbox_events: Callable[[Event], None] = ignore

    def hear_inboxes(self, listener: Callable[[Event], None]) -> None:
        """Have somebody hear the events of inboxes, too."""
        self._inbox_events = listener

    def settings_of(self, account: str) -> Settings:
        return load_settings(self._world.environ, self._world.cwd, account, directories=self._world.directories)

    @contextmanager
    def attending(self, number: int, order: Order) -> Iterator[Callable[[Event], None]]:
        name = f"{shown_number(number)} {order.input.name}"
        self._line(f"{name}: taken for {order.account}, submitted by {order.who}.")
        runs: dict[str, int] = {}

        def listen(event: Event) -> None:
            of = getattr(event, "input", None) or getattr(getattr(event, "result", None), "input", None)
            if isinstance(event, Planned) and event.run is not None:
                runs[event.input] = event.run
                self._world.log.accounts[event.run] = order.account
            chunk = event.request if isinstance(event, RequestSent | RequestAnswered) else None
            with self._world.log.telling_of(runs.get(of or ""), of, chunk):
                self._tell(name, event)

        try:
            yield listen
        except EtlError:
            raise
        except Exception:
            self._world.log.append(f"{name}\n{traceback.format_exc()}", "error")
            raise

    def _tell(self, name: str, event: Event) -> None:
        match event:
            case Planned(run=int() as run):
                rows, requests = counted(event.rows_to_send, "row"), counted(event.requests, "request")
                self._line(f"{name}: run {run}, {rows} to send in {requests}.")
            case InputFinished():
                self._line(f"{name}: {event.result.equation}.", is_detail=True)
            case Note():
                self._line(f"{name}: {event.text}", is_detail=True)
            case RequestSent():
                self._line(f"{name}: request {event.request} sent with {event.rows} rows", is_detail=True)
            case RequestAnswered():
                self._line(f"{name}: request {event.request}: {event.verdict}", is_detail=True)
            case _:
                pass

    def ended(self, number: int, order: Order, turn: Turn, then: Over | Back, summary: Summary | None) -> None:
        """Say what becomes of it; others are told where its rows are over, or where an account was paused for its keys.

        Where its results have to wait for the place where they are wanted, others are told without waiting for that.
        """
        name = f"{shown_number(number)} {order.input.name}"
        if isinstance(then, Back):
            why = turn.wish or turn.said
            until = f", not before {then.at.astimezone():%Y-%m-%d %H:%M:%S}" if then.at is not None else ""
            self._line(f"{name}: back into the queue{until}: {why}")
            is_sent = is_all_tried(turn.exit_code) and turn.wish is not Wish.LOST
            if is_sent and turn.is_unpublished and summary is not None:
                self._tell_others(order, summary, turn.exit_code, "")
            if then.pauses is None:
                return
            self._line(f"{order.account} is paused: {then.pauses}")
            remedy = (
                f"Correct the keys of {order.account} on the workers, then type: etl pause {order.account} --resume"
            )
            self._tell_others(
                order, None, ExitCode.REFUSED, f"{then.pauses} The account {order.account} was paused. {remedy}"
            )
            return
        self._line(f"{name}: over, exit code {turn.exit_code}. {turn.said}")
        if summary is None and is_all_tried(turn.exit_code) and not turn.is_unpublished:
            return  # only its results were put away: others were told when the last row was tried
        self._tell_others(order, summary, turn.exit_code, "" if summary is not None else turn.said)

    def _tell_others(self, order: Order, summary: Summary | None, code: int, error: str) -> None:
        """As `etl run` of one file does it. Nobody who cannot be told ends a worker."""
        from etl.cli.watch import Watch  # noqa: PLC0415 — only when something has ended

        wishes = Wishes(submitted_by=order.submitter, is_told=self._is_told, account=order.account, may_speak=False)
        watch = Watch(self._world, "etl worker", wishes)
        accounts = self._world.log.accounts
        try:
            watch.begin()
            watch.settings = self.settings_of(order.account)
            if summary is not None:
                watch.ended(summary)
            watch.end(code, error)
        except EtlError as met:
            self._line(f"Nobody was told: {met.message}")
        finally:
            self._world.log.accounts = accounts

    def say(self, text: str) -> None:
        self._line(text)

    def _line(self, text: str, *, is_detail: bool = False) -> None:
        self._world.log.say(text)
        if not self._is_quiet and (self._is_verbose or not is_detail):
            with self._lock:
                write_line(printable(text), to_stderr=True)

    # Inboxes

    def serve_inbox(self, folder: Path, stop: StopSignal) -> tuple[int, str]:
        """One night of an inbox, in a thread. Returns: its exit code, and how it ended."""
        from etl.fleet.pausing import pauses  # noqa: PLC0415 — only where inboxes are served
        from etl.inbox.serve import serve  # noqa: PLC0415 — as above

        settings = load_settings_without_account(self._world.environ, self._world.cwd, self._world.directories)
        try:
            paused = {one.account for one in pauses(settings)} & set(self.accounts_of_inbox(folder))
            if paused:
                return int(ExitCode.STOPPED), f"not served: {', '.join(sorted(paused))} is paused"
            night = serve(
                folder, self._settings_of_route, events=self._inbox_events, stop=stop, clock=self._world.clock
            )
        except EtlError as error:
            self._line(f"{folder}: {error.message}")
            return int(code_of_error(error)), error.message
        for one in night.filed:
            self._line(f"{folder}: {one.file or 'missing'}: {one.reason}")
        return night.exit_code, f"{len(night.filed)} files"

    def accounts_of_inbox(self, folder: Path) -> Collection[str]:
        """The accounts that its routes name."""
        from etl.inbox.routes import ROUTES_FILE, load_routes  # noqa: PLC0415 — as above

        try:
            routes = load_routes(folder / ROUTES_FILE)
        except EtlError:
            return ()  # serving it says what is wrong
        return {route.rules.account for route in routes.routes if route.rules.account is not None}

    def _settings_of_route(self, account: str | None, mapping: Path) -> Settings:
        named = options.named_accounts(mapping, self._world.cwd)
        return load_settings(
            self._world.environ, self._world.cwd, account, directories=self._world.directories, named=named
        )
