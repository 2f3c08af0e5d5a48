"""Several inputs of one command sent at once, each in a thread and a room of its own, also into different accounts.

What they share is what processes share, the ledger with its slots, and of each account the client. So they go no faster
together than the account allows; but none waits while another one reads back, looks up leads, or has trouble.

    one input's fault            is that input's end alone
    an account's fault           ends what goes into that account: quota, keys, network
    a stop, a deadline, a pilot  ends all
    rows in common, or a file    one after another (`shared_rows`)
    a pilot                      one after another, until the others may go
"""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING

from etl.delivery.decide import StopCause
from etl.delivery.driver import cause_of
from etl.errors import EtlError
from etl.events import PILOT_OVER, InputFinished, Note
from etl.stages.lead_memory import remember_leads
from etl.stages.send import not_sent_for, send_or_say_why_not, stops_also

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from etl.events import Event, InputSummary
    from etl.stages.destinations import Command, Destination
    from etl.stages.prepare import PreparedInput
    from etl.stages.rooms import Rooms

_LOOK_SECONDS = 1.0
"""So often the thread that waits for the others looks up: on some systems a signal is heard only then."""

_INTERRUPTED = 2


class SideBySide:
    """The sending of several inputs. chains: those that go one after another."""

    def __init__(
        self,
        chains: Sequence[Sequence[PreparedInput]],
        destinations: Sequence[Destination],
        rooms: Rooms,
        command: Command,
    ) -> None:
        self._chains = list(chains)
        self._accounts = destinations
        self._destinations = {input_.number: one for one in destinations for input_ in one.inputs}
        self._rooms = rooms
        self._command = command
        self._summaries: dict[int, InputSummary] = {}
        self._errors: dict[int, EtlError] = {}  # of destinations, by their id
        self._hindrances: list[tuple[PreparedInput, StopCause]] = []

    def go(self) -> list[InputSummary]:
        """Send all. Returns: the summaries in the order in which the files were named.

        Raises: EtlError — the only account cannot be used.
        """
        accounts = self._accounts
        if len(accounts) == 1:
            self._open(accounts[0])
            if self._errors:
                raise self._errors[id(accounts[0])]
        threads = self._command.options.jobs + len(accounts)
        with ThreadPoolExecutor(threads, thread_name_prefix="input") as pool:
            try:
                opening = {id(one): pool.submit(self._open, one) for one in accounts if len(accounts) > 1}
                self._send_pilot(opening)
                self._send_others(pool, opening)
            except BaseException:  # Ctrl-C where nobody has taken it over: the threads have to hear of it
                self._command.stop.request("interrupted", _INTERRUPTED)
                raise
        for one in accounts:
            if id(one) not in self._errors:
                one.end(self._rooms.of(one.inputs[0]))
        return [self._summaries[number] for number in sorted(self._summaries)]

    def _send_pilot(self, opening: Mapping[int, Future[None]]) -> None:
        """One after another in this thread, which may ask a person, until all others may go."""
        pilot = self._command.pilot
        while self._chains and pilot is not None and not pilot.is_over:
            chain = self._chains.pop(0)
            for one in chain:
                if (opened := opening.get(id(self._destinations[one.number]))) is not None:
                    opened.result()
            self._send_chain(chain)

    def _send_others(self, pool: ThreadPoolExecutor, opening: Mapping[int, Future[None]]) -> None:
        """As many at once as may be, in their order; of an account that is still being connected to none yet."""
        running: set[Future[None]] = set()
        failed: list[BaseException] = []
        while self._chains or running:
            while len(running) < self._command.options.jobs and (chain := self._next(opening)) is not None:
                running.add(pool.submit(self._send_chain, chain))
            unopened = [one for one in opening.values() if not one.done()]
            done, _ = wait([*running, *unopened], _LOOK_SECONDS, FIRST_COMPLETED)
            failed += [error for one in done & running if (error := one.exception()) is not None]
            running -= done
        causes = [error for one in opening.values() if (error := one.exception()) is not None]
        if causes or failed:  # an account that could not be opened for a defect is why its inputs failed, too
            raise [*causes, *failed][0]

    def _next(self, opening: Mapping[int, Future[None]]) -> Sequence[PreparedInput] | None:
        """The first chain whose accounts have been connected to, or have failed to be, taken out of those that wait."""
        for place, chain in enumerate(self._chains):
            futures = [opening.get(id(self._destinations[one.number])) for one in chain]
            if all(future is None or future.done() for future in futures):
                return self._chains.pop(place)
        return None

    # In the threads

    def _open(self, destination: Destination) -> None:
        """Connect to an account, in the room of its first input, which nobody works in before."""
        room = self._rooms.of(destination.inputs[0])
        try:
            with room.lock:
                destination.open_in(room)
                destination.begin(room)
        except EtlError as error:
            self._errors[id(destination)] = error

    def _send_chain(self, chain: Sequence[PreparedInput]) -> None:
        for prepared in chain:
            with self._rooms.of(prepared).lock:
                summary = self._send(prepared)
            self._summaries[prepared.number] = summary
            self._command.events(InputFinished(summary))

    def _send(self, prepared: PreparedInput) -> InputSummary:
        destination, room = self._destinations[prepared.number], self._rooms.of(prepared)
        error = self._errors.get(id(destination))
        if error is not None:
            return not_sent_for(prepared, room.plan, error)
        session = destination.session(room, _telling(self._command.events, prepared.shown))
        remember_leads(prepared, room.ledger, session.connection.record.account_id)
        summary, cause = send_or_say_why_not(prepared, session, self._hindrance(prepared), is_only=False)
        if cause is not None:
            self._hindrances.append((prepared, cause))
        return summary

    def _hindrance(self, prepared: PreparedInput) -> StopCause | None:
        """What keeps an input from being begun: a wish to stop, or what has stopped others of its kind."""
        if self._command.stop.reason is not None:
            return cause_of(self._command.stop)
        return next((cause for other, cause in list(self._hindrances) if self._concerns(other, cause, prepared)), None)

    def _concerns(self, other: PreparedInput, cause: StopCause, prepared: PreparedInput) -> bool:
        """Whether what has stopped one input stops another one."""
        if cause.reason.startswith(PILOT_OVER):
            return True
        is_of_account = self._destinations[other.number] is self._destinations[prepared.number]
        return is_of_account and stops_also(prepared, other, cause)


def _telling(events: Callable[[Event], None], shown: str) -> Callable[[Event], None]:
    """Tell, and of what belongs to no input by itself, to which it does."""

    def tell(event: Event) -> None:
        if isinstance(event, Note) and not event.text.startswith(shown):
            event = Note(f"{shown}: {event.text}")
        events(event)

    return tell
