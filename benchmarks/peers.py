"""The same sheet through what people use now, and through `etl`: `python benchmarks/peers.py [--rows 2000] [--only etl dlt]`.

    loop            openpyxl, requests, a sleep and five attempts
    loop-resume     the same, leaving out what its own notes say was answered
    dlt             dlt, a custom destination with batch_size=25
    dlt-parallel    the same, a file for each 25 rows and eight jobs at once
    singer          a Singer target on the Meltano SDK with max_size=25, the last state handed to the tap
    etl             `etl run`, with a row_key_field, as in all our examples
    etl-keyless     the same for an account that has no text field to spare

Each peer has a virtual environment of its own, made here from its list in benchmarks/peers/ (kept in build/peers/). All send
to tests/foreign's strict server: 25 requests in any 5 s, counted by arrival, each answered after 300 ms of work. Scenes, each
with a new server, in a process in which nothing else happens, and an empty folder:

    plain    one run: its time, refusals, CPU (user and system), and the memory of the largest process
    killed   `kill -9` within half a second after half of the rows are stored, a second later the same command; --kills times
    dropped  of 5 % of the requests the connection is reset when their rows are stored

A command that ends with an error is started again, as a person would, five times at most. What became of the rows is counted
as the module fates says: from what the server holds, and from each command's own records.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from multiprocessing import get_context
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from benchmarks.fates import Fates  # noqa: E402 — from the folder above
from benchmarks.limit import Work  # noqa: E402 — from the folder above
from benchmarks.peer_jobs import LIMIT, PEERS, Job, Peer, Ran, make_environment  # noqa: E402 — from the folder above
from tests.foreign.faults import Fault  # noqa: E402 — from the folder above
from tests.foreign.server import ForeignServer  # noqa: E402 — from the folder above

ANSWER_SECONDS = (0.3, 0.3)
DROPPED_SHARE = 0.05
MOST_STARTS = 5


@dataclass(frozen=True)
class Played:
    """A scene with one peer: its last run, what all of them took, and what became of the rows."""

    last: Ran
    seconds: float
    starts: int
    refused: int
    dropped: int
    fates: Fates


@contextmanager
def new_job(peer: Peer, rows: int, *, dropped: float = 0.0) -> Iterator[tuple[Job, ForeignServer]]:
    """A server and a folder that know nothing yet. Every peer meets the same faults: they follow the number of a request."""
    with (
        tempfile.TemporaryDirectory() as name,
        ForeignServer(
            limit=LIMIT, latency_seconds=ANSWER_SECONDS, seed=7, sleep=Work().sleep, drop_after_storing=dropped
        ) as server,
    ):
        yield Job(peer, Path(name), server, rows), server


def play(peer: Peer, rows: int, *, kill_after: float | None = None, dropped: float = 0.0) -> Played:
    """One scene: to the end, whatever is in the way."""
    gc.disable()  # a server that collects what it keeps stands still meanwhile: it counted requests up to 0.2 s late
    with new_job(peer, rows, dropped=dropped) as (job, server):
        began = time.monotonic()
        starts = 0
        if kill_after is not None:
            if not job.start_and_kill(kill_after):
                raise SystemExit(f"{peer.name} was over before it could be killed: take more --rows.")
            starts += 1
            time.sleep(1.0)
        while True:
            last = job.finish()
            starts += 1
            if last.code == 0 or starts >= MOST_STARTS:
                break
        took = time.monotonic() - began
        return Played(last, took, starts, server.refused_for_rate, server.faults_met(Fault.DROPPED), job.fates())


def scenes(at_once: int) -> ProcessPoolExecutor:
    """Plays scenes in processes of their own: in one of several servers each waits for the work of the others."""
    return ProcessPoolExecutor(at_once, mp_context=get_context("spawn"))


def listed(numbers: list[int]) -> str:
    """The same number once; else each of them."""
    return f"{numbers[0]:,}" if len(set(numbers)) == 1 else ", ".join(f"{number:,}" for number in numbers)


def speed_line(name: str, release: str, rows: int, played: Played) -> str:
    last = played.last
    return (
        f"| {name} | {release} | {last.seconds:.1f} s | {rows / last.seconds:.0f} | {played.refused} | "
        f"{last.cpu:.1f} s | {last.peak:.0f} MB |"
    )


def fate_line(name: str, tries: list[Played]) -> str:
    found = [played.fates for played in tries]
    return (
        f"| {name} | {listed([one.lost for one in found])} | {listed([one.doubled for one in found])} | "
        f"{listed([one.untold for one in found])} | {max(played.starts for played in tries)} | "
        f"{listed([played.refused for played in tries])} | {listed([round(played.seconds) for played in tries])} s | "
        f"{listed([played.last.code for played in tries])} |"
    )


FATES_HEADER = (
    "| rows | lost | doubled | untold | starts | refused | took | exit code |\n|---|---|---|---|---|---|---|---|"
)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--kills", type=int, default=3, help="imports that are killed, each at another moment")
    parser.add_argument("--only", choices=list(PEERS), nargs="+", default=list(PEERS))
    parser.add_argument(
        "--jobs", type=int, default=3, help="imports of the scenes in which no speed is measured, at once"
    )
    chosen = parser.parse_args()
    peers = [PEERS[name] for name in chosen.only]
    releases = {peer.name: f"{peer.shows} {make_environment(peer)}" for peer in peers}
    today = date.today()  # noqa: DTZ011 — the day where it is run
    machine = f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    print(f"{today}, Python {platform.python_version()}, {chosen.rows:,} rows, {machine}")
    least = (-(-chosen.rows // 25) - 1) // LIMIT[0] * LIMIT[1] + ANSWER_SECONDS[0]
    print(f"The limit alone takes {least:.1f} s, {chosen.rows / least:.0f} rows/s.\n")
    print("| plain | version | time | rows/s | refused | CPU | memory |\n|---|---|---|---|---|---|---|", flush=True)
    for peer in peers:
        with scenes(at_once=1) as pool:
            played = pool.submit(play, peer, chosen.rows).result()
        if played.last.code or played.fates != Fates(0, 0, 0):
            raise SystemExit(f"{peer.name} did not do the plain job: {played}")
        print(speed_line(peer.name, releases[peer.name], chosen.rows, played), flush=True)

    dice = random.Random(chosen.rows)
    moments = [0.5 * (number + dice.random()) / chosen.kills for number in range(chosen.kills)]
    with scenes(chosen.jobs) as pool:
        killed = {
            peer.name: [pool.submit(play, peer, chosen.rows, kill_after=moment) for moment in moments] for peer in peers
        }
        dropped = {peer.name: pool.submit(play, peer, chosen.rows, dropped=DROPPED_SHARE) for peer in peers}
        print(f"\nKilled halfway, {', '.join(f'{moment:.2f} s' for moment in moments)} after half was stored:\n")
        print(FATES_HEADER, flush=True)
        for peer in peers:
            print(fate_line(peer.name, [one.result() for one in killed[peer.name]]), flush=True)
        print("\nConnections reset after storing:\n")
        print(FATES_HEADER.replace("rows |", "rows (resets) |", 1), flush=True)
        for peer in peers:
            met = dropped[peer.name].result()
            print(fate_line(f"{peer.name} ({met.dropped})", [met]), flush=True)


if __name__ == "__main__":
    main()
