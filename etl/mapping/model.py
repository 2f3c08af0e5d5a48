"""What a mapping can say, as pydantic models: the shape of the YAML file. What it must mean is in checks.py."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import Discriminator, Field, PrivateAttr, Tag

from etl.mapping.lead_rules import LeadSettings
from etl.mapping.operation_needs import OperationName, required_targets
from etl.mapping.scalars import AnyText, AnyTexts, HeaderRow, OneOrMany, Switch, Text, Texts, Version, WholeNumber
from etl.mapping.stop_rules import StopWhen
from etl.mapping.target_rules import (
    AnyRule,
    Conversion,
    EmptyWord,
    ListedColumn,
    Part,
    TargetRule,
    UseValue,
    ValueRule,
    form_of,
)
from etl.mapping.targets import FIXED_TYPES, FieldType, length_limit
from etl.places import place_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from etl.mapping.yaml_document import Document

ByHeader: TypeAlias = dict[Text, Annotated[tuple[TargetRule, ...], OneOrMany()]]
Columns: TypeAlias = Annotated[
    Annotated[ByHeader, Tag("<keys>")] | Annotated[tuple[ListedColumn, ...], Tag("<list>")], Discriminator(form_of)
]


class OnChange(StrEnum):
    """What happens to a row that is known by unique_by and has other values now."""

    REPORT = "report"
    UPDATE = "update"
    SEND_NEW = "send_new"


class OnHidden(StrEnum):
    """What becomes of rows that the sheet does not show."""

    INCLUDE = "include"
    SKIP = "skip"
    ERROR = "error"


class OnMerged(StrEnum):
    """What merged cells hold besides their first one."""

    FILL = "fill"  # the value of the first one, as a person sees it
    EMPTY = "empty"  # nothing, as they are stored


class InputSettings(Part):
    """How the input is read."""

    sheet: Texts = ()
    """Name of the sheet; a list or "all": each is an input of its own; default: the only visible sheet."""
    header_row: HeaderRow = 1
    """Row of the headers, as Excel shows it; two rows like [3, 4], whose texts are joined; or auto, to have it found."""
    hidden: OnHidden | None = None
    """Rows that the sheet does not show, because they were hidden or filtered away: include, skip or error."""
    merged: OnMerged | None = None
    """Cells of mapped columns that were merged into the one above or before them: fill or empty."""
    encoding: Text | None = None
    """Encoding of a delimited file, like windows-1252; default: found out."""
    delimiter: AnyText | None = None
    """What separates the cells of a delimited file, like ; or tab; default: found out."""
    quote: Text | None = None
    r"""What stands around cells of a delimited file: ", ' or none, with a backslash before it where a quote inside has one;
    default: found out."""
    time_zone: Text | None = None
    """Zone of the date-times in the file, like Asia/Kolkata; needed as soon as one target is a datetime."""
    decimal: Literal[".", ","] = "."
    """What stands before the decimals of numbers that are texts: 1,234.50 has ".", 1.234,50 has ","."""
    empty_values: AnyTexts = ("",)
    """Texts that mean "no value"; nothing else is ever taken for empty."""
    only: dict[Text, AnyTexts] = Field(default_factory=dict)
    """Column and the values that are imported; other rows are ignored."""
    stop_at: Text | None = None
    """First cell of the row where the table ends."""


class ActivitySettings(Part):
    """Which activity type the rows become."""

    event: WholeNumber
    """The number of the activity type in LeadSquared."""
    name: Text | None = None
    """Its name, checked against the account."""


@dataclass(frozen=True, slots=True)
class MappedTarget:
    """One target of a mapping, where it stands in the file, and what fills it.

    header, letter: the column, or None for an entry of `values`. nth: which value of a cell with several is meant, from 0;
    None where the cell is taken whole.
    """

    path: tuple[str | int, ...]
    target: str
    rule: AnyRule
    header: str | None = None
    letter: str | None = None
    nth: int | None = None

    @property
    def filled_by(self) -> str:
        """What fills the target, in a few words."""
        if self.letter:
            return f"column {self.letter}"
        return f'column "{self.header}"' if self.header else f"values ({self.target})"


class Mapping(Part):
    """A whole mapping."""

    version: Version
    """Version of this form of mapping."""
    name: Text
    """The mapping's identity, and the scope of row memory; it does not change when the file is edited."""
    extends: Text | None = None
    """A mapping file beside this one whose keys hold where this one has none; `name` is never taken over."""
    account: Text | None = None
    """Account of the settings file that the rows go into; default: the one that the command says."""
    operation: OperationName
    """The LeadSquared operation that stores the rows."""
    search_by: Text | None = None
    """The unique lead field whose value finds the lead, like EmailAddress."""
    input: InputSettings = InputSettings()
    """How the input is read."""
    activity: ActivitySettings | None = None
    """Which activity type the rows become."""
    leads: LeadSettings | None = None
    """How leads are found whose ids the sheet does not know."""
    columns: Columns = Field(default_factory=dict)
    """Column → target; or a list of {column: …} or {letter: …} with to: …"""
    values: dict[Text, ValueRule] = Field(default_factory=dict)
    """Target → what no single column holds."""
    unique_by: Texts = ()
    """Columns by which a row is known again, within the file and across files and runs."""
    on_change: OnChange = OnChange.REPORT
    """What happens to a known row whose values have changed."""
    row_key_field: Text | None = None
    """A spare custom field for the row key: makes verifying exact and guards against a second ledger."""
    stop_when: StopWhen | None = None
    """Guards: when nothing is sent, or nothing more."""
    skip_dropdown_validation: Switch = False
    """Ask LeadSquared not to check dropdown values."""
    translate: Text | None = None
    """A csv or xlsx file beside the mapping with the columns "column", "value", "use this": what stands for what."""

    _directory: Path = PrivateAttr(default=Path())
    _document: Document | None = PrivateAttr(default=None)
    _now: datetime | None = PrivateAttr(default=None)

    def placed_in(self, directory: Path, document: Document | None = None) -> Mapping:
        """The same mapping, with its lookup files looked for in `directory`. document: the one that it was read from."""
        placed = self.model_copy()
        placed._directory = directory
        placed._document = document
        return placed

    @property
    def document(self) -> Document | None:
        """What the mapping was read from, for the places of its parts; None for one that was made in memory."""
        return self._document

    def as_of(self, now: datetime | None) -> Mapping:
        """The same mapping, with bounds such as `now` meaning this moment. None: bounds that move are not looked at."""
        placed = self.model_copy()
        placed._now = now
        return placed

    @property
    def now(self) -> datetime | None:
        """The moment that `now` means in bounds, with its zone."""
        return self._now

    def targets(self) -> tuple[MappedTarget, ...]:
        """All targets in the order of the file: columns first, then values."""
        return (*self._of_columns(), *(MappedTarget(("values", to), to, rule) for to, rule in self.values.items()))

    def _of_columns(self) -> Iterator[MappedTarget]:
        if isinstance(self.columns, tuple):
            for index, entry in enumerate(self.columns):
                for nth, to in _numbered(entry.to):
                    yield MappedTarget(("columns", index), to, entry, entry.column, entry.letter, nth)
            return
        for header, rules in self.columns.items():
            for index, rule in enumerate(rules):
                for nth, to in _numbered(rule.to):
                    yield MappedTarget(("columns", header, index), to, rule, header, nth=nth)

    def lookup_files(self) -> tuple[Path, ...]:
        """The files that `lookup` names, each once, as paths that can be opened."""
        named = (lookup_of(mapped.rule) for mapped in self.targets())
        return tuple(dict.fromkeys(self.lookup_path(name) for name in named if name))

    def lookup_path(self, name: str) -> Path:
        """Where a lookup file lies: relative to the mapping file, unless its name is whole."""
        return self._directory / place_of(name)

    @property
    def translation_path(self) -> Path | None:
        """Where the translation file lies: relative to the mapping file."""
        return self._directory / place_of(self.translate) if self.translate else None

    def required(self) -> tuple[str, ...]:
        """The targets that every row must fill."""
        return required_targets(self.operation, self.search_by, finds_leads=self.leads is not None)

    @property
    def event(self) -> int | None:
        """The number of the activity type; None where the operation needs none."""
        return self.activity.event if self.activity else None

    @property
    def all_sheets(self) -> bool:
        """Whether each visible sheet is an input of its own."""
        return self.input.sheet == ("all",)


