"""A folder that is served alone at night, with real processes: files come, a night is killed, the next one puts all right."""

from __future__ import annotations

import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from filelock import FileLock

from etl.inbox.expected import in_words
from tests.flows.conftest import Serve
from tests.flows.desk import Desk, Ended, stored
from tests.flows.sheets import MAPPING, correct, read, visit, visits, write
from tests.flows.waiting import wait_until
from tests.foreign.server import ForeignServer


@cache
def noon_zone() -> str:
    """A zone in which it is between 12:00 and 13:00 now, so that no midnight comes between a file and its day."""
    ahead = 12 - datetime.now(UTC).hour
    return f"Etc/GMT{-ahead:+d}" if ahead else "Etc/GMT"


ROUTES = """\
version: 1
time_zone: {zone}
settle: 0.2s
routes:
  Delhi:  {{files: "delhi*", mapping: ../visits.yaml, expected: daily by 1:00}}
  Indore: {{files: "INDORE*", mapping: ../calls.yaml, expected: daily by 1:00}}
  Nagpur: {{files: "nagpur*", mapping: ../calls.yaml, expected: daily by 1:00}}
  Pune:   {{files: ["pune*", "pne*"], mapping: ../visits.yaml, expected: daily by 1:00, no_rows: ok}}
"""


@pytest.fixture
def box(desk: Desk) -> Path:
    """The folder that is served, with four branches, two through a mapping of another name."""
    (desk.folder / "calls.yaml").write_text(MAPPING.replace("name: visits", "name: calls"), encoding="utf-8")
    place = desk.folder / "box"
    (place / "inbox").mkdir(parents=True)
    (place / "routes.yaml").write_text(ROUTES.format(zone=noon_zone()), encoding="utf-8")
    return place


def under_a_name(desk: Desk) -> None:
    """The account of the desk, in a settings file."""
    desk.environ |= {"THE_KEY": desk.environ.pop("LSQ_ACCESS_KEY"), "THE_SECRET": desk.environ.pop("LSQ_SECRET_KEY")}
    host = desk.environ.pop("LSQ_HOST")
    desk.environ = {name: value for name, value in desk.environ.items() if not name.startswith("LSQ_")}
    (desk.folder / "etl.toml").write_text(
        f'[accounts.prod]\nhost = "{host}"\naccess_key = {{env = "THE_KEY"}}\nsecret_key = {{env = "THE_SECRET"}}\n',
        "utf-8",
    )


@contextmanager
def still_copied(file: Path) -> Iterator[None]:
    """A file that grows for as long as the block lasts."""
    is_over = threading.Event()

    def copy() -> None:
        with file.open("ab", buffering=0) as stream:
            while not is_over.wait(0.02):
                stream.write(b" ")

    copying = threading.Thread(target=copy)
    copying.start()
    try:
        yield
    finally:
        is_over.set()
        copying.join()


def places(box: Path) -> dict[str, str]:
    """Where each file lies, our slips, locks and memory left out: name → folder below the box, days left out."""
    return {
        path.name: "/".join(part for part in path.relative_to(box).parts[:-1] if not part[:4].isdigit())
        for path in sorted(box.rglob("*"))
        if path.is_file()
        and not path.name.startswith(".")
        and path.relative_to(box).parts[0] not in (".etl", "routes.yaml")
    }


