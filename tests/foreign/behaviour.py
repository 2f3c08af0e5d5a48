"""Everything about the server that a test may choose."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass


@dataclass(kw_only=True)
class Behaviour:
    """How the server treats its callers. Every field may be changed while it runs, and holds from the next request on.

    Shares go from 0.0 to 1.0 and mean "of the requests that post activities and are answered 200". At most one of the
    four faults befalls a request, and always after its rows were stored: that is the doubt a client must live with.
    """

    limit: tuple[int, float] = (25, 5.0)  # requests, seconds: any request with valid keys, the refused ones included
    bulk_limit: tuple[int, float] | None = None  # requests that post activities in bulk; they count in `limit` as well
    latency_seconds: tuple[float, float] = (0.02, 0.4)  # whole delay; a random part of it passes before arrival
    seed: int = 0  # the n-th request that is read off a socket meets the same delay and fault in every run of one seed
    access_key: str = "foreign-access-key"
    secret_key: str = "foreign-secret-key"
    unknown_leads: Collection[str] = ()  # values of lead fields; every other value finds a lead. Case does not count
    unique_lead_fields: Collection[str] = ("EmailAddress", "Phone", "Mobile")
    activity_types: Mapping[int, str] | None = None  # code → display name; None: any code is fine, and has no details
    drop_after_storing: float = 0.0  # the connection is reset, no byte is answered
    answer_502_after_storing: float = 0.0  # a gateway's HTML page instead of the answer
    cut_answer: float = 0.0  # headers announce the whole body, half of it comes, the connection ends
    omit_rows: float = 0.0  # answered 200 with at least one row missing, all of them stored
    visible_after_seconds: float = 0.0  # how long after storing the reads do not show an activity yet
    clock_skew_seconds: float = 0.0  # how far the server's wall clock is ahead of this machine's
    serves_user_by_access_key: bool = True  # False: that operation is answered 404

    def __post_init__(self) -> None:
        shares = (self.drop_after_storing, self.answer_502_after_storing, self.cut_answer, self.omit_rows)
        if min(shares) < 0 or sum(shares) > 1:
            raise ValueError(f"shares of faults must be 0 or more and add up to 1 at most, not {shares}")
