"""What holds for all tests: compiled files are kept, files are in memory, and what was collected is not looked through again.

A worker reads all of tests/ (6 s more where it is not compiled), and the tests start some hundred processes. An environment that
asks Python to keep none (containers do) would have each of them compile everything anew.

The tests make some ten thousand folders, and each ledger forces each of its writes to the disk. In memory a file costs a fifth
of the CPU and nobody waits; no test pulls the plug. Who wants a disk sets TMPDIR.

Python's garbage collector goes through all that there is, time after time, while nine thousand tests are collected: two fifths
of the time that takes. None of it is garbage.
"""

from __future__ import annotations

import gc
import importlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False
gc.disable()  # until all tests are known

_MEMORY = Path("/dev/shm")
_SELDOM = (50_000, 20, 20)
"""As `etl` itself has it."""
_ROOM_BYTES = 3 << 30
"""Several times what the tests were seen to take. A container has 64 MB there unless it is told otherwise."""


def _files_in_memory() -> None:
    """Temporary files of this process and of those it starts, where there is room. Workers inherit the choice."""
    if "TMPDIR" in os.environ or not os.access(_MEMORY, os.W_OK | os.X_OK):
        return
    if shutil.disk_usage(_MEMORY).free >= _ROOM_BYTES:
        os.environ["TMPDIR"] = str(_MEMORY)
        tempfile.tempdir = None  # it is looked up anew


_files_in_memory()

from hypothesis import settings  # noqa: E402 — compiled files are to be kept of it, too

from tests.postgresql import postgresql, postgresql_url  # noqa: E402 — the same

settings.register_profile("any machine", parent=settings(), deadline=None)
settings.load_profile("any machine")  # what breaks a law is what it finds, no machine that stands still

__all__ = ["postgresql", "postgresql_url"]  # fixtures for all tests


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """What is there when all tests are known stays to the end: the collector leaves it out from then on."""
    try:
        return (yield)
    finally:
        if "sqlalchemy.engine" in sys.modules:
            importlib.import_module("tests.compiled").compile_once()
        gc.freeze()
        gc.set_threshold(*_SELDOM)
        gc.enable()
