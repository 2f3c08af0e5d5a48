"""What makes a whole input impossible: one message that names place and remedy, the right exit code, no row sent."""

from __future__ import annotations

import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.flows.desk import KEYS, QUICK, Desk, Ended, carried_rows
from tests.flows.sheets import MAPPING, visits, write
from tests.foreign.server import ForeignServer


def good_sheet(folder: Path) -> None:
    write(folder / "visits.csv", visits(30))


def without_a_mapped_column(folder: Path) -> None:
    rows = visits(30)
    write(folder / "visits.csv", [{"Remark" if name == "Remarks" else name: row[name] for name in row} for row in rows])


def header_twice(folder: Path) -> None:
    (folder / "visits.csv").write_text("Email,Visited On,Remarks,Visit,Email\na@example.com,,met,V-1,b@example.com\n")


def nothing_at_all(folder: Path) -> None:
    (folder / "visits.csv").touch()


def web_page(folder: Path) -> None:
    page = "<html><table><tr><td>Email</td></tr><tr><td>lead1@example.com</td></tr></table></html>"
    (folder / "visits.xlsx").write_text(page, encoding="utf-8")


def workbook(folder: Path) -> None:
    write(folder / "visits.xlsx", visits(30))


def protected_workbook(folder: Path) -> None:
    (folder / "visits.xlsx").write_bytes(encrypted_package())


def bad_last_byte(folder: Path) -> None:
    path = write(folder / "visits.csv", visits(3_000))
    path.write_bytes(path.read_bytes() + b"lead@example.com,01/06/2026 10:00,caf\xc3,V-99999\n")


def encrypted_package() -> bytes:
    """The outside of a workbook with a password: a compound file whose directory names `EncryptedPackage`.

    Source: MS-CFB, Compound File Binary: header, one sector of the allocation table, one of the directory.
    """
    magic = bytes.fromhex("D0CF11E0A1B11AE1")
    fat, directory, end, free = 0, 1, 0xFFFFFFFE, 0xFFFFFFFF
    versions = struct.pack("<16xHHHHH6x", 0x3E, 3, 0xFFFE, 9, 6)
    places = struct.pack("<IIIIIIIIII", 0, 1, directory, 0, 4096, end, 0, end, 0, fat)
    header = (magic + versions + places).ljust(512, b"\xff")
    table = struct.pack("<II", 0xFFFFFFFD, end).ljust(512, b"\xff")
    entries = [("Root Entry", 5, 1), ("EncryptionInfo", 2, free), ("EncryptedPackage", 2, free)]
    return header + table + b"".join(_directory_entry(*entry, free) for entry in entries).ljust(512, b"\0")


def _directory_entry(name: str, kind: int, child: int, none: int) -> bytes:
    text = f"{name}\0".encode("utf-16-le")
    return text.ljust(64, b"\0") + struct.pack("<HBBIII16x4x16xIQ", len(text), kind, 1, none, none, child, 0, 0)


@dataclass(frozen=True)
class Fatal:
    """One thing that is wrong. says: what the message must name - the place, what was found, the remedy."""

    code: int
    says: tuple[str, ...]
    sheet: Callable[[Path], None] = good_sheet
    file: str = "visits.csv"
    mapping: str = MAPPING
    environ: dict[str, str] = field(default_factory=dict)


FILES = {
    "missing mapped column": Fatal(2, ('"Remarks"', '"Remark"'), without_a_mapped_column),
    "unknown mapping key": Fatal(
        2, ("visits.yaml:10:31", "when_emty", "when_empty"), mapping=MAPPING.replace("when_empty", "when_emty")
    ),
    "duplicate header": Fatal(2, ('"Email"', "A", "E"), header_twice),
    "wrong sheet": Fatal(
        2,
        ("visits.xlsx", '"Visits"', 'Sheets: "Sheet"'),
        workbook,
        "visits.xlsx",
        MAPPING.replace("input: {", "input: {sheet: Visits, "),
    ),
    "no such file": Fatal(2, ("visit.csv", "visits.csv"), file="visit.csv"),
    "empty file": Fatal(3, ("visits.csv", "empty"), nothing_at_all),
    "web page named xlsx": Fatal(3, ("visits.xlsx", "web page", "Excel Workbook (.xlsx)"), web_page, "visits.xlsx"),
    "password": Fatal(3, ("visits.xlsx", "password"), protected_workbook, "visits.xlsx"),
    "bad byte in the last row": Fatal(3, ("visits.csv", "3002", "encoding"), bad_last_byte),
}

