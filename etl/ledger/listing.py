"""What the ledger tells a person of its runs: the list, one run in full, and the ledger itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select, text, update

from etl.ledger.handed_rows import KNOWN
from etl.ledger.prune import PRUNED
from etl.ledger.schema import ACCOUNT_NAMES, ACCOUNTS, DECISIONS, HANDOVERS, REQUESTS, ROWS, RUNS, SCOPES
from etl.ledger.steps import Step, note_step
from etl.records import Outcome, Window

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sqlalchemy import ColumnElement, Select

    from etl.ledger.database import Database

_UNCONFIRMED_SINCE = """
SELECT MIN(requests.sent_at) FROM rows AS line
LEFT JOIN rows AS holder ON holder.row_id = line.known_row_id
JOIN requests ON requests.request_id = COALESCE(holder.request_id, line.request_id)
WHERE line.run_id = :run_id AND line.outcome = 'unconfirmed'"""


_SENT_BESIDE = text("""
WITH family AS (SELECT run_id FROM runs WHERE run_id = :run_id OR revises = :run_id),
span AS (SELECT MIN(sent_at) AS began, MAX(sent_at) AS ended FROM requests WHERE run_id IN (SELECT run_id FROM family))
SELECT sent_at, rate_window, verdict, run_id IN (SELECT run_id FROM family) AS is_ours, rows FROM requests
WHERE account_id = (SELECT account_id FROM runs WHERE run_id = :run_id)
  AND sent_at >= (SELECT began FROM span) AND sent_at <= (SELECT ended FROM span) ORDER BY sent_at""")


@dataclass(frozen=True, slots=True)
class SentAt:
    """When a request of an account left, by the wall clock. is_ours: it belongs to the run in question.

    rows: so many travelled in it.
    """

    at: float
    window: Window
    is_refused: bool
    is_ours: bool
    rows: int = 0


@dataclass(frozen=True, slots=True)
class ListedRun:
    """One run as it stands. Moments are seconds since 1970.

    accounts: the names under which its account was met, those of now included. event: 0 for an operation that has none.
    mapping_hash: of the kept copy; behind a plus, of its lookup files. revises: the run whose changed
    rows it brings to their activities. pruned_at: when its bodies and copies were forgotten.
    """

    run_id: int
    account_id: int
    scope_id: int
    organisation: str | None
    mapping_name: str
    event: int
    operation: str
    input_path: str
    input_hash: str
    sheet: str | None
    mapping_path: str
    mapping_hash: str
    data_rows: int
    duplicate: int | None
    state: str
    stop_reason: str | None
    stop_asked_at: float | None
    results_path: str | None
    failed_path: str | None
    etl_version: str
    started_at: float
    ended_at: float | None
    revises: int | None
    pruned_at: float | None
    accounts: tuple[str, ...]
    counts: Mapping[Outcome, int]


@dataclass(frozen=True, slots=True)
class VerdictCount:
    """Requests of a run that ended alike. verdict: None while they are in the air. rows: carried by them all."""

    verdict: str | None
    requests: int
    rows: int


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided, about how many rows, and when."""

    decision: str
    rows: int
    decided_at: float


@dataclass(frozen=True, slots=True)
class LedgerSize:
    """How much a ledger holds."""

    runs: int
    rows: int
    requests: int


_OF_RUN = [
    RUNS.c.run_id,
    RUNS.c.account_id,
    RUNS.c.scope_id,
    ACCOUNTS.c.organisation,
    SCOPES.c.mapping_name,
    SCOPES.c.event,
    *(
        RUNS.c[name]
        for name in (
            "operation",
            "input_path",
            "input_hash",
            "sheet",
            "mapping_path",
            "mapping_hash",
            "data_rows",
            "duplicate",
            "state",
            "stop_reason",
            "stop_asked_at",
            "results_path",
            "failed_path",
            "etl_version",
            "started_at",
            "ended_at",
            "revises",
        )
    ),
]

_PRUNED_AT = (
    select(func.max(DECISIONS.c.decided_at))
    .where(DECISIONS.c.run_id == RUNS.c.run_id, DECISIONS.c.decision == PRUNED)
    .scalar_subquery()
    .label("pruned_at")
)


_OURS = RUNS.c.run_id.not_in(select(HANDOVERS.c.run_id).where(HANDOVERS.c.way == KNOWN))
"""Without the runs of other ledgers of which only rows are known here: who imported them lists them."""


def _of(account: str) -> ColumnElement[bool]:
    return RUNS.c.account_id.in_(select(ACCOUNT_NAMES.c.account_id).where(ACCOUNT_NAMES.c.name == account))


