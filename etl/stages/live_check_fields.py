"""Whether the fields that a mapping fills are there in the account, and such that they take what is sent. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING

from etl.api.metadata import NOTE_FIELD, ActivityField
from etl.findings import FieldLength, FieldMandatory, FieldMissing, FieldType, OptionMissing
from etl.mapping.headers import nearest, same_form
from etl.mapping.model import most_characters, type_of
from etl.mapping.operation_needs import OperationName
from etl.mapping.target_rules import ValueRule
from etl.mapping.targets import NOTE
from etl.mapping.targets import FieldType as Type

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Mapping as MappingOf

    from etl.api.metadata import LeadField
    from etl.findings import Problem
    from etl.mapping.model import MappedTarget, Mapping
    from etl.mapping.target_rules import AnyRule
    from etl.mapping.yaml_document import Path

LEAD = "Lead."


@dataclass(frozen=True, slots=True)
class Remark:
    """A problem and where in the mapping it is. stops: certain enough to stop an import before it sends anything."""

    path: Path
    problem: Problem
    stops: bool = False


_MOMENTS = frozenset({Type.DATE, Type.DATETIME})
_NUMBERS = frozenset({Type.NUMBER, Type.INTEGER})
_IDS = frozenset({Type.GUID})
_FITTING: dict[str, frozenset[Type]] = {
    "number": _NUMBERS,
    "integer": frozenset({Type.INTEGER}),
    "decimal": _NUMBERS,
    "date": _MOMENTS,
    "datetime": _MOMENTS,
    "time": frozenset({Type.TIME}),
    "boolean": frozenset({Type.BOOLEAN}),
    "email": frozenset({Type.EMAIL}),
    "phone": frozenset({Type.PHONE}),
    "product": _IDS,
    "activeusers": _IDS,
}
"""Which types of a mapping a field's DataType takes; one that is not named here takes any (LeadSquared API: others exist)."""

_OF_TEXT = frozenset({Type.TEXT, Type.CHOICE, Type.MULTICHOICE, Type.EMAIL})
"""Types whose length depends on what somebody typed."""


def field_remarks(mapping: Mapping, event: int, fields: Sequence[ActivityField]) -> Iterator[Remark]:
    """Everything that does not fit between the mapping's fields and those of the activity type."""
    by_name = {field.schema_name: field for field in fields}
    for mapped in mapping.targets():
        name = _schema_name(mapped.target)
        if name is None:
            continue
        if name in by_name:
            yield from _misfits(mapping, mapped, by_name[name])
        elif name.startswith("mx_"):  # whether system fields are always listed is not documented
            yield Remark((*mapped.path, "to"), _missing(mapped, name, event, fields), stops=True)
    key_field = mapping.row_key_field
    if key_field and key_field not in by_name:
        yield Remark(("row_key_field",), FieldMissing(key_field, f"activity type {event}"), stops=True)
    if mapping.operation is not OperationName.UPDATE:
        yield from _unfilled(mapping, fields)


def lead_field_remarks(mapping: Mapping, fields: Sequence[LeadField]) -> Iterator[Remark]:
    """Lead attributes that the account does not have: one alone makes LeadSquared refuse the whole lead."""
    names = {field.schema_name: field.display_name for field in fields}
    for mapped in mapping.targets():
        if mapped.target.startswith(LEAD):
            name = mapped.target.removeprefix(LEAD).split(".")[0]
            if name not in names:
                found = _nearest_name(name, mapped.header, names)
                yield Remark((*mapped.path, "to"), FieldMissing(name, "its leads", found, names.get(found or "")), True)
    if mapping.search_by and mapping.search_by not in names:
        found = _nearest_name(mapping.search_by, None, names)
        problem = FieldMissing(mapping.search_by, "its leads", found, names.get(found or ""))
        yield Remark(("search_by",), problem, stops=True)


def without_options(mapping: Mapping, fields: Sequence[ActivityField]) -> list[str]:
    """Fields that take the options of a choice, where the account's own have not been told yet."""
    told = {field.schema_name: bool(field.options) for field in fields}
    return [mapped.target for mapped in mapping.targets() if _sent(mapped.rule) and told.get(mapped.target) is False]


def with_options(fields: Sequence[ActivityField], told: MappingOf[str, tuple[str, ...]]) -> list[ActivityField]:
    """The fields, with options that were asked for one by one."""
    return [
        ActivityField(
            field.schema_name,
            field.display_name,
            field.data_type,
            field.is_mandatory,
            field.max_length,
            field.options or told.get(field.schema_name, ()),
            field.takes_others,
        )
        for field in fields
    ]


