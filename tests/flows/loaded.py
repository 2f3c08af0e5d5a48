"""The process that has loaded everything `etl` is made of: `python -m tests.flows.loaded SOCKET WATCHED`.

It forks for each worker of tests that comes to its socket, and that fork again for each command that is asked of it. It goes
when the watched process or SOCKET has gone, a fork when nobody talks to it any more. `tests.flows.warm` is how one talks to it.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import json
import os
import pkgutil
import socket
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from tests.compiled import compile_once

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import ModuleType

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

_LOOK_SECONDS = 0.5
"""Between two looks whether the watched process is there."""


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


def _serve(etl: ModuleType, connection: socket.socket) -> None:
    """Fork for each command that is asked for and tell the child's number; tell a child's exit code to whoever asks for it."""
    wishes, answers = connection.makefile("r", encoding="utf-8"), connection.makefile("w", encoding="utf-8")
    for line in iter(wishes.readline, ""):
        order = json.loads(line)
        if "pid" in order:
            ended, status = os.waitpid(order["pid"], 0 if order["until_its_end"] else os.WNOHANG)
            answer = str(os.waitstatus_to_exitcode(status)) if ended else ""
        else:
            child = os.fork()
            if child == 0:
                for end in (wishes, answers, connection):
                    end.close()
                _become(order)
                _leave(etl.cli.main.main())
            answer = str(child)
        answers.write(f"{answer}\n")
        answers.flush()


def _is_there(process: psutil.Process) -> bool:
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE


def main() -> None:
    """Load, then fork for each who comes, until the watched process or the path of the socket is gone."""
    path, watched = Path(sys.argv[1]), psutil.Process(int(sys.argv[2]))
    etl = _load()
    with socket.socket(socket.AF_UNIX) as door:
        door.settimeout(_LOOK_SECONDS)
        draft = path.with_suffix(".draft")  # whoever sees the path may come at once
        door.bind(str(draft))
        door.listen()
        draft.rename(path)
        while path.exists() and _is_there(watched):
            with suppress(ChildProcessError):
                os.waitpid(-1, os.WNOHANG)
            with suppress(TimeoutError):
                connection, _ = door.accept()
                if os.fork() == 0:
                    door.close()
                    _serve(etl, connection)
                    os._exit(0)
                connection.close()


if __name__ == "__main__":
    with suppress(psutil.NoSuchProcess):
        main()
