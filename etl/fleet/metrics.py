"""`etl worker --metrics`: a worker's numbers and its health, served for as long as it works."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from etl.errors import EtlError, UsageError
from etl.fleet.health import Doctor
from etl.fleet.lookout import Lookout
from etl.fleet.web import address_of, served
from etl.quoting import installing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from etl.events import Event, Summary
    from etl.fleet.carrying import Attendant
    from etl.fleet.ends import Back, Over, Turn
    from etl.fleet.meter import Meter
    from etl.fleet.order import Order
    from etl.fleet.web import Address
    from etl.fleet.working import Working
    from etl.settings import Settings


@contextmanager
def serving(typed: str, working: Working, hear_inboxes: Callable[[Callable[[Event], None]], None]) -> Iterator[Address]:
    """Serve /metrics and /healthz of a worker that is about to begin; gives the address.

    hear_inboxes: takes who listens to what the worker's inboxes do.
    Raises: UsageError — no address, one that is taken, or the library is not installed.
    """
    at = address_of(typed)
    try:
        from etl.fleet.facts import Facts  # noqa: PLC0415 — loads a library of the extra
        from etl.fleet.meter import Meter, registry_of_worker  # noqa: PLC0415 — as above
    except ImportError as error:
        raise UsageError(
            f"--metrics needs more than was installed here ({error.name} is missing). Install it: {installing('fleet')}"
        ) from error
    registry = registry_of_worker()
    lookout = Lookout(working.settings, working.clock, _budgets(working))
    facts = Facts(lookout, lambda: (working.options.places, len(working.held)))
    registry.register(facts)
    doctor = Doctor(working.settings, working.clock, working.options.beat_seconds, lambda: working.worker)
    meter = Meter(registry)
    working.attendant = CountingAttendant(working.attendant, meter)
    hear_inboxes(meter.listening_to_inboxes())
    try:
        with served(at, registry, doctor) as address:
            working.attendant.say(f"Numbers and health: {address.url}/metrics and {address.url}/healthz")
            yield address
    finally:
        facts.close()


def _budgets(working: Working) -> dict[str, int | None]:
    """Requests a day, by the settings of this worker."""
    found: dict[str, int | None] = {}
    for name in working.options.accounts:
        with suppress(EtlError):  # said when something is to be sent there
            account = working.attendant.settings_of(name).account
            found[name] = account.daily_requests if account is not None else None
    return found


class CountingAttendant:
    """An attendant that counts what passes, and leaves all else to another one."""

    def __init__(self, other: Attendant, meter: Meter) -> None:
        self._other = other
        self._meter = meter

    def settings_of(self, account: str) -> Settings:
        return self._other.settings_of(account)

    @contextmanager
    def attending(self, number: int, order: Order) -> Iterator[Callable[[Event], None]]:
        counted = self._meter.listening(order.account)
        with self._other.attending(number, order) as hand_on:

            def listen(event: Event) -> None:
                counted(event)
                hand_on(event)

            yield listen

    def ended(self, number: int, order: Order, turn: Turn, then: Over | Back, summary: Summary | None) -> None:
        self._meter.ended(order.account, turn.exit_code)
        self._other.ended(number, order, turn, then, summary)

    def say(self, text: str) -> None:
        self._other.say(text)
