"""What of a ledger goes along with runs that are handed over: everything without which a row could be sent twice.

    runs, requests, steps, decisions, taken_back   of the runs themselves, whole
    rows      of these runs all; of the other runs of their scope those that are, or may be, in LeadSquared, and no more of
              them than what makes them known: the next sheet that holds such a row must not send it again
    claims    the places of all these rows, which no other row may take
    limits, keys, refused      what LeadSquared's refusals and reads have shown of the account

Not among it: how late requests arrive (`lines`), because that is another line; leads that were looked up, because looking up
again does no harm; settings and keys, which no ledger has.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, text

from etl.ledger.bodies import Bodies
from etl.ledger.schema import OCCUPYING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from etl.ledger.database import Database

Record = dict[str, Any]

"""What stands with a run in the table of handovers (ledger/handover.py)."""

CODE = "handed_over"
"""What stands at rows that another ledger may have sent by now."""

RUN_COLUMNS = (
    *("run_id", "operation", "input_hash", "input_path", "sheet", "mapping_hash", "mapping_path", "data_rows"),
    *(
        "duplicate",
        "state",
        "stop_reason",
        "stop_code",
        "planned_after",
        "revises",
        "etl_version",
        "started_at",
        "ended_at",
    ),
)

REQUEST_COLUMNS = (
    *("request_id", "run_id", "rate_window", "sent_at", "ended_at", "late", "server_at", "status", "verdict", "detail"),
    *("rows", "body"),
)

ROW_COLUMNS = (
    *(
        "row_id",
        "run_id",
        "row_number",
        "outcome",
        "memory_key",
        "ordinal",
        "payload",
        "cells",
        "request_id",
        "position",
    ),
    *("activity_id", "known_row_id", "replaces", "together", "address", "message_id", "verified"),
    *("lineage_run", "lineage_row", "code", "error", "hint"),
)
"""Without scope and account, of which there is one of each."""

BYTES = frozenset({"memory_key", "payload", "cells", "activity_id", "address", "body", "mark"})
"""Columns that hold bytes; in a package they stand as hexadecimal digits."""

_OF_OURS = "run_id IN :row_ids"

_RUNS = f"SELECT {', '.join(RUN_COLUMNS)} FROM runs WHERE {_OF_OURS} ORDER BY run_id"

_REQUESTS = f"SELECT {', '.join(REQUEST_COLUMNS)} FROM requests WHERE {_OF_OURS} ORDER BY request_id"

# A row that waits counts as unconfirmed here since the run was handed over; where it goes to it waits.
_ROWS = f"""
SELECT {", ".join(ROW_COLUMNS)} FROM (
    SELECT {", ".join(name for name in ROW_COLUMNS if name not in {"outcome", "code", "error"})},
           CASE WHEN code = '{CODE}' THEN 'waiting' ELSE outcome END AS outcome,
           CASE WHEN code = '{CODE}' THEN NULL ELSE code END AS code, CASE WHEN code = '{CODE}' THEN NULL ELSE error END AS error
    FROM rows WHERE {_OF_OURS}) AS ours
WHERE row_id > :after ORDER BY row_id LIMIT 5000"""

_KNOWN_ROWS = f"""
SELECT {", ".join(ROW_COLUMNS)} FROM rows
WHERE scope_id = :scope_id AND run_id NOT IN :row_ids AND row_id > :after AND (
    (outcome IN {OCCUPYING} AND known_row_id IS NULL)
    OR row_id IN (SELECT known_row_id FROM rows WHERE {_OF_OURS} UNION SELECT replaces FROM rows WHERE {_OF_OURS}))
