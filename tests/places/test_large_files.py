"""Files that go in pieces: whole or not at all, with nothing left behind, and without all of their bytes in memory."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from etl.clock import SystemClock
from etl.errors import SourceError, UsageError
from etl.places import far, local_copy, pieces, place_of
from tests.flows.waiting import wait_until
from tests.places.s3_server import S3Server

PART = 5 << 20  # S3 takes no smaller ones
URL = "s3://field/out/visits.results.xlsx"
PUT = f"""
import sys, pathlib
from etl.places import far, pieces
pieces.PIECE_BYTES = {PART}
far.put(pathlib.Path(sys.argv[1]), sys.argv[2])
"""


@pytest.fixture
def large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of three parts."""
    monkeypatch.setattr(pieces, "PIECE_BYTES", PART)
    made = tmp_path / "large"
    made.write_bytes(os.urandom(1 << 20) * 11)
    return made


def unfinished(s3: S3Server) -> list[str]:
    """The names to which uploads have begun and not ended."""
    answer = s3._ask("GET", "field?uploads").text
    return sorted(one.partition("</Key>")[0] for one in answer.split("<Key>")[1:])


@contextmanager
def halted(s3: S3Server, file: Path, *, behind: int) -> Iterator[tuple[subprocess.Popen[str], Callable[[], None]]]:
    """A command that uploads, and so many parts have come: no further one does until it may, or the block ends."""
    came, may_go = threading.Event(), threading.Event()
    parts = []

    def hold(method: str, path: str) -> None:
        if method == "PUT" and "results" in path and not may_go.is_set():
            parts.append(path)
            if len(parts) > behind:
                came.set()
                may_go.wait(30)

    s3.hold = hold
    upload = subprocess.Popen([sys.executable, "-c", PUT, str(file), URL], stderr=subprocess.PIPE, text=True)
    wait_until(came.is_set, "a part to be on its way")
    s3.hold = None
    try:
        yield upload, may_go.set
    finally:
        may_go.set()
        upload.kill()
        upload.communicate()


def has_a_part(s3: S3Server) -> bool:
    """Whether a part has come of the only upload that has not ended."""
    number = s3._ask("GET", "field?uploads").text.partition("<UploadId>")[2].partition("</UploadId>")[0]
    return "<PartNumber>" in s3._ask("GET", f"{URL.removeprefix('s3://')}?uploadId={number}").text


def test_killed_between_two_parts_nothing_is_seen_or_stays(
    s3: S3Server, large: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is not there; the next upload an hour later gives up what was left, and nothing of other names."""
    s3._ask("POST", "field/out/visits.results.xlsx.old?uploads")
    with halted(s3, large, behind=1) as (upload, _):
        upload.kill()
        upload.wait()
        between, left = s3.names("field"), unfinished(s3)
    monkeypatch.setattr(pieces, "FORSAKEN_SECONDS", 0.0)
    far.put(large, URL)

    assert (between, left) == ([], ["out/visits.results.xlsx", "out/visits.results.xlsx.old"])
    assert s3.get("field/out/visits.results.xlsx") == large.read_bytes()
    assert unfinished(s3) == ["out/visits.results.xlsx.old"]


@pytest.mark.parametrize("begun", ["now", "long ago"])
def test_an_upload_that_is_under_way_is_not_given_up_by_another(begun: str, s3: S3Server, large: Path) -> None:
    """One that has just begun, and one whose parts still come after hours: each ends, and the last one is there."""
    (other := large.with_name("other")).write_bytes(large.read_bytes()[::-1])
    if begun == "now":
        s3.begun_at = SystemClock().now()
    with halted(s3, large, behind=0 if begun == "now" else 1) as (upload, go_on):
        if begun == "long ago":
            wait_until(lambda: has_a_part(s3), "the first part to be there")
        far.put(other, URL)
        between = s3.get("field/out/visits.results.xlsx")
        upload_goes_on = unfinished(s3)
        go_on()
        said = upload.communicate(timeout=30)[1]

    assert (upload.returncode, said) == (0, "")
    assert (between == other.read_bytes(), upload_goes_on) == (True, ["out/visits.results.xlsx"])
    assert s3.get("field/out/visits.results.xlsx") == large.read_bytes()


def test_an_upload_that_somebody_has_given_up_is_told_as_that(s3: S3Server, large: Path) -> None:
    """The bucket is there; what was sent is not any more."""

    def tidy(method: str, path: str) -> None:
        if method == "PUT" and s3.seen.count((method, path)) == 1:
            answer = s3._ask("GET", "field?uploads").text
            number = answer.partition("<UploadId>")[2].partition("</UploadId>")[0]
            s3._ask("DELETE", f"{URL.removeprefix('s3://')}?uploadId={number}")

    s3.hold = tidy
    with pytest.raises(UsageError, match=r"its upload was given up from outside .* Another program writes"):
        far.put(large, URL)


@pytest.mark.skipif(os.name == "nt", reason="there is no Ctrl-C for another process there")
def test_stopped_between_two_parts_nothing_stays_but_what_is_of_others(s3: S3Server, large: Path) -> None:
    """Ctrl-C ends the waiting for an upload, not the upload: it is given up, and no other one to that name."""
    s3.begun_at = SystemClock().now()
    s3._ask("POST", "field/out/visits.results.xlsx?uploads")
    with halted(s3, large, behind=1) as (upload, _):
        both = unfinished(s3)
        upload.send_signal(signal.SIGINT)
        said = upload.communicate(timeout=30)[1]

    assert "KeyboardInterrupt" in said
    assert both == ["out/visits.results.xlsx"] * 2
    assert unfinished(s3) == ["out/visits.results.xlsx"]


def test_who_may_not_list_uploads_may_upload(s3: S3Server, large: Path) -> None:
    """What is left of others is for the bucket's own rules then."""
    s3.refuse("GET", "/field")

    assert far.put(large, URL).size == large.stat().st_size


def test_a_large_file_is_fetched_piece_by_piece(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same bytes, the last piece being shorter."""
    content = bytes(range(250)) * 10
    s3.put("field/in.csv", content)
    monkeypatch.setattr(pieces, "PIECE_BYTES", 1000)

    assert local_copy(place_of("s3://field/in.csv")).read_bytes() == content
    assert s3.seen.count(("GET", "/field/in.csv")) == 3


@pytest.mark.parametrize("new", [b"", b"short", b"y" * 2500], ids=["empty", "shorter", "as long"])
def test_a_large_file_that_is_replaced_between_two_pieces_is_not_taken(
    new: bytes, s3: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it has become so short that a piece of it cannot be asked for."""
    s3.put("field/in.csv", b"x" * 2500)
    monkeypatch.setattr(pieces, "PIECE_BYTES", 1000)

    def replace(method: str, path: str) -> None:
        if s3.seen.count(("GET", "/field/in.csv")) == 2 and method == "GET" and path.endswith("in.csv"):
            s3.put("field/in.csv", new)

    s3.hold = replace
    with pytest.raises(SourceError, match=r"in\.csv was changed while it was read"):
        local_copy(place_of("s3://field/in.csv"))