ACCOUNTS = {
    "no key pair": Fatal(
        2,
        ("LSQ_ACCESS_KEY", "LSQ_SECRET_KEY"),
        environ={"LSQ_ACCESS_KEY": "", "LSQ_SECRET_KEY": "", "LSQ_HOST": "", **dict.fromkeys(QUICK, "")},
    ),
    "host without key pair": Fatal(2, ("LSQ_ACCESS_KEY",), environ={"LSQ_ACCESS_KEY": "", "LSQ_SECRET_KEY": ""}),
    "one key only": Fatal(2, ("LSQ_SECRET_KEY",), environ={"LSQ_SECRET_KEY": ""}),
    "wrong keys": Fatal(5, ("key pair", "401"), environ={"LSQ_SECRET_KEY": "another-secret-key"}),
    "plain http to another machine": Fatal(2, ("LSQ_HOST", "https://"), environ={"LSQ_HOST": "http://api.example.com"}),
    "no host": Fatal(2, ("LSQ_HOST", "api-in21.leadsquared.com"), environ={"LSQ_HOST": "prod"}),
}


@pytest.mark.parametrize("fatal", [pytest.param(fatal, id=name) for name, fatal in (FILES | ACCOUNTS).items()])
def test_what_is_fatal_is_said_once_and_nothing_is_sent(desk: Desk, server: ForeignServer, fatal: Fatal) -> None:
    """One message names the place and the remedy; the exit code tells what to do; no row leaves, no traceback shows."""
    fatal.sheet(desk.folder)
    desk.mapping(fatal.mapping)

    ended = desk.run(fatal.file, **fatal.environ)

    assert_said_once(ended, fatal.code, fatal.says)
    assert carried_rows(server) == []
    assert not list(desk.folder.glob("*.results.*"))


def assert_said_once(ended: Ended, code: int, says: tuple[str, ...]) -> None:
    """The command ended with this code and one error that says all of this, and without a traceback or a key."""
    assert ended.code == code, ended.said
    assert [part for part in says if part not in ended.err] == [], ended.err
    assert ended.err.count("Error: ") == 1
    assert "Traceback" not in ended.said
    assert not [key for key in KEYS.values() if key in ended.said]


@dataclass
class OddHost:
    """A host that is no LeadSquared: answers everything with one status and notes what it was asked."""

    url: str
    asked: list[str]


@contextmanager
def odd_host(status: int, headers: dict[str, str]) -> Iterator[OddHost]:
    """Serve one answer on loopback for as long as the block lasts."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", "0")))
            asked.append(f"{self.command} {self.path}")
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"<html><body>Nothing here</body></html>")

        do_GET = do_POST = answer  # noqa: N815 — http.server looks methods up by these names

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield OddHost(f"http://127.0.0.1:{server.server_address[1]}", asked)
        finally:
            server.shutdown()
            thread.join()


def test_a_redirecting_host_gets_no_row_and_its_target_gets_nothing(desk: Desk, server: ForeignServer) -> None:
    """A redirect is not followed, even to a host that would take the rows: exit code 5, and the keys go nowhere else."""
    good_sheet(desk.folder)
    with odd_host(302, {"Location": f"{server.host}/v2/"}) as host:
        ended = desk.run("visits.csv", LSQ_HOST=host.url)

    assert_said_once(ended, 5, ("redirect", "LSQ_HOST"))
    assert [request for request in host.asked if request.startswith("POST")] == []
    assert server.requests == []


def test_a_host_without_the_api_stores_nothing_and_is_named(desk: Desk, server: ForeignServer) -> None:
    """Where everything is answered 404 the run stops with exit code 5 and the remedy; every row waits."""
    write(desk.folder / "visits.csv", visits(500))
    with odd_host(404, {"Content-Type": "text/html"}) as host:
        ended = desk.run("visits.csv", LSQ_HOST=host.url)

    assert ended.code == 5
    assert ended.counts() == {"waiting": 500}
    assert "LSQ_HOST" in ended.said
    assert "Traceback" not in ended.said


def test_a_host_without_the_api_is_not_handed_every_row(desk: Desk, server: ForeignServer) -> None:
    """Until a host has answered one request with rows, no second one leaves."""
    write(desk.folder / "visits.csv", visits(500))
    with odd_host(404, {"Content-Type": "text/html"}) as host:
        desk.run("visits.csv", LSQ_HOST=host.url)

    assert len([request for request in host.asked if request.startswith("POST")]) <= 1


@pytest.mark.parametrize(
    ("host", "says"),
    [
        pytest.param("https://api.invalid", "api.invalid", id="name without an address"),
        pytest.param("http://127.0.0.1:9", "127.0.0.1:9", id="closed port"),
    ],
)
def test_a_host_that_nobody_reaches_is_named(desk: Desk, host: str, says: str) -> None:
    """Nothing is sent, the message names the host, and the command ends at once with a code that says what to do."""
    good_sheet(desk.folder)
    desk.use(host)

    ended = desk.run("visits.csv")

    assert_said_once(ended, 2, (says, "LSQ_HOST"))
    assert not list(desk.folder.glob("*.results.*"))
