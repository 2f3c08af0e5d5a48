"""Runs and their rows: what was begun, how each row stands, what a results file is written from."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, text, update

from etl.chunker import Group
from etl.ledger import changes, counting, row_lines
from etl.ledger.addresses import WAITS_FOR_ANOTHER, keeps_addresses
from etl.ledger.database import inserted_key
from etl.ledger.gathering import Gathering
from etl.ledger.patience import patiently
from etl.ledger.row_lines import RowLine
from etl.ledger.schema import OCCUPYING, OUTPUTS, REQUESTS, ROWS, RUNS
from etl.ledger.steps import Step, note_step
from etl.ledger.waiting import WAITING_COLUMNS, WaitingRow, waiting_row, waiting_rows
from etl.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from etl.ledger.counting import Tally
    from etl.ledger.database import Database
    from etl.ledger.plan import Plan
    from etl.ledger.row_lines import ShortLine

__all__ = ["NewRun", "RowLine", "RunRecord", "Runs", "WaitingRow"]

_PAGE_ROWS = 5_000

STOP_ASKED = "SELECT 1 FROM runs WHERE run_id = :run_id AND stop_asked_at IS NOT NULL"

_WAITING = f"""
SELECT {WAITING_COLUMNS} FROM rows
WHERE run_id = :run_id AND row_number BETWEEN :first AND :last AND outcome = 'waiting' AND known_row_id IS NULL
ORDER BY row_number"""

_GROUPS_TO_SEND = """
SELECT rows_each, together, COUNT(*) AS times FROM (
    SELECT together, COUNT(*) AS rows_each FROM rows
    WHERE run_id = :run_id AND outcome = 'waiting' AND known_row_id IS NULL GROUP BY together, address) AS of_one_address
GROUP BY rows_each, together"""

# Asked first: rows need not be sorted where none is told apart from others, which is so of nearly all runs.
_ARE_ONE_GROUP = """
SELECT COUNT(*), COUNT(together), COUNT(address) FROM rows
WHERE run_id = :run_id AND outcome = 'waiting' AND known_row_id IS NULL"""

_COUNT_WAITING = """
SELECT COUNT(*) FROM rows AS mine WHERE run_id = :run_id AND outcome = 'waiting' AND known_row_id IS NULL AND {which}"""

_COUNT_TO_SEND = text(
    _COUNT_WAITING.format(which=f"NOT ({WAITS_FOR_ANOTHER}) AND row_number <= COALESCE(:last_row, row_number)")
)

_FIRST_TO_SEND = text(f"""
SELECT MAX(row_number) FROM (
    SELECT row_number FROM rows AS mine
    WHERE run_id = :run_id AND outcome = 'waiting' AND known_row_id IS NULL AND NOT ({WAITS_FOR_ANOTHER})
    ORDER BY row_number LIMIT :most) AS first_ones""")

_SENT_SINCE = text("""
SELECT row_id, row_number, outcome, activity_id, request_id, position, error FROM rows
WHERE run_id = :run_id AND request_id > :after AND known_row_id IS NULL ORDER BY row_number""").columns(
    activity_id=ROWS.c.activity_id.type
)

_HAS_SENT = text("""
SELECT 1 FROM requests JOIN runs ON runs.run_id = requests.run_id
WHERE runs.scope_id = :scope_id AND requests.account_id = runs.account_id LIMIT 1""")

_LARGEST_SENT = text("""
SELECT MAX(sent) FROM (
    SELECT COUNT(*) AS sent FROM rows WHERE run_id IN (SELECT run_id FROM runs WHERE scope_id = :scope_id)
      AND outcome IN ('created', 'updated') AND known_row_id IS NULL GROUP BY run_id) AS of_runs""")

# By the index of lines, in which next to no row stands; the plus keeps from looking through all rows of the run instead.
_HAVE_LINES_IN = """
SELECT run_id FROM runs WHERE EXISTS (
    SELECT 1 FROM rows
    WHERE rows.lineage_run = runs.run_id AND +rows.run_id = :run_id AND rows.scope_id = runs.scope_id)"""

_COUNT_HELD_BACK = text(_COUNT_WAITING.format(which=f"({WAITS_FOR_ANOTHER})"))

# By its cells, by the line that it is, by what it sends: equal rows are counted, so their ordinals alone do not tell.
_OVERTAKEN = f"""
SELECT 1 FROM rows AS mine
JOIN runs ON runs.run_id = mine.run_id
JOIN rows AS other ON other.scope_id = mine.scope_id AND substr(other.cells, 1, 4) = substr(mine.cells, 1, 4)
    AND other.cells = mine.cells AND other.run_id <> mine.run_id
