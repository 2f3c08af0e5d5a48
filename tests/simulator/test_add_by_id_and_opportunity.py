"""Adding by lead id and on opportunities: which lead a row belongs to, and what reads show of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from etl.simulator import OpportunityShows, Switches

from .calls import Bench, add, answer, by_lead, look_up, refusal, row
from .other_calls import (
    LEAD,
    NOWHERE,
    OPPORTUNITY,
    OTHER_LEAD,
    add_by_id,
    add_to_opportunity,
    of_lead,
    of_opportunity,
)


def test_rows_of_several_leads_and_of_one() -> None:
    """An id of any lead is taken, in any case of its letters; look-ups know the lead."""
    bench = Bench()

    answered = answer(bench.send(add_by_id([of_lead(), of_lead(OTHER_LEAD), of_lead(LEAD.upper())])))["Response"]

    assert [given["ActivityCreated"] for given in answered] == [True, True, True]
    assert bench.stored("RelatedProspectId") == [LEAD, OTHER_LEAD, LEAD]
    assert [lead["ProspectID"] for lead in answer(bench.send(look_up("Leads.GetById", id=LEAD)))] == [LEAD]
    assert len(answer(bench.send(by_lead(LEAD)))["ProspectActivities"]) == 2


def test_the_id_of_a_lead_that_was_written_to_by_address() -> None:
    """Both ways lead to the same lead."""
    bench = Bench()
    bench.send(add([row()]))
    lead_id = bench.stored("RelatedProspectId")[0]

    bench.send(add_by_id([of_lead(lead_id)]))

    assert bench.stored("RelatedProspectId") == [lead_id, lead_id]


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({"RelatedProspectId": NOWHERE}, "does not exist or you do not have permission."),
        ({"RelatedProspectId": OTHER_LEAD}, "does not exist or you do not have permission."),
        ({"RelatedProspectId": "4711"}, "does not exist or you do not have permission."),
        ({"RelatedProspectId": " "}, "'RelatedProspectId' is mandatory."),
        ({"RelatedProspectId": 5}, "'RelatedProspectId' is mandatory."),
        ({"ActivityNote": "n" * 2001}, "more than 2000."),
        ({"ActivityOwnerEmail": "nobody@example.com"}, "No active user"),
    ],
    ids=["nowhere", "ruled-out", "no-guid", "blank", "number", "note", "owner"],
)
def test_a_row_that_is_refused(members: dict[str, Any], message: str) -> None:
    """It is refused alone, in words that name what is wrong."""
    bench = Bench(unknown_leads=frozenset({OTHER_LEAD}))

    answered = answer(bench.send(add_by_id([of_lead(), {**of_lead(), **members}, of_lead()])))["Response"]

    assert [given["ActivityCreated"] for given in answered] == [True, False, True]
    assert message in answered[1]["ErrorMessage"]


@pytest.mark.parametrize("sent", ["", "4711", NOWHERE, OTHER_LEAD], ids=["none", "no-guid", "nowhere", "ruled-out"])
def test_an_opportunity_that_is_none_fails_the_call(sent: str) -> None:
    """Nothing is stored, and the error is LeadSquared's own."""
    bench = Bench(unknown_opportunities=frozenset({OTHER_LEAD.upper()}))

    status, kind, message = refusal(bench.send(add_to_opportunity([of_opportunity()], sent)))

    assert (status, kind.startswith("MX"), "opportunityId" in message) == (500, True, True)
    assert bench.stored() == []


def test_an_opportunity_s_rows_have_owners_and_no_time_of_their_own() -> None:
    """A row without owner is refused alone; `ActivityDateTime` is no member of this operation."""
    bench = Bench()
    sent = [of_opportunity(ActivityDateTime="2020-01-01 00:00:00"), {"ActivityEvent": 320}]

    answered = answer(bench.send(add_to_opportunity(sent)))["Response"]

    assert [given["ActivityCreated"] for given in answered] == [True, False]
    assert answered[1]["ErrorMessage"] == "'ActivityOwnerEmail' is mandatory."
    assert bench.stored("CreatedOn") == ["2026-03-01 09:30:00"]
    assert bench.stored("OpportunityId") == [OPPORTUNITY]


@pytest.mark.parametrize("switch", OpportunityShows)
def test_which_id_reads_show(switch: OpportunityShows) -> None:
    """That of the opportunity, that of its lead, or none; a trail holds only what names it, or names nothing."""
    bench = Bench(switches=Switches(opportunity_shows=switch))
    bench.send(add_to_opportunity([of_opportunity()]))
    lead_id = bench.stored("RelatedProspectId")[0]
    expected = {"opportunity_id": OPPORTUNITY, "lead_id": lead_id, "empty": ""}[switch]

    trails = [len(answer(bench.send(by_lead(trail)))["ProspectActivities"]) for trail in (OPPORTUNITY, lead_id)]

    assert [shown["RelatedProspectId"] for shown in bench.shown()] == [expected]
    assert trails == [expected in {OPPORTUNITY, ""}, expected in {lead_id, ""}]


def test_opportunities_are_there_after_a_restart(tmp_path: Path) -> None:
    """The store keeps which opportunity an activity is of."""
    first = Bench(store=tmp_path / "account.db")
    first.send(add_to_opportunity([of_opportunity()]))
    first.simulator.close()

    second = Bench(store=tmp_path / "account.db")

    assert second.stored("OpportunityId") == [OPPORTUNITY]
    assert [shown["RelatedProspectId"] for shown in second.shown()] == [OPPORTUNITY]
    second.simulator.close()
