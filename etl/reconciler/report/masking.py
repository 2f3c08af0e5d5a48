"""Personal data out of texts that are shown to others: what stood in a cell keeps its shape and loses its content.

Any value of a cell counts as personal: e-mail addresses, phone numbers, names, notes, and whatever else a sheet holds.
Kept are the words of the mapping (headers, targets, options, formats), because they are the same for every row.

    anita.rao@example.com   a•••.r•••@e•••.com        31/02/2026   ••/••/••••
    Ravi Kumar              R••• K•••                 +91 98400 1  +•• ••••• •
"""

from __future__ import annotations

import re
import unicodedata
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

DOT = "•"
_EMAIL = re.compile(r"[^\s\"'<>(),;:@]+@[^\s\"'<>(),;:@]+\.[^\s\"'<>(),;:@]*[^\s\"'<>(),;:@.]")
_QUOTED = re.compile(r'"([^"]*)"')
_NUMBER = re.compile(r"\+?\d[\d \-./()]{3,}\d")
_SHORTEST_VALUE = 3
"""Shorter values stand in ordinary words too."""


def shape_of(value: str) -> str:
    """A value without its content: first letters and all separators stay, each digit and each word's rest become dots."""
    if _EMAIL.fullmatch(value):
        name, _, domain = value.rpartition("@")
        host, _, ending = domain.rpartition(".")
        return f"{_dotted(name)}@{_dotted(host)}.{ending if ending.isascii() and ending.isalpha() else DOT * 3}"
    return _dotted(value)


def _dotted(value: str) -> str:
    parts = []
    for kind, signs in groupby(value, key=_kind):
        text = "".join(signs)
        parts.append({"letters": text[0] + DOT * 3, "digits": DOT * len(text)}.get(kind, text))
    return "".join(parts)


def _kind(sign: str) -> str:
    """Letters with their marks, which many scripts write beside them; digits of any script; all else separates."""
    category = unicodedata.category(sign)[0]
    return "letters" if category in "LM" else "digits" if category == "N" else "others"


def masked(text: str, keep: Collection[str], values: Iterable[str] = ()) -> str:
    """A text with every value in it masked.

    Args:    keep: quoted words that stay. values: cells of the row that the text is about; they go wherever they stand.
    """
    hidden: list[str] = []

    def hide(value: str) -> str:
        hidden.append(shape_of(value))
        return f"\0{len(hidden) - 1}\0"

    text = text.replace("\0", "")
    text = _QUOTED.sub(lambda found: found[0] if found[1] in keep else f'"{hide(found[1])}"', text)
    text = _EMAIL.sub(lambda found: hide(found[0]), text)
    for value in sorted({value.strip() for value in values}, key=len, reverse=True):
        if len(value) >= _SHORTEST_VALUE and value not in keep:
            pattern = rf"(?<![^\W_]){re.escape(value)}(?![^\W_])"
            text = re.sub(pattern, lambda found: hide(found[0]), text, flags=re.IGNORECASE)
    text = _NUMBER.sub(lambda found: hide(found[0]), text)
    return re.sub("\0(\\d+)\0", lambda found: hidden[int(found[1])], text)
