"""The foreign server: a stand-in for LeadSquared on loopback, for a test or as a process of its own.

In a test:

    with ForeignServer(limit=(25, 5.0), unknown_leads=["nobody@example.com"], drop_after_storing=0.1) as server:
        ...  # LSQ_HOST=server.host, LSQ_ACCESS_KEY=server.behaviour.access_key, …
        server.behaviour.drop_after_storing = 0.0  # from the next request on
    assert server.refused_for_rate == 0
    assert [activity.search_value for activity in server.activities] == [...]

As a process, printing its address on one line, ended by SIGTERM or Ctrl-C:

    python -m tests.foreign.server --port 0 --limit 25/5 --latency 0.02-0.4 --unknown-lead nobody@example.com

`GET /_foreign/state` answers activities, requests and refused_for_rate as JSON in both cases. It needs no keys, has no
latency, and is no request of the account.
"""

from __future__ import annotations

import argparse
import contextlib
import signal
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType, TracebackType
from typing import Any, NoReturn, Self

from .account import Account, RequestRecord
from .behaviour import Behaviour
from .faults import Fault
from .store import StoredActivity, stamp
from .window import busiest_window
from .wire import Wire


class ForeignServer:
    """Serve one account while the `with` block lasts; what it saw can be asked during and after it.

    A request that was read is carried out when its way there is over, even if its caller was killed meanwhile, and
    the block ends only after the last of them: what `activities` says after the block is final.

    Args:    port: 0 takes any free one. clock: seconds that never go back. sleep: called for the parts of the latency.
             behaviour: the fields of `Behaviour`, by name.
    Raises:  at the end of the block, the errors of the server's own handlers: a fault of the stand-in fails the test.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
        **behaviour: Any,
    ) -> None:
        self.behaviour = Behaviour(**behaviour)
        self._account = Account(self.behaviour, clock)
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
        """What is stored, in the order of storing, visible to reads or not yet."""
        with self._account.lock:
            return list(self._account.store.activities)

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
            "activities": [_activity_state(activity) for activity in self.activities],
            "requests": [_request_state(record) for record in self.requests],
            "refused_for_rate": self.refused_for_rate,
        }


def _activity_state(activity: StoredActivity) -> dict[str, Any]:
    times = {"created_on": stamp(activity.created_on), "modified_on": stamp(activity.modified_on)}
    return vars(activity) | times


def _request_state(record: RequestRecord) -> dict[str, Any]:
    return vars(record) | {"body": record.body.decode("utf-8", errors="surrogateescape")}


def main(arguments: Sequence[str] | None = None) -> None:
    """Serve until a signal ends the process."""
    chosen = vars(_parser().parse_args(arguments))
    signal.signal(signal.SIGTERM, _end)
    with contextlib.suppress(KeyboardInterrupt), ForeignServer(**chosen) as server:
        sys.stdout.write(f"{server.host}\n")
        sys.stdout.flush()
        threading.Event().wait()


def _end(signal_number: int, frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt


def _parser() -> argparse.ArgumentParser:
    """Options named after the fields of `Behaviour`; one that is not given keeps the field's default."""
    parser = argparse.ArgumentParser(prog="python -m tests.foreign.server", argument_default=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, help="0 takes any free port")
    parser.add_argument("--limit", type=_limit, metavar="REQUESTS/SECONDS")
    parser.add_argument("--bulk-limit", type=_limit, metavar="REQUESTS/SECONDS")
    parser.add_argument("--latency", dest="latency_seconds", type=_span, metavar="LEAST-MOST", help="seconds")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--access-key")
    parser.add_argument("--secret-key")
    parser.add_argument("--unknown-lead", dest="unknown_leads", action="append", metavar="VALUE")
    parser.add_argument("--unique-lead-field", dest="unique_lead_fields", action="append", metavar="FIELD")
    for fault in Fault:
        parser.add_argument(f"--{fault.value.replace('_', '-')}", type=float, metavar="SHARE")
    parser.add_argument("--visible-after-seconds", type=float, metavar="SECONDS")
    parser.add_argument("--clock-skew-seconds", type=float, metavar="SECONDS")
    parser.add_argument("--no-user-by-access-key", dest="serves_user_by_access_key", action="store_false")
    return parser


def _limit(text: str) -> tuple[int, float]:
    requests, seconds = text.split("/")
    return int(requests), float(seconds)


def _span(text: str) -> tuple[float, float]:
    least, most = text.split("-")
    return float(least), float(most)


if __name__ == "__main__":
    main()
