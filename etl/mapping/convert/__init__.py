"""From cells to the texts that are sent: one converter for each type that a mapping can declare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.mapping.convert.moments import date_, datetime_, time_
from etl.mapping.convert.numbers import integer, number
from etl.mapping.convert.people import email, guid
from etl.mapping.convert.phones import phone
from etl.mapping.convert.text import text
from etl.mapping.convert.words import boolean, choice, multichoice
from etl.mapping.targets import FieldType

if TYPE_CHECKING:
    from collections.abc import Callable

    from etl.mapping.convert.cells import ColumnRules, Reads

CONVERTERS: dict[FieldType, Callable[[ColumnRules], Reads]] = {
    FieldType.TEXT: text,
    FieldType.INTEGER: integer,
    FieldType.NUMBER: number,
    FieldType.BOOLEAN: boolean,
    FieldType.DATE: date_,
    FieldType.TIME: time_,
    FieldType.DATETIME: datetime_,
    FieldType.EMAIL: email,
    FieldType.PHONE: phone,
    FieldType.CHOICE: choice,
    FieldType.MULTICHOICE: multichoice,
    FieldType.GUID: guid,
}
"""Every type there is. A new one is one function here, its name in FieldType, and its problems in findings.py."""
