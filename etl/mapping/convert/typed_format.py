"""A format of dates and times, like `%d/%m/%Y %H:%M`: reading a text by it, writing by it, showing it to a person.

The directives are those of strptime (POSIX), read more strictly: names are English whatever the machine's language,
minutes and seconds have two digits, and a format tells a whole date or a whole time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_MONTHS = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SHORT_MONTH = {name[:3]: number for number, name in enumerate(_MONTHS, 1)} | {"sept": 9}
_LONG_MONTH = {name: number for number, name in enumerate(_MONTHS, 1)}


@dataclass(frozen=True, slots=True)
class _Directive:
    """One directive. pattern: what it reads. typed: what a person sees. tells: the unit it gives."""

    pattern: str
    typed: str
    tells: str


def _any_of(names: Iterable[str]) -> str:
    return "|".join(sorted(names, key=len, reverse=True))


_DIRECTIVES = {
    "d": _Directive("[0-9]{1,2}", "dd", "day"),
    "m": _Directive("[0-9]{1,2}", "mm", "month"),
    "Y": _Directive("[0-9]{4}", "yyyy", "year"),
    "y": _Directive("[0-9]{2}", "yy", "year"),
    "b": _Directive(_any_of(_SHORT_MONTH), "mmm", "month"),
    "B": _Directive(_any_of(_LONG_MONTH), "mmmm", "month"),
    "a": _Directive(_any_of(name[:3] for name in _WEEKDAYS), "ddd", "weekday"),
    "A": _Directive(_any_of(_WEEKDAYS), "dddd", "weekday"),
    "H": _Directive("[0-9]{1,2}", "hh", "hour"),
    "I": _Directive("[0-9]{1,2}", "hh", "hour"),
    "M": _Directive("[0-9]{2}", "mm", "minute"),
    "S": _Directive("[0-9]{2}", "ss", "second"),
    "f": _Directive("[0-9]{1,6}", "ffffff", "fraction"),
    "p": _Directive("AM|PM", "AM/PM", "half"),
    "z": _Directive("Z|[+-][0-9]{2}:?[0-9]{2}", "+hh:mm", "offset"),
}
_DATE_LETTERS, _TIME_LETTERS = frozenset("dmYybBaA"), frozenset("HIMSfp")


@dataclass(frozen=True)
class TypedFormat:
    """A format that has been checked. tokens: single literal characters, and directives as `%d`."""

    text: str
    tokens: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> TypedFormat:
        """The format in a mapping's text. Raises ValueError with words for a person when it is none."""
        tokens = tuple(re.findall(r"%.|[^%]|%$", text, re.DOTALL))
        checked = cls(text, tokens)
        for letter in checked.letters:
            if letter not in _DIRECTIVES:
                raise ValueError(f"%{letter} cannot be used; known are {', '.join('%' + d for d in _DIRECTIVES)}")
        checked._refuse_unclear()
        return checked

    def _refuse_unclear(self) -> None:
        told = [_DIRECTIVES[letter].tells for letter in self.letters]
        if len(told) != len(set(told)):
            raise ValueError("it tells the same thing twice")
        if not told:
            raise ValueError("it has no directive such as %d")
        if self.has_date and not {"year", "month", "day"} <= set(told):
            raise ValueError("a date needs day, month and year")
        if self.has_time and "hour" not in told:
            raise ValueError("a time needs the hour")
        if ("I" in self.letters) != ("p" in self.letters):
            raise ValueError("%I and %p belong together: 12 hours with AM or PM, or %H alone")

    @cached_property
    def letters(self) -> tuple[str, ...]:
        """The letters of its directives, in order."""
        return tuple(token[1:] for token in self.tokens if self._is_directive(token))

    @property
    def has_date(self) -> bool:
        return not _DATE_LETTERS.isdisjoint(self.letters)

    @property
    def has_time(self) -> bool:
        return not _TIME_LETTERS.isdisjoint(self.letters)

    @property
    def has_offset(self) -> bool:
        return "z" in self.letters

    @property
    def day_and_month_may_swap(self) -> bool:
        """Whether a spreadsheet may take day for month: both are digits, and the year does not come first."""
        years = [self.letters.index(letter) for letter in "Yy" if letter in self.letters]
        return {"d", "m"} <= set(self.letters) and years != [0]

    @property
    def typed_as(self) -> str:
        """As a person sees it: `dd/mm/yyyy hh:mm`."""
        return "".join(_DIRECTIVES[token[1]].typed if self._is_directive(token) else token[-1] for token in self.tokens)

    @staticmethod
    def _is_directive(token: str) -> bool:
        return token[0] == "%" and token[1:] != "%"

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """Groups are named after their letter. Digits that touch each other have their full width."""
        touching = re.search(r"%[dmYyHIMSf]%[dmYyHIMSf]", self.text) is not None
        written: list[str] = []
        for token in self.tokens:
            if self._is_directive(token):
                pattern = _DIRECTIVES[token[1]].pattern
                written.append(f"(?P<{token[1]}>{pattern.replace('{1,2}', '{2}') if touching else pattern})")
            elif token.isspace():
                written.append(r"\s+" if not written or written[-1] != r"\s+" else "")
            else:
                written.append(re.escape(token[-1]))
        return re.compile("".join(written), re.IGNORECASE)

    @cached_property
    def _in_order(self) -> str | None:
        """Its letters in the order in which datetime takes them, if all are plain numbers: the quick way."""
        letters = "".join(letter for letter in "YmdHMS" if letter in self.letters)
        whole = len(letters) == len(self.letters) and "YmdHMS".startswith(letters)
        return letters if whole and len(letters) >= 3 else None

    @cached_property
    def _full_width(self) -> tuple[re.Pattern[str], int] | None:
        """What a text of it looks like whose numbers have all their digits, and how many signs tell the day.

        None where something else than numbers is told, no time of day or one that does not stand behind the day, or where
        the format holds digits of its own: only then do texts that look so differ in nothing but what their digits say.
        """
        if not {"H"} <= set(self.letters) <= set("YmdHMS") or any(token.isdigit() for token in self.tokens):
            return None
        days = [n for n, token in enumerate(self.tokens) if self._is_directive(token) and token[1] in _DATE_LETTERS]
        clocks = [n for n, token in enumerate(self.tokens) if self._is_directive(token) and token[1] in _TIME_LETTERS]
        if not days or days[-1] > clocks[0]:
            return None
        widths = [(4 if "Y" in token else 2) if self._is_directive(token) else 0 for token in self.tokens]
        looks = [
            f"[0-9]{{{width}}}" if width else re.escape(token[-1])
            for token, width in zip(self.tokens, widths, strict=True)
        ]
        return re.compile("".join(looks)), sum(width or 1 for width in widths[: days[-1] + 1])

    def is_full_width(self, text: str) -> bool:
        """Whether a text looks as this format does with all digits; then so does each with other digits, and reads alike."""
        return self._full_width is not None and self._full_width[0].fullmatch(text) is not None

    @property
    def day_width(self) -> int:
        """How many signs at the beginning of such a text tell the day; 0 where there is no such text."""
        return self._full_width[1] if self._full_width is not None else 0

    def fits(self, text: str) -> bool:
        """Whether a text is written as the format says, be there such a day and time or not."""
        return self._pattern.fullmatch(text) is not None

    def read(self, text: str) -> datetime | None:
        """The moment that the text tells, with its offset if it has one; None if it is written otherwise.

        Raises:  ValueError — written as the format says, but there is no such day or time.
        """
        found = self._pattern.fullmatch(text)
        if found is None:
            return None
        if self._in_order is not None:
            # mypy counts tzinfo among what may follow; this format has no offset
            return datetime(*map(int, found.group(*self._in_order)))  # type: ignore[arg-type] # noqa: DTZ001
        units = {"year": 1900, "month": 1, "day": 1}
        zone = None
        for letter, typed in found.groupdict().items():
            if letter in _NUMERIC:
                units[_NUMERIC[letter]] = int(typed)
            elif letter == "z":
                zone = _offset(typed)
            elif letter in _WORDED:
                units |= _WORDED[letter](typed.lower())
        if "p" in self.letters:
            _to_24_hours(units)
        return datetime(**units, tzinfo=zone)

    def write(self, moment: date | time) -> str | None:
        """A true date or time in this format's form of it; None where the form would lose a part of it."""
        wanted = _TIME_LETTERS if isinstance(moment, time) else _DATE_LETTERS
        places = [n for n, token in enumerate(self.tokens) if self._is_directive(token) and token[1] in wanted]
        if not places:
            return None
        part = TypedFormat(self.text, self.tokens[places[0] : places[-1] + 1])
        at = datetime.combine(date(1900, 1, 1), moment) if isinstance(moment, time) else _midnight(moment)
        written = "".join(_written(token[1], at) if self._is_directive(token) else token[-1] for token in part.tokens)
        return written if part.read(written) == at else None


