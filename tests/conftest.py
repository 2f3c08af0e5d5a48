"""What holds for all tests: compiled files are kept.

A worker reads all of tests/ (6 s more where it is not compiled), and the tests start some hundred processes. An environment that
asks Python to keep none (containers do) would have each of them compile everything anew.
"""

from __future__ import annotations

import os
import sys

os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

from tests.postgresql import postgresql, postgresql_url  # noqa: E402 — compiled files are to be kept of it, too

__all__ = ["postgresql", "postgresql_url"]  # fixtures for all tests
