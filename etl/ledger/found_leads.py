"""Leads that were looked up by values of their fields: what was found and when. Values are kept as marks, never as texts."""

from __future__ import annotations

import json
import sys
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from sqlalchemy import select, text

from etl.identity import lead_mark
from etl.ledger.schema import FAILED_BEFORE, FOUND_LEADS

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from etl.ledger.database import Database

AskedFor: TypeAlias = "tuple[str, bytes]"
"""What was looked up: the lead field, and the mark of the value (`identity.lead_mark`)."""

BELIEVED_SECONDS = 30 * 86_400.0
"""So long a lead that was found is not looked up again. One that was missing, or there twice, is asked for at each run."""

_AT_ONCE = 500

_NOTE = text("""
INSERT INTO found_leads (account_id, field, mark, lead_ids, found_at) VALUES (:account_id, :field, :mark, :lead_ids, :found_at)
ON CONFLICT (account_id, field, mark) DO UPDATE SET lead_ids = excluded.lead_ids, found_at = excluded.found_at""")

_LEAVE_OUT = text("""
UPDATE plan SET outcome = 'invalid', code = :code, error = :error, hint = :hint
WHERE input_no = :input_no AND row_number = :row_number AND outcome = 'waiting'""")

# What shares the fate of such a row needs a person as much.
_LEAVE_OUT_FOLLOWERS = text("""
UPDATE plan SET outcome = 'invalid', follows = NULL, code = first.code, error = first.error, hint = first.hint
FROM plan AS first
WHERE plan.input_no = :input_no AND plan.outcome = 'waiting' AND plan.follows IS NOT NULL
  AND first.input_no = :input_no AND first.row_number = plan.follows AND first.outcome = 'invalid'""")

# A row that is held back follows itself: like all that follow another row it waits and is not sent.
_HOLD = text("""
UPDATE plan SET follows = row_number, code = :code, error = :error, hint = :hint
WHERE input_no = :input_no AND row_number = :row_number AND outcome = 'waiting'""")

_HELD = "SELECT COUNT(*) FROM rows WHERE run_id = :run_id AND outcome = 'waiting' AND known_row_id = row_id"

_TO_BE_HELD = "SELECT COUNT(*) FROM plan WHERE input_no = :input_no AND outcome = 'waiting' AND follows = row_number"

_HAS_LEADLESS = """
SELECT 1 FROM rows WHERE run_id = :run_id AND (
    (outcome = 'invalid' AND code IN ('lead_missing', 'lead_ambiguous')) OR (outcome = 'waiting' AND known_row_id = row_id))
LIMIT 1"""


_REFUSED = """
SELECT row_number FROM rows WHERE run_id = :run_id AND row_number BETWEEN :first AND :last AND outcome = 'refused'"""


