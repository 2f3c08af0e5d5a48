"""An inbox where nothing can be renamed: killed at any step, the next call loses no file and doubles none."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import fsspec
import pytest

from etl.clock import SystemClock
from etl.errors import BusyError, EtlError, NetworkError
from etl.inbox import far_folders, importing
from etl.inbox.folders import Folders
from etl.inbox.serve import serve
from etl.inbox.words import Night, What
from etl.ledger.moves import Moves
from etl.ledger.store import Ledger
from etl.places import far, place_of
from etl.settings import Account, Secret, Settings
from tests.flows.sheets import MAPPING, visits, write
from tests.inbox.test_crash_at_every_step import AtOnce, Killed, as_if_sent

CHANGES = (
    (far_folders, "copy_file"),
    (far_folders, "delete"),
    (far, "put_bytes"),
    (far, "delete"),
    (Moves, "note_folder"),
)
ENOUGH_STEPS = 60


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """One ledger for all nights."""
    account = Account("prod", "http://127.0.0.1:1", Secret("a"), Secret("b"))
    return Settings(account, f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "files")


@pytest.fixture(autouse=True)
def memory() -> Iterator[Any]:
    """The store, empty."""
    store = fsspec.filesystem("memory")
    store.store.clear()
    yield store
    store.store.clear()


def box(number: int, tmp_path: Path) -> Path:
    """A folder in the store with a file that no other one has."""
    place = place_of(f"memory://box{number}")
    (place / "visits.yaml").write_text(MAPPING, encoding="utf-8")
    (place / "routes.yaml").write_text(
        "version: 1\nroutes:\n  Pune: {files: '*.csv', mapping: visits.yaml}\n", encoding="utf-8"
    )
    (place / "inbox" / "a.csv").write_bytes(
        write(tmp_path / "a.csv", visits(number + 1, first=number + 1)).read_bytes()
    )
    return place


@contextmanager
def killed_before(step: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Let so many changes of the store and the ledger come about, and none behind them. Yields: what was done or tried."""
    done: list[str] = []

    def hindered(name: str, change: Callable[..., Any]) -> Callable[..., Any]:
        def hinder(*arguments: Any, **options: Any) -> Any:
            if threading.current_thread() is not threading.main_thread():
                return change(*arguments, **options)  # the import, which has laws of its own
            done.append(f"{name} {arguments[0]}")
            if len(done) > step:
                raise Killed
            return change(*arguments, **options)

        return hinder

    with monkeypatch.context() as patch:
        for owner, name in CHANGES:
            patch.setattr(owner, name, hindered(name, getattr(owner, name)))
        yield done


def test_after_a_kill_at_any_step_the_next_call_puts_all_right(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch, memory: Any
) -> None:
    """Each file lies in done once, with its results, and its content is that which was dropped."""
    monkeypatch.setattr(importing.pipeline, "run", as_if_sent)

    def night(place: Path) -> Night:
        return serve(place, lambda *_: settings, clock=AtOnce())

    steps = 0
    for step in range(ENOUGH_STEPS):
        place = box(step, tmp_path)
        dropped = (place / "inbox" / "a.csv").read_bytes()
        with killed_before(step, monkeypatch) as done, suppress(Killed, EtlError):
            night(place)
        steps = len(done)

        ended = night(place)

        lie = {one.removeprefix(f"/box{step}/") for one in memory.find(f"/box{step}") if "/.etl" not in one}
        (day,) = {one.split("/")[1] for one in lie if one.startswith("done/")}
        done_now = {f"done/{day}/a/a{of}.csv" for of in ("", ".results")}
        assert lie == {"routes.yaml", "visits.yaml", *done_now}, (step, done[-3:])
        assert (place / "done" / day / "a" / "a.csv").read_bytes() == dropped
        assert {one.what for one in ended.filed} <= {What.IMPORTED}, (step, done[-3:])
        if steps <= step:
            break
    assert 8 < steps < ENOUGH_STEPS


def test_a_file_that_is_replaced_while_it_is_taken_stays(
    tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes in its place is taken as it is the next time; nothing of it is deleted unread."""
    monkeypatch.setattr(importing.pipeline, "run", as_if_sent)
    place, copy = box(1, tmp_path), far_folders.copy_file
    newer = write(tmp_path / "b.csv", visits(90, first=90)).read_bytes()

    def replaced(source: str, target: str) -> None:
        copy(source, target)
        (place / "inbox" / "a.csv").write_bytes(newer)

    with monkeypatch.context() as patch:
        patch.setattr(far_folders, "copy_file", replaced)
        first = serve(place, lambda *_: settings, clock=AtOnce())
    second = serve(place, lambda *_: settings, clock=AtOnce())

    assert [one.what for one in first.filed] == [What.UNKNOWN]
    assert "was replaced while it was taken" in first.filed[0].reason
    assert [one.what for one in second.filed] == [What.IMPORTED]
    assert second.filed[0].place is not None
    assert second.filed[0].place.read_bytes() == newer


def test_two_calls_of_one_ledger_do_not_serve_one_folder(tmp_path: Path, settings: Settings) -> None:
    """The lock is the ledger's, for a store has none."""
    place = box(2, tmp_path)

    with (
        Ledger(settings.ledger_url, settings.ledger_files, AtOnce()) as ledger,
        Folders(place).locked(lambda: ledger),
        pytest.raises(BusyError, match="Another etl inbox is at work in memory://box2"),
    ):
        serve(place, lambda *_: settings, clock=AtOnce())


def test_what_is_copied_later_is_not_deleted_now(memory: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store may say yes and copy on its own time."""
    waits: list[float] = []
    monkeypatch.setattr(SystemClock, "sleep", lambda _, seconds: waits.append(seconds))
    monkeypatch.setattr(type(memory), "cp_file", lambda *_: None)
    file = place_of("memory://box/a.csv")
    file.write_text("a", encoding="utf-8")

    with pytest.raises(NetworkError, match=r"and that has not ended yet\. Run the same command again later"):
        file.rename(place_of("memory://box/b.csv"))

    assert (file.read_text("utf-8"), waits) == ("a", [1.0, 2.0, 4.0, 8.0, 16.0])
