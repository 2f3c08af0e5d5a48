"""Our local stand-in for LeadSquared: strict, deterministic by seed, and knowing nothing of the client it tests.

This package's top has no network and no clock in it: `Simulator` answers one request at a time, told when it arrives.
`etl.simulator.server` puts it behind a real HTTP server on loopback.
"""

from __future__ import annotations

from etl.simulator.core import Simulator
from etl.simulator.fault_plan import Aim, Fault, FaultKind
from etl.simulator.messages import Reply, SimRequest, Travel
from etl.simulator.metadata import ActivityField, LeadField, User
from etl.simulator.options import Latency, RateLimit, SimulatorOptions
from etl.simulator.parsing import parse_fault, parse_latency, parse_limit, read_unknown_leads
from etl.simulator.rate_plans import RATE_PLANS, RatePlan
from etl.simulator.switches import (
    AuthIn,
    BadOwner,
    BulkFailureMode,
    BulkOrder,
    BulkSuccessShape,
    CreatedOnShows,
    DropdownCase,
    EmptyListKey,
    EmptyValue,
    ForbiddenForm,
    LeadShape,
    MandatoryFields,
    MessageId,
    OpportunityShows,
    OverTwentyFive,
    PageOverCap,
    PhoneMatch,
    RateWindow,
    Read,
    RetrieveOffset,
    RetrieveWithoutPaging,
    Switches,
    ThrottleForm,
    UpdateAnswers,
    ValuesOnReading,
)

__all__ = [
    "RATE_PLANS",
    "ActivityField",
    "Aim",
    "AuthIn",
    "BadOwner",
    "BulkFailureMode",
    "BulkOrder",
    "BulkSuccessShape",
    "CreatedOnShows",
    "DropdownCase",
    "EmptyListKey",
    "EmptyValue",
    "Fault",
    "FaultKind",
    "ForbiddenForm",
    "Latency",
    "LeadField",
    "LeadShape",
    "MandatoryFields",
    "MessageId",
    "OpportunityShows",
    "OverTwentyFive",
    "PageOverCap",
    "PhoneMatch",
    "RateLimit",
    "RatePlan",
    "RateWindow",
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
    "UpdateAnswers",
    "User",
    "ValuesOnReading",
    "parse_fault",
    "parse_latency",
    "parse_limit",
    "read_unknown_leads",
]
