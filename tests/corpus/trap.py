"""What a trap is: a small file, how to open it, and what must be read from it or said about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time
from typing import Any


class Broken(str):
    """A cell that must come as a BrokenCell with this text."""

    __slots__ = ()


@dataclass(frozen=True)
class Shown:
    """A number that must come as a ShownNumber."""

    number: float
    text: str


@dataclass(frozen=True)
class Case:
    """One opening of a file. rows: row number, then the cells; refused: kind of error and words its message must hold.

    hidden: numbers of rows; hidden_columns: letters; merged: ranges that are told and not filled.
    mapping: what it has besides the usual first lines; then findings are `B3 code` for a cell, `row 3 code` for a row, `code`
    or `B code` for what is fatal, and ignored are numbers of rows. sent: row number and the texts of the first target's
    column, where they are looked at; nothing of a file with a fatal finding.
    """

    file: str
    why: str
    headers: list[str] = field(default_factory=list)
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    rules: dict[str, Any] = field(default_factory=dict)
    sheet: str | None = None
    header_row: int = 1
    notes: str = ""
    refused: tuple[str, ...] = ()
    hidden: list[int] = field(default_factory=list)
    hidden_columns: list[str] = field(default_factory=list)
    merged: list[str] = field(default_factory=list)
    mapping: dict[str, Any] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)
    ignored: list[int] = field(default_factory=list)
    sent: list[list[Any]] | None = None

    def as_json(self) -> dict[str, Any]:
        expected: dict[str, Any] = {"file": self.file, "why": self.why, "rules": self.rules}
        if self.refused:
            return expected | {"refused": self.refused[0], "words": list(self.refused[1:])}
        rows = [[tagged(cell) for cell in row] for row in self.rows]
        if self.mapping:
            judged = {"mapping": self.mapping, "findings": self.findings, "ignored": self.ignored}
            return expected | judged | ({} if self.sent is None else {"sent": self.sent})
        shape: dict[str, Any] = {"sheet": self.sheet, "header_row": self.header_row, "notes": self.notes}
        for name in ("hidden", "hidden_columns", "merged"):
            shape |= {name: getattr(self, name)} if getattr(self, name) else {}
        return expected | shape | {"headers": self.headers, "rows": rows}


def tagged(cell: object) -> object:
    """A cell as JSON can hold it: what JSON has no type for is an object of one entry."""
    if isinstance(cell, Broken):
        return {"broken": str(cell)}
    if isinstance(cell, Shown):
        return {"shown": [cell.number, cell.text]}
    for kind, name in ((datetime, "datetime"), (date, "date"), (time, "time")):
        if isinstance(cell, kind):
            return {name: cell.isoformat()}
    return cell
