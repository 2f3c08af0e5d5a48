"""A URL as a path, so that what names, reads and moves files need not know where they lie.

It is a `Path` whose parts are those of the URL: `s3://bucket/in/visits.xlsx` has the name `visits.xlsx` and lies beside
`s3://bucket/in/visits.results.xlsx`. It is whole by itself, so `folder / url` is the URL. What touches the file asks the
store; what would need a descriptor or a file of this machine gets an OSError that says so.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Self

from etl.places.pinned import at_hand
from etl.places.scheme import is_url_text, scheme_of

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import ModuleType

if sys.platform == "win32":
    from pathlib import WindowsPath as _Base
else:
    from pathlib import PosixPath as _Base


class UrlPath(_Base):
    """A file, or a folder, at a URL. Make one by `place_of`, which checks the URL."""

    __slots__ = ()

    def __str__(self) -> str:
        scheme, _, rest = super().__str__().replace(os.sep, "/").partition(":")
        return f"{scheme}://{rest.lstrip('/')}"

    def __repr__(self) -> str:
        return f"UrlPath({str(self)!r})"

    def __fspath__(self) -> str:
        raise OSError(errno.ENOTSUP, "it lies at a URL, and this needs a file of this machine", str(self))

    def __hash__(self) -> int:
        return hash(str(self))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, UrlPath) and str(self) == str(other)

    # Names

    def __truediv__(self, key: Any) -> Any:
        if isinstance(key, UrlPath):
            return key
        if is_url_text(str(key)):
            return place_of(str(key))
        return Path(key) if Path(key).is_absolute() else self._below(Path(key))

    def __rtruediv__(self, key: Any) -> Self:
        return self

    def joinpath(self, *others: Any) -> Any:
        joined: Any = self
        for other in others:
            joined = joined / other
        return joined

    def _below(self, relative: Path) -> Any:
        """Also `../people.csv`, as a mapping may name it."""
        here = str(self)
        for part in relative.parts:
            here = here.rpartition("/")[0] if part == ".." else f"{here}/{part}"
        return place_of(here)

    def as_posix(self) -> str:
        return str(self)

    def as_uri(self) -> str:
        return str(self)

    def is_absolute(self) -> bool:
        return True

    def absolute(self) -> Self:
        return self

    def resolve(self, strict: bool = False) -> Self:  # noqa: ARG002 — pathlib's signature
        return self

    def expanduser(self) -> Self:
        return self

    # Looking

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:  # noqa: ARG002 — pathlib's signature
        """What can be said of it: size and time, and in the place of an inode a number that changes with the content."""
        here = at_hand(str(self))
        if here is not None:
            return here.stat()
        found = _far().look(str(self))
        if found is None:
            raise FileNotFoundError(errno.ENOENT, "there is no such file", str(self))
        kind = 0o040700 if found.is_folder else 0o100600
        seconds, times = int(found.modified), ("atime", "mtime", "ctime")
        exact = {f"st_{one}": found.modified for one in times}
        exact |= {f"st_{one}_ns": int(found.modified * 1e9) for one in times}
        return os.stat_result((kind, found.number, 0, 1, 0, 0, found.size, seconds, seconds, seconds), exact)

    def exists(self, *, follow_symlinks: bool = True) -> bool:  # noqa: ARG002 — pathlib's signature
        return at_hand(str(self)) is not None or _far().look(str(self)) is not None

    def is_file(self, *, follow_symlinks: bool = True) -> bool:  # noqa: ARG002 — pathlib's signature
        if at_hand(str(self)) is not None:
            return True
        found = _far().look(str(self))
        return found is not None and not found.is_folder

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:  # noqa: ARG002 — pathlib's signature
        if at_hand(str(self)) is not None:
            return False
        found = _far().look(str(self))
        return found is not None and found.is_folder

    def samefile(self, other_path: Any) -> bool:
        return bool(self == other_path)

    def iterdir(self) -> Generator[Any, None, None]:
        """What lies directly in it; nothing where a store without folders has no such names."""
        yield from (place_of(one) for one in _far().listing(str(self)))

    def glob(self, pattern: str) -> Generator[Any, None, None]:
        yield from (place_of(one) for one in _far().matching(f"{self}/{pattern}"))

    # Reading and writing

    def open(  # type: ignore[override]  # one signature in the place of seven
        self,
        mode: str = "r",
        buffering: int = -1,
        encoding: str | None = None,
        errors: str | None = None,
        newline: str | None = None,
    ) -> IO[Any]:
        """Its bytes as they are now, from a private copy; they do not change while they are read."""
        if set(mode) & set("wax+"):
            raise OSError(
                errno.ENOTSUP, "a file at a URL appears whole, and is not written to piece by piece", str(self)
            )
        return local_copy(self).open(mode, buffering, encoding, errors, newline)

    def read_text(self, encoding: str | None = None, errors: str | None = None, newline: str | None = None) -> str:
        with self.open("r", encoding=encoding, errors=errors, newline=newline) as stream:
            return str(stream.read())

    def read_bytes(self) -> bytes:
        return local_copy(self).read_bytes()

    def write_bytes(self, data: Any) -> int:
        _far().put_bytes(str(self), bytes(data))
        return len(data)

    def write_text(
        self, data: str, encoding: str | None = None, errors: str | None = None, newline: str | None = None
    ) -> int:
        text = data if newline in {None, "", "\n"} else data.replace("\n", newline or "\n")
        return self.write_bytes(text.encode(encoding or "utf-8", errors or "strict"))

    def unlink(self, missing_ok: bool = False) -> None:
        if self.exists():
            _far().delete(str(self))
        elif not missing_ok:
            raise FileNotFoundError(errno.ENOENT, "there is no such file", str(self))

    def rename(self, target: Any) -> Any:
        """Within its store; see `far.move` for what that is where a store has no folders."""
        _far().move(str(self), str(target))
        return target

    def mkdir(self, mode: int = 0o777, parents: bool = False, exist_ok: bool = False) -> None:  # noqa: ARG002 — as pathlib
        """Where a store has no folders, one is there as soon as a name begins so."""
        if self.exists():
            if not exist_ok:
                raise FileExistsError(errno.EEXIST, "it is there already", str(self))
            return
        _far().make_folder(str(self))

    def rmdir(self) -> None:
        _far().remove_folder(str(self))


def _far() -> ModuleType:
    """What asks the stores; loaded by the first who has a file in one."""
    from etl.places import far  # noqa: PLC0415 — see above

    return far


def local_copy(path: Path) -> Path:
    """The file itself where it lies on this machine; of a URL a copy as it is there now, only to be read.

    Raises:  FileNotFoundError, IsADirectoryError — as of files. SourceError — it changes while it is read, or has no room.
             UsageError, NetworkError — the store cannot be asked.
    """
    if not isinstance(path, UrlPath):
        return path
    here = at_hand(str(path))
    if here is not None:
        return here
    from etl.places.local_copies import copy_of  # noqa: PLC0415 — see above

    return copy_of(str(path))


def is_url(path: Path) -> bool:
    """Whether a place is a URL."""
    return isinstance(path, UrlPath)


def is_flat(path: Path) -> bool:
    """Whether it lies in a store without folders, where nothing is renamed."""
    if not isinstance(path, UrlPath):
        return False
    from etl.places.address import backend_of  # noqa: PLC0415 — only for URLs

    return backend_of(str(path)).is_flat


def place_of(text: str | os.PathLike[str]) -> Path:
    """The place that a person has named, or that the ledger has noted: a path of this machine, or a URL.

    Raises:  UsageError — it is a URL that cannot be used; see `checked_url`.
    """
    if isinstance(text, Path):
        return text
    text = os.fspath(text)
    if not is_url_text(text):
        return Path(text)
    from etl.places.address import checked_url, local_path_of  # noqa: PLC0415 — only for URLs

    return Path(local_path_of(text)) if scheme_of(text) == "file" else UrlPath(checked_url(text))
