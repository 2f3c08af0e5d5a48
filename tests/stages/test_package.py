"""A package on the disk: taken whole or not at all."""

from __future__ import annotations

import hashlib
import zipfile
from pathlib import Path

import pytest

from etl.errors import UsageError
from etl.stages.package import SUMS, Package, PackageWriter, is_safe


def written(path: Path) -> Path:
    with PackageWriter(path) as package:
        package.add("files/visits.csv", iter((b"Email\r\n", b"a@b.example\r\n")))
        package.add("manifest.json", iter((b"{}",)))
    return path


def rewritten(path: Path, changes: dict[str, bytes | None], sums: bool = True) -> Path:
    """The package with some parts changed, added or (None) gone; its sums made anew where `sums`."""
    with zipfile.ZipFile(path) as old:
        parts = {name: old.read(name) for name in old.namelist()}
    parts = {name: content for name, content in ({**parts, **changes}).items() if content is not None}
    if sums:
        lines = [f"{hashlib.sha256(body).hexdigest()}  {name}\n" for name, body in parts.items() if name != SUMS]
        parts[SUMS] = "".join(lines).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for name, body in parts.items():
            new.writestr(name, body)
    return path


def test_what_was_put_in_comes_out(tmp_path: Path) -> None:
    """Every part as it was, and a file that lies there already with the same content stays."""
    with Package(written(tmp_path / "a.zip")) as package:
        package.take_out("files/visits.csv", tmp_path / "out" / "visits.csv", lambda _: False)
        package.take_out("files/visits.csv", tmp_path / "out" / "visits.csv", lambda _: True)

        assert package.names == {"files/visits.csv", "manifest.json"}
        assert (tmp_path / "out" / "visits.csv").read_bytes() == b"Email\r\na@b.example\r\n"
        with pytest.raises(UsageError, match="is there already and is another file"):
            package.take_out("manifest.json", tmp_path / "out" / "visits.csv", lambda _: False)


@pytest.mark.parametrize(
    ("changes", "sums", "words"),
    [
        pytest.param({"manifest.json": b"{ }"}, False, "manifest.json is not as it was written", id="a part changed"),
        pytest.param({"manifest.json": None}, False, "a part is missing, or too much", id="a part gone"),
        pytest.param({"more": b""}, False, "a part is missing, or too much", id="a part too much"),
        pytest.param({SUMS: None}, False, "it has no part SHA256SUMS", id="no sums"),
        pytest.param({"../etc/passwd": b""}, True, "parts that no package of ours has", id="out of the folder"),
        pytest.param({"files/zeros": bytes(65 << 20)}, True, "grows from", id="a bomb"),
    ],
)
def test_what_is_not_as_it_was_is_refused(
    tmp_path: Path, changes: dict[str, bytes | None], sums: bool, words: str
) -> None:
    """Nothing of it is taken."""
    path = rewritten(written(tmp_path / "a.zip"), changes, sums)

    with pytest.raises(UsageError, match=words):
        Package(path)


def test_half_a_file_is_no_package(tmp_path: Path) -> None:
    """A download that broke off, and a file that is no zip at all."""
    path = written(tmp_path / "a.zip")
    path.write_bytes(path.read_bytes()[:-40])

    with pytest.raises(UsageError, match="is no package of etl handoff"):
        Package(path)


@pytest.mark.parametrize(
    ("name", "is_fine"),
    [
        ("files/visits.csv", True),
        ("files/दौरे 1.xlsx", True),
        ("../visits.csv", False),
        ("files/../../visits.csv", False),
        ("/visits.csv", False),
        ("C:/visits.csv", False),
        ("files\\visits.csv", False),
        ("files//visits.csv", False),
        ("files/. ./a", False),
    ],
)
def test_names_that_stay_within(name: str, is_fine: bool) -> None:
    """A name stays within the folder that it is put into, on every system."""
    assert is_safe(name) is is_fine