class Listing:
    """What is there, for people; and the one thing that a person may write: that a run should stop."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def runs(self, most: int | None = None, account: str | None = None) -> list[ListedRun]:
        """The newest runs, the newest first. most: how many, None for all. account: only of accounts with that name."""
        query = self._runs().where(_OURS)
        if account is not None:
            query = query.where(_of(account))
        return self._listed(query.limit(most))

    def how_many(self, account: str | None = None) -> int:
        """How many runs there are; with `account` as above."""
        query = select(func.count()).select_from(RUNS).where(_OURS)
        return int(
            self._database.connection.execute(query if account is None else query.where(_of(account))).scalar_one()
        )

    def run(self, run_id: int) -> ListedRun | None:
        """A run by its number."""
        found = self._listed(self._runs().where(RUNS.c.run_id == run_id))
        return found[0] if found else None

    def same_content(self, run: ListedRun) -> list[int]:
        """The runs that share this one's lock, itself among them: of the same content through the same mapping's name."""
        query = select(RUNS.c.run_id).where(
            RUNS.c.scope_id == run.scope_id,
            RUNS.c.input_hash == run.input_hash,
            RUNS.c.sheet.is_not_distinct_from(run.sheet),
        )
        return list(self._database.connection.execute(query.order_by(RUNS.c.run_id)).scalars())

    def verdicts(self, run_id: int) -> list[VerdictCount]:
        """How the run's requests ended, the most frequent first."""
        requests, rows = func.count(), func.sum(REQUESTS.c.rows)
        query = select(REQUESTS.c.verdict, requests, rows).where(REQUESTS.c.run_id == run_id)
        found = self._database.connection.execute(query.group_by(REQUESTS.c.verdict).order_by(requests.desc()))
        return [VerdictCount(row[0], row[1], int(row[2] or 0)) for row in found]

    def sent_beside(self, run_id: int) -> list[SentAt]:
        """All requests to the run's account between its first and its last one, in the order of time."""
        found = self._database.connection.execute(_SENT_BESIDE, {"run_id": run_id})
        return [SentAt(row[0], Window(row[1]), row[2] == "throttled", bool(row[3]), row[4]) for row in found]

    def unconfirmed_since(self, run_id: int) -> float | None:
        """When the first of the run's unconfirmed rows was sent; None where none is."""
        since = self._database.connection.execute(text(_UNCONFIRMED_SINCE), {"run_id": run_id}).scalar()
        return None if since is None else float(since)

    def decisions(self, run_id: int) -> list[Decision]:
        """What a person decided about this run, in the order of time."""
        columns = DECISIONS.c.decision, DECISIONS.c.rows, DECISIONS.c.decided_at
        query = select(*columns).where(DECISIONS.c.run_id == run_id).order_by(DECISIONS.c.decision_id)
        return [Decision(*row) for row in self._database.connection.execute(query)]

    def ask_to_stop(self, run_id: int) -> None:
        """Note that a run should stop; the process at work on it looks before each request and while it waits.

        That may be at work on a run that revises for this one, or the other way round.
        """
        now = self._database.clock.now().timestamp()
        with self._database.writing(run_id=run_id) as connection:
            its_own = select(RUNS.c.revises).where(RUNS.c.run_id == run_id).scalar_subquery()
            family = (RUNS.c.run_id == run_id) | (RUNS.c.revises == run_id) | (RUNS.c.run_id == its_own)
            connection.execute(update(RUNS).where(family).values(stop_asked_at=now))
            note_step(connection, run_id, Step.STOP_ASKED, now)

    def account_names(self) -> list[str]:
        """All names under which accounts were met."""
        query = select(ACCOUNT_NAMES.c.name).distinct().order_by(ACCOUNT_NAMES.c.name)
        return list(self._database.connection.execute(query).scalars())

    def size(self) -> LedgerSize:
        """How many runs, rows and requests there are."""
        tables = (RUNS, ROWS, REQUESTS)
        counts = [
            self._database.connection.execute(select(func.count()).select_from(one)).scalar_one() for one in tables
        ]
        return LedgerSize(*counts)

    @staticmethod
    def _runs() -> Select[tuple[object, ...]]:
        query = select(*_OF_RUN, _PRUNED_AT)
        joined = query.join(SCOPES, SCOPES.c.scope_id == RUNS.c.scope_id)
        return joined.join(ACCOUNTS, ACCOUNTS.c.account_id == RUNS.c.account_id).order_by(RUNS.c.run_id.desc())

    def _listed(self, query: Select[tuple[object, ...]]) -> list[ListedRun]:
        with self._database.looking() as connection:
            found = [row._asdict() for row in connection.execute(query)]
            counts = self._counts([int(run["run_id"]) for run in found])
            names = self._names()
        return [
            ListedRun(**run, accounts=names.get(run["account_id"], ()), counts=counts.get(run["run_id"], {}))
            for run in found
        ]

    def _names(self) -> dict[int, tuple[str, ...]]:
        query = select(ACCOUNT_NAMES.c.account_id, ACCOUNT_NAMES.c.name).distinct().order_by(ACCOUNT_NAMES.c.name)
        names: dict[int, tuple[str, ...]] = {}
        for account_id, name in self._database.connection.execute(query):
            names[account_id] = (*names.get(account_id, ()), name)
        return names

    def _counts(self, run_ids: Collection[int]) -> dict[int, dict[Outcome, int]]:
        """How many rows of each run stand at each outcome."""
        query = select(ROWS.c.run_id, ROWS.c.outcome, func.count()).where(ROWS.c.run_id.in_(run_ids))
        counts: dict[int, dict[Outcome, int]] = {}
        for run_id, outcome, rows in self._database.connection.execute(query.group_by(ROWS.c.run_id, ROWS.c.outcome)):
            counts.setdefault(run_id, {})[Outcome(outcome)] = rows
        return counts
