"""A ledger on a real file, and short words for what the tests do with it."""

from __future__ import annotations

import hashlib
import itertools
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from sqlalchemy import text

from etl.delivery.outcomes import RowEnd
from etl.ledger.plan import Plan, StagedRow
from etl.ledger.postgresql import _LOCKS
from etl.ledger.requests import Allowance, Intent, RequestEnd, Reservation, Reserved
from etl.ledger.runs import NewRun, RowLine, WaitingRow
from etl.ledger.store import Ledger
from etl.records import Limit, Outcome, Window
from tests.clocks import ManualClock

GENEROUS = Allowance({Window.BULK: Limit(1_000, 5.0), Window.GENERAL: Limit(1_000, 5.0)}, None)
"""Limits that no test meets by accident."""

LAST_ROW = 10_000


def mark(kind: str, word: str) -> bytes:
    """A fingerprint for a word; the same word makes another one for another kind."""
    return hashlib.blake2b(f"{kind}|{word}".encode(), digest_size=12).digest()


def a_row(
    number: int,
    payload: str = "a",
    *,
    key: str | None = None,
    cells: str | None = None,
    line: tuple[int, int] | None = None,
    lead: str | None = None,
) -> StagedRow:
    """A mapped row that waits. key: its unique_by values, where the mapping has some. line: the run and row it comes from."""
    memory_key = mark("payload", payload) if key is None else mark("key", key)
    run, row = line or (None, None)
    return StagedRow(
        number,
        Outcome.WAITING,
        memory_key,
        mark("payload", payload),
        mark("cells", payload if cells is None else cells),
        run,
        row,
        lead=None if lead is None else mark("lead", lead),
    )


def left_out(number: int, outcome: Outcome = Outcome.INVALID, line: tuple[int, int] | None = None) -> StagedRow:
    """A row that is not sent: invalid or ignored."""
    run, row = line or (None, None)
    return StagedRow(number, outcome, lineage_run=run, lineage_row=row, code="date", error="no date", hint="type it")


def created(row: WaitingRow, activity_id: str | None = None) -> RowEnd:
    return RowEnd(row.row_id, Outcome.CREATED, activity_id=activity_id or f"id-{row.row_id}")


def refused(row: WaitingRow) -> RowEnd:
    return RowEnd(row.row_id, Outcome.REFUSED, code="refused", error="Lead not found", hint="Correct it.")


def lost(row: WaitingRow) -> RowEnd:
    return RowEnd(row.row_id, Outcome.UNCONFIRMED, code="unconfirmed", error="no answer")


def not_carried_out(row: WaitingRow) -> RowEnd:
    return RowEnd(row.row_id, Outcome.WAITING)


def absent(row: WaitingRow, together: int | None = None) -> RowEnd:
    """What reading back has proved: it goes again, in that company."""
    return RowEnd(row.row_id, Outcome.WAITING, together=together)


FATES = {
    Outcome.CREATED: created,
    Outcome.REFUSED: refused,
    Outcome.UNCONFIRMED: lost,
    Outcome.WAITING: not_carried_out,
}


