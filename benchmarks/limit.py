"""How much of an account's limit an import uses: `python benchmarks/limit.py [--minutes 10] [--rows 20000 [--again]]`.

The real `etl run`, in a process of its own, sends to tests/foreign's strict server, which counts by arrival in a sliding
window. Between them is a proxy that holds back what passes, each way, so that a handshake meets the line and not the
server. TLS is ended behind the proxy; with `--plain` there is none, so that no handshake sees anything of the line.

    jittery   answers after 20-400 ms, all of it the line's, any part of it on the way there
    slow      answers after 0.3-1.5 s, the server's work but for a line that takes 5-25 ms each way
    harsh     the same, and each way takes up to 50 ms (not in the default: half of it is no line's fault)
    quick     answers within 50 ms
    floor     with --rows: so many rows through a server that takes 300 ms, against the time that the limit alone takes; with
              --two-limits bulk requests have a limit of their own within a larger one, as on LeadSquared's plans of today;
              with --again another, small import went before it, as within an hour of any other: whose keys these are
              and what the activity type is like is known, and nothing is asked

With `--processes 4` so many commands run at once on one ledger and one account, each with a sheet of its own that is too
long for the time: their share of the limit together, and how evenly the rows were spread among them.

The first seconds, in which nothing is known of the line yet, are told apart: `all` counts them, `steady` begins after 30 s.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import gc
import os
import random
import signal
import sqlite3
import ssl
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import trustme

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.foreign.account import RequestRecord  # noqa: E402 — from the folder above
from tests.foreign.server import ForeignServer  # noqa: E402 — from the folder above
from tests.kept_bodies import bodies_sent  # noqa: E402 — from the folder above

COUNT, SECONDS = 25, 5.0
WARM_UP_SECONDS = 30.0

MAPPING = """\
version: 1
name: limit
operation: add-by-lead-field
search_by: EmailAddress
input: {time_zone: Asia/Kolkata}
activity: {event: 320}
columns:
  Email: SearchByValue
  Remarks: ActivityNote
  Visit: mx_Custom_1
unique_by: [Visit]
"""

# `etl run` with one authority more. Its own command line: for this machine the environment's certificates do not count.
CLIENT = """
import sys
import requests.adapters
requests.adapters.DEFAULT_CA_BUNDLE_PATH = sys.argv.pop(1)
from etl.cli.main import main
sys.exit(main())
"""


@dataclass(frozen=True)
class Scene:
    """A line and a server. there, back: the line's seconds. whole: both together, split by chance. work: the server's."""

    name: str
    goal: float
    there: tuple[float, float] = (0.0, 0.0)
    back: tuple[float, float] = (0.0, 0.0)
    whole: tuple[float, float] | None = None
    work: tuple[float, float] = (0.0, 0.0)


SCENES = {
    scene.name: scene
    for scene in (
        Scene("jittery", 94.0, whole=(0.02, 0.4)),
        Scene("slow", 98.0, there=(0.005, 0.025), back=(0.005, 0.025), work=(0.29, 1.45)),
        Scene("harsh", 98.0, there=(0.0, 0.05), back=(0.0, 0.05), work=(0.3, 1.4)),
        Scene("quick", 98.0, whole=(0.005, 0.045)),
        Scene("floor", 97.0, there=(0.001, 0.005), back=(0.001, 0.005), work=(0.3, 0.3)),
    )
}


class Work:
    """The server's part of an answer. The foreign server sleeps before it counts a request and after: all of it goes after."""

    def __init__(self) -> None:
        self._here = threading.local()

    def sleep(self, seconds: float) -> None:
        before: float | None = getattr(self._here, "before", None)
        if before is None:
            self._here.before = seconds
            return
        self._here.before = None
        time.sleep(before + seconds)


