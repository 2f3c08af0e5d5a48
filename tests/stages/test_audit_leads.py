"""`etl verify --all` of rows that were sent with their leads: what is said of the leads."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from etl.proof import Check
from etl.simulator import Fault, FaultKind, LeadShape, Read
from etl.stages.audit_findings import Finding
from tests.stages.corrections import LATE, WAIT, correct
from tests.stages.office import MAPPING, Office, office, results, visits

HELD, DIFFERS = Finding.HELD, Finding.DIFFERS
WITH_LEAD = (
    MAPPING.replace("add-by-lead-field", "create-lead-and-activity")
    .replace("SearchByValue", "Lead.EmailAddress")
    .replace(
        "columns:\n",
        "columns:\n  Name: Lead.FirstName\n  Score: Lead.mx_Score\n  Papers: Lead.mx_KYC.mx_CustomObject_1\n",
    )
)
OF_LEAD = {"Name": "Asha", "Score": "5", "Papers": "A-1"}


def imported(folder: Path, rows: list[dict[str, str]], *faults: Fault, mapping: str = WITH_LEAD) -> Office:
    """An office that has sent rows with their leads, without trouble."""
    desk = office(folder, *faults, mapping=mapping)
    desk.waits = (WAIT, LATE)
    assert correct(desk, rows).exit_code == 0
    desk.world.pass_time(3_600)
    return desk


def somebody_sets(desk: Office, email: str, **attributes: str) -> None:
    """The lead is changed in LeadSquared; "" empties an attribute."""
    leads = desk.simulator._account.leads
    leads.write(leads.id_of("EmailAddress", email), attributes)


def said(desk: Office, run: int = 1) -> dict[str, str]:
    """The column of the results, by visit."""
    return {line["Visit"]: line["etl_verified"] for line in results(desk.verify(run, check=Check()).result)}


@dataclass(frozen=True)
class Lead:
    """What was sent for a lead, what it shows afterwards, and what the check says of its row."""

    says: str
    sent: Mapping[str, str] = field(default_factory=dict)
    becomes: Mapping[str, str] = field(default_factory=dict)


LEADS = {
    "as it was sent": Lead("held"),
    "another name": Lead(
        'differs: Lead.FirstName: "Asha" was sent, the lead shows "Anna" now', becomes={"FirstName": "Anna"}
    ),
    "nothing any more": Lead(
        'differs: Lead.FirstName: "Asha" was sent, the lead shows nothing now', becomes={"FirstName": ""}
    ),
    "two attributes": Lead(
        'differs: Lead.FirstName: "Asha" was sent, the lead shows "Anna" now; '
        'Lead.mx_Score: "5" was sent, the lead shows "6" now',
        becomes={"FirstName": "Anna", "mx_Score": "6"},
    ),
    "attributes that we have not sent": Lead("held", becomes={"LastName": "Rao", "mx_City": "Pune"}),
    "the name in capitals": Lead("held", becomes={"FirstName": " ASHA "}),
    "a number in another spelling": Lead("held", becomes={"mx_Score": "5.00"}),
    "yes as LeadSquared writes it": Lead("held", sent={"Score": "true"}, becomes={"mx_Score": "1"}),
    "no instead of yes": Lead(
        'differs: Lead.mx_Score: "true" was sent, the lead shows "0" now',
        sent={"Score": "true"},
        becomes={"mx_Score": "0"},
    ),
    "a time as leads show it": Lead(
        "held", sent={"Score": "2026-05-01 10:30:00"}, becomes={"mx_Score": "2026-05-01 10:30:00.000"}
    ),
    "a day as leads show it": Lead(
        "held", sent={"Score": "2026-05-01"}, becomes={"mx_Score": "2026-05-01 00:00:00.000"}
    ),
    "another day": Lead(
        'differs: Lead.mx_Score: "2026-05-01" was sent, the lead shows "2026-05-02 00:00:00.000" now',
        sent={"Score": "2026-05-01"},
        becomes={"mx_Score": "2026-05-02 00:00:00.000"},
    ),
    "an attribute that is not shown": Lead("held: not compared: Lead.mx_Score", becomes={"mx_Score": ""}),
    "a set in a form that nobody knows": Lead(
        "held: not compared: Lead.mx_KYC.mx_CustomObject_1", becomes={"mx_KYC": "Papers: A-1"}
    ),
    "a set as activities show theirs, with another value": Lead(
        "held: not compared: Lead.mx_KYC.mx_CustomObject_1", becomes={"mx_KYC": '{"mx_CustomObject_1":"B-2"}'}
    ),
    "a set that is not shown, and another name": Lead(
        'differs: Lead.FirstName: "Asha" was sent, the lead shows "Anna" now; '
        "not compared: Lead.mx_KYC.mx_CustomObject_1",
        becomes={"FirstName": "Anna", "mx_KYC": ""},
    ),
    "a set as activities show theirs": Lead("held", becomes={"mx_KYC": '{"Status":"New","mx_CustomObject_1":"A-1"}'}),
}


@pytest.mark.parametrize("shape", list(LeadShape))
def test_what_became_of_a_lead(tmp_path: Path, shape: LeadShape) -> None:
    """Each attribute that LeadSquared shows is compared by its meaning; what cannot be compared is never called a difference."""
    rows = [
        row | {"Email": f"lead{number}@example.com"} | OF_LEAD | lead.sent
        for number, (row, lead) in enumerate(zip(visits(len(LEADS)), LEADS.values(), strict=True))
    ]
    desk = imported(tmp_path, rows)
    for row, lead in zip(rows, LEADS.values(), strict=True):
        somebody_sets(desk, row["Email"], **lead.becomes)
    desk.switch(lead_shape=shape)

    found = desk.verify(1, check=Check()).findings

    assert dict(zip(LEADS, said(desk).values(), strict=True)) == {name: lead.says for name, lead in LEADS.items()}
    assert found == Counter(Finding(lead.says.partition(":")[0]) for lead in LEADS.values())


def test_of_rows_of_one_lead_the_last_one_is_compared(tmp_path: Path) -> None:
    """What an earlier row has set may have been set otherwise by a later one, also of another run: that is no difference."""
    same = {"Email": "asha@example.com"} | OF_LEAD
    first, second, third = (row | same | {"Name": f"Name {n}"} for n, row in enumerate(visits(3), start=1))
    desk = imported(tmp_path, [first, second])
    assert said(desk) == {
        "V001": "held: what its lead shows instead may be of row 3 of run 1, which went out later",
        "V002": "held",
    }

    assert correct(desk, [third], "later.csv").exit_code == 0

    assert said(desk)["V002"] == "held: what its lead shows instead may be of row 2 of run 2, which went out later"
    assert said(desk, 2) == {"V003": "held"}
    somebody_sets(desk, "asha@example.com", FirstName="Anna")
    assert said(desk)["V002"].startswith("held: ")
    assert said(desk, 2) == {"V003": 'differs: Lead.FirstName: "Name 3" was sent, the lead shows "Anna" now'}


def test_a_lead_under_two_spellings_is_one_lead(tmp_path: Path) -> None:
    """Rows checked together are known to be of one lead by the lead that LeadSquared shows them on."""
    by_code = WITH_LEAD.replace("search_by: EmailAddress", "search_by: Phone").replace("EmailAddress", "Phone")
    rows = [row | OF_LEAD for row in visits(2)]
    rows[0] |= {"Email": "+91-9812345678", "Name": "Asha"}
    rows[1] |= {"Email": "9812345678", "Name": "Anna"}
    desk = office(tmp_path, mapping=by_code, options={})
    desk.waits = (WAIT, LATE)
    correct(desk, rows)
    leads = desk.simulator._account.leads
    one = leads.id_of("Phone", "9812345678")
    desk.edit(lambda _one: True, lead_id=one)
    desk.world.pass_time(3_600)

    assert said(desk) == {
        "V001": "held: what its lead shows instead may be of row 3, which went out later",
        "V002": "held",
    }


def test_an_activity_that_differs_is_told_beside_its_lead(tmp_path: Path) -> None:
    """One row's differences stand together, those of the activity first."""
    desk = imported(tmp_path, [visits(1)[0] | OF_LEAD])
    desk.edit(lambda _one: True, note="called back")
    somebody_sets(desk, "lead1@example.com", FirstName="Anna")

    assert said(desk) == {
        "V001": 'differs: ActivityNote: "note 1" became "called back"; '
        'Lead.FirstName: "Asha" was sent, the lead shows "Anna" now'
    }


