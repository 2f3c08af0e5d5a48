"""How a URL is told from a path, which every command asks: so nothing is loaded for it. Pure."""

from __future__ import annotations

_BETWEEN = "://"


def is_url_text(text: str) -> bool:
    """Whether a text that was typed is a URL rather than a path.

    A scheme has two signs at least, so the drive letter of Windows is none (RFC 3986, 3.1); `-` stays standard input.
    """
    scheme, between, _ = text.partition(_BETWEEN)
    if not between or len(scheme) < 2 or not scheme.isascii():
        return False
    return scheme[0].isalpha() and all(sign.isalnum() or sign in "+-." for sign in scheme)


def scheme_of(text: str) -> str:
    """The scheme of a URL, in small letters; "" of a path."""
    return text.partition(_BETWEEN)[0].lower() if is_url_text(text) else ""
