"""One activity by its id: what its fields become, and what LeadSquared says when it has none."""

from __future__ import annotations

import json

import pytest

from etl.api.details import NoActivity, activity_by_id
from etl.api.reads import read
from etl.errors import NetworkError
from etl.records import ApiAnswer, ApiRequest, SeenActivity
from tests.clocks import ManualClock

ID = "11111111-1111-4111-8111-111111111111"
GONE = {
    "Status": "Error",
    "ExceptionType": "MXUnknownProspectActivityException",
    "ExceptionMessage": "Activity does not exist.",
}


class Server:
    """Answers every read with the same."""

    base_url = "http://127.0.0.1:1"
    clock = ManualClock()

    def __init__(self, document: object, status: int = 200) -> None:
        self.answer = ApiAnswer(status, {}, json.dumps(document).encode())
        self.asked: list[ApiRequest] = []

    def send(self, request: ApiRequest, may_write: object = None) -> ApiAnswer:
        self.asked.append(request)
        return self.answer

    def told(self) -> SeenActivity | NoActivity | None:
        return activity_by_id(lambda request: read(self, request), ID)


def fields(**values: object) -> dict[str, object]:
    listed = [{"SchemaName": name, "DataType": "String", "Value": value} for name, value in values.items()]
    return {"ID": "t-1", "Name": "Visit", "DisplayName": "Visit", "Fields": listed}


def seen(note: str | None, **values: str) -> SeenActivity:
    return SeenActivity(ID, "", note, values, None, None, None)


SHOWN = [
    pytest.param(fields(mx_Custom_1="5", Status="Active"), seen(None, mx_Custom_1="5", Status="Active"), id="fields"),
    pytest.param(fields(ActivityEvent_Note="met"), seen("met"), id="a note"),
    pytest.param(fields(ActivityEvent_Note=None, mx_Custom_1=None), seen(""), id="an empty note and field"),
    pytest.param(fields(ActivityEvent_Note="", mx_Custom_1=""), seen(""), id="empty texts"),
    pytest.param(fields(mx_Custom_1=7), seen(None, mx_Custom_1="7"), id="a number"),
    pytest.param({"Fields": [{"Value": "x"}, 5]}, seen(None), id="fields without a name"),
]


@pytest.mark.parametrize(("document", "expected"), SHOWN)
def test_fields_of_an_activity(document: object, expected: SeenActivity) -> None:
    """Filled fields are values, the note is told where the type has one; lead and times are not told."""
    server = Server(document)

    assert server.told() == expected
    (request,) = server.asked
    assert (request.method, request.path, request.query) == (
        "GET",
        "/v2/ProspectActivity.svc/GetActivityDetails",
        (("activityId", ID),),
    )


@pytest.mark.parametrize("status", [500, 200])
def test_an_id_that_leads_to_nothing(status: int) -> None:
    """That there is no such activity is an answer, in LeadSquared's words and whatever the status."""
    told = Server(GONE, status).told()

    assert isinstance(told, NoActivity)
    assert told.reason == f"“Activity does not exist.” (HTTP {status}, MXUnknownProspectActivityException)"


@pytest.mark.parametrize(
    ("document", "status"),
    [
        pytest.param("nothing here", 404, id="no such operation"),
        pytest.param(GONE | {"ExceptionType": "MXUnauthorizedRequestException"}, 500, id="not for this user"),
        pytest.param(GONE | {"ExceptionType": "MXActivityLockedException"}, 500, id="a lock"),
        pytest.param({"Message": "Bad Request"}, 400, id="a proxy"),
    ],
)
def test_a_read_that_is_not_offered_tells_nothing(document: object, status: int) -> None:
    """Neither is taken for an activity that does not exist."""
    assert Server(document, status).told() is None


@pytest.mark.parametrize("document", [{}, {"Fields": None}, {"Fields": "x"}, 5])
def test_an_answer_without_fields_cannot_be_used(document: object) -> None:
    """It is no activity without values."""
    with pytest.raises(NetworkError, match="lists no Fields"):
        Server(document).told()
