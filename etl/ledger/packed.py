"""Many rows of marks into the plan at once: each column goes over as one piece of bytes, which SQL cuts.

To hand over the values of each row by themselves takes nearly three times as long. Only for a SQLite file, and for rows that
wait and of which nothing is known but their numbers and their marks, all marks of a column equally long; all others go
the general way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from etl.ledger.schema import CELLS_BYTES, PAYLOAD_BYTES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from etl.ledger.database import Database

KEPT_BYTES = {"payload": PAYLOAD_BYTES, "cells": CELLS_BYTES}
"""How many bytes of fingerprints the plan holds, as the ledger does: by column; of all others the whole."""

FEWEST = 200
"""Fewer rows are not worth it."""

NUMBER_BYTES = 12
"""A row number as digits behind spaces, where numbers do not follow upon each other."""

_CREATE = "CREATE TEMPORARY TABLE IF NOT EXISTS places (place INTEGER PRIMARY KEY)"

_EXTEND = """
WITH RECURSIVE further (place) AS (VALUES (:held) UNION ALL SELECT place + 1 FROM further WHERE place + 1 < :rows)
INSERT INTO places SELECT place FROM further"""

_INSERT = (
    "INSERT INTO plan (input_no, row_number{names}) SELECT :input_no, {number}{values} FROM places WHERE place < :rows"
)

_MARK = "substr(:{name}, place * {width} + 1, {kept})"

_NUMBER_THAT_FOLLOWS = ":first_row + place"

_NUMBER = f"CAST(substr(:row_number, place * {NUMBER_BYTES} + 1, {NUMBER_BYTES}) AS INTEGER)"


class PackedRows:
    """The way in for rows of marks. To be used within a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._places = 0

    def insert(self, input_no: int, columns: Mapping[str, Sequence[object]]) -> bool:
        """Insert the rows, by columns of the plan. Returns: whether they are such rows; else nothing was done."""
        numbers = cast("Sequence[int]", columns["row_number"])
        if self._database.is_shared or len(numbers) < FEWEST:
            return False
        packed = {name: _packed(column) for name, column in columns.items() if name != "row_number"}
        marks = {name: found for name, found in packed.items() if found is not None}
        if len(marks) < len(packed):
            return False
        number, more = _numbered(numbers)
        statement = _INSERT.format(
            names="".join([f", {name}" for name in marks]),
            number=number,
            values="".join([f", {_cut(name, width)}" for name, (_, width) in marks.items()]),
        )
        wholes = {name: whole for name, (whole, _) in marks.items()}
        values = {"input_no": input_no, "rows": len(numbers), **more, **wholes}
        self._have_places(len(numbers))
        self._database.do(statement, values)
        return True

    def _have_places(self, rows: int) -> None:
        """The numbers from 0 on, which SQL counts the rows by."""
        if rows > self._places:
            self._database.do(_CREATE, {})
            self._places = int(self._database.ask("SELECT COUNT(*) FROM places", {})[0][0])  # of an earlier plan
        if rows > self._places:
            self._database.do(_EXTEND, {"held": self._places, "rows": rows})
            self._places = rows


def _cut(name: str, width: int) -> str:
    """How SQL finds the mark of a row."""
    return _MARK.format(name=name, width=width, kept=min(width, KEPT_BYTES.get(name, width)))


def _numbered(numbers: Sequence[int]) -> tuple[str, dict[str, object]]:
    """How SQL tells the number of a row, and from which values."""
    if numbers[-1] - numbers[0] == len(numbers) - 1 and list(numbers) == list(range(numbers[0], numbers[-1] + 1)):
        return _NUMBER_THAT_FOLLOWS, {"first_row": numbers[0]}
    return _NUMBER, {"row_number": "".join(map(f"%{NUMBER_BYTES}d".__mod__, numbers)).encode("ascii")}


def _packed(column: Sequence[object]) -> tuple[bytes, int] | None:
    """The marks of a column in one, and how long each of them is; None where it holds anything else."""
    marks = cast("Sequence[bytes]", column)
    try:
        whole = b"".join(marks)
    except TypeError:
        return None
    width = len(marks[0])
    return (whole, width) if width and {*map(len, marks)} == {width} else None
