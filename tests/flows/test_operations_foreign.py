"""Each writing operation carries its sample sheet to a server written by others: right row by row, read in its own store."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.flows.conftest import Serve
from tests.flows.desk import Desk, Ended
from tests.flows.sheets import read
from tests.flows.test_operations import SAMPLES, Sample

PROJECT = Path(__file__).parents[2]
NOWHERE = "00000000-0000-0000-0000-000000000000"
STORED = {"created", "updated", "already_imported"}
KEY = "mx_Custom_20"
FOUND = "add-by-lead-id, leads found"

Row = dict[str, str]
Held = dict[str, Any]

GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
DAY_FORMS = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%d/%m/%Y %H:%M", "%d/%m/%Y", "%d-%b-%Y")


def test_visits_of_leads_known_by_address(desk: Desk, serve: Serve) -> None:
    """`add-by-lead-field`: each stored visit is there once, of the lead with that address, with every value of its row."""
    server = serve(unknown_leads=["nobody@example.com"])

    results, state, _ = run_sample(desk, server, "add-by-lead-field")

    kinds = {"SV": "Site Visit", "RV": "Revisit", "VC": "Virtual call"}
    leads = {lead["lead_id"]: lead["values"]["EmailAddress"] for lead in state["leads"]}

    def wanted(row: Row) -> Held:
        kind = kinds[row["Visit Type"]]
        return {
            "of": row["Email"],
            "at": utc(row["Visited On"]),
            "note": row["Remarks"],
            "owner": row["Executive"],
            "mx_Custom_1": kind,
            "mx_Custom_2": digits(row["Budget"]),
            "mx_Custom_3": phone(row["Mobile"]),
            "mx_Custom_4": day(row["Follow-up"]),
            "mx_Custom_5": f"{row['Visit Type']} at {row['Site']}",
            "mx_Custom_6": row["Plot No"],
            "mx_Custom_7": row["Customer"],
        }

    assert_each_is_there(results, state, wanted, lambda held: leads[held["lead_id"]])


def test_calls_of_leads_known_by_id(desk: Desk, serve: Serve) -> None:
    """`add-by-lead-id`: each stored call is there once, of the lead with that id; a lead that is not there is refused."""
    ids = {row["Lead Id"] for row in sample_rows("add-by-lead-id")} - {NOWHERE}
    server = serve(leads=[{"ProspectID": one} for one in sorted(filter(GUID.fullmatch, ids))])

    results, state, _ = run_sample(desk, server, "add-by-lead-id")

    def wanted(row: Row) -> Held:
        return {
            "of": row["Lead Id"],
            "at": utc(row["Called At"]),
            "note": row["Remarks"],
            "owner": row["Agent"],
            "Status": row["Outcome"],
            "mx_Custom_1": {"In": "Inbound", "Out": "Outbound"}[row["Direction"]],
            "mx_Custom_2": row["Minutes"],
        }

    assert_each_is_there(results, state, wanted, lambda held: held["lead_id"])


def test_visits_of_leads_found_by_phone_or_address(desk: Desk, serve: Serve) -> None:
    """`leads`: each stored visit is there once, of the lead that has its number or address; no lead is asked for twice."""
    leads, of = leads_to_find()
    server = serve(leads=leads, unknown_leads=["nobody@example.com"])

    results, state, _ = run_sample(desk, server, FOUND)

    def wanted(row: Row) -> Held:
        return {
            "of": of[phone(row["Mobile"]) if row["Mobile"] else row["Email"]],
            "at": utc(row["Visited On"]),
            "note": row["Remarks"],
            "owner": row["Executive"],
            "Status": row["Outcome"],
            "mx_Custom_5": row["Site"],
        }

    assert_each_is_there(results, state, wanted, lambda held: held["lead_id"])
    (ambiguous,) = [row for row in results if row["etl_code"] == "lead_ambiguous"]
    assert all(of[one] in ambiguous["etl_error"] for one in (phone(ambiguous["Mobile"]), ambiguous["Email"]))
    new = read(desk.folder / "visits_by_phone.new-leads.csv")
    assert new == [{"EmailAddress": "Nobody@example.com", "FirstName": "Nandini"}]
    asked = [
        request["path"] + str(request["query"]) for request in state["requests"] if "LeadManagement" in request["path"]
    ]
    assert len(asked) == len(set(asked)) > 40


def leads_to_find() -> tuple[list[Row], dict[str, str]]:
    """Leads as the sample knows them, phones as LeadSquared stores them; and number or address → the lead's id."""
    sample = SAMPLES[FOUND]
    rows = [
        row for number, row in enumerate(sample_rows(FOUND), start=2) if sample.expected[number][0] == sample.stored
    ]
    leads: list[Row] = []
    of: dict[str, str] = {}
    for row in sorted(rows, key=lambda row: not (row["Mobile"] and row["Email"])):
        told = {"Mobile": phone(row["Mobile"]) if row["Mobile"] else "", "EmailAddress": row["Email"]}
        values = [value for value in told.values() if value]
        if not of.keys() & values:
            leads.append({"ProspectID": f"55555555-5555-4555-8555-{len(leads):012}", **told})
            of |= dict.fromkeys(values, leads[-1]["ProspectID"])
    return leads, of


