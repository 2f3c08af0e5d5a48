"""Our local stand-in for LeadSquared: strict, deterministic by seed, and knowing nothing of the client it tests.

This package's top has no network and no clock in it: `Simulator` answers one request at a time, told when it arrives.
`etl.simulator.server` puts it behind a real HTTP server on loopback.
"""

from __future__ import annotations

from etl.simulator.core import Simulator
from etl.simulator.fault_plan import Aim, Fault, FaultKind
from etl.simulator.messages import Reply, SimRequest, Travel
from etl.simulator.options import Latency, RateLimit, SimulatorOptions
from etl.simulator.parsing import parse_fault, parse_latency, parse_limit, read_unknown_leads
from etl.simulator.switches import (
    AuthIn,
    BadOwner,
    BulkFailureMode,
    BulkOrder,
    BulkSuccessShape,
    CreatedOnShows,
    EmptyListKey,
    ForbiddenForm,
    LeadShape,
    OverTwentyFive,
    PageOverCap,
    PhoneMatch,
    Read,
    RetrieveOffset,
    RetrieveWithoutPaging,
    Switches,
    ThrottleForm,
    ValuesOnReading,
)

__all__ = [
    "Aim",
    "AuthIn",
    "BadOwner",
    "BulkFailureMode",
    "BulkOrder",
    "BulkSuccessShape",
    "CreatedOnShows",
    "EmptyListKey",
    "Fault",
    "FaultKind",
    "ForbiddenForm",
    "Latency",
    "LeadShape",
    "OverTwentyFive",
    "PageOverCap",
    "PhoneMatch",
    "RateLimit",
    "Read",
    "Reply",
    "RetrieveOffset",
    "RetrieveWithoutPaging",
    "SimRequest",
    "Simulator",
    "SimulatorOptions",
    "Switches",
    "ThrottleForm",
    "Travel",
    "ValuesOnReading",
    "parse_fault",
    "parse_latency",
    "parse_limit",
    "read_unknown_leads",
]
