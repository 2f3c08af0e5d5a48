"""`stop_when`: at which invalid or refused rows an import is not to begin, or not to go on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated

from pydantic import BeforeValidator, WithJsonSchema

from etl.mapping.scalars import WholeNumber, expected
from etl.mapping.target_rules import Part

_PERCENT = re.compile(r"(100|[0-9]{1,2}(?:\.[0-9]{1,4})?) ?%")
_ROWS = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class MostInvalid:
    """So many rows of a sheet may be invalid: a number of them, or a share in percent. written: as it stands there."""

    number: Decimal
    is_percent: bool
    written: str

    def is_passed(self, invalid: int, rows: int) -> bool:
        """Whether so many of the rows are more than that."""
        return invalid * 100 > self.number * rows if self.is_percent else invalid > self.number

    def __str__(self) -> str:
        return self.written


def _most_invalid(value: object) -> object:
    if isinstance(value, MostInvalid):
        return value
    text = (
        value.strip()
        if isinstance(value, str)
        else str(value)
        if isinstance(value, int) and not isinstance(value, bool)
        else ""
    )
    share = _PERCENT.fullmatch(text)
    if share is not None:
        return MostInvalid(Decimal(share[1]), is_percent=True, written=text)
    if _ROWS.fullmatch(text):
        return MostInvalid(Decimal(text), is_percent=False, written=text)
    raise expected("a share of the rows like 10%, or a number of rows like 25")


AnyMostInvalid = Annotated[
    MostInvalid,
    BeforeValidator(_most_invalid),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^\s*((100|[0-9]{1,2}(\.[0-9]{1,4})?) ?%|[0-9]{1,9})\s*$"},
                {"type": "integer", "minimum": 0, "maximum": 999_999_999},
            ]
        }
    ),
]


class StopWhen(Part):
    """Guards of the mapping's own."""

    invalid: AnyMostInvalid | None = None
    """More invalid rows than this, like 10% or 25: nothing is sent. Rows that are ignored do not count."""
    refused_in_a_row: WholeNumber | None = None
    """So many rows refused by LeadSquared one after the other: nothing more is sent; the same command continues."""
