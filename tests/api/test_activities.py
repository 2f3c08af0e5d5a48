"""Activities as LeadSquared shows them: what the members of both reads become, and the paging of a lead's trail."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

import pytest

from etl.api.activities import activities_in_window, activities_of_lead
from etl.api.asking import moment, texts
from etl.errors import NetworkError
from etl.records import ApiAnswer, ApiRequest, SeenActivity, Window

EVENT = 320
SINCE, UNTIL = datetime(2026, 3, 1, 10, tzinfo=UTC), datetime(2026, 3, 1, 11, tzinfo=UTC)
LEAD = "11111111-1111-4111-8111-111111111111"


def answering(document: object) -> Callable[[ApiRequest], ApiAnswer]:
    return lambda _: ApiAnswer(200, {}, json.dumps(document).encode())


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        pytest.param("2026-03-01 10:00:00", datetime(2026, 3, 1, 10, tzinfo=UTC), id="activity"),
        pytest.param("2026-03-01 10:00:00.250", datetime(2026, 3, 1, 10, 0, 0, 250_000, UTC), id="lead"),
        pytest.param("3/1/2026 12:05:09 AM", datetime(2026, 3, 1, 0, 5, 9, tzinfo=UTC), id="after midnight"),
        pytest.param("12/31/2026 12:05:09 PM", datetime(2026, 12, 31, 12, 5, 9, tzinfo=UTC), id="after noon"),
        pytest.param("2026-02-30 10:00:00", None, id="no such day"),
        pytest.param("31/12/2026 10:00:00 AM", None, id="day before month"),
        pytest.param("2026-03-01T10:00:00+05:30", None, id="another zone"),
        pytest.param("/Date(1417453996000+0000)/", None, id="metadata's form"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="null"),
        pytest.param(1417453996, None, id="number"),
    ],
)
def test_times(told: object, expected: datetime | None) -> None:
    """Only the forms that LeadSquared writes are read as times; all of them are UTC."""
    assert moment(told) == expected


def test_values_as_texts() -> None:
    """Strings stay as they are, other values become what JSON writes for them, empty ones are left out."""
    row = {"a": " 07 ", "b": 7, "c": 7.5, "d": True, "e": None, "f": "", "g": {"x": "मिले"}, "h": 0, "i": "\ud800!"}

    assert texts(row) == {"a": " 07 ", "b": "7", "c": "7.5", "d": "true", "g": '{"x": "मिले"}', "h": "0", "i": "?!"}


WHOLE_ROW = {
    "ProspectActivityId": "a-1",
    "RelatedProspectId": LEAD,
    "ActivityType": "2",
    "ActivityEvent": "320",
    "ActivityEvent_Note": "met at gate",
    "Status": "Active",
    "Owner": "u-2",
    "mx_Custom_1": "417",
    "mx_Custom_2": None,
    "CreatedOn": "2026-02-01 09:00:00",
    "CreatedBy": "u-1",
    "CreatedByName": "Ops",
    "CreatedByEmailAddress": "ops@example.com",
    "ModifiedOn": "2026-03-01 10:00:05",
    "ModifiedBy": "u-1",
    "ModifiedByName": "Ops",
}


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param(
            WHOLE_ROW,
            [
                SeenActivity(
                    activity_id="a-1",
                    lead_id=LEAD,
                    note="met at gate",
                    values={"Status": "Active", "Owner": "u-2", "mx_Custom_1": "417"},
                    created_on=datetime(2026, 2, 1, 9, tzinfo=UTC),
                    modified_on=datetime(2026, 3, 1, 10, 0, 5, tzinfo=UTC),
                    created_by="u-1",
                )
            ],
            id="whole",
        ),
        pytest.param({"ProspectActivityId": "a-1"}, [SeenActivity("a-1", "", "", {}, None, None, None)], id="bare"),
        pytest.param({"ProspectActivityId": "a-1", "ActivityEvent": "321"}, [], id="another type"),
    ],
)
def test_rows_of_a_window(row: dict[str, object], expected: list[SeenActivity]) -> None:
    """A row's fixed members become the record's own, all others its values; what is missing is left empty."""
    read = answering({"RecordCount": 1, "List": [row]})

    assert activities_in_window(read, EVENT, SINCE, UNTIL) == expected


TRAIL_ROW = {
    "Id": "a-1",
    "EventCode": 320,
    "EventName": "Site Visit",
    "CreatedOn": "2026-02-01 09:00:00",
    "ModifiedOn": "2026-03-01 10:00:05",
    "RelatedProspectId": LEAD.upper(),
    "Data": [{"Key": "CreatedByName", "Value": "Ops"}, {"Key": "NotableEventDescription", "Value": "in the data"}],
    "ActivityFields": {
        "ActivityEvent_Note": "in the fields",
        "Status": "Active",
        "mx_Custom_1": 417,
        "mx_Custom_9": '{"mx_CustomObject_1":"x"}',
        "ProspectActivityAutoId": 12,
        "CreatedOn": "2/1/2026 9:00:00 AM",
    },
}
SEEN = SeenActivity(
    activity_id="a-1",
    lead_id=LEAD.upper(),
    note="in the fields",
    values={"Status": "Active", "mx_Custom_1": "417", "mx_Custom_9": '{"mx_CustomObject_1":"x"}'},
    created_on=datetime(2026, 2, 1, 9, tzinfo=UTC),
    modified_on=datetime(2026, 3, 1, 10, 0, 5, tzinfo=UTC),
    created_by=None,
)
SHADOW = {"Id": "A-1", "EventCode": 3001, "CreatedOn": "2026-02-01 09:00:00"}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        pytest.param([TRAIL_ROW], [SEEN], id="whole"),
        pytest.param([SHADOW, TRAIL_ROW, SHADOW], [SEEN], id="another type shares its id"),
        pytest.param([{**SHADOW, "EventCode": None}, TRAIL_ROW], [SEEN], id="a row without type shares its id"),
        pytest.param([{**SHADOW, "Id": None}, TRAIL_ROW], [SEEN], id="another type has no id"),
        pytest.param([{**TRAIL_ROW, "EventCode": 321}], [], id="another type"),
        pytest.param(
            [{"Id": "a-1", "EventCode": "320", "Data": TRAIL_ROW["Data"]}],
            [SeenActivity("a-1", LEAD, "in the data", {}, None, None, None)],
            id="no fields, type as text",
        ),
        pytest.param(
            [{"Id": "a-1", "ActivityFields": {"CreatedOn": "2/1/2026 9:00:00 AM"}, "Data": None}],
            [SeenActivity("a-1", LEAD, None, {}, SEEN.created_on, None, None)],
            id="nothing but its time",
        ),
    ],
)
def test_rows_of_a_lead(rows: list[dict[str, object]], expected: list[SeenActivity]) -> None:
    """Of the rows of a lead those of our type come once each, with the note from where it stands."""
    trail = Trail(rows)

    assert activities_of_lead(trail.read, LEAD, EVENT) == expected


@dataclass
class Trail:
    """The activities of one lead, paged by one reading of `Offset`.

    clamp: rows to a page at most. counts: what the answer says there are. knows: which form of paging it heeds.
    """

    rows: list[dict[str, object]]
    offset_is: str = "page from 0"
    clamp: int = 1000
    counts: Callable[[int], int] = lambda count: count
    knows: str = "Offset"
    asked: list[ApiRequest] = field(default_factory=list)

    def read(self, request: ApiRequest) -> ApiAnswer | None:
        self.asked.append(request)
        paging = json.loads(request.body)["Paging"]
        size = min(int(paging.get("RowCount", 0) or paging["PageSize"]), self.clamp)
        first = self._first(int(paging.get("Offset", paging.get("PageIndex"))), size) if self.knows in paging else 0
        if first is None:
            return None
        rows = self.rows[first : first + size] if first >= 0 else []
        answer = {"RecordCount": self.counts(len(self.rows)), "ProspectActivities": rows}
        return ApiAnswer(200, {}, json.dumps(answer).encode())

    def _first(self, offset: int, size: int) -> int | None:
        """The position of the page's first row, -1 for no page; None: refused."""
        from_one = {"0 as 1": max(offset, 1) - 1, "0 empty": offset - 1, "0 refused": offset - 1 if offset else None}
        how = self.offset_is.removeprefix("page from 1, ")
        page = from_one.get(how, offset)
        if page is None or self.offset_is == "row":
            return page
        return page * size if page >= 0 else -1


