"""Operation × switch → what is answered and what is stored, for the four bulk operations alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from etl.simulator import (
    BulkFailureMode,
    BulkOrder,
    BulkSuccessShape,
    Fault,
    OverTwentyFive,
    SimRequest,
    Switches,
)

from .calls import Bench, add, answer, refusal, row
from .other_calls import (
    NOWHERE,
    add_by_id,
    add_to_opportunity,
    fields,
    of_lead,
    of_opportunity,
    stored_ids,
    update,
)

Rows = list[dict[str, Any]]
MARK = "mx_Custom_9"
"""The field that says which row was carried out."""


@dataclass(frozen=True)
class Bulk:
    """One bulk operation as these tests use it. prepared: activities that are there before."""

    flag: str
    request: Callable[[Rows], SimRequest]
    good: Callable[[list[str], int], dict[str, Any]]
    bad: dict[str, Any]
    refused_as: tuple[str, str]
    prepared: int = 0


NO_LEAD = "does not exist or you do not have permission."
OPERATIONS = {
    "by-lead-field": Bulk(
        "ActivityCreated",
        add,
        lambda _ids, number: row(f"lead{number}@example.com"),
        row("nobody@example.com"),
        ("MXInvalidLeadException", NO_LEAD),
    ),
    "by-lead-id": Bulk(
        "ActivityCreated",
        add_by_id,
        lambda _ids, _number: of_lead(),
        of_lead(NOWHERE),
        ("MXInvalidLeadException", NO_LEAD),
    ),
    "by-opportunity": Bulk(
        "ActivityCreated",
        add_to_opportunity,
        lambda _ids, _number: of_opportunity(),
        of_opportunity(owner=""),
        ("MXMandatoryAttributeMissingException", "'ActivityOwnerEmail' is mandatory."),
    ),
    "update": Bulk(
        "ActivityUpdated",
        update,
        lambda ids, number: {"ProspectActivityId": ids[number - 1]},
        {"ProspectActivityId": NOWHERE},
        ("MXUnknownProspectActivityException", "Activity does not exist."),
        prepared=26,
    ),
}


class Desk:
    """A bench on which one bulk operation can be called, with everything ready for it."""

    def __init__(self, name: str, *faults: Fault, **switches: Any) -> None:
        self.operation = OPERATIONS[name]
        self.bench = Bench(faults=faults, switches=Switches(over_25_rows=OverTwentyFive.ACCEPT))
        self.ids = stored_ids(self.bench, self.operation.prepared) if self.operation.prepared else []
        object.__setattr__(self.bench.simulator.options, "switches", Switches(**switches))

    def rows(self, plan: str) -> Rows:
        """`gbg`: a good row, a bad one, a good one; good ones carry their number."""
        return [
            {**self.operation.good(self.ids, number), "Fields": fields(**{MARK: str(number)})}
            if kind == "g"
            else self.operation.bad
            for number, kind in enumerate(plan, start=1)
        ]

    def call(self, plan: str) -> Any:
        return self.bench.send(self.operation.request(self.rows(plan)))

    def done(self) -> list[int]:
        """Numbers of the rows that were carried out, in ascending order."""
        marks = [
            int(entry["Value"])
            for activity in self.bench.simulator.activities()
            for entry in activity["Fields"]
            if entry["SchemaName"] == MARK
        ]
        return sorted(marks)


@pytest.fixture(params=OPERATIONS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


MODES: dict[str, tuple[list[int], list[tuple[int, bool]] | None, set[str]]] = {
    # mode: (rows carried out of g b g, numbers and flags answered, members that tell of the refusal)
    "inline_errormessage": ([1, 3], [(1, True), (2, False), (3, True)], {"ErrorMessage"}),
    "inline_exceptionmessage": ([1, 3], [(1, True), (2, False), (3, True)], {"ExceptionType", "ExceptionMessage"}),
    "inline_bare": ([1, 3], [(1, True), (2, False), (3, True)], set()),
    "inline_omitted": ([1, 3], [(1, True), (3, True)], set()),
    "all_or_nothing": ([], None, set()),
    "abort_midway": ([1], None, set()),
}


@pytest.mark.parametrize("mode", MODES)
def test_a_refused_row(name: str, mode: str) -> None:
    """Each way of telling of a refused row, for each operation: what is carried out, and what is answered."""
    desk = Desk(name, bulk_failure_mode=BulkFailureMode(mode))
    carried_out, answered, told_by = MODES[mode]

    reply = desk.call("gbg")

    assert desk.done() == carried_out
    if answered is None:
        status, kind, message = refusal(reply)
        assert (status, kind) == (500, desk.operation.refused_as[0])
        assert desk.operation.refused_as[1] in message
        return
    rows = answer(reply)["Response"]
    assert [(given["RowNumber"], given[desk.operation.flag]) for given in rows] == answered
    refused = [given for given in rows if not given[desk.operation.flag]]
    assert all(set(given) == {"RowNumber", desk.operation.flag, *told_by} for given in refused)
    assert all(desk.operation.refused_as[1] in str(given) for given in refused if told_by)


def test_the_table_of_modes_is_whole() -> None:
    """Every value of the switch has its line."""
    assert set(MODES) == {mode.value for mode in BulkFailureMode}


def test_success_names_ids_only_where_they_are_new(name: str) -> None:
    """An added row shows the id that is stored; an updated one shows none."""
    desk = Desk(name)

    rows = answer(desk.call("gg"))["Response"]

    if desk.operation.flag == "ActivityUpdated":
        assert rows == [{"RowNumber": 1, "ActivityUpdated": True}, {"RowNumber": 2, "ActivityUpdated": True}]
    else:
        assert [given["ProspectActivityId"] for given in rows] == desk.bench.stored("ProspectActivityId")[-2:]


@pytest.mark.parametrize(
    ("switches", "expected"),
    [
        ({"bulk_order": BulkOrder.ZERO_BASED}, [0, 1, 2, 3]),
        ({"bulk_order": BulkOrder.SHUFFLED}, {1, 2, 3, 4}),
        ({"bulk_success_shape": BulkSuccessShape.FEWER_ROWS}, [1, 2, 3]),
        ({"bulk_success_shape": BulkSuccessShape.COUNT}, {"Status": "Success", "Message": {"Count": 4}}),
        ({"error_in_200": True}, [1, 2, 3, 4]),
    ],
    ids=["zero-based", "shuffled", "fewer-rows", "count", "error-in-200"],
)
def test_shapes_of_success(name: str, switches: dict[str, Any], expected: Any) -> None:
    """All rows are carried out, whatever the answer looks like."""
    desk = Desk(name, **switches)

    body = answer(desk.call("gggg"))

    assert desk.done() == [1, 2, 3, 4]
    if "Response" in body:
        numbers = [given["RowNumber"] for given in body["Response"]]
        body = set(numbers) if isinstance(expected, set) else numbers
    assert body == expected


@pytest.mark.parametrize(("switch", "carried_out"), [("refuse", 0), ("truncate", 25), ("accept", 26)])
def test_26_rows(name: str, switch: str, carried_out: int) -> None:
    """Refused, cut without a word, or taken."""
    desk = Desk(name, over_25_rows=OverTwentyFive(switch))

    reply = desk.call("g" * 26)

    assert len(desk.done()) == carried_out
    if carried_out:
        assert len(answer(reply)["Response"]) == carried_out
    else:
        assert refusal(reply)[:2] == (500, "MXInvalidInputException")


def test_a_logical_error_may_come_with_status_200(name: str) -> None:
    """The envelope of an error, the status of a success, nothing carried out."""
    desk = Desk(name, error_in_200=True, bulk_failure_mode=BulkFailureMode.ALL_OR_NOTHING)

    assert refusal(desk.call("b"))[:2] == (200, desk.operation.refused_as[0])


FAULTS: dict[str, tuple[int, ...]] = {
    # kind: how many of 4 rows may be carried out
    "drop-before": (0,),
    "drop-after": (4,),
    "502-after": (4,),
    "cut-answer": (4,),
    "empty-object": (4,),
    "throttle": (0,),
    "store-partly": (1, 2, 3),
    "omit-rows": (4,),
    "duplicate-id": (4,),
    "duplicate-rows": (4,),
    "shuffle-rows": (4,),
    "store-late": (0,),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_faults(name: str, kind: str) -> None:
    """A fault carries out as many rows as its name says, and the answer is struck as for any bulk operation."""
    desk = Desk(name, Fault.at(kind, 2 if OPERATIONS[name].prepared else 1))

    reply = desk.call("gggg")

    assert len(desk.done()) in FAULTS[kind]
    rows = answer(reply).get("Response", []) if kind.endswith(("rows", "-id")) else []
    numbers = [given["RowNumber"] for given in rows]
    expected = {
        "omit-rows": len(numbers) < 4,
        "duplicate-rows": len(numbers) > 4,
        "shuffle-rows": numbers != sorted(numbers) and len(numbers) == 4,
        "duplicate-id": numbers == [1, 2, 3, 4],
    }
    assert expected.get(kind, numbers == [])


def test_what_is_late_is_carried_out_later(name: str) -> None:
    """20 seconds after a fault said otherwise the rows are there."""
    desk = Desk(name, Fault.at("store-late", 2 if OPERATIONS[name].prepared else 1))
    desk.call("gg")

    desk.bench.shown()
    before = desk.done()
    desk.bench.send(add([row()]), later=30)

    assert (before, desk.done()) == ([], [1, 2])


def test_a_twin(name: str) -> None:
    """Another user writes the same within a second: added twice, updated twice."""
    desk = Desk(name, Fault.at("twin", 2 if OPERATIONS[name].prepared else 1))
    desk.call("gg")

    desk.bench.send(add([row()]), later=5)

    if desk.operation.flag == "ActivityUpdated":
        assert [one.get("updates", 0) for one in desk.bench.simulator.activities()][:3] == [2, 2, 0]
    else:
        assert desk.done() == [1, 1, 2, 2]
