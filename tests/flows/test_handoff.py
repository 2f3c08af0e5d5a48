"""A run is handed over to another machine: another home, other settings, another ledger; nothing is doubled, nothing lost."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.flows.conftest import ON_BOTH
from tests.flows.desk import KEYS, Desk, Ended, carried_rows, stored, stored_in
from tests.flows.sheets import read, visits, write
from tests.flows.waiting import wait_until
from tests.flows.warm import WarmStart
from tests.foreign.process import foreign_process
from tests.foreign.server import ForeignServer

ROWS = 400
OPTIONS = ("--limit", "25/0.8", "--access-key", KEYS["access_key"], "--secret-key", KEYS["secret_key"])
SETTINGS = """
ledger = "{ledger}"
[accounts.other-name]
host = "{host}"
access_key = {{env = "KEY_A"}}
secret_key = {{env = "KEY_S"}}
limit = "25/1"
bulk_limit = "25/1"
visibility_wait = 1
late_wait = 2
"""


@pytest.fixture
def there(tmp_path: Path, warm: WarmStart) -> Desk:
    """The next person's desk: another home and an empty folder, with nothing set up."""
    (tmp_path / "there").mkdir()
    desk = Desk(tmp_path / "there", warm)
    (desk.folder / "visits.yaml").unlink()
    return desk


def set_up(desk: Desk, host: str) -> None:
    """The account in a settings file, under another name, with the keys in other variables."""
    place = desk.home / "config" / "etl" / "etl.toml"
    place.parent.mkdir(parents=True)
    place.write_text(SETTINGS.format(ledger=desk.home / "other" / "book.db", host=host), encoding="utf-8")
    del desk.environ["ETL_LEDGER"]
    desk.environ |= {"KEY_A": KEYS["access_key"], "KEY_S": KEYS["secret_key"]}


def continued(desk: Desk, taken: Ended) -> Ended:
    """The command that the taking has printed, typed."""
    (line,) = [line for line in taken.out.splitlines() if "Continue:" in line]
    return desk.etl(*line.split("Continue:")[1].split()[1:])


def test_a_killed_run_goes_on_at_another_machine(desk: Desk, there: Desk) -> None:
    """Killed with requests in the air, handed over and continued: each row is there once, and here the same command refuses."""
    write(desk.folder / "visits.csv", visits(ROWS))
    with foreign_process(*OPTIONS, "--latency", "0.1-0.2", "--answers-before-hold", "3") as server:
        desk.use(server.host, LSQ_BULK_LIMIT="6/1")
        killed = desk.start("run", "visits.csv", "-m", "visits.yaml")
        wait_until(lambda: has_some_in_the_air(desk), "some rows arrived, others in the air")
        killed.kill()
        desk.end_of(killed)
        server.let_go()
        given = desk.etl("handoff", "1", "-o", there.folder / "visits.zip")
        refused = desk.run("visits.csv")
        verified = desk.etl("verify", "1")
        set_up(there, server.host)
        taken = there.etl("handoff", "take", "visits.zip", "--with", desk.folder)
        again = there.etl("handoff", "take", "visits.zip", "--with", desk.folder / "visits.csv")
        before = there_counts(there)
        ended = continued(there, taken)
        state = server.state()

    assert (given.code, taken.code, again.code) == (0, 0, 0), given.said + taken.said + again.said
    assert before.get("unconfirmed", 0) > 0 < before.get("waiting", 0), before
    assert (refused.code, verified.code) == (2, 2)
    assert "Run 1 was handed over" in refused.err
    assert "Run 1 was handed over" in verified.err
    assert "taken before" in again.out
    assert (ended.code, ended.counts()) == (0, {"created": ROWS}), ended.said
    assert stored_in(state) == {f"V-{number:05}": 1 for number in range(1, ROWS + 1)}
    rows = read(there.folder / "visits" / "visits.results.csv")
    ids = {one["fields"]["mx_Custom_1"]: one["activity_id"] for one in state["activities"]}
    assert {row["Visit"]: row["ProspectActivityId"] for row in rows} == ids


