"""What differs on Windows, acted out here: nothing of it was run there (docs/windows.md)."""

from __future__ import annotations

import errno
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest

from etl import clock
from etl.cli import faults, main
from etl.clock import SystemClock
from etl.delivery.wire import ThreadedWire
from etl.reconciler.put_in_place import take_away
from tests.cli.conftest import Shell


@pytest.mark.parametrize(
    ("is_windows", "error", "is_gone"),
    [
        pytest.param(True, OSError(errno.EINVAL, "Invalid argument"), True, id="a pipe there"),
        pytest.param(True, OSError(errno.EINVAL, "Invalid argument", "a.csv"), False, id="a file there"),
        pytest.param(False, OSError(errno.EINVAL, "Invalid argument"), False, id="anything elsewhere"),
        pytest.param(False, BrokenPipeError(), True, id="a pipe elsewhere"),
    ],
)
def test_a_reader_that_is_gone_is_known_by_each_systems_words(
    is_windows: bool, error: OSError, is_gone: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Windows calls it an invalid argument, and names no file."""
    monkeypatch.setattr(faults, "IS_WINDOWS", is_windows)

    assert faults.is_reader_gone(error) is is_gone


def test_a_command_whose_reader_is_gone_ends_quietly_there_too(
    shell: Shell, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is no defect, and nothing is written into the log."""

    def echo(*_: object, **__: object) -> None:
        raise OSError(errno.EINVAL, "Invalid argument")

    monkeypatch.setattr(faults, "IS_WINDOWS", True)
    monkeypatch.setattr(faults, "let_go", lambda _: None)
    monkeypatch.setattr(main.click, "echo", echo)

    assert shell.type("accounts") == faults.READER_GONE
    assert shell.log_text == ""
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("deaf", "seconds", "waited"),
    [(None, None, None), (None, 9.0, 9.0), (0.5, None, 0.5), (0.5, 9.0, 0.5), (0.5, 0.1, 0.1)],
)
def test_waits_are_cut_where_signals_are_not_heard_meanwhile(
    deaf: float | None, seconds: float | None, waited: float | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Elsewhere they are as long as ever."""
    monkeypatch.setattr(clock, "DEAF_SECONDS", deaf)

    assert clock.at_a_stretch(seconds) == waited


def test_the_wire_looks_up_while_nothing_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a request in the air it waits for ever elsewhere, and half a second at a time there."""
    asked: list[float | None] = []

    class Arrivals(SimpleQueue):  # type: ignore[type-arg]  # of arrivals
        def get(self, block: bool = True, timeout: float | None = None) -> None:
            asked.append(timeout)
            raise Empty

    monkeypatch.setattr(clock, "DEAF_SECONDS", 0.5)
    monkeypatch.setattr("etl.delivery.wire.SimpleQueue", Arrivals)
    wire = ThreadedWire(lambda *_: pytest.fail("nothing is sent"), 1, SystemClock())

    assert wire.wait(None) is None
    assert asked == [0.5]
    wire.close()


def test_an_outdated_file_that_is_open_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Windows does not remove what a program holds open; that is no reason to end an import."""
    (tmp_path / "visits.failed.xlsx").touch()

    def unlink(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(errno.EACCES, "The process cannot access the file", str(path))

    monkeypatch.setattr(Path, "unlink", unlink)

    take_away(tmp_path / "visits.failed.xlsx")
    assert (tmp_path / "visits.failed.xlsx").exists()
