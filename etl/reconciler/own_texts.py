"""The outcome columns of rows as they stand in a .csv, most of them put together without the csv module.

Rows that are simply in LeadSquared are nearly all there are, and nothing in them needs a quote or is taken for a formula.
"""

from __future__ import annotations

import csv
from itertools import compress
from operator import not_
from types import SimpleNamespace
from typing import TYPE_CHECKING

from etl.ledger.row_lines import shown_line
from etl.reconciler.columns import own_cells
from etl.reconciler.lines import result_line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from etl.ledger.row_lines import ShortLine
    from etl.reconciler.lines import RunWords

_GUID_BYTES = 16
_GUID_SIGNS = 36
_PLACES = tuple(place for place in range(_GUID_SIGNS) if place not in {8, 13, 18, 23})
"""Where the 32 digits of a GUID stand; at the other places there are dashes."""


def own_texts(rows: Sequence[ShortLine], words: RunWords, more: tuple[str, ...], delimiter: str) -> list[str]:
    """What stands before the input's cells of some rows, the delimiter behind it included. more: as `own_headers`."""
    are_plain = [line is None and held is not None and len(held) == _GUID_BYTES for _, _, held, line in rows]
    if all(are_plain):
        return _plain(rows, words, more, delimiter)
    plain = iter(_plain(list(compress(rows, are_plain)), words, more, delimiter))
    others = iter(_written(compress(rows, map(not_, are_plain)), words, more, delimiter))
    return [next(plain if is_plain else others) for is_plain in are_plain]


def _plain(rows: Sequence[ShortLine], words: RunWords, more: tuple[str, ...], delimiter: str) -> list[str]:
    """Of rows of which there is nothing to tell but where they are."""
    run = "" if words.shown_run is None else words.run
    rest = f"{delimiter * 4}{run}{delimiter * (1 + len(more))}"
    guids = guid_texts([row[2] for row in rows if row[2] is not None])
    return [f"{row[0]}{delimiter}{row[1]}{delimiter}{guid}{rest}" for row, guid in zip(rows, guids, strict=True)]


def _written(rows: Iterable[ShortLine], words: RunWords, more: tuple[str, ...], delimiter: str) -> list[str]:
    """Of any rows."""
    texts: list[str] = []
    writer = csv.writer(SimpleNamespace(write=texts.append), delimiter=delimiter, lineterminator="\r\n")
    for row in rows:
        writer.writerow((*own_cells(result_line(shown_line(row, words.run), (), words), more), ""))
    return [text.removesuffix("\r\n") for text in texts]


def guid_texts(guids: Sequence[bytes]) -> list[str]:
    """GUIDs of 16 bytes in their usual spelling.

    All at once, one place after the other: where the texts follow on each other, the digits for one place of theirs stand as
    far apart as those texts are long. That takes half of what it takes to cut each text into its five pieces.
    """
    digits = b"".join(guids).hex().encode()
    signs = bytearray(b"-" * (_GUID_SIGNS * len(guids)))
    for digit, place in enumerate(_PLACES):
        signs[place::_GUID_SIGNS] = digits[digit :: 2 * _GUID_BYTES]
    text = signs.decode()
    return [text[begin : begin + _GUID_SIGNS] for begin in range(0, len(text), _GUID_SIGNS)]
