"""What an account holds before the first request."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from .behaviour import Behaviour, MessageId, OpportunityId, PhoneMatch, RetrievePaging, UnknownOwner
from .command_line import parser
from .conftest import ACTIVITIES, ASHA, CALL, LEADS, LOADED, RETRIEVE, Serve
from .crowd import crowd
from .process import foreign_process
from .server import ForeignServer


def test_a_file_says_what_an_account_holds(serve: Serve, tmp_path: Path) -> None:
    """All parts of a file are there; arguments prevail over it."""
    file = tmp_path / "account.json"
    described = {"activity_types": {"320": "Site Visit"}, "activity_fields": {"320": {"mx_Custom_1": {}}}, "users": []}
    file.write_text(json.dumps(LOADED | described | {"lead_fields": {"mx_City": {}}}), "utf-8")

    server, _ = serve(load=file, users=[{"EmailAddress": "a@example.com"}])

    assert [(lead.lead_id, lead.values["mx_City"]) for lead in server.leads] == [
        (lead["ProspectID"], lead["mx_City"]) for lead in LEADS
    ]
    assert [activity.activity_id for activity in server.activities] == [CALL]
    assert server.behaviour.activity_types == {320: "Site Visit"}
    assert server.behaviour.activity_fields == {320: {"mx_Custom_1": {}}}
    assert server.behaviour.users == [{"EmailAddress": "a@example.com"}]


def test_what_an_entry_leaves_out_is_the_same_in_every_run(serve: Serve) -> None:
    """Ids are filled in, equal for equal entries; times are those of the start."""
    leads = [{"EmailAddress": "a@example.com"}, {"ProspectID": ASHA}]
    activities = [{"RelatedProspectId": ASHA, "ActivityEvent": "320"}, {"RelatedProspectId": ASHA, "ActivityEvent": 7}]
    servers = [serve(leads=leads, activities=activities)[0] for _ in range(2)]

    first, second = ([one.activity_id for one in server.activities] for server in servers)

    assert first == second
    assert len(set(first)) == 2
    assert servers[0].leads[0].lead_id == servers[1].leads[0].lead_id != ASHA
    assert servers[0].activities[0].created_on == servers[0].leads[0].created_on


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        pytest.param({"leads": LEADS, "activities": [ACTIVITIES[0] | {"RelatedProspectId": CALL}]}, CALL, id="lead"),
        pytest.param({"leads": LEADS, "opportunities": [{"OpportunityId": "x", "ProspectID": CALL}]}, CALL, id="of"),
        pytest.param(
            {"leads": LEADS, "activities": [{"OpportunityId": "deal", "ActivityEvent": 7}]}, "deal", id="opportunity"
        ),
        pytest.param({"leads": LEADS, "activities": ACTIVITIES * 2}, "one ProspectActivityId", id="one id twice"),
        pytest.param({"retrieve_paging": "page-from-2"}, "page-from-2", id="no such word"),
    ],
)
def test_a_wrong_start_is_refused_at_once(wrong: dict[str, Any], says: str) -> None:
    """What cannot be is a mistake of the test, and said before anything is served."""
    with pytest.raises(ValueError, match=says):
        ForeignServer(**wrong)


def test_a_file_with_another_part_is_refused(tmp_path: Path) -> None:
    """A misspelt part of a file does not vanish silently."""
    file = tmp_path / "account.json"
    file.write_text('{"lead": []}', "utf-8")

    with pytest.raises(ValueError, match="holds lead; it may hold leads"):
        ForeignServer(load=file)


def test_a_crowd_is_the_same_in_every_run_and_uneven() -> None:
    """400 leads have 10,000 activities, some of them none and some more than a hundred."""
    loaded = crowd(400, 10_000)

    counts = dict.fromkeys((lead["ProspectID"] for lead in loaded["leads"]), 0)
    for activity in loaded["activities"]:
        counts[activity["RelatedProspectId"]] += 1
    assert crowd(20, 50) == crowd(20, 50)
    assert len({activity["ProspectActivityId"] for activity in loaded["activities"]}) == 10_000
    assert (min(counts.values()), max(counts.values()) > 100) == (0, True)


def test_a_process_loads_a_file(tmp_path: Path) -> None:
    """A process that is given a file holds it, and shows it in its state."""
    file = tmp_path / "account.json"
    file.write_text(json.dumps(LOADED), "utf-8")

    with foreign_process("--load", str(file)) as server:
        state = server.state()

    assert [lead["values"]["mx_City"] for lead in state["leads"]] == ["Pune", "Kochi"]
    assert (state["activities"][0]["activity_id"], state["activities"][0]["updates"]) == (CALL, 0)


@pytest.mark.parametrize(
    ("option", "name", "value"),
    [
        ("--retrieve-paging=row-offset", "retrieve_paging", RetrievePaging.ROW_OFFSET),
        ("--message-id=lead", "message_id", MessageId.LEAD),
        ("--phone-match=stored", "phone_match", PhoneMatch.STORED),
        ("--opportunity-shows=opportunity", "opportunity_shows", OpportunityId.OPPORTUNITY),
        ("--unknown-owner=key-owner", "unknown_owner", UnknownOwner.KEY_OWNER),
        ("--short-update-answer", "short_update_answer", True),
        ("--serves-leads-by-ids", "serves_leads_by_ids", True),
        ("--no-user-by-access-key", "serves_user_by_access_key", False),
        ("--no-empty-value-clears", "empty_value_clears", False),
        ("--opportunity-is-bulk", "opportunity_is_bulk", True),
        ("--bulk-limit=1/5", "bulk_limit", (1, 5.0)),
        ("--most-rows=50", "most_rows", 50),
        ("--retrieve-unpaged-rows=all", "retrieve_unpaged_rows", None),
        ("--retrieve-unpaged-rows=10", "retrieve_unpaged_rows", 10),
        ("--omit-rows=0.5", "omit_rows", 0.5),
    ],
)
def test_an_option_sets_the_field_of_its_name(option: str, name: str, value: Any) -> None:
    """An option of the command line sets one field, and the others keep their defaults."""
    chosen = Behaviour(**vars(parser().parse_args([option])))

    assert getattr(chosen, name) == value
    assert chosen == replace(Behaviour(), **{name: value})


def test_requests_show_how_long_they_were_under_way(serve: Serve) -> None:
    """Read, arrived, answered: whether two requests overlapped can be told from the record."""
    server, caller = serve(latency_seconds=(4.0, 4.0), **LOADED)

    caller.call("POST", f"{RETRIEVE}?leadId={ASHA}")
    caller.call("POST", f"{RETRIEVE}?leadId={ASHA}")

    first, second = server.requests
    assert first.answered_at is not None
    assert first.read_at < first.arrival < first.answered_at == first.read_at + 4.0 <= second.read_at
