"""A sheet that knows its leads by phone or e-mail: checked, imported, and imported again when the missing leads are there."""

from __future__ import annotations

import signal

from etl.simulator import SimulatorOptions, Switches
from etl.simulator.server import EmbeddedSimulator
from etl.simulator.switches import Read
from tests.flows.conftest import Serve
from tests.flows.desk import KEYS, Desk, Ended, carried_rows, stored
from tests.flows.sheets import read, write
from tests.flows.waiting import wait_until
from tests.foreign.server import ForeignServer

MAPPING = """\
version: 1
name: visits
operation: add-by-lead-id
activity: {event: 320}
leads: {find_by: [{column: Mobile, region: IN}, Email]}
columns:
  Visit: mx_Custom_1
  Remarks: ActivityNote
  Name: Lead.FirstName
"""
LOOK_UPS = ("RetrieveLeadByPhoneNumber", "Leads.GetByEmailaddress")


def row(number: int, *, by_phone: bool) -> dict[str, str]:
    mobile, email = (f"98765 43{number:03}", "") if by_phone else ("", f"lead{number}@example.com")
    return {
        "Mobile": mobile,
        "Email": email,
        "Visit": f"V-{number:05}",
        "Remarks": f"met {number}",
        "Name": f"आशा {number}",
    }


def test_leads_are_found_by_phone_and_by_e_mail(desk: Desk, serve: Serve) -> None:
    """Check tells how many look-ups a run needs; rows without a lead come back with a file for LeadSquared's own import."""
    new = ["+919876543003", "919876543003", "+91-9876543003", "lead7@example.com"]
    server = serve(unknown_leads=new, unknown_phone_is_404=True)
    desk.mapping(MAPPING)
    sheet = write(desk.folder / "visits.csv", [row(n, by_phone=n % 2 == 1 and n != 7) for n in range(1, 31)])

    checked = desk.etl("check", "-m", "visits.yaml", sheet)
    first = desk.run(sheet)
    server.behaviour.unknown_leads = ()
    again = desk.run(sheet)

    assert "Before that 30 leads are looked up: at most 58 requests" in checked.out, checked.said
    assert (checked.code, first.code, again.code) == (0, 4, 0), first.said + again.said
    assert first.counts() == {"created": 28, "invalid": 2}
    assert 'LeadSquared has no lead with Mobile "+919876543003"' in first.out
    assert "import visits.new-leads.csv into LeadSquared" in first.out
    assert again.counts() == {"created": 2, "already imported": 28}
    assert set(stored(server).values()) == {1}
    assert len(stored(server)) == 30
    emails = {lead.lead_id: lead.values.get("EmailAddress") for lead in server.leads}
    told = {one.fields["mx_Custom_1"]: emails[one.lead_id] for one in server.activities}
    assert [told[f"V-{n:05}"] for n in (1, 2, 3, 7)] == [None, "lead2@example.com", None, "lead7@example.com"]
    asked = [request for request in server.requests if request.path.rsplit("/", 1)[-1] in LOOK_UPS]
    assert len(asked) == 58 + 4
    assert max(map(server.requests.index, asked[:58])) < server.requests.index(carried_rows(server)[0])
    assert not (desk.folder / "visits.new-leads.csv").exists()


def test_missing_leads_stand_in_a_file_for_the_import(desk: Desk, serve: Serve) -> None:
    """One line a lead, the phone as LeadSquared stores it; the file is never taken for an input of a later command."""
    serve(unknown_leads=["nobody@example.com", "+919876543001", "919876543001", "+91-9876543001"])
    desk.mapping(MAPPING)
    rows = [row(1, by_phone=True), row(1, by_phone=True) | {"Visit": "V-2", "Email": "nobody@example.com"}]
    write(desk.folder / "visits.csv", [*rows, row(3, by_phone=False)])

    desk.run("visits.csv")
    told = desk.run("visits.csv", "visits.new-leads.csv")

    assert read(desk.folder / "visits.new-leads.csv") == [
        {"Mobile": "+91-9876543001", "EmailAddress": "nobody@example.com", "FirstName": "आशा 1"}
    ]
    assert told.code == 4, told.said
    assert "visits.new-leads.csv holds leads for LeadSquared's own import: left out." in told.err


def held_back(server: ForeignServer, desk: Desk, *arguments: str) -> tuple[list[str], list[dict[str, str]], Ended]:
    """Check or run with these arguments: what was asked by then, the failed file, and how it ended."""
    ended = desk.etl(*arguments, "-m", "visits.yaml", "visits.csv")
    asked = [request.path for request in server.requests if request.path.rsplit("/", 1)[-1] in LOOK_UPS]
    return asked, read(desk.folder / "visits.failed.csv"), ended