class FoundLeads:
    """What look-ups have found, by account; and the rows that are kept back because they found nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def now(self) -> float:
        """This moment, as finds are dated: in seconds since 1970."""
        return self._database.clock.now().timestamp()

    def note(self, account_id: int, found: Mapping[AskedFor, Collection[str]]) -> None:
        """Keep which lead ids were found now: none, one, or several. What was found before is replaced."""
        now = self.now()
        values = [
            {"account_id": account_id, "field": field, "mark": mark, "lead_ids": json.dumps(list(ids)), "found_at": now}
            for (field, mark), ids in found.items()
        ]
        if values:
            with self._database.writing(account_id) as connection:
                connection.execute(_NOTE, values)

    def known(
        self,
        account_id: int,
        asked_for: Iterable[AskedFor],
        since: float,
        believed_seconds: float = BELIEVED_SECONDS,
    ) -> dict[AskedFor, tuple[str, ...]]:
        """What is known without asking; the rest has to be looked up.

        since: when this command began, in seconds since 1970. What was found since then counts whatever it is. Of what was
        found before, a single lead counts for some weeks, or for believed_seconds.
        """
        found: dict[AskedFor, tuple[str, ...]] = {}
        for field, marks in _by_field(asked_for):
            query = select(FOUND_LEADS.c.mark, FOUND_LEADS.c.lead_ids, FOUND_LEADS.c.found_at).where(
                FOUND_LEADS.c.account_id == account_id,
                FOUND_LEADS.c.field == field,
                FOUND_LEADS.c.mark.in_(marks),
                FOUND_LEADS.c.found_at >= since - believed_seconds,
            )
            for row in self._database.connection.execute(query):
                ids = tuple(json.loads(row.lead_ids))
                if row.found_at >= since or len(ids) == 1:
                    found[field, bytes(row.mark)] = ids
        return found

    def doubtful(self, account_id: int, known: Mapping[AskedFor, tuple[str, ...]]) -> set[AskedFor]:
        """Those finds that lead to a lead for which a row was refused: it may be gone, or merged into another one."""
        marks = {key: lead_mark(ids[0]) for key, ids in known.items() if len(ids) == 1}
        refused: set[bytes] = set()
        for some in _portions(set(marks.values())):
            query = select(FAILED_BEFORE.c.mark).where(
                FAILED_BEFORE.c.account_id == account_id, FAILED_BEFORE.c.mark.in_(some)
            )
            refused |= {bytes(mark) for mark in self._database.connection.execute(query).scalars()}
        return {key for key, mark in marks.items() if mark in refused}

    def forget(self, account_id: int, asked_for: Iterable[AskedFor]) -> None:
        """They are to be looked up again."""
        for field, marks in _by_field(asked_for):
            chosen = (FOUND_LEADS.c.account_id == account_id) & (FOUND_LEADS.c.field == field)
            with self._database.writing(account_id) as connection:
                connection.execute(FOUND_LEADS.delete().where(chosen, FOUND_LEADS.c.mark.in_(marks)))

    def is_answered(self, account_id: int, field: str) -> bool:
        """Whether LeadSquared has ever answered a look-up by this field."""
        query = select(FOUND_LEADS.c.field).where(FOUND_LEADS.c.account_id == account_id, FOUND_LEADS.c.field == field)
        return self._database.connection.execute(query.limit(1)).first() is not None

    def leave_out(self, input_no: int, texts: Mapping[int, tuple[str, str, str]]) -> None:
        """Planned rows that need a person, because their lead was not found. texts: row number → code, error, hint."""
        if texts:
            self._database.connection.execute(_LEAVE_OUT, _values(input_no, texts))
            self._database.connection.execute(_LEAVE_OUT_FOLLOWERS, {"input_no": input_no})

    def hold(self, input_no: int, texts: Mapping[int, tuple[str, str, str]]) -> None:
        """Planned rows that wait for their lead."""
        if texts:
            self._database.connection.execute(_HOLD, _values(input_no, texts))

    def count_to_be_held(self, input_no: int) -> int:
        """How many planned rows wait for their lead."""
        return int(self._database.connection.execute(text(_TO_BE_HELD), {"input_no": input_no}).scalar_one())

    def count_held(self, run_id: int) -> int:
        """How many rows of a run wait for their lead."""
        return int(self._database.connection.execute(text(_HELD), {"run_id": run_id}).scalar_one())

    def has_leadless(self, run_id: int) -> bool:
        """Whether rows of a run were not sent for want of their lead: it may be there by now."""
        return self._database.connection.execute(text(_HAS_LEADLESS), {"run_id": run_id}).first() is not None

    def has_refused(self, run_id: int) -> bool:
        """Whether LeadSquared has refused rows of a run."""
        return self._database.connection.execute(text(f"{_REFUSED} LIMIT 1"), _stretch(run_id)).first() is not None

    def refused_rows(self, run_id: int, first_row: int, last_row: int) -> set[int]:
        """The numbers of such rows in a stretch of the sheet."""
        found = self._database.connection.execute(text(_REFUSED), _stretch(run_id, first_row, last_row))
        return set(found.scalars())


def _stretch(run_id: int, first_row: int = 0, last_row: int = sys.maxsize) -> dict[str, int]:
    return {"run_id": run_id, "first": first_row, "last": last_row}


def _values(input_no: int, texts: Mapping[int, tuple[str, str, str]]) -> list[dict[str, object]]:
    return [
        {"input_no": input_no, "row_number": number, "code": code, "error": error, "hint": hint}
        for number, (code, error, hint) in texts.items()
    ]


def _by_field(asked_for: Iterable[AskedFor]) -> Iterator[tuple[str, list[bytes]]]:
    """The marks of each field, as many at a time as a statement takes."""
    marks: dict[str, list[bytes]] = {}
    for field, mark in asked_for:
        marks.setdefault(field, []).append(mark)
    for field, of_field in marks.items():
        yield from ((field, some) for some in _portions(of_field))


def _portions(marks: Iterable[bytes]) -> Iterator[list[bytes]]:
    waiting = iter(marks)
    while some := list(islice(waiting, _AT_ONCE)):
        yield some
