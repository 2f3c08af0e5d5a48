"""A worker that is told to stop ends within ten seconds: who told it kills it then. Nobody waits here: the loop's clock jumps."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys

import pytest

from etl.cli.worker import LAST_WORDS_SECONDS
from etl.clock import SystemClock
from etl.fleet import handing_over
from etl.fleet.handing_over import GIVE_UP_SECONDS, HAND_OVER_SECONDS, LEAVE_SECONDS, HandingOver

KILLED_AFTER_SECONDS = 10.0
"""By docker, where nothing else is said."""


class Jumping(asyncio.SelectorEventLoop):
    """A loop whose clock jumps to what comes next instead of waiting for it."""

    jumped = 0.0

    def time(self) -> float:
        return super().time() + self.jumped

    def _run_once(self) -> None:
        ready, scheduled = self._ready, self._scheduled  # type: ignore[attr-defined]
        if not ready and scheduled:
            self.jumped += max(0.0, scheduled[0].when() - self.time())
        super()._run_once()  # type: ignore[misc]


@pytest.mark.parametrize("is_database_there", [True, False], ids=["the database is there", "the database is away"])
def test_all_that_is_waited_for_has_one_end(monkeypatch: pytest.MonkeyPatch, is_database_there: bool) -> None:
    """However long giving leases up takes: the moment in which it leaves does not move."""

    async def given_up(*_: object) -> None:
        await asyncio.sleep(0.1 if is_database_there else 60.0)

    monkeypatch.setattr(handing_over.asyncio, "to_thread", given_up)
    seen: dict[str, float] = {}

    async def told_to_stop() -> None:
        loop, handing = asyncio.get_running_loop(), HandingOver("postgresql://nowhere", SystemClock())
        began, left = loop.time(), asyncio.Event()

        def leave() -> None:
            seen["left"] = loop.time() - began
            left.set()

        handing.begin(leave)
        assert await handing.unless_left(loop.create_future(), lambda: None) is None
        seen["given up"] = loop.time() - began
        await left.wait()

    with asyncio.Runner(loop_factory=Jumping) as runner:
        runner.run(told_to_stop())

    waited = 0.1 if is_database_there else GIVE_UP_SECONDS
    assert seen["given up"] == pytest.approx(HAND_OVER_SECONDS + waited, abs=0.05)
    assert seen["left"] == pytest.approx(LEAVE_SECONDS, abs=0.05)
    assert LEAVE_SECONDS + LAST_WORDS_SECONDS < KILLED_AFTER_SECONDS


FULL = """
import sys
from etl.cli.worker import _leave
def tell():
    {before}
    print("x" * (1 << 20))
    sys.stdout.flush()
_leave(tell)
"""


@pytest.mark.parametrize("before", ["pass", "raise OSError(28, 'No space left on device')"], ids=["full", "broken"])
def test_a_pipe_that_nobody_reads_keeps_no_worker(before: str) -> None:
    """Its last words do not fit into the pipe, and its reader is halted: it ends without them, and not as a failure."""
    near, far = os.pipe()
    try:
        ended = subprocess.run(  # noqa: PLW1510 — its code is looked at below
            [sys.executable, "-c", FULL.format(before=before)], stdout=far, stderr=subprocess.DEVNULL, timeout=20
        )
    finally:
        os.close(near)
        os.close(far)

    assert ended.returncode == 0
