"""What is to be kept of a request all of whose rows were created under ids of their own, as nearly always.

Gone over by columns: to look at each row by itself costs more than half of what SQLite needs to write it.
"""

from __future__ import annotations

from binascii import unhexlify
from itertools import pairwise
from struct import unpack
from typing import TYPE_CHECKING, TypedDict, cast

from etl.ledger.schema import GUID_BYTES
from etl.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from etl.delivery.outcomes import RowEnd
    from etl.ledger.waiting import WaitingRow

_GUID_LENGTH = 36
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
    if list(row_ids) != [row.row_id for row in sent] or outcomes.count(Outcome.CREATED) < len(outcomes):
        return None
    is_tied = {(row.lineage_run, row.replaces) for row in sent} != {(None, None)}
    if is_tied or any(column.count(None) < len(column) for column in more):
        return None
    kept = kept_guids(activity_ids)
    return kept if kept is not None and len(set(kept)) == len(kept) else None


def stretches(created: Mapping[int, bytes]) -> Iterator[Stretch]:
    """The rows by stretches. created: the kept ids, by row_id."""
    row_ids = sorted(created)
    ends = [place for place, (one, other) in enumerate(pairwise(row_ids), start=1) if other - one > 1]
    for begin, end in pairwise((0, *ends, len(row_ids)) if row_ids else ()):
        ids = b"".join(map(created.__getitem__, row_ids[begin:end]))
        yield Stretch(first=row_ids[begin], last=row_ids[end - 1], ids=ids)


def kept_guids(ids: Sequence[str | None]) -> list[bytes] | None:
    """Ids as `opaque` keeps each, all at once; None where any is no GUID in its usual spelling."""
    try:
        together = "".join(cast("Sequence[str]", ids))
        if {*map(len, cast("Sequence[str]", ids))} != {_GUID_LENGTH} or together != together.lower():
            return None
        digits = unhexlify(together.encode("ascii").translate(None, b"-"))
    except (TypeError, ValueError):  # one is None, or has other characters
        return None
    dashes = "-" * len(ids)
    if any(together[place::_GUID_LENGTH] != dashes for place in _DASHES) or len(digits) != GUID_BYTES * len(ids):
        return None
    return list(unpack(f"{GUID_BYTES}s" * len(ids), digits))
