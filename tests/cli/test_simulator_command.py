"""`etl simulator` serves until it is stopped, and says where."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

import etl
from etl.cli.simulator import simulator

ENVIRON = {**os.environ, "PYTHONPATH": str(Path(etl.__file__).parent.parent)}


@pytest.mark.skipif(os.name != "posix", reason="the system has no such signals")
def test_it_serves_on_a_free_port_until_it_is_stopped() -> None:
    """The first line on stdout is the address; it answers there; SIGTERM ends it with exit code 0."""
    command = [sys.executable, "-m", "etl.cli", "simulator", "--seed", "1", "--limit", "10/5"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRON) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        with urllib.request.urlopen(f"{url}/_simulator/activities", timeout=10) as answer:
            held = json.load(answer)
        process.send_signal(signal.SIGTERM)
        _, err = process.communicate(timeout=30)

    assert url.startswith("http://127.0.0.1:")
    assert held == []
    assert f"export LSQ_HOST={url} LSQ_ACCESS_KEY=simulator-access-key" in err
    assert process.returncode == 0


def test_a_port_that_is_taken_is_told() -> None:
    """A taken port is exit code 2 with the port and what to do."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            [sys.executable, "-m", "etl.cli", "simulator", "--port", port],
            capture_output=True,
            text=True,
            timeout=60,
            env=ENVIRON,
            check=False,
        )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"Error: --port {port}: ")
    assert done.stderr.endswith("Choose another port, or leave it out.\n")


def test_its_help_names_every_fault() -> None:
    """Whoever wants a fault need not read the code for its name."""
    assert simulator.epilog is not None
    assert "drop-after" in simulator.epilog
    assert "store-late" in simulator.epilog
