"""What makes thousands of histories affordable, and changes nothing of what they show.

A ledger is made once and copied as bytes; all ledgers share the statements that SQLAlchemy has compiled, which is what costs
most; nothing waits for the disk, because no history pulls the plug of the machine that tests it.
"""

from __future__ import annotations

import sqlite3
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path
from typing import Any
from unittest.mock import patch

from etl.api import asking
from etl.ledger import sqlite as database
from etl.ledger.store import Ledger
from etl.mapping.load import load_mapping
from etl.mapping.model import Mapping
from tests.clocks import ManualClock
from tests.compiled import compile_once

compile_once()

_plainly_opened = database._opened


def open_ledger(home: Path, clock: Any) -> Ledger:
    """The ledger in a folder, made if it is new."""
    path, files = home / "ledger.db", home / "ledger_files"
    home.mkdir(parents=True, exist_ok=True)
    if _databases:
        return Ledger(_databases[-1](home), files, clock)
    if not path.exists():
        path.write_bytes(_new_ledger())
    with patch.object(database, "_opened", _opened_without_the_disk):
        return Ledger(f"sqlite:///{path}", files, clock)


_databases: list[Callable[[Path], str]] = []


@contextmanager
def at_urls(url_of: Callable[[Path], str]) -> Iterator[None]:
    """Within, the ledger in a folder is the one at the URL that is told for it."""
    _databases.append(url_of)
    try:
        yield
    finally:
        _databases.pop()


def _opened_without_the_disk(file: str) -> sqlite3.Connection:
    driver = _plainly_opened(file)
    driver.execute("PRAGMA synchronous = OFF").close()
    return driver


@cache
def _new_ledger() -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        Ledger(f"sqlite:///{path}", Path(folder) / "files", ManualClock()).close()
        return path.read_bytes()


@contextmanager
def quickly() -> Iterator[None]:
    """Mappings are read once, and files are not forced to the disk."""
    with (
        patch("etl.stages.prepare.load_mapping", _mapping),
        patch("etl.stages.verify.load_mapping", _mapping),
        patch("etl.stages.rewrite.load_mapping", _mapping),
        patch("etl.reconciler.put_in_place._force_to_disk", _not_forced),
        patch("etl.reconciler.put_in_place._force_name_to_disk", _not_forced),
        patch("etl.ledger.copies.os.fsync", _not_forced),
        patch("etl.api.activities.moment", lru_cache(10_000)(asking.moment)),
    ):
        yield


def _not_forced(_what: object) -> None:
    """No history pulls the plug."""


_mappings: dict[bytes, Mapping] = {}


def _mapping(path: Path, _shown: Path | None = None) -> Mapping:
    content = path.read_bytes()
    if content not in _mappings:
        _mappings[content] = load_mapping(path)
    return _mappings[content]
