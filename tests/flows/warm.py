"""A process that has loaded everything `etl` is made of, and forks for each command: real processes without their long start.

Most commands of the flows run here. Those that are killed, stopped or run under other conditions are started from cold.
"""

from __future__ import annotations

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
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import ModuleType

_ROOT = Path(__file__).resolve().parents[2]


@dataclass
class WarmStart:
    """Runs one command at a time. Raises: TimeoutError — a command did not end in time; it was killed."""

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
        process = self._started()
        assert process.stdin is not None
        order = {"command": command, "folder": str(folder), "environ": environ, "streams": [*map(str, streams)]}
        process.stdin.write(f"{json.dumps(order)}\n")
        process.stdin.flush()
        pid = int(self._line(process, seconds))
        try:
            return int(self._line(process, seconds))
        except TimeoutError:
            os.kill(pid, signal.SIGKILL)
            self._line(process, seconds)
            raise

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
    gc.freeze()
    return package


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


def main() -> None:
    """Fork for each line of stdin; tell the child's number and then its exit code. A child leaves by the program's own end."""
    etl = _load()
    wishes, answers = os.fdopen(os.dup(0), encoding="utf-8"), os.fdopen(os.dup(1), "w", encoding="utf-8")
    for line in iter(wishes.readline, ""):
        child = os.fork()
        if child == 0:
            wishes.close()
            answers.close()
            _become(json.loads(line))
            sys.exit(etl.cli.main.main())
        answers.write(f"{child}\n")
        answers.flush()
        _, status = os.waitpid(child, 0)
        answers.write(f"{os.waitstatus_to_exitcode(status)}\n")
        answers.flush()


if __name__ == "__main__":
    main()
