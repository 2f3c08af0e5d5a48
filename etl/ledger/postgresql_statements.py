"""The statements of every request as PostgreSQL takes them: they are written once, for both databases."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from etl.ledger.schema import METADATA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Column

    from etl.ledger.database import Values

_NAME = re.compile(r"(?<![:\w]):([a-z]\w*)")
_OF_ONE = re.compile(r"\s*UPDATE (\w+) SET (.+?)\s+WHERE (\w+) = :\3\s*", re.DOTALL)


@lru_cache(maxsize=512)
def said(statement: str) -> bytes:
    """A statement as psycopg takes it."""
    listed = statement.replace("%", "%%").replace("IN :row_ids", "= ANY(:row_ids)")
    return _NAME.sub(r"%(\1)s", listed).encode()


@lru_cache(maxsize=64)
def _for_all(statement: str, names: tuple[str, ...]) -> str | None:
    """A statement that changes the row of one number, for lists of values: carrying it out for each costs three times as much.

    None where it says more than that, so that it has to be carried out for each.
    """
    found = _OF_ONE.fullmatch(statement)
    if found is None:
        return None
    table, changes, number = found.groups()
    columns = METADATA.tables[table].columns
    if not columns[number].primary_key or not all(name in columns for name in names):
        return None
    lists = ", ".join(f"(:{name})::{_type_of(columns[name])}[]" for name in names)
    new = _NAME.sub(r"each.its_\1", changes)
    its = ", ".join(f"its_{name}" for name in names)
    return f"UPDATE {table} SET {new} FROM unnest({lists}) AS each ({its}) WHERE {number} = each.its_{number}"


def as_one(statement: str, values: Values | Sequence[Values]) -> tuple[str, Values] | None:
    """A statement of which one execution is enough, for all of the values; None where there is none."""
    if isinstance(values, Mapping):
        return statement, values
    if len(values) == 1:
        return statement, values[0]
    all_at_once = _for_all(statement, tuple(values[0])) if values else None
    return None if all_at_once is None else (all_at_once, {name: [one[name] for one in values] for name in values[0]})


def _type_of(column: Column[Any]) -> str:
    from sqlalchemy.dialects import postgresql  # noqa: PLC0415 — only where there is a PostgreSQL

    return str(column.type.compile(postgresql.dialect()))  # type: ignore[no-untyped-call]  # SQLAlchemy's own lack
