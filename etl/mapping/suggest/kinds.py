"""What the cells of one column are, by reading all of them, with the evidence for it."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import phonenumbers

from etl.findings import shown
from etl.mapping.convert.cells import cell_as_seen
from etl.mapping.headers import same_form
from etl.mapping.suggest.fits import Fit, filled_cells, fit
from etl.mapping.suggest.moments import typed_moments
from etl.mapping.suggest.names import DATE, NOT_A_NUMBER, NOTE, PHONE, says
from etl.mapping.targets import FieldType
from etl.records import ShownNumber

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from etl.mapping.suggest.moments import Typed
    from etl.mapping.suggest.sample import SampleColumn
    from etl.records import Cell

_MOST_OPTIONS, _LONGEST_OPTION, _TIMES_EACH = 15, 40, 3
_MOST_VALUES = 60
_SURE, _LIKELY = 0.9, 0.7
_ZEROS_FIRST = re.compile(r"0[0-9]+")
_LONG_DIGITS = re.compile(r"[0-9]{12,}")
_THREE_BEHIND_A_POINT = re.compile(r"[0-9]{1,3}\.[0-9]{3}")
_YES_NO = ({"yes", "true", "y", "1"}, {"no", "false", "n", "0"})


@dataclass(frozen=True, slots=True)
class Guess:
    """What a column is. settings: what the mapping says of it besides `to` and `type`. what: the evidence, in words.

    values: its different texts with how often each stands there, the most frequent first; empty where there are too many
    for a dropdown. is_choice: they are so few that they look like options. moments: how its
    dates are typed. doubt: what a person should know before using it.
    """

    kind: FieldType
    fit: Fit
    what: str
    settings: Mapping[str, object] = field(default_factory=dict)
    values: Mapping[str, int] = field(default_factory=dict)
    different: int = 0
    moments: Typed | None = None
    doubt: str | None = None
    is_choice: bool = False

    @property
    def evidence(self) -> str:
        said = self.fit.evidence(self.what)
        return f"{said}; {self.doubt}" if self.doubt else said


def guess(column: SampleColumn, numbers: Sequence[int], empties: frozenset[str], region: str | None) -> Guess:
    """What the cells of the column are. region: country of phone numbers without +, where it is known."""
    rows, cells = filled_cells(column, numbers, empties)
    seen = Counter(same_form(cell_as_seen(cell)) for cell in cells)
    if not cells:
        return Guess(FieldType.TEXT, Fit(0), "")
    found = (
        _moment(column.header, rows, cells)
        or _plain(FieldType.GUID, "are ids of LeadSquared's form", rows, cells)
        or _plain(FieldType.EMAIL, "are e-mail addresses", rows, cells)
        or _phone(column.header, rows, cells, region)
        or _boolean(rows, cells, seen)
        or _number(column.header, rows, cells)
        or _text(column.header, rows, cells, seen)
    )
    values = dict(seen.most_common()) if len(seen) <= _MOST_VALUES else {}
    return replace(found, values=values, different=len(seen))


def as_moment(found: Guess, kind: FieldType, rows: Sequence[int], cells: Sequence[Cell]) -> Guess:
    """The same column read as another kind of moment: LeadSquared fixes what some targets are."""
    return replace(found, kind=kind, fit=fit(rows, cells, kind, found.settings))


def _moment(header: str, rows: Sequence[int], cells: Sequence[Cell]) -> Guess | None:
    typed = typed_moments(cells, is_named_a_date=says(header, DATE))
    if typed is None:
        return None
    kind = FieldType.TIME if not typed.has_day else FieldType.DATETIME if typed.has_clock else FieldType.DATE
    settings: dict[str, object] = {"format": typed.formats} if typed.formats else {}
    read = fit(rows, cells, kind, settings)
    either = fit(rows, cells, kind, {"format": (*typed.formats, typed.swapped)}) if typed.swapped else read
    if max(read.share, either.share) < _LIKELY:
        return None
    own = sum(not isinstance(cell, str) for cell in cells)
    named = " or ".join(f'"{one}"' for one in typed.formats)
    natives = "the spreadsheet's own dates" if typed.has_day else "the spreadsheet's own times"
    what = f"fit {named}" + (f" ({own:,} are {natives})" if own else "") if named else f"are {natives}"
    return Guess(kind, read, what, settings, moments=typed)


def _plain(kind: FieldType, what: str, rows: Sequence[int], cells: Sequence[Cell]) -> Guess | None:
    read = fit(rows[:20], cells[:20], kind, {})
    if not read.fits:
        return None
    read = fit(rows, cells, kind, {})
    return Guess(kind, read, what) if read.share >= _LIKELY else None


def _phone(header: str, rows: Sequence[int], cells: Sequence[Cell], region: str | None) -> Guess | None:
    """Numbers that exist. A column that is not called one is one only where its numbers have their country."""
    texts = [cell.strip() for cell in cells if isinstance(cell, str)]
    with_plus = sum(text.startswith("+") for text in texts)
    if not says(header, PHONE) and with_plus < _LIKELY * len(cells):
        return None
    region = _region_of(texts) or region
    settings: dict[str, object] = {**({"region": region} if region else {}), "form": "leadsquared"}
    read = fit(rows, cells, FieldType.PHONE, settings)
    signs = [sign for sign in "/,;|" if sum(sign in text for text in texts) > 0]
    if signs and read.share < 1:
        several = settings | {"several": {"split": signs, "take": "first"}}
        better = fit(rows, cells, FieldType.PHONE, several)
        if better.fits > read.fits:
            settings, read = several, better
    if read.share < _LIKELY:
        return None
    what = f"are phone numbers{f' (those without + of {region})' if region and with_plus < len(cells) else ''}"
    return Guess(FieldType.PHONE, read, what, settings)


def _region_of(texts: Sequence[str]) -> str | None:
    """The country of most numbers that tell theirs."""
    regions: Counter[str] = Counter()
    for text in texts[:500]:
        if text.startswith("+"):
            try:
                told = phonenumbers.region_code_for_number(phonenumbers.parse(text))
            except phonenumbers.NumberParseException:
                continue
            regions.update([told] if told else [])
    return regions.most_common(1)[0][0] if regions else None


def _boolean(rows: Sequence[int], cells: Sequence[Cell], seen: Counter[str]) -> Guess | None:
    words = {word.casefold() for word in seen}
    both = [words & known for known in _YES_NO]
    if not all(both) or words - set().union(*_YES_NO) or words <= {"0", "1"}:
        return None
    settings: dict[str, object] = {}
    if not words <= {"yes", "no", "true", "false"}:
        yes, no = ([word for word in seen if word.casefold() in known] for known in _YES_NO)
        settings = {"words": {"true": yes, "false": no}}
    return Guess(FieldType.BOOLEAN, fit(rows, cells, FieldType.BOOLEAN, settings), "are yes or no", settings)


def _number(header: str, rows: Sequence[int], cells: Sequence[Cell]) -> Guess | None:
    """Amounts and counts. What is called a number of something, or begins with zeros, is a name made of digits."""
    texts = [cell.strip() for cell in cells if isinstance(cell, str)]
    if says(header, NOT_A_NUMBER) or any(_ZEROS_FIRST.fullmatch(text) or _LONG_DIGITS.search(text) for text in texts):
        return None
    if any(isinstance(cell, ShownNumber) and _ZEROS_FIRST.fullmatch(cell.shown) for cell in cells):
        return None
    tried: list[tuple[Fit, dict[str, object]]] = []
    for decimal in (".", ","):
        settings: dict[str, object] = {"decimal": ","} if decimal == "," else {}
        tried.append((fit(rows, cells, FieldType.NUMBER, settings), settings))
        further = settings | {"negative": ("parentheses", "trailing_minus")}
        tried.append((fit(rows, cells, FieldType.NUMBER, further), further))
    read, settings = max(tried, key=lambda pair: pair[0].fits)
    if read.share < _SURE:
        return None
    doubt = None
    if "decimal" not in settings and any(map(_THREE_BEHIND_A_POINT.fullmatch, texts)):
        doubt = 'a number like 1.234 is read with three decimals: where it means 1234, add decimal: ","'
    whole = fit(rows, cells, FieldType.INTEGER, settings)
    kind = FieldType.INTEGER if whole.fits == read.fits else FieldType.NUMBER
    what = "are whole numbers" if kind is FieldType.INTEGER else "are numbers"
    return Guess(kind, whole if kind is FieldType.INTEGER else read, what, settings, doubt=doubt)


def _text(header: str, rows: Sequence[int], cells: Sequence[Cell], seen: Counter[str]) -> Guess:
    read = fit(rows, cells, FieldType.TEXT, {})
    is_few = len(seen) <= _MOST_OPTIONS and read.filled >= _TIMES_EACH * len(seen)
    if is_few and max(map(len, seen)) <= _LONGEST_OPTION and not says(header, NOTE):
        what = f"hold one of {len(seen)} values" if len(seen) > 1 else f"hold {shown(next(iter(seen)))}"
        return Guess(FieldType.TEXT, read, what, is_choice=len(seen) > 1)
    longest = max(seen, key=len)
    what = f"are texts like {shown(next(iter(seen)), 30)}" if len(longest) <= 200 else "are texts"
    doubt = f"the longest has {len(longest):,} characters" if len(longest) > 200 else None
    return Guess(FieldType.TEXT, read, what, doubt=doubt)
