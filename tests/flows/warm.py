"""Commands from a process that has loaded everything `etl` is made of, and forks for each: real processes without their long
start. Most commands of the flows run here. Those that are killed, stopped or run under other conditions are started from cold.

One process loads for the whole session, however many workers pytest has (`tests.flows.loaded`); each worker has a fork of it
at its service, to which it talks over a socket, a line for a line.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ROOT = Path(__file__).resolve().parents[2]
_BETWEEN_LOOKS_SECONDS = 0.02
_PATIENCE_SECONDS = 100.0
"""For what takes no time but the start of the process that loads."""


@dataclass
class Started:
    """A command that may still run, as `subprocess.Popen` has it. returncode: None as long as it has not been seen to end."""

    _warm: WarmStart
    pid: int
    _streams: tuple[Path, Path]
    returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            self.returncode = self._warm.end_of(self.pid)
        return self.returncode

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def said(self) -> str:
        """What it has written on stderr so far."""
        return self._streams[1].read_text("utf-8")

    def communicate(self, timeout: float) -> tuple[str, str]:
        """Wait for its end; what it wrote. Raises: TimeoutError."""
        deadline = time.monotonic() + timeout
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise TimeoutError(f"a command did not end within {timeout} s")
            time.sleep(_BETWEEN_LOOKS_SECONDS)
        out, err = (stream.read_text("utf-8") for stream in self._streams)
        return out, err


@dataclass
class WarmStart:
    """Runs commands, to their end or not. Raises: TimeoutError — a command did not end in time; it was killed.

    folder: common to all who are to share what is loaded. watched: the process with whose end that process goes, too.
    """

    folder: Path
    watched: int
    _connection: socket.socket | None = None
    _answers: TextIO | None = None

    def run(
        self,
        command: Sequence[str],
        folder: Path,
        environ: Mapping[str, str],
        streams: tuple[Path, Path],
        seconds: float,
    ) -> int:
        """Run a command to its end and give its exit code. streams: the files that stdout and stderr become."""
        started = self.start(command, folder, environ, streams)
        self._ask({"pid": started.pid, "until_its_end": True})
        try:
            return int(self._answer(seconds))
        except TimeoutError:
            os.kill(started.pid, signal.SIGKILL)
            self._answer(seconds)
            raise

    def start(
        self, command: Sequence[str], folder: Path, environ: Mapping[str, str], streams: tuple[Path, Path]
    ) -> Started:
        """Start a command and do not wait for it."""
        order = {"command": command, "folder": str(folder), "environ": environ, "streams": [*map(str, streams)]}
        self._ask(order)
        return Started(self, int(self._answer(_PATIENCE_SECONDS)), streams)

    def end_of(self, pid: int) -> int | None:
        """The exit code of a command that was started, None while it runs."""
        self._ask({"pid": pid, "until_its_end": False})
        answer = self._answer(_PATIENCE_SECONDS)
        return int(answer) if answer.strip() else None

    def close(self) -> None:
        """Need it no longer: the fork that was at service goes."""
        if self._connection is not None and self._answers is not None:
            self._answers.close()
            self._connection.close()
            self._connection = self._answers = None

    def _ask(self, order: Mapping[str, Any]) -> None:
        if self._connection is None:
            self._connection = _connected(self.folder, self.watched)
            self._answers = self._connection.makefile("r", encoding="utf-8")
        self._connection.sendall(f"{json.dumps(order)}\n".encode())

    def _answer(self, seconds: float) -> str:
        assert self._connection is not None
        assert self._answers is not None
        ready, _, _ = select.select([self._connection], [], [], seconds)
        if not ready:
            raise TimeoutError(f"a command did not end within {seconds} s")
        line = self._answers.readline()
        assert line, "the warm process has ended"
        return line


def _connected(folder: Path, watched: int) -> socket.socket:
    """A connection to the process that has loaded; whoever needs one first starts it."""
    from filelock import FileLock  # noqa: PLC0415 — loads asyncio, in each worker of tests

    door = folder / "warm.sock"
    with FileLock(folder / "warm.lock"):
        if not door.exists():
            command = [sys.executable, "-m", "tests.flows.loaded", str(door), str(watched)]
            process = subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            deadline = time.monotonic() + _PATIENCE_SECONDS
            while not door.exists():
                assert process.poll() is None, "the process that loads everything has died"
                assert time.monotonic() < deadline, "not everything was loaded in time"
                time.sleep(_BETWEEN_LOOKS_SECONDS)
            process.returncode = 0  # it goes by itself: nobody here waits for it
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(str(door))
    return connection