class Proxy:
    """Passes on what comes, later. What passes in one go meets one delay; order within a direction stays."""

    def __init__(self, scene: Scene, target: int, certificate: trustme.LeafCert | None, seed: int) -> None:
        self._scene = scene
        self._target = target
        self._dice = random.Random(seed)
        self._certificate = certificate
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self.connections = 0
        self.port = 0

    def __enter__(self) -> Proxy:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _open(self) -> None:
        target = self._target
        if self._certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._certificate.configure_cert(context)
            ender = await asyncio.start_server(self._end_tls, "127.0.0.1", 0, ssl=context)
            target = ender.sockets[0].getsockname()[1]
        line = await asyncio.start_server(lambda reader, writer: self._carry(reader, writer, target), "127.0.0.1", 0)
        self.port = line.sockets[0].getsockname()[1]

    async def _end_tls(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._join(reader, writer, self._target, lambda: 0.0, lambda: 0.0)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, target: int) -> None:
        self.connections += 1
        scene, dice = self._scene, self._dice
        if scene.whole is None:
            await self._join(
                reader, writer, target, lambda: dice.uniform(*scene.there), lambda: dice.uniform(*scene.back)
            )
            return
        rest = [0.0]

        def there() -> float:
            whole = dice.uniform(*scene.whole)  # type: ignore[misc]  # it is not None here
            part = whole * dice.random()
            rest[0] = whole - part
            return part

        await self._join(reader, writer, target, there, lambda: rest[0])

    async def _join(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        target: int,
        there: Callable[[], float],
        back: Callable[[], float],
    ) -> None:
        answers, requests = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(_pass_on(reader, requests, there), _pass_on(answers, writer, back))


GOES_TOGETHER_SECONDS = 0.003


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, delay: Callable[[], float]) -> None:
    """What follows at once is part of the same message and takes no longer."""
    last = 0.0
    try:
        while piece := await reader.read(1 << 16):
            now = time.monotonic()
            if now - last > GOES_TOGETHER_SECONDS:
                await asyncio.sleep(delay())
            last = time.monotonic()
            writer.write(piece)
            await writer.drain()
    except (ConnectionError, ssl.SSLError):
        pass
    finally:
        writer.close()


@dataclass(frozen=True)
class Measured:
    """arrivals: of all requests with rows, from the first on. refused: when, for those that were. took: the command's seconds.

    longest_way: seconds that a request over a warm connection took to arrive, at most. asked: how long before the first of them
    questions arrived, which count in the same limit.
    """

    arrivals: list[float]
    refused: list[float]
    took: float
    connections: int
    longest_way: float
    asked: list[float] = field(default_factory=list)

    def share(self, since: float) -> float:
        """Percent of what the limit allows from `since` on: so many whole windows' worth, and the time that they took."""
        counted = [moment for moment in self.arrivals if moment >= since]
        windows = (len(counted) - 1) // COUNT
        return 100 * windows * SECONDS / (counted[windows * COUNT] - counted[0])


def write_sheet(path: Path, rows: int, prefix: str = "V") -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(["Email", "Remarks", "Visit"])
        for number in range(rows):
            writer.writerow(
                [f"lead{number}@example.com", "Liked the corner plot, asks for the price list", f"{prefix}{number}"]
            )


@contextmanager
def stage(
    scene: Scene, *, is_plain: bool, seed: int, others: int = COUNT
) -> Iterator[tuple[ForeignServer, Proxy, Path | None]]:
    """The server, and the proxy before it; the authority that its certificate needs. others: the limit of all requests."""
    authority = trustme.CA()
    certificate = None if is_plain else authority.issue_cert("127.0.0.1")
    work = Work()
    with (
        tempfile.NamedTemporaryFile(suffix=".pem") as pem,
        ForeignServer(
            limit=(others, SECONDS),
            bulk_limit=(COUNT, SECONDS),
            latency_seconds=scene.work,
            seed=seed,
            sleep=work.sleep,
        ) as server,
        Proxy(scene, server.port, certificate, seed) as proxy,
    ):
        pem.write(authority.cert_pem.bytes())
        pem.flush()
        yield server, proxy, Path(pem.name)


def environment_for(
    home: Path, server: ForeignServer, proxy: Proxy, *, is_plain: bool, others: int = COUNT
) -> dict[str, str]:
    """What a command sees of the world: the account behind the proxy, and a ledger at `home`."""
    return os.environ | {
        "HOME": str(home),
        "ETL_LEDGER": str(home / "ledger.db"),
        "LSQ_HOST": f"{'http' if is_plain else 'https'}://127.0.0.1:{proxy.port}",
        "LSQ_ACCESS_KEY": server.behaviour.access_key,
        "LSQ_SECRET_KEY": server.behaviour.secret_key,
        "LSQ_LIMIT": f"{others}/{SECONDS:g}",
        "LSQ_BULK_LIMIT": f"{COUNT}/{SECONDS:g}",
        "PYTHONPATH": str(ROOT),
    }


ROWS_BEFORE = 30
"""Rows of the import before, with --again: two requests."""


