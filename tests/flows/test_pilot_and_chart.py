"""The real command with a pilot, first where nobody can be asked and then on a terminal; and the picture of its run."""

from __future__ import annotations

import os
import pty
import select
from xml.etree import ElementTree as ET

from tests.flows.desk import ETL, Desk, carried_rows, ids_at, stored
from tests.flows.sheets import visits, write
from tests.foreign.server import ForeignServer


def test_a_pilot_without_a_terminal_stops_and_goes_on(desk: Desk, server: ForeignServer) -> None:
    """Three rows with their ids on stderr, exit code 6, and the command that goes on, which does; then the run is drawn."""
    write(desk.folder / "visits.csv", visits(60))

    stopped = desk.run("visits.csv", "--pilot", "3", "--json-events", "events.jsonl")
    ids = ids_at(server)
    done = desk.run("visits.csv")
    drawn = desk.etl("runs", "1", "--chart", "requests.svg")

    assert (stopped.code, stopped.counts()) == (6, {"created": 3, "waiting": 57})
    assert "--pilot" not in next(line for line in stopped.out.splitlines() if "Continue:" in line)
    assert all(
        f"row {number + 1}  lead{number}@example.com  {ids[f'V-0000{number}']}" in stopped.err for number in (1, 2, 3)
    )
    assert '"event": "pilot"' in (desk.folder / "events.jsonl").read_text("utf-8")
    assert (done.code, done.counts(), len(carried_rows(server))) == (0, {"created": 60}, 4)
    assert stored(server) == dict.fromkeys((f"V-{number:05}" for number in range(1, 61)), 1)
    assert (drawn.code, drawn.said) == (0, f"Chart:      {desk.folder / 'requests.svg'}\n")
    assert ET.parse(desk.folder / "requests.svg").getroot().tag.endswith("svg")


def on_a_terminal(desk: Desk, answer: bytes, *arguments: str) -> tuple[int, str]:
    """Type a command on a terminal of its own, and the answer once it asks."""
    child, terminal = pty.fork()
    if not child:
        os.chdir(desk.folder)
        os.execve(ETL, ["etl", *arguments], desk.environ | {"TERM": "xterm"})
    said, has_answered = b"", False
    while select.select([terminal], [], [], 60)[0]:
        try:
            some = os.read(terminal, 4096)
        except OSError:  # how Linux tells that the other side is gone
            break
        said += some
        if b"[y/N]" in said and not has_answered:
            has_answered = True
            os.write(terminal, answer)
        if not some:
            break
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), said.decode(errors="replace")


def test_on_a_terminal_it_asks(desk: Desk, server: ForeignServer) -> None:
    """Enter is a no, y sends the others in the same run."""
    write(desk.folder / "visits.csv", visits(30))
    command = ("run", "visits.csv", "-m", "visits.yaml", "--no-preflight", "--pilot", "3")

    no = on_a_terminal(desk, b"\n", *command)
    held = len(server.activities)
    yes = on_a_terminal(desk, b"y\n", *command)

    assert (no[0], held, yes[0]) == (6, 3, 0)
    assert "Go on with the other 27 rows? [y/N]" in no[1] and "Go on with the other 24 rows? [y/N]" in yes[1]
    assert stored(server) == dict.fromkeys((f"V-{number:05}" for number in range(1, 31)), 1)
