"""Rows of a plan that are not in its table yet, because nothing was asked of them but what their number tells.

Of a sheet whose rows are all new, and all different, nothing ever is: its rows go from here into the ledger at once, and need
not be written, looked through and read in the plan before. Whatever else asks, or says, anything of a plan's rows has them
written first (`write`).
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import contextmanager
from typing import TYPE_CHECKING

from etl.ledger import packed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from etl.ledger.database import Database
    from etl.ledger.packed import PackedBlock

MOST_ROWS = 250_000
"""So many rows are held in memory (some 8 MB), of all inputs of a command together."""


class HeldRows:
    """Packed rows by input, as they were staged."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._blocks: defaultdict[int, list[PackedBlock]] = defaultdict(list)
        self._written: frozenset[int] = frozenset()
        self._is_at_one_moment = False

    def take(self, input_no: int, block: PackedBlock) -> bool:
        """Hold further rows of an input. Returns: whether they are; not behind rows that were written, nor when there are too
        many of them."""
        held = sum(one.rows for blocks in self._blocks.values() for one in blocks)
        if input_no in self._written or held + block.rows > MOST_ROWS:
            self.write()
            self._written |= {input_no}
            return False
        self._blocks[input_no].append(block)
        return True

    def of(self, input_no: int, rows: int) -> Sequence[PackedBlock]:
        """The rows of an input, where all of them are held; else none. rows: how many it has."""
        blocks = self._blocks.get(input_no, [])
        return blocks if sum(block.rows for block in blocks) == rows else ()

    def write(self) -> None:
        """Into the plan with all that are held."""
        if not self._blocks:
            return
        with self._database.looking():
            for input_no, blocks in self._blocks.items():
                for block in blocks:
                    packed.insert(self._database, input_no, block)
        self._written |= self._blocks.keys()
        self._blocks = defaultdict(list)

    def forget(self, input_no: int) -> None:
        """Let go of those of an input."""
        self._blocks.pop(input_no, None)

    @contextmanager
    def at_one_moment(self) -> Iterator[None]:
        """As `Database.looking`. What is written within is taken back with all else where it fails: then it is held again."""
        if self._is_at_one_moment:
            yield
            return
        blocks, written, self._is_at_one_moment = self._blocks, self._written, True
        try:
            with self._database.looking():
                yield
        except BaseException:
            self._blocks, self._written = blocks, written
            raise
        finally:
            self._is_at_one_moment = False
