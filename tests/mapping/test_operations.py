"""What a mapping may ask of each operation, and how empty cells travel from the sheet into the request."""

from __future__ import annotations

import json
from pathlib import Path
from textwrap import dedent

import pytest

from etl.errors import UsageError
from etl.mapping.load import load_mapping
from etl.mapping.operation_needs import NEEDS, OperationName
from etl.mapping.targets import NAMED_TARGETS, is_target
from etl.operations import OPERATIONS
from etl.operations.contract import RequestOptions
from etl.records import ETL_COLUMNS, Activity, Cell
from tests.mapping.build import a_mapping, applied

GUID = "0f8fad5b-d9cb-469f-a165-70867728950e"

TOPS = {
    "add-by-lead-field": "search_by: EmailAddress\nactivity: {event: 1}\ncolumns: {A: SearchByValue, B: mx_Custom_1}\n",
    "add-by-lead-id": "activity: {event: 1}\ncolumns: {A: RelatedProspectId, B: mx_Custom_1}\n",
    "add-by-opportunity": (
        "activity: {event: 1}\ncolumns: {A: OpportunityId, O: ActivityOwnerEmail, B: mx_Custom_1}\n"
    ),
    "update": "columns: {A: ProspectActivityId, B: mx_Custom_1}\n",
    "create-lead-and-activity": (
        "search_by: EmailAddress\nactivity: {event: 1}\ncolumns: {A: Lead.EmailAddress, B: mx_Custom_1}\n"
    ),
}
"""The least mapping of each operation that is in order; column A names the lead, opportunity or activity."""


def findings(folder: Path, operation: str, top: str, rest: str = "") -> list[str]:
    """What is said of a mapping, without the places."""
    path = folder / "m.yaml"
    path.write_text(f"version: 1\nname: n\noperation: {operation}\n{top}{dedent(rest)}", encoding="utf-8")
    try:
        load_mapping(path)
    except UsageError as refused:
        return [f"{finding.code}: {finding.problem.error}" for finding in refused.findings]
    return []


@pytest.mark.parametrize(("operation", "top"), TOPS.items(), ids=TOPS)
def test_the_least_mapping_is_in_order(tmp_path: Path, operation: str, top: str) -> None:
    """Each operation takes the mapping that the tests below add to."""
    assert findings(tmp_path, operation, top) == []


@pytest.mark.parametrize(("operation", "top"), TOPS.items(), ids=TOPS)
def test_dropdowns_go_unchecked_only_where_leadsquared_offers_it(tmp_path: Path, operation: str, top: str) -> None:
    """skip_dropdown_validation is taken by every operation whose page names the switch, and told of by the other."""
    told = findings(tmp_path, operation, top, "skip_dropdown_validation: true\n")

    refused = ["option_unused: skip_dropdown_validation means nothing for operation add-by-lead-id."]
    assert told == (refused if operation == "add-by-lead-id" else [])


@pytest.mark.parametrize(("operation", "top"), TOPS.items(), ids=TOPS)
def test_only_what_is_there_can_be_cleared(tmp_path: Path, operation: str, top: str) -> None:
    """`when_empty: clear` is for updates: a new activity has nothing to clear, and none is sent with empty values."""
    told = findings(tmp_path, operation, top.replace("B: mx_Custom_1", "B: {to: mx_Custom_1, when_empty: clear}"))

    refused = f"wrong_value: Found when_empty: clear, expected omit: {operation} has nothing to clear yet."
    assert told == ([] if operation == "update" else [refused])


UPDATES = {
    "unique_by": ("unique_by: [A]\n", ["option_unused: unique_by means nothing for operation update."]),
    "row_key_field": (
        "row_key_field: mx_Custom_20\n",
        ["option_unused: row_key_field means nothing for operation update."],
    ),
    "activity": ("activity: {event: 320}\n", []),
    "dropdowns": ("skip_dropdown_validation: true\n", []),
}


@pytest.mark.parametrize(("rest", "told"), UPDATES.values(), ids=UPDATES)
def test_an_update_knows_its_rows_by_the_activity(tmp_path: Path, rest: str, told: list[str]) -> None:
    """Neither unique_by nor a row key has a meaning for what is named by its id; the activity type may be named."""
    assert findings(tmp_path, "update", TOPS["update"], rest) == told


