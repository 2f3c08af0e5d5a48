"""Who is who: how a row is known again in another file, what its row key is, and which account this is.

A fingerprint is 12 bytes of BLAKE2b: among a thousand million rows two different ones meet with a chance below 1e-10.
"""

from __future__ import annotations

import base64
from functools import lru_cache
from hashlib import blake2b
from itertools import repeat
from struct import Struct
from typing import TYPE_CHECKING, cast

from etl.cell_texts import BETWEEN, Texts, text_of, texts_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from etl.records import Cell

FINGERPRINT_BYTES = 12

ROW_KEY_PREFIX = "etl-"
"""What every row key begins with."""


def _digest(parts: Sequence[str]) -> bytes:
    """A hash under which two different lists of texts differ, wherever the borders between their texts lie."""
    joined = f"{len(parts)}{BETWEEN}{BETWEEN.join(parts)}"
    if joined.count(BETWEEN) > len(parts):  # a text holds the separator itself: each goes in behind its length
        joined = f"{len(parts)}:" + "".join([f"{len(part)}:{part}" for part in parts])
    return blake2b(joined.encode("utf-8", "surrogatepass"), digest_size=FINGERPRINT_BYTES).digest()


def payload_fingerprint(values: Mapping[str, str]) -> bytes:
    """How a row is known by what it sends: its targets and texts, in whatever order the mapping lists them."""
    return _digest([part for pair in sorted(values.items()) for part in pair])


def payload_fingerprints(columns: Mapping[str, Sequence[str | None]], rows: int) -> list[bytes]:
    """The same for many rows by columns: target → its texts, None where a row leaves the target out."""
    targets = sorted(columns)
    found = _digests(targets, [Texts.of(columns[target]) for target in targets], rows)
    if found is not None:
        return found
    lines = [{target: column[place] for target, column in columns.items()} for place in range(rows)]
    return [payload_fingerprint({name: text for name, text in line.items() if text is not None}) for line in lines]


def payload_marks(columns: Mapping[str, Sequence[str | None]], rows: int) -> list[bytes]:
    """What tells rows of one command apart by what they send, in a third of the time of their fingerprints. Never to be kept:
    in another process they are others, and among a million rows two meet with a chance of 3e-8."""
    return _marks([columns[target] for target in sorted(columns)], rows)


def key_marks(columns: Sequence[Sequence[str | None]], rows: int) -> list[bytes]:
    """The same by the values of their `unique_by` columns; none of them is the mark of a payload."""
    return _marks([["unique_by"] * rows, *columns], rows)


def _marks(columns: Sequence[Sequence[str | None]], rows: int) -> list[bytes]:
    return list(map(_AS_BYTES, map(hash, zip(*columns, strict=True)))) if columns else [b""] * rows


_AS_BYTES = Struct("q").pack


def unique_key(values: Sequence[str]) -> bytes:
    """How a row is known by the values of its `unique_by` columns."""
    return _digest(values)


def unique_keys(columns: Sequence[Sequence[str]], rows: int) -> list[bytes]:
    """The same for many rows by columns, of which there is one at least."""
    found = _digests(None, list(map(Texts.of, columns)), rows)
    return [unique_key(values) for values in zip(*columns, strict=True)] if found is None else found


def _digests(names: Sequence[str] | None, columns: Sequence[Texts], rows: int) -> list[bytes] | None:
    """For each row `_digest` of its names and texts in turn, those left out whose text is None. names: None for texts alone.

    None where a name or a text holds the separator or half a character, or each column lacks a text: that is seldom, and
    `_digest` knows what to do. A small part of its time, because nothing is done row by row but what a hash needs.
    """
    partly = [column.each for column in columns if not column.is_full]
    together = [*(names or ()), *(column.together for column in columns)]
    if len(partly) == len(columns) or any(BETWEEN in text for text in together):
        return None
    prefixes = [BETWEEN] * len(columns) if names is None else [f"{BETWEEN}{name}{BETWEEN}" for name in names]
    parts_each = 1 if names is None else 2
    pieces: list[Iterable[str]] = [_numbers_of_parts(len(columns), partly, parts_each)] if partly else []
    beginning = "" if partly else str(len(columns) * parts_each)  # of all lines: it is hashed once
    for prefix, column in zip(prefixes, columns, strict=True):
        if not column.is_full:
            pieces.append(["" if text is None else prefix + text for text in column.each])
            continue
        if pieces:
            pieces.append(repeat(prefix, rows))
        else:
            beginning += prefix
        pieces.append(cast("Sequence[str]", column.each))
    lines = map("".join, zip(*pieces, strict=True)) if len(pieces) > 1 else pieces[0]
    try:
        return _hashes(beginning.encode(), map(str.encode, lines))
    except UnicodeEncodeError:
        return None


