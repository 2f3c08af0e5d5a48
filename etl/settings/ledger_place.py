"""The setting `ledger` into the database URL and the folder of the kept copies."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

from etl.errors import UsageError
from etl.quoting import shown
from etl.settings.places import absolute_path

_SQLITE = "sqlite:///"
_POSTGRESQL = ("postgresql+psycopg", "postgresql", "postgres")
_EXPECTED = "Write the path of the ledger file, for example /srv/imports/ledger.db"
_EXPECTED_URL = "Write postgresql+psycopg://USER@HOST/DATABASE"
_SECRETS = {"password", "sslpassword"}
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.IGNORECASE)
_ONE_SLASH = re.compile(r"postgres(ql)?(\+\w+)?:", re.IGNORECASE)
_WORDS_OF_LIBPQ = re.compile(
    r"(^|[\s;?&])(host|hostaddr|server|port|dbname|database|user|username|service|password|pwd|passfile|ssl\w+)\s*=\s*\S",
    re.IGNORECASE,
)
"""libpq's own `host=… password=…`, in any order, and its like: a file of that name would hold the password in its path."""


def ledger_place(value: object, base: Path, place: str, state: Path) -> tuple[str, Path]:
    """URL and folder for a ledger that is named by path, by `sqlite:///path` or as a PostgreSQL database.

    Relative paths start at `base`. state: where this user's own files lie; what a shared ledger keeps is looked for there first.
    Raises:  UsageError — no text, another database, a database in memory, a folder, or what such an address cannot be.
    """
    if not isinstance(value, str) or not value.strip():
        raise UsageError(f"{place}: {shown(value)} is no path. {_EXPECTED}.")
    scheme, separator, _ = value.strip().partition("://")
    if separator and scheme.lower() in _POSTGRESQL:
        return _postgresql(value.strip(), place, state)
    if separator and _SCHEME.fullmatch(scheme) and not value.startswith(_SQLITE):
        # The rest of the URL is not quoted: it may hold a password.
        raise UsageError(
            f"{place}: a ledger in {shown(scheme)} is not possible, only in SQLite and in PostgreSQL. {_EXPECTED}, or "
            "postgresql+psycopg://USER@HOST/DATABASE."
        )
    is_other = separator and not _SCHEME.fullmatch(scheme)
    if is_other or _ONE_SLASH.match(scheme) or _WORDS_OF_LIBPQ.search(value):
        raise UsageError(f"{place}: this is no path, and not how a database is named here. {_EXPECTED_URL}.")
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


def _postgresql(url: str, place: str, state: Path) -> tuple[str, Path]:
    """What is said of a wrong one quotes nothing of it: it may hold a password."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise UsageError(f"{place}: the port, or the address of the machine, is none. {_EXPECTED_URL}.") from None
    if "@" in parts.netloc.rpartition("@")[0] or "@" in parts.path or "#" in url:
        raise UsageError(
            f"{place}: a user or password that holds @, / or # must be written as URLs write it: %40, %2F, %23. Or leave the "
            "password out: PGPASSWORD or the file .pgpass may hold it."
        )
    if not parts.path.strip("/"):
        raise UsageError(f"{place}: no database is named. {_EXPECTED_URL}.")
    options = parse_qsl(parts.query, keep_blank_values=True)
    secret = next((name for name, _ in options if name in _SECRETS), None)
    if secret is not None:
        raise UsageError(
            f"{place}: {secret} does not belong behind the question mark, where it would be shown. Put the password before the "
            "@, into PGPASSWORD or into the file .pgpass."
        )
    named = f"{parts.hostname or dict(options).get('host', '')}:{port or 5432}{parts.path}"
    folder = state / "shared" / hashlib.sha256(named.encode()).hexdigest()[:16]
    return f"{_POSTGRESQL[0]}://{url.partition('://')[2]}", folder
