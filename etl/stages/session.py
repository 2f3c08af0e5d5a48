"""What the steps of one command share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from etl.clock import Clock
    from etl.delivery.wire import Wire
    from etl.events import Event, RunOptions, StopSignal
    from etl.ledger.plan import Plan
    from etl.ledger.store import Ledger
    from etl.stages.connect import Connection


@dataclass(frozen=True, slots=True)
class Session:
    """One `run` under way. open_wire: the way to LeadSquared for so many requests at once."""

    connection: Connection
    ledger: Ledger
    plan: Plan
    clock: Clock
    options: RunOptions
    events: Callable[[Event], None]
    stop: StopSignal
    open_wire: Callable[[int], Wire]
