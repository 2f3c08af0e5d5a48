"""What the ledger tells a person of its runs: the list, one run in full, and the ledger itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.ledger.counting import counts_of_many
from etl.ledger.kept_words import GIVEN, KNOWN, PRUNED
from etl.ledger.steps import Step, note_step
from etl.records import Outcome, Window

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etl.ledger.database import Database

_PLACES = {
    "organisation": "accounts.organisation",
    "mapping_name": "scopes.mapping_name",
    "event": "scopes.event",
    "pruned_at": f"(SELECT MAX(decided_at) FROM decisions WHERE run_id = runs.run_id AND decision = '{PRUNED}')",
}
"""Where what is told of a run stands, if not with the run itself."""

_UNCONFIRMED_SINCE = """
SELECT MIN(requests.sent_at) FROM rows AS line
LEFT JOIN rows AS holder ON holder.row_id = line.known_row_id
JOIN requests ON requests.request_id = COALESCE(holder.request_id, line.request_id)
WHERE line.run_id = :run_id AND line.outcome = 'unconfirmed'"""


_ASK_TO_STOP = """
UPDATE runs SET stop_asked_at = :now
WHERE run_id = :run_id OR revises = :run_id
   OR run_id = (SELECT its_own.revises FROM runs AS its_own WHERE its_own.run_id = :run_id)"""

_VERDICTS = """
SELECT verdict, COUNT(*) AS how_many, SUM(rows) FROM requests WHERE run_id = :run_id GROUP BY verdict ORDER BY how_many DESC"""

_SENT_BESIDE = """
WITH family AS (SELECT run_id FROM runs WHERE run_id = :run_id OR revises = :run_id),
span AS (SELECT MIN(sent_at) AS began, MAX(sent_at) AS ended FROM requests WHERE run_id IN (SELECT run_id FROM family))
SELECT sent_at, rate_window, verdict, run_id IN (SELECT run_id FROM family) AS is_ours, rows FROM requests
WHERE account_id = (SELECT account_id FROM runs WHERE run_id = :run_id)
  AND sent_at >= (SELECT began FROM span) AND sent_at <= (SELECT ended FROM span) ORDER BY sent_at"""


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


_COLUMNS = ListedRun.__slots__[:-2]  # those behind them are counted and named apart

_OF_RUN = f"""
SELECT {", ".join(_PLACES.get(name, f"runs.{name}") for name in _COLUMNS)} FROM runs
JOIN scopes ON scopes.scope_id = runs.scope_id JOIN accounts ON accounts.account_id = runs.account_id
WHERE {{which}} ORDER BY runs.run_id DESC"""

_OURS = f"runs.run_id NOT IN (SELECT run_id FROM handovers WHERE way = '{KNOWN}')"
"""Without the runs of other ledgers of which only rows are known here: who imported them lists them."""

_OF_ACCOUNT = "runs.account_id IN (SELECT account_id FROM account_names WHERE name = :account)"

_NAMES = "SELECT DISTINCT account_id, name FROM account_names ORDER BY name"

_WAYS = f"""
SELECT way FROM handovers
WHERE run_id = :run_id AND (way = '{KNOWN}' OR (way = '{GIVEN}' AND ended_at IS NULL)) ORDER BY way"""


def _of(account: str | None) -> str:
    return _OURS if account is None else f"{_OURS} AND {_OF_ACCOUNT}"


class Listing:
    """What is there, for people; and the one thing that a person may write: that a run should stop."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def runs(self, most: int | None = None, account: str | None = None) -> list[ListedRun]:
        """The newest runs, the newest first. most: how many, None for all. account: only of accounts with that name."""
        last = "" if most is None else " LIMIT :most"
        return self._listed(_OF_RUN.format(which=_of(account)) + last, {"account": account, "most": most})

    def how_many(self, account: str | None = None) -> int:
        """How many runs there are; with `account` as above."""
        return int(self._database.ask(f"SELECT COUNT(*) FROM runs WHERE {_of(account)}", {"account": account})[0][0])

    def run(self, run_id: int) -> ListedRun | None:
        """A run by its number."""
        found = self._listed(_OF_RUN.format(which="runs.run_id = :run_id"), {"run_id": run_id})
        return found[0] if found else None

    def way_of(self, run_id: int) -> str | None:
        """GIVEN where a run went to another ledger and is not back, KNOWN where it is another one's; None: it is here."""
        ways = self._database.ask(_WAYS, {"run_id": run_id})
        return str(ways[0][0]) if ways else None

    def same_content(self, run: ListedRun) -> list[int]:
        """The runs that share this one's lock, itself among them: of the same content through the same mapping's name."""
        sheet = "sheet IS NULL" if run.sheet is None else "sheet = :sheet"
        query = f"SELECT run_id FROM runs WHERE scope_id = :scope_id AND input_hash = :input_hash AND {sheet} ORDER BY run_id"
        values = {"scope_id": run.scope_id, "input_hash": run.input_hash, "sheet": run.sheet}
        return [row[0] for row in self._database.ask(query, values)]

    def verdicts(self, run_id: int) -> list[VerdictCount]:
        """How the run's requests ended, the most frequent first."""
        found = self._database.ask(_VERDICTS, {"run_id": run_id})
        return [VerdictCount(row[0], row[1], int(row[2] or 0)) for row in found]

    def sent_beside(self, run_id: int) -> list[SentAt]:
        """All requests to the run's account between its first and its last one, in the order of time."""
        found = self._database.ask(_SENT_BESIDE, {"run_id": run_id})
        return [SentAt(row[0], Window(row[1]), row[2] == "throttled", bool(row[3]), row[4]) for row in found]

    def unconfirmed_since(self, run_id: int) -> float | None:
        """When the first of the run's unconfirmed rows was sent; None where none is."""
        ((since,),) = self._database.ask(_UNCONFIRMED_SINCE, {"run_id": run_id})
        return None if since is None else float(since)

    def decisions(self, run_id: int) -> list[Decision]:
        """What a person decided about this run, in the order of time."""
        query = "SELECT decision, rows, decided_at FROM decisions WHERE run_id = :run_id ORDER BY decision_id"
        return [Decision(*row) for row in self._database.ask(query, {"run_id": run_id})]

    def ask_to_stop(self, run_id: int) -> None:
        """Note that a run should stop; the process at work on it looks before each request and while it waits.

        That may be at work on a run that revises for this one, or the other way round.
        """
        now = self._database.clock.now().timestamp()
        with self._database.writing(run_id=run_id) as connection:
            self._database.do(_ASK_TO_STOP, {"run_id": run_id, "now": now})
            note_step(connection, run_id, Step.STOP_ASKED, now)

    def account_names(self) -> list[str]:
        """All names under which accounts were met."""
        return [row[0] for row in self._database.ask("SELECT DISTINCT name FROM account_names ORDER BY name", {})]

    def size(self) -> LedgerSize:
        """How many runs, rows and requests there are."""
        tables = ("runs", "rows", "requests")
        return LedgerSize(*(self._database.ask(f"SELECT COUNT(*) FROM {table}", {})[0][0] for table in tables))

    def _listed(self, query: str, values: Mapping[str, object]) -> list[ListedRun]:
        with self._database.at_one_moment():
            found = [dict(zip(_COLUMNS, row, strict=True)) for row in self._database.ask(query, values)]
            counts = counts_of_many(self._database, [int(run["run_id"]) for run in found])
            names = self._names()
        return [
            ListedRun(**run, accounts=names.get(run["account_id"], ()), counts=counts.get(run["run_id"], {}))
            for run in found
        ]

    def _names(self) -> dict[int, tuple[str, ...]]:
        names: dict[int, tuple[str, ...]] = {}
        for account_id, name in self._database.ask(_NAMES, {}):
            names[account_id] = (*names.get(account_id, ()), name)
        return names
