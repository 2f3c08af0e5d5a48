"""What became of a sheet's rows: what the server holds of them, beside what the command that sent them says itself."""

from __future__ import annotations

import csv
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from openpyxl import load_workbook

NOT_STORED = {"refused", "invalid", "waiting", "ignored", "changed"}
"""Outcomes of `etl` that say of a row: it is not in LeadSquared."""


@dataclass(frozen=True)
class Told:
    """What a command's own records say: ids of stored activities by row, and the rows that it says are not stored."""

    ids: Mapping[str, Collection[str]]
    not_stored: Collection[str] = field(default_factory=frozenset)


@dataclass(frozen=True)
class Fates:
    """Rows of a sheet. lost: not stored. doubled: stored more than once. untold: nobody can tell from the records."""

    lost: int
    doubled: int
    untold: int


def fates(rows: Iterable[str], stored: Mapping[str, Collection[str]], told: Told) -> Fates:
    """Count them.

    A row's fate is told when the records of the command (all its runs together) name exactly the activities that the
    server holds of it, or say of a row that is not stored that it is not. A row that is stored twice, and both ids are
    on record, can be put right; one of which the records know one activity where there are two, or none, cannot.
    """
    lost = doubled = untold = 0
    for row in rows:
        held = stored.get(row, ())
        lost += not held
        doubled += len(held) > 1
        is_told = set(told.ids.get(row, ())) == set(held) and (bool(held) or row in told.not_stored)
        untold += not is_told
    return Fates(lost, doubled, untold)


def notes(path: Path) -> Told:
    """What the peers' scripts have noted: row, id, and in place of the id what was wrong. None where there is no file."""
    ids: dict[str, set[str]] = {}
    refused: set[str] = set()
    if path.exists():
        with path.open(encoding="utf-8", newline="") as stream:
            for row, activity_id, _ in csv.reader(stream):
                if activity_id:
                    ids.setdefault(row, set()).add(activity_id)
                else:
                    refused.add(row)
    return Told(ids, refused - ids.keys())


def results(path: Path, row_column: str) -> Told:
    """What a results file of `etl` says. A row that it calls unconfirmed is not told, whichever ids stand beside it."""
    book = load_workbook(path, read_only=True)
    lines = iter(book.worksheets[0].iter_rows(values_only=True))
    header = [str(name) for name in next(lines)]
    ids: dict[str, set[str]] = {}
    not_stored: set[str] = set()
    for line in lines:
        values = dict(zip(header, map(_text, line), strict=True))
        row, status, activity_id = values[row_column], values["etl_status"], values["ProspectActivityId"]
        if status in NOT_STORED:
            not_stored.add(row)
        elif status != "unconfirmed" and activity_id:
            ids.setdefault(row, set()).add(activity_id)
    book.close()
    return Told(ids, not_stored)


def _text(value: object) -> str:
    return "" if value is None else str(value)
