"""The words of the project as frozen types. Imports nothing of the package (and pandas for type checkers only)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

ETL_COLUMNS = ("etl_row", "etl_status", "ProspectActivityId", "etl_error", "etl_hint", "etl_code", "etl_run")
"""The outcome columns of a results or failed file, in the order in which they stand first in it."""

VERIFIED_COLUMN = "etl_verified"
"""One more, behind the others, in the results of a run whose created rows were compared with what LeadSquared holds."""

MESSAGE_COLUMN = "etl_message_id"
"""One more in the results of rows that were sent with their leads: what LeadSquared calls the id of something unnamed."""

WAS_COLUMN = "etl_was"
"""The last and hidden one of a sheet of corrections: by what it holds (etl.cell_marks) it is known what a person changed."""

CORRECTIONS_SHEET = "To correct"
"""What that sheet is called; of several inputs, the name of the input's sheet follows."""

SUMMARY_TITLE = "What became of"
"""What the first cell of a results workbook's summary begins with."""

OWN_COLUMNS = (*ETL_COLUMNS, MESSAGE_COLUMN, VERIFIED_COLUMN, WAS_COLUMN)
"""All columns of one of our own files that are not the input's."""


class BrokenCell(str):
    """A cell that holds no value but an error of the spreadsheet (`#N/A`, `#REF!`); the text is what a person sees."""

    __slots__ = ()


_PERCENTAGE = re.compile(r"(-?[0-9]+(?:\.[0-9]+)?)%")


class ShownNumber(float):
    """A number that its sheet shows in another way than by its digits: `00007`, `15%`. shown: what a person sees.

    As a float it is the stored number. Two of them are one cell only if they show the same, too.
    """

    __slots__ = ("shown",)

    shown: str

    def __new__(cls, number: float, shown: str) -> Self:
        made = super().__new__(cls, number)
        made.shown = shown
        return made

    @property
    def exact(self) -> str:
        """What a person sees; a percentage with the digits that its format rounds away, as a text can hold it."""
        percentage = _PERCENTAGE.fullmatch(self.shown)
        if percentage is None:
            return self.shown
        seen, stored = Decimal(percentage[1]), Decimal(f"{float(self):.15g}")
        for points in (stored * 100, stored):  # the format 0% counts in hundredths, 0"%" only shows the sign
            if points.quantize(seen, ROUND_HALF_UP) == seen:
                written = f"{points:f}"
                return f"{written.rstrip('0').rstrip('.') if '.' in written else written}%"
        return self.shown

    def __eq__(self, other: object) -> bool:
        return isinstance(other, ShownNumber) and float(self) == float(other) and self.shown == other.shown

    def __hash__(self) -> int:
        return hash((float(self), self.shown))

    def __repr__(self) -> str:
        return f"ShownNumber({float(self)!r}, {self.shown!r})"


Cell: TypeAlias = str | int | float | bool | date | datetime | time | BrokenCell | ShownNumber | None
"""A cell as the file has it: a CSV cell is always text; a workbook's date without a time of day is a `date`."""


class Outcome(StrEnum):
    """How one row ended; each data row of a run has exactly one."""

    CREATED = "created"  # LeadSquared said so, or reading back proved it
    UPDATED = "updated"  # the same for an update
    ALREADY_IMPORTED = "already_imported"  # this row is in LeadSquared from another run (or an equal row of this one)
    CHANGED = "changed"  # known by unique_by or by its line, with other values than those that were sent
    INVALID = "invalid"  # a finding of ours; never sent
    REFUSED = "refused"  # LeadSquared refused it
    UNCONFIRMED = "unconfirmed"  # sent, and it is not known whether LeadSquared stored it
    WAITING = "waiting"  # not sent yet: the run stopped before it
    IGNORED = "ignored"  # left out by the mapping's own words
    UNDONE = "undone"  # it was created, and taken back since (`etl undo`): deleted, or marked as wrong

    __hash__ = (
        str.__hash__
    )  # it equals its text; and rows are counted by it, for which enum's own hash is ten times as slow


STORED = frozenset({Outcome.CREATED, Outcome.UPDATED})
"""Outcomes of rows that are in LeadSquared."""

NEEDS_A_PERSON = frozenset({Outcome.INVALID, Outcome.REFUSED, Outcome.CHANGED})
"""Outcomes of rows that go into the failed file."""


class Window(StrEnum):
    """Which of the account's rate limits a request counts in (LeadSquared: rate limits page)."""

    BULK = "bulk"  # counts in the bulk window and in the general one
    GENERAL = "general"  # counts in the general window only


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `count` requests in any `seconds` seconds."""

    count: int
    seconds: float

    def __str__(self) -> str:
        return f"{self.count}/{self.seconds:g}"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of an input: 0-based position, the letter a person sees in Excel, the trimmed header text."""

    position: int
    letter: str
    header: str


@dataclass(frozen=True, slots=True)
class Table:
    """The shape of one input: its header, before any data row is read.

    file: the path the person gave. sheet: the sheet's name, None for a delimited file.
    header_row: row number of the header as Excel shows it, from 1.
    notes: what the reader chose and the person should know ("read as Windows-1252").
    hidden_columns: letters of the columns that the sheet does not show.
    """

    file: Path
    sheet: str | None
    columns: tuple[Column, ...]
    header_row: int = 1
    notes: tuple[str, ...] = ()
    hidden_columns: frozenset[str] = frozenset()

    @property
    def is_ours(self) -> bool:
        """Whether this is one of our own results or failed files, known by the outcome columns it starts with."""
        headers = {column.header for column in self.columns}
        return {"etl_row", "etl_status", "etl_run"} <= headers

    @property
    def is_of_corrections(self) -> bool:
        """Whether this is the sheet of a results workbook that holds once more what needs a person, to be corrected."""
        return self.is_ours and any(column.header == WAS_COLUMN for column in self.columns)


