"""Operation × switch → outcome of each row: what a sheet comes to under every answer that the vendor's pages leave open.

Seven rows: good ones, two of one address, an address that nothing belongs to, an owner who is no user, an option of a dropdown
written in small letters, and one without a field that its type calls mandatory.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import pytest

from etl.records import Outcome
from etl.simulator import (
    ActivityField,
    BadOwner,
    BulkFailureMode,
    BulkOrder,
    BulkSuccessShape,
    DropdownCase,
    EmptyValue,
    MandatoryFields,
    MessageId,
    OpportunityShows,
    OverTwentyFive,
    Switches,
    UpdateAnswers,
    User,
)
from tests.laws.invariants import MAY_BE_STORED
from tests.stages.corrections import correct
from tests.stages.office import KEY, VISIT, Office, office, results

OWNER = "asha@example.com"
TYPES = {"update": 200, "add-by-opportunity": 12000}
FIELDS = (
    ActivityField(VISIT),
    ActivityField("mx_Custom_2", data_type="Dropdown", options=("Open", "Closed")),
    ActivityField("mx_Custom_3", is_mandatory=True),
    ActivityField(KEY),
)
GUID = "11111111-1111-4111-8111-{:012}"
NO_SUCH_ID = "00000000-0000-4000-8000-000000000001"
MAPPING = """\
version: 1
name: visits
operation: {operation}
{search}activity: {{event: {event}}}
columns:
  Email: {target}
  Visit: mx_Custom_1
  State: mx_Custom_2
  Must: mx_Custom_3
{more}"""


OF_BULK = ("bulk_failure_mode", "bulk_order", "bulk_success_shape")


@dataclass(frozen=True)
class Way:
    """One operation as the table uses it. refused: rows that it refuses where nothing is switched, the others being stored.

    asks: switches that concern it, beside those of every operation. untold: rows of which it cannot be told, for want of a key.
    """

    operation: str
    target: str
    refused: tuple[str, ...]
    more: str = f"  Remarks: ActivityNote\n  Owner: ActivityOwnerEmail\nrow_key_field: {KEY}\n"
    search: str = ""
    by_id: bool = True
    stored: Outcome = Outcome.CREATED
    asks: tuple[str, ...] = OF_BULK
    untold: tuple[str, ...] = ()

    @property
    def mapping(self) -> str:
        event = TYPES.get(self.operation, 320)
        return MAPPING.format(
            operation=self.operation, search=self.search, event=event, target=self.target, more=self.more
        )

    @property
    def outcomes(self) -> dict[str, Outcome]:
        """What the sheet comes to where nothing is switched."""
        ends = dict.fromkeys((one["Visit"] for one in ROWS), self.stored)
        return ends | dict.fromkeys(self.refused, Outcome.REFUSED) | dict.fromkeys(self.untold, Outcome.UNCONFIRMED)

    def sheet(self) -> list[dict[str, str]]:
        return [row | {"Email": self._address(row["Email"])} for row in ROWS]

    def _address(self, person: str) -> str:
        if self.by_id:
            return GUID.format(int(person)) if person.isdecimal() else NO_SUCH_ID
        return f"person{person}@example.com" if person.isdecimal() else f"{person}@example.com"


def row(name: str, person: str, **cells: str) -> dict[str, str]:
    return {
        "Email": person,
        "Visit": name,
        "Remarks": f"of {name}",
        "Owner": OWNER,
        "State": "Open",
        "Must": "x",
    } | cells


ROWS = (
    row("good", "1"),
    row("other", "2"),
    row("unknown", "nobody"),
    row("owner", "3", Owner="gone@example.com"),
    row("option", "4", State="open"),
    row("bare", "5", Must=""),
    row("again", "1", Remarks=""),
)
WITHOUT_KEY = "  Remarks: ActivityNote\n  Owner: ActivityOwnerEmail\n"
EMAIL = "search_by: EmailAddress\n"
WITH_OPPORTUNITY = (*OF_BULK, "opportunity_shows")
OF_AN_ADD = ("unknown", "owner", "option", "bare")
WAYS = {
    "lead field": Way("add-by-lead-field", "SearchByValue", OF_AN_ADD, search=EMAIL, by_id=False),
    "lead id": Way("add-by-lead-id", "RelatedProspectId", OF_AN_ADD),
    "opportunity": Way("add-by-opportunity", "OpportunityId", OF_AN_ADD, asks=WITH_OPPORTUNITY),
    "opportunity, no key": Way(
        "add-by-opportunity", "OpportunityId", OF_AN_ADD, WITHOUT_KEY, asks=WITH_OPPORTUNITY, untold=("unknown",)
    ),
    "update": Way(
        "update",
        "ProspectActivityId",
        ("unknown", "option"),
        "  Remarks: {to: ActivityNote, when_empty: clear}\n",
        stored=Outcome.UPDATED,
        asks=(*OF_BULK, "update_answers", "empty_value"),
    ),
    "with lead": Way(
        "create-lead-and-activity",
        "Lead.EmailAddress",
        ("option", "bare"),
        f"  Remarks: ActivityNote\nrow_key_field: {KEY}\n",
        EMAIL,
        by_id=False,
        asks=("message_id", "empty_value"),
    ),
}


def an_office(folder: Path, way: Way, **switches: Any) -> Office:
    options = {
        "activity_fields": dict.fromkeys((200, 320, 12000), FIELDS),
        "users": (User(OWNER, "Asha"),),
        "other_activities_exist": way.operation == "update",
    }
    desk = office(folder, mapping=way.mapping, options=options, **switches)
    desk.waits = (2.0, 4.0)
    return desk


# What each switch changes

CREATED, UPDATED, REFUSED = Outcome.CREATED, Outcome.UPDATED, Outcome.REFUSED
UNCONFIRMED, WAITING = Outcome.UNCONFIRMED, Outcome.WAITING
OF_ALL = ("error_in_200",)
CHECKS: dict[str, Any] = {
    "bad_owner": BadOwner.FALL_BACK,
    "dropdown_case": DropdownCase.CASE_INSENSITIVE,
    "mandatory_fields": MandatoryFields.STORED,
}
"""The milder value of each switch that is about one row of the sheet alone: they are turned together."""

VALUES: dict[str, tuple[Any, ...]] = {
    "bulk_failure_mode": tuple(BulkFailureMode),
    "bulk_order": tuple(BulkOrder),
    "bulk_success_shape": tuple(BulkSuccessShape),
    "opportunity_shows": tuple(OpportunityShows),
    "update_answers": tuple(UpdateAnswers),
    "empty_value": tuple(EmptyValue),
    "message_id": tuple(MessageId),
    "error_in_200": (False, True),
}
"""Switches that concern what is written; the first value is what an office has that nobody has switched."""

UNTOLD = {"unknown": UNCONFIRMED, "owner": UNCONFIRMED, "option": UNCONFIRMED, "bare": UNCONFIRMED}
UNTOLD_ON_OPPORTUNITY = {"owner": UNCONFIRMED, "option": UNCONFIRMED, "bare": UNCONFIRMED}
UNTOLD_UPDATE = {"option": UNCONFIRMED}
OPEN = dict.fromkeys((one["Visit"] for one in ROWS), UNCONFIRMED)
OMITTED, COUNT, FEWER = BulkFailureMode.INLINE_OMITTED, BulkSuccessShape.COUNT, BulkSuccessShape.FEWER_ROWS
WHOLE = {BulkFailureMode.ALL_OR_NOTHING: UNTOLD, BulkFailureMode.ABORT_MIDWAY: UNTOLD}
CHANGES: dict[str, dict[Any, dict[str, Outcome]]] = {
    "lead field": {OMITTED: UNTOLD, COUNT: UNTOLD, FEWER: UNTOLD},
    "lead id": {OMITTED: UNTOLD, COUNT: UNTOLD, FEWER: UNTOLD},
    "opportunity": dict.fromkeys((OMITTED, COUNT, FEWER), UNTOLD_ON_OPPORTUNITY),
    "opportunity, no key": {OMITTED: UNTOLD, COUNT: OPEN, FEWER: OPEN, **WHOLE},
    "update": {OMITTED: UNTOLD_UPDATE, COUNT: UNTOLD_UPDATE, FEWER: UNTOLD_UPDATE},
    "with lead": {},
}
"""Rows that end otherwise than by `Way.outcomes`, by what is switched. What LeadSquared refuses without a word stays open."""

CASES = [
    (name, switch, value)
    for name, way in WAYS.items()
    for switch in ("", *way.asks, *OF_ALL)
    for value in (VALUES[switch][1:] if switch else ("nothing",))
]


def outcomes_of(lines: list[dict[str, str]]) -> dict[str, Outcome]:
    return {line["Visit"]: Outcome(line["etl_status"]) for line in lines}


def check_laws(desk: Office, way: Way, lines: list[dict[str, str]]) -> None:
    """No row is called created without an id that LeadSquared holds, and no row that it holds is called anything else."""
    visit_of = {activity_id: visit for visit, activity_id in desk.ids.items() if visit}
    for line in lines:
        name, status, activity_id = line["Visit"], line["etl_status"], line["ProspectActivityId"]
        if status == CREATED:
            assert visit_of.get(activity_id) == name, f"{name} is called created under {activity_id or 'no id'}"
        if name in desk.ids:
            assert status in MAY_BE_STORED, f"{name} is there and is called {status}"
    if way.stored is CREATED:
        held = [next(one["Value"] for one in held["Fields"] if one["SchemaName"] == VISIT) for held in shown(desk)]
        assert len(held) == len(set(held)), "a row is there twice"
        return
    by_id = {held["ProspectActivityId"]: held for held in shown(desk)}
    last = {line["ProspectActivityId"]: line["Visit"] for line in lines if line["etl_status"] == UPDATED}
    assert {activity_id: visit_of[activity_id] for activity_id in last} == last, "an older row has the last word"
    assert last.keys() <= by_id.keys()


def shown(desk: Office) -> list[dict[str, Any]]:
    return [one for one in desk.simulator.activities() if one["Fields"]]


@pytest.mark.parametrize(("name", "switch", "value"), CASES, ids=[f"{name} - {value}" for name, _, value in CASES])
def test_what_each_row_comes_to(tmp_path: Path, name: str, switch: str, value: Any) -> None:
    """The row of the table: refused and open rows are named, all others are stored; and what is called stored is there."""
    way = WAYS[name]
    desk = an_office(tmp_path, way, **({switch: value} if switch else {}))

    lines = results(correct(desk, way.sheet()))

    assert outcomes_of(lines) == way.outcomes | CHANGES[name].get(value, {})
    check_laws(desk, way, lines)


@pytest.mark.parametrize("name", WAYS)
def test_what_leadsquared_takes_where_its_checks_are_milder(tmp_path: Path, name: str) -> None:
    """An owner who falls back, an option in small letters and a missing mandatory field are stored, and told so."""
    way = WAYS[name]
    desk = an_office(tmp_path, way, **CHECKS)

    lines = results(correct(desk, way.sheet()))

    assert outcomes_of(lines) == way.outcomes | dict.fromkeys(("owner", "option", "bare"), way.stored)
    check_laws(desk, way, lines)


@pytest.mark.parametrize(
    ("name", "value"),
    [("lead field", value) for value in OverTwentyFive]
    + [(name, OverTwentyFive.TRUNCATE) for name in ("lead id", "opportunity", "update")],
)
def test_no_request_is_large_enough_to_ask_what_happens_above_25_rows(
    tmp_path: Path, name: str, value: OverTwentyFive
) -> None:
    """27 good rows are stored, each once, whatever LeadSquared makes of larger requests."""
    way = WAYS[name]
    desk = an_office(tmp_path, way, over_25_rows=value)
    good = way.sheet()[0]
    rows = [
        good | {"Visit": f"V{number}"} | ({"Email": GUID.format(number)} if way.stored is UPDATED else {})
        for number in range(27)
    ]

    summary = correct(desk, rows)

    assert summary.equation.outcomes == {way.stored: 27}
    check_laws(desk, way, results(summary))
    assert desk.simulator.stats()["largest_request_rows"] <= 25


EMPTY_NOTES = {EmptyValue.CLEARS: {None, ""}, EmptyValue.IGNORED: {"of good"}}


@pytest.mark.parametrize("value", EmptyValue)
def test_what_an_empty_value_leaves(tmp_path: Path, value: EmptyValue) -> None:
    """The last row of an activity clears its note on purpose; LeadSquared may ignore that without a word."""
    way = WAYS["update"]
    desk = an_office(tmp_path, way, empty_value=value)

    correct(desk, way.sheet())

    notes = {held["ProspectActivityId"]: held["ActivityNote"] for held in shown(desk)}
    assert notes[GUID.format(1)] in EMPTY_NOTES[value]


NOT_OF_WRITING = {
    "throttle_form",
    "retry_after",
    "auth_in",
    "by_event_delay_seconds",
    "by_lead_delay_seconds",
    "unstable_ties",
    "subsecond",
    "page_over_cap",
    "retrieve_offset",
    "retrieve_without_paging",
    "empty_list_key",
    "phone_match",
    "lead_shape",
    "values_on_reading",
    "values_cut_to",
    "created_on_shows",
    "reads_forbidden",
    "forbidden_form",
    "fields_lost",
    "row_key_fields",
    "rate_window",
    "delete_delay_seconds",
}
"""Switches of reading, of limits and of the door: other tests turn them, and the histories of `tests/laws` all at once."""


def test_no_switch_of_writing_is_forgotten() -> None:
    """Whoever adds a switch says here what it does to rows, or that it does nothing to them."""
    switches = {one.name for one in fields(Switches)}

    assert switches == {*VALUES, *CHECKS, "over_25_rows"} | NOT_OF_WRITING
