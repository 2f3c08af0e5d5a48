"""Who is who: how a row is known again in another file, what its row key is, and which account this is.

A fingerprint is 12 bytes of BLAKE2b: among a thousand million rows two different ones meet with a chance below 1e-10.
"""

from __future__ import annotations

import base64
import hashlib
from datetime import date, datetime, time
from typing import TYPE_CHECKING

from etl.records import BrokenCell, Cell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

FINGERPRINT_BYTES = 12

ROW_KEY_PREFIX = "etl-"
"""What every row key begins with."""


_BETWEEN = "\x1f"  # ASCII's unit separator, which next to no cell holds


def _digest(parts: Sequence[str]) -> bytes:
    """A hash under which two different lists of texts differ, wherever the borders between their texts lie."""
    joined = f"{len(parts)}{_BETWEEN}{_BETWEEN.join(parts)}"
    if joined.count(_BETWEEN) > len(parts):  # a text holds the separator itself: each goes in behind its length
        joined = f"{len(parts)}:" + "".join([f"{len(part)}:{part}" for part in parts])
    return hashlib.blake2b(joined.encode("utf-8", "surrogatepass"), digest_size=FINGERPRINT_BYTES).digest()


def payload_fingerprint(values: Mapping[str, str]) -> bytes:
    """How a row is known by what it sends: its targets and texts, in whatever order the mapping lists them."""
    return _digest([part for pair in sorted(values.items()) for part in pair])


def unique_key(values: Sequence[str]) -> bytes:
    """How a row is known by the values of its `unique_by` columns."""
    return _digest(values)


def _whole_or_not(number: float) -> str:
    return str(int(number)) if number.is_integer() else repr(number)


def _midnight_as_date(moment: datetime) -> str:
    return moment.date().isoformat() if moment.time() == time() else moment.isoformat()


_CANONICAL: dict[type, Callable[..., str]] = {
    str: str,
    BrokenCell: str,
    int: str,
    bool: lambda truth: "TRUE" if truth else "FALSE",
    float: _whole_or_not,
    datetime: _midnight_as_date,
    date: date.isoformat,
    time: time.isoformat,
}


class CellsFingerprint:
    """How a row is known by its cells, whatever a later mapping makes of them: headers and texts, empty cells left out.

    Whole numbers are equal as int and float, midnights as date and datetime: saving again may change the one to the other.
    """

    def __init__(self, headers: Sequence[str]) -> None:
        self._order = sorted((header, position) for position, header in enumerate(headers))

    def of(self, cells: Sequence[Cell]) -> bytes:
        """The fingerprint of one row's cells, given in the order of the headers."""
        parts: list[str] = []
        for header, position in self._order:
            cell = cells[position]
            if cell is not None and cell != "":
                parts.append(header)
                parts.append(cell if type(cell) is str else _CANONICAL[type(cell)](cell))
        return _digest(parts)


def lead_mark(lead: str) -> bytes:
    """How a lead that rows failed for is known again, by the value that addressed it."""
    return _digest(["lead", lead.strip().casefold()])


def row_key(mapping_name: str, event: int, key: bytes, ordinal: int) -> str:
    """What `row_key_field` holds: the same for the same row in every ledger, different for each of several equal rows."""
    seed = f"{len(mapping_name)}:{mapping_name}{event}:{ordinal}:".encode() + key
    return ROW_KEY_PREFIX + base64.b32encode(hashlib.blake2b(seed, digest_size=15).digest()).decode("ascii").lower()


def account_identity(org_id: str | None, base_url: str, account_name: str) -> str:
    """What an account is known by: its organisation where LeadSquared tells, else host and name. Keys rotate, this stays."""
    host = base_url.split("://", 1)[-1]
    return f"org:{org_id}" if org_id else f"host:{host}/{account_name}"
