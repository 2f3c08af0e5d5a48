"""The JSON Schema in mappings/ is the model's own, and takes what the loader takes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from etl.mapping.load import load_mapping
from etl.mapping.model import Mapping
from etl.mapping.schema import mapping_schema, schema_text

MAPPINGS = Path(__file__).parents[2] / "mappings"
SCHEMA = mapping_schema()
TYPES = {"string": str, "number": (int, float), "integer": int, "boolean": bool, "array": list, "object": dict}


def is_of(value: object, kind: str) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    return isinstance(value, TYPES[kind])  # type: ignore[arg-type] # a class or a tuple of classes


def accepts(schema: dict[str, Any], value: Any) -> bool:
    """Whether a JSON Schema takes a value, for the words that ours uses (JSON Schema 2020-12)."""
    if "$ref" in schema and not accepts(SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], value):
        return False
    if "anyOf" in schema and not any(accepts(one, value) for one in schema["anyOf"]):
        return False
    if "oneOf" in schema and sum(accepts(one, value) for one in schema["oneOf"]) != 1:
        return False
    if "enum" in schema and not any(value == one and type(value) is type(one) for one in schema["enum"]):
        return False
    if "const" in schema and value != schema["const"]:
        return False
    kinds = schema.get("type", [])
    if kinds and not any(is_of(value, kind) for kind in ([kinds] if isinstance(kinds, str) else kinds)):
        return False
    return accepts_content(schema, value)


def accepts_content(schema: dict[str, Any], value: Any) -> bool:
    if isinstance(value, str):
        return re.search(schema.get("pattern", ""), value) is not None
    if isinstance(value, list):
        long_enough = len(value) >= schema.get("minItems", 0)
        return long_enough and all(accepts(schema.get("items", {}), item) for item in value)
    if isinstance(value, dict):
        return accepts_keys(schema, value)
    return not isinstance(value, int) or value >= schema.get("minimum", value)


def accepts_keys(schema: dict[str, Any], value: dict[str, Any]) -> bool:
    if not set(schema.get("required", [])) <= set(value) or len(value) < schema.get("minProperties", 0):
        return False
    for key, held in value.items():
        fitting = [rule for pattern, rule in schema.get("patternProperties", {}).items() if re.search(pattern, key)]
        rules = [schema["properties"][key]] if key in schema.get("properties", {}) else fitting
        other = schema.get("additionalProperties", True)
        if not rules and other is not True:
            rules = [other] if other else [{"enum": []}]
        if not all(accepts(rule, held) for rule in rules):
            return False
    return True


def as_texts(value: Any) -> Any:
    """What the loader makes of a value: every scalar the text that stands there."""
    if isinstance(value, dict):
        return {key: as_texts(held) for key, held in value.items()}
    if isinstance(value, list):
        return [as_texts(item) for item in value]
    return str(value).lower() if isinstance(value, bool) else str(value)


def loads(value: Any) -> bool:
    try:
        Mapping.model_validate(as_texts(value))
    except ValidationError:
        return False
    return True


def test_the_schema_in_the_folder_is_the_models_own() -> None:
    """Whoever changes the model writes the schema again: python -m etl.mapping.schema mappings/mapping.schema.json."""
    assert (MAPPINGS / "mapping.schema.json").read_text(encoding="utf-8") == schema_text()


TOP: dict[str, Any] = {"version": 1, "name": "n", "operation": "update"}
EDITED: dict[str, tuple[dict[str, Any], bool]] = {
    "least": ({}, True),
    "version_as_text": ({"version": "1"}, True),
    "version_2": ({"version": 2}, False),
    "name_as_number": ({"name": 2024}, True),
    "name_blank": ({"name": " "}, False),
    "unknown_key": ({"colums": {}}, False),
    "unknown_operation": ({"operation": "delete"}, False),
    "target_as_text": ({"columns": {"Email": "SearchByValue"}}, True),
    "target_as_object": ({"columns": {"Email": {"to": "SearchByValue", "type": "email"}}}, True),
    "targets_of_both_kinds": ({"columns": {"Email": ["SearchByValue", {"to": "mx_Custom_1"}]}}, True),
    "targets_in_lists_in_lists": ({"columns": {"Email": [["SearchByValue"]]}}, False),
    "no_targets": ({"columns": {"Email": []}}, False),
    "target_without_to": ({"columns": {"Email": {"type": "email"}}}, False),
    "columns_listed": ({"columns": [{"column": "A", "to": "B"}, {"letter": "AB", "to": "C"}]}, True),
    "columns_listed_by_name_alone": ({"columns": ["A"]}, False),
    "letter_in_small": ({"columns": [{"letter": "f", "to": "C"}]}, False),
    "header_row": ({"input": {"header_row": 3}}, True),
    "header_row_as_text": ({"input": {"header_row": "3"}}, True),
    "header_row_zero": ({"input": {"header_row": 0}}, False),
    "header_row_truth": ({"input": {"header_row": True}}, False),
    "one_sheet": ({"input": {"sheet": "Visits"}}, True),
    "sheets": ({"input": {"sheet": ["A", 2024]}}, True),
    "empty_values": ({"input": {"empty_values": ["", 0, False]}}, True),
    "only": ({"input": {"only": {"Status": "Done", "Site": ["A", 1]}}}, True),
    "only_list": ({"input": {"only": ["Done"]}}, False),
    "when_empty_word": ({"columns": {"A": {"to": "B", "when_empty": "clear"}}}, True),
    "when_empty_use": ({"columns": {"A": {"to": "B", "when_empty": {"use": 7}}}}, True),
    "when_empty_other": ({"columns": {"A": {"to": "B", "when_empty": "skip"}}}, False),
    "when_empty_list": ({"columns": {"A": {"to": "B", "when_empty": ["omit"]}}}, False),
    "options_listed": ({"columns": {"A": {"to": "B", "options": ["x", 1, True]}}}, True),
    "options_mapped": ({"columns": {"A": {"to": "B", "options": {"x": 1}}}}, True),
    "options_empty": ({"columns": {"A": {"to": "B", "options": []}}}, False),
    "options_text": ({"columns": {"A": {"to": "B", "options": "x"}}}, False),
    "options_nested": ({"columns": {"A": {"to": "B", "options": [["x"]]}}}, False),
    "words": ({"columns": {"A": {"to": "B", "words": {"true": ["Y"], "false": 0}}}}, True),
    "words_half": ({"columns": {"A": {"to": "B", "words": {"true": "Y"}}}}, False),
    "formats": ({"columns": {"A": {"to": "B", "format": ["%d", "%m"]}}}, True),
    "values": ({"values": {"A": {"text": "x"}, "B": {"join": ["C", "D"]}, "E": {"first_of": "F"}}}, True),
    "value_as_text": ({"values": {"A": "x"}}, False),
    "unique_by_one": ({"unique_by": "A"}, True),
    "unique_by_none": ({"unique_by": []}, False),
    "switch": ({"skip_dropdown_validation": True}, True),
    "switch_as_text": ({"skip_dropdown_validation": "false"}, True),
    "switch_as_number": ({"skip_dropdown_validation": 1}, False),
    "stop_when": ({"stop_when": {"invalid": "12.5%", "refused_in_a_row": 50}}, True),
    "stop_when_rows": ({"stop_when": {"invalid": 25}}, True),
    "stop_when_too_much": ({"stop_when": {"invalid": "101%"}}, False),
    "stop_when_words": ({"stop_when": {"invalid": "a few"}}, False),
    "stop_when_never": ({"stop_when": {"refused_in_a_row": 0}}, False),
    "activity": ({"activity": {"event": 320, "name": 7}}, True),
    "activity_without_event": ({"activity": {"name": "x"}}, False),
}


@pytest.mark.parametrize(("parts", "good"), EDITED.values(), ids=EDITED)
def test_the_schema_takes_what_the_loader_takes(parts: dict[str, Any], good: bool) -> None:
    """An editor accepts and refuses the same mappings as the loader, scalars of any kind included."""
    assert (accepts(SCHEMA, TOP | parts), loads(TOP | parts)) == (good, good)


@pytest.mark.parametrize("path", sorted(MAPPINGS.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_example_loads_and_names_the_schema(path: Path) -> None:
    """The examples are right, and tell editors where the schema is."""
    assert load_mapping(path).name
    assert path.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=mapping.schema.json\n")