REFUSED = {
    "an update of nothing": (
        "update",
        "columns: {A: ProspectActivityId}\n",
        [
            "wrong_value: Found only ProspectActivityId, expected something to change as well, "
            "like ActivityNote or mx_Custom_1."
        ],
    ),
    "the time of an update": (
        "update",
        "input: {time_zone: UTC}\ncolumns: {A: ProspectActivityId, B: ActivityDateTime}\n",
        ["target_not_sent: update cannot send ActivityDateTime."],
    ),
    "the time on an opportunity": (
        "add-by-opportunity",
        "input: {time_zone: UTC}\nactivity: {event: 1}\n"
        "columns: {A: OpportunityId, O: ActivityOwnerEmail, B: ActivityDateTime}\n",
        ["target_not_sent: add-by-opportunity cannot send ActivityDateTime."],
    ),
    "an opportunity without owners": (
        "add-by-opportunity",
        "activity: {event: 1}\ncolumns: {A: OpportunityId}\n",
        ["target_missing: No column fills ActivityOwnerEmail, and add-by-opportunity needs it in every row."],
    ),
    "a set in a bulk operation": (
        "add-by-lead-id",
        "activity: {event: 1}\ncolumns: {A: RelatedProspectId, B: mx_KYC.mx_CustomObject_2}\n",
        ["target_not_sent: add-by-lead-id cannot send mx_KYC.mx_CustomObject_2."],
    ),
    "the switch that finds leads as an attribute": (
        "create-lead-and-activity",
        "search_by: EmailAddress\nactivity: {event: 1}\ncolumns: {A: Lead.EmailAddress, B: Lead.SearchBy}\n",
        ['unknown_target: "Lead.SearchBy" is no target.'],
    ),
    "an attribute in the wrong case": (
        "create-lead-and-activity",
        "search_by: EmailAddress\nactivity: {event: 1}\ncolumns: {A: Lead.EmailAddress, B: lead.FirstName}\n",
        ['unknown_target: "lead.FirstName" is no target. Did you mean "Lead.FirstName"?'],
    ),
    "a set beside its members": (
        "create-lead-and-activity",
        "search_by: EmailAddress\nactivity: {event: 1}\n"
        "columns: {A: Lead.EmailAddress, B: Lead.mx_KYC, C: Lead.mx_KYC.mx_CustomObject_1}\n",
        ['target_twice: Lead.mx_KYC is filled twice; the first time by column "B".'],
    ),
    "a lead without the field that finds it": (
        "create-lead-and-activity",
        "search_by: Phone\nactivity: {event: 1}\ncolumns: {A: Lead.EmailAddress}\n",
        ["target_missing: No column fills Lead.Phone, and create-lead-and-activity needs it in every row."],
    ),
    "an unknown operation": (
        "add-by-lead",
        "activity: {event: 1}\ncolumns: {A: SearchByValue}\n",
        [
            'wrong_value: Found "add-by-lead", expected one of add-by-lead-field, add-by-lead-id, add-by-opportunity, '
            'update, create-lead-and-activity. Did you mean "add-by-lead-id"?'
        ],
    ),
}


@pytest.mark.parametrize(("operation", "top", "told"), REFUSED.values(), ids=REFUSED)
def test_what_an_operation_cannot_do_is_told(tmp_path: Path, operation: str, top: str, told: list[str]) -> None:
    """Before anything is read, a mapping is told what its operation has no place for or cannot do without."""
    assert findings(tmp_path, operation, top) == told


TARGETS = [
    *NAMED_TARGETS,
    "mx_Custom_1",
    "mx_Latitude",
    "mx_KYC.mx_CustomObject_2",
    "mx_KYC.Status",
    "Lead.FirstName",
    "Lead.mx_KYC.mx_CustomObject_1",
]


@pytest.mark.parametrize("operation", OperationName)
@pytest.mark.parametrize("target", TARGETS)
def test_a_mapping_may_name_just_what_the_request_carries(operation: OperationName, target: str) -> None:
    """No target gets lost between a mapping that takes it and a request that has no place for it."""
    assert is_target(target)
    assert NEEDS[operation].sends(target) is OPERATIONS[operation].carries(target)


