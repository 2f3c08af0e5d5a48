"""A heartbeat file: written at the start, regularly while a command is at work, and at its end with the exit code.

    {"schema_version": 1, "state": "running", "command": "etl run", "pid": 4711, "began_at": "…", "at": "…",
     "last_event_at": "…", "exit_code": null}

An old `at` means that the process is gone or cannot write any more; an old `last_event_at` beside a young `at`, that it
lives and does not get on. The file's own time says the same as `at`.
"""

from __future__ import annotations

import json
from threading import Event, Lock, Thread
from typing import TYPE_CHECKING

from etl.signs.whole_file import put

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from etl.clock import Clock

SCHEMA_VERSION = 1
BEAT_SECONDS = 15.0


class Heartbeat:
    """Beats in a thread of its own from `begin` to `end`. A beat that cannot be written is noted in `problem`."""

    def __init__(self, path: Path, clock: Clock, command: str, pid: int, beat_seconds: float = BEAT_SECONDS) -> None:
        self._path = path
        self._clock = clock
        self._command = command
        self._pid = pid
        self._beat_seconds = beat_seconds
        self._began = self._last_event = clock.now()
        self._over = Event()
        self._lock = Lock()
        self.problem: str | None = None

    def begin(self) -> None:
        """The first beat.

        Raises: OSError — the file cannot be written.
        """
        put(self._path, self._text("running", None))
        Thread(target=self._beat, name="heartbeat", daemon=True).start()

    def event(self) -> None:
        """Something has happened: the command gets on."""
        self._last_event = self._clock.now()

    def end(self, exit_code: int) -> None:
        """The last beat."""
        self._over.set()
        self._write("ended", exit_code)

    def _beat(self) -> None:
        while not self._over.wait(self._beat_seconds):
            self._write("running", None)

    def _write(self, state: str, exit_code: int | None) -> None:
        with self._lock:
            if exit_code is None and self._over.is_set():
                return  # the end was written meanwhile, and stays
            try:
                put(self._path, self._text(state, exit_code))
                self.problem = None
            except OSError as error:
                self.problem = f"--heartbeat {self._path}: the file cannot be written: {error.strerror}."

    def _text(self, state: str, exit_code: int | None) -> str:
        members = {
            "schema_version": SCHEMA_VERSION,
            "state": state,
            "command": self._command,
            "pid": self._pid,
            "began_at": _moment(self._began),
            "at": _moment(self._clock.now()),
            "last_event_at": _moment(self._last_event),
            "exit_code": exit_code,
        }
        return json.dumps(members) + "\n"


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="seconds")
