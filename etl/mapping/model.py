"""What a mapping can say, as pydantic models: the shape of the YAML file. What it must mean is in checks.py."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeAlias

from pydantic import Discriminator, Field, PrivateAttr, Tag

from etl.mapping.lead_rules import LeadSettings
from etl.mapping.operation_needs import OperationName, required_targets
from etl.mapping.scalars import AnyText, AnyTexts, OneOrMany, Switch, Text, Texts, Version, WholeNumber
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

if TYPE_CHECKING:
    from collections.abc import Iterator

ByHeader: TypeAlias = dict[Text, Annotated[tuple[TargetRule, ...], OneOrMany()]]
Columns: TypeAlias = Annotated[
    Annotated[ByHeader, Tag("<keys>")] | Annotated[tuple[ListedColumn, ...], Tag("<list>")], Discriminator(form_of)
]


class OnChange(StrEnum):
    """What happens to a row that is known by unique_by and has other values now."""

    REPORT = "report"
    UPDATE = "update"
    SEND_NEW = "send_new"


class InputSettings(Part):
    """How the input is read."""

    sheet: Texts = ()
    """Name of the sheet; a list or "all": each is an input of its own; default: the only visible sheet."""
    header_row: WholeNumber = 1
    """Row of the headers, as Excel shows it."""
    encoding: Text | None = None
    """Encoding of a delimited file, like windows-1252; default: found out."""
    delimiter: AnyText | None = None
    """What separates the cells of a delimited file, like ; or tab; default: found out."""
    time_zone: Text | None = None
    """Zone of the date-times in the file, like Asia/Kolkata; needed as soon as one target is a datetime."""
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

    header, letter: the column, or None for an entry of `values`.
    """

    path: tuple[str | int, ...]
    target: str
    rule: AnyRule
    header: str | None = None
    letter: str | None = None

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
    skip_dropdown_validation: Switch = False
    """Ask LeadSquared not to check dropdown values."""

    _directory: Path = PrivateAttr(default=Path())

    def placed_in(self, directory: Path) -> Mapping:
        """The same mapping, with its lookup files looked for in `directory`."""
        placed = self.model_copy()
        placed._directory = directory
        return placed

    def targets(self) -> tuple[MappedTarget, ...]:
        """All targets in the order of the file: columns first, then values."""
        return (*self._of_columns(), *(MappedTarget(("values", to), to, rule) for to, rule in self.values.items()))

    def _of_columns(self) -> Iterator[MappedTarget]:
        if isinstance(self.columns, tuple):
            for index, entry in enumerate(self.columns):
                yield MappedTarget(("columns", index), entry.to, entry, entry.column, entry.letter)
            return
        for header, rules in self.columns.items():
            for index, rule in enumerate(rules):
                yield MappedTarget(("columns", header, index), rule.to, rule, header)

    def lookup_files(self) -> tuple[Path, ...]:
        """The files that `lookup` names, each once, as paths that can be opened."""
        named = (lookup_of(mapped.rule) for mapped in self.targets())
        return tuple(dict.fromkeys(self.lookup_path(name) for name in named if name))

    def lookup_path(self, name: str) -> Path:
        """Where a lookup file lies: relative to the mapping file."""
        return self._directory / name

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
