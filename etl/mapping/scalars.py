"""The small value types of a mapping: scalars that keep their text, whole numbers, one value or a list of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import AfterValidator, BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError, core_schema

TEXT_SCHEMA: JsonSchemaValue = {"type": ["string", "number", "boolean"]}
"""An editor sees `2024` and `true` as number and boolean where the mapping keeps their text."""


def expected(words: str) -> PydanticCustomError:
    """A refusal that says what was expected, in words for a person."""
    return PydanticCustomError("expected", "{words}", {"words": words})


def _not_blank(text: str) -> str:
    if not text.strip():
        raise expected("a text that is not empty")
    return text


def _whole_number(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) <= 9:
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 1:
        return value
    raise expected("a whole number of at least 1")


def _header_row(value: object) -> object:
    """A row, two rows, or the word that has it found."""
    if value == "auto":
        return value
    try:
        if not isinstance(value, (list, tuple)):
            return _whole_number(value)
        upper, lower = map(_whole_number, value)
    except (PydanticCustomError, ValueError):
        raise expected('the row of the headers, two rows like [3, 4], or "auto"') from None
    if upper >= lower:
        raise expected("the upper row first, like [3, 4]")
    return (upper, lower)


def _version(value: int) -> int:
    if value != 1:
        raise expected("1, the only version there is")
    return value


def _switch(value: object) -> bool:
    if value in (True, "true"):
        return True
    if value in (False, "false"):
        return False
    raise expected("true or false")


def _two_bounds(value: object) -> object:
    if not isinstance(value, (list, tuple)) or len(value) != 2 or not all(isinstance(one, str) for one in value):
        raise expected("two bounds, like [0, 500000] or [-60d, now]")
    return tuple(one.strip() for one in value)


AnyText: TypeAlias = Annotated[str, WithJsonSchema(TEXT_SCHEMA)]
Text: TypeAlias = Annotated[str, AfterValidator(_not_blank), WithJsonSchema({**TEXT_SCHEMA, "pattern": r"\S"})]
WholeNumber: TypeAlias = Annotated[
    int,
    BeforeValidator(_whole_number),
    WithJsonSchema(
        {"anyOf": [{"type": "integer", "minimum": 1}, {"type": "string", "pattern": "^0{0,8}[1-9][0-9]{0,8}$"}]}
    ),
]
HeaderRow: TypeAlias = Annotated[
    int | tuple[int, int] | Literal["auto"],
    BeforeValidator(_header_row),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1},
                {"type": "string", "pattern": "^(0{0,8}[1-9][0-9]{0,8}|auto)$"},
                {"type": "array", "items": {"type": "integer", "minimum": 1}, "minItems": 2, "maxItems": 2},
            ]
        }
    ),
]
Version: TypeAlias = Annotated[WholeNumber, AfterValidator(_version), WithJsonSchema({"enum": [1, "1"]})]
Switch: TypeAlias = Annotated[bool, BeforeValidator(_switch), WithJsonSchema({"enum": [True, False, "true", "false"]})]


class OneOrMany:
    """Marks a tuple that may be written as one value: `unique_by: Visit ID` stands for `[Visit ID]`."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_before_validator_function(_as_list, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: core_schema.CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        many = handler(schema)
        return {"anyOf": [many["items"], {**many, "minItems": 1}]}


def _as_list(value: object) -> object:
    if value in ([], ()):
        raise expected("at least one value")
    return value if isinstance(value, (list, tuple)) else [value]


Texts: TypeAlias = Annotated[tuple[Text, ...], OneOrMany()]
AnyTexts: TypeAlias = Annotated[tuple[AnyText, ...], OneOrMany()]
Bounds: TypeAlias = Annotated[
    tuple[str, str],
    BeforeValidator(_two_bounds),
    WithJsonSchema({"type": "array", "items": {**TEXT_SCHEMA, "pattern": r"\S"}, "minItems": 2, "maxItems": 2}),
]
"""The least and the most, as they are written."""
