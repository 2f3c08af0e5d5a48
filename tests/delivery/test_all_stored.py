"""Answers that call every row stored: read at once they say what they say when each row is judged by itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl.delivery.all_stored import ALL_STORED, all_stored, stored_ends
from etl.delivery.outcomes import row_ends
from etl.delivery.verdict import EMPTY_GUID, Answered, judge
from etl.operations import OPERATIONS
from etl.reconciler.match import Numbering, after_full, match
from etl.records import ApiAnswer, Exchange, LineEnd, Outcome, TransportFailure

OPERATION = OPERATIONS["add-by-lead-field"]
ROW_IDS = [31, 32, 33]
IDS = [f"{digit * 8}-1111-4111-8111-{digit * 12}" for digit in "abc"]

Document = dict[str, Any]


def good(first: int = 1) -> Document:
    """An answer as LeadSquared's documentation shows it."""
    rows = [
        {"ProspectActivityId": activity_id, "RowNumber": number, "ActivityCreated": True}
        for number, activity_id in enumerate(IDS, start=first)
    ]
    return {"Response": rows}


def answered(document: object) -> ApiAnswer:
    return ApiAnswer(200, {}, document if isinstance(document, bytes) else json.dumps(document).encode())


@pytest.mark.parametrize(
    ("document", "numbering"),
    [
        pytest.param(good(), Numbering.FROM_ONE, id="from one"),
        pytest.param(good(0), Numbering.FROM_ZERO, id="from zero"),
        pytest.param(good()["Response"], Numbering.FROM_ONE, id="a bare array"),
        pytest.param(json.dumps(good(), indent=2).encode(), Numbering.FROM_ONE, id="with white space"),
    ],
)
def test_an_answer_that_calls_all_rows_stored_is_read_at_once(document: object, numbering: Numbering) -> None:
    """The ids come in the order sent, with what the answer shows of the account's numbering."""
    assert all_stored(answered(document), OPERATION, 3) == (IDS, numbering)


def changed(change: Callable[[Document], object], place: int = 1) -> Document:
    """A good answer, one row of which is changed."""
    document = good()
    change(document["Response"][place])
    return document


LEFT_TO_THE_GENERAL_WAY = [
    pytest.param(changed(lambda row: row.update(ActivityCreated=False)), id="not stored"),
    pytest.param(changed(lambda row: row.update(ActivityCreated=1)), id="flag is a number"),
    pytest.param(changed(lambda row: row.update(ActivityCreated="true")), id="flag is a text"),
    pytest.param(changed(lambda row: row.update(RowNumber="2")), id="number is a text"),
    pytest.param(changed(lambda row: row.update(RowNumber=2.0)), id="number is a fraction"),
    pytest.param(changed(lambda row: row.update(RowNumber=True), 0), id="number is a boolean"),
    pytest.param(changed(lambda row: row.update(RowNumber=3)), id="number twice"),
    pytest.param({"Response": good()["Response"][::-1]}, id="another order"),
    pytest.param({"Response": good()["Response"][:2]}, id="fewer rows"),
    pytest.param({"Response": good()["Response"] * 2}, id="more rows"),
    pytest.param({"Response": []}, id="no rows"),
    pytest.param(changed(lambda row: row.update(ProspectActivityId=IDS[0])), id="one id twice"),
    pytest.param(changed(lambda row: row.update(ProspectActivityId=IDS[0].upper())), id="one id twice, in capitals"),
    pytest.param(changed(lambda row: row.update(ProspectActivityId=EMPTY_GUID)), id="no id as .NET writes it"),
    pytest.param(changed(lambda row: row.update(ProspectActivityId=f" {IDS[1][1:]}")), id="id with a space"),
    pytest.param(changed(lambda row: row.update(ProspectActivityId="id-2")), id="id that is no GUID"),
    pytest.param(changed(lambda row: row.update(ProspectActivityId=f"\ud800{IDS[1][1:]}")), id="half a surrogate"),
    pytest.param(changed(lambda row: row.update(ProspectActivityId=None)), id="id is null"),
    pytest.param(changed(lambda row: row.pop("ProspectActivityId")), id="no id"),
    pytest.param(changed(lambda row: row.update(ExceptionMessage="but")), id="a further name"),
    pytest.param({**good(), "Status": "Success"}, id="something beside the rows"),
    pytest.param({"Rows": good()["Response"]}, id="another name for the rows"),
    pytest.param({"Response": [*good()["Response"][:2], "stored"]}, id="a row that is no object"),
    pytest.param(json.dumps(good()).encode("utf-16"), id="UTF-16"),
    pytest.param(b"\xef\xbb\xbf" + json.dumps(good()).encode(), id="a byte order mark"),
    pytest.param(json.dumps(good()).encode()[:-3], id="cut short"),
    pytest.param(
        json.dumps(good()).encode().replace(b'"RowNumber": 2', b'"RowNumber": 1, "RowNumber": 2'),
        id="a name twice in one row",
    ),
    pytest.param(
        json.dumps(good()).encode().replace(b'"Response":', b'"Response": [], "Response":'), id="the rows named twice"
    ),
    pytest.param(b"[" * 100_000, id="nested too deep"),
    pytest.param(b"null", id="null"),
    pytest.param(b"", id="nothing"),
]