def _numbers_of_parts(columns: int, partly: Sequence[Sequence[str | None]], parts_each: int) -> Iterable[str]:
    """What each row's line begins with. columns: how many. partly: those that lack texts, whose rows have less parts."""
    said = [str(number * parts_each) for number in range(columns, columns - len(partly) - 1, -1)]
    if len(partly) == 1:
        return [said[text is None] for text in partly[0]]
    return [said[texts.count(None)] for texts in zip(*partly, strict=True)]


def _hashes(beginning: bytes, lines: Iterable[bytes]) -> list[bytes]:
    """Of lines that all begin alike. lines: the rest of each."""
    begin = blake2b(beginning, digest_size=FINGERPRINT_BYTES).copy  # cheaper than to begin anew
    found = []
    for line in lines:
        made = begin()
        made.update(line)
        found.append(made.digest())
    return found


class CellsFingerprint:
    """How a row is known by its cells, whatever a later mapping makes of them: headers and texts, empty cells left out.

    Whole numbers are equal as int and float, midnights as date and datetime: saving again may change the one to the other.
    """

    def __init__(self, headers: Sequence[str]) -> None:
        self._order = sorted((header, position) for position, header in enumerate(headers))

    def of_columns(self, columns: Sequence[Sequence[Cell]], rows: int) -> list[bytes]:
        """The fingerprints of many rows, by columns in the order of the headers."""
        names = [header for header, _ in self._order]
        found = _digests(names, [texts_of(columns[position]) for _, position in self._order], rows)
        if found is not None:
            return found
        return [self.of([column[place] for column in columns]) for place in range(rows)]

    def of(self, cells: Sequence[Cell]) -> bytes:
        """The fingerprint of one row's cells, given in the order of the headers."""
        parts: list[str] = []
        for header, position in self._order:
            cell = cells[position]
            if cell is not None and cell != "":
                parts.append(header)
                parts.append(text_of(cell))
        return _digest(parts)


@lru_cache(maxsize=5_000)
def lead_mark(lead: str) -> bytes:
    """How a lead that rows failed for is known again, by the value that addressed it."""
    return _digest(["lead", lead.strip().casefold()])


def lead_marks(leads: Sequence[str | None]) -> list[bytes]:
    """The same for many rows; one that names no lead has the mark of an empty value. Each different lead is hashed once."""
    texts = [lead.strip().casefold() if lead else "" for lead in leads]
    each = list(dict.fromkeys(texts))
    found = _digests(["lead"], [Texts.of(each)], len(each))
    marks = dict(zip(each, found if found is not None else map(lead_mark, each), strict=True))
    return [marks[text] for text in texts]


def row_key(mapping_name: str, event: int, key: bytes, ordinal: int) -> str:
    """What `row_key_field` holds: the same for the same row in every ledger, different for each of several equal rows."""
    seed = f"{len(mapping_name)}:{mapping_name}{event}:{ordinal}:".encode() + key
    return ROW_KEY_PREFIX + base64.b32encode(blake2b(seed, digest_size=15).digest()).decode("ascii").lower()


def account_identity(org_id: str | None, base_url: str, account_name: str) -> str:
    """What an account is known by: its organisation where LeadSquared tells, else host and name. Keys rotate, this stays."""
    host = base_url.split("://", 1)[-1]
    return f"org:{org_id}" if org_id else f"host:{host}/{account_name}"
