"""An order put into the queue of its account, once; and one that is over, once more."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from etl.clock import SystemClock
from etl.errors import UsageError
from etl.fleet import queries
from etl.fleet.engine import IMPORT, app_for_a_moment
from etl.fleet.order import Order, shown_number
from etl.fleet.place import ask, opened
from etl.fleet.sharing import turn
from etl.fleet.submissions import QUEUE_LOCK, State, submission
from etl.fleet.windows import opens_at
from etl.ledger.store import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable

    from procrastinate import App
    from psycopg import Connection
    from psycopg.rows import DictRow

    from etl.settings import Settings


def put_into_queue(
    order: Order, connection: Connection[DictRow], app: App, refuse: Callable[[], None] = lambda: None
) -> tuple[int, bool]:
    """Put an order into the queue, unless the same is there and not over yet. Returns: its number, and whether it is new.

    refuse: raises where the ledger does not stay, `Moving.refuse_if_gone`. Whoever moves it notes that first, then looks into the
    queue, and waits for who is at this: so either the move sees the order, or `refuse` the move.
    """
    ask(connection, "SELECT pg_advisory_lock(%(lock)s)", {"lock": QUEUE_LOCK})
    try:
        refuse()
        for row in ask(connection, queries.ALIKE, {"lock": order.one_input, "task": IMPORT}):
            if Order.of_data(row["args"]).one_of_a_kind == order.one_of_a_kind:
                return int(row["submission"]), False
        return _deferred(app, order, ask(connection, queries.NOW)[0]["now"]), True
    finally:
        ask(connection, "SELECT pg_advisory_unlock(%(lock)s)", {"lock": QUEUE_LOCK})


def submit_again(settings: Settings, number: int) -> int:
    """Put what was submitted before into the queue again: the same bytes. Returns: its new number.

    Raises: UsageError — there is no such submission, or it is not over. LedgerError — the database cannot be reached, or the
            ledger has moved.
    """
    before = submission(settings, number)
    if before.state not in {State.ENDED, State.STOPPED}:
        raise UsageError(
            f"{before.shown} is not over: it is {before.state}, and goes on by itself. etl runs --all shows it."
        )
    with (
        Ledger(settings.ledger_url, settings.ledger_files, SystemClock()) as ledger,
        opened(settings) as connection,
        app_for_a_moment(settings).open() as app,
    ):
        new, is_new = put_into_queue(before.order, connection, app, ledger.moving.refuse_if_gone)
    if not is_new:
        raise UsageError(f"{before.shown} was submitted again already, as {shown_number(new)}.")
    return new


def _deferred(app: App, order: Order, now_seconds: float) -> int:
    """The number of a new submission. now_seconds: since 1970, by the clock of the database."""
    opens = opens_at(order.window, datetime.fromtimestamp(now_seconds, UTC))
    configured = app.configure_task(
        IMPORT, queue=order.account, lock=order.one_input, priority=turn(now_seconds), schedule_at=opens
    )
    return configured.defer(**order.as_data())
