"""Answers that are kept back until a test lets them go."""

from __future__ import annotations

import http.client
import socket
from concurrent.futures import ThreadPoolExecutor

import pytest

from .conftest import Caller, Serve, row
from .process import foreign_process


def test_answers_from_the_n_th_on_are_kept_back(serve: Serve) -> None:
    """Rows of the second request are stored, its answer comes when it is let go; questions are answered all the time."""
    server, caller = serve(answers_before_hold=1)
    asking = Caller(server)
    caller.add(row())
    with ThreadPoolExecutor(1) as other:
        second = other.submit(caller.add, row())
        while len(server.activities) < 2:
            pass
        answered = asking.get("Authentication.svc/UserByAccessKey.Get").status
        was_done = second.done()
        server.behaviour.answers_before_hold = None
        reply = second.result(10)
    asking.connection.close()

    assert (answered, was_done, reply.status) == (200, False, 200)
    assert [record.number_of_writing for record in server.requests] == [1, 2, 0]


def test_a_server_of_its_own_lets_go_when_it_is_asked() -> None:
    """And one that ends lets go of all."""
    with foreign_process("--answers-before-hold", "0", "--access-key", "a", "--secret-key", "s") as server:
        connection = http.client.HTTPConnection(server.host.removeprefix("http://"), timeout=0.2)
        body = '[{"SearchByValue": "asha@example.com", "ActivityEvent": 320}]'
        keys = {"x-LSQ-AccessKey": "a", "x-LSQ-SecretKey": "s", "Content-Type": "application/json"}
        path = "/v2/ProspectActivity.svc/Bulk/CustomActivity/Add/ByLeadField?searchBy=EmailAddress"
        connection.request("POST", path, body, keys)
        assert isinstance(connection.sock, socket.socket)
        with pytest.raises(TimeoutError):
            connection.getresponse()
        connection.close()
        connection = http.client.HTTPConnection(server.host.removeprefix("http://"), timeout=10)
        server.let_go()
        connection.request("POST", path, body, keys)
        answer = connection.getresponse()
        answer.read()
        connection.close()
        kept = len(server.state()["activities"])

    assert (answer.status, kept) == (200, 2)