def test_a_night_that_was_killed_is_put_right_by_the_next_one(desk: Desk, box: Path, server: ForeignServer) -> None:
    """Everything is sent once, each file lies where it belongs, and the branch that sent nothing is named, once."""
    inbox = box / "inbox"
    spoilt = {number: visit(number, **{"Visited On": "31/02/2026 10:00"}) for number in (7, 21)}
    write(inbox / "delhi.csv", [spoilt.get(number, row) for number, row in enumerate(visits(30), 1)])
    write(inbox / "pune.xlsx", visits(180, first=101))
    whole = write(desk.home / "indore.csv", visits(240, first=201)).read_bytes()
    (inbox / "indore.csv").write_bytes(whole[: len(whole) // 2])

    server.behaviour.answers_before_hold = 3
    with still_copied(inbox / "indore.csv"):
        night = desk.start("inbox", "box", LSQ_BULK_LIMIT="2/1")
        wait_until(lambda: len(server.activities) > 28 + 25, "Delhi to be filed and Pune to be under way")
        night.kill()
        killed = desk.end_of(night)
    server.behaviour.answers_before_hold = None
    between = places(box)
    correct(
        next(box.rglob("delhi.failed.csv")), {f"V-{number:05}": {"Visited On": "20/06/2026 10:00"} for number in spoilt}
    )
    shutil.move(next(box.rglob("delhi.failed.csv")), inbox / "corrected, thanks.csv")
    (inbox / "indore.csv").write_bytes(whole)
    (inbox / "nagpur.csv.part").write_bytes(b"half")
    next_night = desk.etl("inbox", "box")
    quiet = desk.etl("inbox", "box", "--quiet")

    assert (killed.code, next_night.code, quiet) == (-9, 4, Ended(0, "", ""))
    assert "indore.csv (Indore)\n  It is still growing, and left for the next time." in killed.out
    assert (
        "delhi.csv (Delhi, run 1)\n  2 rows of 30 need a person.\n  30 data rows = 28 created + 2 invalid" in killed.out
    )
    assert {name: between[name] for name in ("delhi.csv", "delhi.failed.csv", "pune.xlsx", "indore.csv")} == {
        "delhi.csv": "attention/delhi",
        "delhi.failed.csv": "attention/delhi",
        "pune.xlsx": "working/pune",
        "indore.csv": "inbox",
    }
    assert stored(server) == dict.fromkeys(
        [f"V-{number:05}" for number in (*range(1, 31), *range(101, 181), *range(201, 241))], 1
    )
    assert "pune.xlsx: goes on where an earlier night left it." in next_night.err
    assert re.search(r"corrected, thanks\.csv \(Delhi, run [34]\)\n  Every row is in LeadSquared\.", next_night.out)
    assert "delhi.csv (Delhi, run 1)\n  Its rows have been corrected" in next_night.out
    assert re.findall(r"^No .*$", next_night.out, re.MULTILINE) == [
        f"No finished file from Nagpur on {in_words(datetime.now(ZoneInfo(noon_zone())).date())} "
        f"(expected daily by 1:00, {noon_zone()}; nagpur.csv.part is not whole yet)."
    ]
    lie = places(box)
    assert {name: folder for name, folder in lie.items() if "results" not in name} == {
        "corrected, thanks.csv": "done/corrected, thanks",
        "delhi.csv": "done/delhi",
        "indore.csv": "done/indore",
        "pune.xlsx": "done/pune",
        "nagpur.csv.part": "inbox",
    }
    assert [
        lie[f"{name}.results.{kind}"] for name, kind in (("delhi", "csv"), ("indore", "csv"), ("pune", "xlsx"))
    ] == [
        "done/delhi",
        "done/indore",
        "done/pune",
    ]
    assert {row["etl_status"] for row in read(next(box.rglob("delhi.results.csv")))} == {"created"}


def test_what_needs_nobody_rings_nobody(desk: Desk, box: Path, server: ForeignServer) -> None:
    """Few bad rows under --ok-below, no rows where that is ok, and the same file twice are exit code 0, and filed as done."""
    under_a_name(desk)
    inbox = box / "inbox"
    rows = [*visits(39), visit(40, Remarks="")]
    write(inbox / "pune.csv", rows)
    shutil.copy(inbox / "pune.csv", inbox / "PNE copy.csv")
    write(inbox / "pune none.csv", visits(1))
    (inbox / "pune none.csv").write_text((inbox / "pune none.csv").read_text("utf-8").splitlines()[0] + "\n", "utf-8")
    (inbox / "~$pune.xlsx").write_bytes(b"lock")
    for branch, numbers in (("delhi", 100), ("indore", 200), ("nagpur", 300)):
        write(inbox / f"{branch}.csv", [visit(numbers)])

    ended = desk.etl("inbox", "box", "--ok-below", "5%")

    assert ended.code == 0, ended.said
    assert "1 row of 40 needs a person, fewer than 5 %." in ended.out
    assert "It has no rows, which is fine." in ended.out
    assert "The same file was imported before, by run" in ended.out
    assert len(server.activities) == 39 + 3
    repeat = next(box.rglob("pune.csv")).parent
    assert sorted(path.name for path in repeat.iterdir()) == [".etl-slip.json", "pune.csv", "pune.note.txt"]
    assert set(places(box).values()) == {
        "done/PNE copy",
        "done/delhi",
        "done/indore",
        "done/nagpur",
        "done/pune",
        "done/pune none",
        "inbox",
    }
    assert list((box / "inbox").iterdir()) == [inbox / "~$pune.xlsx"]


def test_what_cannot_be_imported_keeps_nothing_else_back(desk: Desk, box: Path, server: ForeignServer) -> None:
    """A damaged file goes to attention, one of no route stays and is named, the others are imported; the worst code counts."""
    inbox = box / "inbox"
    write(inbox / "whole.xlsx", visits(30))
    (inbox / "delhi.xlsx").write_bytes((inbox / "whole.xlsx").read_bytes()[:3000])
    (inbox / "indore.csv").write_text("Name,Place\nAsha,Indore\n", encoding="utf-8")
    write(inbox / "nagpur.csv", visits(5))
    write(inbox / "pune.csv", [visit(9, Remarks=""), visit(10)])
    shutil.copy(inbox / "pune.csv", inbox / "pune.xlsx once more.csv")

    ended = desk.etl("inbox", "box", "--json")

    assert ended.code == 2, ended.said
    assert "No file" not in ended.err  # each branch has sent one, however it is
    assert '"exit_code": 3' in ended.out
    assert "No route takes a file of its name." in ended.err
    assert {name: place for name, place in places(box).items() if "results" not in name and "note" not in name} == {
        "delhi.xlsx": "attention/delhi",
        "indore.csv": "attention/indore",
        "nagpur.csv": "done/nagpur",
        "pune.csv": "attention/pune",
        "pune.failed.csv": "attention/pune",
        "pune.xlsx once more.csv": "done/pune.xlsx once more",
        "pune.xlsx once more.failed.csv": "done/pune.xlsx once more",
        "whole.xlsx": "inbox",
    }
    assert "damaged or was cut off" in next(box.rglob("delhi.note.txt")).read_text("utf-8")
    assert len(server.activities) == 6
    ((results, failed),) = desk.ask_ledger("SELECT results_path, failed_path FROM runs WHERE failed_path IS NOT NULL")
    assert (Path(results).parent, Path(failed).parent) == (next(box.rglob("pune.csv")).parent,) * 2


def test_one_process_serves_a_folder(desk: Desk, box: Path, serve: Serve) -> None:
    """A second `etl inbox` ends with exit code 8, one whose time is up with 6, one with wrong routes with 2; none takes any."""
    serve()
    write(box / "inbox" / "pune.csv", visits(3))
    (box / ".etl").mkdir()

    with FileLock(box / ".etl" / "lock"):
        busy = desk.etl("inbox", "box")
    routes = (box / "routes.yaml").read_text("utf-8")
    (box / "routes.yaml").write_text(routes.replace("0.2s", "1.1s"), "utf-8")
    late = desk.etl("inbox", "box", "--max-runtime", "1s")
    (box / "routes.yaml").write_text("version: 1\nroutes:\n  Pune: {file: pune*, mapping: nowhere.yaml}\n", "utf-8")
    wrong = desk.etl("inbox", "box")

    assert (busy.code, late.code, wrong.code) == (8, 6, 2)
    assert "pune.csv (Pune)\n  Not taken: its time is up (--max-runtime 1s)." in late.out
    assert "No file from Pune" not in late.out
    assert "No file from Delhi" in late.out
    assert "Another etl inbox is at work" in busy.err
    assert 'routes.yaml:3:10: Unknown key "file". Did you mean "files"?' in wrong.err
    assert places(box) == {"pune.csv": "inbox"}
