"""What the mapping has made of the rows of an input, kept while a command is at work.

A run reads and maps the whole input first, so that its last row is known to be readable, and needs each row once more when it
is its turn to go out. To read and map it again takes four times as long as to take it from here: from a file without a name
beside the kept copies, which is gone with the process, whatever ends it. Where it cannot be kept the input is read again.
"""

from __future__ import annotations

import marshal
import weakref
from contextlib import suppress
from itertools import compress, repeat
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, BinaryIO, TypeAlias, cast

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from etl.mapping.applied import AppliedColumns
    from etl.stages.prepare import PreparedInput

MappedRow: TypeAlias = tuple[int, dict[str, str]]
"""A row's number and its values: target → text in the order of the mapping."""

_LENGTH_BYTES = 8

MOST_INPUTS = 32
"""Of so many inputs of a command rows are kept: each takes an open file, of which some systems allow a process 256."""


def keep_rows(prepared: Sequence[PreparedInput]) -> None:
    """Have the rows of these inputs kept when they are read; beyond the first ones an input is read again."""
    for one in prepared[:MOST_INPUTS]:
        one.kept_rows = KeptRows(one.copy.parent)


class KeptRows:
    """Rows by blocks, in their order. To be believed only when all of them were added: `is_whole`."""

    def __init__(self, folder: Path) -> None:
        self.is_whole = False
        self._file: BinaryIO | None = None
        try:
            self._file = cast("BinaryIO", TemporaryFile(dir=folder))  # noqa: SIM115 — closed with this object
        except OSError:
            return
        weakref.finalize(self, self._file.close)

    def add(self, rows: AppliedColumns) -> None:
        """Keep the rows of a block that may be sent. Not where leads are looked up: what is found belongs to the values."""
        if self._file is None:
            return
        if rows.known_by is not None:
            self._give_up()
            return
        chosen = [number not in rows.findings for number in rows.numbers] if rows.findings else repeat(True)
        columns = [list(compress(column, chosen)) for column in rows.values.values()]
        block = (list(compress(rows.numbers, chosen)), list(rows.values), columns)
        try:
            kept = marshal.dumps(block)
            self._file.write(len(kept).to_bytes(_LENGTH_BYTES, "big") + kept)
        except (OSError, ValueError):  # no room for it, or something that is no text
            self._give_up()

    def finish(self) -> None:
        """All rows were added."""
        try:
            if self._file is not None:
                self._file.flush()
        except OSError:
            self._give_up()
        self.is_whole = self._file is not None

    def blocks(self) -> Iterator[list[MappedRow]]:
        """The rows again, from the start."""
        place = 0
        while block := self._block_at(place):
            kept, place = block
            numbers, targets, columns = cast("tuple[list[int], list[str], list[list[str | None]]]", marshal.loads(kept))  # noqa: S302 — our own file
            if numbers:
                yield list(zip(numbers, map(_values, repeat(targets), zip(*columns, strict=True)), strict=False))

    def _block_at(self, place: int) -> tuple[bytes, int] | None:
        """What is kept there, and where the next begins."""
        if self._file is None:
            return None
        self._file.seek(place)
        length = int.from_bytes(self._file.read(_LENGTH_BYTES), "big")
        return (self._file.read(length), place + _LENGTH_BYTES + length) if length else None

    def _give_up(self) -> None:
        if self._file is not None:
            with suppress(OSError):  # it may try once more to write what had no room
                self._file.close()
        self._file = None


def _values(targets: Sequence[str], texts: tuple[str | None, ...]) -> dict[str, str]:
    if None in texts:
        return {target: text for target, text in zip(targets, texts, strict=True) if text is not None}
    return dict(zip(targets, cast("tuple[str, ...]", texts), strict=True))
