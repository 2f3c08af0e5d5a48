"""Whether a document has the shape of a mapping: pydantic's errors in the words of findings."""

from __future__ import annotations

import copy
import re
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ValidationError

from etl.findings import Finding, MissingKey, Problem, UnknownKey, WrongValue
from etl.mapping.headers import nearest
from etl.mapping.lead_rules import FindBy, LeadSettings
from etl.mapping.model import ActivitySettings, InputSettings, Mapping
from etl.mapping.target_rules import FORM_TAGS, BooleanWords, ListedColumn, Several, TargetRule, UseValue, ValueRule
from etl.mapping.yaml_document import found_in_words

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

    from etl.mapping.yaml_document import Document, Path, Plain

_PARTS: dict[str, type[BaseModel]] = {"input": InputSettings, "activity": ActivitySettings, "values": ValueRule}
_INNER_PARTS: dict[str | int, type[BaseModel]] = {"when_empty": UseValue, "words": BooleanWords, "several": Several}
_EXPECTED = {
    "string_type": "a text",
    "tuple_type": "a list",
    "list_type": "a list",
    "dict_type": FORM_TAGS["<keys>"],
    "model_type": FORM_TAGS["<keys>"],
    "model_attributes_type": FORM_TAGS["<keys>"],
    "string_pattern_mismatch": "a column's letter in capitals, like F",
}
"""What pydantic's kinds of error expect, in words for a person."""


def shaped(document: Document) -> tuple[Mapping | None, list[Finding]]:
    """The mapping in a document and what is wrong with its shape; no mapping where too much is wrong to go on.

    Unknown keys are set aside after they have been noted, so that the rest can be checked as well.
    """
    try:
        return Mapping.model_validate(document.plain), []
    except ValidationError as error:
        details = error.errors(include_url=False)
    findings = [_finding(document, detail) for detail in details if not _is_valueless(document, detail)]
    if any(detail["type"] != "extra_forbidden" for detail in details):
        return None, findings
    known = copy.deepcopy(document.plain)
    for detail in details:
        _remove(known, path_of(detail))
    return Mapping.model_validate(known), findings


def path_of(detail: ErrorDetails) -> Path:
    """The way to the value in the document, without pydantic's names for the forms of a value."""
    return tuple(step for step in detail["loc"] if step not in FORM_TAGS and step != "[key]")


def _is_valueless(document: Document, detail: ErrorDetails) -> bool:
    """Whether the missing key does stand there, without a value, which has been noted already."""
    return detail["type"] == "missing" and detail["loc"][-1] in document.valueless


def _remove(plain: Plain, path: Path) -> None:
    """Delete the key at the path; a step that the document does not have (a value that may be a list) is none."""
    here: Any = plain
    for step in path[:-1]:
        here = here[step] if _has(here, step) else here
    here.pop(path[-1], None)


def _has(plain: Any, step: str | int) -> bool:
    return step in plain if isinstance(plain, dict) else isinstance(plain, list) and isinstance(step, int)


def _finding(document: Document, detail: ErrorDetails) -> Finding:
    path = path_of(detail)
    if detail["type"] == "missing":
        return Finding(document.place(path[:-1]), MissingKey(str(path[-1])))
    is_key = detail["type"] == "extra_forbidden" or detail["loc"][-1:] == ("[key]",)
    return Finding(document.place(path, of_key=is_key), _problem(detail, path))


def _problem(detail: ErrorDetails, path: Path) -> Problem:
    if detail["type"] == "extra_forbidden":
        known = known_keys(path[:-1])
        return UnknownKey(str(path[-1]), known, nearest(str(path[-1]), known))
    found, context = found_in_words(detail["input"]), detail.get("ctx", {})
    if detail["type"] == "expected":
        return WrongValue(found, context["words"])
    if detail["type"] in ("enum", "literal_error"):
        words = re.findall(r"'([^']*)'", context["expected"])
        return WrongValue(found, f"one of {', '.join(words)}", nearest(str(detail["input"]), words))
    if detail["type"] == "union_tag_invalid":
        forms = re.findall(r"'([^']*)'", context["expected_tags"])
        return WrongValue(found, " or ".join(FORM_TAGS[form] for form in forms))
    return WrongValue(found, _EXPECTED.get(detail["type"], detail["msg"]))


def known_keys(path: Path) -> tuple[str, ...]:
    """The keys that mappings have at a place."""
    fields = _part_at(path).model_fields
    return tuple(field.alias or name for name, field in fields.items())


def _part_at(path: Path) -> type[BaseModel]:
    if not path:
        return Mapping
    if path[-1] in _INNER_PARTS and len(path) > 1:
        return _INNER_PARTS[path[-1]]
    if path[0] == "columns":
        return ListedColumn if isinstance(path[1], int) else TargetRule
    if path[0] == "leads":
        return LeadSettings if len(path) == 1 else FindBy
    return _PARTS[str(path[0])]
