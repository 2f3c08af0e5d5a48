"""How a mapping says by which columns a row's lead is found, and what becomes of rows whose lead is not there."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import Discriminator, Field, Tag

from etl.mapping.scalars import OneOrMany, Text
from etl.mapping.target_rules import Part, form_of


class MissingLead(StrEnum):
    """What becomes of a row whose lead LeadSquared does not have. It is never sent."""

    REPORT = "report"  # it needs a person: invalid, in the failed file; its lead stands in the new-leads file
    HOLD = "hold"  # it waits: the lead will come by itself, and the next run looks again
    CREATE = "create"  # it waits until a person has imported the new-leads file into LeadSquared


class FindBy(Part):
    """One column by which leads are found; its header alone stands for `{column: header}`."""

    column: Text
    """The header of the column."""
    field: Annotated[str, Field(pattern=r"^[A-Za-z]\w*$")] | None = None
    """The lead field that holds its values, like Phone; default: told by how the column is mapped, or by its name."""
    region: Text | None = None
    """Country of phone numbers without +, like IN; default: that of the column where it is mapped."""


FindByEntry: TypeAlias = Annotated[
    Annotated[Text, Tag("<text>")] | Annotated[FindBy, Tag("<keys>")], Discriminator(form_of)
]


class LeadSettings(Part):
    """For sheets that do not know the ids of their leads: how these are found."""

    find_by: Annotated[tuple[FindByEntry, ...], OneOrMany()]
    """Columns that know the lead, the surest first: by phone, by e-mail, or by another field of it."""
    missing: MissingLead = MissingLead.REPORT
    """What becomes of rows whose lead LeadSquared does not have."""
    several: Literal["error"] = "error"
    """What becomes of rows for which LeadSquared has several leads."""

    def entries(self) -> tuple[FindBy, ...]:
        """The columns, each as a FindBy."""
        return tuple(entry if isinstance(entry, FindBy) else FindBy(column=entry) for entry in self.find_by)
