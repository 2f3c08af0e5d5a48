"""The values of the unique_by columns as canonical texts: equal for the same row from a CSV and from a workbook."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import TYPE_CHECKING

from etl.findings import EmptyKey
from etl.mapping.convert import CONVERTERS
from etl.mapping.convert.cells import ColumnRules, cell_as_seen, read_as_text
from etl.mapping.convert.whole_columns import plain_keys
from etl.mapping.headers import same_form
from etl.mapping.model import decimal_of, lookup_of, type_of
from etl.mapping.reading import Memos, emptiness, memos_of
from etl.mapping.target_rules import PhoneForm
from etl.mapping.targets import FieldType

if TYPE_CHECKING:
    from etl.mapping.bind import Bound
    from etl.mapping.convert.cells import Reads
    from etl.mapping.model import MappedTarget, Mapping
    from etl.records import Column

_ONE_SPELLING = frozenset(
    {
        FieldType.INTEGER,
        FieldType.NUMBER,
        FieldType.DATE,
        FieldType.TIME,
        FieldType.DATETIME,
        FieldType.EMAIL,
        FieldType.PHONE,
        FieldType.GUID,
    }
)
"""Types whose converted text is the same however the value was typed, from a CSV and from a workbook."""


def key_columns(mapping: Mapping, bound: Bound) -> tuple[tuple[Column, Memos], ...]:
    """Each unique_by column and how its cells become canonical texts."""
    columns = []
    for name in mapping.unique_by:
        column = bound.column(name)
        typed = _typed(mapping, bound, column)
        empties = emptiness(mapping.input.empty_values)
        whole = plain_keys(empties) if typed is None else None
        columns.append((column, memos_of(typed or _as_typed(), EmptyKey(name), empties, whole)))
    return tuple(columns)


def _typed(mapping: Mapping, bound: Bound, column: Column) -> Reads | None:
    """Read by the type that the mapping gives the column, where that type has one spelling."""
    for mapped in mapping.targets():
        if _fills(mapped, bound, column) and type_of(mapping, mapped.target, mapped.rule) in _ONE_SPELLING:
            rule = mapped.rule.model_copy(update={"form": PhoneForm.E164})
            kind = type_of(mapping, mapped.target, mapped.rule)
            # without the zone: a key must stay when a wrong time_zone is corrected
            return CONVERTERS[kind](ColumnRules(mapped.target, rule, decimal=decimal_of(mapping, mapped.rule)))
    return None


def _fills(mapped: MappedTarget, bound: Bound, column: Column) -> bool:
    if mapped.header is None and mapped.letter is None:
        return False
    return bound.column(mapped.header, mapped.letter) is column and lookup_of(mapped.rule) is None


def _as_typed() -> Reads:
    """The text as a person sees it; midnights count as dates, because saving again may change the one to the other."""
    reads = read_as_text(same_form)
    return {**reads, date: cell_as_seen, time: cell_as_seen, datetime: _midnight_as_date}


def _midnight_as_date(moment: datetime) -> str:
    return cell_as_seen(moment if moment.time() != time() else moment.date())
