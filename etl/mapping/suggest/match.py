"""Columns of a sheet beside the fields of an account: which belong together, and how sure that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.findings import listed
from etl.mapping.headers import same_form
from etl.mapping.suggest.names import plain
from etl.mapping.targets import FieldType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from etl.mapping.suggest.kinds import Guess
    from etl.mapping.suggest.sample import AccountField, SampleColumn

SURE = 80
"""From this confidence on, in percent, a target is filled in; below it stands as a comment."""

WORTH_SAYING = 55
_TOO_CLOSE = 8
"""Where a second field is as near as this, nobody can tell which one is meant."""

_OPTION_LIKE = 90
_ENOUGH_OPTIONS = 0.9

_MOMENTS = {FieldType.DATE, FieldType.DATETIME}
_NUMBERS = {FieldType.NUMBER, FieldType.INTEGER}
_FITTING: dict[str, set[FieldType]] = {
    "number": _NUMBERS,
    "integer": {FieldType.INTEGER},
    "decimal": _NUMBERS,
    "date": _MOMENTS,
    "datetime": _MOMENTS,
    "time": {FieldType.TIME},
    "boolean": {FieldType.BOOLEAN},
    "email": {FieldType.EMAIL},
    "phone": {FieldType.PHONE},
    "product": {FieldType.GUID},
    "activeusers": {FieldType.GUID},
}
"""Which kinds of cells a field takes, by LeadSquared's word for it; one that is not named takes any."""


@dataclass(frozen=True, slots=True)
class Match:
    """A field for a column. confidence: in percent. options: typed → sent, where the field is a dropdown.

    unknown: values of the column that are no option. rival: a field that is nearly as near.
    """

    field: AccountField
    confidence: int
    options: Mapping[str, str]
    unknown: tuple[str, ...] = ()
    rival: str | None = None

    @property
    def is_sure(self) -> bool:
        return self.confidence >= SURE and self.rival is None

    @property
    def why(self) -> str:
        said = f"{self.confidence} % sure: the account calls it “{self.field.shown}”"
        if self.rival:
            said += f", and “{self.rival}” is nearly as near"
        if self.unknown:
            said += f"; no options of it: {listed(self.unknown, 6)}; its options: {listed(self.field.options, 12)}"
        return said


def matches(columns: Sequence[tuple[SampleColumn, Guess]], fields: Sequence[AccountField]) -> dict[str, Match]:
    """Column letter → its field; the surest pair first, each column and each field once."""
    pairs = [(column.column.letter, _match(column, guess, one)) for column, guess in columns for one in fields]
    pairs = sorted((pair for pair in pairs if pair[1].confidence >= WORTH_SAYING), key=lambda pair: -pair[1].confidence)
    found: dict[str, Match] = {}
    for letter, match in pairs:
        taken = {one.field.target for one in found.values()}
        if letter in found or match.field.target in taken:
            continue
        rivals = [
            other.field.shown
            for of, other in pairs
            if of == letter and other.field.target != match.field.target and other.field.target not in taken
            if match.confidence - other.confidence < _TOO_CLOSE and match.confidence < 100
        ]
        rival = rivals[0] if rivals else None
        found[letter] = Match(match.field, match.confidence, match.options, match.unknown, rival)
    return found


def _match(column: SampleColumn, guess: Guess, one: AccountField) -> Match:
    confidence = likeness(column.header, one.shown)
    options, unknown = options_for(guess.values, one.options) if one.options else ({}, ())
    if one.options:
        cells = sum(guess.values.values())
        share = sum(guess.values[typed] for typed in options) / cells if cells else 0.0
        if one.takes_others:
            unknown = ()
        elif share < _ENOUGH_OPTIONS:
            confidence = min(confidence, SURE - 1) * (0.75 + share / 4)
        else:  # values that are the options of a dropdown say as much as a name
            confidence = min(100.0, max(confidence + 15, 65))
    elif not takes(one, guess.kind):
        confidence *= 0.6
    return Match(one, round(confidence), options, unknown)


def takes(one: AccountField, kind: FieldType) -> bool:
    """Whether cells of this kind can go into the field."""
    fitting = _FITTING.get(one.data_type.replace(" ", "").casefold())
    return fitting is None or kind in fitting


def likeness(header: str, name: str) -> float:
    """How alike two names are, in percent: their words in any order, half for words that only one of them has."""
    from rapidfuzz import fuzz  # noqa: PLC0415 — a library that only proposals need

    one, other = plain(header), plain(name)
    if not one or not other:
        return 0.0
    if one == other:
        return 100.0
    return min(99.0, (fuzz.token_sort_ratio(one, other) + fuzz.token_set_ratio(one, other)) / 2)


def options_for(values: Mapping[str, int], options: Sequence[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Typed → sent for values that are an option, in another case or nearly spelled so; and the values that are none."""
    from rapidfuzz import fuzz, process  # noqa: PLC0415 — see above

    found: dict[str, str] = {}
    by_case = {same_form(option).casefold(): option for option in options}
    for value in values:
        sent = value if value in options else by_case.get(value.casefold())
        if sent is None:
            near = process.extractOne(value.casefold(), list(by_case), scorer=fuzz.ratio, score_cutoff=_OPTION_LIKE)
            sent = by_case[near[0]] if near else None
        if sent is not None:
            found[value] = sent
    return found, tuple(value for value in values if value not in found)


def by_initials(value: str, options: Sequence[str]) -> str | None:
    """The one option whose words begin with the letters of a value: SV for Site Visit. To be looked at by a person."""
    found = [
        one
        for one in options
        if len(value) > 1 and "".join(word[0] for word in one.split()).casefold() == value.casefold()
    ]
    return found[0] if len(found) == 1 else None
