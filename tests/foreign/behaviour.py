"""Everything about the server that a test may choose."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any


class RetrievePaging(StrEnum):
    """What Retrieve?leadId= takes for a page. The vendor's page speaks of a page number and shows "0" and "1"."""

    PAGE_FROM_0 = "page-from-0"  # Offset counts pages, the first one is 0
    PAGE_FROM_1 = "page-from-1"  # Offset counts pages, the first one is 1; 0 shows the first one as well
    PAGE_FROM_1_ONLY = "page-from-1-only"  # the same, but 0 shows nothing
    ROW_OFFSET = "row-offset"  # Offset counts the rows to leave out
    PAGE_INDEX = "page-index"  # PageIndex from 1, and PageSize; Offset and RowCount mean nothing: 25 rows come


class MessageId(StrEnum):
    """What `Message.Id` of CreateCustom is the id of."""

    ACTIVITY = "activity"
    LEAD = "lead"
    NEITHER = "neither"


class PhoneMatch(StrEnum):
    """Which spellings of a phone RetrieveLeadByPhoneNumber finds."""

    DIGITS = "digits"  # as documented: no space or hyphen, with or without country code
    STORED = "stored"  # only as it is stored, such as +91-9800000001


class DeletionTime(StrEnum):
    """Which time of an activity the window of DeleteActivities is about."""

    CREATED_ON = "created-on"  # the activity's own
    MODIFIED_ON = "modified-on"  # that of its last writing


class OpportunityId(StrEnum):
    """What reads show as the `RelatedProspectId` of an opportunity's activity, and list it under."""

    LEAD = "lead"
    OPPORTUNITY = "opportunity"


class UnknownOwner(StrEnum):
    """What becomes of a row whose `ActivityOwnerEmail` is none of an active user."""

    ROW_ERROR = "row-error"
    KEY_OWNER = "key-owner"  # stored as the key owner's, and nothing is said


@dataclass(kw_only=True)
class Behaviour:
    """How the server treats its callers. Every field may be changed while it runs, and holds from the next request on.

    Shares go from 0.0 to 1.0 and mean "of the requests of writing operations that are answered 200". At most one of
    the four faults befalls a request, and always after its rows were stored: that is the doubt a client must live with.
    """

    limit: tuple[int, float] = (25, 5.0)  # requests, seconds: any request with valid keys, the refused ones included
    bulk_limit: tuple[int, float] | None = None  # requests that write activities in bulk; they count in `limit` as well
    refusals_name_limit: bool = True  # False: too many is all that they say
    opportunity_is_bulk: bool = False  # whether posting on an opportunity counts in `bulk_limit`: its page says nothing
    latency_seconds: tuple[float, float] = (0.02, 0.4)  # whole delay; a random part of it passes before arrival
    seed: int = 0  # the n-th request that is read off a socket meets the same delay and fault in every run of one seed
    access_key: str = "foreign-access-key"
    secret_key: str = "foreign-secret-key"
    org_id: str = "70071"

    # Answers to writing operations are kept back from the n-th on, rows stored, until this is None again: what a test
    # calls "in the air" stays there for as long as it looks, however slow the machine.
    answers_before_hold: int | None = None

    # What the account knows. None: anything goes, and the operation that would list it is answered 404.
    unknown_leads: Collection[str] = ()  # values of lead fields; every other value finds a lead. Case does not count
    unique_lead_fields: Collection[str] = ("EmailAddress", "Phone", "Mobile")
    lead_fields: Mapping[str, Mapping[str, Any]] | None = (
        None  # schema name → members of its metadata, beside the usual
    )
    activity_types: Mapping[int, str] | None = None  # code → display name
    # Code → schema name → members of its metadata, `Options` a list. A type not named has any field, and lists none.
    activity_fields: Mapping[int, Mapping[str, Mapping[str, Any]]] | None = None
    users: Sequence[Mapping[str, Any]] | None = None  # as Users.Get shows them, EmailAddress at least; + the key owner

    # What can go wrong with an answer.
    drop_after_storing: float = 0.0  # the connection is reset, no byte is answered
    answer_502_after_storing: float = 0.0  # a gateway's HTML page instead of the answer
    cut_answer: float = 0.0  # headers announce the whole body, half of it comes, the connection ends
    omit_rows: float = 0.0  # answered 200 with at least one row missing, all stored; CreateCustom: {} is answered
    short_update_answer: bool = False  # updates are all made, and the last row is not answered, as in the page's sample

    # What the pages leave open.
    visible_after_seconds: float = 0.0  # how long after storing the reads do not show an activity, update or new lead
    details_at_once: bool = False  # GetActivityDetails does not wait for that
    clock_skew_seconds: float = 0.0  # how far the server's wall clock is ahead of this machine's
    message_id: MessageId = MessageId.ACTIVITY
    unknown_owner: UnknownOwner = UnknownOwner.ROW_ERROR  # where `users` are named
    empty_value_clears: bool = True  # False: an update with an empty value leaves the field alone
    opportunity_shows: OpportunityId = OpportunityId.LEAD
    retrieve_paging: RetrievePaging = RetrievePaging.PAGE_FROM_0
    retrieve_unpaged_rows: int | None = 25  # how many rows Retrieve shows where nothing is said; None: all
    retrieve_counts_page: bool = False  # its RecordCount is of the page, not of all
    most_rows: int = 1000  # of a page of either list
    clamps_pages: bool = False  # a larger page is cut to that; False: refused
    unstable_ties: bool = False  # what a list's order does not tell apart comes in another order each time
    omits_empty_list: bool = False  # RetrieveByActivityEvent without rows has no `List`
    phone_match: PhoneMatch = PhoneMatch.DIGITS
    unknown_phone_is_404: bool = False  # False: []
    leads_by_id_nested: bool = False  # Leads.GetById answers LeadPropertyList instead of a flat lead
    deletes_after_seconds: float = 0.0  # how long a deletion stays in its queue
    deletes_nothing: bool = False  # it is taken into the queue, and never comes out
    deletion_time: DeletionTime = DeletionTime.CREATED_ON
    deletion_cuts_days: bool = False  # its window is of whole days
    serves_deletion: bool = True  # False: that operation is answered 404
    serves_user_by_access_key: bool = True  # False: that operation is answered 404
    serves_leads_by_ids: bool = False  # Leads/Retrieve/ByIds is on no page

    def __post_init__(self) -> None:
        shares = (self.drop_after_storing, self.answer_502_after_storing, self.cut_answer, self.omit_rows)
        if min(shares) < 0 or sum(shares) > 1:
            raise ValueError(f"shares of faults must be 0 or more and add up to 1 at most, not {shares}")
        for name, kind in CHOICES.items():
            setattr(self, name, kind(getattr(self, name)))  # the command line has texts; ValueError for a wrong one


CHOICES: dict[str, type[StrEnum]] = {
    "message_id": MessageId,
    "unknown_owner": UnknownOwner,
    "opportunity_shows": OpportunityId,
    "retrieve_paging": RetrievePaging,
    "phone_match": PhoneMatch,
    "deletion_time": DeletionTime,
}
"""The fields that hold one of some words."""

SWITCHES: dict[str, bool] = {
    field.name: field.default for field in fields(Behaviour) if isinstance(field.default, bool)
}
"""The fields that are on or off, and how they are by default."""