def has_some_in_the_air(desk: Desk) -> bool:
    if not desk.ledger.exists():
        return False
    query = "SELECT SUM(verdict IS NOT NULL), SUM(verdict IS NULL) FROM requests WHERE rows > 0"
    ended, in_the_air = (
        desk.ask_ledger(query)[0] if desk.ask_ledger("SELECT 1 FROM sqlite_master WHERE name = 'rows'") else (0, 0)
    )
    return (ended or 0) > 1 and (in_the_air or 0) > 0


def there_counts(desk: Desk) -> dict[str, int]:
    listed = json.loads(desk.etl("runs", "--json").out)["runs"]
    assert len(listed) == 1
    counts: dict[str, int] = listed[0]["rows"] if "rows" in listed[0] else listed[0]["outcomes"]
    return counts


def handed(desk: Desk, there: Desk, *more: str, run: int = 1) -> Ended:
    return desk.etl("handoff", str(run), "-o", there.folder / "visits.zip", *more)


def test_without_values_the_same_sheet_is_needed(desk: Desk, there: Desk, server: ForeignServer) -> None:
    """No key and nothing of a cell is in the package; with the sheet given beside it goes on, and comes back the same way."""
    rows = visits(60)
    rows[3]["Visited On"] = "31/02/2026 10:00"
    sheet = write(desk.folder / "visits.csv", rows)
    assert desk.run("visits.csv", "--pilot", "10").code in {0, 4, 6}
    given = handed(desk, there)
    set_up(there, server.host)

    bare = there.etl("handoff", "take", "visits.zip")
    taken = there.etl("handoff", "take", "visits.zip", "--with", sheet.parent)
    ended = continued(there, taken)
    home = there.etl("handoff", "1", "-o", desk.folder / "back.zip", "--with-values")
    back = desk.etl("handoff", "take", "back.zip")
    corrected = desk.etl("runs", "--json")

    assert (given.code, bare.code, taken.code, home.code, back.code) == (0, 2, 0, 0, 0), (
        bare.said + taken.said + back.said
    )
    assert "it does not hold visits.csv" in bare.err
    with zipfile.ZipFile(there.folder / "visits.zip") as package:
        content = b"".join(package.read(name) for name in package.namelist())
    for text in ("lead5@example.com", "“met”", "31/02/2026", *KEYS.values()):
        assert text.encode() not in content, text
    assert set(stored(server).values()) == {1}
    assert len(stored(server)) == 59
    assert ended.counts() == {"created": 59, "invalid": 1}
    runs = {one["run"]: one for one in json.loads(corrected.out)["runs"]}
    assert {run: one["state"] for run, one in runs.items()} == {1: "finished", 2: "finished"}, runs


@ON_BOTH
def test_a_given_run_stays_where_it_went(desk: Desk, there: Desk, server: ForeignServer) -> None:
    """Its failed file is refused here; another organisation's keys are refused there; taken back by a word, it goes on here."""
    rows = visits(30)
    rows[3]["Visited On"] = "31/02/2026 10:00"
    write(desk.folder / "visits.csv", rows)
    desk.has_run(desk.folder / "visits.csv")
    handed(desk, there)
    sent = len(carried_rows(server))

    corrected = desk.folder / "visits.failed.csv"
    corrected.write_text(corrected.read_text("utf-8-sig").replace("31/02/2026", "28/02/2026"), encoding="utf-8")
    refused = desk.run("visits.failed.csv")
    asked = desk.etl("handoff", "take-back", "1")
    back = desk.etl("handoff", "take-back", "1", "--nobody-took-it")
    sent_then = len(carried_rows(server))
    ended = desk.run("visits.failed.csv")

    assert (refused.code, asked.code, back.code) == (2, 2, 0), refused.said + asked.said + back.said
    assert "has lines of run 1, which was handed over" in refused.err
    assert "its rows go out twice" in asked.err
    assert sent_then == sent
    assert (ended.code, len(stored(server))) == (0, 30), ended.said
