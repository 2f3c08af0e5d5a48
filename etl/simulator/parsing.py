"""What people type for the simulator's options, as objects; a ValueError says what was expected."""

from __future__ import annotations

import re
from pathlib import Path

from etl.simulator.fault_plan import SECONDS_OF, Fault, FaultKind
from etl.simulator.options import Latency, RateLimit

_NUMBER = r"(\d+(?:\.\d+)?)"
_LIMIT = re.compile(rf"(\d+)/{_NUMBER}")
_LATENCY = re.compile(rf"{_NUMBER}(?:-{_NUMBER})?(ms|s)")
_FAULT = re.compile(rf"([a-z0-9-]+):{_NUMBER}(?::{_NUMBER}s?)?")


def parse_limit(text: str) -> RateLimit:
    """`25/5`: 25 requests in any 5 seconds."""
    match = _LIMIT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f'"{text}" is no limit: expected requests/seconds, as in 25/5')
    return RateLimit(int(match[1]), float(match[2]))


def parse_latency(text: str) -> Latency:
    """`20-400ms`, `0.1-2s` or `50ms`: what a request and its reply travel together."""
    match = _LATENCY.fullmatch(text.strip())
    if match is None:
        raise ValueError(f'"{text}" is no latency: expected a range with its unit, as in 20-400ms or 0.1-2s')
    unit_seconds = 0.001 if match[3] == "ms" else 1.0
    return Latency(float(match[1]) * unit_seconds, float(match[2] or match[1]) * unit_seconds)


def parse_fault(text: str) -> Fault:
    """`drop-after:0.1` strikes a tenth of the writes; `slow:0.1:30` answers a tenth of them after 30 seconds.

    Faults that are late take their seconds in the same way.
    """
    match = _FAULT.fullmatch(text.strip())
    if match is None:
        raise ValueError(f'"{text}" is no fault: expected NAME:SHARE, as in drop-after:0.1')
    try:
        kind = FaultKind(match[1])
    except ValueError:
        known = ", ".join(FaultKind)
        raise ValueError(f'"{match[1]}" is no fault that is known; expected one of {known}') from None
    if match[3] is None:
        return Fault(kind, float(match[2]))
    if kind not in SECONDS_OF:
        raise ValueError(f'"{text}": only {", ".join(SECONDS_OF)} take seconds, as in slow:0.1:30')
    return Fault(kind, float(match[2]), seconds=float(match[3]))


def read_unknown_leads(path: Path) -> frozenset[str]:
    """Search values that belong to no lead: one a line of a UTF-8 file. Raises OSError or UnicodeDecodeError."""
    lines = path.read_text(encoding="utf-8-sig").splitlines()
    return frozenset(line.strip() for line in lines if line.strip())
