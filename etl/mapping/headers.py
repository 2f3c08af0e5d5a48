"""How headers and names are compared: after Unicode NFC, trimming and collapsing of white space; case counts."""

from __future__ import annotations

import unicodedata
from difflib import get_close_matches
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def same_form(text: str) -> str:
    """The form in which two texts are equal when a person sees no difference between them."""
    if text.isascii():
        return " ".join(text.split()) if text else text
    return " ".join(unicodedata.normalize("NFC", text).split())


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known word that somebody probably meant: one that differs in case only first, else the closest spelling."""
    candidates = list(known)
    by_case = {candidate.casefold(): candidate for candidate in candidates}
    if word.casefold() in by_case:
        return by_case[word.casefold()]
    close = get_close_matches(word.casefold(), by_case, n=1, cutoff=0.6)
    return by_case[close[0]] if close else None
