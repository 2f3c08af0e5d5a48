"""A second ledger in the same folder: noticed by the results that lie there."""

from __future__ import annotations

from tests.flows.desk import Desk, carried_rows
from tests.flows.sheets import visits, write
from tests.foreign.server import ForeignServer


def test_results_of_another_ledger_stop_the_run(desk: Desk, server: ForeignServer) -> None:
    """Exit code 2 before a row is sent, though both ledgers have a run 1; a rehearsal, which sends nothing, goes on."""
    sheet = write(desk.folder / "visits.xlsx", visits(3))
    desk.has_run(sheet)
    desk.environ["ETL_LEDGER"] = str(desk.home / "second.db")
    desk.has_run(write(desk.folder / "calls.csv", visits(9, first=8)))
    sent = len(carried_rows(server))

    stopped = desk.run(sheet)
    rehearsed = desk.run(sheet, "--rehearse")

    assert stopped.code == 2, stopped.said
    assert "visits.results.xlsx, beside visits.xlsx, has lines of run 1" in stopped.err
    assert "second.db is another import, of calls.csv" in stopped.err
    assert len(carried_rows(server)) == sent
    assert rehearsed.code == 0, rehearsed.said
