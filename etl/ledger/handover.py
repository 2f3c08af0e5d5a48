"""Runs that go to another ledger, and runs that came from one: who may send their rows now.

Two ledgers that both believe a row to be theirs send it twice. So a run has one ledger at a time:

    given    it went away: what waited counts as unconfirmed here, with its claims, for only the other ledger knows by now
    taken    it came with a package, and goes on here
    known    rows of other runs that came along, so that they are known again; they belong to the ledger that sent them

A run that went away comes back with a package from where it is, or by a person's word that nobody has taken it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select, text, update

from etl.ledger.handed_rows import CODE, HandedRows, Origin
from etl.ledger.joining import Joining
from etl.ledger.kept_words import GIVEN, KNOWN, TAKEN
from etl.ledger.schema import COPIES, HANDOVERS, META, OPEN, RUNS
from etl.ledger.steps import Step, note_step
from etl.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from etl.ledger.database import Database
    from etl.ledger.handed_rows import Scope
    from etl.ledger.joining import Incoming

_WORDS = "It waited when its run was handed over: whether it has been sent since is known there alone."

GIVEN_AWAY = f"SELECT run_id FROM handovers WHERE way = '{GIVEN}' AND ended_at IS NULL"
"""The runs that only another ledger may go on with."""

# Followers of other runs are among them: what they wait for is decided elsewhere now.
_GIVE_ROWS = f"""
UPDATE rows SET outcome = 'unconfirmed', code = '{CODE}', error = :words, hint = NULL
WHERE outcome = 'waiting' AND (run_id = :run_id OR known_row_id IN (SELECT row_id FROM rows WHERE run_id = :run_id))"""

_CLAIM_THEM = f"""
INSERT INTO claims (scope_id, memory_key, ordinal, row_id)
SELECT scope_id, memory_key, ordinal, row_id FROM rows
WHERE run_id = :run_id AND code = '{CODE}' AND known_row_id IS NULL AND memory_key IS NOT NULL AND ordinal IS NOT NULL
ON CONFLICT (scope_id, memory_key, ordinal) DO NOTHING"""

_FREE_THEM = f"""
DELETE FROM claims WHERE row_id IN (SELECT row_id FROM rows WHERE run_id = :run_id AND code = '{CODE}')"""

_BACK = f"""
UPDATE rows SET outcome = 'waiting', code = NULL, error = NULL
WHERE outcome = 'unconfirmed' AND code = '{CODE}'
  AND (run_id = :run_id OR known_row_id IN (SELECT row_id FROM rows WHERE run_id = :run_id))"""

_END = f"UPDATE handovers SET ended_at = :now WHERE run_id = :run_id AND way = '{GIVEN}' AND ended_at IS NULL"

# What the fate of a run's rows hangs on, or is hung on: none of them may stay behind.
_BOUND_TO = f"""
SELECT run_id FROM runs WHERE revises = :run_id
UNION SELECT revises FROM runs WHERE run_id = :run_id AND revises IS NOT NULL
UNION SELECT holder.run_id FROM rows JOIN rows AS holder ON holder.row_id = rows.known_row_id
WHERE rows.run_id = :run_id AND holder.outcome IN {OPEN} AND holder.run_id <> :run_id"""

_COUNTS_BEFORE = f"""
SELECT outcome, COUNT(*) AS times FROM (
    SELECT CASE WHEN code = '{CODE}' THEN 'waiting' ELSE outcome END AS outcome FROM rows WHERE run_id = :run_id) AS before