def measure(
    scene: Scene, rows: int, *, is_plain: bool, seed: int, others: int = COUNT, is_again: bool = False
) -> Measured:
    """One import, from an empty ledger; again: from one in which the account was met a window before."""
    with (
        stage(scene, is_plain=is_plain, seed=seed, others=others) as (server, proxy, authority),
        tempfile.TemporaryDirectory() as name,
    ):
        home = Path(name)
        write_sheet(home / "visits.csv", rows)
        (home / "visits.yaml").write_text(MAPPING, encoding="utf-8")
        environment = environment_for(home, server, proxy, is_plain=is_plain, others=others)
        environment["SSL_CERT_FILE"] = str(authority)
        command = [sys.executable, "-c", CLIENT, str(authority), "run", "visits.csv", "-m", "visits.yaml", "-q"]
        command += ["--rows-ok", str(rows)]
        before = 0
        if is_again:
            write_sheet(home / "before.csv", ROWS_BEFORE, "B")
            words = ["before.csv" if word == "visits.csv" else word for word in command]
            subprocess.run(words, cwd=home, env=environment, check=True, stdout=subprocess.DEVNULL)
            before = len(server.requests)
            time.sleep(SECONDS)
        began = time.monotonic()
        subprocess.run(command, cwd=home, env=environment, check=True, stdout=subprocess.DEVNULL)
        took = time.monotonic() - began
        of_this_one = server.requests[before:]
        records = [record for record in of_this_one if record.method == "POST"]
        arrivals = sorted(record.arrival for record in records)
        first = arrivals[0]
        refused = [record.arrival - first for record in of_this_one if record.refused_for_rate]
        ways = ways_there(home / "ledger.db", records)
        return Measured(
            [moment - first for moment in arrivals],
            refused,
            took,
            proxy.connections,
            max(ways, default=0.0),
            [first - record.arrival for record in of_this_one if record.method != "POST"],
        )


def measure_together(
    scene: Scene, processes: int, seconds: float, *, is_plain: bool, seed: int
) -> tuple[Measured, list[int]]:
    """So many imports at once, ended from outside after so many seconds. Returns also: the rows that each has stored."""
    with (
        stage(scene, is_plain=is_plain, seed=seed) as (server, proxy, authority),
        tempfile.TemporaryDirectory() as name,
    ):
        home = Path(name)
        (home / "visits.yaml").write_text(MAPPING, encoding="utf-8")
        environment = environment_for(home, server, proxy, is_plain=is_plain) | {"SSL_CERT_FILE": str(authority)}
        started = []
        began = time.monotonic()
        for number in range(processes):
            sheet = f"visits{number}.csv"
            rows = int((seconds / SECONDS + 2) * COUNT * 25)
            write_sheet(home / sheet, rows, f"P{number}-")
            words = [sys.executable, "-c", CLIENT, str(authority), "run", sheet, "-m", "visits.yaml", "-q"]
            words += ["--rows-ok", str(rows)]
            with (home / f"said{number}.txt").open("w", encoding="utf-8") as told:
                started.append(
                    subprocess.Popen(words, cwd=home, env=environment, stdout=subprocess.DEVNULL, stderr=told)
                )
        while not server.requests or time.monotonic() - server.requests[0].arrival < seconds:
            if any(process.poll() is not None for process in started):
                break
            time.sleep(0.05)
        for process in started:
            process.terminate()
        codes = [process.wait(timeout=60) for process in started]
        took = time.monotonic() - began
        if set(codes) != {128 + signal.SIGTERM}:
            said = "".join((home / f"said{number}.txt").read_text(encoding="utf-8") for number in range(processes))
            raise SystemExit(
                f"the commands ended with {codes}, and should have gone on until they were terminated\n{said}"
            )
        arrivals = sorted(record.arrival for record in server.requests if record.method == "POST")
        refused = [record.arrival - arrivals[0] for record in server.requests if record.refused_for_rate]
        stored = Counter(activity.fields["mx_Custom_1"].split("-")[0] for activity in server.activities)
        measured = Measured([moment - arrivals[0] for moment in arrivals], refused, took, proxy.connections, 0.0)
        return measured, [stored[f"P{number}"] for number in range(processes)]


