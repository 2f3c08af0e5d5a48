"""The commands of a page, carried out: each console block of a page in order, in one folder, against one simulator.

What a page leaves to the reader is added here: the host of the account that is set up (the simulator's), quick limits so that
nobody waits, and between blocks what a person does by hand (`<!-- hidden: … -->`).
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from etl.simulator import RateLimit, SimulatorOptions
from etl.simulator.server import EmbeddedSimulator

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.flows.warm import WarmStart

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$|^<!-- hidden: (.+?) -->$", re.MULTILINE | re.DOTALL)
_PORT = "8765"
_SECONDS = 100


@dataclass(frozen=True, slots=True)
class Typed:
    """A command and what the page shows below it; shown is None for what is done behind the page."""

    command: str
    shown: str | None


def blocks(page: Path, *languages: str) -> list[str]:
    """The fenced blocks of a page in one of these languages."""
    found = _BLOCK.findall(page.read_text(encoding="utf-8"))
    return [text for language, text, _ in found if language in languages]


def typed_on(page: Path) -> Iterator[Typed]:
    """The commands of the console blocks of a page, in order."""
    for language, text, hidden in _BLOCK.findall(page.read_text(encoding="utf-8")):
        if hidden:
            yield Typed(hidden, None)
        if language == "console":
            for part in re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]:
                command, _, shown = part.partition("\n")
                yield Typed(command, shown)


def as_pattern(shown: str) -> re.Pattern[str]:
    """The output as it is shown; … stands for anything."""
    return re.compile(".*".join(re.escape(part) for part in shown.strip().split("…")), re.DOTALL)


def furnish(folder: Path) -> None:
    """A folder as the pages assume it: the example mappings and samples, and a sheet called visits.xlsx."""
    shutil.copytree(ROOT / "mappings", folder / "mappings")
    shutil.copytree(ROOT / "sample_data", folder / "sample_data", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / "sample_data" / "site_visits.xlsx", folder / "visits.xlsx")
    shutil.copyfile(Path(__file__).with_name("correct.py"), folder / "correct.py")


@dataclass
class Console:
    """A shell in `folder`. said: what the last command wrote, both streams; code: how it ended."""

    folder: Path
    warm: WarmStart
    said: str = ""
    code: int = 0
    environ: dict[str, str] = field(default_factory=dict)
    _stack: ExitStack = field(default_factory=ExitStack)
    _simulator: EmbeddedSimulator | None = None

    def __post_init__(self) -> None:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.defpath])
        home = {"HOME": str(self.folder), "XDG_STATE_HOME": str(self.folder / "state")}
        self.environ = {"PATH": path, "LANG": "C.UTF-8", "XDG_CONFIG_HOME": str(self.folder / "config")} | home

    @property
    def simulator(self) -> EmbeddedSimulator:
        """The LeadSquared of the page."""
        if self._simulator is None:
            options = SimulatorOptions(limit=RateLimit(25, 1), bulk_limit=RateLimit(25, 1))
            self._simulator = self._stack.enter_context(EmbeddedSimulator(options))
        return self._simulator

    def type(self, command: str) -> None:
        """Carry out one line."""
        words = shlex.split(command, comments=True)
        if words[:1] == ["export"]:
            self.environ |= dict(self._here(word).split("=", 1) for word in words[1:])
            self.said, self.code = "", 0
        elif words[:2] == ["etl", "simulator"]:
            self.said, self.code = (
                f"http://127.0.0.1:{_PORT}\nTo import into it: …",
                0,
            )  # the real one has tests of its own
            assert self.simulator is not None
        elif words[:1] == ["etl"] and ">" not in words and "|" not in words:
            self._etl([self._here(word) for word in words])
        else:
            self._other(command)

    def _etl(self, words: list[str]) -> None:
        if words[1:3] == ["accounts", "add"] and "--host" not in words:
            words += ["--host", self.simulator.url]
        streams = (self.folder / "config" / "said", self.folder / "config" / "told")
        streams[0].parent.mkdir(exist_ok=True)
        environ = {"LSQ_LIMIT": "25/1", "LSQ_BULK_LIMIT": "25/1"} if "LSQ_HOST" in self.environ else {}
        self.code = self.warm.run(words, self.folder, self.environ | environ, streams, _SECONDS)
        self.said = "".join(stream.read_text(encoding="utf-8") for stream in reversed(streams))
        if words[1:3] == ["accounts", "add"]:
            with (self.folder / "config" / "etl" / "etl.toml").open("a", encoding="utf-8") as settings:
                settings.write('limit = "25/1"\nbulk_limit = "25/1"\n')

    def _other(self, command: str) -> None:
        done = subprocess.run(
            ["bash", "-c", f"exec 2>&1\n{command}"],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
        self.said, self.code = done.stdout, done.returncode

    def _here(self, word: str) -> str:
        return word.replace(f"http://127.0.0.1:{_PORT}", self.simulator.url) if _PORT in word else word

    def close(self) -> None:
        """End the simulator."""
        self._stack.close()
