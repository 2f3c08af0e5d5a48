"""What an operation is: one way in which LeadSquared takes activities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.records import Activity, ApiRequest, Window


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """What one mapping asks of every request.

    search_by: schema name of the unique lead field that `SearchByValue` holds, where the operation has one.
    skip_dropdown_validation: what the vendor calls `ValidateDropDownOptions: true`, against its name.
    """

    search_by: str | None = None
    skip_dropdown_validation: bool = False


@dataclass(frozen=True, slots=True)
class AnswerNames:
    """What a row of the answer calls its success flag and the id of the activity."""

    flag: str
    activity_id: str


class Operation(Protocol):
    """One LeadSquared operation: its request, its limits, the shape of its answer. To add one: a file and a line."""

    @property
    def name(self) -> str:
        """As the mapping's `operation` says it."""
        ...

    @property
    def rows_per_request(self) -> int:
        """The most activities that LeadSquared takes in one request."""
        ...

    @property
    def window(self) -> Window:
        """Which rate limits its requests count in."""
        ...

    @property
    def repeatable(self) -> bool:
        """Whether the same request twice leaves LeadSquared as one would."""
        ...

    @property
    def required_targets(self) -> tuple[str, ...]:
        """Targets that every row needs."""
        ...

    @property
    def addressed_by(self) -> str:
        """The member of an element that names the lead."""
        ...

    def lead_field(self, options: RequestOptions) -> str | None:
        """The lead field whose value that member holds; None where it is the lead's id."""
        ...

    @property
    def answer(self) -> AnswerNames:
        """The names in its answer."""
        ...

    def carries(self, target: str) -> bool:
        """Whether a request of this operation has a place for this target."""
        ...

    def request(self, activities: Sequence[Activity], options: RequestOptions) -> ApiRequest:
        """The request that carries these activities in this order; equal input gives equal bytes.

        Raises:  ValueError — no activity, or more than `rows_per_request`; a required target or option is missing.
        """
        ...
