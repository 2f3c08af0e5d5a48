"""The simulated account as operations see it, one request's arrival in it, what an operation is and how it refuses."""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from etl.simulator.late import LateWork
from etl.simulator.leads import LeadBook
from etl.simulator.messages import Reply, SimRequest
from etl.simulator.options import SimulatorOptions
from etl.simulator.stats import Stats
from etl.simulator.store import ActivityStore, StoredActivity
from etl.simulator.switches import Read, Switches

_IDS = uuid.UUID("d2c3a1d4-63b8-4f0a-8f29-1f1f6f0f5b21")


@dataclass(frozen=True, slots=True)
class Account:
    """What an operation may look at and change. dice: the source of everything random in answers. late: what is put off.

    created_types: names of the activity types that were created since the start, by code.
    shown: activities as the read by type shows them, by id, each with what it was made from: pages are read often.
    """

    options: SimulatorOptions
    store: ActivityStore
    stats: Stats
    dice: random.Random
    leads: LeadBook
    shown: dict[str, tuple[StoredActivity, str]] = field(default_factory=dict)
    late: LateWork = field(default_factory=LateWork)
    created_types: dict[int, str] = field(default_factory=dict)

    @property
    def switches(self) -> Switches:
        return self.options.switches

    @property
    def user_id(self) -> str:
        """The user whose keys are in use."""
        return user_id_of(self.options.user_email)

    @property
    def activity_types(self) -> Mapping[int, str] | None:
        """Code → name; None: every code is taken."""
        known = self.options.activity_types
        return None if known is None else {**known, **self.created_types}

    def type_name(self, event: int) -> str:
        """What an activity type is called."""
        known = self.options.activity_types or {}
        return known.get(event) or self.created_types.get(event) or f"Activity {event}"

    def has_user(self, email: str) -> bool:
        """Whether an activity may be owned by that address.

        Those of active users; where none are laid down, any that looks like an address, but for `nobody@…`.
        """
        if self.options.users is not None:
            active = {user.email.casefold() for user in self.options.users if user.is_active}
            return email.casefold() in {*active, self.options.user_email.casefold()}
        name, _, domain = email.partition("@")
        return bool(name and domain) and name.casefold() != "nobody"


@lru_cache(maxsize=1000)
def user_id_of(email: str) -> str:
    """The id of the user with that address."""
    return str(uuid.uuid5(_IDS, f"user/{email}"))


@dataclass(frozen=True, slots=True)
class Moment:
    """seconds of the caller's clock, and the server's calendar at the same time (UTC)."""

    seconds: float
    wall: datetime


@dataclass(frozen=True, slots=True)
class Arrival:
    """One request as it arrives. number counts from 1; seconds are the caller's clock, wall is the server's, in UTC.

    carried_out: the moment at which it is carried out, if that is not at once.
    """

    request: SimRequest
    number: int
    seconds: float
    wall: datetime
    carried_out: Moment | None = None

    @property
    def moment(self) -> Moment:
        """When the request takes effect."""
        return self.carried_out or Moment(self.seconds, self.wall)


@dataclass(frozen=True, slots=True)
class Operation:
    """One LeadSquared operation: where it is, which windows it counts in, and what it answers.

    read: the name by which an account may forbid it. partly: of an operation that does two things in one request, the
    first of them alone.
    """

    method: str
    path: str
    bulk: bool
    writes: bool
    answer: Callable[[Account, Arrival], Reply]
    any_host: bool = False  # works on a host that is not the account's
    read: Read | None = None
    partly: Callable[[Account, Arrival], None] | None = None


class Refused(Exception):  # noqa: N818 - it is an answer, not an error of the simulator
    """An operation's refusal of the whole request, in LeadSquared's form."""

    def __init__(self, status: int, exception_type: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.exception_type = exception_type
        self.message = message
