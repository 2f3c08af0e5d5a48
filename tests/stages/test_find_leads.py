"""Leads of rows that know them by phone or e-mail: looked up once, remembered, kept back where they are not found."""

from __future__ import annotations

import csv
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from etl.errors import RefusedError
from etl.events import FindingLeads, InputSummary
from etl.mapping.lead_columns import LeadValue
from etl.records import ApiAnswer, ApiRequest, Outcome
from etl.simulator import Read
from etl.simulator.leads import LeadBook
from etl.stages.find_leads import AT_ONCE, _look_up
from etl.stages.lead_memory import of_value
from tests.stages.office import Office, office, outcomes, results

MAPPING = """\
version: 1
name: visits
operation: add-by-lead-id
activity: {event: 320}
leads: {find_by: [Email, {column: Mobile, region: IN}]MISSING}
columns:
  Visit: mx_Custom_1
  Remarks: ActivityNote
  First: Lead.FirstName
"""
BY_EMAIL = "asked Leads.GetByEmailaddress"
BY_PHONE = "asked RetrieveLeadByPhoneNumber"
GONE = "00000000-0000-4000-8000-000000000001"
OTHER = "00000000-0000-4000-8000-000000000002"
CREATED, IMPORTED, INVALID, WAITING = Outcome.CREATED, Outcome.ALREADY_IMPORTED, Outcome.INVALID, Outcome.WAITING
HEADERS = ("Email", "Mobile", "Visit", "Remarks", "First")


def an_office(folder: Path, missing: str = "", unknown: tuple[str, ...] = (), **switches: Any) -> Office:
    said = f", missing: {missing}" if missing else ""
    options = {"unknown_leads": frozenset(unknown)}
    return office(folder, mapping=MAPPING.replace("MISSING", said), options=options, **switches)


def sheet(desk: Office, *rows: tuple[str, ...], name: str = "visits.csv") -> Path:
    """Rows as e-mail, mobile, visit and first name; what stands further right may be left out."""
    path = desk.folder / name
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADERS)
        for row in rows:
            email, mobile, visit, first = (*row, *[""] * (4 - len(row)))
            writer.writerow([email, mobile, visit, f"note {visit}", first])
    return path


def leads(desk: Office) -> LeadBook:
    return desk.simulator._account.leads


def new_leads(desk: Office) -> list[list[str]]:
    path = desk.folder / "visits.new-leads.csv"
    if not path.exists():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.reader(stream))


def codes(summary: InputSummary) -> dict[str, str]:
    """Visit → code, where there is one."""
    return {line["Visit"]: line["etl_code"] for line in results(summary) if line["etl_code"]}


def test_each_lead_is_looked_up_once_and_remembered(tmp_path: Path) -> None:
    """One question for each e-mail however many rows it has; none when its next sheet comes."""
    desk = an_office(tmp_path)
    rows = [(f"Lead{n % 7}@example.com" if n % 2 else f"lead{n % 7}@example.com", "", f"V{n:03}") for n in range(60)]

    first = desk.run(sheet(desk, *rows))
    asked = desk.asked(BY_EMAIL)
    later = desk.run(sheet(desk, ("lead3@example.com", "", "V900"), name="later.csv"))

    assert (outcomes(first), outcomes(later)) == ({CREATED: 60}, {CREATED: 1})
    assert (asked, desk.asked(BY_EMAIL), desk.asked(BY_PHONE)) == (7, 7, 0)
    assert set(desk.stored.values()) == {1}


def test_nothing_is_sent_before_all_leads_are_looked_up(tmp_path: Path) -> None:
    """Look-ups are told as they go, from none to all, and the first row goes out after the last of them."""
    desk = an_office(tmp_path)
    sent: list[int] = []
    desk.happens = lambda event: sent.append(len(desk.stored)) if isinstance(event, FindingLeads) else None

    desk.run(sheet(desk, *((f"lead{n}@example.com", "", f"V{n:03}") for n in range(AT_ONCE + 5))))

    told = [(event.done, event.total) for _, event in desk.heard if isinstance(event, FindingLeads)]
    assert told == [(0, AT_ONCE + 5), (AT_ONCE, AT_ONCE + 5), (AT_ONCE + 5, AT_ONCE + 5)]
    assert set(sent) == {0}


def test_a_phone_is_found_however_it_is_stored(tmp_path: Path) -> None:
    """The number is asked for in the spellings that accounts are known to store, so that a dashed one is found."""
    desk = an_office(tmp_path)
    leads(desk).write(GONE, {"Mobile": "+91-9876543210"})

    summary = desk.run(sheet(desk, ("", "98765 43210", "V001")))

    assert outcomes(summary) == {CREATED: 1}
    assert [one["RelatedProspectId"] for one in desk.simulator.activities()] == [GONE]


