"""What the tests of far files start from: a desk, LeadSquared, and an S3 that the desk's commands find by its variables."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.flows.conftest import desk, serve, server, warm
from tests.flows.desk import Desk
from tests.places.s3_server import S3Server

__all__ = ["desk", "serve", "server", "warm"]


@pytest.fixture(scope="session")
def _s3() -> Iterator[S3Server]:
    with S3Server() as started:
        yield started


@pytest.fixture
def s3(_s3: S3Server, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> S3Server:
    """An S3 with the bucket `field`, for commands of the desk and for this process."""
    _s3.forget()
    _s3.bucket("field")
    desk.environ |= _s3.environ
    for name in [one for one in os.environ if one.startswith("AWS_")]:
        monkeypatch.delenv(name)
    for name, value in _s3.environ.items():
        monkeypatch.setenv(name, value)
    return _s3
