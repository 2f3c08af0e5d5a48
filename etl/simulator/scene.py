"""What a fault works with, and what it makes of that."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from etl.simulator.account import Account, Arrival, Operation
from etl.simulator.fault_plan import Fault
from etl.simulator.late import LateWork
from etl.simulator.messages import Reply

Serve: TypeAlias = Callable[[Arrival], Reply]
"""Carries a request out and answers it."""


@dataclass(frozen=True, slots=True)
class Scene:
    """One fault around the serving of one request. serve: without this fault, but with those further in."""

    account: Account
    operation: Operation
    fault: Fault
    serve: Serve
    late: LateWork


Act: TypeAlias = Callable[[Scene, Arrival], Reply]
"""What a fault does."""
