"""Who is let in, and the errors of requests that are not what an operation takes."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from etl.simulator import AuthIn, SimRequest, Switches

from .calls import JSON, KEYS, PATH, QUERY_KEYS, TYPES_PATH, USER_PATH, Bench, add, answer, read, refusal, row

BY_QUERY = {"query": (("searchBy", "EmailAddress"), *QUERY_KEYS), "headers": JSON}
BY_BOTH = {"query": (("searchBy", "EmailAddress"), *QUERY_KEYS), "headers": {**KEYS, **JSON}}
BAD_KEYS = (401, "MXInvalidAccessDetailsException", "Invalid Access Details provided.")


@pytest.mark.parametrize(
    ("auth_in", "parts", "status"),
    [
        ("both", {}, 200),
        ("both", BY_QUERY, 200),
        ("both", BY_BOTH, 200),
        ("both", {"headers": JSON}, 401),
        ("both", {"headers": {**JSON, **KEYS, "x-lsq-secretkey": "wrong"}}, 401),
        ("both", {"headers": {**JSON, "x-lsq-accesskey": KEYS["x-lsq-accesskey"]}}, 401),
        ("both", {**BY_BOTH, "headers": {**JSON, **KEYS, "x-lsq-accesskey": "wrong"}}, 401),
        ("header", {}, 200),
        ("header", BY_QUERY, 401),
        ("query", {}, 401),
        ("query", BY_QUERY, 200),
    ],
)
def test_keys(auth_in: str, parts: dict[str, Any], status: int) -> None:
    """Only right keys in an accepted place are let in, and nothing is stored without them."""
    bench = Bench(switches=Switches(auth_in=AuthIn(auth_in)))

    reply = bench.send(add([row()], **parts))

    assert reply.status == status
    assert len(bench.stored()) == (status == 200)
    assert bench.stat("refused_for_keys") == (status == 401)
    if status == 401:
        assert refusal(reply) == BAD_KEYS


@pytest.mark.parametrize(
    ("query", "seen"),
    [
        ((), 0),
        (QUERY_KEYS, 1),
        ((("ACCESSKEY", "x"),), 1),
        ((("note", "my simulator-secret-key"),), 1),
    ],
    ids=["none", "as-documented", "other-case", "as-a-value"],
)
def test_keys_in_the_url_are_counted(query: tuple[tuple[str, str], ...], seen: int) -> None:
    """A key in the URL is noticed even where it is accepted or ignored."""
    bench = Bench()

    bench.send(add([row()], query=(("searchBy", "EmailAddress"), *query)))

    assert bench.stat("requests_with_keys_in_url") == seen


@pytest.mark.parametrize(
    ("request_made", "expected"),
    [
        (replace(add([row()]), path="/v2/Nowhere.svc/X"), (404, "EndpointNotFoundException")),
        (replace(add([row()]), path=PATH + "/"), (404, "EndpointNotFoundException")),
        (read(PATH), (405, "MethodNotAllowedException")),
        (SimRequest("POST", TYPES_PATH, headers=KEYS), (405, "MethodNotAllowedException")),
        (add(b"[{"), (400, "JsonReaderException")),
        (add(b'[{"a":"\xe9"}]'), (400, "JsonReaderException")),
        (add(b"[NaN]"), (400, "JsonReaderException")),
        (add(b"[" * 100_000), (400, "JsonReaderException")),
        (add(b""), (400, "JsonReaderException")),
        (add(row()), (400, "JsonSerializationException")),
        (add(["text"]), (400, "JsonSerializationException")),
        (add([row()], headers={**KEYS, "content-type": "text/plain"}), (400, "InvalidOperationException")),
        (add([]), (500, "MXInvalidInputException")),
        (add([row()], query=()), (500, "MXMandatoryAttributeMissingException")),
        (add([row()], query=(("searchBy", "Nickname"),)), (500, "MXInvalidInputException")),
        (add([{"SearchByValue": "a@example.com"}]), (500, "MXInvalidActivityException")),
        (add([row(), row(ActivityEvent="visit")]), (500, "MXInvalidActivityException")),
        (add([row(ActivityEvent=True)]), (500, "MXInvalidActivityException")),
        (add([row(ActivityEvent=0)]), (500, "MXInvalidActivityException")),
    ],
    ids=[
        "unknown-path",
        "trailing-slash",
        "get-for-post",
        "post-for-get",
        "half-json",
        "not-utf-8",
        "nan",
        "endless-nesting",
        "no-body",
        "object-for-array",
        "text-for-object",
        "content-type",
        "no-row",
        "no-searchBy",
        "searchBy-not-unique",
        "event-missing",
        "event-of-one-row-no-code",
        "event-true",
        "event-0",
    ],
)
def test_refused_as_a_whole(request_made: SimRequest, expected: tuple[int, str]) -> None:
    """A request that is not what the operation takes is refused as LeadSquared refuses it; nothing is stored."""
    bench = Bench()

    reply = bench.send(request_made)

    assert refusal(reply)[:2] == expected
    assert bench.stored() == []
    assert bench.stat("refused_otherwise") == 1
    assert bench.stat("internal_errors") == 0


def test_a_wrong_method_names_the_allowed_ones() -> None:
    """405 carries Allow, as HTTP wants it."""
    assert Bench().send(read(PATH)).headers["Allow"] == "GET, POST"


def test_only_listed_activity_types_are_accepted_when_there_is_a_list() -> None:
    """An unknown activity type refuses the whole request with LeadSquared's own sentence."""
    bench = Bench(activity_types={320: "Site Visit"})

    assert bench.send(add([row()])).status == 200
    assert refusal(bench.send(add([row(), row(ActivityEvent=321)]))) == (
        500,
        "MXInvalidActivityException",
        "Event Code is invalid or empty",
    )
    assert len(bench.stored()) == 1


