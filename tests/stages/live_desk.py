"""An account in a simulator in process, with the real ledger, for what is asked of an account beside an import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from etl.api.reads import who_am_i
from etl.events import Event, Note
from etl.ledger.requests import Allowance
from etl.ledger.store import Ledger
from etl.records import ApiAnswer, ApiRequest, Exchange, Limit, LineEnd, TransportFailure, Window
from etl.settings import Account, Secret
from etl.simulator import SimRequest, Simulator, SimulatorOptions
from etl.stages.connect import Connection
from etl.stages.slots import ReadSlots
from tests.clocks import ManualClock
from tests.laws.quick import open_ledger

HOST = "http://127.0.0.1:1"


@dataclass
class CoreClient:
    """Sends to a simulator in process, at once. answers: what comes instead, by the last part of the path."""

    simulator: Simulator
    clock: ManualClock
    answers: dict[str, Exchange] = field(default_factory=dict)
    asked: Counter[str] = field(default_factory=Counter)
    base_url: str = HOST

    def send(self, request: ApiRequest, may_write: object = None) -> Exchange:
        name = request.path.rsplit("/", 1)[-1]
        self.asked[name] += 1
        if name in self.answers:
            return self.answers[name]
        options = self.simulator.options
        headers = {"x-lsq-accesskey": options.access_key, "x-lsq-secretkey": options.secret_key, "host": "127.0.0.1:1"}
        headers |= {"content-type": "application/json"}
        sent = SimRequest(request.method, request.path, request.query, headers, request.body)
        reply = self.simulator.handle(sent, self.clock.seconds, self.clock.wall)
        if reply.dropped:
            return TransportFailure(LineEnd.LOST, "the simulator closed the connection")
        headers_back = {name.lower(): value for name, value in reply.headers.items()}
        return ApiAnswer(reply.status, headers_back, reply.body)


@dataclass
class LiveDesk:
    """A ledger, a connection and the events that were told."""

    ledger: Ledger
    connection: Connection
    client: CoreClient
    clock: ManualClock
    heard: list[Event] = field(default_factory=list)

    @property
    def notes(self) -> list[str]:
        return [event.text for event in self.heard if isinstance(event, Note)]

    @property
    def asked(self) -> int:
        """Requests that have arrived since the last time this was asked, without the one for the keys."""
        count = sum(self.client.asked.values())
        self.client.asked.clear()
        return count


@contextmanager
def live_desk(
    folder: Path,
    options: Mapping[str, Any] | None = None,
    answers: Mapping[str, Exchange] | None = None,
) -> Iterator[LiveDesk]:
    """A desk whose simulated account has these options. answers: what some reads are answered with instead."""
    clock = ManualClock()
    with open_ledger(folder / "home", clock) as ledger:
        client = CoreClient(Simulator(SimulatorOptions(seed=7, **(options or {}))), clock, dict(answers or {}))
        known = Account("prod", HOST, Secret("simulator-access-key"), Secret("simulator-secret-key"))
        record = ledger.accounts.meet(HOST, "prod", client.simulator.options.organisation_id)
        allowance = Allowance(dict.fromkeys(Window, Limit(25, 5)), None)
        slots = ReadSlots(ledger, record, lambda: allowance, clock)
        identity = who_am_i(client, slots.take)
        client.asked.clear()
        user_id = identity.user_id if identity else None
        connection = Connection(known, record, client, allowance, "SIM (90001)", slots, user_id)
        yield LiveDesk(ledger, connection, client, clock)
