"""The setting `ledger` into the database URL and the folder of the kept copies."""

from __future__ import annotations

from pathlib import Path

from etl.errors import UsageError
from etl.quoting import shown
from etl.settings.places import absolute_path

_SQLITE = "sqlite:///"
_EXPECTED = "Write the path of the ledger file, for example /srv/imports/ledger.db"


def ledger_place(value: object, base: Path, place: str) -> tuple[str, Path]:
    """URL and folder for a ledger that is named by path or by `sqlite:///path`; relative paths start at `base`.

    Raises:  UsageError — no text, another database, a database in memory, a folder, or a path SQLite URLs cannot hold.
    """
    if not isinstance(value, str) or not value.strip():
        raise UsageError(f"{place}: {shown(value)} is no path. {_EXPECTED}.")
    scheme, separator, _ = value.partition("://")
    if separator and not value.startswith(_SQLITE):
        # The rest of the URL is not quoted: it may hold a password.
        raise UsageError(f"{place}: a ledger in {shown(scheme)} is not possible, only in SQLite. {_EXPECTED}.")
    path = value.removeprefix(_SQLITE)
    if path in {"", ":memory:"}:
        raise UsageError(f"{place}: a ledger in memory would forget what was sent. {_EXPECTED}.")
    return sqlite_ledger(absolute_path(path, base), place)


def sqlite_ledger(path: Path, place: str) -> tuple[str, Path]:
    """URL and folder for the SQLite file at an absolute path."""
    if "?" in str(path):
        raise UsageError(f"{place}: the path {path} holds a question mark. Choose a path without one.")
    if path.is_dir():
        raise UsageError(f"{place}: {path} is a folder. Name a file in it, for example {path / 'ledger.db'}.")
    return f"{_SQLITE}{path}", path.parent / "ledger_files"
