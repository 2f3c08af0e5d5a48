"""A command loads what it needs, and spends nothing on what serves nobody."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from shutil import copyfile

import pytest

from etl.cli.main import main
from etl.cli.world import this_world
from etl.clock import SystemClock
from etl.ledger.store import Ledger

REPOSITORY = Path(__file__).parents[2]
SENDS = ("etl.stages.send", "etl.stages.destinations", "etl.stages.live_check", "etl.stages.rehearse", "requests")
READS_WORKBOOKS = ("etl.reader.workbook", "etl.reader.old_workbook", "etl.reader.open_document", "xlrd", "openpyxl")
SELDOM = ("pandas", "numpy", "psutil", "charset_normalizer", "rich")


@pytest.mark.parametrize(
    ("words", "needless"),
    [
        pytest.param(
            ("check", "visits.csv", "-m", "visits.yaml"),
            (*SENDS, *READS_WORKBOOKS, *SELDOM),
            id="check",
        ),
        pytest.param(
            ("runs",),
            (
                *SENDS,
                *READS_WORKBOOKS,
                *SELDOM,
                "pydantic",
                "ruamel.yaml",
                "etl.mapping.model",
                "sqlalchemy",
                "asyncio",
            ),
            id="runs",
        ),
    ],
)
def test_a_command_loads_nothing_that_it_does_not_need(
    tmp_path: Path, words: tuple[str, ...], needless: tuple[str, ...]
) -> None:
    """A check of a .csv sends nothing and opens no workbook; a list of runs reads no mapping, and asks its ledger by itself."""
    Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "ledger_files", SystemClock()).close()
    copyfile(REPOSITORY / "sample_data" / "site_visits.csv", tmp_path / "visits.csv")
    copyfile(REPOSITORY / "mappings" / "site_visits.yaml", tmp_path / "visits.yaml")
    program = (
        "import sys; from etl.cli.main import main; main(); import gc, os; "
        f"print([name for name in {needless!r} if name in sys.modules], gc.get_threshold()[0] > 10_000, "
        "os.environ['PYDANTIC_DISABLE_PLUGINS'], file=sys.stderr)"
    )
    outside = {name: value for name, value in os.environ.items() if name != "PYDANTIC_DISABLE_PLUGINS"}
    done = subprocess.run(
        [sys.executable, "-c", program, *words],
        cwd=tmp_path,
        env={
            **outside,
            "PYTHONPATH": str(REPOSITORY),
            "HOME": str(tmp_path),
            "ETL_LEDGER": str(tmp_path / "ledger.db"),
        },
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stderr.splitlines()[-1] == "[] True __all__"


def test_loading_is_not_searched_for_circles() -> None:
    """The first search comes when more was made than loading makes, and looks at nothing; those behind it look at the rest."""
    program = (
        "import gc; from etl.cli import main; main._spare_what_serves_nobody(); "
        "made = [[] for _ in range(150_000)]; print(gc.get_freeze_count(), gc.get_threshold()[0] > 150_000); "
        "made += [[] for _ in range(60_000)]; print(gc.get_freeze_count() > 200_000, gc.get_threshold()[0]); "
        "made[0].append(made[0]); del made; print(gc.collect(), main._begin_to_search in gc.callbacks)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False
    )

    assert done.stdout.splitlines() == ["0 True", "True 50000", "0 False"], done.stderr


def test_a_guest_in_a_process_leaves_it_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the door is opened by another program, that program's own settings stay."""
    monkeypatch.delenv("PYDANTIC_DISABLE_PLUGINS", raising=False)
    before = gc.get_threshold()

    main(replace(this_world(), arguments=("--version",)))

    assert gc.get_threshold() == before
    assert "PYDANTIC_DISABLE_PLUGINS" not in os.environ