ORDER BY row_id LIMIT 5000"""

_KNOWN_RUNS = """
SELECT run_id, operation, input_path, sheet, started_at FROM runs
WHERE scope_id = :scope_id AND run_id NOT IN :row_ids ORDER BY run_id"""

_CLAIMS = f"""
SELECT claims.memory_key, claims.ordinal, claims.row_id FROM claims JOIN rows ON rows.row_id = claims.row_id
WHERE claims.scope_id = :scope_id AND NOT (rows.run_id IN :row_ids AND COALESCE(rows.code, '') = '{CODE}')"""

_ACCOUNT = """
SELECT identity, organisation, numbering, reads_keys, reads_values FROM accounts WHERE account_id = :account_id"""

_OTHERS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "steps": (
        ("run_id", "step", "at", "os_user", "machine", "on_behalf_of", "detail"),
        f"FROM run_steps WHERE {_OF_OURS} ORDER BY step_id",
    ),
    "decisions": (
        ("run_id", "decision", "rows", "decided_at"),
        f"FROM decisions WHERE {_OF_OURS} ORDER BY decision_id",
    ),
    "taken_back": (("request_id", "row_id", "run_id", "way"), f"FROM taken_back WHERE {_OF_OURS}"),
    "limits": (
        ("rate_window", "requests", "seconds", "learned_at"),
        "FROM learned_limits WHERE account_id = :account_id",
    ),
    "keys": (("row_key", "activity_id"), "FROM known_keys WHERE account_id = :account_id AND event = :event"),
    "refused": (("mark",), "FROM failed_before WHERE account_id = :account_id"),
}

TABLES = ("runs", "known_runs", "requests", "rows", "known_rows", "claims", *_OTHERS)
"""The parts of a package that hold records, in the order in which they are taken in."""


@dataclass(frozen=True, slots=True)
class Origin:
    """A run as another ledger knows it."""

    ledger: str
    run: int


@dataclass(frozen=True, slots=True)
class Scope:
    """Whose rows they are."""

    scope_id: int
    account_id: int
    mapping_name: str
    event: int


class HandedRows:
    """Reads the records of some runs and of what belongs to them; changes nothing."""

    def __init__(self, database: Database, run_ids: Collection[int], scope: Scope) -> None:
        self._database = database
        self._bodies = Bodies(database)
        self._scope = scope
        self._place = {
            "row_ids": sorted(run_ids),
            "scope_id": scope.scope_id,
            "account_id": scope.account_id,
            "event": scope.event,
        }

    def account(self) -> Record:
        """What the account is known by, and what its answers and reads have shown."""
        names = ("identity", "organisation", "numbering", "reads_keys", "reads_values")
        return dict(zip(names, self._all(_ACCOUNT)[0], strict=True))

    def records(self, table: str) -> Iterator[Record]:
        """The records of one of TABLES, as they are kept."""
        if table == "rows":
            yield from self._pages(ROW_COLUMNS, _ROWS)
        elif table == "known_rows":
            yield from self._pages(ROW_COLUMNS, _KNOWN_ROWS)
        else:
            names, statement = _statement(table)
            for found in self._all(statement):
                record = dict(zip(names, found, strict=True))
                if "body" in record:  # there it stands alone
                    record["body"] = self._bodies.deflated(record["body"])
                yield record

    def _pages(self, names: tuple[str, ...], statement: str) -> Iterator[Record]:
        """Some thousand at a time in memory."""
        after = 0
        while page := self._all(statement, after=after):
            yield from (dict(zip(names, found, strict=True)) for found in page)
            after = page[-1][0]

    def _all(self, statement: str, **more: object) -> list[Any]:
        wanted = {name: value for name, value in (self._place | more).items() if f":{name}" in statement}
        clause = text(statement)
        if "row_ids" in wanted:
            clause = clause.bindparams(bindparam("row_ids", expanding=True))
        return list(self._database.connection.execute(clause, wanted).all())


def _statement(table: str) -> tuple[tuple[str, ...], str]:
    if table == "runs":
        return RUN_COLUMNS, _RUNS
    if table == "requests":
        return REQUEST_COLUMNS, _REQUESTS
    if table == "known_runs":
        return ("run_id", "operation", "input_path", "sheet", "started_at"), _KNOWN_RUNS
    if table == "claims":
        return ("memory_key", "ordinal", "row_id"), _CLAIMS
    names, rest = _OTHERS[table]
    return names, f"SELECT {', '.join(names)} {rest}"
