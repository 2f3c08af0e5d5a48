"""Only finished files are taken."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from etl.inbox.finished import look


class Settling:
    """A clock whose sleep is when others write. later: hours by which now is ahead."""

    def __init__(self, meanwhile: Callable[[], object] = lambda: None, later: float = 0.0) -> None:
        self.slept: list[float] = []
        self._meanwhile = meanwhile
        self._later = timedelta(hours=later)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._later

    def monotonic(self) -> float:
        return 0.0

    def boot_id(self) -> str:
        return "boot"

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._meanwhile()


def test_what_changes_while_it_is_looked_at_is_not_finished(tmp_path: Path) -> None:
    """Neither what grows, nor what is written anew with as many bytes, nor what has no byte yet; what vanishes is not there."""
    for name in ("whole.csv", "grows.csv", "anew.csv", "gone.csv"):
        (tmp_path / name).write_text("a,b\n", encoding="utf-8")
    (tmp_path / "empty.csv").touch()

    def meanwhile() -> None:
        with (tmp_path / "grows.csv").open("a", encoding="utf-8") as stream:
            stream.write("1,2\n")
        (tmp_path / "other").write_text("c,d\n", encoding="utf-8")
        (tmp_path / "other").replace(tmp_path / "anew.csv")
        (tmp_path / "gone.csv").unlink()

    clock = Settling(meanwhile)
    looked = look(tmp_path, 10.0, clock)

    assert [place.name for place in looked.finished] == ["whole.csv"]
    assert {place.name: why for place, why in looked.growing.items()} == {
        "grows.csv": "it is still growing",
        "anew.csv": "it is still growing",
        "empty.csv": "it is empty as yet",
    }
    assert clock.slept == [10.0]


def test_what_programs_write_beside_is_no_file_of_a_person(tmp_path: Path) -> None:
    """Unfinished downloads are named; lock files and hidden files are not; folders are."""
    for name in ("a.csv.part", "b.xlsx.CRDOWNLOAD", "c.tmp", "~$d.xlsx", ".hidden", ".~lock.e.ods#", "Thumbs.db"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "folder").mkdir()
    clock = Settling()

    looked = look(tmp_path, 10.0, clock)

    assert (looked.finished, sorted(place.name for place in looked.growing)) == (
        {},
        ["a.csv.part", "b.xlsx.CRDOWNLOAD", "c.tmp"],
    )
    assert [place.name for place in looked.folders] == ["folder"]
    assert clock.slept == []


def test_a_file_that_stays_empty_is_taken_in_the_end(tmp_path: Path) -> None:
    """After an hour nobody is copying it any more, and a person has to be told."""
    (tmp_path / "empty.csv").touch()

    assert list(look(tmp_path, 1.0, Settling(later=2)).finished) == [tmp_path / "empty.csv"]
