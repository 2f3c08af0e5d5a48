from __future__ import annotations

import errno
import http.client
import json
from typing import Any

import pytest

from .conftest import (
    ADD,
    ADD_BY_ID,
    ADD_BY_OPPORTUNITY,
    ASHA,
    CREATE,
    DEAL,
    LOADED,
    UPDATE,
    ManualClock,
    Serve,
    change,
    creation,
    row,
)
from .faults import Fault
from .server import ForeignServer


def test_the_same_seed_repeats_delays_and_faults(serve: Serve, clock: ManualClock) -> None:
    """A seed decides the latency and the fault of each request; another seed decides otherwise."""
    shares = {"answer_502_after_storing": 0.3, "omit_rows": 0.3, "latency_seconds": (0.0, 0.4)}
    seen = []
    for seed in (7, 7, 8):
        server, caller = serve(seed=seed, **shares)
        clock.sleeps.clear()
        for _ in range(20):
            caller.add(row())
        seen.append(([record.fault for record in server.requests], list(clock.sleeps)))

    assert seen[0] == seen[1]
    assert seen[0][0] != seen[2][0]
    assert seen[0][1] != seen[2][1]


def test_a_drop_resets_the_connection_after_storing(serve: Serve) -> None:
    """A dropped answer is a reset without one byte, and the rows are there."""
    server, caller = serve(drop_after_storing=1.0)

    with pytest.raises(ConnectionResetError) as caught:
        caller.add(row())

    assert not isinstance(caught.value, http.client.RemoteDisconnected)  # that would be an orderly end
    assert caught.value.errno == errno.ECONNRESET
    assert len(server.activities) == 1
    assert [(record.status, record.fault) for record in server.requests] == [(None, Fault.DROPPED)]


def test_after_a_drop_the_server_goes_on(serve: Serve) -> None:
    """Behaviour may change while the server runs: the next request is answered."""
    server, caller = serve(drop_after_storing=1.0)
    with pytest.raises(ConnectionResetError, match="reset by peer"):
        caller.add(row())

    server.behaviour.drop_after_storing = 0.0
    caller.connection.close()

    assert caller.add(row()).status == 200
    assert server.faults_met(Fault.DROPPED) == 1


def test_502_comes_after_storing(serve: Serve) -> None:
    """A gateway error is an HTML page, and the rows are there."""
    server, caller = serve(answer_502_after_storing=1.0)

    reply = caller.add(row(), row())

    assert reply.status == 502
    assert "<html>" in reply.content
    assert len(server.activities) == 2


def test_a_cut_answer_is_short(serve: Serve) -> None:
    """Less comes than was announced, what came is no JSON, the connection ends, and the rows are there."""
    server, caller = serve(cut_answer=1.0)

    with pytest.raises(http.client.IncompleteRead) as caught:
        caller.add(row(), row())

    assert caught.value.expected is not None
    assert min(len(caught.value.partial), caught.value.expected) > 0
    with pytest.raises(json.JSONDecodeError, match=r"Unterminated|Expecting"):
        json.loads(caught.value.partial)
    assert len(server.activities) == 2


def test_omitted_rows_are_stored(serve: Serve) -> None:
    """An answer may lack rows that are there; the rows that it has keep their numbers and ids."""
    server, caller = serve(omit_rows=1.0)

    answered = caller.add(*[row()] * 10).content["Response"]

    ids = [activity.activity_id for activity in server.activities]
    assert len(ids) == 10
    assert len(answered) < 10
    assert all(ids[entry["RowNumber"] - 1] == entry["ProspectActivityId"] for entry in answered)


def test_faults_come_as_often_as_their_shares_say(serve: Serve) -> None:
    """Of many requests about the given share meets each fault, and the rest none."""
    server, caller = serve(limit=(1000, 1.0), answer_502_after_storing=0.1, omit_rows=0.3)

    for _ in range(300):
        caller.add(row())

    assert 15 <= server.faults_met(Fault.BAD_GATEWAY) <= 45
    assert 65 <= server.faults_met(Fault.OMITTED) <= 115
    assert server.faults_met(Fault.DROPPED) == server.faults_met(Fault.CUT) == 0


