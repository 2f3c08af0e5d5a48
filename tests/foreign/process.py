"""The foreign server in a process of its own, for tests in which everything else is killed."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from .wire import LET_GO_PATH, STATE_PATH

_PACKAGE_PATH = Path(__file__).resolve().parent


@dataclass(frozen=True)
class ForeignProcess:
    """A running server that can only be asked over its socket."""

    host: str
    process_id: int

    def let_go(self) -> None:
        """Let the answers go that are kept back by `--answers-before-hold`."""
        with urlopen(self.host + LET_GO_PATH, timeout=10):
            return

    def state(self) -> dict[str, Any]:
        """What `ForeignServer.state` says there."""
        with urlopen(self.host + STATE_PATH, timeout=10) as answer:
            state: dict[str, Any] = json.load(answer)
        return state


@contextmanager
def foreign_process(*options: str) -> Iterator[ForeignProcess]:
    """Run `python -m tests.foreign.server --port 0` with these options until the block ends."""
    command = [sys.executable, "-m", "tests.foreign.server", "--port", "0", *options]
    with subprocess.Popen(command, cwd=_PACKAGE_PATH.parents[1], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            host = process.stdout.readline().strip()
            assert host, f"the foreign server did not start: exit code {process.wait()}"
            yield ForeignProcess(host, process.pid)
        finally:
            process.terminate()