GROUP BY outcome"""

_BARE = """
SELECT requests.request_id, requests.rows, rows.row_number, rows.memory_key, rows.ordinal
FROM requests JOIN rows ON rows.request_id = requests.request_id
WHERE requests.run_id = :run_id AND requests.body IS NULL AND requests.rows > 0 AND rows.run_id = :run_id
  AND rows.memory_key IS NOT NULL AND rows.ordinal IS NOT NULL ORDER BY requests.request_id, rows.position"""

_GIVEN_LINES = f"""
SELECT DISTINCT lineage_run FROM plan JOIN runs ON runs.run_id = plan.lineage_run
WHERE plan.input_no = :input_no AND plan.outcome = 'waiting' AND runs.scope_id = :scope_id
  AND plan.lineage_run IN ({GIVEN_AWAY}) ORDER BY lineage_run LIMIT 1"""


@dataclass(frozen=True, slots=True)
class Given:
    """A run that went away. at: seconds since 1970. package: the number under which it did."""

    run_id: int
    package: str
    at: float


@dataclass(frozen=True, slots=True)
class BareRow:
    """A row of a request whose body is not here, in its place."""

    row_number: int
    memory_key: bytes
    ordinal: int


class Handovers:
    """Which runs went away, and which came."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def ledger_id(self) -> str:
        """By what packages know this ledger; its file may be moved or renamed."""
        query = select(META.c.value).where(META.c.name == "ledger_id")
        return str(self._database.connection.execute(query).scalar_one())

    def given(self, run_id: int) -> Given | None:
        """How a run went away, where it did and is not back; asks only."""
        columns = HANDOVERS.c.run_id, HANDOVERS.c.package, HANDOVERS.c.at
        query = select(*columns).where(
            HANDOVERS.c.run_id == run_id, HANDOVERS.c.way == GIVEN, HANDOVERS.c.ended_at.is_(None)
        )
        found = self._database.connection.execute(query).first()
        return Given(*found) if found else None

    def given_with(self, package: str) -> tuple[int, ...]:
        """All runs that went away with a package, the first first."""
        query = select(HANDOVERS.c.run_id).where(HANDOVERS.c.package == package, HANDOVERS.c.way == GIVEN)
        return tuple(self._database.connection.execute(query.order_by(HANDOVERS.c.run_id)).scalars())

    def is_only_known(self, run_id: int) -> bool:
        """Whether a run is another ledger's, of which this one knows rows; asks only."""
        query = select(HANDOVERS.c.run_id).where(HANDOVERS.c.run_id == run_id, HANDOVERS.c.way == KNOWN)
        return self._database.connection.execute(query.limit(1)).first() is not None

    def origins(self, run_id: int) -> tuple[Origin, ...]:
        """As what other ledgers know a run that came from one, the one that began it last."""
        query = select(HANDOVERS.c.origin_ledger, HANDOVERS.c.origin_run).where(
            HANDOVERS.c.run_id == run_id, HANDOVERS.c.way.in_([TAKEN, KNOWN])
        )
        found = self._database.connection.execute(query.order_by(HANDOVERS.c.handover_id))
        return tuple(Origin(*row) for row in found)

    def taken(self, package: str) -> tuple[int, ...]:
        """The runs that came with a package, under their numbers here; none where it was not taken."""
        query = select(HANDOVERS.c.run_id).where(HANDOVERS.c.package == package, HANDOVERS.c.way == TAKEN).distinct()
        return tuple(self._database.connection.execute(query.order_by(HANDOVERS.c.run_id)).scalars())

    def bound_to(self, run_id: int) -> set[int]:
        """The other runs that must go where this one goes; asks only."""
        return set(self._database.connection.execute(text(_BOUND_TO), {"run_id": run_id}).scalars())

    def given_line(self, input_no: int, scope_id: int) -> int | None:
        """The first run that went away of which staged lines come that would be sent; asks only."""
        place = {"input_no": input_no, "scope_id": scope_id}
        found = self._database.connection.execute(text(_GIVEN_LINES), place).scalar()
        return None if found is None else int(found)

    def kept_lookups(self, name: str) -> list[str]:
        """The hashes of the kept lookup files of that name, the latest first."""
        query = select(COPIES.c.hash).where(COPIES.c.kind == "lookup", COPIES.c.name == name)
        return list(self._database.connection.execute(query.order_by(COPIES.c.kept_at.desc())).scalars())

    def handed_rows(self, run_ids: Collection[int], scope: Scope) -> HandedRows:
        """The records that go along with these runs."""
        return HandedRows(self._database, run_ids, scope)

    def join(self, incoming: Incoming) -> dict[int, int]:
        """Take a package's part of another ledger in. Returns: number there → number here. Raises: as `Joining.join`."""
        return Joining(self._database, self.ledger_id()).join(incoming)

    def requests_taken(self) -> dict[int, int]:
        """The numbers of the requests that `join` has just taken in: there → here."""
        found = self._database.connection.execute(text("SELECT request_id, new_id FROM handed_requests"))
        return {int(row[0]): int(row[1]) for row in found}

    def bare_requests(self, run_id: int) -> dict[int, list[BareRow]]:
        """The requests of a run whose bodies are not here, with all their rows in order; those of which rows went again since
        are left out."""
        found: dict[int, list[BareRow]] = {}
        sizes: dict[int, int] = {}
        for row in self._database.connection.execute(text(_BARE), {"run_id": run_id}):
            found.setdefault(row[0], []).append(BareRow(row[2], bytes(row[3]), row[4]))
            sizes[row[0]] = row[1]
        return {number: rows for number, rows in found.items() if len(rows) == sizes[number]}

    def note_bodies(self, bodies: Mapping[int, bytes]) -> None:
        """Keep the bodies of requests, deflated, by number."""
        values = [{"request_id": number, "body": body} for number, body in bodies.items()]
        if values:
            with self._database.writing(request_id=next(iter(bodies))) as connection:
                connection.execute(text("UPDATE requests SET body = :body WHERE request_id = :request_id"), values)

    def counts_before(self, run_id: int) -> dict[Outcome, int]:
        """How many rows stood at each outcome when the run went away; asks only."""
        found = self._database.connection.execute(text(_COUNTS_BEFORE), {"run_id": run_id})
        return {Outcome(row.outcome): row.times for row in found}

    def give(self, run_ids: Collection[int], package: str) -> None:
        """Note that these runs go away: from here on none of their rows is sent from this ledger.

        Only to be called by who holds the runs' locks, with no request of theirs in the air.
        """
        now = self._database.clock.now().timestamp()
        with self._database.writing(run_id=next(iter(run_ids), 0)) as connection:
            for run_id in run_ids:
                values = {"run_id": run_id, "way": GIVEN, "package": package, "at": now}
                connection.execute(HANDOVERS.insert().values(**values))
                connection.execute(text(_GIVE_ROWS), {"run_id": run_id, "words": _WORDS})
                connection.execute(text(_CLAIM_THEM), {"run_id": run_id})
                note_step(connection, run_id, Step.HANDED_OVER, now, detail=f"package {package}")

    def take_back(self, run_ids: Sequence[int]) -> None:
        """The word of a person that nobody has taken these runs: they may go on here."""
        now = self._database.clock.now().timestamp()
        with self._database.writing(run_id=next(iter(run_ids), 0)) as connection:
            for run_id in run_ids:
                for statement in (_FREE_THEM, _BACK, _END):
                    connection.execute(text(statement), {"run_id": run_id, "now": now})
                note_step(connection, run_id, Step.CAME_BACK, now, detail="taken back: nobody had taken the package")

    def note_paths(self, run_id: int, input_path: str, mapping_path: str) -> None:
        """Where the files of a run that came with a package lie now, after it was taken once more."""
        with self._database.writing(run_id=run_id) as connection:
            place = update(RUNS).where(RUNS.c.run_id == run_id)
            connection.execute(place.values(input_path=input_path, mapping_path=mapping_path))
