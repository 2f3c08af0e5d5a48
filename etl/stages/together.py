"""Reading side by side: latency does not cost throughput, and the ledger is still asked by one thread alone.

The workers do the reading. Whatever they need of the ledger, a slot before each request and its end afterwards, they ask
of the thread that waits for them.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, TypeVar

from etl.api.reads import ReadSlot, read
from etl.clock import at_a_stretch
from etl.ledger.requests import NoSlot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from etl.api.asking import Read
    from etl.api.reads import Sender
    from etl.clock import Clock
    from etl.records import ApiAnswer, ApiRequest, Exchange
    from etl.stages.slots import ReadSlots

_Item = TypeVar("_Item")
_Told = TypeVar("_Told")


@dataclass(frozen=True, slots=True)
class _Over:
    """A read has ended. ended: by `monotonic`, when; it may be told a little later."""

    request_id: int
    ended: float
    exchange: Exchange | None


class Together:
    """Does the same work for many items in some threads.

    readers: how many threads. clock: for how long no slot is free.
    """

    def __init__(self, client: Sender, slots: ReadSlots, clock: Clock, readers: int) -> None:
        self._client = client
        self._slots = slots
        self._clock = clock
        self._readers = readers
        self._wishes: deque[Future[int]] = deque()  # for a slot, in the order in which they came
        self._mail: SimpleQueue[Future[int] | _Over | None] = SimpleQueue()

    def each(self, work: Callable[[Read, _Item], _Told], items: Sequence[_Item]) -> list[_Told]:
        """What the work tells for each item, in their order.

        Raises: what the work raises for one of them; QuotaSpentError, StoppedError. Then nothing more is begun,
        and what was in the air has ended.
        """
        if not items:
            return []
        with ThreadPoolExecutor(min(self._readers, len(items)), thread_name_prefix="read") as pool:
            tasks = [pool.submit(work, self._read, item) for item in items]
            for task in tasks:
                task.add_done_callback(lambda _done: self._mail.put(None))
            try:
                while not all(task.done() for task in tasks):
                    self._serve()
                    if any(task.done() and not task.cancelled() and task.exception() for task in tasks):
                        break
            finally:
                self._finish(tasks)
        return [task.result() for task in tasks if not task.cancelled()]

    def _serve(self) -> None:
        """Give slots to those who wish for one, and take in what has come next."""
        until = self._give_slots()
        while True:
            left = None if until is None else max(0.0, until - self._clock.monotonic())
            look = None if left is None else min(left, self._slots.longest_sleep)
            try:
                mail = self._mail.get(timeout=at_a_stretch(look))
            except Empty:
                if left == 0.0:
                    return
                if left is not None:  # before its end it is no use to ask the ledger again
                    self._slots.raise_if_stopped()
            else:
                self._take_in(mail)
                return

    def _take_in(self, mail: Future[int] | _Over | None) -> None:
        if isinstance(mail, _Over):
            self._slots.give_back(mail.request_id, mail.ended, mail.exchange)
        elif mail is not None:
            self._wishes.append(mail)

    def _give_slots(self) -> float | None:
        """Returns: when the next wish can be granted, None if none is left."""
        while self._wishes:
            taken = self._slots.try_take()
            if isinstance(taken, NoSlot):
                return taken.until
            self._wishes.popleft().set_result(taken)
        return None

    def _finish(self, tasks: Sequence[Future[_Told]]) -> None:
        """Let nobody wait for a slot any more, and settle all reads that have begun."""
        for task in tasks:
            task.cancel()
        while not all(task.done() for task in tasks):
            while self._wishes:
                self._wishes.popleft().cancel()
            self._take_in(self._mail.get())
        while not self._mail.empty():
            self._take_in(self._mail.get())

    # In the threads

    def _read(self, request: ApiRequest) -> ApiAnswer | None:
        return read(self._client, request, self._slot, self._slots.rest)

    @contextmanager
    def _slot(self) -> Iterator[ReadSlot]:
        wish: Future[int] = Future()
        self._mail.put(wish)
        request_id, slot = wish.result(), ReadSlot()
        try:
            yield slot
        finally:
            self._mail.put(_Over(request_id, self._clock.monotonic(), slot.exchange))
