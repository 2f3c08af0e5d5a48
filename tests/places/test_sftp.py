"""Files by SFTP: a real server over loopback, whose key has to be known, and where a file gets its name when it is whole."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from etl.clock import SystemClock
from etl.errors import UsageError
from etl.inbox import importing
from etl.inbox.serve import serve
from etl.inbox.words import What
from etl.places import local_copy, place_of, stores
from etl.reconciler.put_in_place import check_folder, put_in_place
from etl.settings import Account, Secret, Settings
from tests.flows.sheets import MAPPING, visits, write
from tests.flows.waiting import wait_until
from tests.inbox.test_crash_at_every_step import AtOnce, as_if_sent

if TYPE_CHECKING:
    import asyncssh


@pytest.fixture
def written() -> list[str]:
    """The names under which the server was asked to write."""
    return []


@pytest.fixture
def connections() -> list[asyncssh.SSHServerConnection]:
    """As the server has met them."""
    return []


@pytest.fixture
def url(
    tmp_path: Path, written: list[str], connections: list[asyncssh.SSHServerConnection], monkeypatch: pytest.MonkeyPatch
) -> Iterator[str]:
    """A server with the folder `in`, and a home from which it is known."""
    import asyncssh  # noqa: PLC0415 — a sixth of a second, for each worker that collects tests

    (tmp_path / "served" / "in").mkdir(parents=True)
    home = tmp_path / "home" / ".ssh"
    home.mkdir(parents=True)
    host_key, own_key = asyncssh.generate_private_key("ssh-ed25519"), asyncssh.generate_private_key("ssh-ed25519")
    own_key.write_private_key(home / "id_ed25519")
    own_key.write_public_key(tmp_path / "authorized")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    loop = asyncio.new_event_loop()
    serving = threading.Thread(target=loop.run_forever)
    serving.start()

    class Server(asyncssh.SSHServer):
        def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
            connections.append(conn)

    class Served(asyncssh.SFTPServer):
        def open(self, path: bytes, pflags: int, attrs: asyncssh.SFTPAttrs) -> object:
            if pflags & asyncssh.FXF_WRITE:
                written.append(path.decode().rpartition("/")[2])
            return super().open(path, pflags, attrs)

    async def listen() -> asyncssh.SSHAcceptor:
        def served(channel: asyncssh.SSHServerChannel) -> asyncssh.SFTPServer:
            return Served(channel, chroot=str(tmp_path / "served").encode())

        return await asyncssh.listen(
            "127.0.0.1",
            0,
            server_factory=Server,
            server_host_keys=[host_key],
            authorized_client_keys=str(tmp_path / "authorized"),
            sftp_factory=served,
        )

    async def close(acceptor: asyncssh.SSHAcceptor) -> None:
        for connection in connections:
            connection.close()
            await connection.wait_closed()
        acceptor.close()
        await acceptor.wait_closed()

    acceptor = asyncio.run_coroutine_threadsafe(listen(), loop).result(20)
    port = acceptor.get_port()
    (home / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key.export_public_key().decode()}", encoding="utf-8")
    yield f"sftp://priya@127.0.0.1:{port}/in"
    stores.forget(f"sftp://priya@127.0.0.1:{port}/in")
    asyncio.run_coroutine_threadsafe(close(acceptor), loop).result(20)
    loop.call_soon_threadsafe(loop.stop)
    serving.join()
    loop.close()


def test_files_are_read_written_and_moved(url: str, written: list[str], tmp_path: Path) -> None:
    """A file is there under its name when it is whole, and no draft is left; a folder moves by one rename."""
    folder, served = place_of(url), tmp_path / "served" / "in"
    (served / "visits.csv").write_text("a,b\n", encoding="utf-8")

    def write(draft: Path) -> None:
        draft.write_text("etl_row\n2\n", encoding="utf-8")

    check_folder(folder / "visits.results.csv")
    put = [put_in_place(folder / "visits.results.csv", write, lambda _: True) for _ in range(2)]
    (folder / "done").mkdir()
    (folder / "visits.csv").rename(folder / "done" / "visits.csv")
    (folder / "done").rename(folder / "filed")
    (folder / "slip.json").write_text("{}", encoding="utf-8")

    assert [str(one) for one in put] == [f"{url}/visits.results.csv"] * 2
    assert [name for name in written if not (name.startswith(".") and name.endswith(".tmp"))] == []
    assert sorted(one.name for one in served.iterdir()) == ["filed", "slip.json", "visits.results.csv"]
    assert (served / "visits.results.csv").read_text("utf-8") == "etl_row\n2\n"
    assert local_copy(folder / "filed" / "visits.csv").read_text("utf-8") == "a,b\n"
    assert [str(one) for one in folder.glob("*.csv")] == [f"{url}/visits.results.csv"]
    assert (folder.is_dir(), (folder / "none").exists(), (folder / "filed" / "visits.csv").stat().st_size) == (
        True,
        False,
        4,
    )


def test_a_connection_that_is_lost_is_made_anew(
    url: str, connections: list[asyncssh.SSHServerConnection], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Within the same question, after a wait."""
    waits: list[float] = []
    monkeypatch.setattr(SystemClock, "sleep", lambda _, seconds: waits.append(seconds))
    place = place_of(url)

    before = place.is_dir()
    connections[0].get_extra_info("socket").shutdown(socket.SHUT_RDWR)
    wait_until(connections[0].is_closed, "the connection to be gone")
    after = place.is_dir()

    assert (before, after, len(connections)) == (True, True, 2)
    assert waits in ([], [1.0])


def test_a_folder_has_to_be_there(url: str) -> None:
    """A word that is typed wrongly does not make one."""
    with pytest.raises(
        UsageError, match=r"cannot be written: there is no folder sftp://priya@127\.0\.0\.1:\d+/in/none"
    ):
        check_folder(place_of(url) / "none" / "visits.results.csv")


def test_a_host_that_is_not_known_is_not_believed(url: str, tmp_path: Path) -> None:
    """It may be another one that has taken its place."""
    (tmp_path / "home" / ".ssh" / "known_hosts").write_text("", encoding="utf-8")

    with pytest.raises(UsageError, match=r"the key of this host is not in ~/\.ssh/known_hosts"):
        place_of(url).is_dir()


def test_an_inbox_is_served(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a disk: a file with its results lies in done, in a folder that was moved by one rename."""
    monkeypatch.setattr(importing.pipeline, "run", as_if_sent)
    served = tmp_path / "served" / "in"
    (served / "inbox").mkdir()
    (served / "visits.yaml").write_text(MAPPING, encoding="utf-8")
    (served / "routes.yaml").write_text("version: 1\nroutes: {Pune: {files: '*.csv', mapping: visits.yaml}}\n", "utf-8")
    write(served / "inbox" / "a.csv", visits(3))
    account = Account("prod", "http://127.0.0.1:1", Secret("a"), Secret("b"))
    settings = Settings(account, f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "files")

    night = serve(place_of(url), lambda *_: settings, clock=AtOnce())

    lie = {str(one.relative_to(served)) for one in served.rglob("*") if one.is_file() and ".etl" not in str(one)}
    (day,) = {one.split("/")[1] for one in lie if one.startswith("done/")}
    assert [one.what for one in night.filed] == [What.IMPORTED]
    assert lie == {"routes.yaml", "visits.yaml", f"done/{day}/a/a.csv", f"done/{day}/a/a.results.csv"}
    assert sorted(one.name for one in served.iterdir() if one.is_dir()) == [
        ".etl",
        "attention",
        "done",
        "inbox",
        "working",
    ]
    assert list((served / "working").iterdir()) == []
