"""Which kept copies the queue of a fleet waits for, where one lies beside the ledger's tables: they may be the last ones.

The ledger does not depend on that queue. It knows where it is and the form of an order (`fleet/order.py`), and asks for hashes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from etl.ledger.database import Database

_IS_THERE = "SELECT to_regclass('etl_fleet.procrastinate_jobs') IS NOT NULL"

_HASHES = """
SELECT DISTINCT file ->> 'hash' FROM etl_fleet.procrastinate_jobs AS job, LATERAL (
    SELECT job.args #> '{order,input}' AS file UNION ALL SELECT job.args #> '{order,mapping}'
    UNION ALL SELECT jsonb_array_elements(job.args #> '{order,lookups}')) AS files
WHERE job.status IN ('todo', 'doing') AND job.task_name = 'etl.import'"""


def in_queue(database: Database) -> set[str]:
    """The hashes of the files of all submissions that are not over: they may wait for months, paused or for their window."""
    (is_there,) = database.ask(_IS_THERE, {})[0]
    return {content_hash for (content_hash,) in database.ask(_HASHES, {})} if is_there else set()
