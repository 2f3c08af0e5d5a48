"""The folders of an inbox, and how a file goes through them: `inbox → working → done | attention`.

Each file that is taken lies in a folder of its own, where its results come to lie beside it, so that all of them move
together by one rename: killed before it or behind it, nothing is half moved. A folder of that name makes it a neighbour with
a number; nothing is ever overwritten. What was taken is told by a slip in the folder, which is written before the file comes.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import re
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

from etl.errors import BusyError, UsageError
from etl.places import is_flat, is_url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from etl.ledger.store import Ledger

OWN = ".etl"
"""Where the inbox keeps its lock and its memory."""

SLIP = ".etl-slip.json"
_DRAFT = re.compile(r"\..+\.\d+-\d+\.tmp")
_TAKEN_NAME = (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR)


@dataclass(frozen=True, slots=True)
class Slip:
    """What is noted of a file when it is taken. file: its name as it was dropped; name: as it lies in its folder.

    day: on which it was taken, as the folders of days are called. route: by name. runs: once it was imported.
    source, to: in a store without folders, the version that was taken, and where the folder is being moved.
    """

    file: str
    name: str
    day: str
    route: str | None = None
    runs: tuple[int, ...] = ()
    source: str = ""
    to: str = ""


@dataclass(frozen=True, slots=True)
class Bundle:
    """A file that was taken, in its folder."""

    folder: Path
    slip: Slip

    @property
    def file(self) -> Path:
        return self.folder / self.slip.name

    def noting(self, runs: tuple[int, ...]) -> Bundle:
        """The same, with the numbers of its runs on the slip."""
        slip = replace(self.slip, runs=runs)
        write_slip(self.folder, slip)
        return Bundle(self.folder, slip)


@dataclass(frozen=True, slots=True)
class Folders:
    """The folders below the one that is served."""

    root: Path

    @property
    def inbox(self) -> Path:
        return self.root / "inbox"

    @property
    def working(self) -> Path:
        return self.root / "working"

    @property
    def done(self) -> Path:
        return self.root / "done"

    @property
    def attention(self) -> Path:
        return self.root / "attention"

    def make(self) -> None:
        """Make those that are not there. Raises: UsageError — they cannot be made."""
        for folder in (self.inbox, self.working, self.done, self.attention, self.root / OWN):
            try:
                folder.mkdir(exist_ok=True)
            except OSError as error:
                raise UsageError(
                    f"{folder} cannot be made: {error.strerror}. Make it, or make {self.root} writable."
                ) from error

    @contextmanager
    def locked(self, ledger: Callable[[], Ledger]) -> Iterator[None]:
        """Serve this folder alone; the lock is the operating system's and dies with its process.

        ledger: gives the one whose lock is taken where the folder is at a URL, and has no locks.
        Raises: BusyError — another process serves it. UsageError — the lock cannot be made there.
        """
        if is_url(self.root):
            with self._locked_by(ledger()):
                yield
            return
        from filelock import FileLock, Timeout  # noqa: PLC0415 — it loads asyncio

        place = self.root / OWN / "lock"
        lock = FileLock(place, timeout=0)
        try:
            lock.acquire()
        except Timeout as error:
            raise BusyError(
                f"Another etl inbox is at work in {self.root} at this moment. It takes what lies there; wait until it has ended."
            ) from error
        except (OSError, NotImplementedError) as error:
            raise UsageError(
                f"The lock {place}, which keeps two etl inbox apart, cannot be made: {error}. Nothing was taken. Keep the "
                "folder on a disk of this machine, and make it writable."
            ) from error
        try:
            yield
        finally:
            lock.release()

    @contextmanager
    def _locked_by(self, ledger: Ledger) -> Iterator[None]:
        name = hashlib.sha256(f"inbox|{self.root}".encode()).hexdigest()[:32]
        try:
            lock = ledger.lock_input(0, name)
        except BusyError as error:
            raise BusyError(
                f"Another etl inbox is at work in {self.root} at this moment. It takes what lies there; wait until it has ended."
            ) from error
        try:
            yield
        finally:
            lock.release()

    def take(self, file: Path, slip: Slip) -> Bundle:
        """Move a file out of the inbox into a folder of its own in `working`.

        Raises: UsageError — it cannot be moved; it lies where it lay.
        """
        folder = _new_folder(self.working, Path(slip.name).stem)
        if is_flat(folder):
            from etl.inbox.far_folders import take_far  # noqa: PLC0415 — only for inboxes at URLs

            return take_far(file, folder, slip)
        try:
            write_slip(folder, slip)
            file.rename(folder / slip.name)
        except OSError as error:
            remove_empty(folder)
            raise UsageError(_cannot_move(file, folder, error)) from error
        _to_disk(folder, file.parent)
        return Bundle(folder, slip)

    def leftovers(self, day: str, note: Callable[[Path, Path], None]) -> tuple[list[Bundle], list[Path]]:
        """What an earlier call left in `working`, in the order of names; folders that a kill has left empty are removed.

        note: told old and new place of what was being moved when it was killed.
        Returns: also folders without a slip that can be read, which a person has to look at.
        """
        found: list[Bundle] = []
        strange: list[Path] = []
        for place in sorted(self.working.iterdir()):
            if place.is_file():  # a person has put it there
                found.append(self.take(place, Slip(place.name, place.name, day)))
            elif place.is_dir() and not remove_empty(place):
                bundle = read_bundle(place)
                if bundle is None:
                    strange.append(place)
                    continue
                _remove_drafts(place)
                going_on = self._finished(bundle, note)
                found += [going_on] if going_on is not None else []
        return found, strange

    def in_attention(self, note: Callable[[Path, Path], None]) -> list[Bundle]:
        """What lies in `attention`, oldest days first. note: as above."""
        days = sorted(place for place in self.attention.iterdir() if place.is_dir())
        places = sorted(place for day in days for place in day.iterdir() if place.is_dir())
        bundles = [bundle for place in places if (bundle := read_bundle(place)) is not None]
        return [bundle for one in bundles if (bundle := self._finished(one, note)) is not None]

    def _finished(self, bundle: Bundle, note: Callable[[Path, Path], None]) -> Bundle | None:
        """Where moving is copying, what a kill has left half moved is moved; None for what lies elsewhere then."""
        if not is_flat(bundle.folder):
            return bundle
        from etl.inbox.far_folders import finish  # noqa: PLC0415 — only for inboxes at URLs

        return finish(bundle, self.inbox, note)


def file_away(bundle: Bundle, into: Path, note: Callable[[Path, Path], None]) -> Bundle:
    """Move a bundle into the folder of its day below `into`. note: told old and new place before it is moved.

    Raises: UsageError — it cannot be moved; it lies where it lay.
    """
    try:
        (into / bundle.slip.day).mkdir(exist_ok=True)
        for place in _neighbours(into / bundle.slip.day, Path(bundle.slip.name).stem):
            if place.exists():
                continue
            if is_flat(place):
                from etl.inbox.far_folders import carry  # noqa: PLC0415 — only for inboxes at URLs

                return carry(bundle, place, note)
            note(bundle.folder, place)
            try:
                bundle.folder.rename(place)
            except OSError as error:
                if error.errno in _TAKEN_NAME:  # somebody has made it meanwhile
                    continue
                raise
            _to_disk(place.parent, bundle.folder.parent)
            return Bundle(place, bundle.slip)
    except OSError as error:
        raise UsageError(_cannot_move(bundle.folder, into, error)) from error
    raise AssertionError("there is always a further number")


def read_bundle(folder: Path) -> Bundle | None:
    """A folder with its slip; None where it has none that can be read, or no file."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        told = json.loads((folder / SLIP).read_text("utf-8"))
        runs, source, to = tuple(told["runs"]), told.get("source", ""), told.get("to", "")
        bundle = Bundle(folder, Slip(told["file"], told["name"], told["day"], told.get("route"), runs, source, to))
        if bundle.file.is_file() or to:  # its file may have been moved already, with the slip still to come
            return bundle
    return None


