"""A wrong import taken back by the real command, at a server written by others: exactly ours gone or marked."""

from __future__ import annotations

import csv
import re
import signal
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from etl import repair
from etl.delivery.undoing import Bucket
from etl.errors import RefusedError, UsageError
from etl.settings import Directories, load_settings
from tests.flows.conftest import ON_BOTH, Serve
from tests.flows.desk import Desk
from tests.flows.sheets import MAPPING
from tests.flows.waiting import wait_until
from tests.foreign.conftest import UPDATE, Caller
from tests.foreign.server import ForeignServer

LEADS = 20
QUICKLY = {"LSQ_LIMIT": "5000/1", "LSQ_BULK_LIMIT": "5000/1"}
MARK = "mx_Custom_19"
KEYED = MAPPING + "row_key_field: mx_Custom_20\nunique_by: [Visit]\n"

Row = dict[str, str]


def lead_id(number: int) -> str:
    return f"55555555-5555-4555-8555-{number:012}"


def others() -> list[dict[str, Any]]:
    """On every lead a call, on every second an old visit, on every eighth one of the days of the wrong import."""
    found: list[dict[str, Any]] = []
    for number in range(LEADS):
        on_lead = {"RelatedProspectId": lead_id(number), "ModifiedOn": "2024-01-31 11:00:00"}
        found.append(
            {**on_lead, "ActivityEvent": 321, "ActivityDateTime": "2026-06-05 09:00:00", "ActivityNote": "call"}
        )
        if number % 2:
            found.append(
                {**on_lead, "ActivityEvent": 320, "ActivityDateTime": "2024-01-31 10:00:00", "ActivityNote": "old"}
            )
        if number % 8 == 0:
            found.append(
                {**on_lead, "ActivityEvent": 320, "ActivityDateTime": "2026-06-03 09:00:00", "ActivityNote": "near"}
            )
    return found


def write(path: Path, rows: int, month: int) -> Path:
    """A sheet of visits: so many rows on LEADS leads, on the days 1 to 8 of a month of 2026."""
    lines = [
        {
            "Email": f"lead{number % LEADS}@example.com",
            "Visited On": f"{1 + number // LEADS % 8:02}/{month:02}/2026 {8 + number % 10:02}:{number % 60:02}",
            "Remarks": f"met {number}",
            "Visit": f"V-{number:05}",
        }
        for number in range(rows)
    ]
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(lines[0]))
        writer.writeheader()
        writer.writerows(lines)
    return path


def undone(desk: Desk, wish: repair.Wish, **waits: float) -> repair.Undone:
    """`etl undo 1` from within this process, so that a test need not wait for a command."""
    directories = Directories(config=desk.home / "config", state=desk.home / "state")
    settings = load_settings(desk.environ, desk.folder, directories=directories)
    assert settings.account is not None
    return repair.undo(replace(settings, account=replace(settings.account, **waits)), 1, wish)


DELETE = repair.Delete(lambda _look: True)


def a_wrong_import(desk: Desk, serve: Serve, rows: int, **behaviour: Any) -> ForeignServer:
    """A server with other people's activities, and a sheet whose months and days were swapped sent to it."""
    leads = [{"ProspectID": lead_id(number), "EmailAddress": f"lead{number}@example.com"} for number in range(LEADS)]
    chosen = {"limit": (5000, 1.0), "latency_seconds": (0.0, 0.0)} | behaviour
    server = serve(leads=leads, activities=others(), **chosen)
    desk.environ |= QUICKLY
    desk.mapping(KEYED)
    desk.has_run(write(desk.folder / "wrong.csv", rows, 6))
    return server


def not_ours(server: ForeignServer) -> Counter[tuple[str, str, int]]:
    """What lay there before, with how often it was written since."""
    return Counter(
        (one.lead_id, one.note, one.updates)
        for one in server.activities
        if not one.note.startswith("met ") and one.note != "by hand"
    )


