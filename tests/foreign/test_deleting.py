"""DeleteActivities."""

from __future__ import annotations

from typing import Any

import pytest

from .conftest import ASHA, CALL, LOADED, RAVI, ManualClock, Serve, assert_refused

DELETE = "/v2/ProspectActivity.svc/DeleteActivities"
BODY: dict[str, Any] = {"ProspectId": ASHA, "ActivityEventList": ["320"]}
# It happened at 10:00, and was written at 11:30.


@pytest.mark.parametrize(
    ("behaviour", "window", "is_left"),
    [
        ({}, {}, False),
        ({}, {"FromDate": "2024-01-31 10:00:00", "ToDate": "2024-01-31 10:00:00"}, False),
        ({}, {"FromDate": "2024-01-31 10:00:01"}, True),
        ({"deletion_time": "modified-on"}, {"FromDate": "2024-01-31 10:00:01"}, False),
        ({"deletion_time": "modified-on"}, {"ToDate": "2024-01-31 11:29:59"}, True),
        (
            {"deletion_cuts_days": True},
            {"FromDate": "2024-01-31 23:00:00", "StatusWebhookURL": "https://x.example"},
            False,
        ),
        ({}, {"ProspectId": ASHA.upper(), "ActivityEventList": [321, "320"]}, False),
        ({}, {"ActivityEventList": ["321"]}, True),
        ({}, {"ProspectId": RAVI}, True),
        ({"deletes_nothing": True}, {}, True),
    ],
    ids=["all", "its second", "later", "written later", "written before", "its day", "types", "type", "lead", "never"],
)
def test_what_is_deleted(serve: Serve, behaviour: dict[str, Any], window: dict[str, Any], is_left: bool) -> None:
    """What a lead has of the types in the window, by the time and the sharpness that the test chooses."""
    server, caller = serve(**behaviour, **LOADED)

    reply = caller.call("POST", DELETE, BODY | window)

    assert (reply.status, reply.content["Status"], "queued" in reply.content["Message"]["Message"]) == (
        200,
        "Success",
        True,
    )
    assert [one.activity_id for one in server.activities] == ([CALL] if is_left else [])


def test_it_stays_in_its_queue(serve: Serve, clock: ManualClock) -> None:
    """Until its time has come everything is as before."""
    server, caller = serve(deletes_after_seconds=60, **LOADED)
    caller.call("POST", DELETE, BODY)

    clock.seconds += 59
    before = len(server.activities)
    clock.seconds += 1

    assert (before, len(server.activities)) == (1, 0)
    gone = caller.get("ProspectActivity.svc/GetActivityDetails", activityId=CALL)
    assert_refused(gone, 500, "MXUnknownProspectActivityException", "does not exist")


@pytest.mark.parametrize(
    ("changes", "status", "kind"),
    [
        ({"ProspectId": ""}, 500, "MXMandatoryAttributeMissingException"),
        ({"ActivityEventList": []}, 500, "MXMandatoryAttributeMissingException"),
        ({"FromDate": "31/01/2024"}, 500, "MXInvalidInputException"),
        ({"FromDate": "2024-02-02 00:00:00", "ToDate": "2024-02-01 00:00:00"}, 500, "MXInvalidInputException"),
        ({"ProspectActivityId": CALL}, 400, "MXBadRequestException"),
    ],
    ids=["no lead", "no type", "no date", "no span", "by id"],
)
def test_refusals(serve: Serve, changes: dict[str, Any], status: int, kind: str) -> None:
    """A request that is not as the page shows it deletes nothing; an id is no part of it."""
    server, caller = serve(**LOADED)

    assert_refused(caller.call("POST", DELETE, BODY | changes), status, kind, "")
    assert len(server.activities) == 1


def test_not_offered(serve: Serve) -> None:
    """An account may lack the operation."""
    _, caller = serve(serves_deletion=False, **LOADED)

    assert caller.call("POST", DELETE, BODY).status == 404