MISSING = [
    ("nobody@example.com", "", "V002", "Asha"),
    ("Nobody@example.com", "", "V003"),
    ("a@example.com", "", "V001"),
]


@pytest.mark.parametrize(
    ("missing", "ended", "code", "has_file"),
    [
        pytest.param("report", {CREATED: 1, INVALID: 2}, 4, True, id="report"),
        pytest.param("hold", {CREATED: 1, WAITING: 2}, 6, False, id="hold"),
        pytest.param("create", {CREATED: 1, WAITING: 2}, 6, True, id="create"),
    ],
)
def test_rows_without_a_lead_are_kept_back_and_sent_when_it_is_there(
    tmp_path: Path, missing: str, ended: dict[Outcome, int], code: int, has_file: bool
) -> None:
    """What the mapping says becomes of them; the same command sends them, once, when the lead has come."""
    desk = an_office(tmp_path, missing)

    first = desk.run(sheet(desk, *MISSING))

    assert (outcomes(first), first.exit_code) == (ended, code)
    assert codes(first) == {"V002": "lead_missing", "V003": "lead_missing"}
    assert new_leads(desk) == ([["EmailAddress", "FirstName"], ["nobody@example.com", "Asha"]] if has_file else [])
    desk.world.pass_time(60.0)
    again = desk.run(desk.folder / "visits.csv")
    assert dict(desk.stored) == {"V001": 1}
    assert outcomes(again).get(CREATED) is None
    leads(desk).write(GONE, {"EmailAddress": "nobody@example.com"})
    desk.world.pass_time(60.0)
    last = desk.run(desk.folder / "visits.csv")
    assert (outcomes(last), last.exit_code) == ({CREATED: 2, IMPORTED: 1}, 0)
    assert dict(desk.stored) == {"V001": 1, "V002": 1, "V003": 1}
    assert new_leads(desk) == []


def test_a_held_row_that_another_sheet_brought_is_not_sent_again(tmp_path: Path) -> None:
    """What waited for its lead and went out meanwhile with another sheet is known there."""
    desk = an_office(tmp_path, "hold")
    desk.run(sheet(desk, *MISSING))
    leads(desk).write(GONE, {"EmailAddress": "nobody@example.com"})
    desk.world.pass_time(60.0)
    desk.run(sheet(desk, *MISSING, ("b@example.com", "", "V004"), name="other.csv"))
    desk.world.pass_time(60.0)

    last = desk.run(desk.folder / "visits.csv")

    assert outcomes(last) == {IMPORTED: 3}
    assert set(desk.stored.values()) == {1}


def test_two_leads_of_one_row_are_never_chosen_from(tmp_path: Path) -> None:
    """Whether one value has two leads or two values have one each: both are listed, and nothing goes out."""
    desk = an_office(tmp_path, "hold")
    leads(desk).write(GONE, {"EmailAddress": "asha@example.com", "FirstName": "Asha", "LastName": "Rao"})
    other = leads(desk).written_to("Phone", "+919876543210")

    summary = desk.run(sheet(desk, ("asha@example.com", "9876543210", "V001"), ("asha@example.com", "", "V002")))

    assert outcomes(summary) == {CREATED: 1, INVALID: 1}
    (line,) = [line for line in results(summary) if line["etl_code"] == "lead_ambiguous"]
    assert line["Visit"] == "V001"
    assert f"{GONE} (Asha Rao)" in line["etl_error"]
    assert str(other) in line["etl_error"]
    assert 'EmailAddress "asha@example.com" or Mobile "+919876543210"' in line["etl_error"]


def test_values_that_were_found_apart_are_asked_by_again(tmp_path: Path) -> None:
    """A row with the values of two remembered leads is looked up once more, by each of them, before it is called ambiguous."""
    desk = an_office(tmp_path)
    desk.run(sheet(desk, ("a@example.com", "", "V001"), ("", "9876543210", "V002")))
    asked = desk.asked(BY_EMAIL), desk.asked(BY_PHONE)
    desk.world.pass_time(60.0)

    summary = desk.run(sheet(desk, ("a@example.com", "9876543210", "V003"), name="later.csv"))

    assert codes(summary) == {"V003": "lead_ambiguous"}
    assert (desk.asked(BY_EMAIL), desk.asked(BY_PHONE)) == (asked[0] + 1, asked[1] + 3)


