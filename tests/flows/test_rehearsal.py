"""`--rehearse`: the sample sheets through the real command, without an account and without a trace in the ledger."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path

import pytest

from tests.flows.desk import Desk
from tests.flows.sheets import read
from tests.foreign.server import ForeignServer

PROJECT = Path(__file__).parents[2]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_the_sample_sheet_is_rehearsed(desk: Desk, server: ForeignServer, kind: str) -> None:
    """All 240 rows are answered, exit code 4, the files are named after the rehearsal, and nobody else is asked."""
    shutil.copy(PROJECT / "sample_data" / f"site_visits.{kind}", desk.folder)
    sheet = f"site_visits.{kind}"

    ended = desk.etl("run", sheet, "-m", PROJECT / "mappings" / "site_visits.yaml", "--rehearse")

    results = read(desk.folder / f"site_visits.rehearsal.results.{kind}")
    counts = ended.counts()
    assert ended.code == 4, ended.said
    assert "240 data rows = " in ended.out
    assert len(results) == sum(counts.values()) == 240
    assert Counter(row["etl_status"].replace("_", " ") for row in results) == counts
    assert {row["etl_run"] for row in results} == {""}
    assert {path.name for path in desk.folder.glob(f"*.{kind}")} == {
        f"site_visits.{kind}",
        f"site_visits.rehearsal.failed.{kind}",
        f"site_visits.rehearsal.results.{kind}",
        *(["site_visits.rehearsal.to-translate.xlsx"] if kind == "xlsx" else []),
    }
    assert server.requests == []
    assert not desk.ledger.exists()


def test_a_rehearsal_is_not_remembered(desk: Desk, server: ForeignServer) -> None:
    """Rehearsed twice the sheet ends the same way, and a real run then sends every row that is right."""
    shutil.copy(PROJECT / "sample_data" / "site_visits.csv", desk.folder)
    command = ("run", "site_visits.csv", "-m", PROJECT / "mappings" / "site_visits.yaml")

    rehearsals = [desk.etl(*command, "--rehearse") for _ in range(2)]
    real = desk.etl(*command)

    assert rehearsals[0].counts() == rehearsals[1].counts()
    assert real.counts()["created"] == len(server.activities) > 200
    assert real.counts().get("already imported", 0) == rehearsals[0].counts().get("already imported", 0)