WHERE mine.run_id = :run_id AND mine.outcome = 'waiting' AND mine.known_row_id IS NULL
  AND other.outcome IN {OCCUPYING} AND other.known_row_id IS NULL
  AND other.request_id > COALESCE(runs.planned_after, 0)
UNION ALL
SELECT 1 FROM rows AS mine
JOIN runs ON runs.run_id = mine.run_id
JOIN rows AS line ON line.run_id = mine.lineage_run AND line.row_number = mine.lineage_row AND line.scope_id = mine.scope_id
JOIN rows AS holder ON holder.row_id = COALESCE(line.known_row_id, line.row_id)
WHERE mine.run_id = :run_id AND mine.outcome = 'waiting' AND mine.known_row_id IS NULL
  AND holder.outcome IN {OCCUPYING} AND holder.request_id > COALESCE(runs.planned_after, 0)
UNION ALL
SELECT 1 FROM rows AS mine
JOIN runs ON runs.run_id = mine.run_id
JOIN claims ON claims.scope_id = mine.scope_id AND claims.memory_key = mine.memory_key
JOIN rows AS other ON other.row_id = claims.row_id AND other.run_id <> mine.run_id
WHERE mine.run_id = :run_id AND mine.outcome = 'waiting' AND mine.known_row_id IS NULL
  AND other.request_id > COALESCE(runs.planned_after, 0)
LIMIT 1"""


@dataclass(frozen=True, slots=True)
class NewRun:
    """What is noted of a run when it begins. revises: the run whose changed rows it brings to their activities.

    on_behalf_of: for whom it is done, in the words of the person who does it.
    """

    scope_id: int
    account_id: int
    operation: str
    input_hash: str
    input_path: str
    sheet: str | None
    mapping_hash: str
    mapping_path: str
    data_rows: int
    duplicate: int | None
    etl_version: str
    revises: int | None = None
    on_behalf_of: str | None = None

    def columns(self) -> dict[str, object]:
        """What stands in the table of runs; who did it stands with its steps."""
        return {name: getattr(self, name) for name in NewRun.__slots__ if name != "on_behalf_of"}


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A run as it stands. state: open (may go on) or finished (every row was tried). revises: as in `NewRun`."""

    run_id: int
    scope_id: int
    account_id: int
    operation: str
    input_hash: str
    input_path: str
    sheet: str | None
    mapping_hash: str
    mapping_path: str
    data_rows: int
    duplicate: int | None
    state: str
    stop_reason: str | None
    stop_code: int | None
    results_path: str | None
    failed_path: str | None
    started_at: float
    ended_at: float | None
    revises: int | None


_RUN_COLUMNS = [RUNS.c[name] for name in RunRecord.__slots__]


@dataclass(frozen=True, slots=True)
class SentLine:
    """A row that has gone out, and how it stands. position: in its request, from 1."""

    row_id: int
    row_number: int
    outcome: Outcome
    activity_id: str | None
    request_id: int
    position: int | None
    error: str | None


