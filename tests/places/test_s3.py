"""Imports whose files lie in a bucket: the real command, a real S3 API over HTTP, and what goes wrong on the way there."""

from __future__ import annotations

import re
import shutil
import tempfile
import threading
from pathlib import Path

import pytest

from etl.errors import SourceError
from etl.places import local_copy, place_of
from etl.reconciler.put_in_place import put_in_place
from tests.flows.desk import Desk, stored
from tests.flows.sheets import MAPPING, read, visit, visits, write
from tests.flows.waiting import wait_until
from tests.foreign.server import ForeignServer
from tests.places.s3_server import KEYS, S3Server

SHEET, RESULTS, FAILED = "field/in/visits.csv", "field/in/visits.results.csv", "field/in/visits.failed.csv"
RUN = ("run", f"s3://{SHEET}", "-m", "s3://field/maps/visits.yaml")
PEOPLE = "Name,E-mail\nAsha,asha@example.com\n"


@pytest.fixture(autouse=True)
def bucket(s3: S3Server, desk: Desk) -> None:
    """A mapping, and twelve visits of which the second has a wrong date."""
    s3.put("field/maps/visits.yaml", MAPPING)
    rows = [visit(2, **{"Visited On": "31/02/2026 10:00"}) if row["Visit"] == "V-00002" else row for row in visits(12)]
    s3.put(SHEET, write(desk.home / "visits.csv", rows).read_bytes())


def lines(s3: S3Server, name: str, folder: Path) -> list[dict[str, str]]:
    """The lines of a file in the bucket."""
    (folder / "got.csv").write_bytes(s3.get(name))
    return read(folder / "got.csv")


def test_the_whole_way_in_a_bucket(desk: Desk, s3: S3Server, server: ForeignServer) -> None:
    """Sheet, mapping with its base and lookup file, results and the corrected failed file: all in a bucket, each row once."""
    s3.put(
        "field/maps/base/visits.yaml",
        MAPPING.replace("Email: SearchByValue", "Email: {to: SearchByValue, lookup: ../people.csv}"),
    )
    s3.put(
        "field/maps/people.csv",
        "Name,E-mail\n" + "".join(f"lead{n}@example.com,l{n}@example.com\n" for n in range(1, 13)),
    )
    s3.put("field/maps/visits.yaml", "version: 1\nname: visits\nextends: base/visits.yaml\n")

    first = desk.etl(*RUN)
    results, failed = lines(s3, RESULTS, desk.home), lines(s3, FAILED, desk.home)
    s3.put(FAILED, s3.get(FAILED).replace(b"31/02/2026", b"28/02/2026"))
    second = desk.etl("run", f"s3://{FAILED}", "-m", "s3://field/maps/visits.yaml")
    known = desk.etl("status", f"s3://{SHEET}")

    assert (first.code, second.code, known.code) == (4, 0, 0), first.said + second.said + known.said
    assert first.counts() == {"created": 11, "invalid": 1}
    assert [line["etl_status"] for line in results] == ["created", "invalid", *["created"] * 10]
    assert [line["Visit"] for line in failed] == ["V-00002"]
    assert stored(server) == {f"V-{number:05}": 1 for number in range(1, 13)}
    assert {one.search_value for one in server.activities} == {f"l{number}@example.com" for number in range(1, 13)}
    assert [line["etl_status"] for line in lines(s3, RESULTS, desk.home)] == ["created"] * 12
    assert f"s3://{SHEET}" in str(desk.ask_ledger("SELECT input_path, mapping_path FROM runs WHERE run_id = 1"))
    assert not [one for one in s3.names("field") if one.rpartition("/")[2].startswith(".")]
    assert "visits.csv: 12 data rows" in known.out
    assert not any(secret in text for secret in KEYS.values() for text in (first.said, second.said, known.said))


def test_results_are_there_whole_or_not_at_all(desk: Desk, s3: S3Server, server: ForeignServer) -> None:
    """Killed while the results are on their way, nothing of them is there; the same command sends nothing and puts them there."""
    came, may_go = threading.Event(), threading.Event()

    def hold(method: str, path: str) -> None:
        if method == "PUT" and ".results" in path and not may_go.is_set():
            came.set()
            may_go.wait(30)

    s3.hold = hold
    run = desk.start_warm(*RUN)
    wait_until(came.is_set, "the results to be on their way")
    run.kill()
    killed = desk.end_of(run)
    for left in Path(tempfile.gettempdir()).glob(f"etl-{run.pid}-*"):  # its private copies
        shutil.rmtree(left)
    between = s3.names("field")
    s3.refuse("PUT", "visits.run1")  # what the killed command has sent may be carried out still
    may_go.set()
    refused = desk.etl(*RUN)
    s3.refused.clear()
    again = desk.etl(*RUN)

    assert (killed.code, refused.code, again.code) == (-9, 6, 4), refused.said + again.said
    assert [one for one in between if "results" in one] == []
    assert "access denied" in refused.out
    assert "Mend that and run the same command again: it sends nothing twice" in refused.out
    assert stored(server) == {f"V-{number:05}": 1 for number in range(1, 13) if number != 2}
    assert [line["etl_status"] for line in lines(s3, RESULTS, desk.home)].count("created") == 11