def test_where_leads_may_not_be_read_they_are_not_compared(tmp_path: Path) -> None:
    """The activities are checked all the same, and each row says what was left out."""
    desk = imported(tmp_path, [row | OF_LEAD for row in visits(5)])
    desk.switch(reads_forbidden=frozenset({Read.LEADS, Read.LEADS_BY_IDS}))

    assert set(said(desk).values()) == {"held: its lead's attributes not compared: this user may not read leads"}


def test_a_lead_that_is_gone_is_told(tmp_path: Path) -> None:
    """Its activity is there under its id, and that it is not shown is no difference of the row."""
    desk = imported(tmp_path, [row | OF_LEAD for row in visits(2)])
    leads = desk.simulator._account.leads
    gone = leads.id_of("EmailAddress", "lead1@example.com")
    del leads._leads[gone]
    leads._others_exist = False

    assert said(desk) == {
        "V001": "held: its lead's attributes not compared: LeadSquared does not show the lead",
        "V002": "held",
    }


def test_rows_that_name_nothing_but_their_lead_ask_for_no_lead(tmp_path: Path) -> None:
    """The value that finds the lead has been proved by reading back: a check of such rows costs one read."""
    plain = MAPPING.replace("add-by-lead-field", "create-lead-and-activity").replace(
        "SearchByValue", "Lead.EmailAddress"
    )
    desk = imported(tmp_path, visits(5), mapping=plain)
    before = desk.asked_in_all

    assert desk.verify(1, check=Check()).findings == {HELD: 5}

    assert desk.asked_in_all == before + 2  # whose keys these are, and the activities


