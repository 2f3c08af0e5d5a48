"""Inputs and mappings kept by their content."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Self

import pytest

from etl.errors import LedgerError, SourceError
from tests.ledger.books import Book


def a_file(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_a_copy_is_kept_by_the_hash_of_its_content(book: Book, tmp_path: Path) -> None:
    """The copy holds the very bytes, is found by their SHA-256, and outlives the original."""
    content = b"Email,Visit\r\n" * 100_000
    original = a_file(tmp_path, "visits.csv", content)

    kept = book.ledger.copies.keep(original, "input")
    original.unlink()

    assert kept == hashlib.sha256(content).hexdigest()
    assert book.ledger.copies.path(kept).read_bytes() == content
    assert book.query("SELECT hash, kind, name, bytes FROM copies") == [(kept, "input", "visits.csv", len(content))]


def test_equal_contents_are_kept_once(book: Book, other: Book, tmp_path: Path) -> None:
    """The same content under another name, or from another process, is one copy."""
    first = book.ledger.copies.keep(a_file(tmp_path, "a.csv", b"x"), "input")
    second = other.ledger.copies.keep(a_file(tmp_path, "b.csv", b"x"), "input")

    assert first == second
    assert book.query("SELECT name FROM copies") == [("a.csv",)]


def test_nothing_is_left_beside_the_copies(book: Book, tmp_path: Path) -> None:
    """Half-written copies do not stay."""
    book.ledger.copies.keep(a_file(tmp_path, "a.csv", b"x"), "input")

    kept = [path for path in (tmp_path / "files").rglob("*") if path.is_file() and path.parent.name != "ledgers"]
    assert len(kept) == 1


def test_an_input_that_cannot_be_read_is_named(book: Book, tmp_path: Path) -> None:
    """A missing file and a folder are told as such, with what to check."""
    with pytest.raises(SourceError, match=r"missing\.csv cannot be read: No such file or directory\. Check the path"):
        book.ledger.copies.keep(tmp_path / "missing.csv", "input")
    with pytest.raises(SourceError, match="cannot be read: Is a directory"):
        book.ledger.copies.keep(tmp_path, "input")


def test_a_copy_that_cannot_be_written_stops_the_run(book: Book, tmp_path: Path) -> None:
    """Where copies cannot be kept nothing may be sent: the message names the place and what to do."""
    original = a_file(tmp_path, "visits.csv", b"x")
    shutil.rmtree(tmp_path / "files", ignore_errors=True)
    (tmp_path / "files").write_bytes(b"in the way")

    with pytest.raises(
        LedgerError, match=r"The copy of .*visits\.csv cannot be kept in .*files: .*Free some space or set"
    ):
        book.ledger.copies.keep(original, "input")


class _Written:
    """A file to which somebody does something after the first piece was read."""

    def __init__(self, path: Path, happens: Callable[[Path], object]) -> None:
        self._stream = path.open("rb")
        self._path, self._happens = path, happens

    def read(self, size: int) -> bytes:
        piece = self._stream.read(size)
        if not piece:
            self._happens(self._path)
        return piece

    def fileno(self) -> int:
        return self._stream.fileno()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stream.close()


def _grows(path: Path) -> None:
    with path.open("ab") as stream:
        stream.write(b"more")


def _same_size(path: Path) -> None:
    before = path.stat()
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1_000_000))


def _replaced(path: Path) -> None:
    before, other = path.stat(), path.with_name("other")
    other.write_bytes(path.read_bytes())
    os.utime(other, ns=(before.st_atime_ns, before.st_mtime_ns))
    other.replace(path)


@pytest.mark.parametrize("happens", [_grows, _same_size, _replaced, Path.unlink], ids=lambda happens: happens.__name__)
def test_a_file_that_changes_while_it_is_copied_is_refused(
    book: Book, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, happens: Callable[[Path], object]
) -> None:
    """A download or a save that is under way is told as such, and no run is begun on half a file."""
    original = a_file(tmp_path, "visits.csv", b"Email,Visit\r\n" * 10)
    stream = _Written(original, happens)

    def opened(*_: object) -> _Written:
        monkeypatch.undo()
        return stream

    monkeypatch.setattr(Path, "open", opened)

    with pytest.raises(SourceError, match=r"visits\.csv was changed while it was read: .*Wait until that has ended"):
        book.ledger.copies.keep(original, "input")
    assert book.query("SELECT name FROM copies") == []
    assert list(book.ledger.copies.files()) == []
