"""Guards before harm, typed: payments that go out together or not at all, and words that say how many were meant."""

from __future__ import annotations

from tests.flows.desk import Desk, carried_rows
from tests.flows.sheets import visit, visits, write
from tests.foreign.server import ForeignServer


def test_all_or_nothing_over_several_files(desk: Desk, server: ForeignServer) -> None:
    """An invalid row in one file keeps all files back: exit code 4, its failed file, and nothing sent of any."""
    write(desk.folder / "april.csv", visits(30))
    write(desk.folder / "may.csv", [*visits(40, 31), visit(41, Remarks="")])

    ended = desk.run("april.csv", "may.csv", "--all-or-nothing")

    assert (ended.code, carried_rows(server)) == (4, [])
    assert "1 row is invalid, and --all-or-nothing sends all rows or none" in ended.out
    assert "another input of this command has invalid rows" in ended.out
    assert (desk.folder / "may.failed.csv").exists()
    assert not (desk.folder / "april.failed.csv").exists()


def test_an_unusually_large_import_without_a_terminal(desk: Desk, server: ForeignServer) -> None:
    """Exit code 2 with all that a person should know and the words to type; nothing sent, no run begun."""
    write(desk.folder / "first.csv", visits(3))
    assert desk.run("first.csv").code == 0
    before = carried_rows(server)
    write(desk.folder / "visits.csv", visits(2_004, 4))

    ended = desk.run("visits.csv", "--no-preflight", "--json-events", "events.jsonl")

    assert (ended.code, carried_rows(server)) == (2, before)
    assert "About to create 2,001 'type 320' activities in" in ended.err
    assert "LeadSquared will fire every automation on this activity type" in ended.err
    assert "type --rows-ok 2001" in ended.err
    assert "Largest run so far: 3" in ended.err
    assert desk.ask_ledger("SELECT COUNT(*) FROM runs") == [(1,)]
    assert '"event": "unusual_size"' in (desk.folder / "events.jsonl").read_text("utf-8")