@dataclass
class Book:
    """A ledger with one account and one scope in it."""

    ledger: Ledger
    clock: ManualClock
    account_id: int
    scope_id: int
    url: str | None = None
    hashes: Iterator[int] = field(default_factory=itertools.count)

    def plan(self, rows: Iterable[StagedRow], *, unique: bool = False, again: bool = False) -> Plan:
        """The rows staged as input 0, matched and numbered."""
        plan = self.ledger.plan()
        plan.stage(0, rows)
        plan.match(0, self.scope_id, has_unique_key=unique)
        if again:
            plan.send_again(0)
        plan.number_equals(0, self.scope_id)
        return plan

    def begin(self, rows: Iterable[StagedRow], *, unique: bool = False, again: bool = False) -> int:
        """A run of the rows, begun. Returns its number."""
        staged = list(rows)
        plan = self.plan(staged, unique=unique, again=again)
        return self.ledger.runs.begin(self.new_run(len(staged)), plan, 0)

    def new_run(self, data_rows: int, **more: Any) -> NewRun:
        values: dict[str, Any] = {
            "scope_id": self.scope_id,
            "account_id": self.account_id,
            "operation": "add-by-lead-field",
            "input_hash": f"input-{next(self.hashes)}",
            "input_path": "/sheets/visits.xlsx",
            "sheet": None,
            "mapping_hash": "mapping",
            "mapping_path": "/sheets/visits.yaml",
            "data_rows": data_rows,
            "duplicate": None,
            "etl_version": "0",
        }
        return NewRun(**{**values, **more})

    def waiting(self, run_id: int) -> list[WaitingRow]:
        """The rows of a run that are to be sent, in order."""
        return list(self.ledger.runs.waiting(run_id, 1, LAST_ROW).values())

    def reserve(
        self, run_id: int, rows: Iterable[WaitingRow] | None = None, allowance: Allowance = GENEROUS
    ) -> Reservation:
        """Try to get a slot for some rows of a run, by default for all that wait."""
        chosen = self.waiting(run_id) if rows is None else list(rows)
        intent = Intent(self.account_id, self.scope_id, run_id, Window.BULK, chosen, b"[]")
        return self.ledger.requests.reserve(intent, allowance)

    def intend(self, run_id: int, rows: Iterable[WaitingRow] | None = None) -> int:
        """Write the intent to send. Returns the request's number."""
        reserved = self.reserve(run_id, rows)
        assert isinstance(reserved, Reserved), reserved
        return reserved.request_id

    def settle(self, request_id: int, *ends: RowEnd) -> tuple[RowEnd, ...]:
        end = RequestEnd(request_id, self.clock.monotonic(), "answered", None, 200, ends)
        return self.ledger.requests.settle(end)

    def send(self, run_id: int, fates: Mapping[int, Outcome] | Outcome = Outcome.CREATED) -> None:
        """Send what waits of a run in one request. fates: by row number, or one for all; rows left out are created."""
        rows = self.waiting(run_id)
        if not rows:
            return
        request_id = self.intend(run_id, rows)
        of = fates if isinstance(fates, Mapping) else dict.fromkeys([row.row_number for row in rows], fates)
        self.settle(request_id, *[FATES[of.get(row.row_number, Outcome.CREATED)](row) for row in rows])

    def read_back(self, request_id: int, *ends: RowEnd) -> tuple[RowEnd, ...]:
        """What reading back has told about rows of one request."""
        return self.ledger.requests.settle_read_back({request_id: ends})

    def row_id(self, run_id: int, row_number: int) -> int:
        query = "SELECT row_id FROM rows WHERE run_id = :run_id AND row_number = :row_number"
        return int(self.query(query, run_id=run_id, row_number=row_number)[0][0])

    def state(self, run_id: int) -> str:
        run = self.ledger.runs.get(run_id)
        assert run is not None
        return run.state

    def import_rows(self, *rows: StagedRow, unique: bool = False) -> int:
        """A whole run in which everything that goes out is created. Returns its number."""
        run_id = self.begin(rows, unique=unique)
        self.send(run_id)
        return run_id

    def lines(self, run_id: int) -> list[RowLine]:
        return list(self.ledger.runs.lines(run_id))

    def outcomes(self, run_id: int) -> dict[int, Outcome]:
        """Outcome by row number."""
        return {line.row_number: line.outcome for line in self.lines(run_id)}

    def claims(self) -> set[tuple[bytes, int]]:
        """What counts as being, or maybe being, in LeadSquared: memory key and ordinal."""
        return {(bytes(row[0]), row[1]) for row in self.query("SELECT memory_key, ordinal FROM claims")}

    def query(self, statement: str, **values: Any) -> list[Any]:
        return list(self.ledger._database.connection.execute(text(statement), values).all())

    def do(self, statement: str) -> None:
        """Change the ledger behind its back."""
        self.ledger._database.connection.exec_driver_sql(statement)

    def hold(self) -> None:
        """Keep all others from writing, until `ROLLBACK` or the end."""
        self.do(f"BEGIN; SELECT pg_advisory_xact_lock({_LOCKS})" if self.is_shared else "BEGIN IMMEDIATE")

    def break_writing(self, what: str, table: str) -> None:
        """From here on no row of the table can be changed so: `INSERT`, `UPDATE` or `DELETE`."""
        if not self.is_shared:
            self.do(f"CREATE TRIGGER broken BEFORE {what} ON {table} BEGIN SELECT RAISE(ABORT, 'disk is full'); END")
            return
        self.do(
            "CREATE FUNCTION broken() RETURNS trigger LANGUAGE plpgsql AS $$BEGIN RAISE EXCEPTION 'disk is full'; END$$; "
            f"CREATE TRIGGER broken BEFORE {what} ON {table} FOR EACH ROW EXECUTE FUNCTION broken()"
        )

    def neighbour(self) -> Book:
        """The same ledger as another process has it open."""
        other = open_book(self.folder, self.clock, self.url)
        other.hashes = self.hashes
        return other

    @property
    def folder(self) -> Path:
        return self.ledger._files.parent

    @property
    def is_shared(self) -> bool:
        """Whether it is in a database that machines share."""
        return self.ledger.may_go_away


def open_book(folder: Path, clock: ManualClock, url: str | None = None) -> Book:
    """The ledger in a folder, made if it is new. It does not wait for the disk: no test pulls the plug.

    url: of a database that is a ledger's already, in the place of the folder's file.
    """
    path = folder / "ledger.db"
    if url is None and not path.exists():
        path.write_bytes(_new_ledger())
    ledger = Ledger(url or f"sqlite:///{path}", folder / "files", clock)
    if url is None:
        ledger._database.connection.exec_driver_sql("PRAGMA synchronous = OFF")
    account = ledger.accounts.meet("https://api.example.com", "prod", "77")
    return Book(ledger, clock, account.account_id, ledger.accounts.scope(account.account_id, "visits", 320), url)


@cache
def _new_ledger() -> bytes:
    """A ledger in which nothing has happened yet, as bytes: made once, because making one takes its time."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        with Ledger(f"sqlite:///{path}", Path(folder) / "files", ManualClock()) as ledger:
            account = ledger.accounts.meet("https://api.example.com", "prod", "77")
            ledger.accounts.scope(account.account_id, "visits", 320)
        return path.read_bytes()
