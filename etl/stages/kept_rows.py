"""What the mapping has made of the rows of an input, kept while a command is at work.

A run reads and maps the whole input first, so that its last row is known to be readable, and needs each row once more when it
is its turn to go out. To read and map it again takes four times as long as to take it from here: from a file without a name
beside the kept copies, which is gone with the process, whatever ends it. Where it cannot be kept the input is read again.
"""

from __future__ import annotations

import marshal
import weakref
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import compress, repeat
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, BinaryIO, TypeAlias, cast

from etl.cell_texts import BETWEEN, FullTexts

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from etl.mapping.applied import AppliedColumns
    from etl.operations.contract import Columns
    from etl.stages.prepare import PreparedInput

    _Packed: TypeAlias = str | list[str | None]

_LENGTH_BYTES = 8

MOST_INPUTS = 32
"""Of so many inputs of a command rows are kept: each takes an open file, of which some systems allow a process 256."""


@dataclass(frozen=True, slots=True)
class MappedBlock:
    """Rows that may be sent, with target → text for each: by columns as far as they are kept, else row by row as `mapped`.

    columns: in the order of the mapping, None for a row that leaves a target out.
    """

    numbers: Sequence[int]
    columns: Columns | None = None
    mapped: Sequence[dict[str, str]] = ()

    def values(self) -> Sequence[dict[str, str]]:
        """Target → text of each row, in the order of the mapping."""
        if self.columns is None:
            return self.mapped
        return list(map(_told, repeat(tuple(self.columns)), zip(*self.columns.values(), strict=True)))

    def values_if_asked(self) -> Iterable[Mapping[str, str]]:
        """The same, put together when somebody asks for it: of most rows that are written by columns nobody ever does."""
        if self.columns is None:
            return self.mapped
        return map(_KeptValues, repeat(tuple(self.columns)), zip(*self.columns.values(), strict=True))

    def those(self, chosen: Sequence[bool]) -> MappedBlock:
        """Some of the rows."""
        numbers = list(compress(self.numbers, chosen))
        if self.columns is None:
            return MappedBlock(numbers, None, list(compress(self.mapped, chosen)))
        return MappedBlock(numbers, {name: list(compress(texts, chosen)) for name, texts in self.columns.items()})

    def filled(self, target: str, texts: Sequence[str]) -> MappedBlock:
        """The rows with a text for one more target."""
        if self.columns is not None:
            return replace(self, columns={**self.columns, target: texts})
        return replace(self, mapped=[{**values, target: text} for values, text in zip(self.mapped, texts, strict=True)])


class _KeptValues(Mapping[str, str]):
    """The values of one row."""

    __slots__ = ("_targets", "_texts")

    def __init__(self, targets: tuple[str, ...], texts: tuple[str | None, ...]) -> None:
        self._targets = targets
        self._texts = texts

    def __getitem__(self, target: str) -> str:
        return _told(self._targets, self._texts)[target]

    def __iter__(self) -> Iterator[str]:
        return iter(_told(self._targets, self._texts))

    def __len__(self) -> int:
        return len(_told(self._targets, self._texts))


def _told(targets: tuple[str, ...], texts: tuple[str | None, ...]) -> dict[str, str]:
    return {target: text for target, text in zip(targets, texts, strict=True) if text is not None}


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
        numbers, columns = list(rows.numbers), list(rows.values.values())
        if rows.findings:
            chosen = [number not in rows.findings for number in numbers]
            numbers, columns = list(compress(numbers, chosen)), [list(compress(one, chosen)) for one in columns]
        try:
            kept = marshal.dumps((numbers, list(rows.values), list(map(_packed, columns))))
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

    def blocks(self) -> Iterator[MappedBlock]:
        """The rows again, from the start."""
        place = 0
        while block := self._block_at(place):
            kept, place = block
            numbers, targets, columns = cast("tuple[list[int], list[str], list[_Packed]]", marshal.loads(kept))  # noqa: S302 — our own file
            if numbers:
                yield MappedBlock(numbers, dict(zip(targets, map(_unpacked, columns), strict=True)))

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


def _packed(column: Sequence[Any]) -> _Packed:
    """A column as one text, where it is nothing but texts: to keep and read it takes half as long."""
    try:
        texts = BETWEEN.join(column)
    except TypeError:  # a row leaves it out
        return list(column)
    is_sure = type(column) is FullTexts or texts.count(BETWEEN) == len(column) - 1
    return texts if is_sure else list(column)


def _unpacked(column: _Packed) -> list[str | None]:
    return cast("list[str | None]", column.split(BETWEEN)) if isinstance(column, str) else column
