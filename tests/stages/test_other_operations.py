"""Rows in doubt of the operations that create: by lead id, by opportunity, and with their lead."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from etl.proof import Assumption, Check
from etl.records import Outcome
from etl.simulator import Fault, FaultKind, MessageId, OpportunityShows, Read
from etl.stages.audit_findings import Finding
from etl.stages.read_back import STORED_AND_NOT_SHOWN
from tests.stages.corrections import LATE, UPDATE, WAIT, correct, correction, corrections, with_visits
from tests.stages.office import BY_EVENT, KEY, MAPPING, ONE_BY_ONE, Office, office, once, outcomes, results, visits

CREATED, REFUSED, UNCONFIRMED = Outcome.CREATED, Outcome.REFUSED, Outcome.UNCONFIRMED
K = FaultKind
WITH_LEAD = MAPPING.replace("add-by-lead-field", "create-lead-and-activity").replace(
    "SearchByValue", "Lead.EmailAddress"
)
BY_LEAD_ID = (
    MAPPING.replace("add-by-lead-field", "add-by-lead-id")
    .replace("search_by: EmailAddress\n", "")
    .replace("SearchByValue", "RelatedProspectId")
)
ON_OPPORTUNITY = (
    BY_LEAD_ID.replace("add-by-lead-id", "add-by-opportunity")
    .replace("RelatedProspectId", "OpportunityId\n  Owner: ActivityOwnerEmail")
    .replace("320", "12000")
)
GUID = "11111111-1111-4111-8111-11111111111{}"
ROW_KEY = f"row_key_field: {KEY}\n"


def an_office(folder: Path, mapping: str, *faults: Fault, **switches: object) -> Office:
    made = office(folder, *faults, mapping=mapping, **switches)
    made.waits = (WAIT, LATE)
    return made


def of_ids(number: int, different: int) -> list[dict[str, str]]:
    """Visits of so many leads or opportunities, in turn."""
    owner = {"Owner": "asha@example.com"}
    return [row | owner | {"Email": GUID.format(n % different)} for n, row in enumerate(visits(number))]


def held(desk: Office) -> dict[Finding, int]:
    return dict(desk.verify(1, check=Check()).findings)


# With their leads


@pytest.mark.parametrize("message_id", list(MessageId))
def test_a_row_with_its_lead_is_created_under_the_id_that_reading_back_finds(
    tmp_path: Path, message_id: MessageId
) -> None:
    """Whatever Message.Id is of, it is kept, and no row is called created under it."""
    desk = an_office(tmp_path, WITH_LEAD, Fault.at(K.DROP_AFTER, 3), message_id=message_id)

    summary = correct(desk, visits(12))

    assert outcomes(summary) == {CREATED: 12}
    assert desk.stored == once(12)
    assert {line["Visit"]: line["ProspectActivityId"] for line in results(summary)} == desk.ids
    assert desk.sizes == [1] * 12
    assert desk.codes == {"read_back": 12}
    messages = [message for (message,) in desk.ask("SELECT message_id FROM rows ORDER BY row_number")]
    assert [number for number, message in enumerate(messages, start=1) if message is None] == [3]
    assert (messages[0] == desk.ids["V001"]) is (message_id is MessageId.ACTIVITY)
    assert held(desk) == {Finding.HELD: 12}


def test_what_was_called_stored_is_not_sent_again_because_it_is_not_shown(tmp_path: Path) -> None:
    """LeadSquared said Success and shows nothing: the row stays open and says so, while a lost one beside it goes again."""
    desk = an_office(tmp_path, WITH_LEAD, Fault.at(K.DROP_BEFORE, 3))
    desk.limit = ONE_BY_ONE
    deleted: list[int] = []
    desk.happens = lambda _event: deleted.append(desk.delete("V002")) if not sum(deleted) else None

    summary = correct(desk, visits(5))

    assert outcomes(summary) == {CREATED: 4, UNCONFIRMED: 1}
    (line,) = [line for line in results(summary) if line["etl_status"] == "unconfirmed"]
    assert (line["Visit"], line["etl_code"], line["ProspectActivityId"]) == ("V002", "id_unknown", "")
    assert STORED_AND_NOT_SHOWN in line["etl_error"]
    assert desk.stored == {"V001": 1, "V003": 1, "V004": 1, "V005": 1}
    assert outcomes(correct(desk, visits(5))) == {CREATED: 4, UNCONFIRMED: 1}
    assert len(desk.sizes) == 6
    desk.verify(1, assume=Assumption.ABSENT)
    assert outcomes(correct(desk, visits(5))) == {CREATED: 5}
    assert desk.stored == once(5)


def test_a_lead_that_is_refused_is_refused_with_leadsquared_s_words(tmp_path: Path) -> None:
    """Nothing of it is shown after its time, and its request carried no other row."""
    desk = an_office(tmp_path, WITH_LEAD.replace("columns:\n", "columns:\n  Phone: Lead.Phone\n"))
    rows = [row | {"Phone": "+91-9800000001" if row["Visit"] in {"V001", "V002"} else ""} for row in visits(4)]

    summary = correct(desk, rows)

    assert outcomes(summary) == {CREATED: 3, REFUSED: 1}
    (line,) = [line for line in results(summary) if line["etl_status"] == "refused"]
    assert line["Visit"] == "V002"
    assert "A Lead with same Phone Number already exists" in line["etl_error"]
    assert desk.stored == {"V001": 1, "V003": 1, "V004": 1}


def test_what_differs_from_a_row_that_was_sent_with_its_lead_is_named(tmp_path: Path) -> None:
    """A row known by its key that comes with another note is reported, note against note."""
    desk = an_office(tmp_path, WITH_LEAD + "unique_by: [Visit]\n")
    correct(desk, visits(2))

    summary = correct(desk, [row | {"Remarks": "another one"} for row in visits(1)], "again.csv")

    (line,) = results(summary)
    assert line["etl_status"] == "changed"
    assert 'ActivityNote: "note 1" became "another one"' in line["etl_error"]


# By lead id


@pytest.mark.parametrize("reads", [frozenset(), frozenset({Read.BY_EVENT})], ids=["by time", "lead by lead"])
def test_rows_of_a_lead_s_id_are_told_by_it(tmp_path: Path, reads: frozenset[Read]) -> None:
    """What was stored is found, what was not goes again, and no lead is looked up for it."""
    faults = (Fault.at(K.DROP_AFTER, 1), Fault.at(K.DROP_BEFORE, 2))
    desk = an_office(tmp_path, BY_LEAD_ID, *faults, reads_forbidden=reads)

    summary = correct(desk, of_ids(30, 5))

    assert outcomes(summary) == {CREATED: 30}
    assert desk.stored == once(30)
    assert desk.codes == {"read_back": 25}
    assert not [name for name in desk.world.happened if "Lead" in name and "ByLeadId" not in name]
    assert held(desk) == {Finding.HELD: 30}


# On opportunities


def on_opportunities(desk: Office, rows: Sequence[Mapping[str, str]]) -> dict[str, int]:
    """How often LeadSquared holds each visit of an opportunity."""
    found = [one for one in desk.simulator.activities() if one["ActivityEvent"] == 12000]
    names = [next(field["Value"] for field in one["Fields"] if field["SchemaName"] == "mx_Custom_1") for one in found]
    return {row["Visit"]: names.count(row["Visit"]) for row in rows}


@pytest.mark.parametrize("shows", list(OpportunityShows))
def test_rows_on_opportunities_are_told_by_their_keys(tmp_path: Path, shows: OpportunityShows) -> None:
    """Whichever id reads show for an opportunity, a stored row is found by its key and a missing one goes again."""
    faults = (Fault.at(K.DROP_AFTER, 1), Fault.at(K.DROP_BEFORE, 2))
    desk, rows = an_office(tmp_path, ON_OPPORTUNITY + ROW_KEY, *faults, opportunity_shows=shows), of_ids(30, 3)

    summary = correct(desk, rows)

    assert outcomes(summary) == {CREATED: 30}
    assert on_opportunities(desk, rows) == dict.fromkeys([row["Visit"] for row in rows], 1)
    assert desk.codes == {"read_back": 10}
    assert held(desk) == {Finding.HELD: 30}


@pytest.mark.parametrize("shows", list(OpportunityShows))
def test_without_keys_rows_on_opportunities_stay_open(tmp_path: Path, shows: OpportunityShows) -> None:
    """Neither is anything sent again, nor waited for: the reason names what would settle it."""
    desk, rows = an_office(tmp_path, ON_OPPORTUNITY, Fault.at(K.DROP_AFTER, 1), opportunity_shows=shows), of_ids(30, 3)
    begun = desk.world.seconds

    summary = correct(desk, rows)

    assert outcomes(summary) == {CREATED: 20, UNCONFIRMED: 10}
    assert {
        "row_key_field in the mapping would settle it" in line["etl_error"]
        for line in results(summary)
        if line["etl_status"] == "unconfirmed"
    } == {True}
    assert desk.sizes == [10, 10, 10]
    assert desk.world.seconds - begun < 1
    assert on_opportunities(desk, rows) == dict.fromkeys([row["Visit"] for row in rows], 1)
    assert desk.asked(BY_EVENT) == 1


# What was updated, looked at again


def test_updated_rows_are_compared_with_what_is_there(tmp_path: Path) -> None:
    """A value that somebody has changed since, an activity that is gone, and one that a later row has set otherwise."""
    desk = with_visits(tmp_path, 5)
    rows = corrections(desk, 5)
    correct(desk, rows)
    desk.edit(lambda one: one.note == "now V002", note="called back")
    desk.simulator._account.store._places.pop(desk.ids["V003"])
    desk.mapping = UPDATE.replace("corrections", "others")
    correct(desk, [correction(desk, "V004", Remarks="the last word")], "later.csv")

    verified = desk.verify(2, check=Check())

    told = {line["Visit"]: line["etl_verified"] for line in results(verified.result)}
    assert told == {
        "V001": "held",
        "V002": 'differs: ActivityNote: "now V002" became "called back"',
        "V003": "missing",
        "V004": "held: what is shown instead was set by row 2 of run 3",
        "V005": "held",
    }
    assert verified.exit_code == 4
