"""One way to send a sheet, started, killed and measured: the commands that benchmarks/peers.py sets side by side."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from importlib.metadata import version
from pathlib import Path

from openpyxl import Workbook

from benchmarks.fates import Fates, Told, fates, notes, results
from tests.foreign.server import ForeignServer

ROOT = Path(__file__).parents[1]
SCRIPTS = Path(__file__).with_name("peers")
ENVIRONMENTS = ROOT / "build" / "peers"
LIMIT = (25, 5.0)
LONGEST_SECONDS = 1800.0
HEADER = ["Visit ID", "Email", "Visited On", "Project", "Outcome", "Remarks"]


@dataclass(frozen=True)
class Peer:
    """A way to do the job. needs: the name of its list of packages. shows: the package whose version is told."""

    name: str
    needs: str
    shows: str
    command: tuple[str, ...]
    variables: Mapping[str, str] = field(default_factory=dict)

    def python(self) -> Path:
        return ENVIRONMENTS / self.needs / "bin" / "python"


DLT = {"RUNTIME__DLTHUB_TELEMETRY": "false", "RUNTIME__LOG_LEVEL": "WARNING"}
PARALLEL = {"NORMALIZE__DATA_WRITER__FILE_MAX_ITEMS": "25", "LOAD__WORKERS": "8"}
OURS = {"PYTHONPATH": str(ROOT)}  # the code beside this file, wherever the command was installed from
LOOP = ("{python}", "{scripts}/loop.py", "visits.xlsx")
PIPELINE = ("{python}", "{scripts}/dlt_pipeline.py", "visits.xlsx")
RUN = ("{etl}", "run", "visits.xlsx", "-q", "-m")
PEERS = {
    peer.name: peer
    for peer in (
        Peer("loop", "loop", "requests", LOOP),
        Peer("loop-resume", "loop", "requests", (*LOOP, "--resume")),
        Peer("dlt", "dlt", "dlt", PIPELINE, DLT),
        Peer("dlt-parallel", "dlt", "dlt", PIPELINE, DLT | PARALLEL),
        Peer("singer", "singer", "singer-sdk", ("bash", "{scripts}/singer.sh", "visits.xlsx")),
        Peer("etl", "", "etl", (*RUN, "{scripts}/visits.yaml"), OURS),
        Peer("etl-keyless", "", "etl", (*RUN, "{scripts}/keyless.yaml"), OURS),
    )
}


def make_environment(peer: Peer) -> str:
    """Its virtual environment, unless it is there from the same list; the version of what it shows."""
    if not peer.needs:
        return version(peer.shows)
    wanted = SCRIPTS / f"{peer.needs}.requirements.txt"
    made_from = ENVIRONMENTS / peer.needs / hashlib.sha256(wanted.read_bytes()).hexdigest()[:16]
    if not made_from.exists():
        subprocess.run([sys.executable, "-m", "venv", "--clear", str(ENVIRONMENTS / peer.needs)], check=True)
        pip = [str(peer.python()), "-m", "pip", "install", "-qq", "--disable-pip-version-check"]
        subprocess.run([*pip, "--requirement", str(wanted)], check=True)
        made_from.touch()
    pins = dict(line.split("==") for line in wanted.read_text(encoding="utf-8").split())
    return pins[peer.shows]


def write_sheet(path: Path, rows: int) -> list[str]:
    """Visits of a field team; the ids by which they are known."""
    dice = random.Random(rows)
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append(HEADER)
    visits = [f"V-{number:06}" for number in range(1, rows + 1)]
    for number, visit in enumerate(visits):
        visited = datetime(2026, 6, 1, 9) + timedelta(minutes=7 * number)  # noqa: DTZ001 — a sheet's times have no zone
        project = dice.choice(["Lake View", "Green Acres", "Hill Top"])
        outcome = dice.choice(["Interested", "Call back", "Not interested"])
        remarks = "Liked the corner plot, asks for the price list"
        sheet.append([visit, f"lead{number % 700}@example.com", visited, project, outcome, remarks])
    book.save(path)
    return visits


@dataclass(frozen=True)
class Ran:
    """One command from start to end. cpu: seconds, of all its processes. peak: MB of the largest of them."""

    code: int
    seconds: float
    cpu: float
    peak: float


class Job:
    """The sheet in a folder of its own, and a command that sends it to a server."""

    def __init__(self, peer: Peer, home: Path, server: ForeignServer, rows: int) -> None:
        self._peer = peer
        self._home = home
        self._server = server
        self._visits = write_sheet(home / "visits.xlsx", rows)
        words = {"python": peer.python(), "scripts": SCRIPTS, "etl": Path(sys.executable).with_name("etl")}
        self._command = [part.format(**words) for part in peer.command]
        limit = f"{LIMIT[0]}/{LIMIT[1]:g}"
        self._environment = {
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "NO_PROXY": "127.0.0.1",
            "PYTHON": str(peer.python()),
            "DLT_DATA_DIR": str(home / ".dlt"),
            "LSQ_HOST": server.host,
            "LSQ_ACCESS_KEY": server.behaviour.access_key,
            "LSQ_SECRET_KEY": server.behaviour.secret_key,
            "LSQ_LIMIT": limit,
            "LSQ_BULK_LIMIT": limit,
            "ETL_LEDGER": str(home / "ledger.db"),
            **peer.variables,
        }

    def start(self) -> subprocess.Popen[bytes]:
        """The command in a process group of its own; what it prints is kept beside the sheet."""
        with (self._home / "output.txt").open("ab") as output:
            return subprocess.Popen(
                self._command,
                cwd=self._home,
                env=self._environment,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def finish(self) -> Ran:
        """Run it to its end."""
        began = time.monotonic()
        process = self.start()
        while True:
            ended, status, used = os.wait4(process.pid, os.WNOHANG)
            took = time.monotonic() - began
            if ended:
                break
            if took > LONGEST_SECONDS:
                os.killpg(process.pid, signal.SIGKILL)
            time.sleep(0.01)
        process.returncode = os.waitstatus_to_exitcode(status)
        return Ran(process.returncode, took, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)

    def start_and_kill(self, moment: float) -> bool:
        """Kill it so many seconds after half of the rows are stored. False when it was over before."""
        process = self.start()
        while len(self._server.activities) < len(self._visits) / 2:
            if process.poll() is not None:
                return False
            time.sleep(0.01)
        time.sleep(moment)
        is_early = process.poll() is None
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return is_early

    def fates(self) -> Fates:
        stored: dict[str, list[str]] = {}
        for activity in self._server.activities:
            stored.setdefault(activity.fields["mx_Custom_1"], []).append(activity.activity_id)
        return fates(self._visits, stored, self._told())

    def _told(self) -> Told:
        if self._peer.needs:
            return notes(self._home / "answered.csv")
        return results(self._home / "visits.results.xlsx", HEADER[0])
