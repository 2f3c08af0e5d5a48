"""Killed at any step between inbox and done, the next call loses no file, doubles none, and leaves nothing lying about."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from etl.clock import SystemClock
from etl.errors import EtlError
from etl.events import InputSummary, Summary
from etl.inbox import importing
from etl.inbox.serve import serve
from etl.inbox.words import Night, What
from etl.ledger.moves import Moves
from etl.reconciler.counts import Equation
from etl.records import Outcome
from etl.settings import Account, Secret, Settings
from tests.flows.sheets import MAPPING, visits, write

STEPS = [(Path, name) for name in ("rename", "replace", "mkdir", "rmdir", "unlink")] + [(Moves, "note_folder")]
ENOUGH_STEPS = 60


class Killed(BaseException):
    """The process is gone."""


class AtOnce(SystemClock):
    """The machine's clock, without waiting."""

    def sleep(self, seconds: float) -> None:
        """Files are as they are."""


@contextmanager
def killed_before(step: int, place: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Let so many changes of files below a place come about, and none behind them. Yields: what was done or tried."""
    done: list[str] = []

    def hindered(name: str, change: Callable[..., Any]) -> Callable[..., Any]:
        def hinder(self: Any, *arguments: Any, **options: Any) -> Any:
            if isinstance(self, Moves) or self.is_relative_to(place):
                done.append(name)
                if len(done) > step:
                    raise Killed
            return change(self, *arguments, **options)

        return hinder

    with monkeypatch.context() as patch:
        for owner, name in STEPS:
            patch.setattr(owner, name, hindered(name, getattr(owner, name)))
        yield done


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """One ledger for all nights: what is in it of one folder is nothing to another."""
    account = Account("prod", "http://127.0.0.1:1", Secret("a"), Secret("b"))
    return Settings(account, f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "files")


def folder(place: Path, number: int) -> Path:
    """A folder with a file that no other one has."""
    (place / "inbox").mkdir(parents=True)
    (place / "visits.yaml").write_text(MAPPING, encoding="utf-8")
    (place / "routes.yaml").write_text(
        "version: 1\nroutes:\n  Pune: {files: '*.csv', mapping: visits.yaml}\n", encoding="utf-8"
    )
    write(place / "inbox" / "a.csv", visits(number + 1, first=number + 1))
    return place


def as_if_sent(_settings: Settings, files: list[Path], *_: Any, **__: Any) -> Summary:
    """In the place of the import, which has laws of its own: results beside the file, every row created."""
    (file,) = files
    results = file.with_name(f"{file.stem}.results.csv")
    results.write_text("etl_row\n", encoding="utf-8")
    one = InputSummary(file.name, 1, Equation(1, {Outcome.CREATED: 1}), 0, results, None)
    return Summary((one,), 0)


def test_after_a_kill_at_any_step_the_next_call_puts_all_right(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file lies in done once, with its results, and its content is that which was dropped."""
    monkeypatch.setattr(importing.pipeline, "run", as_if_sent)
    monkeypatch.setattr(os, "fsync", lambda _: None)

    def night(place: Path) -> Night:
        return serve(place, lambda *_: settings, clock=AtOnce())

    steps = 0
    for step in range(ENOUGH_STEPS):
        place = folder(tmp_path / f"box{step}", step)
        dropped = {file.name: file.read_bytes() for file in (place / "inbox").iterdir()}
        with killed_before(step, place, monkeypatch) as done, suppress(Killed, EtlError):
            night(place)
        steps = len(done)

        ended = night(place)

        lie = {str(file.relative_to(place / "done")) for file in (place / "done").rglob("*.csv")}
        (day,) = {path.partition("/")[0] for path in lie}
        assert lie == {f"{day}/a/a{of}.csv" for of in ("", ".results")}, (step, done[-3:])
        assert {name: (place / "done" / day / name[0] / name).read_bytes() for name in dropped} == dropped
        assert not list((place / "working").iterdir()) + list((place / "inbox").iterdir())
        assert not list(place.rglob("*.tmp")), step
        assert {one.what for one in ended.filed} <= {What.IMPORTED}
        if steps <= step:
            break
    assert 8 < steps < ENOUGH_STEPS


def test_a_name_that_is_taken_gets_a_neighbour(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same name with other content on the same day overwrites nothing, wherever it lies."""
    monkeypatch.setattr(importing.pipeline, "run", as_if_sent)
    place = folder(tmp_path / "box", 900)
    (place / "working" / "a").mkdir(parents=True)
    (place / "working" / "a" / "somebody's.txt").write_text("mine", encoding="utf-8")

    first = serve(place, lambda *_: settings, clock=AtOnce())
    write(place / "inbox" / "a.csv", visits(9_999, first=9_999))
    second = serve(place, lambda *_: settings, clock=AtOnce())

    assert [one.what for one in first.filed] == [What.UNKNOWN, What.IMPORTED]
    assert [path.parent.name for path in sorted((place / "done").rglob("a.csv"))] == ["a", "a.2"]
    assert second.filed[-1].place == next((place / "done").glob("*/a.2/a.csv"))
    assert (place / "working" / "a" / "somebody's.txt").read_text("utf-8") == "mine"
