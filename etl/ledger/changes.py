"""Row memory of an operation that changes what is there: what counts is the last that an activity was told.

A row that adds is done once it is stored. A row that changes an activity is done only while nothing else was sent to that
activity since: Open, then Won, then Open again are three updates, though the first and the third are equal. So, activity
by activity, the rows of a sheet are known as far as its first ones are the last ones that went out:

    sent before     the sheet      known       goes out
    A B             A B            A B
    A B             A B C          A B         C
    A B             B              B
    A B             A                          A
    A B             A C                        A C

Of equal rows next to each other the later ones follow the first. A line of our own results file is known as long as no
line about its activity was corrected; then all of them go again, in the order of the sheet. Nothing is ever `changed`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from etl.ledger.schema import OCCUPYING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_OPEN = "plan.input_no = :input_no AND plan.outcome = 'waiting' AND plan.known IS NULL"

_CORRECTED_LINES = """
UPDATE plan SET known = NULL FROM rows AS holder
WHERE plan.input_no = :input_no AND plan.known = holder.row_id AND holder.payload <> plan.payload"""

_LINES_BESIDE_THEM = f"""
UPDATE plan SET known = NULL
WHERE plan.input_no = :input_no AND plan.known IS NOT NULL AND plan.lead IN (SELECT lead FROM plan WHERE {_OPEN})"""

# place: which of the different values that the sheet gives one after the other to an activity, from 1.
_PLACE_AND_FOLLOW = f"""
UPDATE plan SET place = told.place, follows = CASE WHEN plan.row_number > told.first_row THEN told.first_row END
FROM (
    SELECT row_number, place, MIN(row_number) OVER (PARTITION BY lead, place) AS first_row FROM (
        SELECT row_number, lead, SUM(is_other) OVER (PARTITION BY lead ORDER BY row_number) AS place FROM (
            SELECT row_number, lead,
                   CASE WHEN payload = LAG(payload) OVER (PARTITION BY lead ORDER BY row_number) THEN 0 ELSE 1 END AS is_other
            FROM plan WHERE {_OPEN}) AS in_order) AS placed) AS told
WHERE plan.input_no = :input_no AND plan.row_number = told.row_number"""

# place: how many went out to the same activity since, and itself.
_SENT_BEFORE = f"""
INSERT INTO plan_holders (match_key, place, row_id)
SELECT rows.address, ROW_NUMBER() OVER (
           PARTITION BY rows.address ORDER BY COALESCE(rows.request_id, 0) DESC, rows.row_id DESC), rows.row_id
FROM rows WHERE rows.scope_id = :scope_id AND rows.outcome IN {OCCUPYING} AND rows.known_row_id IS NULL
  AND rows.address IN (SELECT lead FROM plan WHERE {_OPEN})"""

# The first `depth` rows of the sheet are the last `depth` ones that were sent: so many pairs, none missing.
_KNOWN = f"""
WITH pairs AS (
    SELECT plan.row_number, plan.lead, plan.place + holders.place - 1 AS depth, holders.row_id
    FROM plan JOIN plan_holders AS holders ON holders.match_key = plan.lead
              JOIN rows AS sent ON sent.row_id = holders.row_id AND sent.payload = plan.payload
    WHERE {_OPEN} AND plan.follows IS NULL),
deepest AS (
    SELECT lead, MAX(depth) AS depth FROM (
        SELECT lead, depth FROM pairs GROUP BY lead, depth HAVING COUNT(*) = depth) AS whole GROUP BY lead)
UPDATE plan SET known = pairs.row_id FROM pairs JOIN deepest ON deepest.lead = pairs.lead AND deepest.depth = pairs.depth
WHERE plan.input_no = :input_no AND plan.row_number = pairs.row_number"""

_FOLLOWERS_OF_KNOWN = """
UPDATE plan SET known = first.known, follows = NULL FROM plan AS first
WHERE plan.input_no = :input_no AND plan.follows IS NOT NULL
  AND first.input_no = :input_no AND first.row_number = plan.follows AND first.known IS NOT NULL"""

_ITS_OWN = "SELECT run_id FROM runs WHERE run_id = :run_id OR revises = :run_id"

SENT_SINCE = f"""
SELECT 1 FROM runs AS mine JOIN runs AS other ON other.scope_id = mine.scope_id
JOIN requests ON requests.run_id = other.run_id AND requests.rows > 0
WHERE mine.run_id = :run_id AND other.run_id NOT IN ({_ITS_OWN})
  AND requests.request_id > COALESCE((SELECT MAX(request_id) FROM requests WHERE run_id IN ({_ITS_OWN}) AND rows > 0), 0)
LIMIT 1"""
"""Whether a run of the scope of a run has sent anything since, other than those that revise for it."""

_FORGET_HOLDERS = "DELETE FROM plan_holders"


def find_known(run: Callable[[str, Mapping[str, object]], Any], where: Mapping[str, object]) -> None:
    """Set `known` and `follows` of the staged rows of one input, whose lines are known already.

    Args:    run: carries out one statement on the plan's connection. where: `input_no` and `scope_id`, for each of them.
    """
    run(_CORRECTED_LINES, where)
    run(_LINES_BESIDE_THEM, where)
    run(_PLACE_AND_FOLLOW, where)
    run(_FORGET_HOLDERS, {})
    if run(_SENT_BEFORE, where).rowcount:
        run(_KNOWN, where)
        run(_FOLLOWERS_OF_KNOWN, where)
