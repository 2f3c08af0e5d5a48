"""The live check: what is certain stops an import, what is doubtful is said, what is not told is no obstacle."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from etl.errors import UsageError
from etl.events import StopSignal, ignore
from etl.records import ApiAnswer, Exchange, LineEnd, TransportFailure
from etl.simulator.metadata import ActivityField, LeadField, User
from etl.stages.live_check import live_check
from etl.stages.live_check_facts import REMEMBERED_SECONDS
from etl.stages.prepare import PreparedInput, inputs, load, stage
from tests.stages.live_desk import LiveDesk, live_desk

MAPPING = """\
version: 1
name: visits
operation: add-by-lead-field
search_by: EmailAddress
activity: {event: 320, name: Site Visit}
columns:
  Email: SearchByValue
  Owner: ActivityOwnerEmail
  Visit: mx_Custom_1
  Kind: {to: mx_Custom_2, type: choice, options: {SV: Site Visit, RV: Revisit}}
  Budget: {to: mx_Custom_3, type: number}
"""
FIELDS = (
    ActivityField("mx_Custom_1", "Visit Number"),
    ActivityField("mx_Custom_2", "Visit Type", "SearchableDropdown", ("Site Visit", "Revisit")),
    ActivityField("mx_Custom_3", "Budget", "Number"),
    ActivityField("mx_Custom_4", "Visit Date", "DateTime"),
    ActivityField("mx_Custom_9", "Remark", max_length=50),
)
ACCOUNT: dict[str, Any] = {
    "activity_types": {201: "Phone Call", 320: "Site Visit", 321: "Site Visit (old)"},
    "activity_fields": {320: FIELDS},
    "users": (User("asha@example.com"), User("gone@example.com", is_active=False)),
    "lead_fields": (LeadField("mx_City", "City"),),
}
ROW = {"Email": "a@example.com", "Owner": "asha@example.com", "Visit": "V1", "Kind": "SV", "Budget": "5"}
SHORT = {"ActivityTypes.Get": 1, "GetActivitySetting": 1, "Users.Get": 1}


def prepared(desk: LiveDesk, folder: Path, mapping: str, *rows: Mapping[str, str]) -> list[PreparedInput]:
    path = folder / "visits.yaml"
    path.write_text(mapping, encoding="utf-8")
    sheet = folder / "visits.csv"
    with sheet.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(ROW))
        writer.writeheader()
        writer.writerows(rows or [ROW])
    found = inputs([sheet], load(path, desk.ledger), desk.ledger)
    plan = desk.ledger.plan()
    for one in found:
        stage(one, plan, ignore, StopSignal())
    return found


def check(
    desk: LiveDesk, folder: Path, mapping: str = MAPPING, *rows: Mapping[str, str], thorough: bool = False
) -> None:
    found = prepared(desk, folder, mapping, *rows)
    live_check(found, desk.connection, desk.ledger, desk.heard.append, is_thorough=thorough)


def test_a_mapping_that_fits_is_silent_and_costs_three_requests_an_hour(tmp_path: Path) -> None:
    """Three requests where nothing is remembered, none within the hour, three again behind it; not a word."""
    asked = []
    with live_desk(tmp_path, ACCOUNT) as desk:
        for wait in (0.0, REMEMBERED_SECONDS - 60, 120.0):
            desk.clock.move(wait)
            check(desk, tmp_path)
            asked.append(dict(desk.client.asked))
            desk.client.asked.clear()
        spent = desk.ledger.requests.spent_today(desk.connection.record.account_id)

    assert asked == [SHORT, {}, SHORT]
    assert desk.notes == []
    assert spent == 7  # the one for the keys too: all of them count in the account's limits


STOPS = {
    "no such number": (("event: 320", "event: 99"), 5, "no activity type with the number 99", "Write event: 320"),
    "no such number or name": (
        ("{event: 320, name: Site Visit}", "{event: 99}"),
        5,
        "no activity type with the number 99",
        "it has: 201 Phone Call, 320 Site Visit",
    ),
    "another name": (
        ("event: 320", "event: 201"),
        5,
        'The activity type 201 is called "Phone Call" in this account, not "Site Visit"; "Site Visit" has the number 320.',
        "Write event: 320",
    ),
    "a name nearly known": (
        ("{event: 320, name: Site Visit}", "{event: 99, name: Phone Cal}"),
        5,
        '"Phone Call" has',
        "201",
    ),
    "no such field": (
        ("Visit: mx_Custom_1", "Visit: mx_Custom_7"),
        9,
        "no field mx_Custom_7 in activity type 320",
        "schema",
    ),
    "the shown name for a field": (
        ("Visit: mx_Custom_1", "Visit: mx_Visit_Number"),
        9,
        'no field mx_Visit_Number in activity type 320. Did you mean mx_Custom_1 ("Visit Number")?',
        "Correct the target",
    ),
    "a column named as another field is shown": (
        ("{to: mx_Custom_3,", "{to: mx_Custom_8,"),
        11,
        'Did you mean mx_Custom_3 ("Budget")?',
        "Correct the target",
    ),
    "no such field for the row key": (
        ("columns:", "row_key_field: mx_Custom_20\ncolumns:"),
        6,
        "no field mx_Custom_20",
        "make",
    ),
}


@pytest.mark.parametrize(("change", "line", "error", "remedy"), STOPS.values(), ids=STOPS)
def test_what_is_certainly_wrong_stops_the_import(
    tmp_path: Path, change: tuple[str, str], line: int, error: str, remedy: str
) -> None:
    """With file, line, what LeadSquared has, and what to write instead."""
    with (
        live_desk(tmp_path, ACCOUNT) as desk,
        pytest.raises(UsageError, match="does not fit the account prod") as caught,
    ):
        check(desk, tmp_path, MAPPING.replace(*change))

    (finding,) = caught.value.findings
    assert (finding.place.file, finding.place.line) == (str(tmp_path / "visits.yaml"), line)
    assert error in str(finding)
    assert remedy in finding.problem.remedy
    assert "Nothing was sent. If you know better than LeadSquared's own lists, add --no-preflight." in str(caught.value)


DOUBTS = {
    "another kind of field": (
        ("Visit: mx_Custom_1", "Visit: mx_Custom_4"),
        "of type DateTime in LeadSquared; the mapping sends a text",
    ),
    "a text for a number": (
        ("Budget: {to: mx_Custom_3, type: number}", "Budget: mx_Custom_3"),
        "of type Number in LeadSquared",
    ),
    "a shorter field": (
        ("Visit: mx_Custom_1", "Visit: mx_Custom_9"),
        "holds 50 characters in LeadSquared; the mapping allows 200",
    ),
    "an option in another case": (
        ("SV: Site Visit", "SV: site visit"),
        'is no option of mx_Custom_2 in LeadSquared. Did you mean "Site Visit"?',
    ),
}


@pytest.mark.parametrize(("change", "said"), DOUBTS.values(), ids=DOUBTS)
def test_what_is_doubtful_is_said_in_one_line(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    """LeadSquared may take it all the same, so the import goes on."""
    with live_desk(tmp_path, ACCOUNT) as desk:
        check(desk, tmp_path, MAPPING.replace(*change))

    (note,) = desk.notes
    assert said in note
    assert note.startswith(str(tmp_path / "visits.yaml"))


FITS = {
    "a note, whatever its length is told to be": "columns:\n  Visit2: {to: ActivityNote, max_length: 2000}",
    "options that LeadSquared is asked not to check": "skip_dropdown_validation: true\ncolumns:",
    "a number as a constant": "values: {mx_Custom_3: {constant: '12.5'}}\ncolumns:",
    "a length within the field's": "values: {mx_Custom_9: {text: '{Visit}', max_length: 50}}\ncolumns:",
    "a name in another case": None,
}


@pytest.mark.parametrize("head", FITS.values(), ids=FITS)
def test_what_fits_is_not_spoken_of(tmp_path: Path, head: str | None) -> None:
    """No false alarm."""
    mapping = MAPPING.replace("name: Site Visit", "name: site  visit") if head is None else MAPPING
    if head is not None:
        mapping = mapping.replace("columns:", head)
    if "skip_" in mapping:
        mapping = mapping.replace("SV: Site Visit", "SV: site visit")
    if "12.5" in mapping:
        mapping = mapping.replace("  Budget: {to: mx_Custom_3, type: number}\n", "")
    if "Visit2" in mapping:
        mapping = mapping.replace("  Visit2:", "  Visit: [mx_Custom_1,").replace(
            "max_length: 2000}", "max_length: 2000}]"
        )
        mapping = mapping.replace("  Visit: mx_Custom_1\n", "")
    with live_desk(tmp_path, ACCOUNT) as desk:
        check(desk, tmp_path, mapping)

    assert desk.notes == []


def test_a_mandatory_field_that_nothing_fills_is_said_for_additions(tmp_path: Path) -> None:
    """Whether LeadSquared enforces it is not documented; an update need not fill it."""
    fields = (*FIELDS, ActivityField("mx_Custom_5", "Site", is_mandatory=True))
    with live_desk(tmp_path, ACCOUNT | {"activity_fields": {320: fields}}) as desk:
        check(desk, tmp_path)

    (note,) = desk.notes
    assert 'mx_Custom_5 ("Site") is mandatory in LeadSquared, and no column fills it.' in note


def test_owners_who_are_no_active_users_are_named_with_their_first_row(tmp_path: Path) -> None:
    """Once for each, the nearest user beside a misspelled one, and no more than five of them."""
    owners = ["asha@example.com", "asha@exampel.com", "GONE@example.com", "asha@exampel.com"]
    with live_desk(tmp_path, ACCOUNT) as desk:
        check(desk, tmp_path, MAPPING, *[ROW | {"Owner": owner} for owner in owners])
        first, desk.heard = desk.notes, []
        check(desk, tmp_path, MAPPING, *[ROW | {"Owner": f"{number}{number}@nowhere.example"} for number in range(8)])

    assert [note.partition(" (")[0] for note in first] == ['"asha@exampel.com"', '"GONE@example.com"']
    assert 'first in row 3) is no user of this LeadSquared account. Did you mean "asha@example.com"?' in first[0]
    assert "first in row 4) is a user who was deactivated" in first[1]
    assert len(desk.notes) == 6
    assert desk.notes[-1] == "  and 3 more of this kind (owner_unknown)."


JSON_LIST = ApiAnswer(200, {}, b'{"not": "a list"}')
UNTOLD: dict[str, Exchange] = {
    "missing": ApiAnswer(404, {}, b"no such page"),
    "wrong method": ApiAnswer(405, {}, b""),
    "forbidden": ApiAnswer(403, {}, b'{"Status":"Error","ExceptionType":"MXUnauthorizedRequestException"}'),
    "refused": ApiAnswer(401, {}, b'{"Status":"Error","ExceptionType":"MXUnAuthorizedAccessException"}'),
    "no JSON": ApiAnswer(200, {}, b"<html>hello</html>"),
    "another shape": JSON_LIST,
    "an error in 200": ApiAnswer(200, {}, b'{"Status":"Error","ExceptionMessage":"no"}'),
    "a fault": ApiAnswer(500, {}, b"There was an error processing the request."),
}


@pytest.mark.parametrize("answer", UNTOLD.values(), ids=UNTOLD)
def test_what_is_not_told_is_said_once_and_keeps_no_row_out(tmp_path: Path, answer: Exchange) -> None:
    """One line for all of them; within the hour neither asked nor said again."""
    with live_desk(tmp_path, ACCOUNT, dict.fromkeys(SHORT, answer)) as desk:
        check(desk, tmp_path)
        first = desk.notes
        desk.heard.clear()
        desk.client.asked.clear()
        check(desk, tmp_path)

    assert first == [
        "Not checked, because LeadSquared does not tell it to this user: activity types, fields of activity type 320, users."
    ]
    assert (desk.notes, desk.asked) == ([], 0)


def test_a_network_that_fails_ends_the_questions_and_is_asked_again(tmp_path: Path) -> None:
    """The import itself says what is wrong then; nothing of it is remembered."""
    with live_desk(tmp_path, ACCOUNT) as desk:
        desk.client.answers["ActivityTypes.Get"] = TransportFailure(LineEnd.LOST, "cut")
        check(desk, tmp_path)
        first = dict(desk.client.asked)
        desk.client.answers.clear()
        desk.client.asked.clear()
        check(desk, tmp_path)

    assert first == {"ActivityTypes.Get": 4}  # a few attempts, and nothing behind them
    assert dict(desk.client.asked) == SHORT


def test_empty_lists_tell_nothing(tmp_path: Path) -> None:
    """An account that lists no types, fields or users is not believed to have none."""
    empty = ApiAnswer(200, {}, b"[]")
    fields = ApiAnswer(200, {}, b'{"Fields": []}')
    with live_desk(tmp_path, ACCOUNT, {"ActivityTypes.Get": empty, "GetActivitySetting": fields}) as desk:
        check(desk, tmp_path)

    assert desk.notes == []


def test_a_type_that_has_fields_exists_though_it_is_not_listed(tmp_path: Path) -> None:
    """Lists may be cut by rights; two answers that disagree stop nobody."""
    listed = ApiAnswer(200, {}, b'[{"ActivityEvent": "201", "ActivityEventName": "Phone Call"}]')
    with live_desk(tmp_path, ACCOUNT, {"ActivityTypes.Get": listed}) as desk:
        check(desk, tmp_path)

    assert desk.notes == []


def test_what_would_stop_a_run_is_asked_anew(tmp_path: Path) -> None:
    """Who mends the mistake in LeadSquared need not wait until it is forgotten."""
    wrong = MAPPING.replace("Visit: mx_Custom_1", "Visit: mx_Custom_7")
    with live_desk(tmp_path, ACCOUNT) as desk:
        with pytest.raises(UsageError):
            check(desk, tmp_path, wrong)
        fields = (*FIELDS, ActivityField("mx_Custom_7", "New"))
        object.__setattr__(desk.client.simulator.options, "activity_fields", {320: fields})
        check(desk, tmp_path, wrong)

    assert desk.notes == []


def test_a_thorough_check_asks_everything_anew_and_says_what_fields_are_called(tmp_path: Path) -> None:
    """`etl check --live`: lead fields too, and what stands behind each slot, which means something else in every type."""
    with live_desk(tmp_path, ACCOUNT) as desk:
        check(desk, tmp_path)
        desk.client.asked.clear()
        check(desk, tmp_path, thorough=True)

    assert dict(desk.client.asked) == SHORT | {"LeadsMetaData.Get": 1}
    assert desk.notes == [
        "The mapping fits activity type 320 of this account: mx_Custom_1 is “Visit Number”; mx_Custom_2 is “Visit Type”; "
        "mx_Custom_3 is “Budget”."
    ]


def test_a_thorough_check_asks_for_options_that_the_fields_do_not_tell(tmp_path: Path) -> None:
    """Some accounts tell the options of a dropdown only when they are asked for it alone."""
    fields = ApiAnswer(
        200,
        {},
        b'{"Fields": [{"SchemaName": "mx_Custom_1"}, {"SchemaName": "mx_Custom_3", "DataType": "Number"},'
        b'{"SchemaName": "mx_Custom_2", "DisplayName": "Type", "DataType": "SearchableDropdown", "OptionSet": ""}]}',
    )
    options = ApiAnswer(200, {}, b'{"Options": ["Site Visit", "Second Visit"]}')
    with live_desk(tmp_path, ACCOUNT, {"GetActivitySetting": fields, "Get": options}) as desk:
        check(desk, tmp_path, thorough=True)

    assert ['"Revisit" is no option of mx_Custom_2 in LeadSquared.' in note for note in desk.notes] == [True, False]


LEADS = """\
version: 1
name: new-leads
operation: create-lead-and-activity
search_by: EmailAddress
activity: {event: 320}
columns:
  Email: Lead.EmailAddress
  Owner: Lead.Town
  Visit: mx_Custom_1
"""


def test_a_lead_attribute_that_does_not_exist_stops_the_import(tmp_path: Path) -> None:
    """One alone makes LeadSquared refuse the whole lead; such a mapping is asked about before every run."""
    with live_desk(tmp_path, ACCOUNT) as desk, pytest.raises(UsageError) as caught:
        check(desk, tmp_path, LEADS)

    (finding,) = caught.value.findings
    assert (finding.place.line, finding.code) == (8, "field_missing")
    assert "no field Town in its leads" in str(finding)


def test_a_field_that_finds_leads_and_does_not_exist_stops_a_thorough_check(tmp_path: Path) -> None:
    """Named with the one that was meant."""
    wrong = MAPPING.replace("search_by: EmailAddress", "search_by: Email")
    with live_desk(tmp_path, ACCOUNT) as desk:
        check(desk, tmp_path, wrong)
        with pytest.raises(UsageError) as caught:
            check(desk, tmp_path, wrong, thorough=True)

    assert 'Did you mean EmailAddress ("Email")?' in str(caught.value.findings[0])
