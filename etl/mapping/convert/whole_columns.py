"""Columns of texts read at once, where no cell of them needs more than a look: a tenth of the time of one by one.

Each of these gives exactly what its texts give one by one, or None where that is not sure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from etl.mapping.convert.people import MOST_OF_ORDINARY, are_ordinary
from etl.mapping.convert.quick_moments import QuickDateTimes, QuickMoments
from etl.mapping.convert.text import MAY_BE_DAMAGED, MAY_BE_MARKUP
from etl.mapping.targets import NOTE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from etl.mapping.convert.cells import Read


class WholeRead(Protocol):
    """Reads many texts of one column. one: how a single text is read, emptiness included."""

    def __call__(self, texts: Sequence[Any], one: Callable[[Any], Any]) -> Sequence[Any] | None:
        """What each gives; None where they have to be read one by one."""
        ...


def plain_texts(target: str, empties: frozenset[str], most: int) -> WholeRead:
    """Texts that are sent as they stand. most: characters that the target holds."""
    refused = (*MAY_BE_DAMAGED, *MAY_BE_MARKUP) if target == NOTE else MAY_BE_DAMAGED

    def read(texts: Sequence[str], one: Callable[[str], Any]) -> Sequence[str] | None:  # noqa: ARG001 (none is read alone)
        together = "\n".join(texts)
        if any(sign in together for sign in refused) or max(map(len, texts), default=0) > most:
            return None
        return texts if empties.isdisjoint(map(str.strip, texts)) else None

    return read


def plain_digits(empties: frozenset[str], most: int) -> WholeRead:
    """Numbers that are nothing but digits, without zeros before them. most: characters that the target holds."""

    def read(texts: Sequence[str], one: Callable[[str], Any]) -> Sequence[str] | None:  # noqa: ARG001 (none is read alone)
        together = "".join(texts)
        if not (together.isascii() and together.isdigit() and all(texts)) or "\n0" in "\n".join(("", *texts)):
            return None
        return texts if max(map(len, texts)) <= most and empties.isdisjoint(texts) else None

    return read


def plain_keys(empties: frozenset[str]) -> WholeRead:
    """Keys whose canonical form is themselves: no white space to be made one, no letters that NFC would compose."""

    def read(texts: Sequence[str], one: Callable[[str], Any]) -> Sequence[str] | None:  # noqa: ARG001 (none is read alone)
        together = " ".join(texts)
        if not together.isascii() or together.split() != list(texts) or not empties.isdisjoint(texts):
            return None
        return texts

    return read


def plain_emails(empties: frozenset[str], most: int) -> WholeRead:
    """Addresses that are sent as they stand. most: characters that the target holds."""

    def read(texts: Sequence[str], one: Callable[[str], Any]) -> Sequence[str] | None:  # noqa: ARG001 (none is read alone)
        is_plain = most >= MOST_OF_ORDINARY and are_ordinary(texts) and empties.isdisjoint(texts)
        return texts if is_plain else None

    return read


def moments(read: Read, empties: frozenset[str]) -> WholeRead | None:
    """Texts of date-times, if they are read quickly one by one, and none of them can mean "no value"."""
    has_digits = any(any(map(str.isdigit, text)) for text in empties)
    return read.many if isinstance(read, QuickMoments) and not has_digits else None


def date_times(read: Callable[[Any], object]) -> WholeRead | None:
    """True date-times, if they are sent as they are read."""
    return read.many if isinstance(read, QuickDateTimes) else None
