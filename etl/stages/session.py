"""What the steps of one command share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from etl.clock import Clock
    from etl.delivery.wire import Wire
    from etl.events import Event, PilotRow, RunOptions, StopSignal
    from etl.ledger.plan import Plan
    from etl.ledger.store import Ledger
    from etl.stages.connect import Connection


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One command that asks LeadSquared: all of a check, and of a run what comes before its first request with rows."""

    connection: Connection
    ledger: Ledger
    plan: Plan
    clock: Clock
    options: RunOptions
    events: Callable[[Event], None]
    stop: StopSignal


@dataclass(slots=True)
class Pilot:
    """How far the first rows have come that are sent before all others. left: how many may go still. is_over: all may go."""

    left: int
    is_over: bool = False
    shown: list[PilotRow] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Session(Inquiry):
    """One `run` under way. open_wire: the way to LeadSquared for so many requests at once. pilot: of a run that has one."""

    open_wire: Callable[[int], Wire]
    pilot: Pilot | None = None
