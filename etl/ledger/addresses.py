"""Rows that belong to one lead, opportunity or activity, where the operation makes order or company depend on that.

Their address is kept as a mark of the value (`identity.lead_mark`). Of an operation that keeps order a row is held back

    while another row of its address is in doubt       within the scope, whichever run has sent it; one that LeadSquared
                                                       has called stored is not, though its id be unknown
    while another row of its address is in the air     within the account, whichever mapping has sent it
    while an earlier row of its run and address waits
"""

from __future__ import annotations

from etl.delivery.outcomes import ID_UNKNOWN
from etl.ledger.schema import OPEN, for_rows
from etl.operations import OPERATIONS

_KEEPING_ORDER = ", ".join(f"'{name}'" for name, operation in OPERATIONS.items() if operation.keeps_order)

_OTHERS = f"""
SELECT 1 FROM rows AS other LEFT JOIN requests ON requests.request_id = other.request_id
WHERE other.account_id = mine.account_id AND other.address = mine.address AND other.outcome IN {OPEN}
  AND other.row_id <> mine.row_id AND other.known_row_id IS NULL"""

_IN_DOUBT = f"""(other.outcome = 'unconfirmed' AND COALESCE(other.code, '') <> '{ID_UNKNOWN}' AND (other.scope_id = mine.scope_id
         OR (requests.request_id IS NOT NULL AND requests.ended_mono IS NULL)))"""

_EARLIER = "(other.run_id = mine.run_id AND other.outcome = 'waiting' AND other.row_number < mine.row_number)"

_KEEPS_ORDER = f"""
mine.address IS NOT NULL AND (SELECT operation FROM runs WHERE runs.run_id = mine.run_id) IN ({_KEEPING_ORDER})"""

HELD_BACK = for_rows(f"""
SELECT mine.row_id FROM rows AS mine
WHERE mine.row_id IN :row_ids AND {_KEEPS_ORDER} AND EXISTS ({_OTHERS} AND ({_IN_DOUBT} OR {_EARLIER}))""")
"""Those of some rows that must not go out now."""

WAITS_FOR_ANOTHER = f"{_KEEPS_ORDER} AND EXISTS ({_OTHERS} AND {_IN_DOUBT})"
"""Whether the row `mine` must wait until it is known what became of another one of its address."""

RUNS_TO_WAIT_FOR = f"""
SELECT other.run_id FROM rows AS mine JOIN rows AS other
    ON other.account_id = mine.account_id AND other.address = mine.address AND other.outcome IN {OPEN}
WHERE mine.run_id = :run_id AND mine.outcome = 'waiting' AND mine.known_row_id IS NULL AND {_KEEPS_ORDER}
  AND other.outcome = 'unconfirmed' AND other.known_row_id IS NULL AND other.scope_id = mine.scope_id
  AND other.run_id <> :run_id"""
"""The other runs whose rows in doubt keep rows of this one waiting."""


def keeps_addresses(operation: str) -> bool:
    """Whether the ledger needs to know where the rows of this operation belong."""
    known = OPERATIONS.get(operation)
    return known is not None and (known.keeps_order or known.travels_by is not None)
