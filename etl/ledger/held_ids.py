"""Which rows of an account hold an id of LeadSquared's: each id may be one row's only, and no index sees to that.

The index holds the beginnings of ids alone (`schema.id_mark`). So rows are found by these, of which hardly ever two are alike,
and then compared by their ids.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from etl.ledger.schema import GUID_BYTES, HOLDS_ID, MARK_BYTES, id_mark, mark_of_id

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from etl.ledger.database import Database

HOLDS_MARK = f"activity_id IS NOT NULL AND {HOLDS_ID} AND {id_mark()}"
"""SQL for rows that hold an id of which the mark is …"""

_HOLDERS = f"SELECT activity_id, run_id, row_number FROM rows WHERE {HOLDS_MARK} {{among}} AND account_id = :account_id"

# The same for marks of one length, one behind the other, in half the time: no list is to be read and sorted first.
_HOLDERS_OF_GUIDS = f"""
WITH RECURSIVE places (place) AS (SELECT 0 UNION ALL SELECT place + 1 FROM places WHERE place + 1 < :count)
SELECT activity_id, run_id, row_number FROM places CROSS JOIN rows
WHERE {HOLDS_MARK} = substr(:marks, place * {MARK_BYTES} + 1, {MARK_BYTES}) AND account_id = :account_id"""

# There is mostly none that is spelt otherwise than GUIDs are: those are kept as texts behind a zero byte, 37 in all.
_SPELT_OTHERWISE = f"""
SELECT 1 FROM rows WHERE {HOLDS_MARK} >= x'0030' AND {id_mark()} < x'0067' AND length({id_mark()}) = 37
  AND account_id = :account_id LIMIT 1"""


@lru_cache(maxsize=64)
def _asking(count: int) -> str:
    """The statement for so many marks; for 0 that takes them as a list."""
    listed = ", ".join(f":mark{place}" for place in range(count))
    return _HOLDERS.format(among=f"IN ({listed})" if count else "= ANY(:marks)")


def holders(database: Database, account_id: int, ids: Collection[bytes]) -> Sequence[Any]:
    """The rows of an account that hold one of some ids, these as they are kept: the id, the run, the row's number."""
    return [row for row in _with_marks_of(database, account_id, ids) if row[0] in ids]


def _with_marks_of(database: Database, account_id: int, ids: Collection[bytes]) -> Sequence[Any]:
    values: dict[str, object] = {"account_id": account_id}
    if not database.is_shared and {*map(len, ids)} == {
        GUID_BYTES
    }:  # as nearly always, and to ask of each takes a while
        marks = b"".join([kept[1 : 1 + MARK_BYTES] for kept in ids])
        return database.ask(_HOLDERS_OF_GUIDS, values | {"marks": marks, "count": len(ids)})
    of_each = list(map(mark_of_id, ids))
    if database.is_shared:
        return database.ask(_asking(0), values | {"marks": of_each})
    return database.ask(_asking(len(ids)), values | {f"mark{place}": mark for place, mark in enumerate(of_each)})


def are_all_guids(database: Database, account_id: int) -> bool:
    """Whether no row of an account holds a GUID in another spelling than the usual one; asked of a ledger in a file."""
    return not database.ask(_SPELT_OTHERWISE, {"account_id": account_id})
