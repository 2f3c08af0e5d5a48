"""Which disks a SQLite ledger may lie on."""

from __future__ import annotations

from pathlib import Path, PureWindowsPath

import psutil
import pytest

from etl.errors import LedgerError
from etl.exits import ExitCode, code_of_error
from etl.ledger import file_system
from etl.ledger.file_system import Mount, mount, mount_of, refuse_network
from etl.ledger.store import Ledger
from tests.clocks import ManualClock

LISTED = {
    "nfs": (("/x", "nfs"), True),
    "nfs 4": (("/x", "nfs4", "rw,vers=4.2", "files:/export"), True),
    "windows share on linux": (("/x", "cifs"), True),
    "windows share on a mac": (("/x", "smbfs"), True),
    "webdav on a mac": (("/x", "webdav"), True),
    "ssh": (("/x", "fuse.sshfs"), True),
    "object store": (("/x", "fuse.rclone"), True),
    "webdav by its address": (("/x", "fuse", "rw", "https://dav.example.com/"), True),
    "cluster": (("/x", "lustre"), True),
    "windows network drive": (("/x", "NTFS", "rw,remote"), True),
    "windows network drive, kind unknown": (("/x", "", "remote"), True),
    "windows disk": (("/x", "NTFS", "rw,fixed"), False),
    "windows stick": (("/x", "FAT32", "rw,removable"), False),
    "linux disk": (("/x", "ext4", "rw,relatime", "/dev/vda"), False),
    "memory": (("/x", "tmpfs"), False),
    "mac disk": (("/x", "apfs"), False),
    "container": (("/x", "overlay"), False),
    "sandbox or linux within windows": (("/x", "9p"), False),
    "windows disk seen by linux": (("/x", "fuseblk", "rw", "/dev/sdb3"), False),
    "encrypted folder": (("/x", "fuse.gocryptfs"), False),
    "option that only sounds like it": (("/x", "ext4", "rw,errors=remount-ro,context=remote_t"), False),
}


@pytest.mark.parametrize(("listed", "is_network"), LISTED.values(), ids=LISTED.keys())
def test_a_file_system_of_another_machine_is_known(listed: tuple[str, ...], is_network: bool) -> None:
    """By its kind, by the program behind it, by the address of its device, or by what Windows calls the drive."""
    assert mount(*listed).is_network is is_network


MOUNTS = (mount("/", "ext4"), mount("/srv", "nfs4"), mount("/srv/local", "xfs"), mount("/auto", "autofs"))


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        pytest.param("/home/a/ledger.db", "ext4", id="the root holds what nothing else holds"),
        pytest.param("/srv/imports/ledger.db", "nfs4", id="below a mount point"),
        pytest.param("/srv", "nfs4", id="the mount point itself"),
        pytest.param("/srv/local/ledger.db", "xfs", id="the longest wins"),
        pytest.param("/srvother/ledger.db", "ext4", id="whole names only"),
        pytest.param("/srv/local/../ledger.db", "nfs4", id="where it really is"),
    ],
)
def test_a_path_lies_on_the_nearest_mount(path: str, kind: str) -> None:
    """Of all mount points above a path the nearest counts, whether the file is there or not."""
    found = mount_of(Path(path), MOUNTS)

    assert found is not None
    assert found.kind == kind


def test_what_was_mounted_later_covers_what_was_there() -> None:
    """An automounter lists its trigger and then, at the same point, the share."""
    found = mount_of(Path("/auto/ledger.db"), (*MOUNTS, mount("/auto", "nfs")))

    assert found == Mount(Path("/auto"), "nfs", is_network=True)


def test_a_link_into_a_share_is_followed(tmp_path: Path) -> None:
    """What counts is where the bytes go."""
    (tmp_path / "share").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "share")
    mounts = (mount("/", "ext4"), mount(str((tmp_path / "share").resolve()), "cifs"))

    with pytest.raises(LedgerError, match=r"cifs, mounted at .*share"):
        refuse_network(tmp_path / "link" / "ledger.db", mounts)


def test_where_the_system_does_not_tell_every_place_is_allowed() -> None:
    """A refusal needs a reason."""
    refuse_network(Path("/anywhere/ledger.db"), ())


@pytest.mark.parametrize("failure", [OSError("no /proc"), RuntimeError("no"), NotImplementedError(), ImportError()])
def test_a_library_that_cannot_tell_is_no_obstacle(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    """Whatever keeps psutil from listing the mounts, the ledger opens."""

    def fail(**_: object) -> None:
        raise failure

    monkeypatch.setattr(psutil, "disk_partitions", fail)
    monkeypatch.setattr(file_system, "_LISTED_BY_LINUX", Path("no such list"))

    assert file_system._mounts.__wrapped__() == ()


def test_names_of_mounts_are_read_as_linux_writes_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A space in the name of a folder does not hide that it is on another machine."""
    listed = tmp_path / "mounts"
    listed.write_text(
        "/dev/sda1 / ext4 rw 0 0\n//files/imports /mnt/our\\040sheets\\134x cifs rw,user=a 0 0\n", encoding="utf-8"
    )
    monkeypatch.setattr(file_system, "_LISTED_BY_LINUX", listed)

    found = mount_of(Path("/mnt/our sheets\\x/ledger.db"), file_system._mounts.__wrapped__())

    assert found == mount("/mnt/our sheets\\x", "cifs")


@pytest.mark.skipif(not file_system._LISTED_BY_LINUX.exists(), reason="only Linux lists them there")
def test_linux_lists_what_psutil_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mounts of this machine are the same, whichever of the two tells of them."""
    read_here = file_system._mounts.__wrapped__()
    monkeypatch.setattr(file_system, "_LISTED_BY_LINUX", Path("no such list"))

    assert read_here == file_system._mounts.__wrapped__()


def test_a_share_named_by_its_address_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    r"""Windows lists drives only; \\server\share is a network path by its spelling."""
    path = Path("ledger.db")
    place = PureWindowsPath(r"\\files\imports\ledger.db")
    monkeypatch.setattr(Path, "resolve", lambda _: place)

    found = mount_of(path, ())

    assert found is not None
    assert found.is_network


def test_a_ledger_on_a_network_file_system_is_refused_before_it_is_touched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The message names kind, mount point and the way out; nothing is made there; the exit code is 2."""
    share = mount(str(tmp_path.resolve()), "nfs4")
    monkeypatch.setattr(file_system, "_mounts", lambda: (mount("/", "ext4"), share))

    with pytest.raises(LedgerError) as told:
        Ledger(f"sqlite:///{tmp_path / 'deep' / 'ledger.db'}", tmp_path / "deep" / "ledger_files", ManualClock())

    assert f"(nfs4, mounted at {tmp_path.resolve()})" in told.value.message
    assert "local disk" in told.value.message
    assert "ETL_LEDGER" in told.value.message
    assert code_of_error(told.value) is ExitCode.USAGE
    assert list(tmp_path.iterdir()) == []


def test_the_mounts_are_read_once_in_a_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening a ledger again asks the system nothing."""
    Ledger(f"sqlite:///{tmp_path / 'a.db'}", tmp_path / "files", ManualClock()).close()
    monkeypatch.setattr(psutil, "disk_partitions", lambda **_: pytest.fail("asked again"))
    monkeypatch.setattr(file_system, "_of_linux", lambda _: pytest.fail("asked again"))

    Ledger(f"sqlite:///{tmp_path / 'b.db'}", tmp_path / "files", ManualClock()).close()
