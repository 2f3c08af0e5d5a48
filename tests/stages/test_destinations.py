"""What a delivery sends through: the account's client, under the permit of the ledger that its input is locked in."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from etl.events import RunOptions, StopSignal
from etl.records import ApiAnswer, ApiRequest, Window
from etl.stages.destinations import Command, Destination
from tests.clocks import ManualClock

REQUEST = ApiRequest("POST", "/v2/x", (), b"[]", Window.BULK)


@dataclass
class Noting:
    """A connection whose client notes what it is handed."""

    sent: list[tuple[ApiRequest, Any]] = field(default_factory=list)

    @property
    def client(self) -> Noting:
        return self

    def over(self, *_: object) -> Noting:
        return self

    def send(self, request: ApiRequest, may_write: object) -> ApiAnswer:
        self.sent.append((request, may_write))
        return ApiAnswer(200, {}, b"{}")


def test_each_request_has_the_permit_of_the_moment_it_is_handed_over() -> None:
    """Not that of when the way was opened, which is before anything is sent."""
    permits = iter(["first", "second"])
    connection, clock = Noting(), ManualClock()
    room: Any = SimpleNamespace(ledger=SimpleNamespace(permit=lambda: next(permits)), plan=None)
    command = Command(clock, RunOptions(), lambda _event: None, StopSignal())
    held: Any = connection
    wire = Destination(None, command, [], _connection=held).session(room, lambda _event: None).open_wire(1)
    for number in (1, 2):
        wire.send(number, REQUEST)
        wire.wait(None)
    wire.close()

    assert connection.sent == [(REQUEST, "first"), (REQUEST, "second")]