def ways_there(ledger: Path, records: list[RequestRecord]) -> list[float]:
    """Seconds from the last byte written to the arrival, of requests over a warm line that went out once.

    One machine has one clock.
    """
    written: dict[bytes, list[float]] = {}
    with closing(sqlite3.connect(ledger)) as database:
        sent = bodies_sent(ledger)
        query = "SELECT request_id, written_mono FROM requests WHERE written_mono IS NOT NULL ORDER BY 2"
        for number, moment in database.execute(query):
            if number in sent:
                written.setdefault(sent[number], []).append(moment)
    once = {body for body, times in Counter(record.body for record in records).items() if times == 1}
    return [
        record.arrival - written[record.body][0] for record in records if record.body in once and record.body in written
    ]


def line(scene: Scene, measured: Measured) -> str:
    """A line of the table."""
    early = sum(moment < 60 for moment in measured.refused)
    steady = measured.share(WARM_UP_SECONDS)
    return (
        f"| {scene.name} | {steady:.1f} % | {scene.goal:.0f} % | {measured.share(0.0):.1f} % | {early} | "
        f"{len(measured.refused) - early} | {measured.arrivals[-1]:.0f} s | {measured.connections} | "
        f"{measured.longest_way * 1000:.0f} ms | "
        f"{os.getloadavg()[0]:.1f} |"
    )


def line_together(scene: Scene, measured: Measured, rows: list[int]) -> str:
    """A line of the table of several processes."""
    return (
        f"| {scene.name} | {len(rows)} | {measured.share(0.0):.1f} % | {measured.share(WARM_UP_SECONDS):.1f} % | "
        f"{len(measured.refused)} | {', '.join(f'{one:,}' for one in rows)} | {min(rows) / max(rows):.2f} | "
        f"{os.getloadavg()[0]:.1f} |"
    )


def against_the_floor(rows: int, measured: Measured, *, has_two_limits: bool) -> Iterator[str]:
    """What so many rows took, against what the limit alone takes; and the same with the questions that count in it, too."""
    requests, work = -(-rows // 25), SCENES["floor"].work[1]
    floor, took = (requests - 1) // COUNT * SECONDS + work, measured.arrivals[-1] + work
    yield (
        f"{rows:,} rows: {took:.1f} s from the first request to the last answer, {measured.took:.1f} s in all; "
        f"the limit alone {floor:.1f} s ({100 * took / floor - 100:+.1f} %), {len(measured.refused)} refused"
    )
    asked = len(measured.asked)
    if has_two_limits or not asked:
        return
    floor, took = (requests + asked - 1) // COUNT * SECONDS + work, took + max(measured.asked, default=0.0)
    yield f"with the {asked} questions before: {took:.1f} s, the limit alone {floor:.1f} s ({100 * took / floor - 100:+.1f} %)"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--rows", type=int, help="the floor: so many rows through a server that takes 300 ms")
    parser.add_argument("--processes", type=int, help="so many commands at once on one ledger")
    parser.add_argument("--only", choices=sorted(SCENES), nargs="+", default=["jittery", "slow", "quick"])
    parser.add_argument("--plain", action="store_true", help="http: handshakes see nothing of the line")
    parser.add_argument("--two-limits", action="store_true", help="with --rows: other requests may be twice as many")
    parser.add_argument("--again", action="store_true", help="with --rows: a small import went before it")
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    gc.disable()  # server and line keep all they saw: a collection of it stood still for up to 0.3 s, which no line has shown
    if chosen.rows:
        others = 2 * COUNT if chosen.two_limits else COUNT
        measured = measure(
            SCENES["floor"],
            chosen.rows,
            is_plain=chosen.plain,
            seed=chosen.seed,
            others=others,
            is_again=chosen.again,
        )
        for told in against_the_floor(chosen.rows, measured, has_two_limits=chosen.two_limits):
            print(told)
        return
    if chosen.processes:
        print(
            "| line | processes | share of the limit | steady | refused | rows of each | least to most | load |\n"
            "|---|---|---|---|---|---|---|---|",
            flush=True,
        )
        for name in chosen.only:
            measured, rows = measure_together(
                SCENES[name], chosen.processes, chosen.minutes * 60, is_plain=chosen.plain, seed=chosen.seed
            )
            print(line_together(SCENES[name], measured, rows), flush=True)
        return
    print(
        "| line | steady | goal | all | refused in the first minute | later | over | connections | longest way | load |\n"
        "|---|---|---|---|---|---|---|---|---|---|",
        flush=True,
    )
    for name in chosen.only:
        requests = int((chosen.minutes * 60 / SECONDS + 1) * COUNT)
        measured = measure(SCENES[name], requests * 25, is_plain=chosen.plain, seed=chosen.seed)
        print(line(SCENES[name], measured), flush=True)


if __name__ == "__main__":
    main()
