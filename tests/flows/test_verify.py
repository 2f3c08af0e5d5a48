"""`etl verify`, and the ledgers of two machines, with the real command against the foreign server."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from tests.flows.conftest import ON_BOTH, Serve
from tests.flows.desk import Desk, carried_rows, ids_at, stored
from tests.flows.sheets import MAPPING, VISIT_FIELD, read, visits, write

ROW_KEY = "row_key_field: mx_Custom_20\n"


@ON_BOTH
def test_created_rows_are_compared_with_what_leadsquared_holds(desk: Desk, serve: Serve) -> None:
    """One activity was deleted there, another one changed: a table on stdout, a column in the results, exit code 4."""
    server = serve()
    desk.has_run(write(desk.folder / "visits.xlsx", visits(30)))
    by_visit = {one.fields[VISIT_FIELD]: one for one in server.activities}
    del by_visit["V-00001"]
    by_visit["V-00002"] = replace(by_visit["V-00002"], note="called back")
    server._account.store.activities[:] = by_visit.values()

    ended = desk.etl("verify", "1", "--all")

    assert ended.code == 4, ended.said
    assert ended.out.splitlines()[-4:] == [
        "  Checked:    30 created rows",
        "           28 held: in LeadSquared, with the values that were sent",
        "            1 differs: in LeadSquared, with other values",
        "            1 missing: not in LeadSquared under their id",
    ]
    column = [row["etl_verified"] for row in read(desk.folder / "visits.results.xlsx")]
    assert column.count("held") == 28
    assert column[0] == "missing"
    assert column[1].startswith("differs: ActivityNote: ")
    assert len(carried_rows(server)) == 2


@ON_BOTH
def test_a_person_decides_about_rows_in_doubt(desk: Desk, serve: Serve) -> None:
    """Verifying does not find them, the decision is taken, kept and shown, and no row goes out again."""
    server = serve(drop_after_storing=1.0, visible_after_seconds=1_000.0)
    sheet = write(desk.folder / "visits.csv", visits(3))
    desk.environ |= {"LSQ_VISIBILITY_WAIT": "0", "LSQ_LATE_WAIT": "0"}
    desk.has_run(sheet)
    requests = len(carried_rows(server))

    ended = desk.etl("verify", "1", "--assume", "stored")

    assert (ended.code, ended.counts()) == (0, {"created": 3}), ended.said
    assert "3 rows in doubt decided by you" in ended.out
    assert desk.ask_ledger("SELECT run_id, decision, rows FROM decisions") == [(1, "stored", 3)]
    assert {row["etl_code"] for row in read(desk.folder / "visits.results.csv")} == {"assumed"}
    assert len(carried_rows(server)) == requests


def test_the_sheet_that_another_machine_has_imported(desk: Desk, serve: Serve) -> None:
    """By their row keys its rows are known: already imported under their ids; a rebuilt ledger knows them as well."""
    server = serve()
    desk.mapping(MAPPING + ROW_KEY)
    sheet = write(desk.folder / "visits.csv", visits(60))
    desk.has_run(sheet)
    for results in desk.folder.glob("visits*results*"):
        results.unlink()
    since = f"{datetime.now(UTC) - timedelta(days=1):%Y-%m-%d}"

    desk.environ["ETL_LEDGER"] = str(desk.home / "second.db")
    there = desk.run("visits.csv")
    rows = read(desk.folder / "visits.results.csv")
    desk.environ["ETL_LEDGER"] = str(desk.home / "third.db")
    rebuilt = desk.etl("ledger", "rebuild", "--event", "320", "--since", since)

    assert (there.code, there.counts()) == (0, {"already imported": 60}), there.said
    assert "60 rows are in LeadSquared already" in there.err
    assert {row["Visit"]: row["ProspectActivityId"] for row in rows} == ids_at(server)
    assert (rebuilt.code, rebuilt.out) == (0, "60 activities of type 320 read; 60 row keys not known before.\n")
    assert stored(server) == {f"V-{number:05}": 1 for number in range(1, 61)}
