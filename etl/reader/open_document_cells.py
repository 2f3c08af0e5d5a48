"""One cell of an OpenDocument sheet: what it holds, and where that differs what it shows.

Source: OASIS OpenDocument 1.3, part 3: 19.365-19.390 (values), 6.1.2 (white space in paragraphs).
"""

from __future__ import annotations

import re
from datetime import date, datetime, time, timedelta
from decimal import ROUND_HALF_UP, Decimal
from math import isfinite
from typing import TYPE_CHECKING

from etl.reader.number_formats import CURRENCIES
from etl.records import BrokenCell, ShownNumber

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from etl.records import Cell

TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"

_WHITE = re.compile(r"[ \t\r\n]+")
_DURATION = re.compile(r"PT(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:[.,](\d+))?S)?")
_ERRORS = re.compile(r"#(N/A|DIV/0!|REF!|NAME\?|VALUE!|NUM!|NULL!|SPILL!|CALC!)|Err:\d+")
_AS_SHOWN = re.compile(r"-?0\d+|.*%|\D+", re.DOTALL)  # leading zeros, a percentage, no digit at all
_SAME_NUMBER = re.compile(r"\d[.,'\u2019\u00a0\u202f]\d|\d */ *\d|\dE[-+]?\d")
_DIGITS = re.compile(r"\d+")
_DIGITS_AND_SIGNS = re.compile(r"[-+()\s\d]+")
_SURE_BELOW = 10**15  # beyond, a spreadsheet shows zeros for the digits that it does not keep
_DAY = timedelta(days=1)
_MIDNIGHT = datetime(1904, 1, 1)  # noqa: DTZ001 - of any day: only the time of day is taken from it


def cell_of(element: Element) -> Cell:
    """The value of a `table-cell`; None where it is empty."""
    kind = element.get(_OFFICE + "value-type") or element.get(_CALC + "value-type")
    if kind is None and len(element) == 0 and element.get(TABLE + "formula") is None:
        return None  # nearly all cells of most sheets
    paragraphs = [_paragraph(child) for child in element if child.tag == _TEXT + "p"]
    shown = "\n".join(paragraphs)
    formula = element.get(TABLE + "formula")
    if element.get(_CALC + "value-type") == "error" or (formula is not None and _ERRORS.fullmatch(shown)):
        return BrokenCell(shown or "#ERROR")
    match kind:
        case "float" | "percentage" | "currency":
            return _number(element.get(_OFFICE + "value", ""), shown)
        case "boolean":
            return element.get(_OFFICE + "boolean-value") == "true"
        case "date":
            return _date(element.get(_OFFICE + "date-value", ""), shown)
        case "time":
            return _time(element.get(_OFFICE + "time-value", ""), shown)
        case _:
            return _text(element, shown, formula, has_text=bool(paragraphs), is_typed=kind is not None)


def currency_of_cell(element: Element) -> str | None:
    """The currency that a number is shown in, where its cell says so."""
    return element.get(_OFFICE + "currency") if element.get(_OFFICE + "value-type") == "currency" else None


def repeats(element: Element, attribute: str) -> int:
    """How often a cell, row or column stands there."""
    return max(1, int(element.get(TABLE + attribute, "1")))


def _text(element: Element, shown: str, formula: str | None, *, has_text: bool, is_typed: bool) -> Cell:
    stored = element.get(_OFFICE + "string-value")  # written where paragraphs would lose spaces, and counts before them
    if stored:
        return stored
    if not has_text and formula is not None and not is_typed:
        return BrokenCell(
            f"={formula.partition('=')[2]}"
        )  # nobody has calculated it: it shows nothing, yet is something
    return shown or None


def _number(stored: str, shown: str) -> Cell:
    try:
        number = int(stored) if stored.lstrip("-").isdecimal() else float(stored)
    except ValueError:
        return BrokenCell(shown or stored or "#ERROR")
    if not isfinite(number):
        return BrokenCell(shown or stored)
    if shown in ("TRUE", "FALSE") and number in (0, 1):
        return number == 1
    if shown and shown != stored and (_AS_SHOWN.fullmatch(shown) or _has_words(number, shown)):
        return ShownNumber(number, shown)
    return number


def _has_words(number: int | float, shown: str) -> bool:
    """Whether a cell shows a number's digits among words or signs of its own: `INV-0007`, `98765 43210`.

    Grouping, decimals and fractions show the same number, and so does a currency beside it.
    """
    if number < 0 or _SAME_NUMBER.search(shown):
        return False
    whole = str(Decimal(f"{number:.15g}").quantize(Decimal(1), ROUND_HALF_UP)) if number < _SURE_BELOW else ""
    digits = "".join(filter(str.isdecimal, shown))
    words = "".join(_DIGITS_AND_SIGNS.split(shown))
    is_parted = len(_DIGITS.findall(shown)) > 1
    return bool(whole) and digits.endswith(whole) and words not in CURRENCIES and (bool(words) or is_parted)


def _date(stored: str, shown: str) -> Cell:
    """A `date` only where neither the value nor what the cell shows has a time of day."""
    try:
        value = datetime.fromisoformat(stored).replace(tzinfo=None)
    except ValueError:
        return BrokenCell(shown or stored)
    has_time = value.time() != time(0) or ":" in shown
    return _to_the_millisecond(value) if has_time else date(value.year, value.month, value.day)


def _to_the_millisecond(value: datetime) -> datetime:
    """Times are kept as fractions of a day, so their last digits are noise."""
    return value.replace(microsecond=0) + timedelta(milliseconds=round(value.microsecond / 1000))


def _time(stored: str, shown: str) -> Cell:
    """A time of day; a longer duration is a text ("36:00:00"), as in other workbooks."""
    found = _DURATION.fullmatch(stored)
    if found is None:
        return BrokenCell(shown or stored)
    hours, minutes, seconds = (int(part or 0) for part in found.group(1, 2, 3))
    fraction = float(f"0.{found[4] or 0}")
    length = timedelta(hours=hours, minutes=minutes, seconds=seconds, milliseconds=round(fraction * 1000))
    if length < _DAY:
        return (_MIDNIGHT + length).time()
    whole = int(length.total_seconds())
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def _paragraph(element: Element) -> str:
    """The text of a paragraph as a person sees it: white space of the XML counts once, `text:s` as often as it says."""
    pieces: list[str] = []
    _collect(element, pieces)
    joined = "".join(pieces)
    return joined.lstrip(" ").replace("\0", " ")


def _collect(element: Element, pieces: list[str]) -> None:
    tag = element.tag
    if tag == _TEXT + "s":
        pieces.append("\0" * min(int(element.get(_TEXT + "c", "1")), 32_767))
    elif tag == _TEXT + "tab":
        pieces.append("\t")
    elif tag == _TEXT + "line-break":
        pieces.append("\n")
    elif tag.startswith(_OFFICE) and tag.endswith("annotation"):
        return
    elif element.text:
        pieces.append(_WHITE.sub(" ", element.text))
    for child in element:
        _collect(child, pieces)
        if child.tail:
            pieces.append(_WHITE.sub(" ", child.tail))
