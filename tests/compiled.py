"""SQL that was compiled for one ledger is not compiled again for the next: a test opens a new one, and meets the same statements.

SQLAlchemy keeps what it has compiled with each engine, and a process of etl's has one; the tests of one process have some
thousand. Half of what a small test costs was compiling what the test before it had compiled.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from sqlalchemy.engine.base import Engine
from sqlalchemy.util import LRUCache

_MOST = 5_000
_COMPILED: Any = LRUCache(_MOST)


class _OfAll:
    """What an engine keeps compiled statements in, as SQLAlchemy uses it: a key begins with the engine's own dialect."""

    @staticmethod
    def _shared(key: tuple[Any, ...]) -> tuple[Any, ...]:
        dialect, *statement = key
        return type(dialect), dialect.server_version_info, *statement

    def get(self, key: tuple[Any, ...]) -> Any:
        return _COMPILED.get(self._shared(key))

    def __setitem__(self, key: tuple[Any, ...], compiled: Any) -> None:
        _COMPILED[self._shared(key)] = compiled

    def clear(self) -> None:
        _COMPILED.clear()


def compile_once() -> None:
    """From now on all engines of this process share what they compile."""
    plain = Engine.__init__
    if hasattr(plain, "__wrapped__"):
        return

    @wraps(plain)
    def made(engine: Engine, *given: Any, **named: Any) -> None:
        plain(engine, *given, **named)
        if engine._compiled_cache is not None:
            engine._compiled_cache = _OfAll()  # type: ignore[assignment]  # all of a mapping that is used

    Engine.__init__ = made  # type: ignore[method-assign, assignment]
