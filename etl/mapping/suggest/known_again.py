"""By which columns a row is known again, and which spare field of the account can carry a key of its own."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from etl.mapping.suggest.fits import filled_cells, rows_named
from etl.mapping.suggest.names import ID, says
from etl.mapping.suggest.proposal import Line
from etl.mapping.targets import CUSTOM_FIELD, FieldType

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from etl.mapping.suggest.kinds import Guess
    from etl.mapping.suggest.sample import AccountField, AccountView, Sample, SampleColumn

_NEARLY_ALL = 0.97
"""A column that is called an id may have slips; a row without its id, or with another one's, becomes a finding or a question."""

_MOST_CHARACTERS = 40
_NEVER = frozenset(
    {FieldType.EMAIL, FieldType.PHONE, FieldType.DATE, FieldType.DATETIME, FieldType.TIME, FieldType.BOOLEAN}
)
_ID_LIKE = re.compile(r"\S*[0-9]\S*")

_FOR_KEYS = re.compile(
    r"\b(row|import|etl|dedupe?|unique|external|idempotency)[ _-]?(key|id|ref\w*)s?\b|\betl\b", re.IGNORECASE
)
_SPARE = re.compile(
    r"(mx[ _])?(custom|field|spare|reserved?|unused|free|extra)([ _]?(field|text))?[ _]?[0-9]*", re.IGNORECASE
)
_KEY_CHARACTERS = 36
_TEXTS = frozenset({"", "string", "text"})


def unique_by(sample: Sample, judged: Sequence[tuple[SampleColumn, Guess]], addressing: Collection[str]) -> Line:
    """The column whose values are all there, all different, and look like ids.

    addressing: letters of columns that say whose row it is, which are no names of rows.
    """
    candidates: list[tuple[bool, float, str, str]] = []
    for column, guess in judged:
        if column.column.letter in addressing or guess.kind in _NEVER or not guess.fit.filled:
            continue
        said = _uniqueness(sample, column, guess, is_called_so=says(column.header, ID))
        if said is not None:
            candidates.append((says(column.header, ID), said[0], column.header, said[1]))
    if not candidates:
        return Line(
            None, "no column has a value of its own in every row; without one, rows are known by what they send"
        )
    _, _, header, why = max(candidates, key=lambda one: one[:2])
    return Line([header], f"the same {header} is the same row, in this file and in all later ones: {why}")


def _uniqueness(sample: Sample, column: SampleColumn, guess: Guess, *, is_called_so: bool) -> tuple[float, str] | None:
    rows, cells = filled_cells(column, sample.numbers, frozenset({""}))
    texts = [str(cell) for cell in cells]
    if guess.kind is FieldType.NUMBER or not all(map(_is_id, texts)):
        return None
    first: dict[str, int] = {}
    twice = [row for row, text in zip(rows, texts, strict=True) if first.setdefault(text, row) != row]
    absent = [row for row in sample.numbers if row not in set(rows)] if len(rows) < len(sample.numbers) else []
    good = len(rows) - len(twice)
    share = good / len(sample.numbers) if sample.numbers else 0.0
    if share < (_NEARLY_ALL if is_called_so else 1.0) or (not is_called_so and not _ID_LIKE.fullmatch(texts[0])):
        return None
    why = f"{good:,} of {len(sample.numbers):,} are there and different"
    why += f"; {rows_named(absent)} without one" if absent else ""
    why += f"; {rows_named(twice)} with one that stands there already" if twice else ""
    return share, why


def _is_id(text: str) -> bool:
    return len(text) <= _MOST_CHARACTERS and len(text.split()) <= 2


def row_key_field(account: AccountView | None, taken: Collection[str]) -> Line:
    """A spare text field of the activity type: one that is named for it, or one without a name of its own that is empty."""
    purpose = "ties each stored activity to one row, so that lost answers and other machines make no second one"
    if account is None or not account.fields:
        return Line(None, f"a spare text field of the activity type; {purpose}", "mx_Custom_20")
    spare = [one for one in account.fields if _may_carry(one, taken)]
    named = [one for one in spare if _FOR_KEYS.search(one.shown)]
    nameless = [one for one in spare if _SPARE.fullmatch(one.shown.strip()) or one.shown == one.target]
    if named:
        return Line(named[0].target, f"“{named[0].shown}” is named for it; {purpose}")
    unused = [one for one in nameless if account.filled is not None and one.target not in account.filled]
    if unused and account.looked_at:
        one = unused[-1]
        return Line(one.target, f"“{one.shown}”, empty in {account.looked_at:,} stored activities; {purpose}")
    if nameless:
        one = nameless[-1]
        unknown = "no stored activity tells whether it is in use"
        return Line(None, f"“{one.shown}” has no name of its own, and {unknown}; {purpose}", one.target)
    return Line(
        None, f"no field of this activity type seems to be spare: create one, “Row Key”; {purpose}", "mx_Custom_20"
    )


def _may_carry(one: AccountField, taken: Collection[str]) -> bool:
    is_text = one.data_type.casefold() in _TEXTS and not one.options and not one.is_mandatory
    is_long = one.max_length is None or one.max_length >= _KEY_CHARACTERS
    return is_text and is_long and one.target not in taken and CUSTOM_FIELD.fullmatch(one.target) is not None
