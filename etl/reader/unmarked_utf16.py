"""UTF-16 in a file that does not say so: told by the NULs that half its bytes are where it holds plain letters."""

from __future__ import annotations

import unicodedata

_LEAST_NULS = 0.3  # of all characters: delimiters, digits, spaces and line ends alone are that many in a table
_NO_TEXT = frozenset({"Cc", "Cn", "Co", "Cs"})  # Unicode categories: control, not assigned, private, half a pair


def utf16_without_mark(head: bytes) -> str | None:
    """`utf-16-le` or `utf-16-be` where the first bytes of a file are text in one of them and not in the other.

    A few NULs in a file of another encoding do not make it UTF-16: all must lie on one side, and be many.
    """
    whole = head[: len(head) // 2 * 2]
    if not whole or b"\0" not in whole:
        return None
    fitting = [codec for codec, side in (("utf-16-le", 1), ("utf-16-be", 0)) if _fits(whole, codec, side)]
    return fitting[0] if len(fitting) == 1 else None


def _fits(whole: bytes, codec: str, side: int) -> bool:
    if whole[side::2].count(0) < _LEAST_NULS * len(whole) / 2:
        return False
    text = whole.decode(codec, "surrogatepass")
    text = text[:-1] if "\ud800" <= text[-1] <= "\udbff" else text  # the head may end between two halves
    return ("\n" in text or "\r" in text) and not any(
        sign not in "\t\r\n" and unicodedata.category(sign) in _NO_TEXT for sign in set(text)
    )
