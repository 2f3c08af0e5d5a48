"""How a file appears: whole or not at all, and never in the place of a file that is somebody else's.

It is written beside its place under a temporary name, forced to the disk and renamed. For a place at a URL it is written on
this machine, and goes there by one upload.
"""

from __future__ import annotations

import itertools
import os
import shutil
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from etl.errors import NetworkError, UsageError
from etl.places import is_flat, is_url, local_copy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

_TRIAL = ".etl-can-write"
_MOST_NEIGHBOURS = 999


def put_in_place(target: Path, write: Callable[[Path], None], may_replace: Callable[[Path], bool]) -> Path:
    """Have `write` fill a draft and put it where `target` says, or beside it under the next free number.

    Args:    may_replace: whether an existing file is ours to replace; a file that is not stays as it is, and so does
             one that cannot be replaced because a program holds it open.
    Returns: where the file is now: `visits.results.xlsx`, or `visits.results.2.xlsx`.
    Raises:  UsageError — the folder is missing, read-only or full, or the system fails otherwise. What else `write`
             raises passes through; no draft stays.
    """
    if is_url(target):
        return _put_far(target, write, may_replace)
    with _draft_beside(target) as draft:
        try:
            write(draft)
            _force_to_disk(draft)
            return _rename(draft, target, may_replace)
        except OSError as error:
            raise _cannot_write(target, error, draft) from error


def copy_in_place(source: Path, target: Path, may_replace: Callable[[Path], bool]) -> Path:
    """Put a copy of a finished file where `target` says, under the same rules."""

    def copy(draft: Path) -> None:
        shutil.copyfile(local_copy(source), draft)

    return put_in_place(target, copy, may_replace)


def take_away(outdated: Path) -> None:
    """Remove a file that is not needed any more. One that a program holds open (on Windows) stays: it harms nobody."""
    refused = (UsageError,) if is_url(outdated) else ()
    with suppress(FileNotFoundError, PermissionError, *refused):
        outdated.unlink()


def check_folder(target: Path) -> None:
    """Make sure that a file can be made where `target` says, by making one and taking it away again.

    Raises: UsageError — the folder is missing, read-only or full.
    """
    if is_url(target):
        _check_far(target)
        return
    with _draft_beside(target):
        pass


def _put_far(target: Path, write: Callable[[Path], None], may_replace: Callable[[Path], bool]) -> Path:
    from etl.places.local_copies import new_place, put_kept  # noqa: PLC0415 — only for results at URLs

    draft = new_place(target.name)
    try:
        write(draft)
        for place in _places(target):
            if place.exists() and (place.is_dir() or not may_replace(place)):
                continue
            put_kept(draft, str(place))
            return place
    except OSError as error:
        raise _cannot_write(target, error, draft) from error
    except NetworkError as error:
        raise UsageError(f"{target} cannot be written: {error.message}") from error
    raise _none_is_free(target)


def _check_far(target: Path) -> None:
    """By a file of one name, which stays there empty where files may be written and not deleted."""
    folder = target.parent
    if not is_flat(folder) and not folder.is_dir():
        raise UsageError(f"{target} cannot be written: there is no folder {folder}. Make it, or name another place.")
    trial = folder / _TRIAL
    trial.write_bytes(b"")
    with suppress(UsageError):
        trial.unlink(missing_ok=True)


@contextmanager
def _draft_beside(target: Path) -> Iterator[Path]:
    """An empty file of our own in the folder of `target`, gone at the end unless it was renamed."""
    draft = _new_file(target)
    try:
        yield draft
    finally:
        with suppress(OSError):  # it must not hide why it was not renamed
            draft.unlink()


def _new_file(target: Path) -> Path:
    """Made by hand and not by `tempfile`, whose files only their owner may read; a colleague must see the results."""
    for number in itertools.count():
        draft = target.with_name(f".{target.name}.{os.getpid()}-{number}.tmp")
        try:
            os.close(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        except FileExistsError:
            continue
        except OSError as error:
            raise _cannot_write(target, error) from error
        return draft
    raise AssertionError("itertools.count has no end")


def _rename(draft: Path, target: Path, may_replace: Callable[[Path], bool]) -> Path:
    for place in _places(target):
        if place.is_dir() or (place.exists() and not may_replace(place)):
            continue
        try:
            draft.replace(place)
        except PermissionError:  # on Windows: a program holds it open
            continue
        _force_name_to_disk(place.parent)
        return place
    raise _none_is_free(target)


def _none_is_free(target: Path) -> UsageError:
    return UsageError(
        f"{target} cannot be written, nor can {target.stem}.2{target.suffix} and so on: all are there and in use. "
        "Close or move them, or name another place with --results."
    )


def _places(target: Path) -> Iterator[Path]:
    yield target
    for number in range(2, _MOST_NEIGHBOURS + 1):
        yield target.with_name(f"{target.stem}.{number}{target.suffix}")


def _force_to_disk(file: Path) -> None:
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())


def _force_name_to_disk(folder: Path) -> None:
    """The new name is safe from a power cut too; Windows has no such request, and some network folders refuse it."""
    if os.name == "nt":
        return
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _cannot_write(target: Path, error: OSError, draft: Path | None = None) -> UsageError:
    """The system's words for a person; which file it means where that is another one, the kept copy for example."""
    reason = error.strerror or str(error) or type(error).__name__
    if error.filename is not None and str(error.filename) not in {str(target), str(draft)} and draft is not None:
        reason += f" ({error.filename})"
    return UsageError(
        f"{target.name} cannot be written in {target.parent.absolute()}: {reason}. "
        "Make room or make the folder writable, or name another place with --results."
    )
