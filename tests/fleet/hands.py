"""Workers whose runs are made up: what they take, when, and how it ends is the test's. The queue is a real one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import patch

from etl.clock import SystemClock
from etl.events import StopSignal
from etl.fleet import working
from etl.fleet.carrying import Held, SoFar
from etl.fleet.ends import Turn
from etl.fleet.working import WorkerOptions, Working
from etl.settings import Settings

BEAT = 0.5
"""Of these workers: they take one another for gone after a second and a half."""


class Quiet:
    """An attendant who only remembers what was said, and how turns ended."""

    def __init__(self) -> None:
        self.said: list[str] = []
        self.ends: list[tuple[int, Turn, Any]] = []

    def settings_of(self, account: str) -> Settings:
        raise AssertionError(f"no run of {account} is a real one here")

    def attending(self, number: int, order: Any) -> Any:
        raise AssertionError

    def ended(self, number: int, order: Any, turn: Turn, then: Any, summary: Any) -> None:
        self.ends.append((number, turn, then))

    def say(self, text: str) -> None:
        self.said.append(text)


@dataclass
class Hand:
    """One worker in a thread."""

    working: Working
    attendant: Quiet
    stop: StopSignal
    thread: threading.Thread
    errors: list[BaseException] = field(default_factory=list)

    def end(self) -> None:
        self.stop.request("the test is over")
        self.thread.join(20)
        assert not self.thread.is_alive()
        assert self.errors == []


Act = Callable[[Held], Turn]


def until_asked(held: Held) -> Turn:
    """A run that lasts until it is asked to stop."""
    held.sends_since = SystemClock().monotonic()
    asked = threading.Event()
    held.stop.on_request(asked.set)
    assert asked.wait(30)
    return Turn(143, "stopped", (), held.wish)


def at_once(held: Held) -> Turn:
    """A run that has nothing to do."""
    held.sends_since = SystemClock().monotonic()
    return Turn(0, "done")


@contextmanager
def hands(settings: Settings, act: Act) -> Iterator[Callable[..., Hand]]:
    """Start workers whose runs are `act`; they are ended with the block."""
    started: list[Hand] = []

    class Acting:
        def __init__(self, *_: object) -> None: ...

        def turn(self, held: Held, before: SoFar) -> Turn:
            del before
            return act(held)

    def start(accounts: str = "prod", places: int = 1, turn_seconds: float = 300.0) -> Hand:
        attendant, stop = Quiet(), StopSignal()
        options = WorkerOptions(tuple(accounts.split(",")), Path("/nonexistent"), places, BEAT, turn_seconds)
        work = Working(settings, options, attendant, SystemClock())
        hand = Hand(work, attendant, stop, threading.Thread())

        def serve() -> None:
            try:
                work.serve(stop)
            except BaseException as error:  # noqa: BLE001 — it is for the test that ends the worker
                hand.errors.append(error)

        hand.thread = threading.Thread(target=serve, name="worker")
        hand.thread.start()
        started.append(hand)
        return hand

    with patch.object(working, "Carrier", Acting):
        try:
            yield start
        finally:
            for one in started:
                one.stop.request("the test is over")
            for one in started:
                one.end()