def _numbered(targets: tuple[str, ...]) -> Iterator[tuple[int | None, str]]:
    """The targets of one rule, counted from 0 where there is more than one."""
    yield from enumerate(targets) if len(targets) > 1 else ((None, to) for to in targets)


def decimal_of(mapping: Mapping, rule: Conversion) -> str:
    """What stands before the decimals of a column's numbers."""
    return rule.decimal or mapping.input.decimal


def lookup_of(rule: AnyRule) -> str | None:
    """The lookup file of a rule, as it is written."""
    return None if isinstance(rule, ValueRule) else rule.lookup


def type_of(mapping: Mapping, target: str, rule: Conversion) -> FieldType:
    """What the target's cells are: its fixed type, else the declared one, else what search_by suggests, else text."""
    if target in FIXED_TYPES:
        return FIXED_TYPES[target]
    if target == "SearchByValue" and mapping.search_by == "EmailAddress":
        return FieldType.EMAIL
    return rule.type or FieldType.TEXT


def most_characters(target: str, rule: Conversion) -> int:
    """The most characters the target's text may have."""
    return rule.max_length or length_limit(target)


def when_empty(mapping: Mapping, target: str, rule: Conversion) -> EmptyWord | UseValue:
    """What happens when the cell is empty: as declared, else an error where every row needs the target."""
    return rule.when_empty or ("error" if target in mapping.required() else "omit")
