"""How the dates and times of a column are typed, and whether day or month comes first."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, time
from functools import cache
from itertools import product
from typing import TYPE_CHECKING

from etl.mapping.convert.typed_format import TypedFormat

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from etl.records import Cell

_DATES = (
    *(
        form.replace("/", sign)
        for sign in "/-."
        for form in ("%d/%m/%Y", "%m/%d/%Y", "%Y/%m/%d", "%d/%m/%y", "%m/%d/%y")
    ),
    *(form.replace("/", sign) for sign in "-/ ." for form in ("%d/%b/%Y", "%d/%b/%y", "%d/%B/%Y", "%d/%B/%y")),
    *("%b %d, %Y", "%B %d, %Y", "%d %b, %Y", "%d %B, %Y", "%b %d %Y", "%B %d %Y", "%Y-%b-%d"),
    *("%a, %d %b %Y", "%A, %d %B %Y", "%a %d %b %Y", "%A %d %B %Y", "%a %d/%m/%Y", "%A, %B %d, %Y"),
)
_IN_DIGITS = ("%Y%m%d",)
_CLOCKS = (
    *("%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M:%S %p", "%I:%M%p", "%I:%M:%S%p", "%H:%M:%S.%f", "%I %p"),
    *("%H:%M%z", "%H:%M:%S%z", "%H:%M:%S.%f%z", "%H:%M:%S %z"),
)
_BETWEEN = (" ", "T", ", ", " - ")
_EXAMPLES_OF_A_SHAPE = 5
_MOST_FORMATS = 3
_WORTH_A_FORMAT = 0.02
_SLIPS = 0.1
"""Where one text in ten or more tells the other order, nobody can say which one the team types."""


@dataclass(frozen=True, slots=True)
class Typed:
    """How the moments of a column are typed.

    formats: of its texts, most used first; empty where all are the spreadsheet's own. has_day, has_clock: what they tell.
    swapped: the first format with day and month the other way round, where nothing in the column tells which is meant.
    example: a text that can be read both ways.
    """

    formats: tuple[str, ...]
    has_day: bool
    has_clock: bool
    swapped: str | None = None
    example: str | None = None


def typed_moments(cells: Sequence[Cell], *, is_named_a_date: bool) -> Typed | None:
    """The formats that read the texts, and what the cells tell; None where there is neither a text nor a date to tell it.

    is_named_a_date: whether the header speaks of a date, so that 20260131 may be one.
    """
    texts = Counter(cell.strip() for cell in cells if type(cell) is str)
    own = [cell for cell in cells if isinstance(cell, (date, time))]
    candidates = list(_candidates(texts, in_digits=is_named_a_date))
    formats = _chosen(texts, candidates)
    if not formats and not own:
        return None
    has_day = any(one.has_date for one in formats) or any(isinstance(cell, date) for cell in own)
    has_clock = any(one.has_time for one in formats) or any(map(_tells_a_clock, own))
    first, doubt = _in_order(texts, formats)
    return Typed(tuple(one.text for one in first), has_day, has_clock, *doubt)


def swapped(text: str) -> str:
    """A format with day and month the other way round."""
    return text.translate(str.maketrans("dm", "md"))


def _tells_a_clock(cell: date | time) -> bool:
    return isinstance(cell, time) or (isinstance(cell, datetime) and cell.time() != time())


def _candidates(texts: Counter[str], *, in_digits: bool) -> Iterator[TypedFormat]:
    """The formats that fit an example of some shape: what is typed alike differs in its digits and names alone."""
    examples: dict[str, list[str]] = {}
    for text in texts:
        known = examples.setdefault(_shape(text), []) if len(text) <= _LONGEST else []
        if len(known) < _EXAMPLES_OF_A_SHAPE:
            known.append(text)
    if len(examples) > _MOST_SHAPES:  # remarks, not dates
        return
    for shape, some in examples.items():
        for text in _formats_by_shape().get(shape, ()):
            form = TypedFormat.of(text)
            if (in_digits or text not in _IN_DIGITS) and any(map(form.fits, some)):
                yield form


_LONGEST, _MOST_SHAPES = 50, 60


@cache
def _formats_by_shape() -> dict[str, list[str]]:
    """All formats that are tried, by the shape of what they read: to compile two thousand patterns would take a second."""
    dates = (*_DATES, *_IN_DIGITS)
    both = (f"{day}{between}{clock}" for day, between, clock in product(dates, _BETWEEN, _CLOCKS))
    found: dict[str, list[str]] = {}
    for text in (*dates, *both, *(clock for clock in _CLOCKS if "%z" not in clock)):
        for offset in ("+9:9", "+9", "-9:9", "-9", "Z") if "%z" in text else ("",):
            example = re.sub("%[bBaAp]", "a", text.replace("%z", offset))
            found.setdefault(_shape(re.sub("%[dmYyHIMSf]", "9", example)), []).append(text)
    return found


def _shape(text: str) -> str:
    """`05/01/2026 09:55` → `9/9/9 9:9`, `17-Jan-2026` → `9-a-9`."""
    signs: list[str] = []
    for sign in text:
        kind = "9" if sign.isdigit() else "a" if sign.isalpha() else sign
        if not signs or kind not in "9a" or signs[-1] != kind:
            signs.append(kind)
    return "".join(signs)


def _chosen(texts: Counter[str], candidates: Sequence[TypedFormat]) -> list[TypedFormat]:
    """The format that reads most; then further ones for what it leaves, as long as each reads enough that is new."""
    chosen: list[TypedFormat] = []
    left = dict(texts)
    while left and len(chosen) < _MOST_FORMATS:
        counts = [(sum(count for text, count in left.items() if _reads(one, text)), one) for one in candidates]
        count, best = max(counts, key=lambda pair: pair[0], default=(0, None))
        if best is None or count < max(1, _WORTH_A_FORMAT * texts.total()):
            break
        chosen.append(best)
        left = {text: number for text, number in left.items() if not _reads(best, text)}
        # a month before a day among days before months is a slip of the pen, not a second way to write
        candidates = [one for one in candidates if one.text != swapped(best.text) and one.has_date == best.has_date]
    return chosen


def _reads(form: TypedFormat, text: str) -> bool:
    try:
        return form.read(text) is not None
    except ValueError:
        return False


def _in_order(
    texts: Counter[str], formats: list[TypedFormat]
) -> tuple[list[TypedFormat], tuple[str | None, str | None]]:
    """The formats, and the doubt about the first one whose day and month could be the other way round."""
    for place, form in enumerate(formats):
        if not form.day_and_month_may_swap:
            continue
        other = TypedFormat.of(swapped(form.text))
        ours, theirs, both = 0, 0, None
        for text, count in texts.items():
            here, there = _reads(form, text), _reads(other, text)
            ours += count * (here and not there)
            theirs += count * (there and not here)
            both = both or (text if here and there else None)
        if min(ours, theirs) > _SLIPS * max(ours, theirs) or not ours + theirs:
            return formats, (other.text, both)
        if theirs > ours:
            formats = [*formats[:place], other, *formats[place + 1 :]]
    return formats, (None, None)
