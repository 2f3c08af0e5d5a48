"""Large files, piece by piece: what is on its way is what memory holds, however large the file is.

The libraries would hold much more of them: parts of 50 MB, ten at a time (s3fs); blocks of 4 MB, 128 at a time (adlfs). A file
that goes in parts shows when its last part has come and the store was told so; one that breaks off never shows. What is left
of it then:

    S3      the parts stay, unseen and paid for, until somebody aborts the upload: we do, before the next one to the same name
    Azure   blocks go with the next upload to the same name, or after a week
    Google  the upload is forgotten after a week, and costs nothing
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

PIECE_BYTES = 8 << 20
"""S3 takes parts from 5 MB on, Google pieces in steps of 256 KB."""

_MOST_PARTS = 10_000  # of S3
AT_ONCE = 4

_IN_PIECES = frozenset({"s3fs", "gcsfs"})


def upload(store: Any, library: str, source: Path, place: str) -> None:
    """A local file to its place in a store without folders."""
    size = source.stat().st_size
    if library not in _IN_PIECES:
        store.put_file(str(source), place)
        return
    pieces = max(PIECE_BYTES, -(-size // _MOST_PARTS))
    if library != "s3fs" or size < 2 * pieces:  # s3fs sends what is smaller than two parts by one request
        store.put_file(str(source), place, chunksize=pieces)
        return
    abort_unfinished(store, place)
    try:
        store.put_file(str(source), place, chunksize=pieces)
    except BaseException:  # Ctrl-C as well: the library aborts only what has failed
        abort_unfinished(store, place)
        raise


def download(store: Any, place: str, target: Path, size: int) -> None:
    """A file of so many bytes from a store without folders. One that is shorter by now ends early: its reader looks again."""
    if size <= PIECE_BYTES:
        store.get_file(place, str(target))
        return
    with target.open("wb") as stream:
        for at in range(0, size, PIECE_BYTES):
            stream.write(store.cat_file(place, start=at, end=min(at + PIECE_BYTES, size)))


def abort_unfinished(store: Any, place: str) -> None:
    """Give up the uploads to a name of S3 that have not ended: of a command that was killed, or is halted somewhere.

    One of the latter would put its older file over ours, when it wakes. Who may not list uploads leaves them to the bucket's
    own rules.
    """
    bucket, _, key = place.partition("/")
    with suppress(Exception):
        answer = store.call_s3("list_multipart_uploads", Bucket=bucket, Prefix=key)
        for one in answer.get("Uploads", []):
            if one["Key"] == key:
                store.call_s3("abort_multipart_upload", Bucket=bucket, Key=key, UploadId=one["UploadId"])
