"""Which file system a path lies on: SQLite's locks and its shared memory hold within one machine only.

Over a network two machines can each believe that they alone write, and a row goes out twice
(SQLite: "How To Corrupt An SQLite Database File", section 2.1; "Write-Ahead Logging", section 1).
"""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from etl.errors import LedgerError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_NETWORK_KINDS = frozenset(
    {
        "afpfs",
        "afs",
        "beegfs",
        "ceph",
        "cifs",
        "coda",
        "davfs",
        "glusterfs",
        "gpfs",
        "lustre",
        "ncpfs",
        "nfs",
        "nfs4",
        "orangefs",
        "panfs",
        "pvfs2",
        "smb3",
        "smbfs",
        "webdav",
    }
)
"""As /proc/mounts and macOS name them. Not 9p: it is also the root of sandboxes and of Linux within Windows."""

_NETWORK_PROGRAMS = frozenset(
    {
        "afp",
        "beegfs",
        "ceph",
        "ceph-fuse",
        "curlftpfs",
        "davfs",
        "davfs2",
        "gcsfuse",
        "glusterfs",
        "goofys",
        "gvfsd-fuse",
        "juicefs",
        "mount-s3",
        "rclone",
        "s3fs",
        "smbnetfs",
        "sshfs",
    }
)
"""Programs that bring another machine's files in through FUSE, whose kind is then `fuse.` and this name."""


@dataclass(frozen=True, slots=True)
class Mount:
    """One mounted file system. kind: as the system names it, `ext4`, `nfs4`, `fuse.sshfs`; is_network: not on this machine."""

    point: Path
    kind: str
    is_network: bool


def mount_of(path: Path, mounts: Sequence[Mount] | None = None) -> Mount | None:
    """The file system on which a path lies or would be made, links followed; None where the system does not tell.

    The longest mount point wins, and of equal ones the last: what was mounted later covers what was there.
    """
    place = path.resolve()
    if place.drive.startswith("\\\\") and not place.drive.startswith(("\\\\?\\", "\\\\.\\")):
        return Mount(Path(place.anchor), "network share", is_network=True)  # Windows lists drives only
    found = None
    for mount in _mounts() if mounts is None else mounts:
        is_deeper = found is None or len(mount.point.parts) >= len(found.point.parts)
        if is_deeper and place.is_relative_to(mount.point):
            found = mount
    return found


def refuse_network(path: Path, mounts: Sequence[Mount] | None = None) -> None:
    """Raise LedgerError where a SQLite file would lie on a network file system."""
    mount = mount_of(path, mounts)
    if mount is not None and mount.is_network:
        raise LedgerError(
            f"The ledger {path} lies on a network file system ({mount.kind}, mounted at {mount.point}). Nothing was sent: "
            "SQLite cannot keep two machines apart there, and rows could go out twice. Name a path on a local disk with "
            "ETL_LEDGER or `ledger` in the settings file; to move this ledger, copy it there together with its folder "
            "ledger_files while no import runs."
        )


@cache
def _mounts() -> tuple[Mount, ...]:
    """All that is mounted, in the order in which it was; read once in a process. Empty where the system does not tell."""
    with suppress(OSError):
        return tuple(_of_linux(_LISTED_BY_LINUX.read_text(encoding="utf-8", errors="surrogateescape")))
    try:
        import psutil  # noqa: PLC0415 — its native part may be missing on a rare platform, where every place is allowed

        found = psutil.disk_partitions(all=True)
    except (ImportError, OSError, RuntimeError, NotImplementedError):
        return ()
    return tuple(mount(one.mountpoint, one.fstype, one.opts, one.device) for one in found)


def _of_linux(told: str) -> Iterator[Mount]:
    """Mounts as Linux lists them (proc_pid_mounts(5)). Read here, because to load psutil takes as long as many a command."""
    for line in told.splitlines():
        device, point, kind, options = (
            _AS_OCTAL.sub(lambda found: chr(int(found[1], 8)), one) for one in line.split(" ")[:4]
        )
        yield mount(point, kind, options, device)


_LISTED_BY_LINUX = Path("/proc/self/mounts")
_AS_OCTAL = re.compile(r"\\([0-7]{3})")  # how fstab(5) writes a space, a tab, a line end and a backslash


def mount(point: str, kind: str, options: str = "", device: str = "") -> Mount:
    """A mounted file system from what the system lists of it.

    options: on Windows the kind of drive is among them. device: WebDAV and object stores show an address there.
    """
    name = kind.lower()
    program = name.removeprefix("fuse.").removeprefix("macfuse_").removeprefix("osxfuse_")
    is_network = (
        name in _NETWORK_KINDS
        or (name != program and program in _NETWORK_PROGRAMS)
        or (name == "fuse" and ("://" in device or device == "mountpoint-s3"))
        or "remote" in options.split(",")
    )
    return Mount(Path(point), kind or "drive of another machine", is_network)
