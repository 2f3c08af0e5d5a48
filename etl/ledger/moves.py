"""Files of runs that lie in another folder from now on: where inputs, results and failed files are looked for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sqlalchemy import func, literal, select, update

from etl.ledger.schema import OUTPUTS, RUNS
from etl.places import is_url

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Column, ColumnElement

    from etl.ledger.database import Database


class Moves:
    """What is noted when a whole folder is moved."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def note_folder(self, old: Path, new: Path) -> None:
        """Note that everything in `old` lies in `new`, before it does.

        What we wrote is known at both places: if the move does not come about, the files are still ours where they are.
        """
        separator = "/" if is_url(old) else os.sep
        before, behind = f"{old}{separator}", f"{new}{separator}"
        with self._database.writing() as connection:
            for column in (RUNS.c.input_path, RUNS.c.results_path, RUNS.c.failed_path):
                moved = {column: _moved(column, before, behind)}
                connection.execute(update(RUNS).where(_is_within(column, before)).values(moved))
            written = select(OUTPUTS.c.path, OUTPUTS.c.hash, OUTPUTS.c.run_id)
            for path, content_hash, run_id in connection.execute(
                written.where(_is_within(OUTPUTS.c.path, before))
            ).all():
                place = behind + path.removeprefix(before)
                connection.execute(OUTPUTS.delete().where(OUTPUTS.c.path == place))
                connection.execute(OUTPUTS.insert().values(path=place, hash=content_hash, run_id=run_id))


def _is_within(column: Column[str], before: str) -> ColumnElement[bool]:
    return func.substr(column, 1, len(before)) == before


def _moved(column: Column[str], before: str, behind: str) -> ColumnElement[str]:
    return literal(behind) + func.substr(column, len(before) + 1)