@pytest.mark.parametrize("operation", OperationName)
def test_mapping_and_request_agree_on_what_every_row_needs(operation: OperationName) -> None:
    """What the operation cannot do without is what each row of the mapping must fill."""
    by_email = RequestOptions("EmailAddress")
    needed = {*OPERATIONS[operation].required_targets, OPERATIONS[operation].addressed_by(by_email)}

    assert needed == set(a_mapping(operation=operation, search_by="EmailAddress").required())


def an_update(rule: dict[str, object], cell: Cell) -> list[dict[str, object]]:
    """The element that one row of an update becomes. rule: of the column that goes to mx_Custom_1."""
    mapping = a_mapping(
        operation="update",
        search_by=None,
        activity=None,
        columns={"Id": "ProspectActivityId", "Note": "ActivityNote", "A": {"to": "mx_Custom_1", **rule}},
    )
    (row,) = applied(mapping, ["Id", "Note", "A"], [GUID, "moved", cell])
    assert row.values is not None
    body = OPERATIONS["update"].request([Activity(row.row_number, row.values, 0)], RequestOptions()).body
    built: list[dict[str, object]] = json.loads(body)
    return built


EMPTY = {
    "left alone": ({}, None, None),
    "left alone, said": ({"when_empty": "omit"}, " ", None),
    "cleared": ({"when_empty": "clear"}, None, ""),
    "cleared by a blank": ({"when_empty": "clear"}, "  ", ""),
    "a value stands in": ({"when_empty": {"use": "none"}}, None, "none"),
    "not empty": ({"when_empty": "clear"}, 0, "0"),
}


@pytest.mark.parametrize(("rule", "cell", "sent"), EMPTY.values(), ids=EMPTY)
def test_an_empty_cell_of_an_update(rule: dict[str, object], cell: Cell, sent: str | None) -> None:
    """An empty cell leaves the field as it is in LeadSquared, unless the mapping asks to clear it: then "" is sent."""
    fields = {} if sent is None else {"Fields": [{"SchemaName": "mx_Custom_1", "Value": sent}]}

    assert an_update(rule, cell) == [{"ProspectActivityId": GUID, "ActivityNote": "moved", **fields}]


def test_a_row_that_changes_nothing_is_told() -> None:
    """An id alone is no update: the row is invalid, and one with a cell to clear is not."""
    columns: dict[str, object] = {"Id": "ProspectActivityId", "A": "mx_Custom_1", "B": "ActivityNote"}
    clearing = columns | {"B": {"to": "ActivityNote", "when_empty": "clear"}}

    told = [
        [(finding.code, str(finding.place)) for finding in row.findings]
        for named in (columns, clearing)
        for row in applied(
            a_mapping(operation="update", search_by=None, activity=None, columns=named),
            ["Id", "A", "B"],
            [GUID, None, None],
            [GUID, "x", None],
        )
    ]

    assert told == [[("nothing_to_change", "visits.xlsx, Visits!row 2")], [], [], []]


def test_a_column_of_the_person_goes_before_one_of_ours() -> None:
    """In a failed file of an update both ids stand beside each other: the person's own is meant, whatever its header."""
    columns: dict[str, object] = {
        "Activity Id": {"to": "ProspectActivityId", "aliases": ["ProspectActivityId"]},
        "A": "mx_Custom_1",
    }
    mapping = a_mapping(operation="update", search_by=None, activity=None, columns=columns)
    other = GUID.replace("0", "1")
    ours: list[Cell] = [2, "refused", other, None, None, None, 1]

    (of_update,) = applied(mapping, [*ETL_COLUMNS, "Activity Id", "A"], [*ours, GUID, "x"])
    (of_import,) = applied(mapping, [*ETL_COLUMNS, "A"], [*ours, "x"])

    assert of_update.values == {"ProspectActivityId": GUID, "mx_Custom_1": "x"}
    assert of_import.values == {"ProspectActivityId": other, "mx_Custom_1": "x"}
