"""What is left for who watches the machine: numbers that add up over commands, and a beat that tells the end."""

from __future__ import annotations

import json
import stat
import threading
from pathlib import Path

import pytest

from etl.records import Outcome
from etl.signs.heartbeat import Heartbeat
from etl.signs.metrics import Sample, textfile, write
from etl.signs.whole_file import put
from tests.cli.conftest import StillClock

LAST_SUCCESS = "etl_last_success_timestamp_seconds"


def values(text: str) -> dict[str, str]:
    """Series → value, with every metric's help and type checked to stand before it."""
    found, told = {}, set()
    for line in text.splitlines():
        if line.startswith("#"):
            told.add(line.split()[2])
            continue
        series, value = line.rsplit(" ", 1)
        assert series.partition("{")[0] in told
        found[series] = value
    return found


def sample(account: str, mapping: str, code: int, ended: float, **rows: int) -> Sample:
    return Sample(
        account, mapping, code, ended - 10, ended, {Outcome(name): count for name, count in rows.items()}, 3, 1
    )


def test_a_failure_keeps_the_last_success_and_the_series_of_others() -> None:
    """A second command on the same labels replaces its own numbers alone; only success moves the time of success."""
    first = textfile(
        "", [sample("prod", "visits", 0, 1000.0, created=5), sample("north", "calls", 4, 1000.0, invalid=2)]
    )
    second = values(textfile(first, [sample("prod", "visits", 6, 2000.0, waiting=4)]))

    assert second[f'{LAST_SUCCESS}{{account="prod",mapping="visits"}}'] == "1000.000"
    assert f'{LAST_SUCCESS}{{account="north",mapping="calls"}}' not in second
    assert second['etl_last_run_exit_code{account="prod",mapping="visits"}'] == "6"
    assert second['etl_last_run_rows{account="prod",mapping="visits",outcome="created"}'] == "0"
    assert second['etl_last_run_rows{account="prod",mapping="visits",outcome="waiting"}'] == "4"
    assert second['etl_last_run_rows{account="north",mapping="calls",outcome="invalid"}'] == "2"
    assert values(textfile(textfile(first, []), [])) == values(first)


def test_names_with_quotes_stay_one_series() -> None:
    """Labels are escaped as the text format wants, and known again by that."""
    odd = sample('a"b\\', "x\ny", 0, 1000.0)
    once = textfile("", [odd])

    assert '{account="a\\"b\\\\",mapping="x\\ny"}' in once
    assert textfile(once, [odd]) == once


def test_a_file_of_others_is_whole_at_any_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Three jobs write at once, and all are in it; who collects may read it."""

    def slow(path: Path, text: str) -> None:
        threading.Event().wait(0.03)
        put(path, text)

    monkeypatch.setattr("etl.signs.metrics.put", slow)
    path = tmp_path / "etl.prom"
    threads = [threading.Thread(target=write, args=(path, [sample("prod", name, 0, 1.0)])) for name in ("a", "b", "c")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert {line.partition("mapping=")[2][1] for line in path.read_text("utf-8").splitlines() if line[0] != "#"} == set(
        "abc"
    )
    assert stat.S_IMODE(path.stat().st_mode) == 0o644


def test_the_heart_beats_until_the_end(tmp_path: Path) -> None:
    """At the start, again and again, and at the end with the exit code, which no late beat overwrites."""
    clock, path = StillClock(), tmp_path / "beat.json"
    heart = Heartbeat(path, clock, "etl run", 7, beat_seconds=0.01)
    heart.begin()
    begun = json.loads(path.read_text("utf-8"))
    path.unlink()
    for _ in range(500):
        if path.exists():
            break
        threading.Event().wait(0.01)
    is_beating = path.exists()
    heart.end(4)
    heart._write("running", None)

    assert (begun["state"], begun["exit_code"], begun["pid"]) == ("running", None, 7)
    assert is_beating
    assert json.loads(path.read_text("utf-8"))["exit_code"] == 4
    assert list(tmp_path.iterdir()) == [path]
