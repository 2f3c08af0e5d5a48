"""A sheet that knows its leads by phone or e-mail: checked, imported, and imported again when the missing leads are there."""

from __future__ import annotations

from tests.flows.conftest import Serve
from tests.flows.desk import Desk, carried_rows, stored
from tests.flows.sheets import read, write

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
