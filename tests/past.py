"""A ledger with past runs in it: real sheets, mappings and kept copies, and outcomes as a test names them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from etl.ledger.store import Ledger
from etl.records import Outcome
from etl.settings import Settings
from tests.clocks import ManualClock
from tests.ledger.books import FATES, Book, _new_ledger, a_row, left_out

MAPPING = """\
version: 1
name: visits
operation: add-by-lead-field
search_by: EmailAddress
activity: {event: 320}
columns:
  Email: SearchByValue
  Remarks: ActivityNote
"""

SENT = frozenset({Outcome.CREATED, Outcome.REFUSED, Outcome.UNCONFIRMED})


@dataclass
class Past:
    """The ledger at `home`, and the desk beside it on which the sheets lay."""

    home: Path
    book: Book
    clock: ManualClock

    @property
    def desk(self) -> Path:
        return self.home / "desk"

    @property
    def url(self) -> str:
        return f"sqlite:///{self.home / 'ledger.db'}"

    @property
    def settings(self) -> Settings:
        return Settings(None, self.url, self.home / "ledger_files")

    def sheet(self, name: str, rows: int) -> Path:
        """A sheet with so many rows, and the mapping beside it."""
        self.desk.mkdir(exist_ok=True)
        (self.desk / "visits.yaml").write_text(MAPPING, encoding="utf-8")
        lines = [f"lead{number}@example.com,{name} {number}" for number in range(2, rows + 2)]
        path = self.desk / name
        path.write_text("\n".join(["Email,Remarks", *lines]) + "\n", encoding="utf-8")
        return path

    def run(
        self,
        *outcomes: Outcome,
        name: str = "visits.csv",
        stop_reason: str | None = None,
        is_ended: bool = True,
        **more: Any,
    ) -> int:
        """A run whose rows, from row 2 on, came to these outcomes. more: what is noted of it when it begins."""
        book, sheet = self.book, self.sheet(name, len(outcomes))
        rows = [
            a_row(number, f"{name}-{number}") if outcome in {*SENT, Outcome.WAITING} else left_out(number, outcome)
            for number, outcome in enumerate(outcomes, start=2)
        ]
        kept = {
            "input_hash": book.ledger.copies.keep(sheet, "input"),
            "mapping_hash": book.ledger.copies.keep(self.desk / "visits.yaml", "mapping"),
            "input_path": str(sheet),
            "mapping_path": str(self.desk / "visits.yaml"),
        }
        self._date_files()
        run_id = book.ledger.runs.begin(book.new_run(len(rows), **(kept | more)), book.plan(rows), 0)
        self._send(run_id, dict(enumerate(outcomes, start=2)))
        if is_ended:
            book.ledger.runs.end(run_id, stop_reason, 6 if stop_reason else None)
        return run_id

    def _send(self, run_id: int, outcomes: Mapping[int, Outcome]) -> None:
        rows = [row for row in self.book.waiting(run_id) if outcomes[row.row_number] in SENT]
        if not rows:
            return
        request_id = self.book.intend(run_id, rows)
        self.book.settle(request_id, *[FATES[outcomes[row.row_number]](row) for row in rows])

    def days_pass(self, days: float) -> None:
        self.clock.move(days * 86_400)

    def _date_files(self) -> None:
        """The files just kept have the clock's time, as they have it in life."""
        moment = self.clock.now().timestamp()
        for path in self.book.ledger.copies.files():
            if path.stat().st_mtime > moment:  # the real clock is ahead of a test's one
                os.utime(path, (moment, moment))


@contextmanager
def open_past(home: Path) -> Iterator[Past]:
    """An empty ledger at `home`, for as long as the block lasts."""
    (home / "ledger.db").write_bytes(_new_ledger())
    clock = ManualClock()
    with Ledger(f"sqlite:///{home / 'ledger.db'}", home / "ledger_files", clock) as ledger:
        ledger._database.connection.exec_driver_sql("PRAGMA synchronous = OFF")  # no test pulls the plug
        account = ledger.accounts.meet("https://api.example.com", "prod", "77")
        scope = ledger.accounts.scope(account.account_id, "visits", 320)
        yield Past(home, Book(ledger, clock, account.account_id, scope), clock)
