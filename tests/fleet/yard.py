"""A yard: a settings file with several accounts, a shared ledger, real workers as processes, and a desk to submit from."""

from __future__ import annotations

import itertools
import os
import re
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from etl.fleet.place import ask, opened
from etl.fleet.submissions import State, Submission, listed
from etl.settings import Settings
from tests.flows.desk import KEYS, Ended, stored
from tests.flows.sheets import MAPPING, visits, write
from tests.flows.waiting import wait_until
from tests.foreign.server import ForeignServer

if TYPE_CHECKING:
    from tests.flows.warm import Started, WarmStart

ETL = Path(sys.executable).with_name("etl")
LEASE_SECONDS = 3
BEAT = 1.0
"""Short, so that nobody waits long for a worker that is gone: three beats, and the lease on its input."""

PATIENCE_SECONDS = 60

IN_TRANSACTION = """
SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND xact_start IS NOT NULL
"""


@dataclass
class Yard:
    """Types commands and starts workers. servers: by account; url: of the ledger, as the desk reaches it."""

    home: Path
    warm: WarmStart
    url: str
    servers: Mapping[str, ForeignServer]
    workers: list[Started] = field(default_factory=list)
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True)
        (self.folder / "visits.yaml").write_text(MAPPING, encoding="utf-8")
        self.set_up({name: one.host for name, one in self.servers.items()})

    @property
    def folder(self) -> Path:
        return self.home / "work"

    @property
    def ledger(self) -> str:
        """The ledger's URL with a lease that is soon over."""
        return f"{self.url}?etl_lease_seconds={LEASE_SECONDS}"

    @property
    def settings(self) -> Settings:
        return Settings(None, self.ledger, self.home / "files")

    def set_up(self, hosts: Mapping[str, str], **more: str) -> None:
        """Write the settings file."""
        lines = []
        for name, host in hosts.items():
            keys = ["access_key = {env = 'KEY_A'}", "secret_key = {env = 'KEY_S'}"]
            quick = ['limit = "200/1"', 'bulk_limit = "10/1"', "visibility_wait = 1", "late_wait = 2"]
            own = [f"{setting} = {value}" for setting, value in more.items()]
            lines += [f"[accounts.{name}]", f'host = "{host}"', *keys, *quick, *own]
        (self.folder / "etl.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")

    def environ(self, ledger: str | None = None, state: str = "state") -> dict[str, str]:
        return {
            "HOME": str(self.home),
            "PATH": "/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "XDG_STATE_HOME": str(self.home / state),
            "ETL_LEDGER": ledger or self.ledger,
            "KEY_A": KEYS["access_key"],
            "KEY_S": KEYS["secret_key"],
        }

    def etl(self, *arguments: str) -> Ended:
        """A command at the desk, to its end."""
        streams = (self.home / "stdout.txt", self.home / "stderr.txt")
        code = self.warm.run([str(ETL), *arguments], self.folder, self.environ(), streams, PATIENCE_SECONDS)
        return Ended(code, *(stream.read_text("utf-8") for stream in streams))

    def sheet(self, name: str, rows: int, first: int = 1) -> str:
        """A sheet of so many visits."""
        write(self.folder / name, visits(first + rows - 1, first))
        return name

    def submit(self, name: str, account: str, *more: str, mapping: str = "visits.yaml") -> int:
        """Submit a sheet; its number."""
        ended = self.etl("submit", name, "-m", mapping, "-a", account, "--rows-ok", "9999", *more)
        assert ended.code == 0, ended.said
        found = re.search(r": s(\d+) for", ended.out)
        assert found, ended.said
        return int(found[1])

    def worker(self, *more: str, ledger: str | None = None) -> Started:
        """A worker on a machine of its own, which shares nothing with others but the ledger."""
        number = next(self._numbers)
        streams = (self.home / f"worker{number}.out", self.home / f"worker{number}.err")
        command = [str(ETL), "worker", "--beat", str(BEAT), "--jobs", "2", "-v", *more]
        started = self.warm.start(command, self.folder, self.environ(ledger, f"state{number}"), streams)
        self.workers.append(started)
        return started

    def said(self, number: int) -> str:
        """What a worker has said."""
        return (self.home / f"worker{number}.err").read_text("utf-8")

    def all(self) -> dict[int, Submission]:
        return {one.number: one for one in listed(self.settings)}

    def wait_for(self, state: State, *numbers: int, what: str = "") -> None:
        """Wait until these submissions are in a state."""
        wait_until(
            lambda: all(self.all()[one].state is state for one in numbers), what or f"{numbers} to be {state}", 0.1
        )

    def freeze(self, pid: int) -> None:
        """Halt a worker between two transactions."""
        self.between_transactions(lambda: os.kill(pid, signal.SIGSTOP), lambda: os.kill(pid, signal.SIGCONT))

    def between_transactions(self, halt: Callable[[], None], go_on: Callable[[], None]) -> None:
        """Halt a worker, but not within a transaction: that would keep the others waiting until PostgreSQL ends it.

        It does so after a minute, which no test waits for.
        """
        for _ in range(100):
            halt()
            time.sleep(0.05)  # what it had under way over there comes to its end
            with opened(self.settings) as connection:
                if not ask(connection, IN_TRANSACTION):
                    return
            go_on()
            time.sleep(0.02)
        raise AssertionError("it was never between two transactions")

    def tell_workers_to_stop(self) -> None:
        for one in self.workers:
            one.send_signal(signal.SIGTERM)

    def stop_workers(self) -> list[int | None]:
        """Tell all workers to stop; their exit codes."""
        self.tell_workers_to_stop()
        return self.ends_of_workers()

    def ends_of_workers(self) -> list[int | None]:
        """Wait for them; their exit codes."""
        for one in self.workers:
            one.communicate(PATIENCE_SECONDS)
        return [one.returncode for one in self.workers]

    def end(self) -> None:
        """Nothing of it outlives its test."""
        for one in self.workers:
            if one.poll() is None:
                os.kill(one.pid, signal.SIGKILL)

    def holds_once(self, account: str, rows: int, first: int = 1) -> bool:
        """Whether a server holds each of these visits once, and nothing else."""
        return stored(self.servers[account]) == Counter(f"V-{number:05}" for number in range(first, first + rows))

    def let_go(self) -> None:
        """Let the answers go that the servers keep back."""
        for one in self.servers.values():
            one.behaviour.answers_before_hold = None

    @property
    def refused(self) -> int:
        """How many requests the servers refused for the rate."""
        return sum(one.refused_for_rate for one in self.servers.values())
