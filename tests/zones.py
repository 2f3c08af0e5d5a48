"""The zone of this machine, for the length of a test."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch


@contextmanager
def machine_in(zone: str) -> Iterator[None]:
    """This machine's clock shows the time of `zone`."""
    with patch.dict(os.environ, TZ=zone):
        time.tzset()
        try:
            yield
        finally:
            os.environ.pop("TZ")
            time.tzset()
    time.tzset()
