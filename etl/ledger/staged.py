"""What is known of an input's rows from having staged them: a question to the database that need not be asked of each row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MOST_KEYS = 250_000
"""So many memory keys of an input are held in memory (some 25 MB) to see whether two rows share one; beyond, SQL says it."""


class Staged:
    """The rows of one input so far. rows: how many. waiting: so many of them wait. has_lines: some are lines of files of ours.

    has_versions: some are told apart by version.

    are_different: no two share a memory key; False also where that is not known, because there are too many.
    """

    def __init__(self) -> None:
        self.rows = self.waiting = 0
        self.has_lines = False
        self.has_versions = False
        self.are_different = True
        self._keys: set[object] = set()

    def take(self, columns: Mapping[str, Sequence[object]]) -> None:
        """Further rows, by columns named as in `StagedRow`; those that all of them lack may be left out."""
        rows = len(columns["row_number"])
        outcomes = columns.get("outcome")
        self.rows += rows
        self.waiting += rows if outcomes is None else sum(outcome == Outcome.WAITING for outcome in outcomes)
        self.has_lines = self.has_lines or _has_one(columns.get("lineage_run", ()))
        self.has_versions = self.has_versions or _has_one(columns.get("version", ()))
        if self.are_different:
            keys = [key for key in columns.get("memory_key", ()) if key is not None]
            together = len(self._keys) + len(keys)
            self._keys.update(keys)
            if len(self._keys) < together or together > MOST_KEYS:
                self.are_different = False
                self._keys = set()


def _has_one(values: Iterable[object]) -> bool:
    return any(value is not None for value in values)
