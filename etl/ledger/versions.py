"""Rows known by their `unique_by` values that come with other values: a correction of their activity, or a new one.

CHANGED    (`report`)     such a row is reported, and nothing is sent.
IN_TURN    (`update`)     its values go to the activity. Of several rows of one sheet each follows the one before; those up to
                          the last that has the values which were sent last are done:

    sent last      the sheet      done       still to go
    -              A B A                     A as a new activity, then B, then A
    A              A B A          A B A
    B              A B A          A B        A
    C              A B                       A, then B

NEW        (`send_new`)   each different version of a row is an activity of its own, sent once, in whatever order versions
                          come: A, B, then A again sends nothing the third time. A version is known by what it sends, or by
                          its cells, so that an edited mapping alone sends nothing. Its ordinal is drawn from what it sends:
                          so a version has the same row key in every ledger, whichever of them it comes to first.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

VERSION_BITS = 31
"""A version is a positive number that every database takes for an INTEGER."""


class OtherValues(Enum):
    """What a row is that is known by its unique key and has other values now."""

    CHANGED = "changed"
    IN_TURN = "in turn"
    NEW = "new"


def version_of(payload: bytes) -> int:
    """The number of what a row sends, from its fingerprint; small ordinals are left to rows that are counted."""
    return (1 << (VERSION_BITS - 1)) | (int.from_bytes(payload[:4], "big") >> (32 - VERSION_BITS + 1))


# A line of our own file that was corrected is another version of its row.
_CORRECTED_LINES = """
UPDATE plan SET known = NULL FROM rows AS holder
WHERE plan.input_no = :input_no AND plan.known = holder.row_id AND plan.memory_key IS NOT NULL
  AND holder.payload <> plan.payload AND holder.cells <> plan.cells"""

_KNOWN_BY_VERSION = """
UPDATE plan SET known = COALESCE((
    SELECT MIN(claims.row_id) FROM claims JOIN rows AS holder ON holder.row_id = claims.row_id
    WHERE claims.scope_id = :scope_id AND claims.memory_key = plan.memory_key AND holder.payload = plan.payload), (
    SELECT MIN(claims.row_id) FROM claims JOIN rows AS holder ON holder.row_id = claims.row_id
    WHERE claims.scope_id = :scope_id AND claims.memory_key = plan.memory_key AND holder.cells = plan.cells))
WHERE input_no = :input_no AND outcome = 'waiting' AND known IS NULL"""

_FOLLOW_VERSION = """
UPDATE plan SET follows = firsts.row_number FROM (
    SELECT memory_key, payload, MIN(row_number) AS row_number FROM plan
    WHERE input_no = :input_no AND outcome = 'waiting' AND known IS NULL
    GROUP BY memory_key, payload HAVING COUNT(*) > 1) AS firsts
WHERE plan.input_no = :input_no AND plan.outcome = 'waiting' AND plan.known IS NULL
  AND plan.memory_key = firsts.memory_key AND plan.payload = firsts.payload AND plan.row_number > firsts.row_number"""

NUMBER = """
UPDATE plan SET ordinal = version
WHERE input_no = :input_no AND version IS NOT NULL AND outcome = 'waiting' AND known IS NULL AND follows IS NULL
  AND NOT EXISTS (SELECT 1 FROM claims WHERE claims.scope_id = :scope_id AND claims.memory_key = plan.memory_key
                    AND claims.ordinal = plan.version)"""
"""Give versions that go out their ordinals. What goes out once more on purpose keeps the one that nothing has."""

KNOWN_FROM_EARLIER_INPUTS = """
UPDATE plan SET outcome = 'already_imported' FROM plan AS earlier
WHERE plan.input_no = :input_no AND plan.version IS NOT NULL AND plan.outcome = 'waiting' AND plan.known IS NULL
  AND plan.follows IS NULL AND earlier.input_no < :input_no AND earlier.outcome = 'waiting' AND earlier.follows IS NULL
  AND earlier.memory_key = plan.memory_key AND earlier.payload = plan.payload"""

# place: which of the different values that the sheet gives one after the other to an activity, from 1.
_PLACE = """
UPDATE plan SET place = told.place FROM (
    SELECT row_number, SUM(is_other) OVER (PARTITION BY memory_key ORDER BY row_number) AS place FROM (
        SELECT row_number, memory_key, CASE WHEN payload = LAG(payload) OVER (PARTITION BY memory_key ORDER BY row_number)
                                            THEN 0 ELSE 1 END AS is_other
        FROM plan WHERE input_no = :input_no AND memory_key IS NOT NULL) AS in_order) AS told
WHERE plan.input_no = :input_no AND plan.row_number = told.row_number"""

_DONE = """
UPDATE plan SET outcome = 'already_imported' FROM (
    SELECT plan.memory_key AS its_key, MAX(plan.place) AS place FROM plan JOIN rows AS holder ON holder.row_id = plan.known
    WHERE plan.input_no = :input_no AND plan.payload = holder.payload GROUP BY plan.memory_key) AS done
WHERE plan.input_no = :input_no AND plan.outcome = 'changed' AND plan.known IS NOT NULL
  AND plan.memory_key = done.its_key AND plan.place <= done.place"""

_IN_ITS_TURN = """
UPDATE plan SET outcome = 'changed'
WHERE input_no = :input_no AND outcome = 'waiting' AND follows IS NOT NULL AND place > 1"""

LET_WAIT = """
UPDATE plan SET outcome = 'waiting', follows = row_number WHERE input_no = :input_no AND row_number = :row_number"""


LET_FOLLOWERS_WAIT = """
UPDATE plan SET outcome = 'waiting' WHERE input_no = :input_no AND outcome = 'changed' AND follows IS NOT NULL"""

HAS_CHANGED = "SELECT 1 FROM plan WHERE input_no = :input_no AND outcome = 'changed' AND known IS NOT NULL LIMIT 1"


def match_new(run: Callable[[str, Mapping[str, object]], Any], where: Mapping[str, object]) -> None:
    """Set `known` and `follows` of the staged rows of one input, whose lines are known already: version by version.

    Args:    run: carries out one statement on the plan's connection. where: `input_no` and `scope_id`, for each of them.
    """
    for statement in (_CORRECTED_LINES, _KNOWN_BY_VERSION, _FOLLOW_VERSION):
        run(statement, where)


def take_in_turn(run: Callable[[str, Mapping[str, object]], Any], where: Mapping[str, object]) -> None:
    """Of the rows that were found to be changed, leave those so that are still to go; followers wait for their turn."""
    for statement in (_PLACE, _DONE, _IN_ITS_TURN):
        run(statement, where)
