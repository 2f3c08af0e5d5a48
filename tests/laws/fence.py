"""Files read behind a fence: a process for each, with a bound on its memory and on its time, so that harm is seen and not done.

`python -m tests.laws.fence MEGABYTES SECONDS` reads lines of JSON (a path, and the rules it is opened by) from stdin and
tells for each, as a line of JSON, what came of it. It loads everything once and forks for each file.
"""

from __future__ import annotations

import json
import os
import re
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from etl.errors import EtlError, SourceError, UsageError
from etl.mapping.load import load_mapping
from etl.reader import InputRules, open_input, sheets_of

ROOT = Path(__file__).resolve().parents[2]
ROWS = "rows"
REFUSALS = (SourceError.__name__, UsageError.__name__)


@dataclass(frozen=True)
class Told:
    """What came of a file. kind: `rows`, or the name of what was raised, or the signal that ended the process.

    megabytes: how much its memory grew at most. seconds: of CPU.
    """

    kind: str
    words: str
    megabytes: float
    seconds: float

    @property
    def is_lawful(self) -> bool:
        """Whether it gave rows or was refused; anything else is a defect of the reader."""
        return self.kind == ROWS or self.kind in REFUSALS


def read(path: Path, rules: dict[str, Any]) -> int:
    """How many rows there are in a file. A mapping has none."""
    if path.suffix in (".yaml", ".yml"):
        load_mapping(path)
        return 0
    sheets_of(path)
    with open_input(path, InputRules(**rules)) as opened:
        return sum(len(block.frame) for block in opened.blocks())


def told_of(path: Path, rules: dict[str, Any]) -> Told:
    """What comes of a file in this very process."""
    started, before = time.process_time(), _status("VmRSS")
    kind, words = ROWS, ""
    try:
        words = str(read(path, rules))
    except BaseException as error:  # noqa: BLE001 - whatever it is, it is told
        findings = error.findings if isinstance(error, EtlError) else ()
        refusal = next((base for base in (SourceError, UsageError) if isinstance(error, base)), type(error))
        kind, words = refusal.__name__, " ".join([str(error), *(finding.problem.error for finding in findings)])
    return Told(kind, words, (_status("VmHWM") - before) / 1024, time.process_time() - started)


def behind_the_fence(files: Iterable[tuple[Path, dict[str, Any]]], megabytes: int, seconds: int) -> list[Told]:
    """What comes of each file in a process of its own that may grow by `megabytes` and compute for `seconds`."""
    command = [sys.executable, "-m", "tests.laws.fence", str(megabytes), str(seconds)]
    orders = "".join(f"{json.dumps([str(path), rules])}\n" for path, rules in files)
    done = subprocess.run(
        command, cwd=ROOT, input=orders, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=True
    )
    return [Told(**json.loads(line)) for line in done.stdout.splitlines()]


def _status(field: str) -> int:
    """A figure of this process in kilobytes (proc(5))."""
    return int(re.search(rf"{field}:\s+(\d+)", Path("/proc/self/status").read_text("ascii"))[1])  # type: ignore[index]


def _fork_for(path: Path, rules: dict[str, Any], megabytes: int, seconds: int) -> Told:
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        most = (_status("VmSize") << 10) + (megabytes << 20)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds + 1))
        told = told_of(path, rules)
        os.write(theirs, json.dumps(asdict(told)).encode()[:60_000])
        os._exit(0)
    os.close(theirs)
    with os.fdopen(ours, "rb") as answer:
        line = answer.read()
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if line:
        return Told(**json.loads(line))
    return Told(signal.Signals(-status).name if status < 0 else f"exit {status}", "", 0.0, float(seconds))


def main() -> None:
    """Read the orders, tell what came of each file."""
    megabytes, seconds = map(int, sys.argv[1:])
    for line in sys.stdin:
        path, rules = json.loads(line)
        print(json.dumps(asdict(_fork_for(Path(path), rules, megabytes, seconds))), flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