def bucket(said: str, name: str) -> int:
    found = re.search(rf"^ *([\d,]+) {name}:", said, re.MULTILINE)
    return int(found[1].replace(",", "")) if found else 0


def edit(server: ForeignServer, note: str) -> None:
    """Somebody gives an activity another note, in LeadSquared itself."""
    (activity,) = [one for one in server.activities if one.note == note]
    caller = Caller(server)
    changed = {"ProspectActivityId": activity.activity_id, "ActivityNote": "by hand", "Fields": []}
    reply = caller.call("POST", UPDATE, [changed])
    caller.connection.close()
    assert reply.content["Response"][0]["ActivityUpdated"] is True


def test_a_wrong_import_of_800_rows_among_others(desk: Desk, serve: Serve) -> None:
    """Exactly ours gone, or marked where others lie near; others untouched; the right import afterwards complete."""
    server = a_wrong_import(desk, serve, 800, deletes_after_seconds=0.3)
    before = not_ours(server)
    edit(server, "met 1")

    preview = desk.etl("undo", "1", "--preview")
    held = len(server.activities)
    ours = bucket(preview.out, "only ours")
    deleted = desk.etl("undo", "1", "--delete", "--confirm", str(ours))
    after_deletion = server.activities
    marked = desk.etl("undo", "1", "--mark", f"{MARK}=wrong-import")
    write(desk.folder / "right.csv", 800, 7)
    right = desk.run("right.csv")

    near = 800 * 3 // LEADS  # three leads have a visit of somebody else in these days
    of_the_edited = 800 // LEADS  # on its lead, what was written then lies too near to what stays
    assert (preview.code, held) == (0, 800 + len(others()))
    assert bucket(preview.out, "changed since") == 1
    assert (ours, bucket(preview.out, "would take others along")) == (
        800 - near - of_the_edited,
        near + of_the_edited - 1,
    )
    assert (deleted.code, len(after_deletion)) == (4, held - ours)
    assert (marked.code, "800 undone" in marked.out) == (0, True)
    mine = [one for one in server.activities if one.fields.get(MARK) == "wrong-import"]
    assert len(mine) == 800 - ours
    assert not_ours(server) == before
    assert (right.code, right.counts()) == (0, {"created": 800})
    kept = Counter(one.fields["mx_Custom_1"] for one in server.activities if one.created_on.month == 7)
    assert kept == Counter(f"V-{number:05}" for number in range(800))


@ON_BOTH
def test_killed_in_the_middle_it_goes_on(desk: Desk, serve: Serve) -> None:
    """Killed and typed again with the same number it deletes the rest, and asks for nothing twice that is queued."""
    server = a_wrong_import(desk, serve, 40, latency_seconds=(0.02, 0.03), deletes_after_seconds=0.2)
    ours = undone(desk, repair.Preview()).look.to_confirm
    command = ("undo", "1", "--delete", "--confirm", str(ours))
    server.behaviour.answers_before_hold = max(one.number_of_writing for one in server.requests) + 5
    process = desk.start_warm(*command)
    wait_until(lambda: sum("DeleteActivities" in one.path for one in server.requests) > 5, "a deletion in the air")
    process.send_signal(signal.SIGKILL)
    desk.end_of(process)
    server.behaviour.answers_before_hold = None

    again = desk.etl(*command)

    bodies = Counter(one.body for one in server.requests if "DeleteActivities" in one.path)
    (lost,) = desk.ask_ledger("SELECT COUNT(*) FROM requests WHERE verdict = 'unknown'")[0]
    assert again.code == 4
    assert sum(bodies.values()) - len(bodies) <= lost == 1
    assert sum(one.note.startswith("met ") for one in server.activities) == 40 - ours
    assert desk.ask_ledger("SELECT COUNT(*) FROM rows WHERE outcome = 'undone'") == [(ours,)]