def test_payments_of_opportunities(desk: Desk, serve: Serve) -> None:
    """`add-by-opportunity`: each payment is there once, of its opportunity, and no request held two opportunities."""
    rows = sample_rows("add-by-opportunity")
    ids = sorted({row["Opportunity Id"] for row in rows if GUID.fullmatch(row["Opportunity Id"])} - {NOWHERE})
    server = serve(
        leads=[{"ProspectID": one[::-1]} for one in ids],
        opportunities=[{"OpportunityId": one, "ProspectID": one[::-1]} for one in ids],
        opportunity_shows="opportunity",
    )

    results, state, _ = run_sample(desk, server, "add-by-opportunity")

    def wanted(row: Row) -> Held:
        return {
            "of": row["Opportunity Id"],
            "note": row["Remarks"],
            "owner": row["Owner"],
            "mx_Custom_1": day(row["Paid On"]),
            "mx_Custom_2": digits(row["Amount"]),
            "mx_Custom_3": row["Mode"],
            "mx_Custom_4": row["Bank Ref"],
            "mx_Custom_5": row["Receipt No"],
        }

    assert_each_is_there(results, state, wanted, lambda held: held["opportunity_id"])
    sent = Counter(row["Opportunity Id"] for row in results if row["etl_status"] in {"created", "refused"})
    writes = writing(state, "Add/ByOpportunityId")
    assert len(writes) >= sum(-(-rows_of_one // 25) for rows_of_one in sent.values())
    assert len({request["query"] for request in writes}) == len(sent)


@pytest.mark.parametrize("short", [False, True], ids=["each row answered", "last row not answered"])
def test_updates_of_activities(desk: Desk, serve: Serve, short: bool) -> None:
    """`update`: each activity is in the end as the last of its rows says; a row that no answer names is not lost."""
    rows = sample_rows("update")
    ids = sorted({row["Activity Id"] for row in rows if GUID.fullmatch(row["Activity Id"])} - {NOWHERE})
    before = {"Status": "New", "mx_Custom_4": "2026-01-01", "mx_Custom_1": "Revisit"}
    fields = [{"SchemaName": name, "Value": value} for name, value in before.items()]
    activity = {"ActivityEvent": 320, "ActivityNote": "as it was", "Fields": fields, "RelatedProspectId": NOWHERE}
    server = serve(
        leads=[{"ProspectID": NOWHERE}],
        activities=[activity | {"ProspectActivityId": one} for one in ids],
        short_update_answer=short,
    )

    results, state, _ = run_sample(desk, server, "update")

    expected = {one: {"note": "as it was", **before} for one in ids}
    for row in results:
        if row["etl_status"] not in STORED:
            assert row["ProspectActivityId"] == ""
            continue
        assert row["ProspectActivityId"] == row["Activity Id"]
        held = expected[row["Activity Id"]]
        held["mx_Custom_4"] = day(row["Follow-up"])  # an empty cell clears it, by the mapping's own words
        held |= {"Status": row["Status"]} if row["Status"] else {}
        held |= {"note": row["Remarks"]} if row["Remarks"] else {}
    assert {held["activity_id"]: {"note": held["note"], **held["fields"]} for held in state["activities"]} == expected
    for request in writing(state, "Update"):
        named = [element["ProspectActivityId"] for element in json.loads(request["body"])]
        assert len(named) == len(set(named))


@pytest.mark.parametrize("message_id", ["lead", "neither"])
def test_walk_ins_of_leads_new_or_not(desk: Desk, serve: Serve, message_id: str) -> None:
    """`create-lead-and-activity`: one lead per address, as its last row says; each walk-in once; no two of a lead at once."""
    known = [{"EmailAddress": row["Email"], "FirstName": "?", "mx_City": "Pune"} for row in walk_ins()[:40]]
    server = serve(leads=list({one["EmailAddress"]: one for one in known}.values()), message_id=message_id)

    results, state, _ = run_sample(desk, server, "create-lead-and-activity")

    leads = {lead["lead_id"]: lead["values"] for lead in state["leads"]}

    def wanted(row: Row) -> Held:
        return {
            "of": row["Email"],
            "at": utc(row["Came On"]),
            "note": row["Remarks"],
            "mx_Papers": json.dumps({"mx_CustomObject_1": row["Form No"]}),
            "mx_Custom_1": row["Site"],
            "mx_Custom_2": digits(row["Budget"]),
        }

    assert_each_is_there(results, state, wanted, lambda held: leads[held["lead_id"]]["EmailAddress"])
    last = {row["Email"]: row for row in results if row["etl_status"] in STORED}
    held_leads = {values["EmailAddress"]: values for values in leads.values()}
    assert len(held_leads) == len(leads)
    assert last.keys() <= held_leads.keys() <= last.keys() | {one["EmailAddress"] for one in known}
    for email, row in last.items():
        assert held_leads[email]["FirstName"] == row["Name"]
        assert held_leads[email]["Phone"] == phone(row["Mobile"])
        assert held_leads[email]["Source"] == row["Source"]
    assert_one_after_the_other(state)


WALK_INS = "Walk-in No,Email,Came On,Name,Mobile,Source,Site,Budget,ID Proof,ID Checked,Form No,Remarks"


def test_rows_of_one_lead_never_overlap(desk: Desk, serve: Serve) -> None:
    """Rows of one lead, side by side in the sheet, go one after the other in its order; leads do not wait for each other."""
    server = serve(leads=[], latency_seconds=(0.03, 0.06))
    lines = [
        f"W-{number},{'one' if number % 3 else 'two'}@example.com,07/03/2026 1{number // 10}:{number % 10:02},Name {number},"
        f"98765 43{number:03},Friend,Here,{number},,,,visit {number}"
        for number in range(24)
    ]
    (desk.folder / "walk_ins.csv").write_text("\n".join([WALK_INS, *lines]) + "\n", encoding="utf-8")

    ended = desk.etl("run", "walk_ins.csv", "-m", PROJECT / "mappings" / "new_leads.yaml")

    assert ended.counts() == {"created": 24}, ended.said
    state = server.state()
    intervals = assert_one_after_the_other(state)
    both = [(one, other) for one in intervals["one@example.com"] for other in intervals["two@example.com"]]
    assert any(one[0] < other[1] and other[0] < one[1] for one, other in both)
    names = {lead["values"]["EmailAddress"]: lead["values"]["FirstName"] for lead in state["leads"]}
    assert names == {"one@example.com": "Name 23", "two@example.com": "Name 21"}


def run_sample(desk: Desk, server: Any, operation: str) -> tuple[list[Row], dict[str, Any], Ended]:
    """The sample of an operation through the real command: its results, and what the server holds."""
    sample = SAMPLES[operation]
    shutil.copy(PROJECT / "sample_data" / sample.sheet, desk.folder)
    ended = desk.etl("run", sample.sheet, "-m", PROJECT / "mappings" / sample.mapping)
    results = read(desk.folder / sample.sheet.replace(".", ".results."))
    wrong = {row["etl_row"]: row for row in results if not is_as_expected(row, sample)}
    assert wrong == {}, ended.said
    assert ended.code == 4, ended.said
    assert len(results) == sample.rows >= 100
    assert ended.counts() == Counter(row["etl_status"].replace("_", " ") for row in results)
    assert server.refused_for_rate == 0
    return results, server.state(), ended


def is_as_expected(row: Row, sample: Sample) -> bool:
    status, code = sample.expected[int(row["etl_row"])]
    how = {code, "read_back"} if row["etl_status"] in STORED else {code}
    return row["etl_status"] == status and row["etl_code"] in how


def sample_rows(operation: str) -> list[Row]:
    return read(PROJECT / "sample_data" / SAMPLES[operation].sheet)


def walk_ins() -> list[Row]:
    return [row for row in sample_rows("create-lead-and-activity") if "@" in row["Email"]]


def assert_each_is_there(
    results: list[Row], state: Mapping[str, Any], wanted: Callable[[Row], Held], of: Callable[[Held], str]
) -> None:
    """Every stored row names an activity with its values, created rows one of their own; nothing else is there."""
    at_server = {held["activity_id"]: held for held in state["activities"]}
    created = [row["ProspectActivityId"] for row in results if row["etl_status"] == "created"]
    assert sorted(created) == sorted(at_server)
    for row in results:
        if row["etl_status"] not in STORED:
            assert (row["ProspectActivityId"] in at_server) is (row["etl_status"] == "changed"), row
            continue
        held = at_server[row["ProspectActivityId"]]
        fields = {name: value for name, value in held["fields"].items() if name != KEY}
        shown = {"of": of(held), "note": held["note"], "owner": held["owner_email"], **fields}
        expected = {name: value for name, value in wanted(row).items() if value}
        if "at" in expected:
            shown["at"] = held["created_on"]
        assert {name: value for name, value in shown.items() if value} == expected, row["etl_row"]


def assert_one_after_the_other(state: Mapping[str, Any]) -> dict[str, list[tuple[float, float]]]:
    """Of no lead were two requests under way at once. Returns: when they were, by address."""
    intervals: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for request in writing(state, "CreateCustom"):
        details = {one["Attribute"]: one["Value"] for one in json.loads(request["body"])["LeadDetails"]}
        intervals[details["EmailAddress"]].append((request["read_at"], request["answered_at"]))
    for moments in intervals.values():
        moments.sort()
        assert all(before[1] <= after[0] for before, after in pairwise(moments))
    assert max(map(len, intervals.values())) > 1
    return intervals


def writing(state: Mapping[str, Any], path: str) -> list[dict[str, Any]]:
    return [request for request in state["requests"] if request["path"].endswith(path)]


def moment(text: str) -> datetime:
    for form in DAY_FORMS:
        try:
            return datetime.strptime(text, form)  # noqa: DTZ007 — a cell has no zone
        except ValueError:
            continue
    raise ValueError(text)


def utc(text: str) -> str:
    """The time of a cell, which is India's, as LeadSquared has it."""
    return f"{moment(text) - timedelta(hours=5, minutes=30):%Y-%m-%d %H:%M:%S}"


def day(text: str) -> str:
    return f"{moment(text):%Y-%m-%d}" if text else ""


def digits(text: str) -> str:
    return re.sub(r"\.0*$", "", re.sub(r"[₹, ]", "", text))


def phone(text: str) -> str:
    return f"+91-{re.sub(r'[^0-9]', '', text)[-10:]}"