def test_leads_are_read_together(tmp_path: Path) -> None:
    """A check of many rows asks for their leads by the thousand, however many rows a lead has."""
    desk = imported(tmp_path, [row | OF_LEAD for row in visits(20)])
    before = desk.asked("asked Leads/Retrieve/ByIds")

    desk.verify(1, check=Check())

    assert desk.asked("asked Leads/Retrieve/ByIds") == before + 1


def test_a_row_with_other_values_for_its_lead_says_which(tmp_path: Path) -> None:
    """A row that is known by its key is compared with what was sent: attributes and custom field sets of the lead, too."""
    desk = imported(tmp_path, [visits(1)[0] | OF_LEAD], mapping=WITH_LEAD + "unique_by: [Visit]\n")

    summary = correct(desk, [visits(1)[0] | OF_LEAD | {"Name": "Anna", "Papers": "B-2"}], "again.csv")

    (line,) = results(summary)
    assert line["etl_status"] == "changed"
    assert (
        'Lead.FirstName: "Asha" became "Anna"; Lead.mx_KYC.mx_CustomObject_1: "A-1" became "B-2"' in line["etl_error"]
    )
    assert "ActivityNote" not in line["etl_error"]


def test_a_lost_answer_changes_nothing_of_it(tmp_path: Path) -> None:
    """Rows that were found by reading back are checked like all others."""
    desk = imported(tmp_path, [row | OF_LEAD for row in visits(3)], Fault.at(FaultKind.DROP_AFTER, 2))
    somebody_sets(desk, "lead2@example.com", FirstName="Anna")

    assert desk.verify(1, check=Check()).findings == {HELD: 2, DIFFERS: 1}
