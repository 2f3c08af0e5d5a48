"""How files appear beside the input."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from etl.errors import UsageError
from etl.reconciler.put_in_place import copy_in_place, put_in_place


def writes(text: str) -> Callable[[Path], None]:
    def write(draft: Path) -> None:
        draft.write_text(text, encoding="utf-8")

    return write


def always(_: Path) -> bool:
    return True


def never(_: Path) -> bool:
    return False


def contents(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir() if path.is_file()}


def test_a_new_file_stands_where_it_was_asked_for(tmp_path: Path) -> None:
    """Nothing but the finished file is in the folder afterwards."""
    place = put_in_place(tmp_path / "v.results.csv", writes("new"), never)

    assert place == tmp_path / "v.results.csv"
    assert contents(tmp_path) == {"v.results.csv": "new"}


def test_our_own_file_is_replaced(tmp_path: Path) -> None:
    """A file that may be replaced is."""
    (tmp_path / "v.results.csv").write_text("old", encoding="utf-8")

    place = put_in_place(tmp_path / "v.results.csv", writes("new"), always)

    assert place == tmp_path / "v.results.csv"
    assert contents(tmp_path) == {"v.results.csv": "new"}


def test_somebody_elses_file_gets_a_neighbour(tmp_path: Path) -> None:
    """A file that a person made or changed is never touched: the new one takes the next free number."""
    (tmp_path / "v.results.csv").write_text("edited", encoding="utf-8")
    (tmp_path / "v.results.2.csv").write_text("edited too", encoding="utf-8")

    place = put_in_place(tmp_path / "v.results.csv", writes("new"), never)

    assert place == tmp_path / "v.results.3.csv"
    assert contents(tmp_path) == {
        "v.results.csv": "edited",
        "v.results.2.csv": "edited too",
        "v.results.3.csv": "new",
    }


def test_our_own_neighbour_is_replaced(tmp_path: Path) -> None:
    """Neighbours do not pile up: each is asked about like the first place."""
    (tmp_path / "v.csv").write_text("edited", encoding="utf-8")
    (tmp_path / "v.2.csv").write_text("ours", encoding="utf-8")

    assert put_in_place(tmp_path / "v.csv", writes("new"), lambda path: path.name == "v.2.csv") == tmp_path / "v.2.csv"
    assert contents(tmp_path) == {"v.csv": "edited", "v.2.csv": "new"}


def test_a_file_that_is_open_gets_a_neighbour(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system will not replace a file because a program holds it open, the new one goes beside it."""
    (tmp_path / "v.csv").write_text("open", encoding="utf-8")
    rename = Path.replace

    def replace(draft: Path, place: Path) -> Path:
        if place.name == "v.csv":
            raise PermissionError(errno.EACCES, "The process cannot access the file")
        return rename(draft, place)

    monkeypatch.setattr(Path, "replace", replace)

    assert put_in_place(tmp_path / "v.csv", writes("new"), always) == tmp_path / "v.2.csv"
    assert contents(tmp_path) == {"v.csv": "open", "v.2.csv": "new"}


def test_a_folder_in_the_way_gets_a_neighbour(tmp_path: Path) -> None:
    """A folder of that name is nobody's file to replace."""
    (tmp_path / "v.csv").mkdir()

    assert put_in_place(tmp_path / "v.csv", writes("new"), always) == tmp_path / "v.2.csv"


def test_an_error_leaves_the_old_file_and_no_draft(tmp_path: Path) -> None:
    """When writing fails half-way the old file is still whole, and nothing temporary stays behind."""
    (tmp_path / "v.csv").write_text("old", encoding="utf-8")

    def fail(draft: Path) -> None:
        draft.write_text("ha", encoding="utf-8")
        raise RuntimeError("the ledger went away")

    with pytest.raises(RuntimeError, match="the ledger went away"):
        put_in_place(tmp_path / "v.csv", fail, always)

    assert contents(tmp_path) == {"v.csv": "old"}


