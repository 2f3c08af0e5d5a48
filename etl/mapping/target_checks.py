"""What one target of a mapping must mean: its name, source, type, options and fixed values."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from etl.findings import (
    MissingKey,
    OptionUnused,
    Problem,
    TargetNotSent,
    TypeFixed,
    UnknownTarget,
    ValueRefused,
    WrongValue,
    shown,
)
from etl.mapping.convert.bounds import MOMENTS, NUMBERS, is_relative, limits_of
from etl.mapping.convert.currencies import SIGNS, currency_of
from etl.mapping.convert.phones import countries
from etl.mapping.convert.typed_format import TypedFormat
from etl.mapping.headers import nearest, same_form
from etl.mapping.model import Mapping, OnChange, type_of
from etl.mapping.operation_needs import NEEDS
from etl.mapping.reading import fixed_value, zone_of
from etl.mapping.target_rules import ListedColumn, UseValue, ValueRule
from etl.mapping.targets import FieldType, is_target, nearest_target
from etl.mapping.templates import Template

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etl.mapping.model import MappedTarget

Path: TypeAlias = tuple[str | int, ...]
Fault: TypeAlias = tuple[Path, Problem]
"""Where in the mapping, as keys and list positions, and what."""

_OPTIONS_OF = {
    "format": MOMENTS,
    "region": (FieldType.PHONE,),
    "form": (FieldType.PHONE,),
    "options": (FieldType.CHOICE, FieldType.MULTICHOICE),
    "separator": (FieldType.MULTICHOICE,),
    "words": (FieldType.BOOLEAN,),
    "several": (FieldType.PHONE,),
    "decimal": NUMBERS,
    "percent": NUMBERS,
    "negative": NUMBERS,
    "currency": NUMBERS,
    "between": (*NUMBERS, *MOMENTS),
}
_CODE_LETTERS = 3  # of a currency in ISO 4217


def faults_of_target(mapping: Mapping, mapped: MappedTarget) -> Iterator[Fault]:
    """Everything that is wrong with one target; paths start at its entry."""
    needs = NEEDS[mapping.operation]
    if not is_target(mapped.target):
        yield ("to",), UnknownTarget(mapped.target, nearest_target(mapped.target))
    elif not needs.sends(mapped.target) and not (mapping.leads and mapped.target.startswith("Lead.")):
        yield ("to",), TargetNotSent(mapped.target, mapping.operation, needs.named)
    yield from _of_source(mapped)
    own = list(_of_type(mapping, mapped))
    yield from own
    yield from _of_emptiness(mapping, mapped)
    if not own:
        yield from _of_fixed_values(mapping, mapped)


def _of_source(mapped: MappedTarget) -> Iterator[Fault]:
    rule = mapped.rule
    if isinstance(rule, ListedColumn) and (rule.column is None) == (rule.letter is None):
        yield (), WrongValue("neither" if rule.column is None else "both", "one of column, letter")
    if not isinstance(rule, ValueRule):
        return
    given = [name for name in ("text", "join", "first_of", "constant") if getattr(rule, name)]
    if len(given) != 1:
        yield (), WrongValue(" and ".join(given) or "none of them", "exactly one of text, join, first_of, constant")
    if rule.text:
        try:
            Template.of(rule.text)
        except ValueError as error:
            yield ("text",), WrongValue(shown(rule.text), f"columns in braces: {error}")


def _of_type(mapping: Mapping, mapped: MappedTarget) -> Iterator[Fault]:
    rule, kind = mapped.rule, type_of(mapping, mapped.target, mapped.rule)
    if rule.type is not None and rule.type is not kind:
        yield ("type",), TypeFixed(mapped.target, kind)
    for option, types in _OPTIONS_OF.items():
        if option in rule.model_fields_set and kind not in types:
            yield (option,), OptionUnused(option, f"type {kind}")
    if kind is FieldType.CHOICE and not rule.options:
        yield (), MissingKey("options", "a choice needs its options")
    if kind is FieldType.MULTICHOICE and not rule.separator:
        yield (), MissingKey("separator", "a multichoice needs what stands between its values")
    if rule.region is not None and rule.region not in countries():
        close = nearest(rule.region, sorted(countries()))
        yield ("region",), WrongValue(shown(rule.region), "a country in two capital letters, like IN", close)
    for index, sign in enumerate(rule.currency):
        if currency_of(sign) is None and len(sign) == _CODE_LETTERS and sign.isupper():
            yield ("currency", index), WrongValue(shown(sign), "a currency like INR, ₹ or USD", nearest(sign, SIGNS))
    if kind in MOMENTS:
        yield from _of_formats(rule.format, kind)
    if rule.words:
        yield from _of_words(rule.words.yes, rule.words.no)
    if kind is FieldType.PHONE or len(_targets(mapped)) > 1:
        yield from _of_several(mapped)
    if rule.between is not None and kind in (*NUMBERS, *MOMENTS):
        yield from _of_bounds(mapping, rule.between, kind)


def _of_formats(formats: tuple[str, ...], kind: FieldType) -> Iterator[Fault]:
    for index, text in enumerate(formats):
        reason = _format_fault(text, kind)
        if reason:
            yield ("format", index), WrongValue(shown(text), f"a format like %d/%m/%Y %H:%M: {reason}")


def _format_fault(text: str, kind: FieldType) -> str | None:
    try:
        checked = TypedFormat.of(text)
    except ValueError as error:
        return str(error)
    if kind is not FieldType.TIME and not checked.has_date:
        return "it has no date"
    if kind is FieldType.TIME and (checked.has_date or checked.has_offset):
        return "a time of day has no date and no offset"
    if kind is FieldType.DATE and (checked.has_time or checked.has_offset):
        return "a date has no time of day; set type: datetime to send both"
    return None


def _targets(mapped: MappedTarget) -> tuple[str, ...]:
    return (mapped.target,) if isinstance(mapped.rule, ValueRule) else mapped.rule.to


def _of_several(mapped: MappedTarget) -> Iterator[Fault]:
    """A list of targets and `take: each` belong together."""
    several, targets = mapped.rule.several, _targets(mapped)
    if several is not None and several.take == "each" and len(targets) == 1:
        expected = (
            "take: first" if isinstance(mapped.rule, ValueRule) else "a list of targets under to, one for each number"
        )
        yield ("several", "take"), WrongValue("take: each for one target", expected)
    if len(targets) > 1 and mapped.nth == 0 and (several is None or several.take != "each"):
        expected = 'one target, or type: phone with several: {split: "/", take: each}'
        yield ("to",), WrongValue(f"{len(targets)} targets", expected)


def _of_bounds(mapping: Mapping, bounds: tuple[str, str], kind: FieldType) -> Iterator[Fault]:
    try:
        limits_of(bounds, kind, None, zone_of(mapping))
    except ValueError as error:
        yield ("between",), WrongValue(shown(f"[{', '.join(bounds)}]"), str(error))
        return
    if kind is FieldType.DATE and any(map(is_relative, bounds)) and mapping.input.time_zone is None:
        yield (
            ("between",),
            WrongValue(shown(f"[{', '.join(bounds)}]"), "time_zone under input, by which today is known"),
        )


def _of_words(yes: tuple[str, ...], no: tuple[str, ...]) -> Iterator[Fault]:
    both = {same_form(word).casefold() for word in yes} & {same_form(word).casefold() for word in no}
    if both:
        yield ("words",), WrongValue(f"{shown(min(both))} under true and false", "each word under one of them")


def _of_emptiness(mapping: Mapping, mapped: MappedTarget) -> Iterator[Fault]:
    declared = mapped.rule.when_empty
    if declared in ("omit", "clear") and mapped.target in mapping.required():
        expected = f"error or {{use: …}}: every row needs {mapped.target}"
        yield ("when_empty",), WrongValue(f"when_empty: {declared}", expected)
    elif declared == "clear" and not NEEDS[mapping.operation].changes and mapping.on_change is not OnChange.UPDATE:
        # nothing is known of what an empty value does to a new activity, so none is ever sent with one
        yield ("when_empty",), WrongValue("when_empty: clear", f"omit: {mapping.operation} has nothing to clear yet")


def _of_fixed_values(mapping: Mapping, mapped: MappedTarget) -> Iterator[Fault]:
    """A constant and a stand-in for empty cells must pass their own target's conversion."""
    rule, fixed = mapped.rule, {}
    if isinstance(rule, ValueRule) and rule.constant:
        fixed["constant"] = rule.constant
    if isinstance(rule.when_empty, UseValue):
        fixed["when_empty"] = rule.when_empty.use
    for key, value in fixed.items():
        refused = fixed_value(mapping, mapped, value)
        if isinstance(refused, Problem):
            yield (key,), ValueRefused(refused.error)
