"""What holds for every operation that a mapping may name."""

from __future__ import annotations

import json
from collections.abc import Mapping
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.mapping.operation_needs import OperationName
from etl.operations import OPERATIONS
from etl.operations.contract import Element, Operation, RequestOptions
from etl.records import Activity

BY_CODE = RequestOptions(search_by="mx_Code")
ONE_OPPORTUNITY = str(UUID(int=7))

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)
VALUES = st.dictionaries(st.sampled_from(["ActivityNote", "Status", "mx_Custom_1", "mx_Custom_2"]), TEXTS, min_size=1)


def a_row(operation: Operation, number: int, values: Mapping[str, str]) -> Activity:
    """A row with these values and all that the operation needs beside them, its address its own."""
    needed = dict.fromkeys(operation.required_targets, "neha@example.com")
    address = operation.addressed_by(BY_CODE)
    own = ONE_OPPORTUNITY if operation.travels_by else str(UUID(int=number))
    return Activity(number, {**values, **needed, address: own}, event=320)


def told(element: Element, operation: Operation) -> dict[str, object]:
    """The values of an element under the names of targets."""
    fixed = {name: value for name, value in element.items() if name not in ("Fields", "ActivityEvent")}
    if operation.travels_by:
        fixed[operation.addressed_by(BY_CODE)] = ONE_OPPORTUNITY  # stands in the address of the request
    fields = element.get("Fields", [])
    assert isinstance(fields, list)
    return fixed | {field["SchemaName"]: field["Value"] for field in fields}


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
@settings(max_examples=40, deadline=None)
@given(rows=st.lists(VALUES, min_size=1, max_size=25))
def test_every_value_arrives_unchanged(operation: Operation, rows: list[dict[str, str]]) -> None:
    """The elements of a body are the rows that went into it, in order, with their addresses; equal rows, equal bytes."""
    activities = [a_row(operation, number, row) for number, row in enumerate(rows[: operation.rows_per_request], 2)]

    request = operation.request(activities, BY_CODE)

    assert request == operation.request(activities, BY_CODE)
    elements = operation.elements(request.body, BY_CODE)
    assert [told(element, operation) for element in elements] == [activity.values for activity in activities]


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
@settings(max_examples=40, deadline=None)
@given(row=VALUES, names=st.lists(TEXTS.map("mx_{}".format), max_size=2), skips=st.booleans())
def test_a_body_is_compact_json(operation: Operation, row: dict[str, str], names: list[str], skips: bool) -> None:
    """To the byte what a JSON library writes, whatever stands in names and values."""
    options = RequestOptions(search_by="mx_Code", skip_dropdown_validation=skips)
    activity = a_row(operation, 2, row | dict.fromkeys(names, "x"))

    body = operation.request([activity], options).body

    assert body == json.dumps(json.loads(body), ensure_ascii=False, separators=(",", ":")).encode()


BY_COLUMNS = ["add-by-lead-field", "add-by-lead-id"]
ANY_TEXTS = st.none() | st.just("") | st.text(max_size=6) | st.sampled_from(["%s", "%", '"', "\\", "\n", "मिले"])
TARGETS = ["ActivityOwnerEmail", "mx_Custom_1", "%s", "ActivityNote", "Status", 'q"x', "ActivityDateTime"]


@st.composite
def columns_of_rows(draw: st.DrawFn) -> dict[str, list[str | None]]:
    """Some targets in any order; a column is full, has holes, or is empty."""
    count = draw(st.integers(1, 6))
    names = draw(st.lists(st.sampled_from(TARGETS), unique=True))
    texts = st.lists(st.one_of(ANY_TEXTS, TEXTS), min_size=count, max_size=count)
    full = st.lists(TEXTS, min_size=count, max_size=count)
    return {name: draw(st.one_of(full, texts)) for name in [*names, "SearchByValue", "RelatedProspectId"]}


@pytest.mark.parametrize("name", BY_COLUMNS)
@settings(max_examples=100, deadline=None)
@given(columns=columns_of_rows(), skips=st.booleans())
def test_rows_written_by_columns_are_as_they_are_one_by_one(
    name: str, columns: dict[str, list[str | None]], skips: bool
) -> None:
    """To the letter, whatever a row leaves out. Where one has no lead none is: who takes it by itself complains of it."""
    operation = OPERATIONS[name]
    options = RequestOptions(search_by="mx_Code", skip_dropdown_validation=skips)

    written = operation.written(columns, 320, options)

    assert (written is None) == (not all(columns[operation.addressed_by(options)]))
    rows = [
        {name: text for name, text in zip(columns, row, strict=True) if text is not None} for row in rows_of(columns)
    ]
    if written is not None:
        assert written == [operation.request([Activity(2, row, 320)], options).body.decode()[1:-1] for row in rows]


def rows_of(columns: dict[str, list[str | None]]) -> list[tuple[str | None, ...]]:
    return list(zip(*columns.values(), strict=True))


@pytest.mark.parametrize("name", OPERATIONS)
def test_operations_for_many_leads_write_by_columns(name: str) -> None:
    """All others look at each row by itself."""
    operation = OPERATIONS[name]
    columns = {name: ["neha@example.com"] for name in (operation.addressed_by(BY_CODE), *operation.required_targets)}

    assert (operation.written(columns, 320, BY_CODE) is not None) == (name in BY_COLUMNS)


@pytest.mark.parametrize(
    "operation", [one for name, one in OPERATIONS.items() if name != "update"], ids=lambda one: one.name
)
def test_a_new_activity_is_never_sent_an_empty_value(operation: Operation) -> None:
    """Nobody knows what an empty value does to a new activity, so a row with one is sent like a row without it."""
    empty = a_row(operation, 2, {"ActivityNote": "", "mx_Custom_1": "", "mx_Custom_2": "x"})
    without = a_row(operation, 2, {"mx_Custom_2": "x"})

    assert operation.request([empty], BY_CODE) == operation.request([without], BY_CODE)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_half_a_letter_never_leaves(operation: Operation) -> None:
    """A text that is no valid Unicode cannot be written as UTF-8, and is our own mistake."""
    with pytest.raises(ValueError, match="surrogates not allowed"):
        operation.request([a_row(operation, 2, {"ActivityNote": "\ud83d"})], BY_CODE)


@pytest.mark.parametrize("operation", OPERATIONS.values(), ids=OPERATIONS)
def test_what_a_row_needs_has_a_place_in_the_request(operation: Operation) -> None:
    """Every operation carries its own address and all that it asks of each row."""
    assert all(operation.carries(target) for target in (*operation.required_targets, operation.addressed_by(BY_CODE)))


def test_every_operation_is_listed_under_its_own_name() -> None:
    """The name in the mapping is the operation's own name, and a mapping may name each of them."""
    assert {name: operation.name for name, operation in OPERATIONS.items()} == {name: name for name in OperationName}


def test_only_what_changes_activities_may_be_repeated() -> None:
    """No operation that adds is ever called repeatable: LeadSquared checks no duplicates."""
    assert [operation.name for operation in OPERATIONS.values() if operation.repeatable] == ["update"]
