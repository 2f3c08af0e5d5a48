"""The first signal is a request, the second leaves at once; tried with real signals and a real process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import etl
from etl.cli.signals import LEFT, STOPPING, stop_on_signals
from etl.events import StopSignal


def test_the_second_signal_leaves(capfd: pytest.CaptureFixture[str]) -> None:
    """Once asked, the run is not asked again: the second signal leaves with its number, and each is answered."""
    stop = StopSignal()
    left: list[int] = []

    with stop_on_signals(stop, has_terminal=True, leave=left.append):
        signal.raise_signal(signal.SIGTERM)
        first = list(left)
        signal.raise_signal(signal.SIGINT)

    assert (stop.reason, stop.signal_number) == ("terminated by SIGTERM", signal.SIGTERM)
    assert (first, left) == ([], [signal.SIGINT])
    assert capfd.readouterr().err == STOPPING + "\x1b[?25h" + LEFT


def test_the_handlers_are_put_back_after_an_error() -> None:
    """An exception inside the block does not leave our handlers behind."""
    before = signal.getsignal(signal.SIGINT)

    with pytest.raises(KeyError, match="inside"), stop_on_signals(StopSignal(), has_terminal=False):
        raise KeyError("inside")

    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.skipif(os.name != "posix", reason="the system has no such signals")
def test_a_second_ctrl_c_ends_a_process_that_is_stuck() -> None:
    """A thread that never ends and a block that never leaves do not hold the process: it ends with 130."""
    program = (
        "import sys, threading\n"
        "from etl.cli.signals import stop_on_signals\n"
        "from etl.events import StopSignal\n"
        "never = threading.Event()\n"
        "threading.Thread(target=never.wait).start()\n"
        "with stop_on_signals(StopSignal(), has_terminal=False):\n"
        "    print('ready', flush=True)\n"
        "    never.wait()\n"
    )
    environ = {**os.environ, "PYTHONPATH": str(Path(etl.__file__).parent.parent)}
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environ
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.send_signal(signal.SIGINT)
        process.stderr.readline()
        said = process.stderr.readline()
        process.send_signal(signal.SIGINT)

        assert process.wait(timeout=30) == 130
        assert said.startswith("Stopping: the requests in flight are waited for")
