"""What a trap is: a small file, how to open it, and what must be read from it or said about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any


class Broken(str):
    """A cell that must come as a BrokenCell with this text."""

    __slots__ = ()


@dataclass(frozen=True)
class Case:
    """One opening of a file. rows: row number, then the cells; refused: kind of error and words its message must hold."""

    file: str
    why: str
    headers: list[str] = field(default_factory=list)
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    rules: dict[str, Any] = field(default_factory=dict)
    sheet: str | None = None
    header_row: int = 1
    notes: str = ""
    refused: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        expected: dict[str, Any] = {"file": self.file, "why": self.why, "rules": self.rules}
        if self.refused:
            return expected | {"refused": self.refused[0], "words": list(self.refused[1:])}
        rows = [[tagged(cell) for cell in row] for row in self.rows]
        shape = {"sheet": self.sheet, "header_row": self.header_row, "notes": self.notes}
        return expected | shape | {"headers": self.headers, "rows": rows}


def tagged(cell: object) -> object:
    """A cell as JSON can hold it: what JSON has no type for is an object of one entry."""
    if isinstance(cell, Broken):
        return {"broken": str(cell)}
    for kind, name in ((datetime, "datetime"), (date, "date"), (time, "time")):
        if isinstance(cell, kind):
            return {name: cell.isoformat()}
    return cell