def remove_empty(folder: Path) -> bool:
    """Remove a folder with nothing in it but a slip, and what a kill has left of one; False where there is more."""
    names = [one.name for one in folder.iterdir()]
    if any(name != SLIP and not _DRAFT.fullmatch(name) for name in names):
        return False
    for name in names:
        (folder / name).unlink(missing_ok=True)
    folder.rmdir()
    return True


def write_whole(place: Path, text: str) -> None:
    """Write a small file of ours: whole or not at all, and safe from a power cut."""
    if is_url(place):
        place.write_text(text, encoding="utf-8", newline="\n")
        return
    draft = place.with_name(f".{place.name}.{os.getpid()}-0.tmp")
    with draft.open("w", encoding="utf-8", newline="\n") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    draft.replace(place)


def write_slip(folder: Path, slip: Slip) -> None:
    write_whole(folder / SLIP, json.dumps(asdict(slip), ensure_ascii=False, indent=1) + "\n")


def _new_folder(parent: Path, name: str) -> Path:
    for place in _neighbours(parent, name):
        try:
            place.mkdir()
        except FileExistsError:
            continue
        return place
    raise AssertionError("there is always a further number")


def _neighbours(parent: Path, name: str) -> Iterator[Path]:
    """`nagpur`, `nagpur.2`, `nagpur.3` …"""
    yield parent / name
    yield from (parent / f"{name}.{number}" for number in count(2))


def _remove_drafts(folder: Path) -> None:
    """What a process that was killed while it wrote has left."""
    for one in folder.iterdir():
        if _DRAFT.fullmatch(one.name):
            one.unlink(missing_ok=True)


def _to_disk(*folders: Path) -> None:
    """New names are safe from a power cut, too; Windows has no such request, and some network folders refuse it."""
    if os.name == "nt" or any(map(is_url, folders)):
        return
    for folder in folders:
        with suppress(OSError):
            descriptor = os.open(folder, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)


def _cannot_move(file: Path, target: Path, error: OSError) -> str:
    if error.errno == errno.EXDEV:
        return f"{file} cannot be moved to {target}: they lie on two file systems. Keep all folders of an inbox on one disk."
    return f"{file} cannot be moved to {target}: {error.strerror}. Close it where it is open, or make the folders writable."
