"""Numbers that their sheet shows in another way than by their digits: `00007`, `INV-0007`, `15%`.

Source: ECMA-376 Part 1, 18.8.31 (format codes). Only zero-padding, literal text and percent are read, where it is sure
what Excel shows. Grouping, decimals and currency show the same number; any other format gives the plain number, too.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import TYPE_CHECKING, NamedTuple

from etl.records import ShownNumber

if TYPE_CHECKING:
    from collections.abc import Sequence

_SURE_BELOW = 10**15  # beyond, a spreadsheet shows zeros for the digits that it does not keep
_MOST_NOTED = 10_000
CURRENCIES = frozenset({"₹", "$", "€", "£", "¥", "Rs", "Rs.", "INR", "USD", "EUR", "GBP"})
_ANY_CURRENCY = "|".join(map(re.escape, sorted(CURRENCIES, key=len, reverse=True)))

_SECTIONS = re.compile(r'(?:"[^"]*"|\\.|_.|\*.|[^;"\\_*])+|(?<=;)|^(?=;)')
_MONEY = re.compile(
    rf"""\[\$(?P<locale>[^\]-]+)(?:-[^\]]*)?\]                     # [$₹-4009]: as programs write it
      | "\s*(?P<quoted>{_ANY_CURRENCY})\s*" | (?<!\[)\\?(?P<bare>[$₹€£¥])
    """,
    re.VERBOSE,
)
_TOKENS = re.compile(
    r"""\s*\[(?:black|blue|cyan|green|magenta|red|white|yellow|color\s?[0-9]+|\$-[0-9a-f]{1,4})\]  # shows nothing itself
      | "(?P<quoted>[^"]*)" | \\(?P<escaped>.) | (?P<blank>_.)
      | (?P<bare>[-+():\ 1-9])
      | (?P<grouped>\#,\#\#0) | (?P<digit>[0#]) | (?P<point>\.) | (?P<percent>%)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_CONDITION = re.compile(r"\[(<=|>=|<>|<|>|=)\s*(-?[0-9]+(?:\.[0-9]+)?)\]")
_TESTS = {
    "<": float.__lt__,
    "<=": float.__le__,
    ">": float.__gt__,
    ">=": float.__ge__,
    "=": float.__eq__,
    "<>": float.__ne__,
}


class _Part(NamedTuple):
    """One sign of a section: a text as it stands, or a place for a digit (`0` or `#`)."""

    text: str
    is_place: bool


@dataclass(frozen=True, slots=True)
class _Section:
    """How one section of a format shows a number of its kind. decimals: places behind the point of a percentage."""

    whole: tuple[_Part, ...]
    behind: tuple[_Part, ...] = ()
    is_percent: bool = False
    is_grouped: bool = False
    decimals: int = 0

    def shown(self, size: Decimal) -> str | None:
        """A number without its sign; None where it is not sure what a person sees."""
        scaled = size * 100 if self.is_percent else size
        rounded = scaled.quantize(Decimal(1).scaleb(-self.decimals), ROUND_HALF_UP)
        whole, _, fraction = f"{rounded:f}".partition(".")
        if self.is_grouped and len(whole) > 3:
            return None
        return self._filled(whole.lstrip("0"), fraction)

    def _filled(self, digits: str, fraction: str) -> str:
        """Digits into places from the right; the leftmost place takes all that are left."""
        written: list[str] = []
        places = sum(part.is_place for part in self.whole)
        for part in reversed(self.whole):
            if not part.is_place:
                written.append(part.text)
                continue
            places -= 1
            taken = digits if places == 0 else digits[-1:]
            digits = digits[: len(digits) - len(taken)]
            written.append(taken or part.text.replace("#", ""))
        behind = iter(fraction)
        rest = (next(behind) if part.is_place else part.text for part in self.behind)
        return "".join(reversed(written)) + "".join(rest)


@dataclass(frozen=True, slots=True)
class NumberShape:
    """A format that shows numbers in another way. pads: a format of nothing but that many zeros."""

    sections: tuple[_Section | None, ...]
    condition: tuple[str, float] | None = None
    pads: int = 0
    _texts: dict[float, str | None] = field(default_factory=dict, compare=False)

    def cell(self, number: int | float) -> int | float:
        """The number as the sheet shows it; the plain number where a person sees its own digits, or it is not sure."""
        if self.pads and number.__class__ is int:
            if number >= 10 ** (self.pads - 1):
                return number
            if number >= 0:
                return ShownNumber(number, f"{number:0{self.pads}d}")
        if abs(number) >= _SURE_BELOW:
            return number
        text = self._texts[number] if number in self._texts else self._noted(number)
        if text is None or text == str(int(number) if number == int(number) else number):
            return number
        return ShownNumber(number, text)

    def _noted(self, number: int | float) -> str | None:
        """A column of percentages has few different ones, and reckoning in decimals takes its time."""
        if len(self._texts) >= _MOST_NOTED:
            self._texts.clear()
        text = self._texts[number] = self._text(number)
        return text

    def _text(self, number: int | float) -> str | None:
        section, sign = self._section(number)
        if section is None:
            return None
        text = section.shown(abs(Decimal(f"{number:.15g}")))
        if text is None or not text.strip() or (sign and not any(digit in text for digit in "123456789")):
            return None  # programs differ in whether they show "-0%"
        return sign + text.strip()

    def _section(self, number: int | float) -> tuple[_Section | None, str]:
        sections = self.sections
        if self.condition is not None:
            test, limit = self.condition
            fits = _TESTS[test](float(number), limit)
            return (sections[0 if fits else 1], "") if number >= 0 and len(sections) == 2 else (None, "")
        if number < 0:
            return (sections[0], "-") if len(sections) == 1 else (sections[1], "")
        return (sections[2], "") if number == 0 and len(sections) > 2 else (sections[0], "")


def currency_in(format_code: str) -> str | None:
    """The sign or word of a currency that a format shows beside a number; None where there is none."""
    code = _SECTIONS.findall(format_code)[:1]
    found = _MONEY.search(code[0]) if code else None
    if found is None:
        return None
    sign = next(filter(None, found.groups())).strip()
    return sign if found["locale"] or sign in CURRENCIES else None


def shape_of(format_code: str) -> NumberShape | None:
    """What a number format shows beyond the digits; None for one that shows plain numbers, or is not read."""
    codes = _SECTIONS.findall(format_code)[:3]
    condition = None
    if codes and (found := _CONDITION.match(codes[0])):
        condition = (found[1], float(found[2]))
        codes[0] = codes[0][found.end() :]
    sections = tuple(map(_section_of, codes))
    if not any(section is not None and _says_more(section) for section in sections):
        return None
    pads = len(sections[0].whole) if len(sections) == 1 and sections[0] is not None and _only_pads(sections[0]) else 0
    return NumberShape(sections, condition, pads)


def _section_of(code: str) -> _Section | None:
    """A section as it is shown; None for anything that is not read."""
    parts: list[_Part] = []
    point: int | None = None
    grouped = percents = position = 0
    while position < len(code):
        found = _TOKENS.match(code, position)
        if found is None:
            return None
        position = found.end()
        kind = found.lastgroup
        if kind == "point":
            if point is not None:
                return None
            point = len(parts)
            parts.append(_Part(".", is_place=False))
        elif kind is not None:
            grouped += kind == "grouped"
            percents += kind == "percent"
            parts.append(_part(kind, found[kind]))
    return _checked(parts, point, percents, grouped)


def _part(kind: str, text: str) -> _Part:
    if kind in ("digit", "grouped"):
        return _Part("0" if kind == "grouped" else text, is_place=True)
    return _Part(" " if kind == "blank" else text, is_place=False)


def _checked(parts: Sequence[_Part], point: int | None, percents: int, grouped: int) -> _Section | None:
    whole = tuple(parts if point is None else parts[:point])
    behind = tuple(() if point is None else parts[point:])
    places = [part.text for part in behind if part.is_place]
    if percents > 1 or grouped > 1 or ((grouped or behind) and not percents):
        return None
    if (behind and not any(part.is_place for part in whole)) or "#" in places or (behind and not places):
        return None
    return _Section(whole, behind, percents == 1, grouped == 1, len(places))


def _says_more(section: _Section) -> bool:
    """Whether a person sees more than the digits: percent, zeros before them, or words other than a currency."""
    if section.is_percent or sum(part.text == "0" and part.is_place for part in section.whole) > 1:
        return True
    words = [part.text.strip() for part in section.whole if not part.is_place]
    letters = "".join(words)
    return bool(letters) and letters not in CURRENCIES


def _only_pads(section: _Section) -> bool:
    return all(part.is_place and part.text == "0" for part in section.whole) and not section.is_percent