def test_a_live_check_looks_leads_up_as_a_run_would(desk: Desk, serve: Serve) -> None:
    """The same findings row by row and the same file of new leads; the run behind it asks for the missing ones alone."""
    known = [{"EmailAddress": f"lead{n}@example.com"} for n in range(1, 11) if n not in {2, 8}]
    server = serve(leads=[*known, {"Mobile": "+91-9876543005"}])
    desk.mapping(MAPPING)
    rows = [row(n, by_phone=False) for n in range(1, 11)]
    rows[4] |= {"Mobile": "98765 43005"}  # the row of lead 5: another lead has this number
    write(desk.folder / "visits.csv", [*rows, row(2, by_phone=False) | {"Visit": "V-2 again"}])

    asked, failed, checked = held_back(server, desk, "check", "--live")
    new = read(desk.folder / "visits.new-leads.csv")
    sent = len(server.activities)
    asked_by_run, failed_by_run, ran = held_back(server, desk, "run")

    assert (checked.code, ran.code, sent) == (4, 4, 0), checked.said + ran.said
    assert checked.counts() == {"waiting": 7, "invalid": 4}
    assert "lead_missing: 3" in checked.out
    assert "lead_ambiguous: 1" in checked.out
    assert "7 rows would go out in 1 request" in checked.out
    assert "looked up:" not in checked.out  # nothing is left to look up
    assert "2 leads of this sheet are not in LeadSquared: see visits.new-leads.csv" in checked.err
    assert [lead["EmailAddress"] for lead in new] == ["lead2@example.com", "lead8@example.com"]
    same = ("etl_row", "etl_status", "etl_code", "etl_error", "etl_hint", "Visit")
    assert [[line[name] for name in same] for line in failed] == [
        [line[name] for name in same] for line in failed_by_run
    ]
    assert [line["etl_row"] for line in failed] == ["3", "6", "9", "12"]
    assert ran.counts() == {"created": 7, "invalid": 4}
    assert len(asked) == 10 + 3
    assert len(asked_by_run) - len(asked) == 2 + 4, asked_by_run[len(asked) :]  # two missing ones, and the lead 5 again


def test_a_live_check_says_what_waits_for_its_lead(desk: Desk, serve: Serve) -> None:
    """Under `hold` nobody has to act: the rows are counted, no file is written, and a check without --live asks nothing."""
    server = serve(unknown_leads=["lead2@example.com"])
    desk.mapping(MAPPING.replace("Email]}", "Email], missing: hold}"))
    write(desk.folder / "visits.csv", [row(n, by_phone=False) for n in (1, 2, 3)])

    checked = desk.etl("check", "--live", "-m", "visits.yaml", "visits.csv")
    requests = len(server.requests)
    plain = desk.etl("check", "-m", "visits.yaml", "visits.csv")

    assert (checked.code, plain.code) == (0, 0), checked.said
    assert "1 row waits for its lead, which LeadSquared does not have yet (lead_missing)." in checked.err
    assert "2 rows would go out" in checked.out
    assert "Before that 1 lead is looked up: at most 1 request" in plain.out
    assert len(server.requests) == requests
    assert {path.name for path in desk.folder.iterdir()} == {"visits.csv", "visits.yaml"}


def test_a_live_check_stops_and_goes_on(desk: Desk, serve: Serve) -> None:
    """Ctrl-C among the look-ups keeps what was found; the next check asks for the rest, and nothing was written or sent."""
    server = serve(latency_seconds=(0.04, 0.06), limit=(60, 1.0))
    desk.mapping(MAPPING)
    write(desk.folder / "visits.csv", [row(n, by_phone=False) for n in range(1, 101)])
    command = ("check", "--live", "-m", "visits.yaml", "visits.csv")

    process = desk.start_warm(*command, LSQ_LIMIT="60/600")
    wait_until(lambda: len(server.requests) > 50, "some leads asked for")
    process.send_signal(signal.SIGINT)
    stopped = desk.end_of(process)
    asked = sum(request.path.endswith(LOOK_UPS) for request in server.requests)
    checked = desk.etl(*command, LSQ_LIMIT="60/1")

    assert stopped.code == 130, stopped.said
    assert "Stopped:    interrupted by Ctrl-C" in stopped.out
    assert "What a run would do" not in stopped.out
    assert (checked.code, checked.counts()) == (0, {"waiting": 100})
    assert 40 <= asked < 100
    assert sum(request.path.endswith(LOOK_UPS) for request in server.requests) <= 100 + 2
    assert server.activities == []


def test_who_may_not_look_leads_up_is_told_by_a_live_check(desk: Desk) -> None:
    """As the run would be: exit code 5, with what to do about it, and no row is called anything."""
    desk.mapping(MAPPING)
    write(desk.folder / "visits.csv", [row(1, by_phone=False)])
    options = SimulatorOptions(**KEYS, switches=Switches(reads_forbidden=frozenset({Read.LEADS})))
    with EmbeddedSimulator(options) as served:
        desk.use(served.url)
        checked = desk.etl("check", "--live", "-m", "visits.yaml", "visits.csv")

    assert checked.code == 5, checked.said
    assert "LeadSquared does not answer a look-up of leads by EmailAddress (column Email)" in checked.err
    assert not (desk.folder / "visits.failed.csv").exists()
