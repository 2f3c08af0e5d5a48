"""Files that go in pieces: whole or not at all, with nothing left behind, and without all of their bytes in memory."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from etl.errors import SourceError
from etl.places import far, local_copy, pieces, place_of, stores
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


def test_killed_between_two_parts_nothing_is_seen_or_stays(s3: S3Server, large: Path) -> None:
    """The name is not there; the next upload to it gives up what was left, and nothing of other names."""
    came, may_go = threading.Event(), threading.Event()
    parts = []

    def hold(method: str, path: str) -> None:
        if method == "PUT" and "results" in path and not may_go.is_set():
            parts.append(path)
            if len(parts) > 1:
                came.set()
                may_go.wait(30)

    s3._ask("POST", "field/out/visits.results.xlsx.old?uploads")
    s3.hold = hold
    upload = subprocess.Popen([sys.executable, "-c", PUT, str(large), URL])
    wait_until(came.is_set, "the second part to be on its way")
    upload.kill()
    upload.wait()
    between, left = s3.names("field"), unfinished(s3)
    may_go.set()
    s3.hold = None
    far.put(large, URL)

    assert (between, left) == ([], ["out/visits.results.xlsx", "out/visits.results.xlsx.old"])
    assert s3.get("field/out/visits.results.xlsx") == large.read_bytes()
    assert unfinished(s3) == ["out/visits.results.xlsx.old"]


def test_stopped_between_two_parts_nothing_stays(s3: S3Server, large: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends the waiting for an upload, not the upload: it is given up."""
    store = stores.store_of(URL)

    def begins_and_is_stopped(_source: str, place: str, **_: object) -> None:
        bucket, _, key = place.partition("/")
        store.call_s3("create_multipart_upload", Bucket=bucket, Key=key)
        assert unfinished(s3) == [key]
        raise KeyboardInterrupt

    monkeypatch.setattr(store, "put_file", begins_and_is_stopped)
    with pytest.raises(KeyboardInterrupt):
        far.put(large, URL)

    assert unfinished(s3) == []


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
