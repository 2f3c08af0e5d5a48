"""Under which names the operating system locks an input."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def lock_name_of_content(scope_id: int, sheet: str | None, content_hash: str) -> str:
    """The lock of one sheet of a file, wherever the file lies and whatever it is called."""
    return hashlib.sha256(f"{scope_id}|{sheet}|{content_hash}".encode()).hexdigest()[:32]


def lock_name_of_path(scope_id: int, sheet: str | None, path: Path) -> str:
    """The lock of whatever lies at this path now and later."""
    return hashlib.sha256(f"{scope_id}|{sheet}|{path.resolve()}".encode()).hexdigest()[:32]
