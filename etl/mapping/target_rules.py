"""How one target is filled and its cells become text: the parts that stand under columns and values."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, TypeAlias

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetJsonSchemaHandler,
    Tag,
    WithJsonSchema,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import core_schema

from etl.mapping.scalars import TEXT_SCHEMA, Bounds, OneOrMany, Text, Texts, WholeNumber, expected
from etl.mapping.targets import FieldType

FORM_TAGS = {"<text>": "a text", "<list>": "a list", "<keys>": "lines of key: value"}
"""How the three forms a YAML value can have are called: as a step of pydantic's path, and to a person."""


def form_of(value: object) -> str:
    """Which of the three forms a value has."""
    if isinstance(value, (list, tuple)):
        return "<list>"
    return "<keys>" if isinstance(value, (dict, BaseModel)) else "<text>"


class Part(BaseModel):
    """Base of all parts: unknown keys are refused, and nothing changes after loading.

    What stands below an attribute goes into the schema for editors (schema.py), which alone needs it. Only the whole is built
    into a validator, when a mapping is read: one for each part of it would take as long again at every start.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)


class PhoneForm(StrEnum):
    """How a phone number is sent."""

    E164 = "e164"  # +919876543210
    LEADSQUARED = "leadsquared"  # +91-9876543210, as LeadSquared stores it
    AS_TYPED = "as_typed"


class PercentForm(StrEnum):
    """What a percentage is sent as."""

    AS_SHOWN = "as_shown"  # 15%
    FRACTION = "fraction"  # 0.15
    POINTS = "points"  # 15


class NegativeForm(StrEnum):
    """How a number below zero is written besides with a minus before it."""

    PARENTHESES = "parentheses"  # (500)
    TRAILING_MINUS = "trailing_minus"  # 500-


class Several(Part):
    """A cell that may hold more than one phone number."""

    split: Texts
    """What stands between the numbers: one sign or a list, like "/" or ["/", ","]."""
    take: Literal["first", "each"]
    """first: the first one that exists, others are left out and counted. each: the n-th goes to the n-th target of `to`."""


class UseValue(Part):
    """A value that stands in for an empty cell."""

    use: Text
    """What is taken when the cell is empty, as if it stood in the cell."""


EmptyWord: TypeAlias = Literal["omit", "clear", "error"]
WhenEmpty: TypeAlias = Annotated[
    Annotated[EmptyWord, Tag("<text>")] | Annotated[UseValue, Tag("<keys>")], Discriminator(form_of)
]


def _options(value: object) -> object:
    if not value:
        raise expected("at least one option")
    if isinstance(value, (list, tuple)):
        if not all(isinstance(option, str) for option in value):
            raise expected("a list of texts, or typed: sent")
        return {option: option for option in value}
    return value


Targets: TypeAlias = Annotated[tuple[Text, ...], OneOrMany()]

Options: TypeAlias = Annotated[
    dict[Text, Text],
    BeforeValidator(_options),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "array", "items": {**TEXT_SCHEMA, "pattern": r"\S"}, "minItems": 1},
                {"type": "object", "additionalProperties": {**TEXT_SCHEMA, "pattern": r"\S"}, "minProperties": 1},
            ]
        }
    ),
]


class BooleanWords(Part):
    """The words of a yes-or-no column; upper and lower case are equal."""

    yes: Annotated[Texts, Field(alias="true")]
    """Words that mean true."""
    no: Annotated[Texts, Field(alias="false")]
    """Words that mean false."""


class Conversion(Part):
    """How a cell becomes the text that is sent."""

    type: FieldType | None = None
    """What the cells are; default: the target's own type, else text."""
    format: Texts = ()
    """How dates and times are typed, like "%d/%m/%Y %H:%M"; true Excel dates need none. One or a list."""
    region: Text | None = None
    """Country of phone numbers without +, like IN."""
    form: PhoneForm = PhoneForm.E164
    """How phone numbers are sent."""
    several: Several | None = None
    """For cells with two phone numbers or more: what stands between them, and which are taken."""
    decimal: Literal[".", ","] | None = None
    """What stands before the decimals of numbers that are texts; default: `decimal` under `input`."""
    percent: PercentForm | None = None
    """What 15% is sent as: as_shown (15%), fraction (0.15) or points (15); without it a percentage is a finding."""
    currency: Texts = ()
    """Currencies that amounts may have, like INR or ["₹", "$"]; another one is a finding. Without it, two in a column are one."""
    negative: Annotated[tuple[NegativeForm, ...], OneOrMany()] = ()
    """Further forms of numbers below zero: parentheses for (500), trailing_minus for 500-; else they are findings."""
    between: Bounds | None = None
    """The least and the most that is let through, both included: [0, 500000], [2026-01-01, now], [-60d, +2w]."""
    options: Options | None = None
    """The values of a choice: a list, or typed: sent."""
    separator: Text | None = None
    """What stands between the values of a multichoice."""
    words: BooleanWords | None = None
    """The words of a boolean; default true, yes, 1 and false, no, 0."""
    when_empty: WhenEmpty | None = None
    """What happens when the cell is empty; default omit, error for targets that every row needs."""
    max_length: WholeNumber | None = None
    """Most characters; default 200, notes 2000."""
    when_too_long: Literal["error", "cut"] = "error"
    """What happens to a longer text."""


class TargetRule(Conversion):
    """A target and how its cells become text; a target's name alone stands for `{to: name}`."""

    to: Targets
    """The LeadSquared target: SearchByValue, ActivityNote, mx_Custom_1 …; a list for `several: {take: each}`."""
    aliases: Texts = ()
    """Other headers the column may have."""
    lookup: Text | None = None
    """A csv or xlsx file beside the mapping: its first column is looked up, its second is taken."""

    @model_validator(mode="before")
    @classmethod
    def _from_name(cls, value: object) -> object:
        return {"to": value} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(
        cls, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        # the generated object moves in as one of two forms, the name alone being the other
        reference = handler(schema)
        written = handler.resolve_ref_schema(reference)
        whole = dict(written)
        written.clear()
        written.update({"anyOf": [{**TEXT_SCHEMA, "pattern": r"\S"}, whole]})
        return reference


class ListedColumn(Conversion):
    """One entry of a list of columns: found by its header or by its letter."""

    column: Text | None = None
    """The header of the column."""
    letter: Annotated[str, Field(pattern="^[A-Z]{1,3}$")] | None = None
    """The letter of the column as Excel shows it, where a header is not enough."""
    to: Targets
    """The LeadSquared target: SearchByValue, ActivityNote, mx_Custom_1 …; a list for `several: {take: each}`."""
    aliases: Texts = ()
    """Other headers the column may have."""
    lookup: Text | None = None
    """A csv or xlsx file beside the mapping: its first column is looked up, its second is taken."""


class ValueRule(Conversion):
    """What no single column holds: exactly one of text, join, first_of, constant."""

    text: Text | None = None
    """A text with columns in braces, like "{Visit Type} at {Site}"; also {file}, {sheet}, {row}."""
    join: Texts = ()
    """Columns whose cells are put together with a space."""
    first_of: Texts = ()
    """Columns of which the first that is not empty is taken."""
    constant: Text | None = None
    """The same value in every row."""


AnyRule: TypeAlias = TargetRule | ListedColumn | ValueRule
