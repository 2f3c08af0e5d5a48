"""What is to be kept of a request all of whose rows were created under ids of their own, as nearly always.

Gone over by columns: to look at each row by itself costs more than half of what SQLite needs to write it.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, TypedDict

from etl.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from etl.delivery.outcomes import RowEnd
    from etl.ledger.waiting import WaitingRow

_GUID_LENGTH, _GUID_BYTES = 36, 16
_DASHES = (8, 13, 18, 23)


class Stretch(TypedDict):
    """Rows that follow upon each other, by their row_id. ids: as they are kept, one behind the other."""

    first: int
    last: int
    ids: bytes


def all_created(sent: Sequence[WaitingRow], ends: Sequence[RowEnd]) -> list[bytes] | None:
    """The ids of the rows of a request in the order sent, as they are to be kept.

    None where any of them has another end, or an id that is no GUID in its usual spelling or another's too, or where a row
    is tied to rows of other runs.
    """
    if not ends:
        return None
    row_ids, outcomes, activity_ids, *more = zip(*ends, strict=True)
    if list(row_ids) != [row.row_id for row in sent] or set(outcomes) != {Outcome.CREATED}:
        return None
    ties = [row.lineage_run for row in sent], [row.replaces for row in sent]
    kept = kept_guids(activity_ids) if _is_nothing((*more, *ties)) else None
    return kept if kept is not None and len(set(kept)) == len(kept) else None


def stretches(created: Mapping[int, bytes]) -> Iterator[Stretch]:
    """The rows by stretches. created: the kept ids, by row_id."""
    placed = enumerate(sorted(created))
    for _, stretch in groupby(placed, key=lambda one: one[1] - one[0]):
        row_ids = [row_id for _, row_id in stretch]
        yield Stretch(first=row_ids[0], last=row_ids[-1], ids=b"".join([created[row_id] for row_id in row_ids]))


def kept_guids(ids: Sequence[str | None]) -> list[bytes] | None:
    """Ids as `opaque` keeps each, all at once; None where any is no GUID in its usual spelling."""
    texts = [one for one in ids if one]
    if len(texts) != len(ids) or set(map(len, texts)) != {_GUID_LENGTH}:
        return None
    together = "".join(texts)
    dashes = "-" * len(texts)
    if together != together.lower() or any(together[place::_GUID_LENGTH] != dashes for place in _DASHES):
        return None
    try:
        digits = bytes.fromhex(together.replace("-", ""))
    except ValueError:
        return None
    if len(digits) != _GUID_BYTES * len(texts):  # a dash too many, or white space
        return None
    return [digits[start : start + _GUID_BYTES] for start in range(0, len(digits), _GUID_BYTES)]


def _is_nothing(columns: Sequence[Sequence[object]]) -> bool:
    return all(column.count(None) == len(column) for column in columns)
