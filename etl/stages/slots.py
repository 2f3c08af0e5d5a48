"""Slots for reads: they count in the account's limits like everything else."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from etl.api.reads import ReadSlot
from etl.delivery.backoff import after_throttling
from etl.delivery.quota import next_day
from etl.delivery.verdict import Throttled, complaint, server_time
from etl.errors import QuotaSpentError, StoppedError
from etl.ledger.requests import BudgetSpent, NoSlot, RequestEnd
from etl.records import ApiAnswer, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from etl.clock import Clock
    from etl.events import StopSignal
    from etl.ledger.accounts import AccountRecord
    from etl.ledger.requests import Allowance
    from etl.ledger.store import Ledger
    from etl.records import Exchange


_LOOK_SECONDS = 1.0
_LONGEST_REFUSAL = 4096  # bytes; a longer answer is a page of something, and not worth reading twice


class ReadSlots:
    """Takes slots from the ledger; for an account that it does not know yet they are booked afterwards.

    allowance: what the account may spend, asked anew each time because refusals teach. stop: nothing is asked any more
    once one of its deadlines has come, and nothing is waited for once somebody has asked for the stop. keeps_reserve: what
    is asked does not serve to read back, so it leaves the end of the day's quota alone.
    """

    def __init__(
        self,
        ledger: Ledger,
        known: AccountRecord | None,
        allowance: Callable[[], Allowance],
        clock: Clock,
        stop: StopSignal | None = None,
        *,
        keeps_reserve: bool = True,
    ) -> None:
        self._ledger = ledger
        self._known = known
        self._allowance = allowance
        self._clock = clock
        self._stop = stop
        self._keeps_reserve = keeps_reserve
        self._unrecorded = 0

    def to_the_last(self) -> ReadSlots:
        """The same slots for reading back, which may take what was kept of the day's quota."""
        return ReadSlots(self._ledger, self._known, self._allowance, self._clock, self._stop, keeps_reserve=False)

    @property
    def longest_sleep(self) -> float:
        """So many seconds may pass between two looks whether to stop, where anybody can ask for it."""
        return _LOOK_SECONDS if self._stop is not None else float("inf")

    def take(self) -> AbstractContextManager[ReadSlot]:
        """Wait for a slot; it is given back, held until the window has passed, when the block is left.

        Who finds one free at once hears of a wish to stop elsewhere, at a better place than in the middle of its reads.

        Raises: QuotaSpentError, StoppedError.
        """
        self._check_time()
        if self._known is None:
            self._unrecorded += 1
            return nullcontext(ReadSlot())
        return self._slot(self._known.account_id)

    def note_unrecorded(self, record: AccountRecord) -> None:
        """Book the attempts that were made before the account had a place in the ledger."""
        for _ in range(self._unrecorded):
            with self._slot(record.account_id):
                pass
        self._unrecorded = 0

    def rest(self, seconds: float) -> None:
        """Let so much time pass before another attempt, with a look each second whether to stop.

        Raises: StoppedError — as soon as a deadline has come, or somebody asks for the stop.
        """
        until = self._clock.monotonic() + seconds
        while (left := until - self._clock.monotonic()) > 0:
            self.raise_if_stopped()
            self._clock.sleep(min(left, self.longest_sleep))
        self.raise_if_stopped()

    def raise_if_stopped(self) -> None:
        """Raises: StoppedError — a deadline has come, or somebody has asked for the stop."""
        if self._stop is not None and self._stop.reason is not None:
            raise StoppedError(self._stop.reason, self._stop.remedy, self._stop.signal_number)

    @contextmanager
    def _slot(self, account_id: int) -> Iterator[ReadSlot]:
        while isinstance(taken := self._try_take(account_id), NoSlot):
            self.rest(taken.until - self._clock.monotonic())  # before that it is no use to ask
        slot = ReadSlot()
        try:
            yield slot
        finally:
            self.give_back(taken, self._clock.monotonic(), slot.exchange)

    def try_take(self) -> int | NoSlot:
        """A slot for an account that is known, as the number of its request, or when to ask again.

        Raises: QuotaSpentError, StoppedError.
        """
        if self._known is None:
            raise LookupError("the account has no place in the ledger yet")
        return self._try_take(self._known.account_id)

    def give_back(self, request_id: int, ended: float, exchange: Exchange | None) -> None:
        """The read has ended. ended: by `monotonic`. exchange: how, None if it was never sent."""
        refused_within = None if exchange is None else self._take_in_refusal(exchange)
        server_at = server_time(exchange) if exchange is not None else None
        trip = exchange.trip if isinstance(exchange, ApiAnswer) else None
        end = RequestEnd(
            request_id, ended, "read", None, None, server_at=server_at, trip=trip, refused_within=refused_within
        )
        self._ledger.requests.settle(end)

    def _take_in_refusal(self, exchange: Exchange) -> float | None:
        """Keep what a read teaches that was refused for its rate, and let nobody send for as long as it asks.

        Returns: as `RequestEnd.refused_within`. A number that it names is the general limit's: a read counts in no other.
        """
        if self._known is None or not isinstance(exchange, ApiAnswer) or len(exchange.body) > _LONGEST_REFUSAL:
            return None
        refusal = complaint(exchange)
        if not isinstance(refusal, Throttled):
            return None
        account_id, before = self._known.account_id, self._allowance()
        window = refusal.limit.seconds if refusal.limit else None
        wait = after_throttling(refusal.retry_after_seconds, window, 1, 0.0)
        self._ledger.accounts.pause(account_id, self._clock.monotonic() + wait)
        if refusal.limit is not None:
            self._ledger.accounts.learn_limit(account_id, Window.GENERAL, refusal.limit)
        return before.shortest_seconds if self._allowance() == before else None

    def _try_take(self, account_id: int) -> int | NoSlot:
        self._check_time()
        reservation = self._ledger.requests.reserve_read(
            account_id, self._allowance(), keeps_reserve=self._keeps_reserve
        )
        if isinstance(reservation, BudgetSpent):
            again = next_day(self._clock.now(), None, None)
            raise QuotaSpentError(reservation.in_words, f"Run the same command after {again}: it continues.")
        if isinstance(reservation, NoSlot):
            self.raise_if_stopped()
            return reservation
        return reservation.request_id

    def _check_time(self) -> None:
        """Nothing is asked after a deadline."""
        if self._stop is not None and self._stop.deadlines and self._stop.signal_number is None:
            self.raise_if_stopped()
