"""A person's desk: a folder with a mapping and sheets, an account in the environment, and the real command."""

from __future__ import annotations

import itertools
import os
import re
import sqlite3
import subprocess
import sys
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl import pipeline
from etl.settings import Directories, load_settings
from tests.flows.sheets import MAPPING, VISIT_FIELD
from tests.flows.warm import Started, WarmStart

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tests.foreign.account import RequestRecord
    from tests.foreign.server import ForeignServer

ETL = Path(sys.executable).with_name("etl")
COMMAND_SECONDS = 240
"""No command of these tests may take longer."""

KEYS = {"access_key": "AK$flow/access+key", "secret_key": "SK&flow%secret=key"}
"""With signs that shells and addresses treat specially: a key may hold them (LeadSquared API)."""

QUICK = {"LSQ_LIMIT": "25/1", "LSQ_BULK_LIMIT": "25/1", "LSQ_VISIBILITY_WAIT": "1", "LSQ_LATE_WAIT": "2"}
"""The account's limits in a fifth of the time, and short waits: these servers show at once what they hold."""


ADDING = "/Bulk/CustomActivity/Add/"
"""What the path of every request with rows has in it; LeadSquared answers longer questions by POST too."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended: the exit code that the shell sees, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def said(self) -> str:
        return self.out + self.err

    def counts(self) -> dict[str, int]:
        """The one equation that was printed, as outcome → rows, only those that occur; checked to add up."""
        (equation,) = re.findall(r"^ *([\d,]+) data rows = (.+)$", self.out, re.MULTILINE)
        counts = {
            name: int(number.replace(",", ""))
            for number, name in re.findall(r"([\d,]+) ([a-z ]+?)(?: \+|$)", equation[1])
        }
        assert int(equation[0].replace(",", "")) == sum(counts.values()), equation
        return {name: number for name, number in counts.items() if number}


@dataclass
class Desk:
    """Types commands in `folder`. environ is all that the commands see of the world outside."""

    home: Path
    warm: WarmStart
    environ: dict[str, str] = field(default_factory=dict)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.folder.mkdir()
        self.mapping(MAPPING)
        self.environ = {
            "HOME": str(self.home),
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_STATE_HOME": str(self.home / "state"),
            "ETL_LEDGER": str(self.ledger),
        }

    @property
    def folder(self) -> Path:
        return self.home / "work"

    @property
    def ledger(self) -> Path:
        return self.home / "ledger" / "ledger.db"

    def share(self, url: str) -> None:
        """From here on the ledger is in a PostgreSQL database."""
        self.environ["ETL_LEDGER"] = url

    def mapping(self, text: str) -> None:
        """Write `visits.yaml`."""
        (self.folder / "visits.yaml").write_text(text, encoding="utf-8")

    def use(self, host: str, **limits: str) -> None:
        """Set the account: the server at `host` with the keys of these tests."""
        keys = {"LSQ_ACCESS_KEY": KEYS["access_key"], "LSQ_SECRET_KEY": KEYS["secret_key"]}
        self.environ |= {"LSQ_HOST": host} | keys | QUICK | limits

    def etl(self, *arguments: str | Path, **environ: str) -> Ended:
        """Run `etl` with these arguments to its end. environ: variables for this command only, "" to leave one out."""
        streams = (self.home / "stdout.txt", self.home / "stderr.txt")
        command = [str(ETL), *map(str, arguments)]
        code = self.warm.run(command, self.folder, self._world(environ), streams, COMMAND_SECONDS)
        return Ended(code, *(stream.read_text("utf-8") for stream in streams))

    def run(self, *arguments: str | Path, **environ: str) -> Ended:
        """`etl run` with the mapping `visits.yaml`."""
        return self.etl("run", "-m", "visits.yaml", *arguments, **environ)

    def has_run(self, *files: Path) -> None:
        """What happened earlier: the same import, from within this process, so that a test need not wait for a command."""
        self.has_run_with(self.folder / "visits.yaml", *files)

    def has_run_with(self, mapping: Path, *files: Path) -> None:
        """The same through another mapping."""
        directories = Directories(config=self.home / "config", state=self.home / "state")
        settings = load_settings(self.environ, self.folder, directories=directories)
        pipeline.run(settings, files, mapping)

    def start_warm(self, *arguments: str | Path, **environ: str) -> Started:
        """Start a command without its long start, and do not wait for it. Its own files take what it writes."""
        number = next(self._numbers)
        streams = (self.home / f"stdout{number}.txt", self.home / f"stderr{number}.txt")
        return self.warm.start([str(ETL), *map(str, arguments)], self.folder, self._world(environ), streams)

    def start(self, *arguments: str | Path, in_front: Sequence[str] = (), **environ: str) -> subprocess.Popen[str]:
        """Start a command from cold and do not wait for it. in_front: a program that starts it under other conditions."""
        return subprocess.Popen(
            [*in_front, str(ETL), *map(str, arguments)],
            cwd=self.folder,
            env=self._world(environ),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def _world(self, environ: Mapping[str, str]) -> dict[str, str]:
        return {name: value for name, value in (self.environ | environ).items() if value}

    @staticmethod
    def end_of(process: subprocess.Popen[str] | Started) -> Ended:
        """Wait for the end of a command that was started."""
        try:
            out, err = process.communicate(timeout=COMMAND_SECONDS)
        finally:
            process.kill()  # nothing when it has ended
        assert process.returncode is not None
        return Ended(process.returncode, out, err)

    def ask_ledger(self, query: str) -> list[tuple[Any, ...]]:
        """What the ledger holds, read without writing. Raises: sqlite3.OperationalError — it is being made still."""
        if self.environ["ETL_LEDGER"].startswith("postgresql"):
            return _ask_postgresql(self.environ["ETL_LEDGER"], query)
        with closing(sqlite3.connect(f"file:{self.ledger}?mode=ro", uri=True)) as connection:
            return connection.execute(query).fetchall()

    def bytes_of_all_files(self) -> dict[Path, bytes]:
        """Every file that was written at home: sheets, results, ledger, kept copies, log."""
        return {path: path.read_bytes() for path in self.home.rglob("*") if path.is_file()}


def _ask_postgresql(url: str, query: str) -> list[tuple[Any, ...]]:
    import psycopg  # noqa: PLC0415 — only where there is a PostgreSQL

    address = url.replace("+psycopg", "").replace("etl_lease_seconds", "application_name")  # ours, and none of libpq's
    try:
        with psycopg.connect(address, autocommit=True) as connection:
            return connection.execute(query.encode()).fetchall()
    except psycopg.errors.UndefinedTable as error:
        raise sqlite3.OperationalError(str(error)) from error


def carried_rows(server: ForeignServer) -> list[RequestRecord]:
    """The requests that carried rows: all others only ask."""
    return [request for request in server.requests if ADDING in request.path]


def stored(server: ForeignServer) -> Counter[str]:
    """How often the server holds each visit."""
    return Counter(activity.fields[VISIT_FIELD] for activity in server.activities)


def stored_in(state: Mapping[str, Any]) -> Counter[str]:
    """The same for a server in a process of its own."""
    return Counter(activity["fields"][VISIT_FIELD] for activity in state["activities"])


def ids_at(server: ForeignServer) -> dict[str, str]:
    """The id under which the server holds each visit."""
    return {activity.fields[VISIT_FIELD]: activity.activity_id for activity in server.activities}


def without_privileges() -> tuple[str, ...]:
    """What to put in front of a command so that the rights of files count even for root."""
    return ("setpriv", "--bounding-set=-dac_override", "--inh-caps=-dac_override") if os.geteuid() == 0 else ()
