"""A plan becomes the rows of a run, within the transaction that begins it."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from sqlalchemy import text

from etl.errors import LedgerError
from etl.ledger.packed import have_places

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from etl.ledger.database import Database
    from etl.ledger.packed import PackedBlock

# In a file, a row that waits leaves room on its page for what sending adds to it: else each page of rows would be divided
# while they are sent, which takes time, and leaves an eighth of all pages empty for good. To take room out of a row again
# costs as much as to put the row there: where all wait, each second one keeps it for its neighbour, too.
_NEIGHBOURS = 2  # no more: then a page may have some without the one that keeps their room
_SPARE_BYTES = 1  # for each two: all of a page together have room for one that stands there without its neighbour
_ROOM = f"""CASE WHEN outcome <> 'waiting' OR known IS NOT NULL THEN activity_id
    WHEN :is_plain = 0 THEN zeroblob(:room)
    WHEN row_number % {_NEIGHBOURS} = 0 THEN zeroblob({_NEIGHBOURS} * :room + {_SPARE_BYTES}) END"""
_TAKE_ROOM = """
UPDATE rows SET activity_id = NULL
WHERE row_id > :last_before AND run_id = :run_id AND outcome = 'waiting' AND activity_id IS NOT NULL"""

_ADOPT = """
INSERT INTO rows (run_id, row_number, scope_id, account_id, outcome, memory_key, ordinal, payload, cells, known_row_id,
                  lineage_run, lineage_row, code, error, hint, together, activity_id, address)
SELECT :run_id, row_number, :scope_id, :account_id, outcome, memory_key, ordinal, payload, cells, known,
       lineage_run, lineage_row, code, error, hint, together, {activity_id},
       CASE WHEN :with_addresses = 1 THEN lead END
FROM {plan}"""
_PLAN = "plan WHERE input_no = :input_no ORDER BY row_number"
_ADOPT_WITH_ROOM = _ADOPT.format(activity_id=_ROOM, plan=_PLAN)
_ADOPT_AS_IT_IS = _ADOPT.format(activity_id="activity_id", plan=_PLAN)

_OF_A_NEW_ROW = {
    "outcome": "'waiting'",
    "ordinal": "1",
    **dict.fromkeys(
        ("known", "lineage_run", "lineage_row", "code", "error", "hint", "together", "activity_id", "lead"), "NULL"
    ),
}
"""What the plan would hold of a row that is held packed (ledger/held_rows.py), besides its marks."""

_LAST_NUMBERS = (
    "SELECT COALESCE((SELECT MAX(row_id) FROM rows), 0), COALESCE((SELECT MAX(request_id) FROM requests), 0)"
)
_ROWS_A_REQUEST = 20  # rather fewer than there are

_ADOPT_FOLLOWERS = """
UPDATE rows SET known_row_id = first.row_id
FROM plan JOIN rows AS first ON first.run_id = :run_id AND first.row_number = plan.follows
WHERE plan.input_no = :input_no AND plan.follows IS NOT NULL
  AND rows.run_id = :run_id AND rows.row_number = plan.row_number"""

# Asked first: where no row follows, PostgreSQL takes both tables for one row each, and compares all rows of one with all of
# the other.
_HAS_FOLLOWERS = "SELECT 1 FROM plan WHERE input_no = :input_no AND follows IS NOT NULL LIMIT 1"

# What LeadSquared has from elsewhere occupies its place like what we have sent.
_CLAIM_WHAT_IS_THERE = """
INSERT INTO claims (scope_id, memory_key, ordinal, row_id)
SELECT scope_id, memory_key, ordinal, row_id FROM rows
WHERE run_id = :run_id AND outcome = 'already_imported' AND known_row_id IS NULL AND activity_id IS NOT NULL
ON CONFLICT (scope_id, memory_key, ordinal) DO NOTHING"""

# A row that an earlier run could not send is in LeadSquared after all: that run's results may say so.
_MEND_EARLIER_LINES = """
UPDATE rows SET outcome = 'already_imported', known_row_id = plan.known, code = NULL, error = NULL, hint = NULL
FROM plan
WHERE plan.input_no = :input_no AND plan.outcome = 'already_imported' AND plan.known IS NOT NULL
  AND rows.run_id = plan.lineage_run AND rows.row_number = plan.lineage_row AND rows.scope_id = :scope_id
  AND rows.outcome IN ('invalid', 'refused', 'waiting')"""

_INDEX = "rows_by_cells"

_HOW_IT_IS_MADE = f"SELECT sql FROM sqlite_master WHERE type = 'index' AND name = '{_INDEX}'"

FEWEST_TO_SORT = 2_000
"""Of fewer rows it costs nothing that is worth a thought to find the place of each in that index."""


def adopt(
    database: Database, values: Mapping[str, int], rows: int, *, is_plain: bool, blocks: Sequence[PackedBlock] = ()
) -> None:
    """Write the plan into the ledger's rows. values: input_no, run_id, scope_id, account_id, with_addresses.

    rows: how many they are. is_plain: all of them wait, are no lines of ours, and nothing is known of any, nor follows one.
    blocks: all rows, where they are such rows and are held packed in the place of the plan.
    """

    def run(statement: str) -> bool:
        result = database.connection.execute(text(statement), dict(values))
        return result.returns_rows and result.first() is not None

    if database.is_shared:
        run(_ADOPT_AS_IT_IS)
    else:
        _adopt_with_room(database, {**values, "is_plain": int(is_plain)}, rows, blocks)
    if is_plain:
        return
    if run(_HAS_FOLLOWERS):
        run(_ADOPT_FOLLOWERS)
    run(_CLAIM_WHAT_IS_THERE)
    run(_MEND_EARLIER_LINES)


def _adopt_with_room(database: Database, values: Mapping[str, int], rows: int, blocks: Sequence[PackedBlock]) -> None:
    last_before, last_request = database.ask(_LAST_NUMBERS, {})[0]
    index = _taken_out(database) if rows >= max(FEWEST_TO_SORT, 2 * last_before) else None
    with_room = {**values, "room": _room_bytes(last_request + rows // _ROWS_A_REQUEST)}
    for block in blocks:
        have_places(database, block.rows)
        plan = f"({block.selected(_OF_A_NEW_ROW)}) AS plan"
        database.do(_ADOPT.format(activity_id=_ROOM, plan=plan), {**with_room, **block.values})
    if not blocks:
        database.do(_ADOPT_WITH_ROOM, with_room)
    database.do(_TAKE_ROOM, {"last_before": last_before, "run_id": values["run_id"]})
    if index is not None:
        database.do(index, {})


def _room_bytes(last_request: int) -> int:
    """What sending adds to a row: the 16 bytes of an id, a position, and the number of a request. A row in doubt needs less for
    its longer outcome."""
    return 16 + 1 + (last_request.bit_length() // 8 + 1)


def _taken_out(database: Database) -> str | None:
    """Take out the index that fingerprints lie in all over. Returns: the statement that makes it again; None if it stays.

    Where most rows are new ones, to sort all of them once takes less than half the time of finding a place for each, and
    fills its pages. Other processes see it all the time, because all of this is one transaction.
    """
    found = database.ask(_HOW_IT_IS_MADE, {})
    if not found or ":" in found[0][0]:
        return None
    with suppress(LedgerError):  # SQLite takes none out while a question is not read to its end
        database.do(f"DROP INDEX {_INDEX}", {})
        return str(found[0][0])
    return None
