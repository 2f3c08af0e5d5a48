"""What the account holds: its leads, its opportunities and the activities posted on them."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from .behaviour import Behaviour, OpportunityId

# The one user to whom the keys belong; whatever is posted was posted by them.
USER_ID = "5d3c1f0a-9a57-4c11-8f6e-2b1d5a7e9c01"
USER_NAME = "Field Administrator"
USER_EMAIL = "administrator@example.com"
ALWAYS_THERE = float("-inf")  # the moment of storing of what no request stored

_LEADS = uuid.UUID("0c8e7f52-63d1-4b0b-9a34-5e1f27c4d8aa")


def stamp(moment: datetime) -> str:
    """A date and time as the pages print it: UTC, whole seconds."""
    return moment.strftime("%Y-%m-%d %H:%M:%S")


def implied_id(kind: str, value: str) -> str:
    """The id that something has in every run, though nobody gave it one."""
    return str(uuid.uuid5(_LEADS, f"{kind}={value}"))


@dataclass(frozen=True)
class Arrival:
    """When a request arrived, and which one it was."""

    moment: float  # seconds of the server's monotonic clock
    wall: datetime  # the server's wall clock, UTC, whole seconds
    request_number: int  # index in `ForeignServer.requests`


@dataclass(frozen=True)
class Lead:
    """A lead as it is held."""

    lead_id: str
    values: Mapping[str, str]  # schema name → value; a custom field set is a JSON text
    number: int
    created_on: datetime
    modified_on: datetime
    stored_at: float = ALWAYS_THERE  # of this state, on the server's monotonic clock
    created_by: int | None = None  # index in `ForeignServer.requests`; None: no request created it
    updates: int = 0  # how often a request updated it
    earlier: Lead | None = field(default=None, repr=False, compare=False)  # what it was before its last update


@dataclass(frozen=True)
class Opportunity:
    """An opportunity, known by its id alone."""

    opportunity_id: str
    lead_id: str


@dataclass(frozen=True)
class StoredActivity:
    """One activity as it is held, updates applied."""

    activity_id: str
    lead_id: str
    search_by: str  # the lead field, or what the body calls the id: RelatedProspectId, OpportunityId; "" if loaded
    search_value: str  # as it was sent
    event: int
    note: str
    owner_email: str
    fields: Mapping[str, str]  # schema name → value; a custom field set is a JSON text, as the reads print it
    created_on: datetime  # the activity's own time: ActivityDateTime, else the time of storing
    modified_on: datetime  # when it was stored or last updated
    stored_at: float  # the same on the server's monotonic clock
    request_number: int | None  # index in `ForeignServer.requests`; None: it was loaded
    row_number: int  # 1-based place in that request
    as_sent: Mapping[str, Any]  # the row of the body that created it
    opportunity_id: str | None = None
    message_id: str | None = None  # the Message.Id that CreateCustom answered for it
    updates: int = 0  # how often a request updated it
    earlier: StoredActivity | None = field(default=None, repr=False, compare=False)  # before its last update


@dataclass(frozen=True)
class Deletion:
    """A deletion in its queue. due: on the server's monotonic clock."""

    due: float
    is_meant: Callable[[StoredActivity], bool]


Held = TypeVar("Held", Lead, StoredActivity)


