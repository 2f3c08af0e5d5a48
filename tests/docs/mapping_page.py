"""The page docs/mapping.md, made of the mapping's model: `python -m tests.docs.mapping_page` writes it (`make docs`)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl.mapping.lead_rules import FindBy, LeadSettings
from etl.mapping.model import ActivitySettings, InputSettings, Mapping
from etl.mapping.schema import _LikeTheLoader, said_of
from etl.mapping.stop_rules import StopWhen
from etl.mapping.target_rules import (
    BooleanWords,
    Conversion,
    ListedColumn,
    Part,
    Several,
    TargetRule,
    UseValue,
    ValueRule,
)
from tests.docs.mapping_examples import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = Path(__file__).parents[2] / "docs" / "mapping.md"
_HEAD = """# Mapping reference

A mapping is a YAML file that says which column of a sheet goes where in LeadSquared. This page lists every key. How sheets are
read, with reasons and longer examples, stands in [mapping-guide.md](mapping-guide.md); whole mappings lie in
[mappings/](../mappings/site_visits.yaml). `etl init visits.xlsx` writes one for your sheet, and `etl explain visits.yaml` says in
sentences what one does.

Texts are taken as they stand (`01`, `NO`), unknown keys are refused with the nearest known one. A key without a default may be
left out; "required" may not. Editors complete and check a mapping that begins with
`# yaml-language-server: $schema=mapping.schema.json` (the file lies in [mappings/](../mappings/mapping.schema.json)).

This page is made of the program's own model: `make docs`.
"""


@dataclass(frozen=True, slots=True)
class Section:
    """One table. beside: a part whose keys stand in a table of their own and are left out here."""

    part: type[Part]
    title: str
    words: str
    beside: type[Part] | None = None


SECTIONS = (
    Section(Mapping, "The whole mapping", "What stands at the left margin."),
    Section(InputSettings, "input", "How the file is read."),
    Section(ActivitySettings, "activity", "Which activity type the rows become."),
    Section(LeadSettings, "leads", "For sheets that do not know the ids of their leads; only with `add-by-lead-id`."),
    Section(FindBy, "find_by", "An entry of `leads: find_by`; a column's header alone stands for `{column: header}`."),
    Section(
        TargetRule,
        "columns",
        "Below `columns`, each header names its target: `Email: SearchByValue`, or with keys: `Email: {to: SearchByValue}`. "
        "One column may fill several targets: a list of such entries. How cells are read is said by the keys of "
        "[conversion](#conversion).",
        Conversion,
    ),
    Section(
        ListedColumn,
        "columns as a list",
        "Where a header is not enough, `columns` is a list, and each entry names its column by `column` or `letter`. "
        "`to`, `aliases`, `lookup` and the keys of [conversion](#conversion) are the same.",
        TargetRule,
    ),
    Section(
        ValueRule,
        "values",
        "Below `values`, each target is followed by what fills it: exactly one of these, and keys of [conversion](#conversion).",
        Conversion,
    ),
    Section(Conversion, "conversion", "How a cell becomes the text that is sent. Some keys are for some types only."),
    Section(Several, "several", "For cells that may hold two phone numbers."),
    Section(UseValue, "when_empty", "Beside the words `omit`, `clear` and `error`, a value that stands in."),
    Section(BooleanWords, "words", "The words of a `boolean` column."),
    Section(StopWhen, "stop_when", "Guards of the mapping's own; see [importing.md](importing.md#guards)."),
)
_TITLES = {section.part.__name__: section.title for section in SECTIONS}
_ANYWHERE = {"oneOf", "anyOf"}


def page_text() -> str:
    """The page as the file holds it."""
    parts = [_HEAD]
    for section in SECTIONS:
        parts.append(
            f"\n## {section.title}\n\n{section.words}\n\n| key | what it takes | default | what it says | example |\n"
        )
        parts.append("|---|---|---|---|---|\n")
        parts.extend(_lines(section))
    return "".join(parts)


def keys_of(section: Section) -> Iterator[tuple[str, Any]]:
    """The keys of a table as they are typed, each with its field."""
    left_out = set() if section.beside is None else set(section.beside.model_fields)
    for name, field in section.part.model_fields.items():
        if name not in left_out:
            yield field.alias or name, field


def said(section: Section) -> dict[str, str]:
    """What the model says of each key of a table."""
    of_part = said_of(section.part)
    return {field.alias or name: of_part.get(name, "") for name, field in section.part.model_fields.items()}


def _lines(section: Section) -> Iterator[str]:
    schema = section.part.model_json_schema(schema_generator=_LikeTheLoader)
    definitions = schema.get("$defs", {})
    written = definitions.get(section.part.__name__, schema)
    properties = written.get("properties") or written["anyOf"][-1]["properties"]
    for key, field in keys_of(section):
        takes = " or ".join(dict.fromkeys(_takes(properties[key], definitions)))
        example = EXAMPLES[section.part.__name__][key]
        cells = (
            f"`{key}`",
            takes,
            _default(field, properties[key]),
            _sentence(said(section)[key]),
            f"`{_cell(example)}`",
        )
        yield f"| {' | '.join(cells)} |\n"


def _takes(schema: dict[str, Any], definitions: dict[str, Any]) -> Iterator[str]:
    """In words what a value may be, from its JSON schema."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        if name in _TITLES:
            yield f"[keys](#{_TITLES[name].replace(' ', '-')})"
        else:
            yield from _takes(definitions[name], definitions)
    elif "enum" in schema:
        yield " or ".join(
            dict.fromkeys(f"`{str(one).lower() if isinstance(one, bool) else one}`" for one in schema["enum"])
        )
    elif "const" in schema:
        yield f"`{schema['const']}`"
    elif alternatives := [one for key in _ANYWHERE for one in schema.get(key, ())]:
        yield from _takes_one_of(alternatives, definitions)
    elif "patternProperties" in schema or schema.get("type") == "object":
        yield "lines of `key: value`"
    elif schema.get("type") == "array":
        yield "two of them" if schema.get("maxItems") == 2 else "a list"
    elif schema.get("type") == "integer":
        yield "a whole number"
    else:
        yield "letters like `F`" if "A-Z]{1,3}" in schema.get("pattern", "") else "a text"


def _takes_one_of(alternatives: list[dict[str, Any]], definitions: dict[str, Any]) -> Iterator[str]:
    has_number = any(one.get("type") == "integer" for one in alternatives)
    for one in alternatives:
        if not (one.get("type") == "string" and has_number):  # the same number, typed in quotes
            yield from _takes(one, definitions)
    patterns = "".join(one.get("pattern", "") for one in alternatives)
    if "auto" in patterns:
        yield "`auto`"
    if "%" in patterns:
        yield "a share like `10%`"


def _default(field: Any, schema: dict[str, Any]) -> str:
    if field.is_required():
        return "required"
    return f"`{str(schema['default']).lower()}`" if "default" in schema else ""


def _sentence(description: str | None) -> str:
    """The docstring of the key, in one line."""
    return _cell(re.sub(r"\s+", " ", description or "").replace("`to`", "to").strip()).replace("<", "&lt;")


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(page_text(), encoding="utf-8", newline="\n")
