"""The one place where a flow waits for something that another process does: until it is true, and not for ever."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PATIENCE_SECONDS = 40.0
_BETWEEN_LOOKS_SECONDS = 0.02


def wait_until(is_true: Callable[[], bool], what: str, between_looks: float = _BETWEEN_LOOKS_SECONDS) -> None:
    """Look until it is true; a test whose condition never comes fails by name.

    between_looks: seconds; more where a look costs the other process as much as its work.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_true():
        assert time.monotonic() < deadline, f"waited {PATIENCE_SECONDS:.0f} s in vain: {what}"
        time.sleep(between_looks)
