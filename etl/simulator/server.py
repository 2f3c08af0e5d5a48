"""The simulator behind a real HTTP server on loopback: for the command line, or embedded for one run or test."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Callable
from concurrent.futures import Future
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import Any, TypeVar

from aiohttp import web

from etl.simulator.core import Simulator
from etl.simulator.options import SimulatorOptions
from etl.simulator.web_app import catch_up, web_app

LOOPBACK = "127.0.0.1"
_Answer = TypeVar("_Answer")
_START_SECONDS = 30.0
_LAST_ANSWERS_SECONDS = 0.5


def serve(options: SimulatorOptions, port: int, on_ready: Callable[[str], None]) -> None:
    """Serve until SIGINT or SIGTERM. on_ready gets the URL, with the real port for port 0.

    Called on the main thread. Raises OSError when the port is taken, sqlite3.Error when the store cannot be used.
    """
    asyncio.run(_serve_until_signalled(options, port, on_ready))


class EmbeddedSimulator:
    """A simulator with its server in a thread of its own, for the length of a `with` block.

    Leaving the block raises RuntimeError when the simulator itself had a defect, for then its answers prove nothing.
    """

    def __init__(self, options: SimulatorOptions | None = None, port: int = 0) -> None:
        self.simulator = Simulator(options)
        self._port = port
        self._thread = threading.Thread(target=self._run, name="etl-simulator", daemon=True)
        self._started: Future[_Running] = Future()

    def __enter__(self) -> EmbeddedSimulator:
        self._thread.start()
        self._started.result(timeout=_START_SECONDS)
        return self

    def __exit__(
        self, exception_type: type[BaseException] | None, _exception: BaseException | None, _trace: TracebackType | None
    ) -> None:
        running = self._started.result()
        running.loop.call_soon_threadsafe(running.stop.set)
        self._thread.join()
        defect = self.simulator.stats()["last_internal_error"]
        if defect is not None and exception_type is None:
            raise RuntimeError(f"The simulator itself failed while answering:\n{defect}")

    @property
    def url(self) -> str:
        """`http://127.0.0.1:PORT`, known once the block is entered."""
        return self._started.result(timeout=_START_SECONDS).url

    def activities(self) -> list[dict[str, Any]]:
        """Everything that was stored until now, oldest first; also after the block, as it was at its end."""
        return self._ask(self.simulator.activities)

    def stats(self) -> dict[str, Any]:
        """The counters; also after the block."""
        return self._ask(self.simulator.stats)

    def _ask(self, question: Callable[[], _Answer]) -> _Answer:
        """Ask on the server's thread while it runs, so that no request is half carried out meanwhile."""
        if not self._thread.is_alive():
            return question()

        async def ask() -> _Answer:
            catch_up(self.simulator)
            return question()

        return asyncio.run_coroutine_threadsafe(ask(), self._started.result().loop).result()

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:  # handed to the thread that waits for the start
            if self._started.done():
                raise
            self._started.set_exception(error)

    async def _serve(self) -> None:
        async with _listening(self.simulator, self._port) as url:
            running = _Running(url, asyncio.get_running_loop(), asyncio.Event())
            self._started.set_result(running)
            await running.stop.wait()


@dataclass(frozen=True, slots=True)
class _Running:
    """A server that is up, and how to stop it."""

    url: str
    loop: asyncio.AbstractEventLoop
    stop: asyncio.Event


async def _serve_until_signalled(options: SimulatorOptions, port: int, on_ready: Callable[[str], None]) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with suppress(NotImplementedError):  # Windows' loops know no signals; there Ctrl-C ends asyncio.run
            loop.add_signal_handler(number, stop.set)
    async with _listening(Simulator(options), port) as url:
        on_ready(url)
        await stop.wait()


@asynccontextmanager
async def _listening(simulator: Simulator, port: int) -> AsyncIterator[str]:
    """Answer on loopback while the block runs; yields the URL. Requests in the air get a moment to be answered."""
    runner = web.AppRunner(web_app(simulator), access_log=None, shutdown_timeout=_LAST_ANSWERS_SECONDS)
    try:
        await runner.setup()
        await web.TCPSite(runner, LOOPBACK, port).start()
        yield f"http://{LOOPBACK}:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
        simulator.close()
