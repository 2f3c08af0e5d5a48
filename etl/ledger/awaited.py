"""Which kept copies the queue of a fleet waits for, where one lies beside the ledger's tables: they may be the last ones.

The ledger does not depend on that queue. It knows where it is and the form of an order (`fleet/order.py`), and asks for hashes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.errors import LedgerError

if TYPE_CHECKING:
    from etl.ledger.database import Database

_IS_THERE = """
SELECT quote_ident(current_user), has_schema_privilege(space.oid, 'USAGE') AND has_table_privilege(jobs.oid, 'SELECT')
FROM pg_class AS jobs JOIN pg_namespace AS space ON space.oid = jobs.relnamespace
WHERE space.nspname = 'etl_fleet' AND jobs.relname = 'procrastinate_jobs'"""
"""Nothing where there is no queue. Whoever has no rights there would be refused by any other question, in the midst of it."""

_HASHES = """
SELECT DISTINCT file ->> 'hash' FROM etl_fleet.procrastinate_jobs AS job, LATERAL (
    SELECT job.args #> '{order,input}' AS file UNION ALL SELECT job.args #> '{order,mapping}'
    UNION ALL SELECT jsonb_array_elements(job.args #> '{order,lookups}')) AS files
WHERE job.status IN ('todo', 'doing') AND job.task_name = 'etl.import'"""


def in_queue(database: Database) -> set[str]:
    """The hashes of the files of all submissions that are not over: they may wait for months, paused or for their window.

    Raises: LedgerError — this user may not look into the queue, so nobody can tell.
    """
    for user, may_look in database.ask(_IS_THERE, {}):
        if not may_look:
            raise LedgerError(
                f"The ledger {database.shown} has the queue of a fleet beside it, in the schema etl_fleet, and this user may "
                "not look which kept files it waits for. Nothing was forgotten. Have the owner of the schema carry out: "
                f"GRANT USAGE ON SCHEMA etl_fleet TO {user}; GRANT SELECT ON etl_fleet.procrastinate_jobs TO {user};"
            )
        return {content_hash for (content_hash,) in database.ask(_HASHES, {})}
    return set()