def test_whatever_the_window_is_about(desk: Desk, serve: Serve) -> None:
    """Ours are gone and others untouched, where the window is about the last writing and of whole days."""
    server = a_wrong_import(desk, serve, 40, deletion_cuts_days=True, deletion_time="modified-on")
    before = not_ours(server)

    ended = undone(desk, DELETE)

    left = sum(one.note.startswith("met ") for one in server.activities)
    assert (ended.deleted, ended.left, left) == (34, 6, 6)
    assert not_ours(server) == before


def test_what_stays_in_the_queue_counts_as_imported(desk: Desk, serve: Serve) -> None:
    """A deletion that does not happen is told and not asked for again; until then its rows are not sent again."""
    server = a_wrong_import(desk, serve, 40, deletes_nothing=True)

    first = undone(desk, DELETE, late_wait_seconds=0.3)
    asked = sum("DeleteActivities" in one.path for one in server.requests)
    again = undone(desk, DELETE, late_wait_seconds=0.3)
    run = desk.run("wrong.csv")

    assert (first.exit_code, again.exit_code, again.look.counts[Bucket.QUEUED]) == (
        7,
        7,
        again.look.to_confirm - again.look.counts.get(Bucket.ONLY_OURS, 0),
    )
    assert first.look.to_confirm == again.look.to_confirm == 34
    assert "queued for deletion" in (first.stop_reason or "")
    assert run.counts() == {"created": 40}
    assert "of run 1 are being deleted by LeadSquared" in run.err
    assert sum("DeleteActivities" in one.path for one in server.requests) == asked > 0


def test_what_is_not_shown_yet_is_not_taken_for_gone(desk: Desk, serve: Serve) -> None:
    """Right behind the import nothing of it is forgotten because LeadSquared does not know it yet: it would go out twice."""
    server = a_wrong_import(desk, serve, 10, visible_after_seconds=3600.0)

    early = undone(desk, DELETE, visibility_wait_seconds=3600.0)
    desk.has_run(desk.folder / "wrong.csv")
    later = undone(desk, repair.Preview(), visibility_wait_seconds=0.0)

    assert (early.look.counts, early.gone, early.left) == ({Bucket.UNTOLD: 10}, 0, 10)
    assert later.look.counts == {Bucket.GONE: 10}  # by then it would have to be shown
    assert len(server.activities) == 10 + len(others())


def test_where_nobody_may_delete_marking_is_left(desk: Desk, serve: Serve) -> None:
    """A refusal ends it with nothing gone and says what is possible instead; marks never overwrite what rows have sent."""
    server = a_wrong_import(desk, serve, 40, serves_deletion=False)

    with pytest.raises(RefusedError, match=r"etl undo 1 --mark FIELD=VALUE"):
        undone(desk, DELETE)
    with pytest.raises(UsageError, match="their own values in mx_Custom_1"):
        undone(desk, repair.MarkAll("mx_Custom_1", "wrong"))
    marked = undone(desk, repair.MarkAll(MARK, "wrong"))

    assert (marked.exit_code, marked.marked, len(server.activities)) == (0, 40, 40 + len(others()))
    assert sum(one.fields.get(MARK) == "wrong" for one in server.activities) == 40


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--delete",), "--delete --confirm 34"),
        (("--delete", "--confirm", "33"), "33 was typed, and 34 activities"),
        (("--mark", "ActivityNote=x"), "ActivityNote is none"),
    ],
    ids=["nobody to ask", "another number", "no field"],
)
def test_what_is_not_meant_is_not_done(desk: Desk, serve: Serve, words: tuple[str, ...], says: str) -> None:
    """Exit code 2, the words that say what to type, and nothing asked of LeadSquared but to show what it holds."""
    server = a_wrong_import(desk, serve, 40)

    ended = desk.etl("undo", "1", *words)

    assert (ended.code, says in ended.err) == (2, True), ended.err
    assert not [one.path for one in server.requests if "Delete" in one.path or "Update" in one.path]
