"""What may be forgotten of old runs: request bodies, what LeadSquared and we said of cells, and the kept files.

Row keys, fingerprints, claims and activity ids stay: every row is known again for ever. Only finished runs are touched
whose every row has come to its end. A run is forgotten in one transaction; kept files go last, once no run names them, so
a crash in between leaves at most files that the next pruning takes away. What waits in the queue of a fleet needs its files, too.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select, text

from etl.ledger.awaited import in_queue
from etl.ledger.copies import written_at
from etl.ledger.kept_words import PRUNED
from etl.ledger.schema import COPIES, COPY_PIECES, DECISIONS, RUNS

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from etl.ledger.copies import Copies
    from etl.ledger.database import Database

FORGOTTEN = "The reason was pruned from the ledger."
"""What stands in the place of an error text that was forgotten: some reason there must be."""

_OLD = """
COALESCE(runs.ended_at, runs.started_at) < :before
AND NOT EXISTS (SELECT 1 FROM decisions WHERE run_id = runs.run_id AND decision = 'pruned')"""

_OVER = """
runs.state = 'finished'
AND NOT EXISTS (SELECT 1 FROM requests WHERE run_id = runs.run_id AND ended_mono IS NULL)
AND NOT EXISTS (SELECT 1 FROM rows WHERE run_id = runs.run_id AND outcome IN ('unconfirmed', 'waiting'))"""

_PRUNABLE = f"SELECT run_id FROM runs WHERE {_OLD} AND {_OVER} ORDER BY run_id"

_KEPT = f"SELECT COUNT(*) FROM runs WHERE {_OLD} AND NOT ({_OVER})"

_STILL = f"SELECT data_rows FROM runs WHERE runs.run_id = :run_id AND {_OLD} AND {_OVER}"

_BYTES = """
SELECT (SELECT COALESCE(SUM(COALESCE(LENGTH(body), 0) + COALESCE(LENGTH(detail), 0)), 0) FROM requests WHERE run_id = :run_id)
     + (SELECT COALESCE(SUM(COALESCE(LENGTH(error), 0) + COALESCE(LENGTH(hint), 0)), 0) FROM rows WHERE run_id = :run_id)"""

_FORGET = (
    "UPDATE requests SET body = NULL, detail = NULL WHERE run_id = :run_id",
    "UPDATE rows SET error = :forgotten, hint = NULL WHERE run_id = :run_id AND (error IS NOT NULL OR hint IS NOT NULL)",
)


@dataclass(frozen=True, slots=True)
class Prunable:
    """What a pruning would forget, or has forgotten.

    runs: their numbers. ledger_bytes: in the database. files, file_bytes: kept copies. kept_runs: old runs that stay,
    because they may go on or hold rows in doubt. shares_files_with: ledgers for whose sake kept files stay on the disk.
    """

    runs: tuple[int, ...]
    ledger_bytes: int
    files: int
    file_bytes: int
    kept_runs: int
    shares_files_with: tuple[str, ...] = ()

    @property
    def is_nothing(self) -> bool:
        return not self.runs and not self.files


class Pruning:
    """Forgets. neighbours: the names of other ledgers that keep their copies in the same folder."""

    def __init__(self, database: Database, copies: Copies, neighbours: Callable[[], list[str]]) -> None:
        self._database = database
        self._copies = copies
        self._neighbours = neighbours

    def prunable(self, before: float) -> Prunable:
        """What could be forgotten of the time before a moment (seconds since 1970); asks only."""
        connection = self._database.connection
        runs = tuple(connection.execute(text(_PRUNABLE), {"before": before}).scalars())
        in_ledger = sum(connection.execute(text(_BYTES), {"run_id": run_id}).scalar_one() for run_id in runs)
        kept = connection.execute(text(_KEPT), {"before": before}).scalar_one()
        unneeded = self._unneeded(before, runs)
        neighbours = tuple(self._neighbours())
        stray = [] if neighbours or self._database.is_shared else self._stray(before)
        copies = [] if neighbours else unneeded
        size = sum(map(self._copies.size, copies)) + sum(map(_size, stray))
        return Prunable(runs, in_ledger, len(copies) + len(stray), size, kept, neighbours)

    def forget_run(self, run_id: int, before: float) -> int | None:
        """Forget one run. Returns: how many bytes it held in the database; None where it may not be forgotten any more."""
        place = {"run_id": run_id, "before": before}
        with self._database.writing(run_id=run_id) as connection:
            rows = connection.execute(text(_STILL), place).scalar()
            if rows is None:
                return None
            held = int(connection.execute(text(_BYTES), place).scalar_one())
            for statement in _FORGET:
                connection.execute(text(statement), {"run_id": run_id, "forgotten": FORGOTTEN})
            decided = {"run_id": run_id, "decision": PRUNED, "rows": rows}
            now = self._database.clock.now().timestamp()
            connection.execute(DECISIONS.insert().values(decided_at=now, **decided))
        return held

    def forget_copies(self, before: float) -> tuple[int, int]:
        """Forget the kept copies that no run needs any more, then take the files away. Returns: how many, and their bytes.

        A file that was kept again since (its time tells) stays. So do all where another ledger has its copies beside ours.
        """
        if self._neighbours():
            return 0, 0
        with self._database.writing() as connection:
            unneeded = self._unneeded(before, ())
            held = [self._copies.size(content_hash) for content_hash in unneeded] if self._database.is_shared else []
            for content_hash in unneeded:
                connection.execute(COPY_PIECES.delete().where(COPY_PIECES.c.hash == content_hash))
                connection.execute(COPIES.delete().where(COPIES.c.hash == content_hash))
        taken, freed = len(held), sum(held)
        for file in self._stray(before):
            size = _size(file)
            with suppress(OSError):  # open in another program: the next pruning takes it away
                file.unlink()
                if not self._database.is_shared:  # there it was only at hand
                    taken, freed = taken + 1, freed + size
        return taken, freed

    def give_back(self) -> None:
        """Hand the room back to the file system. Needs as much room again for a while, and nobody else writing.

        Raises: LedgerError — it was not possible; the room is used for new runs then.
        """
        self._database.give_back()

    def _unneeded(self, before: float, forgotten: Collection[int]) -> list[str]:
        """The hashes of copies last kept before that moment that only forgotten runs name, or none, and nothing that waits."""
        needed, needs_lookups = self._needed(before, forgotten)
        if self._database.is_shared:
            needed |= in_queue(self._database)
        query = select(COPIES.c.hash, COPIES.c.kind)
        return [
            content_hash
            for content_hash, kind in self._database.connection.execute(query)
            if content_hash not in needed
            and not (kind == "lookup" and needs_lookups)
            and self._copies.kept_at(content_hash) < before
        ]

    def _needed(self, before: float, forgotten: Collection[int]) -> tuple[set[str], bool]:
        """The hashes that runs still need, and whether an old one of them needs lookup files (it tells no more of those)."""
        pruned = select(DECISIONS.c.run_id).where(DECISIONS.c.decision == PRUNED)
        query = select(RUNS.c.run_id, RUNS.c.input_hash, RUNS.c.mapping_hash, RUNS.c.started_at)
        needed: set[str] = set()
        needs_lookups = False
        for run in self._database.connection.execute(query.where(RUNS.c.run_id.not_in(pruned))):
            if run.run_id in forgotten:
                continue
            mapping, plus, _ = run.mapping_hash.partition("+")
            needed |= {run.input_hash, mapping}
            needs_lookups |= bool(plus) and run.started_at < before
        return needed, needs_lookups

    def _stray(self, before: float) -> list[Path]:
        """Files in the folder of copies that the ledger does not name, last kept before that moment."""
        known = set(self._database.connection.execute(select(COPIES.c.hash)).scalars())
        return [file for file in self._copies.files() if file.name not in known and written_at(file) < before]


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0