class Store:
    """Leads, opportunities and activities. Not safe for threads by itself: the account lets in one request at a time.

    Where no leads were loaded, leads have always been there: a value that is asked for the first time has a lead, with
    the id that it will have in every run. It is the same with the ids of opportunities.
    """

    def __init__(self, behaviour: Behaviour, *, implies_leads: bool = True, implies_opportunities: bool = True) -> None:
        self.behaviour = behaviour
        self.activities: list[StoredActivity] = []
        self.deletions: list[Deletion] = []
        self.leads: dict[str, Lead] = {}  # by id in lower case
        self.opportunities: dict[str, Opportunity] = {}  # the same
        self._implies_leads = implies_leads
        self._implies_opportunities = implies_opportunities
        self._leads_by_value: dict[tuple[str, str], str] = {}
        self._places: dict[str, int] = {}

    def put_lead(self, lead: Lead) -> None:
        """Hold a lead, or what it has become. A lead with a value that another one has takes it over."""
        self.leads[lead.lead_id.lower()] = lead
        for name, value in lead.values.items():
            if name in self.behaviour.unique_lead_fields and value.strip():
                self._leads_by_value[name, _known_as(value)] = lead.lead_id.lower()

    def find_lead(self, name: str, value: str, at: Arrival) -> Lead | None:
        """The lead with this value in this unique field; None when there is none."""
        held = self.held_by_value(name, value)
        known_as = _known_as(value)
        if held is not None:
            return held
        unknown = {_known_as(unknown) for unknown in self.behaviour.unknown_leads}
        if not self._implies_leads or not known_as or known_as in unknown:
            return None
        lead_id = implied_id(name, known_as)
        if lead_id in self.leads:  # it was given another value since
            return None
        self.put_lead(Lead(lead_id, {name: value}, len(self.leads) + 1, at.wall, at.wall))
        self._leads_by_value[name, known_as] = lead_id  # whether the field is a unique one or not
        return self.leads[lead_id]

    def held_by_value(self, name: str, value: str) -> Lead | None:
        """The lead that is held with this value in this field, whatever leads have always been there."""
        known_as = _known_as(value)
        held = self.leads.get(self._leads_by_value.get((name, known_as), ""))
        # It may have got another value since.
        return held if held is not None and _known_as(held.values.get(name, "")) == known_as else None

    def lead(self, lead_id: str) -> Lead | None:
        """The lead with this id, if it was loaded, created or ever found."""
        return self.leads.get(lead_id.strip().lower())

    def opportunity(self, opportunity_id: str, at: Arrival) -> Opportunity | None:
        """The opportunity with this id; where none were loaded, every GUID is one, of a lead of its own."""
        wanted = opportunity_id.strip().lower()
        if wanted in self.opportunities or not self._implies_opportunities or not _is_guid(wanted):
            return self.opportunities.get(wanted)
        lead_id = implied_id("OpportunityId", wanted)
        self.put_lead(Lead(lead_id, {}, len(self.leads) + 1, at.wall, at.wall))
        self.opportunities[wanted] = Opportunity(wanted, lead_id)
        return self.opportunities[wanted]

    def delete_due(self, moment: float) -> None:
        """Carry out the deletions whose time has come, in their order, on what is there by now."""
        for deletion in [one for one in self.deletions if one.due <= moment]:
            self.deletions.remove(deletion)
            self.activities = [one for one in self.activities if not deletion.is_meant(one)]

    def new_id(self) -> str:
        """An id that nothing else has."""
        return str(uuid.uuid4())

    def index_of(self, activity_id: str) -> int | None:
        """The place of an activity in `activities`; None when there is none with this id."""
        wanted = activity_id.strip().lower()
        place = self._places.get(wanted, -1)
        if not (0 <= place < len(self.activities) and self.activities[place].activity_id.lower() == wanted):
            self._places = {one.activity_id.lower(): place for place, one in enumerate(self.activities)}
        return self._places.get(wanted)

    def visible(self, at: Arrival) -> Iterator[StoredActivity]:
        """The activities that a read arriving now shows, as they were then, in the order of storing."""
        return (shown for activity in self.activities if (shown := self.seen(activity, at)))

    def listed_under(self, related_id: str, at: Arrival) -> Iterator[StoredActivity]:
        """The visible ones among those that reads list under this id."""
        known = self.lead(related_id)
        opportunity = self.opportunities.get(related_id.strip().lower())
        wanted = {known.lead_id if known else "", opportunity.opportunity_id if opportunity else ""} - {""}
        own = (activity for activity in self.activities if self.related_id(activity) in wanted)
        return (shown for activity in own if (shown := self.seen(activity, at)))

    def seen(self, held: Held, at: Arrival) -> Held | None:
        """What a read arriving now shows of this: its last state that is old enough; None when it has none yet."""
        newest = at.moment - self.behaviour.visible_after_seconds
        state: Held | None = held
        while state is not None and state.stored_at > newest:
            state = state.earlier
        return state

    def related_id(self, activity: StoredActivity) -> str:
        """The id under which reads list an activity."""
        if activity.opportunity_id and self.behaviour.opportunity_shows == OpportunityId.OPPORTUNITY:
            return activity.opportunity_id
        return activity.lead_id


def changed(held: Held, at: Arrival, **members: Any) -> Held:
    """What an update makes of this; its state before stays known to reads that lag behind."""
    return replace(held, modified_on=at.wall, stored_at=at.moment, updates=held.updates + 1, earlier=held, **members)


def _known_as(value: str) -> str:
    return value.strip().casefold()


def _is_guid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False
