"""Activities of a span of time: none is lost and none comes twice, however the list moves while it is read."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from etl.api.activities import activities_in_window, count_in_window
from etl.api.window import Part
from etl.errors import NetworkError
from etl.records import ApiAnswer, ApiRequest, Window

START = datetime(2026, 3, 1, 10, tzinfo=UTC)
EVENT = 320
FORM = "%Y-%m-%d %H:%M:%S"


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@dataclass
class Account:
    """Activities in memory, read as LeadSquared shows them.

    stored: id → when it was written. clamp: rows to a page at most. between: what happens before the n-th request.
    counts: what it makes of the true count. hides_milliseconds: whether it also compares without them.
    changes_case: whether every other answer has its ids in capitals.
    """

    stored: dict[str, datetime] = field(default_factory=dict)
    clamp: int = 1000
    between: dict[int, Callable[[], None]] = field(default_factory=dict)
    counts: Callable[[int], object] = lambda count: count
    hides_milliseconds: bool = False
    changes_case: bool = False
    requests: list[ApiRequest] = field(default_factory=list)

    def read(self, request: ApiRequest) -> ApiAnswer | None:
        self.requests.append(request)
        self.between.get(len(self.requests), lambda: None)()
        asked = json.loads(request.body)
        since, until = (self._bound(asked["Parameter"][name]) for name in ("FromDate", "ToDate"))
        inside = sorted(name for name, written in self.stored.items() if since <= self._seen(written) <= until)
        size, number = min(asked["Paging"]["PageSize"], self.clamp), asked["Paging"]["PageIndex"]
        rows = [self._row(name) for name in inside[size * (number - 1) : size * number]]
        answer = {"RecordCount": self.counts(len(inside))} | ({"List": rows} if rows else {})
        return ApiAnswer(200, {}, json.dumps(answer).encode())

    def _row(self, name: str) -> dict[str, str]:
        shown = name.upper() if self.changes_case and len(self.requests) % 2 else name
        return {"ProspectActivityId": shown, "ActivityEvent": str(EVENT), "ModifiedOn": f"{self.stored[name]:{FORM}}"}

    @staticmethod
    def _bound(text: str) -> datetime:
        return datetime.strptime(text, FORM).replace(tzinfo=UTC)

    def _seen(self, written: datetime) -> datetime:
        return written.replace(microsecond=0) if self.hides_milliseconds else written


def ids_of(account: Account, since: float = 0, until: float = 60) -> list[str]:
    seen = activities_in_window(account.read, EVENT, at(since), at(until))
    assert seen is not None
    return sorted(activity.activity_id for activity in seen)


def spread(count: int, seconds: float, first: float = 0) -> dict[str, datetime]:
    return {f"a{number:05}": at(first + number * seconds / count) for number in range(count)}


def test_what_is_asked() -> None:
    """Bounds are whole seconds around the span, rows are sorted by id, and the request counts in the general window."""
    account = Account()

    assert activities_in_window(account.read, EVENT, at(0.7), at(2.001)) == []
    (request,) = account.requests
    assert (request.method, request.path, request.query, request.window) == (
        "POST",
        "/v2/ProspectActivity.svc/CustomActivity/RetrieveByActivityEvent",
        (),
        Window.GENERAL,
    )
    assert json.loads(request.body) == {
        "Parameter": {
            "FromDate": "2026-03-01 10:00:00",
            "ToDate": "2026-03-01 10:00:03",
            "ActivityEvent": EVENT,
            "RemoveEmptyValue": True,
        },
        "Paging": {"PageIndex": 1, "PageSize": 1000},
        "Sorting": {"ColumnName": "ProspectActivityId", "Direction": 0},
    }


@pytest.mark.parametrize(
    ("account", "requests"),
    [
        pytest.param(Account(spread(7, 50)), 1, id="one page"),
        pytest.param(Account(spread(999, 50)), 1, id="just one page"),
        pytest.param(Account(spread(1000, 50)), 3, id="a page so full that its count proves nothing"),
        pytest.param(Account(spread(2500, 50)), 6, id="several pages"),
        pytest.param(Account(spread(2500, 50), hides_milliseconds=True), 6, id="compared without milliseconds"),
        pytest.param(Account(spread(1500, 0.9, first=30)), None, id="more in one second than a page holds"),
        pytest.param(Account(spread(90, 50), clamp=25), 7, id="pages are cut in silence"),
        pytest.param(Account(spread(90, 0.9, first=30), clamp=25), None, id="pages cut, all in one second"),
        pytest.param(Account(spread(7, 50), counts=str), 1, id="count as text"),
    ],
)
def test_all_are_read_once(account: Account, requests: int | None) -> None:
    """However many there are and however the server pages them, each comes once, in few requests."""
    assert ids_of(account) == sorted(account.stored)
    assert requests is None or len(account.requests) == requests


@pytest.mark.parametrize("hides", [False, True], ids=["milliseconds count", "milliseconds are hidden"])
@pytest.mark.parametrize("clamp", [1, 2, 3])
def test_nothing_lies_between_two_parts(clamp: int, hides: bool) -> None:
    """Rows written within a second that separates two parts are in one of them."""
    account = Account({f"a{tenth:02}": at(tenth / 10) for tenth in range(100)}, clamp, hides_milliseconds=hides)

    assert ids_of(account, 0, 10) == sorted(account.stored)


def test_ids_are_one_whatever_their_case() -> None:
    """An id that comes in capitals from one part and small from another is one activity."""
    account = Account({f"a{number:02}": at(number) for number in range(40)}, clamp=10, changes_case=True)

    assert sorted(name.lower() for name in ids_of(account)) == sorted(account.stored)


def swap(account: Account, leaving: str, entering: str, second: float) -> Callable[[], None]:
    """One row is gone and another one there, so that the count stays and the rows behind move up."""

    def happen() -> None:
        account.stored.pop(leaving, None)
        account.stored[entering] = at(second)

    return happen


def test_equal_counts_are_no_proof() -> None:
    """A row that slips over the border of two pages, while the count stays the same, is found all the same."""
    account = Account({name: at(5.5) for name in "abcd"}, clamp=2)
    account.between[3] = swap(account, "a", "e", 5.6)  # 1: first look; 2 and 3: pages 1 and 2 of the second

    assert ids_of(account, 5, 6) == ["b", "c", "d", "e"]


def test_a_count_that_is_wrong_once_is_read_again() -> None:
    """A page that does not hold what is counted is not believed, and the next one is."""
    account = Account(spread(7, 50))
    account.counts = lambda count: count + 1 if len(account.requests) == 1 else count

    assert ids_of(account) == sorted(account.stored)


@pytest.mark.parametrize("off", [1, -1], ids=["more counted than shown", "fewer counted than shown"])
def test_what_never_settles_is_said(off: int) -> None:
    """A second whose count and rows never agree ends the reading after few requests, with what to do."""
    account = Account(spread(7, 50), counts=lambda count: count + off if count else 0)

    with pytest.raises(
        NetworkError, match=r"of 2026-03-01 10:00:00 to 2026-03-01 10:00:01 UTC keeps changing while it"
    ):
        ids_of(account, 0, 3600)
    assert len(account.requests) < 40


def test_an_edit_moves_a_row_into_what_is_still_to_be_read() -> None:
    """A row that is edited before its part is read is found in the part of its new time, and only once."""
    account = Account(spread(40, 50), clamp=10)
    account.between[3] = lambda: account.stored.update(a00039=at(58), a00000=at(58.5))

    assert ids_of(account) == sorted(account.stored)


def test_counting_takes_one_small_request() -> None:
    """The count of a span is known without its rows."""
    account = Account(spread(2500, 50))

    assert count_in_window(account.read, EVENT, at(0), at(60)) == 2500
    assert [json.loads(request.body)["Paging"]["PageSize"] for request in account.requests] == [1]


def test_a_read_that_is_not_offered_is_told_from_an_empty_one() -> None:
    """None means that nothing is known; an empty list that there is nothing."""
    assert activities_in_window(lambda _: None, EVENT, at(0), at(1)) is None
    assert count_in_window(lambda _: None, EVENT, at(0), at(1)) is None


@pytest.mark.parametrize(
    ("body", "said"),
    [
        pytest.param(b"", "it is empty", id="empty"),
        pytest.param(b"<h1>Hello</h1>", "it is no JSON but “Hello”", id="a page"),
        pytest.param(b"[]", "it does not tell a RecordCount", id="a list"),
        pytest.param(b'{"Status":"Success"}', "it does not tell a RecordCount", id="another object"),
        pytest.param(b'{"RecordCount":null}', "it does not tell a RecordCount", id="no count"),
        pytest.param(b'{"RecordCount":true}', "it does not tell a RecordCount", id="a count that is none"),
    ],
)
def test_an_answer_that_cannot_be_used_is_no_empty_one(body: bytes, said: str) -> None:
    """What does not tell how much there is never passes for "there is nothing"."""
    with pytest.raises(NetworkError, match=said) as raised:
        activities_in_window(lambda _: ApiAnswer(200, {}, body), EVENT, at(0), at(1))
    assert raised.value.is_fault


@pytest.mark.parametrize("counts", [len, lambda rows: len(rows) - 1], ids=["counted", "not counted"])
def test_rows_without_an_id_are_never_complete(counts: Callable[[list[object]], int]) -> None:
    """A part in which a row has no id is complete only if LeadSquared does not count that row."""
    rows: list[object] = [{"ProspectActivityId": "a"}, {"ActivityEvent": "320"}]
    body = json.dumps({"RecordCount": counts(rows), "List": rows}).encode()
    found: object
    try:
        found = activities_in_window(lambda _: ApiAnswer(200, {}, body), EVENT, at(0), at(1))
    except NetworkError:
        found = None

    assert (found is None) == (counts is len)


@pytest.mark.parametrize(
    ("since", "until", "seconds"),
    [
        pytest.param(at(0), at(0), 0, id="one moment"),
        pytest.param(at(0.999), at(1.001), 2, id="widened on both sides"),
        pytest.param(at(0).astimezone(), at(60).astimezone(), 60, id="another zone"),
    ],
)
def test_spans_become_whole_seconds(since: datetime, until: datetime, seconds: int) -> None:
    """A part is never shorter than the span it stands for."""
    part = Part.around(since, until)

    assert (part.since.microsecond, part.until.microsecond, part.seconds) == (0, 0, seconds)
    assert part.since <= since <= until <= part.until


@pytest.mark.parametrize(
    ("since", "until"),
    [pytest.param(at(1), at(0), id="backwards"), pytest.param(datetime(2026, 3, 1), at(0), id="no zone")],  # noqa: DTZ001
)
def test_what_is_no_span_is_a_defect(since: datetime, until: datetime) -> None:
    """A span that ends before it starts is never taken for an empty one."""
    with pytest.raises(ValueError, match="no span of time"):
        Part.around(since, until)


NAMES = [f"a{number:02}" for number in range(16)]
SPREAD, CROWDED = st.integers(0, 7_400), st.integers(7_001, 7_400)  # milliseconds; all writes of the law come later
HAPPENING = st.tuples(
    st.integers(2, 16),  # before which request
    st.sampled_from(["append", "edit", "delete", "swap"]),
    st.sampled_from([*NAMES, *(f"{name}x" for name in NAMES)]),  # appended ids sort anywhere among the others
)


@pytest.mark.parametrize(
    ("written", "spans"),
    [
        pytest.param(SPREAD, [(1, 4), (1, 8), (1, 60)], id="cut by time"),
        pytest.param(CROWDED, [(7, 8), (7, 60)], id="crowded in one second"),
    ],
)
@settings(max_examples=100, deadline=None)
@given(
    data=st.data(),
    happenings=st.lists(HAPPENING, min_size=2, max_size=6),
    clamp=st.integers(2, 5),
    pace=st.sampled_from([0.0, 0.02, 0.3]),
    hides=st.booleans(),
)
def test_whatever_happens_meanwhile_nothing_is_lost(
    written: st.SearchStrategy[int],
    spans: list[tuple[int, int]],
    data: st.DataObject,
    happenings: list[tuple[int, str, str]],
    clamp: int,
    pace: float,
    hides: bool,
) -> None:
    """Each activity that was there before the reading began, and stays within the span, is in the result exactly once.

    Or the reading says that it could not settle; it never passes off a part of the list as the whole.
    """
    since, until = data.draw(st.sampled_from(spans))
    moments = data.draw(st.lists(written, min_size=16, max_size=16))
    stored = {name: at(milliseconds / 1000) for name, milliseconds in zip(NAMES, moments, strict=True)}
    account = Account(dict(stored), clamp, hides_milliseconds=hides)
    staying = {name for name, moment in stored.items() if at(since) <= moment <= at(until)}

    def happen(number: int, kind: str, name: str) -> None:
        now = at(7.5 + number * pace)  # the server's clock: writes only happen now
        if kind in {"delete", "swap"} and account.stored.pop(name, None):
            staying.discard(name)
            if kind == "swap":  # another one comes in, so that the count stays
                account.stored[f"z{name}"] = now
        elif (kind == "edit" and name in account.stored) or (kind == "append" and name not in stored):
            account.stored[name] = now
            if now > at(until):
                staying.discard(name)

    def at_request(number: int) -> Callable[[], None]:
        return lambda: [happen(number, kind, name) for when, kind, name in happenings if when == number] and None

    account.between = {number: at_request(number) for number, _, _ in happenings}
    try:
        found = Counter(ids_of(account, since, until))
    except NetworkError as error:
        assert "keeps changing" in error.message
        event("did not settle")
        return

    assert max(found.values(), default=1) == 1
    assert staying <= found.keys()
