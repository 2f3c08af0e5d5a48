"""The columns by which the leads of a sheet are found: which lead field each of them holds, and how its cells are read."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from etl.findings import LeadUnnamed, Problem
from etl.mapping.convert import CONVERTERS
from etl.mapping.convert.cells import ColumnRules
from etl.mapping.headers import same_form
from etl.mapping.model import type_of
from etl.mapping.reading import emptiness, memos_of
from etl.mapping.target_rules import Conversion
from etl.mapping.targets import FieldType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etl.mapping.bind import Bound
    from etl.mapping.lead_rules import FindBy
    from etl.mapping.model import MappedTarget, Mapping
    from etl.mapping.reading import Memos, Result
    from etl.mapping.sources import Rows
    from etl.mapping.target_rules import Several
    from etl.records import Column

LEAD = "Lead."
"""What the targets begin with that hold attributes of a lead."""

EMAIL, PHONE, MOBILE = "EmailAddress", "Phone", "Mobile"
_PHONES = frozenset({PHONE, MOBILE})

_NAMES = {
    EMAIL: ("email", "emailaddress", "emailid", "mail", "mailid"),
    PHONE: ("phone", "phoneno", "phonenumber", "telephone", "contactno", "contactnumber"),
    MOBILE: ("mobile", "mobileno", "mobilenumber", "mobilephone", "cell", "cellphone"),
}
"""Headers that name a lead field by themselves, their letters alone."""

_FIELD_OF_NAME = {name: lead_field for lead_field, names in _NAMES.items() for name in names}


@dataclass(frozen=True, slots=True)
class LeadColumn:
    """A column by which leads are found. region: country of phone numbers without +. several: as where it is mapped."""

    header: str
    lead_field: str
    region: str | None = None
    several: Several | None = None

    @property
    def type(self) -> FieldType:
        """What its cells are."""
        if self.lead_field in _PHONES:
            return FieldType.PHONE
        return FieldType.EMAIL if self.lead_field == EMAIL else FieldType.TEXT

    def memos(self, mapping: Mapping) -> Memos:
        """How its cells are read: phone numbers in one form however they were typed; an empty cell gives None."""
        rule = Conversion(type=self.type, region=self.region, several=self.several)
        reads = CONVERTERS[self.type](ColumnRules(f"{LEAD}{self.lead_field}", rule))
        return memos_of(reads, None, emptiness(mapping.input.empty_values))


@dataclass(frozen=True, slots=True)
class LeadValue:
    """What one cell knows of its row's lead. column: where the cell stands."""

    lead_field: str
    value: str
    column: Column | None = field(default=None, compare=False)

    @property
    def asked_by(self) -> str:
        """The field by which LeadSquared is asked: a phone number is looked for in Phone and Mobile together."""
        return PHONE if self.is_phone else self.lead_field

    @property
    def is_phone(self) -> bool:
        """Whether it is a phone number, which reads +CCNNNNNNNNNN here."""
        return self.lead_field in _PHONES


KnownBy: TypeAlias = tuple[LeadValue, ...]
"""All that one row knows of its lead, in the order of `find_by`; () where the mapping finds no leads."""


def identity_of(known_by: KnownBy) -> str:
    """The lead as the sheet knows it, in one text: the same whatever the order of the columns, whatever lead is found."""
    return "\x1f".join(sorted({f"{one.asked_by}={one.value.strip().casefold()}" for one in known_by}))


def lead_columns(mapping: Mapping) -> Iterator[LeadColumn | None]:
    """The columns of `find_by` in order; None where nothing tells which lead field one of them holds."""
    for entry in mapping.leads.entries() if mapping.leads else ():
        mapped = [one for one in mapping.targets() if one.header and same_form(one.header) == same_form(entry.column)]
        lead_field = entry.field or _field_told(mapping, entry, mapped)
        regions = (one.rule.region for one in mapped if one.rule.region)
        several = next((one.rule.several for one in mapped if one.rule.several), None)
        region = entry.region or next(regions, None)
        yield LeadColumn(entry.column, lead_field, region, several) if lead_field else None


def _field_told(mapping: Mapping, entry: FindBy, mapped: list[MappedTarget]) -> str | None:
    """By the lead's attribute that the column fills, else by its name, else by its type."""
    for one in mapped:
        if one.target.startswith(LEAD) and "." not in one.target.removeprefix(LEAD):
            return one.target.removeprefix(LEAD)
    by_name = _FIELD_OF_NAME.get("".join(sign for sign in entry.column.casefold() if sign.isalpha()))
    types = {type_of(mapping, one.target, one.rule) for one in mapped if one.target != "ActivityOwnerEmail"}
    by_type = PHONE if FieldType.PHONE in types else EMAIL if FieldType.EMAIL in types else None
    if by_type is None:
        return by_name
    return by_name if by_name and (by_name in _PHONES) == (by_type == PHONE) else by_type


class LeadReader:
    """Reads what each row of one input knows of its lead."""

    def __init__(self, mapping: Mapping, bound: Bound) -> None:
        self._columns = [
            (bound.column(one.header), one.lead_field, one.memos(mapping)) for one in lead_columns(mapping) if one
        ]

    def read(self, rows: Rows) -> Iterator[tuple[KnownBy, list[tuple[Column, Problem]]]]:
        """Of each row what it knows of its lead, and what is wrong with the cells that should tell it."""
        results = [memos.read(rows.cells[column.letter]) for column, _, memos in self._columns]
        for line in zip(*results, strict=True):
            yield self._line(line)

    def _line(self, line: tuple[Result, ...]) -> tuple[KnownBy, list[tuple[Column, Problem]]]:
        known: list[LeadValue] = []
        problems: list[tuple[Column, Problem]] = []
        for (column, lead_field, _), result in zip(self._columns, line, strict=True):
            if isinstance(result, Problem):
                problems.append((column, result))
            elif result is not None and result.strip():
                known.append(LeadValue(lead_field, result.strip(), column))
        if not known and not problems:
            headers = tuple(column.header for column, _, _ in self._columns)
            problems.append((self._columns[0][0], LeadUnnamed(headers)))
        return tuple(known), problems
