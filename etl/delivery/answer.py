"""What the body of an answer says, whatever it looks like; never an exception.

LeadSquared API: there is no uniform envelope. Rows come as `{"Response":[…]}`; errors in any HTTP status, as
`{"Status":"Error","ExceptionType":…,"ExceptionMessage":…}` or `{"Status":"Failed","Message":{"Message":…}}`;
throttling also as plain text, and gateways answer HTML.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

_TEXT_NAMES = ("ErrorMessage", "ExceptionMessage", "Message", "Reason", "ExceptionType")
_SAYING = frozenset(_TEXT_NAMES)
_ERROR_WORDS = frozenset({"error", "failed"})
_LONGEST_TEXT = 500
_LONGEST_EXCERPT = 120
_TITLE = re.compile(r"<title[^>]*>([^<]*)</title>", re.IGNORECASE)
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True, slots=True)
class Reading:
    """An answer's body, as far as it could be read.

    members: the JSON object's members; empty when the body is something else.
    elements: what may be the rows: the list under `Response`, or the body itself when that is a list.
    text: what it says to a person, in short; "" if nothing.
    prose: all of its words outside of rows, where known sentences are looked for.
    """

    members: dict[str, object]
    elements: tuple[object, ...]
    text: str
    prose: str

    @property
    def exception_type(self) -> str | None:
        named = self.members.get("ExceptionType")
        return cleaned(named) or None if isinstance(named, str) else None

    @property
    def is_mx(self) -> bool:
        """Whether LeadSquared's own code refused the request, as opposed to a fault below it."""
        return (self.exception_type or "").startswith("MX") or self.members.get("IsMXException") is True

    @property
    def is_error(self) -> bool:
        """Whether the body calls itself an error, in whatever HTTP status it came."""
        status = self.members.get("Status")
        said = isinstance(status, str) and status.strip().lower() in _ERROR_WORDS
        return said or self.exception_type is not None


def read(body: bytes) -> Reading:
    """Read a body: an object, a list, or anything else as plain text."""
    try:
        document = _DECODER.decode(body.decode(json.detect_encoding(body), "surrogatepass"))
    except (ValueError, RecursionError):  # not JSON, not text, a name twice, thousands of digits, nested too deep
        return _as_text(body.decode("utf-8", errors="replace"))
    if isinstance(document, str):
        return _as_text(document)
    members = document if isinstance(document, dict) else {}
    elements = document if isinstance(document, list) else members.get("Response")
    texts = _texts(members)
    rows = tuple(elements) if isinstance(elements, list) else ()
    return Reading(members, rows, text=texts[0] if texts else "", prose="\n".join(texts))


def reason_of(row: dict[str, object]) -> str | None:
    """The first text in which a row says what is wrong with it."""
    if _SAYING.isdisjoint(row):
        return None
    return next(iter(_texts(row)), None)


def _texts(members: dict[str, object]) -> list[str]:
    """The texts in which LeadSquared explains itself, the most telling first."""
    values = [(name, members.get(name)) for name in _TEXT_NAMES]
    unwrapped = [value.get(name) if isinstance(value, dict) else value for name, value in values]  # Message.Message
    return [text for value in unwrapped if isinstance(value, str) and (text := cleaned(value))]


def cleaned(text: str) -> str:
    """A foreign text as one line that files, terminals and databases can hold (no control codes, half surrogates)."""
    if len(text) <= _LONGEST_TEXT and text.isprintable() and "  " not in text:
        return text.strip()
    kept = "".join(letter if letter.isprintable() else " " for letter in text[: 4 * _LONGEST_TEXT])
    return " ".join(kept.split())[:_LONGEST_TEXT]


def _unambiguous(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """The members of an object. A name that stands twice could be read as `true` here and as `false` there."""
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a name stands twice in one JSON object")
    return members


_DECODER = json.JSONDecoder(object_pairs_hook=_unambiguous)
"""As `json.loads` makes one anew for each document."""


def _as_text(body: str) -> Reading:
    """A body that is no JSON, in words: of a page its title, without markup.

    A JSON answer that was cut short has no prose: a known sentence in it may stand in one row and not mean the others.
    """
    beginning = body[:4000]
    plain = cleaned(_TAG.sub(" ", beginning))
    title = _TITLE.search(beginning)
    prose = "" if plain.lstrip("\ufeff")[:1] in {"{", "["} else plain
    return Reading({}, (), text=(cleaned(title[1]) if title else plain)[:_LONGEST_EXCERPT], prose=prose)
