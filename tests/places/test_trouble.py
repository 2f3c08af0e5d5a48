"""What a person is told when a store does not do as it was asked."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from etl.clock import SystemClock
from etl.errors import EtlError, NetworkError, SourceError, UsageError
from etl.places import far, local_copies, local_copy, place_of, stores
from etl.places.trouble import in_words
from etl.reader import InputRules, open_input
from etl.reconciler.put_in_place import check_folder, put_in_place, take_away
from tests.places.s3_server import S3Server


class NoCredentialsError(Exception):
    """As botocore has it."""


class HostKeyNotVerifiable(Exception):  # noqa: N818 — its name there
    """As asyncssh has it."""


class ServiceRequestError(Exception):
    """As azure has it."""


@pytest.mark.parametrize(
    ("error", "kind", "told"),
    [
        (
            NoCredentialsError("Unable to locate credentials"),
            UsageError,
            "They are not set in etl, but where s3fs looks",
        ),
        (PermissionError("Access Denied"), UsageError, "access denied (PermissionError: Access Denied)"),
        (HostKeyNotVerifiable("Host key is not trusted"), UsageError, "is not in ~/.ssh/known_hosts"),
        (ServiceRequestError("no route"), NetworkError, "cannot be reached now (ServiceRequestError: no route)"),
        (ConnectionRefusedError(111, "Connection refused"), NetworkError, "cannot be reached now"),
        (TimeoutError(), NetworkError, "cannot be reached now (TimeoutError)"),
        (OSError(16, "Please reduce your request rate"), NetworkError, "Run the same command again when it can be"),
        (OSError(22, "Invalid bucket name"), UsageError, "OSError: Invalid bucket name. Check the URL"),
        (ValueError("at https://u:Hunter2@x/y?sig=Hunter2 wrong"), UsageError, "ValueError: at https…x/y… wrong"),
    ],
    ids=lambda one: type(one).__name__ if isinstance(one, Exception) else None,
)
def test_an_error_of_a_library_is_told_in_words(error: Exception, kind: type[EtlError], told: str) -> None:
    """With what can be done about it, and without what may be a secret."""
    said = in_words(error, "s3://field/in.csv", "read")

    assert isinstance(said, kind)
    assert said.message.startswith("s3://field/in.csv cannot be read: ")
    assert told in said.message
    assert "Hunter2" not in said.message


def test_what_is_not_there_is_told_apart(s3: S3Server) -> None:
    """A file, and a bucket."""
    with pytest.raises(SourceError, match=r"s3://field/in\.csv cannot be read: there is no such file"):
        open_input(place_of("s3://field/in.csv"), InputRules())
    with pytest.raises(UsageError, match=r"there is no bucket no-bucket\. Correct the URL, or make the bucket"):
        list(place_of("s3://no-bucket/in").iterdir())


def test_a_missing_library_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    """As one types it."""
    monkeypatch.setitem(sys.modules, "gcsfs", None)

    with pytest.raises(
        UsageError, match=r"gcsfs is needed, and it is not installed. Install it with: pip install 'etl\[gs\]'"
    ):
        place_of("gs://field/in.csv").exists()


def test_nothing_of_it_is_loaded_for_files_of_this_machine() -> None:
    """Who has no files at URLs pays nothing for them."""
    asked = "import sys, etl.places; print({'fsspec', 'asyncio'} & {*sys.modules})"  # nobody else may import it

    told = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)

    assert told.stdout == "set()\n"


def test_a_store_that_is_away_for_a_moment_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A bounded number of times where the library does not do so itself, with longer waits between."""
    waits: list[float] = []
    monkeypatch.setattr(SystemClock, "sleep", lambda _, seconds: waits.append(seconds))

    def away(_: object) -> None:
        raise ConnectionResetError(104, "Connection reset by peer")

    monkeypatch.setattr(stores, "store_of", lambda _: None)
    monkeypatch.setattr(stores, "forget", lambda _: None)
    with pytest.raises(NetworkError, match="SFTP cannot be reached now"):
        stores.asked("sftp://host/in.csv", "read", away)
    with pytest.raises(NetworkError, match="S3 cannot be reached now"):
        stores.asked("s3://field/in.csv", "read", away)
    assert waits == [1.0, 2.0]


def test_a_file_that_has_no_room_is_not_fetched(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is said before the disk is full."""
    s3.put("field/in.csv", b"x" * 100)
    usage = local_copies.shutil.disk_usage("/")
    monkeypatch.setattr(local_copies.shutil, "disk_usage", lambda _: usage._replace(free=99))

    with pytest.raises(
        SourceError, match=r"there is room for 0 MB in .*, where it is read from\. Make room, or set TMPDIR"
    ):
        local_copy(place_of("s3://field/in.csv"))
    assert ("GET", "/field/in.csv") not in s3.seen


def test_a_place_is_tried_before_anything_is_sent(s3: S3Server) -> None:
    """By a file that is gone again, or stays empty where nothing may be deleted."""
    check_folder(place_of("s3://field/out/visits.results.csv"))
    left = s3.names("field")
    s3.refuse("DELETE", "")
    check_folder(place_of("s3://field/out/visits.results.csv"))
    s3.refuse("PUT", "")

    with pytest.raises(UsageError, match=r"s3://field/out/\.etl-can-write cannot be written: access denied"):
        check_folder(place_of("s3://field/out/visits.results.csv"))
    assert (left, s3.names("field")) == ([], ["out/.etl-can-write"])


def test_a_file_that_may_not_be_deleted_harms_nobody(s3: S3Server) -> None:
    """An outdated failed file stays where it is."""
    s3.put("field/visits.failed.csv", "old\n")
    s3.refuse("DELETE", "")

    take_away(place_of("s3://field/visits.failed.csv"))

    assert s3.names("field") == ["visits.failed.csv"]


def test_of_a_write_that_fails_nothing_is_seen(s3: S3Server, tmp_path: Path) -> None:
    """Neither of what fills the file, nor of the upload; what was there stays."""
    s3.put("field/visits.results.csv", "old\n")
    target = place_of("s3://field/visits.results.csv")

    def breaks_off(draft: Path) -> None:
        draft.write_text("half", encoding="utf-8")
        raise OSError(28, "No space left on device")

    with pytest.raises(UsageError, match="No space left on device"):
        put_in_place(target, breaks_off, lambda _: True)
    s3.refuse("PUT", "results")
    with pytest.raises(UsageError, match="access denied"):
        put_in_place(target, lambda draft: draft.write_text("new", encoding="utf-8") and None, lambda _: True)
    assert (s3.get("field/visits.results.csv"), s3.names("field")) == (b"old\n", ["visits.results.csv"])


def test_an_upload_that_another_program_writes_over_is_told(s3: S3Server, tmp_path: Path) -> None:
    """What is there is looked at behind it."""
    (tmp_path / "visits.csv").write_text("four", encoding="utf-8")

    def over(method: str, _path: str) -> None:
        if method == "HEAD":
            s3.put("field/visits.csv", "another")

    s3.hold = over
    with pytest.raises(
        UsageError, match=r"4 bytes were written, and 7 are there now\. Another program writes to the same place"
    ):
        far.put(tmp_path / "visits.csv", "s3://field/visits.csv")
