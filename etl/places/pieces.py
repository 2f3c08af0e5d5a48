"""Large files, piece by piece: what is on its way is what memory holds, however large the file is.

The libraries would hold much more of them: parts of 50 MB, ten at a time (s3fs); blocks of 4 MB, 128 at a time (adlfs). A file
that goes in parts shows when its last part has come and the store was told so; one that breaks off never shows. What is left
of it then:

    S3      the parts stay, unseen and paid for, until somebody aborts the upload: we do, before the next one to the same name,
            once nothing has come of it for an hour: until then it may be another machine's that is under way
    Azure   blocks go with the next upload to the same name, or after a week
    Google  the upload is forgotten after a week, and costs nothing
"""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from etl.clock import SystemClock

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

PIECE_BYTES = 8 << 20
"""S3 takes parts from 5 MB on, Google pieces in steps of 256 KB."""

_MOST_PARTS = 10_000  # of S3
AT_ONCE = 4

FORSAKEN_SECONDS = 3600.0
"""An upload of which no part has come for so long is nobody's any more: a part of 8 MB takes less by any line that is one."""

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
    _abort_forsaken(store, place)
    _upload_to_s3(store, source, place, pieces)


def download(store: Any, place: str, target: Path, size: int) -> None:
    """A file of so many bytes from a store without folders. One that is shorter by now ends early: its reader looks again."""
    if size <= PIECE_BYTES:
        store.get_file(place, str(target))
        return
    with target.open("wb") as stream:
        for at in range(0, size, PIECE_BYTES):
            stream.write(store.cat_file(place, start=at, end=min(at + PIECE_BYTES, size)))


class _OneUpload:
    """The store, as far as its library uploads one file by it: notes the upload's number, which the library keeps to itself."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.upload_id: str | None = None
        self.is_given_up = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def _call_s3(self, method: str, *args: Any, **kwargs: Any) -> Any:
        if self.is_given_up and method == "complete_multipart_upload":
            raise InterruptedError("the upload was given up")  # the library aborts it then
        answer = await self._store._call_s3(method, *args, **kwargs)
        if method == "create_multipart_upload":
            self.upload_id = answer["UploadId"]
        return answer


def _upload_to_s3(store: Any, source: Path, place: str, pieces: int) -> None:
    from fsspec.asyn import sync  # noqa: PLC0415 — loaded with the store

    one = _OneUpload(store)
    try:
        sync(store.loop, type(store)._put_file, one, str(source), place, chunksize=pieces)
    except BaseException:  # Ctrl-C ends the waiting, not the upload; and the library aborts only what has failed
        one.is_given_up = True
        if one.upload_id is not None:
            bucket, _, key = place.partition("/")
            with suppress(Exception):  # it may have been aborted; what is told is why it was given up
                store.call_s3("abort_multipart_upload", Bucket=bucket, Key=key, UploadId=one.upload_id)
        raise


def _abort_forsaken(store: Any, place: str) -> None:
    """Give up the uploads to a name of S3 that nobody goes on with: of commands that were killed, or are halted somewhere.

    One of the latter would put its older file over ours, when it wakes. Those that are under way are left alone. Who may not
    list uploads and their parts leaves all of them to the bucket's own rules.
    """
    bucket, _, key = place.partition("/")
    before = SystemClock().now() - timedelta(seconds=FORSAKEN_SECONDS)
    with suppress(Exception):
        answer = store.call_s3("list_multipart_uploads", Bucket=bucket, Prefix=key)
        for one in answer.get("Uploads", []):
            if one["Key"] != key or one["Initiated"] > before:
                continue
            upload = {"Bucket": bucket, "Key": key, "UploadId": one["UploadId"]}
            with suppress(Exception):
                if not _has_part_since(before, store, upload):
                    store.call_s3("abort_multipart_upload", **upload)


def _has_part_since(before: datetime, store: Any, upload: dict[str, str]) -> bool:
    """Whether a part of it has come since; S3 tells of a thousand at a time."""
    marker = 0
    while True:
        answer = store.call_s3("list_parts", **upload, PartNumberMarker=marker)
        if any(part["LastModified"] > before for part in answer.get("Parts", [])):
            return True
        if not answer.get("IsTruncated"):
            return False
        marker = answer["NextPartNumberMarker"]
