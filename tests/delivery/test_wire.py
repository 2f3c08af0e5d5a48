"""The wire of threads: what is handed over comes back, and nobody waits in vain."""

from __future__ import annotations

import threading

import pytest

from etl.delivery.wire import Arrival, ThreadedWire
from etl.records import ApiAnswer, ApiRequest, Exchange, LineEnd, MayWrite, TransportFailure, Window
from tests.clocks import ManualClock

REQUEST = ApiRequest("POST", "/v2/x", (), b"[]", Window.BULK)
ANSWER = ApiAnswer(200, {}, b"{}")


def test_a_request_comes_back_with_the_moment_of_its_answer() -> None:
    """The end of a request is stamped when its answer is there, not when somebody looks."""
    clock = ManualClock()

    def send(_request: ApiRequest, _may_write: object) -> Exchange:
        clock.move(0.5)
        return ANSWER

    wire = ThreadedWire(send, 1, clock)
    wire.send(3, REQUEST)

    assert wire.wait(None) == Arrival(3, ANSWER, 1_000.5)
    wire.close()


def test_requests_are_under_way_side_by_side() -> None:
    """One slow answer does not hold up the others."""
    slow = threading.Event()

    def send(request: ApiRequest, _may_write: object) -> Exchange:
        if request.path == "/slow":
            assert slow.wait(30)
        return ANSWER

    wire = ThreadedWire(send, 2, ManualClock())
    wire.send(1, ApiRequest("POST", "/slow", (), b"", Window.BULK))
    wire.send(2, REQUEST)

    first = wire.wait(None)
    slow.set()
    second = wire.wait(None)

    assert first is not None
    assert second is not None
    assert (first.number, second.number) == (2, 1)
    wire.close()


def test_a_defect_while_sending_leaves_the_request_in_doubt() -> None:
    """Whatever breaks in the sending thread, the request may have left; its end is told, without the error's words."""

    def send(_request: ApiRequest, _may_write: object) -> Exchange:
        raise RuntimeError("s3cret")

    wire = ThreadedWire(send, 1, ManualClock())
    wire.send(1, REQUEST)
    arrival = wire.wait(None)

    assert arrival is not None
    assert arrival.exchange == TransportFailure(LineEnd.LOST, "a defect of etl while sending (RuntimeError)")
    wire.close()


def test_what_is_handed_over_has_its_permit_of_that_moment() -> None:
    """Whoever sends asks that one right before it writes, in its own thread, however long connecting has taken."""
    given, asked = iter([lambda: True, None, lambda: False]), []

    def send(_request: ApiRequest, may_write: MayWrite | None) -> Exchange:
        asked.append(
            None if may_write is None else (may_write(), threading.current_thread().name.startswith("request"))
        )
        return ANSWER

    wire = ThreadedWire(send, 1, ManualClock(), lambda: next(given))
    for number in (1, 2, 3):
        wire.send(number, REQUEST)
        wire.wait(None)

    assert asked == [(True, True), None, (False, True)]
    wire.close()


@pytest.mark.parametrize("until", [pytest.param(999.0, id="over"), pytest.param(1_000.0, id="now")])
def test_a_moment_that_has_come_is_not_waited_for(until: float) -> None:
    """Without an arrival, a moment that is there already gives None at once."""
    wire = ThreadedWire(lambda _request, _may_write: ANSWER, 1, ManualClock())

    assert wire.wait(until) is None
    wire.close()


def test_a_nudge_ends_a_wait_without_an_end() -> None:
    """A signal's handler can wake who waits for an answer."""
    wire = ThreadedWire(lambda _request, _may_write: ANSWER, 1, ManualClock())
    nudger = threading.Thread(target=wire.nudge)

    nudger.start()
    woken = wire.wait(None)
    nudger.join()

    assert woken is None
    wire.close()


@pytest.mark.parametrize("given", [0, 1], ids=["none", "one"])
def test_where_the_system_gives_no_more_threads_those_that_run_go_on(
    given: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each request is sent once by them; without any it comes back as not sent, and nothing is in doubt."""
    started = []

    class Scarce(threading.Thread):
        def start(self) -> None:
            if len(started) == given:
                raise RuntimeError("can't start new thread")
            started.append(self)
            super().start()

    sent = []

    def send(request: ApiRequest, _may_write: object) -> Exchange:
        sent.append(request)
        return ANSWER

    monkeypatch.setattr("etl.delivery.wire.Thread", Scarce)
    wire = ThreadedWire(send, 4, ManualClock())
    for number in (1, 2, 3):
        wire.send(number, REQUEST)
    arrivals = [wire.wait(None) for _ in range(3)]
    wire.close()

    ends = [one.exchange.end if isinstance(one.exchange, TransportFailure) else one.exchange for one in arrivals if one]
    assert (ends, len(sent)) == (([ANSWER] * 3, 3) if given else ([LineEnd.NOT_SENT] * 3, 0))