def test_leads_that_were_merged_are_one(tmp_path: Path) -> None:
    """What the hint asks for helps: two leads of one row that a person merges are found as one by the next command."""
    desk = an_office(tmp_path)
    leads(desk).write(GONE, {"EmailAddress": "asha@example.com"})
    leads(desk).write(OTHER, {"Mobile": "+919876543210"})
    path = sheet(desk, ("asha@example.com", "9876543210", "V001"), ("asha@example.com", "", "V002"))
    ambiguous = codes(desk.run(path))

    leads(desk).write(OTHER, {"Mobile": ""})
    leads(desk).write(GONE, {"Mobile": "+919876543210"})
    desk.world.pass_time(60.0)
    merged = desk.run(path)

    assert ambiguous == {"V001": "lead_ambiguous"}
    assert outcomes(merged) == {CREATED: 1, IMPORTED: 1}
    assert {one["RelatedProspectId"] for one in desk.simulator.activities()} == {GONE}
    assert desk.asked(BY_EMAIL) == 2


def test_a_changed_row_is_compared_without_a_look_up(tmp_path: Path) -> None:
    """A row known by unique_by whose note is another says so; its lead is the one that the activity was sent for."""
    desk = an_office(tmp_path)
    desk.mapping += "unique_by: [Visit]\n"
    desk.run(sheet(desk, ("a@example.com", "", "V001")))
    path = desk.folder / "later.csv"
    path.write_text("Email,Mobile,Visit,Remarks,First\nnobody@example.com,,V001,other,\n", encoding="utf-8")

    summary = desk.run(path)

    (line,) = results(summary)
    assert (line["etl_status"], desk.asked(BY_EMAIL)) == ("changed", 1)
    assert 'ActivityNote: "note V001" became "other".' in line["etl_error"]


def test_a_stop_keeps_what_was_found(tmp_path: Path) -> None:
    """Ctrl-C among the look-ups sends nothing and begins no run; the next command asks for the rest alone."""
    desk = an_office(tmp_path)
    total = 2 * AT_ONCE
    desk.happens = lambda event: (
        desk.stop.request("interrupted", 2) if isinstance(event, FindingLeads) and event.done == AT_ONCE else None
    )

    stopped = desk.run(sheet(desk, *((f"lead{n}@example.com", "", f"V{n:03}") for n in range(total))))
    asked = desk.asked(BY_EMAIL)
    desk.stop, desk.happens = type(desk.stop)(), lambda _event: None
    summary = desk.run(desk.folder / "visits.csv")

    assert (stopped.run, stopped.exit_code, outcomes(stopped)) == (None, 130, {WAITING: total})
    assert (asked, desk.asked(BY_EMAIL)) == (AT_ONCE, total)
    assert outcomes(summary) == {CREATED: total}


def test_a_lead_that_is_gone_is_looked_up_anew(tmp_path: Path) -> None:
    """A remembered lead that was merged away costs a refusal; the next command finds the right one and doubles nothing."""
    desk = an_office(tmp_path)
    leads(desk).write(GONE, {"EmailAddress": "asha@example.com"})
    desk.run(sheet(desk, ("asha@example.com", "", "V001"), name="first.csv"))
    leads(desk)._leads.pop(GONE)
    leads(desk)._holders.clear()

    refused = desk.run(sheet(desk, ("asha@example.com", "", "V001"), ("asha@example.com", "", "V002")))
    mended = desk.run(desk.folder / "visits.csv")

    assert outcomes(refused) == {IMPORTED: 1, Outcome.REFUSED: 1}
    assert outcomes(mended) == {IMPORTED: 1, CREATED: 1}
    assert dict(desk.stored) == {"V001": 1, "V002": 1}
    asked = desk.asked(BY_EMAIL)
    desk.run(desk.folder / "visits.csv")
    assert desk.asked(BY_EMAIL) == asked


def test_a_stopped_run_goes_on_with_the_leads_it_knows(tmp_path: Path) -> None:
    """Rows that wait are addressed from the memory; a memory that has grown too old is renewed first."""
    desk = an_office(tmp_path)
    rows = [(f"lead{n}@example.com", "", f"V{n:03}") for n in range(60)]
    desk.happens = lambda event: desk.stop.request("interrupted", 2) if type(event).__name__ == "RequestSent" else None
    stopped = desk.run(sheet(desk, *rows))
    left = outcomes(stopped)[WAITING]
    asked = desk.asked(BY_EMAIL)
    desk.stop, desk.happens = type(desk.stop)(), lambda _event: None

    if_known = desk.run(desk.folder / "visits.csv")

    assert left and outcomes(if_known) == {CREATED: 60}
    assert (if_known.run, desk.asked(BY_EMAIL)) == (stopped.run, asked)


