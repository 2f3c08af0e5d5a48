"""Whether another process of this machine lives: only what is certain counts, whatever happens to the calendar."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from etl.ledger import this_process as module
from etl.ledger.this_process import is_surely_dead, this_process
from tests.clocks import ManualClock

CLOCK = ManualClock()
ON_LINUX = pytest.mark.skipif(sys.platform != "linux", reason="it is about /proc")


@pytest.fixture
def child() -> Iterator[subprocess.Popen[bytes]]:
    """Another process, which lives until its input ends."""
    with subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE) as process:
        yield process
        process.kill()


def named(number: int, clock: ManualClock = CLOCK) -> str:
    """What that process would have said of itself."""
    place, _, _ = this_process(clock).rpartition(f" {os.getpid()} ")
    return f"{place} {number} {module._began(number)}"


def proc_of(folder: Path, number: int, text: str | None) -> Path:
    """A /proc in which that process looks so; without a text it is hidden."""
    (folder / str(number)).mkdir(parents=True)
    if text is not None:
        (folder / str(number) / "stat").write_text(text, encoding="utf-8")
    return folder


def test_the_living_and_the_dead(child: subprocess.Popen[bytes]) -> None:
    """A process lives until it is killed, and is dead while nobody has taken note of that, and after."""
    name = named(child.pid)
    assert not is_surely_dead(this_process(CLOCK), CLOCK)
    assert not is_surely_dead(name, CLOCK)

    child.kill()
    while psutil.Process(child.pid).status() != psutil.STATUS_ZOMBIE:
        pass
    assert is_surely_dead(name, CLOCK)
    child.wait()
    assert is_surely_dead(name, CLOCK)


@ON_LINUX
@pytest.mark.parametrize("ahead", [-7200, -1, 1, 400], ids=lambda ahead: f"{ahead} s")
def test_who_lives_while_the_calendar_is_set_lives(
    child: subprocess.Popen[bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ahead: int
) -> None:
    """The kernel tells another moment of its boot then, and whoever counts from that another beginning of each process."""
    name = named(child.pid)
    for one in ("self", str(child.pid)):
        (tmp_path / one).symlink_to(f"/proc/{one}")
    told = Path("/proc/stat").read_text()
    moved = re.sub(r"btime (\d+)", lambda found: f"btime {int(found[1]) + ahead}", told)
    (tmp_path / "stat").write_text(moved)
    monkeypatch.setattr(psutil, "PROCFS_PATH", str(tmp_path))
    monkeypatch.setattr(module, "_PROCESSES", tmp_path)

    assert named(child.pid) == name
    assert not is_surely_dead(name, CLOCK)


def as_told(number: int) -> str:
    return (Path("/proc") / str(number) / "stat").read_text()


def of_another(number: int) -> str:
    """The number was given out again: to who began a tick later, and has a name with brackets."""
    before, _, after = as_told(number).rpartition(")")
    fields = after.split()
    fields[19] = str(int(fields[19]) + 1)
    return f"{before.partition('(')[0]}(a) (b) R 1) {' '.join(fields)}"


CASES: dict[str, tuple[Callable[[int], str | None], bool]] = {
    "as it was": (as_told, False),
    "its number is another's now": (of_another, True),
    "hidden from this user": (lambda _: None, False),
    "cut off": (lambda number: as_told(number)[:20], False),
}


@ON_LINUX
@pytest.mark.parametrize(("look", "is_dead"), CASES.values(), ids=CASES)
def test_what_proc_tells_of_a_number(
    child: subprocess.Popen[bytes],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    look: Callable[[int], str | None],
    is_dead: bool,
) -> None:
    """A number that another process has is no life; what is not told proves no death."""
    name = named(child.pid)
    monkeypatch.setattr(module, "_PROCESSES", proc_of(tmp_path, child.pid, look(child.pid)))

    assert is_surely_dead(name, CLOCK) is is_dead


GONE = 2**22 + 7  # beyond the largest number that Linux gives out
FOREIGN = {
    "another boot": lambda name: name.replace(CLOCK.boot, "boot-0"),
    "another machine": lambda name: f"other-{name}",
    "another container": lambda name: name.replace("pid:", "pid:9"),
    "no words of ours": lambda _: "nonsense",
    "nothing": lambda _: "",
    "no number": lambda name: name.replace(f" {GONE} ", " x "),
}


@ON_LINUX
@pytest.mark.parametrize("changed", FOREIGN.values(), ids=FOREIGN)
def test_of_elsewhere_nothing_is_certain(changed: Callable[[str], str]) -> None:
    """Numbers of another boot, machine or container say nothing here, whoever has them."""
    name = named(os.getpid()).replace(f" {os.getpid()} ", f" {GONE} ")
    assert is_surely_dead(name, CLOCK)

    assert not is_surely_dead(changed(name), CLOCK)


@pytest.mark.parametrize("began", ["1795316450.60", "unknown", "else:1"])
def test_a_beginning_told_otherwise_proves_nothing(child: subprocess.Popen[bytes], began: str) -> None:
    """Another version of etl noted it, or it could not be told: then only a number that nobody has is dead."""
    place, _, _ = named(child.pid).rpartition(" ")
    assert not is_surely_dead(f"{place} {began}", CLOCK)

    child.kill()
    child.wait()
    assert is_surely_dead(f"{place} {began}", CLOCK)
