"""The door for time, and the clock that tests put in its place."""

from __future__ import annotations

from datetime import UTC, timedelta
from pathlib import Path

import pytest

from etl import clock as clock_module
from etl.clock import Clock, SystemClock
from tests.clocks import BEGAN, ManualClock


def test_the_wall_clock_names_its_zone() -> None:
    """The machine's time comes as UTC and says so."""
    assert SystemClock().now().tzinfo is UTC


def test_the_monotonic_clock_never_goes_back() -> None:
    """Later readings are never smaller than earlier ones."""
    clock = SystemClock()

    readings = [clock.monotonic() for _ in range(100)]

    assert readings == sorted(readings)


def test_a_boot_keeps_its_name() -> None:
    """Two clocks of one boot agree on its name, and it is not empty."""
    assert SystemClock().boot_id() == SystemClock().boot_id() != ""


def test_a_machine_that_does_not_name_its_boots_gets_a_name_from_the_boot_s_minute(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the system has no boot id, the minute in which it was booted serves as one."""
    monkeypatch.setattr(clock_module, "_LINUX_BOOT_ID", tmp_path / "missing")

    assert SystemClock().boot_id().startswith("booted-")


def test_a_wait_that_is_over_already_returns_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A negative wait is no error: the moment has passed."""
    asked: list[float] = []
    monkeypatch.setattr("etl.clock.time.sleep", asked.append)

    SystemClock().sleep(-3.0)

    assert asked == [0.0]


def test_the_manual_clock_moves_only_when_told() -> None:
    """Sleeping moves both clocks and is noted; a jump moves the wall clock alone; a boot changes name and reading."""
    clock: Clock = ManualClock()
    assert isinstance(clock, ManualClock)

    clock.sleep(2.5)
    clock.jump(-3600)
    clock.move_to(1_010.0)
    clock.move_to(1_000.0)

    assert clock.slept == [2.5]
    assert clock.monotonic() == 1_010.0
    assert clock.now() == BEGAN + timedelta(seconds=10 - 3600)
    clock.reboot("boot-2")
    assert (clock.boot_id(), clock.monotonic()) == ("boot-2", 5.0)