@dataclass(frozen=True, slots=True, order=True)
class MergedRange:
    """Cells that were merged into one, of which only the first holds a value. Columns as 0-based positions, all inclusive."""

    first_row: int
    last_row: int
    first: int
    last: int
    reference: str  # "A2:A5"


@dataclass(frozen=True, slots=True)
class FormatCurrency:
    """A currency that the formats of a column's numbers show: the column's letter, the sign, and the first row that has it."""

    letter: str
    sign: str
    row: int


@dataclass(frozen=True, slots=True)
class Block:
    """Some thousand rows held in memory at once.

    frame: object-typed DataFrame; columns labelled by column letter ("A", "B", …) in file order, index row_number
    (as Excel shows it); an empty cell is None, never NaN. Rows whose cells are all empty are left out.
    hidden: numbers of those of its rows that the sheet does not show, because they were hidden or filtered away.
    merged: the merged cells that reach below the header and were not filled; a sheet tells them last, in a block without rows.
    currencies: which ones the formats of numbers show, told with the merged cells.
    """

    frame: pd.DataFrame
    hidden: frozenset[int] = frozenset()
    merged: tuple[MergedRange, ...] = ()
    currencies: tuple[FormatCurrency, ...] = ()

    @property
    def numbers(self) -> Sequence[int]:
        """The row numbers, as plain ints."""
        return [int(number) for number in self.frame.index]

    @property
    def columns(self) -> Mapping[str, Sequence[Cell]]:
        """Column letter → its cells, in file order: the frame without pandas, which costs far more than the cells do."""
        return {str(letter): self.frame[letter].tolist() for letter in self.frame.columns}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a finding is. row as Excel shows it; letter and header of the column; line and column for YAML and CSV."""

    file: str
    sheet: str | None = None
    row: int | None = None
    letter: str | None = None
    header: str | None = None
    line: int | None = None
    line_column: int | None = None

    def __str__(self) -> str:
        """`visits.xlsx, Visits!F41 "Visited On"` or `visits.yaml:12:3`."""
        if self.line is not None:
            return f"{self.file}:{self.line}" + (f":{self.line_column}" if self.line_column is not None else "")
        cell = f"{self.letter or ''}{self.row if self.row is not None else ''}"
        if self.letter is None and self.row is not None:
            cell = f"row {self.row}"
        spot = f"{self.sheet}!{cell}" if self.sheet and cell else (self.sheet or cell)
        named = f'{spot} "{self.header}"'.strip() if self.header else spot
        return f"{self.file}, {named}" if named else self.file


@dataclass(frozen=True, slots=True)
class Lineage:
    """The run and row that a line of our own results or failed file comes from."""

    run: int
    row: int


class Activity(NamedTuple):
    """The payload one row became: LeadSquared target name → text, in the order of the mapping. A tuple: there are many.

    Only `operations/` knows how targets become JSON. A target that the row leaves out is absent; "" clears a field.
    written: the element of a request that its operation made of it, where it did so for many rows at once; else None.
    """

    row_number: int
    values: Mapping[str, str]
    event: int
    written: str | None = None


@dataclass(frozen=True, slots=True)
class SeenActivity:
    """An activity as LeadSquared shows it on reading.

    lead_id: the lead's GUID, "" where it is not told. note: None where this read shows no notes. values: custom fields and
    further members as texts, empty ones left out. created_on: the activity's own time; modified_on: when it was written.
    created_by: GUID of the user, None where this read does not tell.
    """

    activity_id: str
    lead_id: str
    note: str | None
    values: Mapping[str, str]
    created_on: datetime | None
    modified_on: datetime | None
    created_by: str | None


@dataclass(frozen=True, slots=True)
class ApiRequest:
    """One HTTP request, without host and keys. path below the host; query as pairs; body as the exact bytes."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...]
    body: bytes
    window: Window


@dataclass(frozen=True, slots=True)
class Trip:
    """How an answered request went out. written: by `monotonic`, when its last byte was handed to the system.

    handshake: seconds that opening its connection took, None where one was open. size: bytes of its body. is_plain: no TLS.
    """

    written: float
    handshake: float | None
    size: int
    is_plain: bool = False


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """What came back, whole: status, headers with lower-case names, body bytes. trip: None where nobody has watched."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    trip: Trip | None = field(default=None, compare=False, repr=False)


class LineEnd(StrEnum):
    """How a request ended without a whole answer."""

    NOT_SENT = "not_sent"  # no byte of the request left this machine: it may be sent again
    LOST = "lost"  # sent, at least in part: LeadSquared may have carried it out
    TIMED_OUT = "timed_out"  # sent, and no answer within the read timeout: it may still be carried out later


@dataclass(frozen=True, slots=True)
class TransportFailure:
    """A request without a whole answer, and what is certain about it. reason: words for a person, never a key."""

    end: LineEnd
    reason: str


Exchange: TypeAlias = ApiAnswer | TransportFailure

MayWrite: TypeAlias = "Callable[[], bool]"
"""Asked in a request's own thread right before its first byte is written: whether it may be written still."""


@dataclass(frozen=True, slots=True)
class ResultLine:
    """One line of a results or failed file: the outcome columns, and the cells of the input untouched, in order.

    run: None where the line must not lead back to a run (a check, a rehearsal). verified: what `etl verify --all` found.
    message_id: LeadSquared's `Message.Id`, of which it does not say what it is the id of.
    """

    row_number: int
    status: Outcome
    activity_id: str | None
    error: str | None
    hint: str | None
    code: str | None
    run: int | None
    cells: tuple[Cell, ...] = field(default_factory=tuple)
    verified: str | None = None
    message_id: str | None = None