READINGS = ["page from 0", "page from 1, 0 as 1", "page from 1, 0 empty", "page from 1, 0 refused", "row"]


@pytest.mark.parametrize("offset_is", READINGS)
@pytest.mark.parametrize("clamp", [1, 2, 5, 25])
@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 26, 75])
def test_no_reading_of_the_offset_loses_a_row(offset_is: str, clamp: int, count: int) -> None:
    """Whether offsets count pages or rows, from 0 or from 1, and however few rows a page holds: all come, each once."""
    trail = Trail([{"Id": f"a{number}", "EventCode": EVENT} for number in range(count)], offset_is, clamp)
    found = activities_of_lead(trail.read, LEAD, EVENT)

    assert found is not None
    assert [activity.activity_id for activity in found] == [f"a{number}" for number in range(count)]


@pytest.mark.parametrize(
    ("offset_is", "count", "offsets"),
    [
        pytest.param("page from 0", 0, ["0", "1"], id="pages from 0, nothing"),
        pytest.param("page from 0", 7, ["0", "1"], id="pages from 0, one page"),
        pytest.param("page from 0", 2000, ["0", "1", "2"], id="pages from 0, two pages"),
        pytest.param("page from 1, 0 as 1", 7, ["0", "1", "2"], id="pages from 1, one page"),
        pytest.param("page from 1, 0 empty", 1500, ["0", "1", "2", "3"], id="pages from 1, two pages"),
        pytest.param("row", 7, ["0", "1", "2"], id="rows, one page"),
        pytest.param("row", 3500, ["0", "1", "1001", "2001", "3001", "3500"], id="rows, many pages"),
    ],
)
def test_few_requests_tell_the_reading(offset_is: str, count: int, offsets: list[str]) -> None:
    """The pages themselves show what the offset counts; nothing is asked for row by row."""
    trail = Trail([{"Id": f"a{number}", "EventCode": EVENT} for number in range(count)], offset_is)
    found = activities_of_lead(trail.read, LEAD, EVENT)

    assert len(found or []) == count
    assert [json.loads(request.body)["Paging"]["Offset"] for request in trail.asked] == offsets


