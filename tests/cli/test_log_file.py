"""The log file: full ones are set aside, several processes lose no line, and JSON stays JSON."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from etl.cli.log import KEPT, Log
from tests.cli.conftest import Shell, StillClock

WRITER = """
import sys
from pathlib import Path
from etl.cli.log import Log
from etl.clock import SystemClock
log = Log(Path(sys.argv[1]), SystemClock(), keeps_talk=True, most_bytes=4000)
for number in range(200):
    log.say(f"{sys.argv[2]} {number}")
"""


def test_a_full_file_is_set_aside(tmp_path: Path) -> None:
    """The youngest is .1, no more than five are kept, and each but the one that is written is full."""
    log = Log(tmp_path / "etl.log", StillClock(), keeps_talk=True, most_bytes=100)
    for number in range(40):
        log.say(f"line {number:04}")

    names = sorted(path.name for path in tmp_path.iterdir() if not path.name.endswith(".lock"))
    assert names == ["etl.log", *(f"etl.log.{number}" for number in range(1, KEPT + 1))]
    assert "line 0039" in (tmp_path / "etl.log").read_text() + (tmp_path / "etl.log.1").read_text()
    assert all((tmp_path / f"etl.log.{number}").stat().st_size >= 100 for number in range(1, KEPT + 1))


def test_several_processes_lose_no_line(tmp_path: Path) -> None:
    """Four write into one small file, which is set aside while they do: of the last files every line is whole and there."""
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, tmp_path / "etl.log", str(number)]) for number in range(3)
    ]
    assert [writer.wait() for writer in writers] == [0, 0, 0]

    names = ["etl.log", *(f"etl.log.{number}" for number in range(1, KEPT + 1))]
    lines = [
        line.split(" ")[1:]
        for name in names
        if (tmp_path / name).exists()
        for line in (tmp_path / name).read_text().splitlines()
    ]
    for writer in ("0", "1", "2"):
        numbers = sorted(int(number) for who, number in lines if who == writer)
        assert numbers == list(range(200))[200 - len(numbers) :]
    assert len(lines) == len({tuple(line) for line in lines})


def test_a_file_that_another_process_has_set_aside_meanwhile(tmp_path: Path) -> None:
    """The new one has hardly begun, and stays."""
    log = Log(tmp_path / "etl.log", StillClock(), keeps_talk=True)
    log.say("a line")
    log._set_aside()

    assert (tmp_path / "etl.log").exists()
    assert not (tmp_path / "etl.log.1").exists()


def test_a_pipe_is_never_set_aside() -> None:
    """What is no plain file stays what it is."""
    assert not Log(Path("/dev/null"), StillClock(), most_bytes=0)._is_full()


def test_a_traceback_is_one_object(tmp_path: Path) -> None:
    """Line breaks stand within the text."""
    log = Log(tmp_path / "etl.log", StillClock(), is_json=True)
    log.append("$ etl run\nTraceback\n", "error")

    (line,) = (tmp_path / "etl.log").read_text("utf-8").splitlines()
    assert (json.loads(line)["text"], json.loads(line)["level"]) == ("$ etl run\nTraceback", "error")


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--log-json",), "say with --log-file"),
        (("--heartbeat", "no/such/beat"), "--heartbeat .*no/such/beat: the file cannot be written"),
        (("--metrics", "no/such/etl.prom"), "--metrics .*etl.prom: the file cannot be written"),
        (
            ("--heartbeat", "https://ping.example.com/7"),
            "--heartbeat https://ping.*: this has to be a file of this machine",
        ),
        (("--metrics", "s3://field/etl.prom"), "--metrics s3://field/etl.prom: this has to be a file of this machine"),
        (("--metrics", ":9000"), "--metrics :9000: .* so it writes a file, like visits.prom; a port is for etl worker"),
        (("--submitted-by", "Priya"), "--submitted-by Priya: this is no e-mail address"),
        (("--submitted-by", "a@b.c\nBcc: x@y.z"), "this is no e-mail address"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_wishes_that_cannot_be_met(
    shell: Shell, capsys: pytest.CaptureFixture[str], options: tuple[str, ...], why: str
) -> None:
    """Refused before anything else happens."""
    code = shell.type("run", "visits.xlsx", "-m", "visits.yaml", *options)

    assert (code, shell.pipeline.asked) == (2, [])
    assert re.search(why, capsys.readouterr().err)
