"""The targets of a mapping bound to one input: where their cells come from and how they are read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.mapping.convert.bounds import NUMBERS
from etl.mapping.convert.currencies import CurrenciesSeen
from etl.mapping.convert.day_and_month import DaysSeen
from etl.mapping.convert.typed_format import TypedFormat
from etl.mapping.model import lookup_of, type_of
from etl.mapping.reading import emptiness, target_memos
from etl.mapping.sources import Filled, FirstOf, Fixed, Joined, NthOfCell, OneColumn
from etl.mapping.target_rules import ValueRule
from etl.mapping.targets import FieldType
from etl.mapping.templates import Template

if TYPE_CHECKING:
    from collections.abc import Mapping as MappingOf

    from etl.mapping.bind import Bound
    from etl.mapping.lookups import LookupTable
    from etl.mapping.model import MappedTarget, Mapping
    from etl.mapping.reading import Memos
    from etl.mapping.sources import Source
    from etl.mapping.translation import Translation
    from etl.records import Column, Table


@dataclass(frozen=True, slots=True)
class Field:
    """One target of one input.

    days, currencies: what its dates and amounts have shown so far. translates: the column whose values a person may translate
    for it, where it has one alone.
    """

    target: str
    source: Source
    memos: Memos
    days: DaysSeen
    currencies: CurrenciesSeen | None
    translates: Column | None = None


def fields_of(
    mapping: Mapping,
    table: Table,
    bound: Bound,
    lookups: MappingOf[str, LookupTable],
    translation: Translation | None = None,
) -> tuple[Field, ...]:
    """Every target in the order of the mapping."""
    fields = []
    for mapped in mapping.targets():
        days = DaysSeen()
        is_number = type_of(mapping, mapped.target, mapped.rule) in NUMBERS
        currencies = CurrenciesSeen(frozenset(mapped.rule.currency)) if is_number else None
        source = _source(mapping, table, bound, mapped)
        # dates that were put together from several cells say nothing about how one column was typed
        noted = days if isinstance(source, (OneColumn, FirstOf)) else None
        column = source.column if isinstance(source, (OneColumn, NthOfCell)) else None
        words = translation.words(column, mapped) if translation is not None and column is not None else None
        memos = target_memos(mapping, mapped, lookups, noted, words, currencies)
        translates = column if lookup_of(mapped.rule) is None else None
        fields.append(Field(mapped.target, source, memos, days, currencies, translates))
    return tuple(fields)


def unused_translations(mapping: Mapping, bound: Bound, translation: Translation | None) -> tuple[str, ...]:
    """Columns that the translation file names in vain."""
    if translation is None:
        return ()
    alone = [mapped for mapped in mapping.targets() if not isinstance(mapped.rule, ValueRule)]
    return translation.unused((bound.column(mapped.header, mapped.letter), mapped) for mapped in alone)


def _source(mapping: Mapping, table: Table, bound: Bound, mapped: MappedTarget) -> Source:
    rule = mapped.rule
    if not isinstance(rule, ValueRule):
        column = bound.column(mapped.header, mapped.letter)
        if rule.several is not None and mapped.nth is not None:
            return NthOfCell(column, rule.several, mapped.nth, rule.to)
        return OneColumn(column)
    empties = emptiness(mapping.input.empty_values)
    if rule.text is not None:
        return _filled(Template.of(rule.text), table, bound, empties)
    if rule.first_of:
        return FirstOf(tuple(map(bound.column, rule.first_of)), empties)
    if rule.join:
        return Joined(tuple(map(bound.column, rule.join)), empties, _format(mapping, mapped))
    return Fixed(rule.constant or "")


def _filled(template: Template, table: Table, bound: Bound, empties: frozenset[str]) -> Source:
    if not template.names:
        return Fixed(template.literals[0])
    columns = {name: bound.column(name) for name in template.columns}
    return Filled(template, columns, empties, table.file.name, table.sheet or "")


def _format(mapping: Mapping, mapped: MappedTarget) -> TypedFormat | None:
    moments = (FieldType.DATE, FieldType.TIME, FieldType.DATETIME)
    if mapped.rule.format and type_of(mapping, mapped.target, mapped.rule) in moments:
        return TypedFormat.of(mapped.rule.format[0])
    return None
