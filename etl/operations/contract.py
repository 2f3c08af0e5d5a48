"""What an operation is: one way in which LeadSquared takes activities."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from etl.records import Activity, ApiRequest, Outcome, Window

Element: TypeAlias = dict[str, object]
"""One activity as the bulk operations carry it: fixed names at the top, everything else in `Fields`."""

Columns: TypeAlias = "Mapping[str, Sequence[str | None]]"
"""Target → its text for each of several rows, None for a row that leaves it out."""


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """What one mapping asks of every request.

    search_by: schema name of the unique lead field that finds the lead, where the operation has one.
    skip_dropdown_validation: what the vendor calls `ValidateDropDownOptions: true`, against its name.
    """

    search_by: str | None = None
    skip_dropdown_validation: bool = False


@dataclass(frozen=True, slots=True)
class AnswerNames:
    """What a row of the answer calls its success flag and the id of the activity.

    activity_id: None where the answer names none, because the request did.
    """

    flag: str
    activity_id: str | None


@dataclass(frozen=True, slots=True)
class MessageAnswer:
    """The answer is about one row: `{"Status":"Success","Message":{"Id":…}}`, and what the id is of is not said."""


class Proof(StrEnum):
    """How a row whose answer was lost is found out about."""

    ACTIVITY = "activity"  # an activity of its lead with its key or its values, by type and time or lead by lead
    KEY = "key"  # its row key alone: which lead and values come back is not known
    VALUES = "values"  # the activity that the row names shows what was sent, or does not


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
    def stores_as(self) -> Outcome:
        """The outcome of a row that it has stored."""
        ...

    @property
    def proof(self) -> Proof:
        """How a row whose answer was lost is found out about."""
        ...

    @property
    def required_targets(self) -> tuple[str, ...]:
        """Targets that every row needs, beside the one that addresses it."""
        ...

    @property
    def travels_by(self) -> str | None:
        """The target of which all rows of one request must hold the same value; None: rows travel with any others."""
        ...

    @property
    def keeps_order(self) -> bool:
        """Whether of rows with one address the next goes only after the verdict on the one before."""
        ...

    def addressed_by(self, options: RequestOptions) -> str:
        """The target that says where a row belongs: its lead, its opportunity or its activity."""
        ...

    def lead_field(self, options: RequestOptions) -> str | None:
        """The lead field whose value that target holds; None where it is an id."""
        ...

    @property
    def answer(self) -> AnswerNames | MessageAnswer:
        """The names in its answer."""
        ...

    def carries(self, target: str) -> bool:
        """Whether a request of this operation has a place for this target."""
        ...

    def written(self, columns: Columns, event: int, options: RequestOptions) -> list[str] | None:
        """What `request` would write for each of many rows, given by columns; None: it is for each row by itself.

        columns: of equal length, in the order of the mapping.
        """
        ...

    def request(self, activities: Sequence[Activity], options: RequestOptions) -> ApiRequest:
        """The request that carries these activities in this order; equal input gives equal bytes.

        Raises:  ValueError — no activity, or more than `rows_per_request`; a required target or option is missing.
        """
        ...

    def elements(self, body: bytes, options: RequestOptions) -> list[Element]:
        """The activities of such a request's body again, in order, each with its address under the addressing target.

        An address that the body does not hold is "". Values with a place elsewhere in the body stand at its top too.
        """
        ...
