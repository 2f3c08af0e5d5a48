"""What a proposal is made of: the cells of a sample, what an account calls its fields, and what a person has answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etl.records import Cell, Column

HeaderRow: TypeAlias = "int | tuple[int, int]"


@dataclass(frozen=True, slots=True)
class SampleColumn:
    """One column of a sample. cells: one for each row of it, None where there is no value."""

    column: Column
    cells: tuple[Cell, ...]

    @property
    def header(self) -> str:
        return self.column.header


@dataclass(frozen=True, slots=True)
class TableEnd:
    """The row at which a table ends, and the text in its first cell."""

    row: int
    text: str


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of one sheet. file: its name, without folders.

    sheet: as the mapping has to name it, "all" too; None where the only visible one is meant. numbers: of the rows, as
    Excel shows them. data_rows: how many the sheet has; the sample may be fewer. hidden_rows: how many of them the sheet
    does not show. merged: merged cells below the header, like A2:A5. delimiter: where it cannot be found out again.
    """

    file: str
    sheet: str | None
    header_row: HeaderRow
    numbers: tuple[int, ...]
    columns: tuple[SampleColumn, ...]
    data_rows: int
    end: TableEnd | None = None
    hidden_rows: int = 0
    merged: tuple[str, ...] = ()
    delimiter: str | None = None
    is_header_found: bool = True  # whether header_row: auto finds the same row

    @property
    def is_whole(self) -> bool:
        return len(self.numbers) == self.data_rows


@dataclass(frozen=True, slots=True)
class AccountField:
    """One field of the activity type. target: as a mapping names it. data_type: LeadSquared's word, "" if not told."""

    target: str
    shown: str
    data_type: str = ""
    options: tuple[str, ...] = ()
    takes_others: bool = False
    max_length: int | None = None
    is_mandatory: bool = False


@dataclass(frozen=True, slots=True)
class AccountView:
    """What is known of the account and of its activity type.

    lead_fields: schema name → shown name. filled: targets that some stored activities of this type have a value in; None
    where that is not known. looked_at: how many activities were looked at for it.
    """

    name: str
    event: int
    event_name: str
    fields: tuple[AccountField, ...] = ()
    lead_fields: Mapping[str, str] = field(default_factory=dict)
    filled: frozenset[str] | None = None
    looked_at: int = 0
    time_zone: str | None = None
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the command line says, and what a person has answered since, by the key of the question.

    day_first: None where nothing is said of ambiguous dates. machine_zone: the zone of this machine, None if not known.
    find_lead: a header, and the lead field that it holds. target_event: the number of the activity type.
    """

    event: int | None = None
    event_name: str | None = None
    day_first: bool | None = None
    time_zone: str | None = None
    machine_zone: str | None = None
    region: str | None = None
    find_lead: tuple[str, str] | None = None
    name: str | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