_NUMERIC = {"Y": "year", "m": "month", "d": "day", "H": "hour", "I": "hour", "M": "minute", "S": "second"}


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def _full_year(typed: str) -> int:
    return int(typed) + (1900 if int(typed) >= 69 else 2000)  # POSIX strptime: 69 to 99 are of the 1900s


_WORDED: dict[str, Callable[[str], dict[str, int]]] = {  # a weekday says nothing that the date does not
    "y": lambda typed: {"year": _full_year(typed)},
    "b": lambda typed: {"month": _SHORT_MONTH[typed]},
    "B": lambda typed: {"month": _LONG_MONTH[typed]},
    "f": lambda typed: {"microsecond": int(typed.ljust(6, "0"))},
    "p": lambda typed: {"half": 12 if typed == "pm" else 0},
}


def _to_24_hours(units: dict[str, int]) -> None:
    half, hour = units.pop("half"), units["hour"]
    if not 1 <= hour <= 12:
        raise ValueError("a clock of 12 hours shows 1 to 12")
    units["hour"] = hour % 12 + half


def _offset(typed: str) -> timezone:
    if typed in "Zz":
        return timezone.utc  # noqa: UP017 (the same object; `timezone` is what the line below builds)
    shift = timedelta(hours=int(typed[1:3]), minutes=int(typed[-2:]))
    return timezone(-shift if typed[0] == "-" else shift)


def _written(letter: str, at: datetime) -> str:
    if letter in "bB":
        name = _MONTHS[at.month - 1].capitalize()
        return name if letter == "B" else name[:3]
    if letter in "aA":
        name = _WEEKDAYS[at.weekday()].capitalize()
        return name if letter == "A" else name[:3]
    if letter == "p":
        return "PM" if at.hour >= 12 else "AM"
    return at.strftime(f"%{letter}") if letter != "Y" else f"{at.year:04d}"  # strftime does not pad early years