def test_faults_spare_requests_that_were_refused(serve: Serve) -> None:
    """Faults happen after storing: a refused request and a read are answered in peace."""
    server, caller = serve(answer_502_after_storing=1.0)

    assert caller.add().status == 400
    assert caller.get("Authentication.svc/UserByAccessKey.Get").status == 200
    assert server.faults_met(Fault.BAD_GATEWAY) == 0


def test_shares_above_one_are_a_mistake() -> None:
    """Shares of faults that cannot be kept are refused at once."""
    with pytest.raises(ValueError, match="add up to 1 at most"):
        ForeignServer(drop_after_storing=0.6, cut_answer=0.6)


WRITES: list[Any] = [
    pytest.param(f"{ADD}?searchBy=EmailAddress", [row()], id="by lead field"),
    pytest.param(ADD_BY_ID, [{"RelatedProspectId": ASHA, "ActivityEvent": 320}], id="by lead id"),
    pytest.param(
        f"{ADD_BY_OPPORTUNITY}?opportunityId={DEAL}",
        [{"ActivityEvent": 320, "ActivityOwnerEmail": "a@example.com"}],
        id="by opportunity",
    ),
    pytest.param(UPDATE, [change(note="changed")], id="update"),
    pytest.param(CREATE, creation(("EmailAddress", "new@example.com")), id="create"),
]


@pytest.mark.parametrize(("path", "body"), WRITES)
def test_every_writing_operation_meets_every_fault(serve: Serve, path: str, body: Any) -> None:
    """Each fault befalls each operation that writes, and what it wrote is there all the same."""
    server, caller = serve(**LOADED)
    before = server.state()["activities"]

    server.behaviour.answer_502_after_storing = 1.0
    assert caller.call("POST", path, body).status == 502
    server.behaviour.answer_502_after_storing, server.behaviour.omit_rows = 0.0, 1.0
    assert caller.call("POST", path, body).content == ({} if path == CREATE else {"Response": []})
    server.behaviour.omit_rows, server.behaviour.cut_answer = 0.0, 1.0
    with pytest.raises(http.client.IncompleteRead):
        caller.call("POST", path, body)
    server.behaviour.cut_answer, server.behaviour.drop_after_storing = 0.0, 1.0
    caller.connection.close()
    with pytest.raises(ConnectionResetError, match="reset by peer"):
        caller.call("POST", path, body)

    written = sum(1 + one["updates"] for one in server.state()["activities"])
    assert written == len(before) + 4
    assert [record.fault for record in server.requests] == [Fault.BAD_GATEWAY, Fault.OMITTED, Fault.CUT, Fault.DROPPED]


@pytest.mark.parametrize(("path", "body"), WRITES)
def test_every_writing_operation_counts_in_the_limit(serve: Serve, path: str, body: Any) -> None:
    """One call too many writes nothing, whichever operation it is."""
    server, caller = serve(limit=(1, 5.0), **LOADED)

    assert [caller.call("POST", path, body).status for _ in range(2)] == [200, 429]
    assert sum(1 + activity.updates for activity in server.activities) == 2


@pytest.mark.parametrize(("path", "body"), WRITES)
def test_bulk_operations_have_a_limit_of_their_own(serve: Serve, path: str, body: Any) -> None:
    """What the page on limits lists as bulk counts there; on an opportunity only if the test says so; CreateCustom never."""
    _, caller = serve(bulk_limit=(1, 5.0), **LOADED)
    _, strict = serve(bulk_limit=(1, 5.0), opportunity_is_bulk=True, **LOADED)
    is_listed = path.startswith((ADD, ADD_BY_ID, UPDATE))

    assert [caller.call("POST", path, body).status for _ in range(2)] == [200, 429 if is_listed else 200]
    assert [strict.call("POST", path, body).status for _ in range(2)] == [200, 200 if path == CREATE else 429]