def test_a_page_that_was_pushed_back_does_not_end_the_reading() -> None:
    """An activity that comes in on top moves the others back; a page that repeats the last one is then not the end."""
    trail = Trail([{"Id": f"a{number}", "EventCode": EVENT} for number in range(3)], "page from 1, 0 empty", clamp=1)

    def read(request: ApiRequest) -> ApiAnswer | None:
        if len(trail.asked) == 2:
            trail.rows.insert(0, {"Id": "new", "EventCode": EVENT})
        return trail.read(request)

    found = activities_of_lead(read, LEAD, EVENT)
    assert {"a0", "a1", "a2"} <= {activity.activity_id for activity in found or []}


@pytest.mark.parametrize("counts", [lambda _: 1, lambda count: count, lambda count: count + 9])
def test_the_count_never_ends_the_reading(counts: Callable[[int], int]) -> None:
    """Whatever `RecordCount` means, all rows come."""
    trail = Trail([{"Id": f"a{number}", "EventCode": EVENT} for number in range(60)], clamp=25, counts=counts)

    assert len(activities_of_lead(trail.read, LEAD, EVENT) or []) == 60


@pytest.mark.parametrize("offset_is", READINGS)
def test_a_server_that_overlooks_the_offset(offset_is: str) -> None:
    """Where only the other form of paging is heeded, the rows behind the first page come by it."""
    rows: list[dict[str, object]] = [{"Id": f"a{number}", "EventCode": EVENT} for number in range(60)]
    trail = Trail(rows, offset_is, clamp=25, knows="PageIndex")

    assert len(activities_of_lead(trail.read, LEAD, EVENT) or []) == 60


def test_what_is_asked_of_a_lead() -> None:
    """The question is the documented sample with the lead in the query; it counts in the general window."""
    trail = Trail([])
    activities_of_lead(trail.read, LEAD, EVENT)

    assert trail.asked[0] == ApiRequest(
        "POST",
        "/v2/ProspectActivity.svc/Retrieve",
        (("leadId", LEAD),),
        b'{"Parameter": {"ActivityEvent": 320}, "Paging": {"Offset": "0", "RowCount": "1000"}}',
        Window.GENERAL,
    )


def test_a_trail_that_is_not_offered() -> None:
    """None means that nothing is known; also when a later page is refused."""
    first = answering({"RecordCount": 9, "ProspectActivities": [TRAIL_ROW]})

    def then_refusing(request: ApiRequest) -> ApiAnswer | None:
        return first(request) if b'"Offset": "0"' in request.body else None

    assert activities_of_lead(lambda _: None, LEAD, EVENT) is None
    assert activities_of_lead(then_refusing, LEAD, EVENT) is None


@pytest.mark.parametrize(
    ("document", "said"),
    [
        pytest.param({"Status": "Success"}, "lists no ProspectActivities", id="another object"),
        pytest.param({"RecordCount": 3}, "lists no ProspectActivities", id="counted and not listed"),
        pytest.param("hello", "lists no ProspectActivities", id="a text"),
        pytest.param({"RecordCount": 1, "ProspectActivities": [{"EventCode": 320}]}, "without its Id", id="no id"),
    ],
)
def test_a_trail_that_cannot_be_used(document: object, said: str) -> None:
    """What lists nothing, or an activity of ours that cannot be told apart, never passes for "there is nothing"."""
    with pytest.raises(NetworkError, match=said):
        activities_of_lead(answering(document), LEAD, EVENT)


def test_an_empty_trail_may_lack_its_list() -> None:
    """A count of nothing without a list is an answer."""
    assert activities_of_lead(answering({"RecordCount": 0}), LEAD, EVENT) == []
