"""Public clients for other languages get from the simulator what their own tests expect of LeadSquared."""

from __future__ import annotations

import json
from typing import Any

import pytest

from etl.simulator import LeadField, SimRequest

from .calls import JSON, QUERY_KEYS, Bench, answer
from .public_clients import CALLS, LEAD


def fits(found: Any, expected: Any) -> bool:
    """Whether an answer is as expected, members besides those expected allowed."""
    if isinstance(expected, type):
        return type(found) is expected
    if isinstance(expected, dict):
        return isinstance(found, dict) and all(fits(found.get(name), part) for name, part in expected.items())
    if isinstance(expected, list) and expected:
        return isinstance(found, list) and bool(found) and all(fits(item, expected[0]) for item in found)
    return type(found) is type(expected) and found == expected


@pytest.mark.parametrize("name", CALLS)
def test_a_client_s_request(name: str) -> None:
    """Status and answer are those of the client's own test, with the keys in the URL as it sends them."""
    call = CALLS[name]
    ann = {"ProspectID": LEAD, "FirstName": "Ann", "LastName": "Lee", "EmailAddress": "ann@example.com"}
    bench = Bench(
        leads=(ann,),
        other_leads_exist=False,
        activity_types={102: "Visit", 201: "Call"},
        lead_fields=(LeadField("mx_City"),),
        users=(),
    )

    reply = bench.send(
        SimRequest(
            "GET" if call.body is None else "POST",
            call.path,
            query=(*QUERY_KEYS, *call.query.items()),
            headers=JSON,
            body=b"" if call.body is None else json.dumps(call.body).encode(),
        )
    )

    assert reply.status == call.status
    assert fits(answer(reply), call.expected), answer(reply)


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ([], [{"Id": str}]),
        ({"Id": 5}, {"Id": str}),
        ({}, {"Id": str}),
        (True, 1),
        ([5], []),
        ([{"a": 1}, {}], [{"a": int}]),
    ],
)
def test_what_does_not_fit(found: Any, expected: Any) -> None:
    """The comparison above can fail."""
    assert not fits(found, expected)