class Runs:
    """What the ledger knows of runs and their rows."""

    def __init__(self, database: Database, is_held: Callable[[], bool] = lambda: True) -> None:
        """is_held: whether what was locked is held still, as the database says within the transaction that asks."""
        self._database = database
        self._is_held = is_held

    def begin(self, new: NewRun, plan: Plan, input_no: int) -> int:
        """Note a run with all its rows, as planned, in one transaction. Returns its number."""
        values = new.columns()
        plan.get_ready(input_no)
        with self._database.writing(new.account_id) as connection:
            newest = select(func.max(REQUESTS.c.request_id)).scalar_subquery()
            begun = {"state": "open", "started_at": self._now(), "planned_after": newest}
            run_id = inserted_key(connection.execute(RUNS.insert().values(**begun, **values)))
            place = {"run_id": run_id, "scope_id": new.scope_id, "account_id": new.account_id}
            plan.adopt(input_no, place, with_addresses=keeps_addresses(new.operation))
            note_step(connection, run_id, Step.BEGUN, self._now(), new.on_behalf_of)
        return run_id

    def latest_of(self, scope_id: int, input_hash: str, sheet: str | None, mapping_hash: str) -> RunRecord | None:
        """The newest run of this very input through this very mapping; asks only."""
        place = (
            (RUNS.c.scope_id == scope_id) & (RUNS.c.input_hash == input_hash) & (RUNS.c.mapping_hash == mapping_hash)
        )
        query = select(*_RUN_COLUMNS).where(place, RUNS.c.sheet.is_not_distinct_from(sheet))
        found = self._database.connection.execute(query.order_by(RUNS.c.run_id.desc())).first()
        return RunRecord(*found) if found else None

    def get(self, run_id: int) -> RunRecord | None:
        """A run by its number; asks only."""
        found = self._database.connection.execute(select(*_RUN_COLUMNS).where(RUNS.c.run_id == run_id)).first()
        return RunRecord(*found) if found else None

    def of_one_workbook(self, run: RunRecord) -> list[RunRecord]:
        """The newest run of each sheet of this run's file through its mapping, itself or a newer one of its sheet among them."""
        newest = (
            select(func.max(RUNS.c.run_id))
            .where(
                RUNS.c.scope_id == run.scope_id,
                RUNS.c.input_hash == run.input_hash,
                RUNS.c.input_path == run.input_path,
                RUNS.c.mapping_hash == run.mapping_hash,
                RUNS.c.sheet.is_not(None),
                RUNS.c.revises.is_(None),
            )
            .group_by(RUNS.c.sheet)
        )
        query = select(*_RUN_COLUMNS).where(RUNS.c.run_id.in_(newest)).order_by(RUNS.c.run_id)
        return [RunRecord(*found) for found in self._database.connection.execute(query)]

    def with_requests_in_the_air(self, account_id: int) -> list[RunRecord]:
        """The runs of an account that have requests without an end: live ones, and those whose process is gone."""
        open_runs = select(REQUESTS.c.run_id).where(
            REQUESTS.c.account_id == account_id, REQUESTS.c.ended_mono.is_(None)
        )
        query = select(*_RUN_COLUMNS).where(RUNS.c.run_id.in_(open_runs))
        return [RunRecord(*found) for found in self._database.connection.execute(query)]

    @patiently
    def end(self, run_id: int, stop_reason: str | None, stop_code: int | None) -> None:
        """Note how a run ended: finished where there is no reason to the contrary, else open to go on.

        Of one that another process has taken over only the step is noted: that one says how it ends.
        """
        state = "finished" if stop_reason is None else "open"
        now = self._now()
        values = {"state": state, "stop_reason": stop_reason, "stop_code": stop_code, "ended_at": now}
        with self._database.writing(run_id=run_id) as connection:
            if self._is_held():
                connection.execute(update(RUNS).where(RUNS.c.run_id == run_id).values(**values))
            step = Step.FINISHED if stop_reason is None else Step.STOPPED
            note_step(connection, run_id, step, now, detail=stop_reason)

    @patiently
    def note_files(self, run_id: int, results: Path | None, failed: Path | None) -> None:
        """Note where the results lie."""
        values = {"results_path": str(results) if results else None, "failed_path": str(failed) if failed else None}
        with self._database.writing(run_id=run_id) as connection:
            connection.execute(update(RUNS).where(RUNS.c.run_id == run_id).values(**values))
            note_step(connection, run_id, Step.RESULTS, self._now(), detail=values["results_path"])

    def counts(self, run_id: int) -> dict[Outcome, int]:
        """How many rows of the run stand at each outcome."""
        return counting.counts(self._database, run_id)

    def tally(self, run_id: int) -> Tally:
        """The same, with what else results need to know beforehand: one look at the rows in the place of several."""
        return counting.tally(self._database, run_id)

    def counts_to_send(self, run_id: int) -> dict[Group, int]:
        """How many rows of the run are still to be sent: how often there is each size of group, and in which company.

        Where the ledger keeps addresses a group is of one address, else all rows of one company are a group.
        """
        rows, apart, addressed = self._database.ask(_ARE_ONE_GROUP, {"run_id": run_id})[0]
        if not (apart or addressed):
            return {Group(rows, None): 1} if rows else {}
        found = self._database.connection.execute(text(_GROUPS_TO_SEND), {"run_id": run_id})
        return {Group(row.rows_each, row.together): row.times for row in found}

    def count_to_send(self, run_id: int, last_row: int | None = None) -> int:
        """How many rows of the run could go out now: those that wait, but for no other row whose fate is not known.

        last_row: rows below that one do not count.
        """
        place = {"run_id": run_id, "last_row": last_row}
        return int(self._database.connection.execute(_COUNT_TO_SEND, place).scalar_one())

    def last_of_first_to_send(self, run_id: int, most: int) -> int:
        """The number of the last of the first so many rows that could go out now; 0 where there is none."""
        found = self._database.connection.execute(_FIRST_TO_SEND, {"run_id": run_id, "most": most}).scalar()
        return int(found or 0)

    def sent_since(self, run_id: int, after: int) -> list[SentLine]:
        """The rows of the run that have gone out with a later request than that, in the order of the sheet."""
        found = self._database.connection.execute(_SENT_SINCE, {"run_id": run_id, "after": after})
        return [SentLine(row[0], row[1], Outcome(row[2]), *row[3:]) for row in found]

    def has_sent(self, scope_id: int) -> bool:
        """Whether any run of a mapping has ever sent to this account and type; asks only."""
        return self._database.connection.execute(_HAS_SENT, {"scope_id": scope_id}).first() is not None

    def largest_sent(self, scope_id: int) -> int:
        """How many rows the largest run of a mapping has brought to this account and type, and were not taken back; asks only."""
        return int(self._database.connection.execute(_LARGEST_SENT, {"scope_id": scope_id}).scalar() or 0)

    def ask_to_stop(self, run_id: int) -> None:
        """Let this run send nothing more; what is in flight is finished."""
        query = update(RUNS).where(RUNS.c.run_id == run_id)
        with self._database.writing(run_id=run_id) as connection:
            connection.execute(query.values(stop_asked_at=self._now()))

    def count_held_back(self, run_id: int) -> int:
        """How many rows of the run wait until it is known what became of another one of their address."""
        return int(self._database.connection.execute(_COUNT_HELD_BACK, {"run_id": run_id}).scalar_one())

    def gathering(self) -> Gathering:
        """An empty table in which rows come into the order of their addresses; the one before is gone."""
        return Gathering(self._database)

    def others_sent_since(self, run_id: int) -> bool:
        """Whether another run of the same scope has sent anything since this one last did; asks only."""
        statement = text(changes.SENT_SINCE)
        return self._database.connection.execute(statement, {"run_id": run_id}).first() is not None

    def is_overtaken(self, run_id: int) -> bool:
        """Whether rows that wait in this run have gone out since with another run, under other values maybe.

        Then the run must not simply go on: its input has to be compared with the ledger anew.
        """
        return self._database.connection.execute(text(_OVERTAKEN), {"run_id": run_id}).first() is not None

    def clear_stop(self, run_id: int) -> None:
        """Forget that somebody asked the run to stop: it has, and goes on now."""
        query = update(RUNS).where(RUNS.c.run_id == run_id, RUNS.c.stop_asked_at.is_not(None))
        with self._database.writing(run_id=run_id) as connection:
            connection.execute(query.values(stop_asked_at=None))

    def is_stop_asked(self, run_id: int) -> bool:
        """Whether another process has asked this run to stop; asks only."""
        return bool(self._database.ask(STOP_ASKED, {"run_id": run_id}))

    def waiting(self, run_id: int, first_row: int, last_row: int) -> dict[int, WaitingRow]:
        """The rows of a stretch of the sheet that are still to be sent, by row number."""
        place = {"run_id": run_id, "first": first_row, "last": last_row}
        return waiting_rows(self._database.ask(_WAITING, place))

    def all_waiting(self, run_id: int) -> Iterator[WaitingRow]:
        """All rows of a run that are still to be sent, in the order of the sheet, some thousand at a time in memory."""
        after = 0
        while True:
            values = {"run_id": run_id, "first": after + 1, "last": sys.maxsize, "most": _PAGE_ROWS}
            statement = text(f"{_WAITING} LIMIT :most")
            page = self._database.connection.execute(statement, values).all()
            for row in page:
                yield waiting_row(row)
            if len(page) < _PAGE_ROWS:
                return
            after = page[-1][1]

    def has_unexplained(self, run_id: int) -> bool:
        """Whether the run has changed rows of which it was not yet noted what differs."""
        query = select(ROWS.c.row_id).where(
            ROWS.c.run_id == run_id, ROWS.c.outcome == Outcome.CHANGED, ROWS.c.error.is_(None)
        )
        return self._database.connection.execute(query.limit(1)).first() is not None

    def _stretch(self, statement: str, run_id: int, first_row: int, last_row: int) -> list[Any]:
        values = {"run_id": run_id, "first": first_row, "last": last_row}
        return list(self._database.connection.execute(text(statement), values).all())

    def has_doubts(self, run_id: int) -> bool:
        """Whether the run has rows of which it is not known whether LeadSquared stored them; asks only."""
        query = select(ROWS.c.row_id).where(ROWS.c.run_id == run_id, ROWS.c.outcome == Outcome.UNCONFIRMED)
        return self._database.connection.execute(query.limit(1)).first() is not None

    def note_reasons(self, reasons: Mapping[int, str]) -> None:
        """Keep why rows are still in doubt, by row_id; rows that have their end by now are left alone."""
        if not reasons:
            return
        statement = "UPDATE rows SET error = :error WHERE row_id = :row_id AND outcome = 'unconfirmed'"
        values = [{"row_id": row_id, "error": reason} for row_id, reason in reasons.items()]
        with self._database.writing(row_id=next(iter(reasons))) as connection:
            connection.execute(text(statement), values)

    def note_verified(self, findings: Mapping[int, str]) -> None:
        """Keep what a check of created rows has found, by row_id."""
        values = [{"row_id": row_id, "verified": finding} for row_id, finding in findings.items()]
        if values:
            with self._database.writing(row_id=next(iter(findings))) as connection:
                connection.execute(text("UPDATE rows SET verified = :verified WHERE row_id = :row_id"), values)

    def explain(self, texts: Mapping[int, tuple[str, str, str]]) -> None:
        """Note code, error and hint of rows, by row_id."""
        if not texts:
            return
        statement = "UPDATE rows SET code = :code, error = :error, hint = :hint WHERE row_id = :row_id"
        values = [{"row_id": row, "code": t[0], "error": t[1], "hint": t[2]} for row, t in texts.items()]
        with self._database.writing(row_id=next(iter(texts))) as connection:
            connection.execute(text(statement), values)

    def lines(self, run_id: int) -> Iterator[RowLine]:
        """All rows of a run in the order of the sheet, some thousand at a time in memory."""
        found = row_lines.pages(self._database, row_lines.ALL, run_id)
        return map(row_lines.row_line, chain.from_iterable(found))

    def failed_lines(self, run_id: int) -> Iterator[RowLine]:
        """Those of the rows that need a person."""
        found = row_lines.pages(self._database, row_lines.FAILED, run_id)
        return map(row_lines.row_line, chain.from_iterable(found))

    def short_pages(self, run_id: int) -> Iterator[Sequence[ShortLine]]:
        """All rows of a run in the order of the sheet, by some thousand, for whoever has no use for each by itself."""
        return row_lines.short_pages(self._database, run_id)

    def some_lines(self, run_id: int, row_numbers: Iterable[int]) -> Iterator[RowLine]:
        """A few rows of a run by their numbers, which it must have."""
        return chain.from_iterable(row_lines.some(self._database, run_id, number) for number in row_numbers)

    def activity_ids(self, run_id: int, row_numbers: Collection[int]) -> dict[int, str]:
        """The ids that stand in the results of some rows, by row number; rows without one are left out."""
        holder = ROWS.alias()
        activity_id = func.coalesce(ROWS.c.activity_id, holder.c.activity_id)
        query = (
            select(ROWS.c.row_number, activity_id)
            .outerjoin(holder, holder.c.row_id == ROWS.c.known_row_id)
            .where(ROWS.c.run_id == run_id, ROWS.c.row_number.in_(row_numbers), activity_id.is_not(None))
        )
        return {int(row[0]): str(row[1]) for row in self._database.connection.execute(query)}

    def earlier_runs_of_lines(self, run_id: int) -> Iterable[int]:
        """The runs whose results or failed file this run's lines come from."""
        found: list[int] = []
        to_ask = [run_id]
        while to_ask:
            runs = [row[0] for row in self._database.ask(_HAVE_LINES_IN, {"run_id": to_ask.pop()})]
            new = [run for run in runs if run != run_id and run not in found]
            to_ask += new
            found += new
        return found

    @patiently
    def note_output(self, path: Path, content_hash: str, run_id: int) -> None:
        """Note that we wrote this file with this content."""
        with self._database.writing(run_id=run_id) as connection:
            connection.execute(OUTPUTS.delete().where(OUTPUTS.c.path == str(path)))
            connection.execute(OUTPUTS.insert().values(path=str(path), hash=content_hash, run_id=run_id))

    def output_hash(self, path: Path) -> str | None:
        """The content that we wrote to this path last; None if we never did."""
        query = select(OUTPUTS.c.hash).where(OUTPUTS.c.path == str(path))
        return self._database.connection.execute(query).scalar()

    def output_run(self, path: Path) -> int | None:
        """The run whose results we wrote to this path last; None if we never did."""
        query = select(OUTPUTS.c.run_id).where(OUTPUTS.c.path == str(path))
        return self._database.connection.execute(query).scalar()

    def _now(self) -> float:
        return self._database.clock.now().timestamp()