def test_a_memory_too_old_is_renewed_before_rows_go_on(tmp_path: Path) -> None:
    """After two months a stopped run is compared anew: its leads are asked for again, its rows go out once."""
    desk = an_office(tmp_path)
    rows = [(f"lead{n}@example.com", "", f"V{n:03}") for n in range(60)]
    desk.happens = lambda event: desk.stop.request("interrupted", 2) if type(event).__name__ == "RequestSent" else None
    stopped = desk.run(sheet(desk, *rows))
    desk.stop, desk.happens = type(desk.stop)(), lambda _event: None
    desk.world.pass_time(60 * 86_400.0)

    renewed = desk.run(desk.folder / "visits.csv")

    left = outcomes(stopped)[WAITING]
    assert outcomes(renewed) == {IMPORTED: 60 - left, CREATED: left}
    assert desk.asked(BY_EMAIL) == 60 + left
    assert set(desk.stored.values()) == {1}


# One look-up, with LeadSquared's answers at hand


def reading(asked: Counter[str], **answers: Any) -> Any:
    """A read that answers e-mail and phone look-ups with these leads; None: refused."""

    def read(request: ApiRequest) -> ApiAnswer | None:
        by = dict(request.query)
        kind = "email" if "emailaddress" in by else "phone"
        asked[kind] += 1
        answer = answers[kind]
        return None if answer is None else ApiAnswer(200, {}, json.dumps(answer).encode())

    return read


ASHA = {"ProspectID": GONE, "EmailAddress": "asha@example.com", "Mobile": "+91-9876543210", "FirstName": "Asha"}
BINA = {"ProspectID": "7c9e6679-7425-40de-944b-e07fc1f90ae7", "Phone": "9876543210", "Mobile": None}
EMAIL, PHONE = LeadValue("EmailAddress", "asha@example.com"), LeadValue("Mobile", "+919876543210")


@pytest.mark.parametrize(
    ("known_by", "answers", "ids", "asked"),
    [
        pytest.param((EMAIL, PHONE), {"email": [ASHA]}, [ASHA], {"email": 1}, id="the lead shows the phone itself"),
        pytest.param(
            (PHONE, EMAIL), {"phone": [ASHA], "email": []}, [ASHA], {"phone": 3}, id="the lead shows the e-mail itself"
        ),
        pytest.param(
            (EMAIL, PHONE),
            {"email": [{**ASHA, "Mobile": ""}], "phone": []},
            [ASHA],
            {"email": 1, "phone": 3},
            id="it shows none",
        ),
        pytest.param(
            (EMAIL, PHONE),
            {"email": [{**ASHA, "Mobile": "+91-1111111111"}], "phone": [BINA]},
            [ASHA, BINA],
            {"email": 1, "phone": 3},
            id="another lead has the phone",
        ),
        pytest.param(
            (EMAIL, PHONE), {"email": [], "phone": [BINA]}, [BINA], {"email": 1, "phone": 3}, id="by the second"
        ),
        pytest.param((PHONE,), {"phone": [ASHA, BINA]}, [ASHA, BINA], {"phone": 3}, id="two with one phone"),
        pytest.param((EMAIL,), {"email": [BINA]}, [BINA], {"email": 1}, id="shown without the field"),
        pytest.param(
            (EMAIL,), {"email": [{**ASHA, "EmailAddress": "x@y.example"}]}, [], {"email": 1}, id="not what was asked"
        ),
    ],
)
def test_what_a_row_knows_leads_to(
    known_by: tuple[LeadValue, ...], answers: dict[str, Any], ids: list[dict[str, Any]], asked: dict[str, int]
) -> None:
    """Each value is asked by unless the lead found shows it; leads that differ all count."""
    count: Counter[str] = Counter()

    told = _look_up(reading(count, **answers), known_by, {})

    assert told.ids == tuple(lead["ProspectID"] for lead in ids)
    assert dict(count) == asked


def test_what_is_remembered_is_not_asked(tmp_path: Path) -> None:
    """A value that an earlier look-up has found counts with its lead."""
    count: Counter[str] = Counter()

    told = _look_up(reading(count, phone=[BINA]), (EMAIL, PHONE), {of_value(EMAIL): (GONE,)})

    assert told.ids == (GONE, BINA["ProspectID"])
    assert set(told.found) == {PHONE}
    assert dict(count) == {"phone": 3}


def test_a_user_who_may_not_look_leads_up_is_told(tmp_path: Path) -> None:
    """Nothing is sent, and the message says what to do; one answer of many shows that it is allowed."""
    desk = an_office(tmp_path, reads_forbidden=frozenset({Read.LEADS}))

    with pytest.raises(RefusedError, match=r"does not answer a look-up of leads by EmailAddress \(column Email\)"):
        desk.run(sheet(desk, ("a@example.com", "", "V001")))
    assert not desk.stored
