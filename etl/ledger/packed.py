"""Many rows of marks into the database at once: each column goes over as one piece of bytes, which SQL cuts.

To hand over the values of each row by themselves takes nearly three times as long. Only for a SQLite file, and for rows that
wait and of which nothing is known but their numbers and their marks, all marks of a column equally long; all others go
the general way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, cast

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

_HELD = "SELECT COALESCE(MAX(place) + 1, 0) FROM places"

_EXTEND = """
WITH RECURSIVE further (place) AS (VALUES (:held) UNION ALL SELECT place + 1 FROM further WHERE place + 1 < :rows)
INSERT INTO places SELECT place FROM further"""

_FROM = "FROM places WHERE place < :rows"

_INSERT = f"INSERT INTO plan (input_no, row_number{{names}}) SELECT :input_no, {{number}}{{values}} {_FROM}"

_MARK = "substr(:{name}, place * {width} + 1, {kept})"

_NUMBER_THAT_FOLLOWS = ":first_row + place"

_NUMBER = f"CAST(substr(:row_number, place * {NUMBER_BYTES} + 1, {NUMBER_BYTES}) AS INTEGER)"


class PackedBlock(NamedTuple):
    """Some rows that wait. number: how SQL tells the number of one of them. marks: of each column how SQL cuts them.

    values: what both are cut from, and `rows`, how many there are.
    """

    number: str
    marks: Mapping[str, str]
    values: Mapping[str, object]

    @property
    def rows(self) -> int:
        return cast("int", self.values["rows"])

    def selected(self, said: Mapping[str, str]) -> str:
        """The rows as a question to the database. said: what a column holds besides number and marks."""
        columns = {"row_number": self.number, **said, **self.marks}
        return f"SELECT {', '.join([f'{value} AS {name}' for name, value in columns.items()])} {_FROM}"


def pack(columns: Mapping[str, Sequence[object]]) -> PackedBlock | None:
    """The rows, by columns of the plan; None where they are not such rows."""
    numbers = cast("Sequence[int]", columns["row_number"])
    if len(numbers) < FEWEST:
        return None
    packed = {name: _packed(column) for name, column in columns.items() if name != "row_number"}
    marks = {name: found for name, found in packed.items() if found is not None}
    if len(marks) < len(packed):
        return None
    number, more = _numbered(numbers)
    wholes = {name: whole for name, (whole, _) in marks.items()}
    cut = {name: _cut(name, width) for name, (_, width) in marks.items()}
    return PackedBlock(number, cut, {"rows": len(numbers), **more, **wholes})


def insert(database: Database, input_no: int, block: PackedBlock) -> None:
    """Insert the rows of a block into the plan. To be used within a transaction."""
    statement = _INSERT.format(
        names="".join([f", {name}" for name in block.marks]),
        number=block.number,
        values="".join([f", {value}" for value in block.marks.values()]),
    )
    have_places(database, block.rows)
    database.do(statement, {"input_no": input_no, **block.values})


def have_places(database: Database, rows: int) -> None:
    """The numbers from 0 on, which SQL counts the rows of a block by."""
    database.do(_CREATE, {})  # asked each time: a transaction that is taken back takes them along
    held = int(database.ask(_HELD, {})[0][0])
    if rows > held:
        database.do(_EXTEND, {"held": held, "rows": rows})


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
