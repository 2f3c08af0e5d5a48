"""The foreign server: a stand-in for LeadSquared on loopback, for a test or as a process of its own.

In a test:

    with ForeignServer(limit=(25, 5.0), unknown_leads=["nobody@example.com"], drop_after_storing=0.1) as server:
        ...  # LSQ_HOST=server.host, LSQ_ACCESS_KEY=server.behaviour.access_key, …
        server.behaviour.drop_after_storing = 0.0  # from the next request on
    assert server.refused_for_rate == 0
    assert [activity.search_value for activity in server.activities] == [...]

As a process, printing its address on one line, ended by SIGTERM or Ctrl-C:

    python -m tests.foreign.server --port 0 --limit 25/5 --latency 0.02-0.4 --unknown-lead nobody@example.com

With `--load FILE` (or `load=`, `leads=`, `opportunities=`, `activities=`) it holds something before the first request:
see the module holdings for the form, crowd for a great many.

`GET /_foreign/state` answers leads, activities, requests and refused_for_rate as JSON in both cases; `GET /_foreign/let-go`
lets answers go that are kept back. They need no keys, have no latency, and are no requests of the account.
"""

from __future__ import annotations

import contextlib
import math
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import fields
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, NoReturn, Self

from .account import Account, RequestRecord
from .behaviour import Behaviour
from .command_line import parser
from .faults import Fault
from .holdings import Holdings, read_file
from .store import Lead, StoredActivity, stamp
from .window import busiest_window
from .wire import Wire


class ForeignServer:
    """Serve one account while the `with` block lasts; what it saw can be asked during and after it.

    A request that was read is carried out when its way there is over, even if its caller was killed meanwhile, and
    the block ends only after the last of them: what `activities` says after the block is final.

    Args:    port: 0 takes any free one. clock: seconds that never go back. sleep: called for the parts of the latency.
             load: a JSON file of what the account holds. chosen: the fields of `Behaviour` and of `Holdings` by name,
             which prevail over the file.
    Raises:  at the end of the block, the errors of the server's own handlers: a fault of the stand-in fails the test.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        load: Path | None = None,
        **chosen: Any,
    ) -> None:
        every = (read_file(load) if load else {}) | chosen
        held = {field.name: every.pop(field.name) for field in fields(Holdings) if field.name in every}
        self.behaviour = Behaviour(**every)
        self._account = Account(self.behaviour, clock, Holdings(**held))
        self._wire = Wire(port, self._account, sleep, self.state)
        self._thread = threading.Thread(target=self._wire.serve_forever, args=(0.02,), name="foreign-server")
        self.port: int = self._wire.server_address[1]
        self.host = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._wire.shutdown()
        self._wire.hang_up()
        self._wire.server_close()
        self._thread.join()
        if self._wire.handler_errors and error is None:
            raise self._wire.handler_errors[0]

    @property
    def activities(self) -> list[StoredActivity]:
        """What is stored, in the order of storing, updates applied, visible to reads or not yet."""
        with self._account.lock:
            self._account.store.delete_due(self._account.clock())
            return list(self._account.store.activities)

    @property
    def leads(self) -> list[Lead]:
        """The leads that were loaded, created, or found by a request, in that order."""
        with self._account.lock:
            return list(self._account.store.leads.values())

    @property
    def requests(self) -> list[RequestRecord]:
        """The requests that arrived, in the order of arrival, those with wrong keys included."""
        with self._account.lock:
            return list(self._account.requests)

    @property
    def refused_for_rate(self) -> int:
        """How many requests were answered 429."""
        return sum(record.refused_for_rate for record in self.requests)

    def faults_met(self, fault: Fault) -> int:
        """How many requests met this fault: a test of faults that never happened shows nothing."""
        return sum(record.fault is fault for record in self.requests)

    def busiest_window(self, seconds: float) -> int:
        """The most requests that arrived within any `seconds`."""
        return busiest_window([record.arrival for record in self.requests], seconds)

    def state(self) -> dict[str, Any]:
        """The same in types that JSON has: times as texts, bodies decoded (a byte that is no UTF-8 as a surrogate)."""
        return {
            "leads": [_held_state(lead) for lead in self.leads],
            "activities": [_held_state(activity) for activity in self.activities],
            "requests": [_request_state(record) for record in self.requests],
            "refused_for_rate": self.refused_for_rate,
        }


def _held_state(held: Lead | StoredActivity) -> dict[str, Any]:
    """Its members without the states that it had earlier; no number in JSON says "always"."""
    members = {name: value for name, value in vars(held).items() if name != "earlier"}
    times = {"created_on": stamp(held.created_on), "modified_on": stamp(held.modified_on)}
    return members | times | {"stored_at": held.stored_at if math.isfinite(held.stored_at) else None}


def _request_state(record: RequestRecord) -> dict[str, Any]:
    return vars(record) | {"body": record.body.decode("utf-8", errors="surrogateescape")}


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until a signal ends the process."""
    chosen = vars(parser().parse_args(arguments))
    signal.signal(signal.SIGTERM, _end)
    with contextlib.suppress(KeyboardInterrupt), ForeignServer(**chosen) as server:
        sys.stdout.write(f"{server.host}\n")
        sys.stdout.flush()
        threading.Event().wait()


def _end(signal_number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
