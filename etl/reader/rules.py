"""What a mapping says about a file, and what every reader offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from types import TracebackType

    from etl.records import Block, Table


@dataclass(frozen=True, slots=True)
class InputRules:
    """What the mapping says about the file.

    sheet: None for the only visible one. header_row: as Excel shows it, from 1.
    encoding, delimiter: for delimited files; None to have it found out.
    """

    sheet: str | None = None
    header_row: int = 1
    encoding: str | None = None
    delimiter: str | None = None


class OpenInput(Protocol):
    """One input, its header read, its rows still to come. A context manager: leaving it closes the file."""

    table: Table

    def blocks(self, block_rows: int = 5000) -> Iterator[Block]:
        """The data rows, at most `block_rows` (at least 1) in memory at once; to be asked for once per opening.

        Raises: SourceError, when it comes to a row that cannot be read.
        """
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...


class Reader(Protocol):
    """One file format. Each reader stands in the list in opening.py; `shown` is the path that messages name."""

    format_name: str  # as a message says it: "a workbook"
    suffixes: tuple[str, ...]  # ends of names that promise this format, the usual one first

    def claims(self, head: bytes) -> bool:
        """Whether a file that starts with these bytes is this reader's."""
        ...

    def sheets(self, path: Path, shown: Path) -> tuple[str, ...]:
        """The visible sheets in order; empty for a format without sheets."""
        ...

    def open(self, path: Path, rules: InputRules, shown: Path) -> OpenInput:
        """The input with its header read."""
        ...