def test_a_persons_file_is_never_written_over(s3: S3Server) -> None:
    """What somebody has changed stays as it is, and the results get a neighbour."""
    s3.put(RESULTS, "mine\n1\n")

    written = put_in_place(place_of(f"s3://{RESULTS}"), lambda draft: write(draft, visits(2)) and None, lambda _: False)

    assert str(written) == f"s3://{RESULTS}".replace(".csv", ".2.csv")
    assert s3.get(RESULTS) == b"mine\n1\n"


def test_what_was_replaced_behind_a_check_is_read_anew(desk: Desk, s3: S3Server, server: ForeignServer) -> None:
    """A run reads the bytes that are there when it begins; of a pattern neither lock files nor what lies deeper."""
    checked = desk.etl("check", f"s3://{SHEET}", "-m", "visits.yaml")
    s3.put(SHEET, write(desk.home / "visits.csv", visits(24, first=13)).read_bytes())
    s3.put("field/in/more.csv", write(desk.home / "more.csv", visits(36, first=25)).read_bytes())
    s3.put("field/in/~$more.csv", b"lock")
    s3.put("field/in/deeper/other.csv", b"not this one")
    s3.delete(FAILED)

    ended = desk.etl("run", "s3://field/in/*.csv", "-m", "visits.yaml")

    assert (checked.code, ended.code) == (4, 0), ended.said
    assert stored(server) == {f"V-{number:05}": 1 for number in range(13, 37)}


def test_a_file_that_is_replaced_while_it_is_read_is_not_taken(s3: S3Server) -> None:
    """Then half of what was read may be old, half new: nobody gets any of it."""

    def replace(method: str, path: str) -> None:
        if method == "GET" and path.endswith("visits.csv"):
            s3.put(SHEET, s3.get(SHEET).replace(b"2026", b"2025"))  # as many bytes

    s3.hold = replace
    with pytest.raises(SourceError, match=r"visits\.csv was changed while it was read: it is still being copied"):
        local_copy(place_of(f"s3://{SHEET}"))


def test_one_version_is_fetched_once(s3: S3Server) -> None:
    """However often a file is opened; and a new version is seen at once."""
    file = place_of(f"s3://{SHEET}")

    before = [file.read_bytes() for _ in range(3)]
    s3.put(SHEET, "new\n")
    after = file.read_bytes()

    assert s3.seen.count(("GET", f"/{SHEET}")) == 2
    assert (set(map(len, before)), after) == ({len(before[0])}, b"new\n")


def test_a_night_of_an_inbox_in_a_bucket(desk: Desk, s3: S3Server, server: ForeignServer) -> None:
    """Each file lies where it belongs with its results; what was filed is found by its new place, and nothing is left over."""
    s3.put(
        "field/box/routes.yaml",
        "version: 1\nsettle: 0.1s\nroutes:\n  All: {files: '*.csv', mapping: ../maps/visits.yaml}\n",
    )
    s3.put("field/box/inbox/visits.csv", s3.get(SHEET))
    s3.put("field/box/inbox/good.csv", write(desk.home / "good.csv", visits(24, first=13)).read_bytes())
    s3.put("field/box/inbox/half.csv.part", b"half")

    night = desk.etl("inbox", "s3://field/box")

    names = [one.removeprefix("box/") for one in s3.names("field") if one.startswith("box/") and "/.etl" not in one]
    lie = {re.sub(r"\.run\d+\.", ".run.", one) for one in names}
    day = next(one.split("/")[1] for one in lie if one.startswith("done/"))
    assert night.code == 4, night.said
    assert lie == {
        *(f"attention/{day}/visits/visits.{of}" for of in ("csv", "failed.csv", "results.csv", "run.results.csv")),
        *(f"done/{day}/good/good.{of}" for of in ("csv", "results.csv", "run.results.csv")),
        "inbox/half.csv.part",
        "routes.yaml",
    }
    assert stored(server) == {f"V-{number:05}": 1 for number in range(1, 25) if number != 2}
    assert f"s3://field/box/done/{day}/good/good.results.csv" in str(desk.ask_ledger("SELECT results_path FROM runs"))
