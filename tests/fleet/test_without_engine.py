"""A ledger that machines share, on one where the engine of a fleet was not installed: two laptops need none."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from etl.errors import UsageError
from etl.fleet.submissions import stop, submission, submission_of_run
from etl.settings import Settings
from tests.fleet.conftest import Submit, settings_at


@pytest.fixture
def without_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where `etl[postgresql]` was installed, and not `etl[fleet]`."""
    for name in list(sys.modules):
        if name.partition(".")[0] in {"procrastinate", "psycopg_pool"} or name == "etl.fleet.engine":
            monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "procrastinate", None)
    monkeypatch.setitem(sys.modules, "psycopg_pool", None)


def test_a_run_of_nobodys_submission_is_a_run(postgresql_url: str, tmp_path: Path, without_engine: None) -> None:
    """`etl stop 41` asks first whether a fleet has that run; where there is no fleet, it has not."""
    assert submission_of_run(settings_at(postgresql_url, tmp_path), 41) is None


def test_what_waits_is_seen_and_stopping_it_asks_for_the_extra(
    settings: Settings, submit: Submit, request: pytest.FixtureRequest
) -> None:
    """Looking takes the database alone; taking out of the queue is said to need more, and is no defect of etl."""
    number = submit()
    request.getfixturevalue("without_engine")

    assert submission(settings, number).number == number
    with pytest.raises(UsageError, match=r"procrastinate is missing.*etl\[fleet\]"):
        stop(settings, number)
