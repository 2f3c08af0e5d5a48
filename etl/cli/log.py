"""The log file: a line of time and words for what was said, and the traceback of a defect."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from etl.clock import Clock


@dataclass
class Log:
    """Appends to a file that only its owner may read.

    path: changed by `--log`. keeps_talk: whether what is said on the way is written too, as `--log` asks; tracebacks
    always are.
    """

    path: Path
    clock: Clock
    keeps_talk: bool = False

    def say(self, text: str) -> None:
        """Note one thing that was said on the way. A log that cannot be written must not stop an import."""
        if self.keeps_talk:
            self.append(text)

    def append(self, text: str) -> bool:
        """Write a text behind the time; whether that worked."""
        line = f"{self.clock.now():%Y-%m-%dT%H:%M:%SZ} {text.rstrip()}\n"
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            descriptor = os.open(self.path, os.O_APPEND | os.O_CREAT | os.O_WRONLY, 0o600)
            with os.fdopen(descriptor, "a", encoding="utf-8", errors="backslashreplace") as file:
                file.write(line)
        except OSError:
            return False
        return True