def called(mapping: Mapping, fields: Sequence[ActivityField]) -> list[str]:
    """What the filled fields are called: `mx_Custom_1 is “Visit Type”`. Slots mean something else in every type."""
    names = {field.schema_name: field.display_name for field in fields}
    filled = dict.fromkeys(mapped.target for mapped in mapping.targets())
    return [f"{name} is “{names[name]}”" for name in filled if names.get(name) and name.startswith("mx_")]


def _schema_name(target: str) -> str | None:
    """The field of the activity type that a target fills; None for what is no field of it."""
    if target == NOTE:
        return NOTE_FIELD
    return target.split(".", maxsplit=1)[0] if target.startswith("mx_") or target in {"Status", "Owner"} else None


def _missing(mapped: MappedTarget, name: str, event: int, fields: Sequence[ActivityField]) -> FieldMissing:
    names = {field.schema_name: field.display_name for field in fields}
    found = _nearest_name(name, mapped.header, names)
    return FieldMissing(mapped.target, f"activity type {event}", found, names.get(found or ""))


def _nearest_name(name: str, header: str | None, names: MappingOf[str, str]) -> str | None:
    """The schema name that was meant: one whose shown name was written instead, or is the header; else a near spelling."""
    shown = {same_form(display).casefold(): schema for schema, display in names.items() if display}
    for word in (name.removeprefix("mx_").replace("_", " "), name, header):
        if word and (schema := shown.get(same_form(word).casefold())):
            return schema
    return None if name.startswith("mx_Custom_") else nearest(name, names)


def _misfits(mapping: Mapping, mapped: MappedTarget, field: ActivityField) -> Iterator[Remark]:
    if "." in mapped.target:  # what lies within a custom field set is not told
        return
    kind, rule = type_of(mapping, mapped.target, mapped.rule), mapped.rule
    if not _fits(kind, rule, field):
        sent = _in_words(kind)
        yield Remark((*mapped.path, "type"), FieldType(mapped.target, field.display_name, field.data_type, sent))
    most = most_characters(mapped.target, rule)
    # For notes the vendor's own samples say 200 and its pages 2,000: what is told about them is not to be believed.
    is_too_short = field.max_length is not None and field.max_length < most and mapped.target != NOTE
    if is_too_short and kind in _OF_TEXT and not _constant(rule) and not rule.options:
        holds = field.max_length or 0
        yield Remark((*mapped.path, "max_length"), FieldLength(mapped.target, field.display_name, holds, most))
    if not mapping.skip_dropdown_validation and field.options and not field.takes_others:
        for value in _sent(rule):
            if value not in field.options:
                known = nearest(value, field.options)
                yield Remark((*mapped.path, "options"), OptionMissing(value, mapped.target, field.options, known))


def _fits(kind: Type, rule: AnyRule, field: ActivityField) -> bool:
    fitting = _FITTING.get(field.data_type.replace(" ", "").casefold())
    if fitting is None or kind in fitting:
        return True
    constant = _constant(rule)
    return constant is not None and (fitting is not _NUMBERS or _is_number(constant))


def _is_number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def _in_words(kind: Type) -> str:
    return "a text" if kind is Type.TEXT else f"type {kind}"


def _constant(rule: AnyRule) -> str | None:
    return rule.constant if isinstance(rule, ValueRule) else None


def _sent(rule: AnyRule) -> tuple[str, ...]:
    """The values that a choice or a constant sends, as far as the mapping alone tells them."""
    if rule.options:
        return tuple(dict.fromkeys(rule.options.values()))
    constant = _constant(rule)
    return (constant,) if constant else ()


def _unfilled(mapping: Mapping, fields: Sequence[ActivityField]) -> Iterator[Remark]:
    """Mandatory fields that nothing fills. Owner and Status are LeadSquared's own to fill where nobody does."""
    filled = {_schema_name(mapped.target) for mapped in mapping.targets()} | {mapping.row_key_field}
    for field in fields:
        is_ours = field.schema_name.startswith("mx_") or field.schema_name == NOTE_FIELD
        if field.is_mandatory and is_ours and field.schema_name not in filled:
            target = NOTE if field.schema_name == NOTE_FIELD else field.schema_name
            yield Remark(("columns",), FieldMandatory(target, field.display_name))
