"""The answer that nearly always comes: every row stored, each under an id of its own, numbered in the order sent.

To judge each row of an answer by itself (`verdict`, `match`, `outcomes`) takes a dozen calls and several objects a row. Here
its rows are gone over by columns. The general way is the rule: whatever is otherwise than here in any respect is left to it,
and of what is not, both say the same.
"""

from __future__ import annotations

import json
from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple, TypeGuard

from etl.delivery.outcomes import RowEnd
from etl.delivery.verdict import EMPTY_GUID, Answered
from etl.operations.contract import AnswerNames
from etl.reconciler.match import Numbering
from etl.records import ApiAnswer, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from etl.operations.contract import Operation
    from etl.records import Exchange

ALL_STORED = Answered(())
"""The verdict on such an answer. What it says of its rows stands in their ends, so its items are not made."""

_NUMBER = "RowNumber"
_GUID_LENGTH, _OF_GUIDS = 36, b"0123456789abcdef-"
_NAMES_A_ROW = 3
_QUOTES_A_ROW = 8  # around the names, and around an id
_NOTHING_MORE = RowEnd(0, Outcome.CREATED)[3:]  # than which row, what became of it and under which id

_DECODER = json.JSONDecoder()


class StoredRows(NamedTuple):
    """ids: of the activities, as LeadSquared has written them, in the order sent. numbering: as the answer shows it."""

    ids: list[str]
    numbering: Numbering


def all_stored(exchange: Exchange, operation: Operation, rows: int) -> StoredRows | None:
    """What an answer says that calls all `rows` stored; None where the general way has to see what it says."""
    names = operation.answer
    if not isinstance(exchange, ApiAnswer) or not isinstance(names, AnswerNames) or names.activity_id is None:
        return None
    elements = _elements(exchange.body, rows)
    try:
        ids = [element[names.activity_id] for element in elements]
        flags = [element[names.flag] for element in elements]
        numbers = [element[_NUMBER] for element in elements]
    except KeyError:  # it has other names
        return None
    numbering = _numbering(numbers, rows)
    if not ids or numbering is None or not _are_true(flags) or not _are_different_guids(ids):
        return None
    return StoredRows(ids, numbering)


def stored_ends(row_ids: Sequence[int], ids: Iterable[str], stores_as: Outcome) -> tuple[RowEnd, ...]:
    """The ends of such rows. stores_as: what the operation makes of a row that LeadSquared has stored.

    `RowEnd(...)` itself takes three times as long, for what it does with defaults.
    """
    values = zip(row_ids, repeat(stores_as), ids, *map(repeat, _NOTHING_MORE), strict=False)
    return tuple(map(tuple.__new__, repeat(RowEnd), values))


def _elements(body: bytes, rows: int) -> list[dict[str, object]]:
    """The rows of an answer in which each stands once and nothing else does; [] for any other.

    That no name stands twice in an object, which would be read as the last of them alone, is seen by counting: then there
    are more quotes in the body than the names and ids that were read have around them. So are there where a text has one.
    """
    if not body.isascii():
        return []
    try:
        document = _DECODER.decode(body.decode("ascii"))
    except (ValueError, RecursionError):
        return []
    found, quotes = document, 0
    if type(document) is dict and len(document) == 1:
        found, quotes = document.get("Response"), 2
    if type(found) is not list or len(found) != rows or body.count(b'"') != _QUOTES_A_ROW * rows + quotes:
        return []
    return found if set(map(type, found)) == {dict} and set(map(len, found)) == {_NAMES_A_ROW} else []


def _numbering(numbers: list[object], rows: int) -> Numbering | None:
    """How rows that stand in the order sent are numbered; None for any other order."""
    if set(map(type, numbers)) != {int}:  # `true` and 1.0 equal 1, too
        return None
    if numbers == list(range(1, rows + 1)):
        return Numbering.FROM_ONE
    return Numbering.FROM_ZERO if numbers == list(range(rows)) else None


def _are_true(flags: list[object]) -> bool:
    return set(map(type, flags)) == {bool} and all(flags)


def _are_different_guids(ids: list[Any]) -> TypeGuard[list[str]]:
    """Whether these are GUIDs to go by: nothing in them is to be cleaned, letter case tells none apart, none is "no id"."""
    if set(map(type, ids)) != {str} or set(map(len, ids)) != {_GUID_LENGTH}:
        return False
    others = "".join(ids).encode(errors="replace").translate(None, _OF_GUIDS)
    return not others and len(set(ids)) == len(ids) and EMPTY_GUID not in ids
