"""The log file: a line of time and words for what was said, and the traceback of a defect.

Several processes may write to one file. Each line opens the file anew and is appended in one write, so that whoever else
has renamed it (another `etl`, logrotate) takes nothing away; the standard library's rotating handler would lose lines then.
"""

from __future__ import annotations

import json
import os
import stat
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from etl.clock import Clock

SCHEMA_VERSION = 1
MOST_BYTES = 10_000_000
KEPT = 5
"""Full files that are kept beside the one that is written: `etl.log.1` is the youngest."""


class Subject(NamedTuple):
    """What a line of JSON is about. chunk: by the number of its request, as `etl runs` and the ledger have it."""

    run: int | None = None
    input: str | None = None
    chunk: int | None = None


class About(threading.local):
    """What is spoken of in this thread."""

    subject = Subject()


@dataclass(slots=True)
class _Telling:
    """A block that is about something; behind it, it is about what it was before. There are three for each request."""

    about: About
    subject: Subject

    def __enter__(self) -> None:
        self.about.subject, self.subject = self.subject, self.about.subject

    def __exit__(self, *_: object) -> None:
        self.about.subject = self.subject


@dataclass
class Log:
    """Appends to a file that only its owner may read.

    path: changed by `--log-file`. keeps_talk: whether what is said on the way is written too, as that option asks;
    tracebacks always are. is_json: each line is an object, as `--log-json` asks. most_bytes: the file is set aside then.
    accounts: of the runs of this command, as far as they are known.
    """

    path: Path
    clock: Clock
    keeps_talk: bool = False
    is_json: bool = False
    most_bytes: int = MOST_BYTES
    about: About = field(default_factory=About)
    accounts: dict[int, str | None] = field(default_factory=dict)

    def say(self, text: str, level: str = "info") -> None:
        """Note one thing that was said on the way. A log that cannot be written must not stop an import."""
        if self.keeps_talk:
            self.append(text, level)

    def append(self, text: str, level: str = "info") -> bool:
        """Write a text behind the time; whether that worked."""
        line = (
            self._as_json(text, level) if self.is_json else f"{self.clock.now():%Y-%m-%dT%H:%M:%SZ} {text.rstrip()}\n"
        )
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            if self._is_full():
                self._set_aside()
            descriptor = os.open(self.path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "ab", buffering=0) as file:
                file.write(line.encode("utf-8", errors="backslashreplace"))
        except OSError:
            return False
        return True

    def telling_of(
        self, run: int | None, input_: str | None = None, chunk: int | None = None
    ) -> AbstractContextManager[None]:
        """What is said in the block is about this."""
        return _Telling(self.about, Subject(run, input_, chunk))

    def _as_json(self, text: str, level: str) -> str:
        about, accounts = self.about.subject, set(self.accounts.values())
        run = about.run
        if run is None and about.input is None and len(self.accounts) == 1:  # the command has but one: it is meant
            run = next(iter(self.accounts))
        members = {
            "schema_version": SCHEMA_VERSION,
            "at": self.clock.now().isoformat(timespec="milliseconds"),
            "pid": os.getpid(),
            "level": level,
            "run": run,
            "account": self.accounts.get(run or 0) or (next(iter(accounts)) if len(accounts) == 1 else None),
            "input": about.input,
            "chunk": about.chunk,
            "text": text.rstrip(),
        }
        return json.dumps(members, ensure_ascii=False) + "\n"

    def _is_full(self) -> bool:
        """Whether the file has had its bytes; what is no plain file (a pipe, /dev/stderr) never has."""
        try:
            found = self.path.stat()
        except FileNotFoundError:
            return False
        return stat.S_ISREG(found.st_mode) and found.st_size >= self.most_bytes

    def _set_aside(self) -> None:
        """Rename the full file, one process at a time; who finds the lock taken writes on, into whichever file it is."""
        from filelock import FileLock, Timeout  # noqa: PLC0415 — once in ten megabytes

        with suppress(OSError, Timeout), FileLock(self._named("lock"), timeout=0):
            if not self._is_full():  # another process was quicker
                return
            for number in range(KEPT - 1, 0, -1):
                older = self._named(str(number))
                if older.exists():
                    older.replace(self._named(str(number + 1)))
            self.path.replace(self._named("1"))

    def _named(self, ending: str) -> Path:
        return self.path.with_name(f"{self.path.name}.{ending}")
