"""The simulated account as operations see it, one request's arrival in it, and how an operation refuses."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from etl.simulator.messages import Reply, SimRequest
from etl.simulator.options import SimulatorOptions
from etl.simulator.stats import Stats
from etl.simulator.store import ActivityStore
from etl.simulator.switches import Switches

_IDS = uuid.UUID("d2c3a1d4-63b8-4f0a-8f29-1f1f6f0f5b21")


@dataclass(frozen=True, slots=True)
class Account:
    """What an operation may look at and change. dice: the source of everything random in answers.

    unknown_leads: casefolded search values that belong to no lead.
    """

    options: SimulatorOptions
    store: ActivityStore
    stats: Stats
    dice: random.Random
    unknown_leads: frozenset[str] = frozenset()

    @property
    def switches(self) -> Switches:
        return self.options.switches

    @property
    def user_id(self) -> str:
        """The user whose keys are in use."""
        return str(uuid.uuid5(_IDS, f"user/{self.options.user_email}"))

    def lead_id(self, search_by: str, search_value: str) -> str | None:
        """The lead with that value, or None. Every value has a lead, but for those the options rule out."""
        value = search_value.strip().casefold()
        if value.startswith("nobody@") or value in self.unknown_leads:
            return None
        return str(uuid.uuid5(_IDS, f"lead/{search_by}/{value}"))

    def has_user(self, email: str) -> bool:
        """Whether an activity may be owned by that address: any that looks like one, but for `nobody@…`."""
        name, _, domain = email.partition("@")
        return bool(name and domain) and name.casefold() != "nobody"


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request as it arrives. number counts from 1; seconds are the caller's clock, wall is UTC."""

    request: SimRequest
    number: int
    seconds: float
    wall: datetime


@dataclass(frozen=True, slots=True)
class Operation:
    """One LeadSquared operation: where it is, which windows it counts in, and what it answers."""

    method: str
    path: str
    bulk: bool
    writes: bool
    answer: Callable[[Account, Arrival], Reply]
    any_host: bool = False  # works on a host that is not the account's


class Refused(Exception):  # noqa: N818 - it is an answer, not an error of the simulator
    """An operation's refusal of the whole request, in LeadSquared's form."""

    def __init__(self, status: int, exception_type: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.exception_type = exception_type
        self.message = message
