"""Until when activities have to be written to show in a read now: reads may lag behind writes."""

from __future__ import annotations

from datetime import timedelta

from etl.simulator.account import Arrival
from etl.simulator.store import timestamp

ALL = "9999"  # after every time


def visible_until(arrival: Arrival, delay_seconds: float) -> str:
    """The latest writing that shows; without a delay everything does, even if the server's clock was put back."""
    return timestamp(arrival.wall - timedelta(seconds=delay_seconds)) if delay_seconds > 0 else ALL
