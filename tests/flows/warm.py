"""A process that has loaded everything `etl` is made of, and forks for each command: real processes without their long start.

Most commands of the flows run here. Those that are killed, stopped or run under other conditions are started from cold.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import json
import os
import pkgutil
import select
import signal
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.compiled import compile_once

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

_ROOT = Path(__file__).resolve().parents[2]
_LATE = (
    "charset_normalizer",
    "filelock",
    "jinja2",
    "psutil",
    "rapidfuzz.process",
    "rich.progress",
    "rich.table",
    "s3fs",
)
"""What the package imports where it is needed, and most commands need."""

_MAPPING = """\
version: 1
name: warm
operation: add-by-lead-field
search_by: EmailAddress
input: {time_zone: Asia/Kolkata}
activity: {event: 320}
columns: {Email: SearchByValue, Visited On: {to: ActivityDateTime, format: "%d/%m/%Y %H:%M"}}
"""
_SHEET = "Email,Visited On\nasha@example.com,01/06/2026 08:00\n"


_BETWEEN_LOOKS_SECONDS = 0.02
_PATIENCE_SECONDS = 100.0
"""For what takes no time but the start of the warm process."""


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
    """Runs commands, to their end or not. Raises: TimeoutError — a command did not end in time; it was killed."""

    _process: subprocess.Popen[str] | None = None

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
        process = self._asked({"pid": started.pid, "until_its_end": True})
        try:
            return int(self._line(process, seconds))
        except TimeoutError:
            os.kill(started.pid, signal.SIGKILL)
            self._line(process, seconds)
            raise

    def start(
        self, command: Sequence[str], folder: Path, environ: Mapping[str, str], streams: tuple[Path, Path]
    ) -> Started:
        """Start a command and do not wait for it."""
        order = {"command": command, "folder": str(folder), "environ": environ, "streams": [*map(str, streams)]}
        return Started(self, int(self._line(self._asked(order), _PATIENCE_SECONDS)), streams)

    def end_of(self, pid: int) -> int | None:
        """The exit code of a command that was started, None while it runs."""
        line = self._line(self._asked({"pid": pid, "until_its_end": False}), _PATIENCE_SECONDS)
        return int(line) if line.strip() else None

    def _asked(self, order: Mapping[str, Any]) -> subprocess.Popen[str]:
        process = self._started()
        assert process.stdin is not None
        process.stdin.write(f"{json.dumps(order)}\n")
        process.stdin.flush()
        return process

    def _started(self) -> subprocess.Popen[str]:
        if self._process is None:
            command = [sys.executable, "-m", "tests.flows.warm"]
            self._process = subprocess.Popen(
                command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
            )
        return self._process

    @staticmethod
    def _line(process: subprocess.Popen[str], seconds: float) -> str:
        assert process.stdout is not None
        ready, _, _ = select.select([process.stdout], [], [], seconds)
        if not ready:
            raise TimeoutError(f"a command did not end within {seconds} s")
        line = process.stdout.readline()
        assert line, "the warm process has ended"
        return line

    def close(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.communicate()
            self._process = None


def _load() -> ModuleType:
    """The package, all of it."""
    package = importlib.import_module("etl")
    for module in pkgutil.walk_packages(package.__path__, "etl."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    for name in _LATE:
        importlib.import_module(name)
    compile_once()
    _practise()
    gc.freeze()
    return package


def _practise() -> None:
    """Import one row into the embedded simulator: what is made at the first use of a library is made once."""
    events, pipeline, settings = (importlib.import_module(f"etl.{name}") for name in ("events", "pipeline", "settings"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mapping, sheet = folder / "warm.yaml", folder / "warm.csv"
        mapping.write_text(_MAPPING, encoding="utf-8")
        sheet.write_text(_SHEET, encoding="utf-8")
        nobody = settings.Settings(None, f"sqlite:///{folder / 'ledger.db'}", folder / "ledger_files")
        pipeline.run(nobody, [sheet], mapping, options=events.RunOptions(rehearse=True))
    assert threading.active_count() == 1, "a fork has no other threads"


def _become(order: Mapping[str, Any]) -> None:
    """Turn this fresh fork into what the shell would have started."""
    os.environ.clear()
    os.environ.update(order["environ"])
    time.tzset()
    os.chdir(order["folder"])
    sys.argv[:] = order["command"]
    written = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    for target, (path, flags) in enumerate(
        [(os.devnull, os.O_RDONLY), *((path, written) for path in order["streams"])]
    ):
        opened = os.open(path, flags)
        os.dup2(opened, target)
        os.close(opened)
    sys.stdin = io.TextIOWrapper(os.fdopen(0, "rb", closefd=False), encoding="utf-8")
    sys.stdout = io.TextIOWrapper(os.fdopen(1, "wb", closefd=False), encoding="utf-8", errors="surrogateescape")
    sys.stderr = io.TextIOWrapper(
        os.fdopen(2, "wb", 0, closefd=False), encoding="utf-8", errors="backslashreplace", write_through=True
    )


def _leave(code: int) -> None:
    """End this fork as an interpreter ends, but for taking all modules apart, which costs more than most commands."""
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)


def main() -> None:
    """Fork for each command on stdin and tell the child's number; tell a child's exit code to whoever asks for it."""
    etl = _load()
    wishes, answers = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    for line in iter(wishes.readline, ""):
        order = json.loads(line)
        if "pid" in order:
            ended, status = os.waitpid(order["pid"], 0 if order["until_its_end"] else os.WNOHANG)
            answer = str(os.waitstatus_to_exitcode(status)) if ended else ""
        else:
            child = os.fork()
            if child == 0:
                wishes.close()
                answers.close()
                _become(order)
                _leave(etl.cli.main.main())
            answer = str(child)
        answers.write(f"{answer}\n")
        answers.flush()


if __name__ == "__main__":
    main()
