"""Slots for reads: they count in the account's limits like everything else."""

from __future__ import annotations

from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING

from etl.api.reads import ReadSlot
from etl.delivery.verdict import server_time
from etl.errors import NetworkError
from etl.ledger.requests import BudgetSpent, NoSlot, RequestEnd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from etl.clock import Clock
    from etl.ledger.accounts import AccountRecord
    from etl.ledger.requests import Allowance
    from etl.ledger.store import Ledger
    from etl.records import Exchange


class ReadSlots:
    """Takes slots from the ledger; for an account that it does not know yet they are booked afterwards.

    allowance: what the account may spend, asked anew each time because refusals teach.
    """

    def __init__(
        self, ledger: Ledger, known: AccountRecord | None, allowance: Callable[[], Allowance], clock: Clock
    ) -> None:
        self._ledger = ledger
        self._known = known
        self._allowance = allowance
        self._clock = clock
        self._unrecorded = 0

    def take(self) -> AbstractContextManager[ReadSlot]:
        """Wait for a slot; it is given back, held until the window has passed, when the block is left.

        Raises: NetworkError — the day's budget is spent.
        """
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

    @contextmanager
    def _slot(self, account_id: int) -> Iterator[ReadSlot]:
        while isinstance(taken := self._try_take(account_id), NoSlot):
            self._clock.sleep(taken.until - self._clock.monotonic())
        slot = ReadSlot()
        try:
            yield slot
        finally:
            self.give_back(taken, self._clock.monotonic(), slot.exchange)

    def try_take(self) -> int | NoSlot:
        """A slot for an account that is known, as the number of its request, or when to ask again.

        Raises: NetworkError — the day's budget is spent.
        """
        if self._known is None:
            raise LookupError("the account has no place in the ledger yet")
        return self._try_take(self._known.account_id)

    def give_back(self, request_id: int, ended: float, exchange: Exchange | None) -> None:
        """The read has ended. ended: by `monotonic`. exchange: how, None if it was never sent."""
        server_at = server_time(exchange) if exchange is not None else None
        end = RequestEnd(request_id, ended, "read", None, None, server_at=server_at)
        self._ledger.requests.settle(end)

    def _try_take(self, account_id: int) -> int | NoSlot:
        reservation = self._ledger.requests.reserve_read(account_id, self._allowance())
        if isinstance(reservation, BudgetSpent):
            raise NetworkError(
                f"The day's budget of requests is spent ({reservation.requests} today). "
                "Run the same command after 00:00 UTC: it continues.",
                is_final=True,
            )
        return reservation if isinstance(reservation, NoSlot) else reservation.request_id