def test_logical_errors_may_come_with_status_200() -> None:
    """With the switch on, a 500 of LeadSquared's own comes as 200; other statuses stay."""
    bench = Bench(switches=Switches(error_in_200=True))

    assert refusal(bench.send(add([row()], query=())))[:2] == (200, "MXMandatoryAttributeMissingException")
    assert bench.send(add(b"[")).status == 400
    assert bench.send(add([row()], headers=JSON)).status == 401


def test_unknown_query_parameters_and_members_are_ignored() -> None:
    """LeadSquared ignores names it does not know without a word; `SearchBy` is the same as `searchBy`."""
    bench = Bench()

    reply = bench.send(add([row(Colour="red")], query=(("SearchBy", "Phone"), ("colour", "red"))))

    assert reply.status == 200
    assert bench.stored("SearchBy") == ["Phone"]


def test_a_wrong_host_says_which_is_right() -> None:
    """Where the account lives elsewhere, all but the operation that finds the host answer 401 with its name."""
    bench = Bench(home_host="api-in21.example.com")

    status, _, message = refusal(bench.send(add([row()])))
    user = bench.send(read(USER_PATH))

    assert (status, "api-in21.example.com" in message) == (401, True)
    assert answer(user)["LSQCommonServiceURLs"]["api"] == "api-in21.example.com"


def test_the_user_of_the_keys() -> None:
    """UserByAccessKey.Get tells organisation, user, zone, country code and the host it was asked on."""
    reply = Bench(organisation_id="4711", time_zone="Asia/Dubai").send(read(USER_PATH, host="127.0.0.1:8080"))

    user = answer(reply)
    assert user.pop("Id")
    assert user == {
        "FirstName": "Import",
        "LastName": "User",
        "EmailAddress": "importer@example.com",
        "Role": "Administrator",
        "OrgId": "4711",
        "OrgShortCode": "SIM4711",
        "TimeZone": "Asia/Dubai",
        "DefaultCountryCode": "91",
        "LSQCommonServiceURLs": {"api": "127.0.0.1:8080", "app": "127.0.0.1:8080"},
    }


def test_activity_types() -> None:
    """The list is a bare array of the configured types; an account that takes every code has no list to show."""
    listed = Bench(activity_types={320: "Site Visit", 201: "Call"})

    assert [
        (known["ActivityEvent"], known["ActivityEventName"]) for known in answer(listed.send(read(TYPES_PATH)))
    ] == [
        (201, "Call"),
        (320, "Site Visit"),
    ]
    assert refusal(Bench().send(read(TYPES_PATH)))[:2] == (403, "MXUnauthorizedRequestException")


def test_a_defect_of_the_simulator_does_not_look_like_an_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception inside is counted, kept with its traceback, and answered 500 without a type of LeadSquared's."""
    bench = Bench()
    monkeypatch.setattr("etl.simulator.operations.add_by_lead_field.activity_problem", lambda *_: 1 / 0)

    reply = bench.send(add([row()]))

    assert (reply.status, json.loads(reply.body)["ExceptionType"].startswith("MX")) == (500, False)
    assert bench.stat("internal_errors") == 1
    assert "ZeroDivisionError" in bench.stat("last_internal_error")
