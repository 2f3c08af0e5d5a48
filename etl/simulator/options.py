"""Everything one may ask of a simulator, as one frozen object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from etl.simulator.fault_plan import Fault
from etl.simulator.metadata import ActivityField, LeadField, User
from etl.simulator.switches import Switches


@dataclass(frozen=True, slots=True)
class RateLimit:
    """At most `count` requests in any `seconds` seconds."""

    count: int
    seconds: float

    def __post_init__(self) -> None:
        if self.count < 1 or not 0 < self.seconds < float("inf"):
            raise ValueError(f"a limit of {self}: expected at least 1 request in more than 0 seconds, as in 25/5")

    def __str__(self) -> str:
        return f"{self.count}/{self.seconds:g}"


@dataclass(frozen=True, slots=True)
class Latency:
    """Least and most seconds that a request and its reply travel together."""

    least_seconds: float = 0.0
    most_seconds: float = 0.0

    def __post_init__(self) -> None:
        if not 0 <= self.least_seconds <= self.most_seconds < float("inf"):
            raise ValueError(
                f"a latency from {self.least_seconds:g} to {self.most_seconds:g} seconds: "
                "expected the smaller number first, as in 20-400ms"
            )


@dataclass(frozen=True, slots=True)
class SimulatorOptions:
    """One simulated account and the world around it.

    bulk_limit: None means that bulk requests have no limit besides `limit`, in which they count as well.
    daily: requests a UTC day. seed: None draws one; a seed given twice hands out the same activity ids twice, so a
    ledger that outlives the simulator wants a `store`, too, or no seed.
    store: a file that keeps the activities across restarts. unknown_leads: values that belong to no lead, besides
    those that start with `nobody@` and ids that start with `00000000-`. leads: attributes of leads that are there
    from the start, with or without a ProspectID. other_leads_exist: every other value belongs to a lead as well.
    other_activities_exist: every id that nobody has stored is that of an activity from before, but for those that
    start with `00000000-`. unknown_opportunities: ids of none.
    activity_types: code → name; None accepts every code. activity_fields: code → the fields of that type and no
    others; a type that is not listed has all custom ones, without options. lead_fields: the attributes of leads
    besides the standard ones; None accepts every name. users: the users besides that of the keys; None takes every
    address for one. Where everything is accepted there is no list to read, and its read is not offered.
    home_host: the account lives on that host; here every operation but the one that finds the host answers 401.
    clock_skew_seconds: the server's calendar is ahead by so much: ModifiedOn, the day's quota and the header Date.
    """

    access_key: str = field(default="simulator-access-key", repr=False)
    secret_key: str = field(default="simulator-secret-key", repr=False)
    limit: RateLimit = RateLimit(25, 5.0)
    bulk_limit: RateLimit | None = None
    daily: int | None = None
    latency: Latency = Latency()
    seed: int | None = None
    faults: tuple[Fault, ...] = ()
    switches: Switches = field(default_factory=Switches)
    store: Path | None = None
    unknown_leads: frozenset[str] = frozenset()
    leads: tuple[Mapping[str, str], ...] = ()
    other_leads_exist: bool = True
    other_activities_exist: bool = False
    unknown_opportunities: frozenset[str] = frozenset()
    activity_types: Mapping[int, str] | None = None
    activity_fields: Mapping[int, tuple[ActivityField, ...]] = field(default_factory=dict)
    lead_fields: tuple[LeadField, ...] | None = None
    users: tuple[User, ...] | None = None
    home_host: str | None = None
    clock_skew_seconds: float = 0.0
    organisation_id: str = "90001"
    user_email: str = "importer@example.com"
    user_name: str = "Import User"
    time_zone: str = "Asia/Kolkata"
    country_code: str = "91"

    def __post_init__(self) -> None:
        if self.daily is not None and self.daily < 1:
            raise ValueError(f"a day's quota of {self.daily}: expected at least 1 request")
