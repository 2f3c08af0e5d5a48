"""Ctrl-C and SIGTERM: the first asks the run to stop after what is in flight, the second leaves at once."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from etl.events import StopSignal

STOPPING = "\nStopping: the requests in flight are waited for, then everything is saved. Press Ctrl-C again to leave at once.\n"
LEFT = "\nLeft at once. The same command continues.\n"
_SHOW_CURSOR = "\x1b[?25h"
_REASONS = {signal.SIGINT: "interrupted by Ctrl-C", signal.SIGTERM: "terminated by SIGTERM"}
if sys.platform == "win32":  # what a console sends there besides, and all that another process can send
    _REASONS[signal.SIGBREAK] = "interrupted by Ctrl-Break"
_STDERR = 2


def leave_at_once(signal_number: int) -> NoReturn:
    """End the process here: no cleaning up, no waiting for threads. The ledger is right after any end."""
    os._exit(128 + signal_number)


@contextmanager
def stop_on_signals(
    stop: StopSignal, *, has_terminal: bool, leave: Callable[[int], None] = leave_at_once
) -> Iterator[None]:
    """Hand Ctrl-C and SIGTERM to `stop` for the length of the block; earlier handlers come back behind it.

    has_terminal: a bar may have hidden the cursor. leave: what the second signal does.
    """
    has_been_asked = False

    def handle(signal_number: int, _frame: FrameType | None) -> None:
        nonlocal has_been_asked
        if has_been_asked:
            _write((_SHOW_CURSOR if has_terminal else "") + LEFT)
            leave(signal_number)
            return
        has_been_asked = True
        _write(STOPPING)
        stop.request(_REASONS[signal.Signals(signal_number)], signal_number)

    earlier = {number: signal.signal(number, handle) for number in _REASONS}
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)


def _write(text: str) -> None:
    """Write past all buffers and locks: a handler may have interrupted the very code that holds them."""
    try:
        os.write(_STDERR, text.encode())
    except OSError:
        return