def test_a_full_disk_says_what_to_do(tmp_path: Path) -> None:
    """A disk that is full is told in words a person can act on, and leaves no draft."""

    def fill(draft: Path) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(UsageError, match=r"v\.csv cannot be written in .*: No space left on device\. .*--results"):
        put_in_place(tmp_path / "v.csv", fill, always)

    assert contents(tmp_path) == {}


FAILURES = {
    "the disk is failing": OSError(errno.EIO, "Input/output error"),
    "over quota": OSError(errno.EDQUOT, "Disk quota exceeded"),
    "the network folder has gone": OSError(errno.ESTALE, "Stale file handle"),
    "read-only by now": OSError(errno.EROFS, "Read-only file system"),
    "words without a number": OSError("short write"),
}


@pytest.mark.parametrize("step", ["write", "force", "ask", "rename"])
@pytest.mark.parametrize("failure", FAILURES.values(), ids=FAILURES.keys())
def test_whatever_the_system_refuses_is_told_in_its_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failure: OSError, step: str
) -> None:
    """At each step of putting a file in place a failure becomes one message; the old file is whole, no draft stays."""

    def fail(*_: object) -> None:
        raise failure

    (tmp_path / "v.csv").write_text("old", encoding="utf-8")
    if step == "force":
        monkeypatch.setattr(os, "fsync", fail)
    if step == "rename":
        monkeypatch.setattr(Path, "replace", fail)
    write, may_replace = (fail if step == "write" else writes("new")), (fail if step == "ask" else always)

    with pytest.raises(UsageError, match=rf"v\.csv cannot be written in .*: {failure.strerror or 'short write'}\. "):
        put_in_place(tmp_path / "v.csv", write, may_replace)  # type: ignore[arg-type]  # what fails returns nothing

    assert contents(tmp_path) == {"v.csv": "old"}


def test_a_failure_elsewhere_names_the_file_that_is_meant(tmp_path: Path) -> None:
    """The kept copy is read while the results are written: where that one is gone, the message says so."""

    def read_the_copy(_: Path) -> None:
        (tmp_path / "copy").read_bytes()

    with pytest.raises(UsageError, match=r"v\.csv cannot be written in .*: No such file or directory \(.*copy\)\."):
        put_in_place(tmp_path / "v.csv", read_the_copy, always)


def test_a_missing_folder_says_what_to_do(tmp_path: Path) -> None:
    """A place in a folder that is not there is refused with the folder's name and the remedy."""
    with pytest.raises(UsageError, match=r"v\.csv cannot be written in .*nowhere: No such file.*--results"):
        put_in_place(tmp_path / "nowhere" / "v.csv", writes("new"), always)


def test_a_read_only_folder_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that cannot be written to is refused with its name and the remedy."""

    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)  # a test run by root may write into every folder

    with pytest.raises(UsageError, match=r"v\.csv cannot be written in .*: Permission denied\. .*--results"):
        put_in_place(tmp_path / "v.csv", writes("new"), always)


def test_a_draft_left_by_a_crash_is_not_in_the_way(tmp_path: Path) -> None:
    """A temporary file that a killed process left behind is passed by."""
    (tmp_path / f".v.csv.{os.getpid()}-0.tmp").write_text("left", encoding="utf-8")

    assert put_in_place(tmp_path / "v.csv", writes("new"), never) == tmp_path / "v.csv"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_colleagues_may_read_the_file(tmp_path: Path) -> None:
    """The file has the permissions that any new file of this person has, and not a temporary file's narrow ones."""
    (tmp_path / "usual").touch()

    place = put_in_place(tmp_path / "v.csv", writes("new"), never)

    assert place.stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_copy_follows_the_same_rules(tmp_path: Path) -> None:
    """The latest results are a byte-for-byte copy of the run's, placed with the same care."""
    source = tmp_path / "v.run41.results.csv"
    source.write_bytes(b"\xef\xbb\xbfrow\r\n")
    (tmp_path / "v.results.csv").write_text("edited", encoding="utf-8")

    place = copy_in_place(source, tmp_path / "v.results.csv", never)

    assert place == tmp_path / "v.results.2.csv"
    assert place.read_bytes() == source.read_bytes()
