"""The accounts that the inputs of one command go into: each connected to, and asked whether its inputs fit, once."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etl.delivery.wire import ThreadedWire
from etl.errors import QuotaSpentError, RefusedError
from etl.events import Note, Started
from etl.stages.beside import refuse_strangers
from etl.stages.connect import connect
from etl.stages.limits_told import tell_learned_limits
from etl.stages.live_check import is_affordable, live_check
from etl.stages.send import close_dead_runs
from etl.stages.session import Session
from etl.stages.whose_keys import forget

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from etl.clock import Clock
    from etl.events import Event, RunOptions, StopSignal
    from etl.ledger.store import Ledger
    from etl.records import Limit, Window
    from etl.settings import Account
    from etl.stages.connect import Connection
    from etl.stages.prepare import PreparedInput
    from etl.stages.rooms import Room
    from etl.stages.session import Pilot


@dataclass(frozen=True, slots=True)
class Command:
    """What all parts of one `run` share. pilot: of a run that has one."""

    clock: Clock
    options: RunOptions
    events: Callable[[Event], None]
    stop: StopSignal
    pilot: Pilot | None = None


@dataclass(slots=True)
class Destination:
    """One account and the inputs that go into it. is_only: the command has no other one."""

    account: Account | None
    command: Command
    inputs: Sequence[PreparedInput]
    is_only: bool = True
    _connection: Connection | None = None
    _learned: Mapping[Window, Limit] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)

    def open_in(self, room: Room) -> None:
        """Connect, say which account this is, and make sure that what is to be sent fits it.

        Raises: UsageError, RefusedError, NetworkError — see etl.errors; nothing was sent then.
        """
        command, ledger = self.command, room.ledger
        connecting = connect(self.account, ledger, command.clock, command.stop, may_remember=True)
        connection = self._stack.enter_context(connecting)
        command.events(Started(connection.account.name, connection.organisation, ledger.shown))
        if not command.options.rehearse:
            refuse_strangers(self.inputs, ledger, connection.record.account_id)
            if command.options.preflight and self.inputs and is_affordable(connection.account):
                with suppress(QuotaSpentError):  # then nothing is sent either, and how the rows stand is told below
                    self._compare(connection, ledger)
        self._connection = connection

    def _compare(self, connection: Connection, ledger: Ledger) -> None:
        """Whether the inputs fit the account.  Raises: as `open_in`."""
        try:
            live_check(self.inputs, connection, ledger, self._tell, is_thorough=False)
        except RefusedError:
            forget(connection.record, ledger)
            raise

    def begin(self, room: Room) -> None:
        """What comes before the first of several inputs that are sent side by side."""
        session = self.session(room, self._tell)
        close_dead_runs(session)
        self._learned = tell_learned_limits(session)

    def end(self, room: Room) -> None:
        """What comes behind the last of them."""
        if self._connection is not None:
            tell_learned_limits(self.session(room, self._tell), self._learned)

    def session(self, room: Room, tell: Callable[[Event], None]) -> Session:
        """The account as it is sent to from one room."""
        if self._connection is None:
            raise LookupError("the account has not been connected to")
        command, client = self.command, self._connection.client
        connection = self._connection.over(room.ledger, command.clock, command.stop)

        def open_wire(capacity: int) -> ThreadedWire:
            return ThreadedWire(client.send, capacity, command.clock, room.ledger.permit)

        parts = (connection, room.ledger, room.plan, command.clock, command.options, tell, command.stop)
        return Session(*parts, open_wire, command.pilot)

    def close(self) -> None:
        """Let go of the connections."""
        self._stack.close()

    def _tell(self, event: Event) -> None:
        """Tell; of several accounts, of which one."""
        if isinstance(event, Note) and not self.is_only and self.account is not None:
            event = Note(f"{self.account.name}: {event.text}")
        self.command.events(event)