@pytest.mark.parametrize("document", LEFT_TO_THE_GENERAL_WAY)
def test_any_other_answer_is_left_to_the_general_way(document: object) -> None:
    """What is otherwise in one respect is judged row by row."""
    assert all_stored(answered(document), OPERATION, 3) is None


def test_what_names_no_ids_is_left_to_the_general_way() -> None:
    """Answers to updates name none, answers about one lead are of another shape, and some requests have no answer."""
    update = [{"RowNumber": 1, "ActivityUpdated": True}]

    assert all_stored(answered(update), OPERATIONS["update"], 1) is None
    assert all_stored(answered(good()), OPERATIONS["create-lead-and-activity"], 3) is None
    assert all_stored(TransportFailure(LineEnd.LOST, "reset"), OPERATION, 3) is None


# The law.

_VALUES = st.one_of(
    st.sampled_from(
        [*IDS, IDS[0].upper(), EMPTY_GUID, "", " ", "id-1", True, False, None, 0, 1, 2, 3, 4, 1.0, "1", []]
    ),
    st.text(max_size=3),
    st.sampled_from(IDS).map(lambda one: "\ud800" + one[1:]),
)
_NAMES = st.sampled_from(["ProspectActivityId", "RowNumber", "ActivityCreated", "ExceptionMessage", "Status"])


@st.composite
def _documents(draw: st.DrawFn) -> object:
    """Answers that are good, or good but for something."""
    document = good(draw(st.sampled_from([1, 1, 0, 2])))
    rows = document["Response"]
    for _ in range(draw(st.integers(0, 2))):
        rows[draw(st.integers(0, 2))][draw(_NAMES)] = draw(_VALUES)
    if draw(st.integers(0, 3)) == 0:
        rows = draw(st.permutations(rows))
    if draw(st.integers(0, 5)) == 0:
        rows = rows[: draw(st.integers(0, 3))]
    return draw(st.sampled_from([{"Response": rows}, rows, {"Response": rows, "Status": "Error"}]))


@st.composite
def _bodies(draw: st.DrawFn) -> bytes:
    """The same as bytes, now and then with some of these doubled, left out or replaced."""
    body = json.dumps(draw(_documents()), ensure_ascii=draw(st.booleans()), separators=(",", ":")).encode(
        errors="replace"
    )
    if draw(st.integers(0, 3)) == 0:
        start = draw(st.integers(0, len(body)))
        piece = body[start : start + draw(st.integers(0, 20))]
        body = (
            body[:start]
            + draw(st.sampled_from([piece * 2, b"", b'"', b"\\", b"\0", b","]))
            + body[start + len(piece) :]
        )
    return body


def in_general(exchange: Exchange, known: Numbering) -> tuple[object, Numbering]:
    """What becomes of the rows when each is judged by itself."""
    verdict = judge(exchange, OPERATION, 3)
    assert isinstance(verdict, Answered)
    matched = match(verdict.items, 3, known)
    return row_ends(verdict, matched.rows, ROW_IDS, Outcome.CREATED), matched.numbering


@settings(deadline=None)
@given(_bodies(), st.sampled_from(Numbering))
@example(json.dumps(good()).encode(), Numbering.FROM_ZERO)
def test_both_ways_say_the_same(body: bytes, known: Numbering) -> None:
    """Of whatever answer is read at once, every row ends as it does in general, and as much is known of the numbering."""
    stored = all_stored(answered(body), OPERATION, 3)
    if stored is None:
        return

    ends = stored_ends(ROW_IDS, stored.ids, Outcome.CREATED), after_full(known, stored.numbering)

    assert ends == in_general(answered(body), known)
    assert all(type(end).__name__ == "RowEnd" for end in ends[0])
    assert type(ALL_STORED) is type(judge(answered(body), OPERATION, 3))
