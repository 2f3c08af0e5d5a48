"""A ledger in trouble, and the care of it, with the real command: nothing goes out that is not recorded."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence

import pytest

from etl import care
from etl.settings import Directories, load_settings
from etl.stages.past_runs import RunState
from tests.flows.desk import Desk, carried_rows, stored, without_privileges
from tests.flows.sheets import MAPPING, read, visits, write
from tests.flows.waiting import wait_until
from tests.foreign.server import ForeignServer

ON_A_SMALL_DISK = ("unshare", "--map-root-user", "--mount", "sh", "-c")
"""A disk of its own for one command, in a name space that ends with it: really full, without a right or a trace."""


def cut_short(desk: Desk) -> Sequence[str]:
    desk.ledger.write_bytes(desk.ledger.read_bytes()[:-5000])
    return ()


def read_only(desk: Desk) -> Sequence[str]:
    desk.ledger.chmod(0o444)
    desk.ledger.parent.chmod(0o555)
    return without_privileges()


def full(desk: Desk) -> Sequence[str]:
    """The ledger and its files on a disk that has room for what is there and for nothing more."""
    disk, was = desk.ledger.parent, desk.home / "was"
    disk.rename(was)
    disk.mkdir()
    size = 4096 * sum(1 + path.stat().st_size // 4096 for path in was.rglob("*")) // 1024 + 48
    steps = (
        f"mount -t tmpfs -o size={size}k none {disk} && cp -r {was}/. {disk} && (cat /dev/zero > {disk}/ballast; true)"
    )
    return (*ON_A_SMALL_DISK, f'{steps} 2>/dev/null; exec "$0" "$@"')


TROUBLE = {
    "cut short": (cut_short, ("ledger.db", "malformed", "backup")),
    "read-only": (read_only, ("readonly", "may be written to")),
    "on a full disk": (full, ("disk I/O error", "may be full")),
}


def has_disks() -> bool:
    return shutil.which("unshare") is not None and not subprocess.call(
        [*ON_A_SMALL_DISK, "mount -t tmpfs none /mnt"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@pytest.mark.parametrize("name", TROUBLE)
def test_a_ledger_that_cannot_be_written_sends_nothing(desk: Desk, server: ForeignServer, name: str) -> None:
    """One sentence names the trouble and what to do, the exit code is 2, and the server gets no row."""
    if name == "on a full disk" and not has_disks():
        pytest.skip("this system gives nobody a disk of their own")
    spoil, says = TROUBLE[name]
    desk.has_run(write(desk.folder / "visits.csv", visits(3)))
    write(desk.folder / "more.csv", visits(40, first=11))
    sent = len(carried_rows(server))

    in_front = spoil(desk)
    try:
        ended = desk.end_of(desk.start("run", "-m", "visits.yaml", "more.csv", in_front=in_front))
    finally:
        desk.ledger.parent.chmod(0o755)

    assert ended.code == 2, ended.said
    assert [word for word in says if word not in ended.err] == [], ended.err
    assert ended.err.count("Error: ") == 1
    assert "Traceback" not in ended.said
    assert len(carried_rows(server)) == sent


QUICKLY_SURE = {"LSQ_VISIBILITY_WAIT": "0.5", "LSQ_LATE_WAIT": "0.5"}


def test_a_disk_that_fills_up_midway_stops_the_run_and_the_rest_goes_out_later(
    desk: Desk, server: ForeignServer
) -> None:
    """Exit code 6 and one sentence; with room again the same command goes on, and no row is there twice."""
    desk.mapping(f"{MAPPING}row_key_field: mx_Custom_20\n")  # what is in doubt is read back in one request
    write(desk.folder / "visits.csv", visits(700))

    small = ("prlimit", "--fsize=700000")  # no file may grow beyond that: what a quota does
    stopped = desk.end_of(desk.start("run", "-m", "visits.yaml", "visits.csv", in_front=small, LSQ_BULK_LIMIT="8/1"))
    arrived = stored(server)
    resumed = desk.run("visits.csv", **QUICKLY_SURE)

    assert stopped.code == 6, stopped.said
    assert "cannot be used" in stopped.err
    assert "Traceback" not in stopped.said
    assert 0 < len(arrived) < 700
    assert resumed.code in {0, 7}, resumed.said
    assert stored(server) == dict.fromkeys((f"V-{number:05}" for number in range(1, 701)), 1)
    assert resumed.counts()["created"] + resumed.counts().get("unconfirmed", 0) == 700


def test_a_run_is_stopped_from_elsewhere_continued_and_written_again(desk: Desk, server: ForeignServer) -> None:
    """Each command that is shown works as it is shown; the results come back though every file on the desk is gone."""
    write(desk.folder / "visits.csv", visits(500))
    with desk.start("run", "-m", "visits.yaml", "visits.csv", LSQ_BULK_LIMIT="2/2") as process:
        wait_until(lambda: len(stored(server)) >= 50, "the first two requests to arrive")
        asked = desk.etl("stop", "1")
        stopped = desk.end_of(process)
    settings = load_settings(
        desk.environ, desk.folder, directories=Directories(desk.home / "config", desk.home / "state")
    )
    shown = care.run_in_full(settings, 1).run
    assert shown.next_command is not None
    continued = desk.etl(*shown.next_command.words)
    for path in desk.folder.iterdir():
        path.unlink()
    again = care.results(settings, 1, desk.home)

    assert (asked.code, asked.err) == (0, "")
    assert stopped.code == 6, stopped.said
    assert stopped.counts()["waiting"] > 0
    assert shown.state is RunState.STOPPED
    assert (continued.code, continued.counts()) == (0, {"created": 500})
    assert again.results == desk.folder / "visits.results.csv"
    assert [row["etl_status"] for row in read(again.results)] == ["created"] * 500
