"""Reads: whose keys these are, and how a read that gets no answer is repeated."""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from etl.api.reads import Identity, ReadSlot, who_am_i
from etl.errors import NetworkError, RefusedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from etl.api.client import Client

    from .conftest import Line, RawServer, Script, TestClock

    Serve = Callable[..., RawServer]
    Connect = Callable[..., Client]

USER = {
    "Id": "11111111-1111-4111-8111-111111111111",
    "OrgId": 4711,
    "OrgShortCode": "Example Realty",
    "EmailAddress": "ops@example.com",
    "TimeZone": "Asia/Kolkata",
    "DefaultCountryCode": "91",
    "LSQCommonServiceURLs": {"api": "https://api-in21.leadsquared.com/v2/", "app": "run.example.com"},
}
WHO = Identity(
    org_id="4711",
    user_id="11111111-1111-4111-8111-111111111111",
    user_email="ops@example.com",
    time_zone="Asia/Kolkata",
    api_host="api-in21.leadsquared.com",
    org_name="Example Realty",
    country_code="91",
)
OK = (json.dumps(USER).encode(), "200 OK")
HANG_UP = None
Step = tuple[bytes, str] | tuple[bytes, str, str] | None


def stepping(*steps: Step) -> Script:
    """A script that gives one answer after the other; None hangs up instead. One connection for each."""
    left = list(steps)

    def script(line: Line) -> None:
        line.read_request()
        step = left.pop(0)
        if step is not None:
            line.answer(step[0], step[1], "Connection: close", *step[2:])

    return script


def error(kind: str, message: str = "no") -> bytes:
    return json.dumps({"Status": "Error", "ExceptionType": kind, "ExceptionMessage": message}).encode()


RATE = error("MXAPIRateLimitExceededException", "API calls exceeded the limit of 20 in 5 second(s)")


def test_identity_is_read(serve: Serve, connect: Connect) -> None:
    """Account, user, zone and host come from one read of the key pair's user."""
    server = serve(stepping(OK))

    assert who_am_i(connect(server.url)) == WHO
    assert server.requests[0].startswith(b"GET /v2/Authentication.svc/UserByAccessKey.Get HTTP/1.1\r\n")


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        pytest.param([USER], WHO, id="in a list"),
        pytest.param(
            {"OrgId": "12", "Id": None, "TimeZone": "", "LSQCommonServiceURLs": {"api": "api.example.com"}},
            Identity("12", None, None, None, "api.example.com", None, None),
            id="little told",
        ),
        pytest.param(
            {"OrgId": "12", "LSQCommonServiceURLs": "none"},
            Identity("12", None, None, None, None, None, None),
            id="no hosts",
        ),
        pytest.param(
            {"OrgId": "12", "LSQCommonServiceURLs": {"api": "http://[broken"}},
            Identity("12", None, None, None, None, None, None),
            id="broken host",
        ),
        pytest.param({"Id": "1"}, None, id="no account named"),
        pytest.param({"OrgId": True}, None, id="account is a boolean"),
        pytest.param([], None, id="nobody"),
        pytest.param("hello", None, id="a text"),
    ],
)
def test_what_an_answer_may_leave_out(
    serve: Serve, connect: Connect, answer: object, expected: Identity | None
) -> None:
    """An answer that names the account is used as far as it goes; one that does not is not used at all."""
    server = serve(stepping((json.dumps(answer).encode(), "200 OK")))

    assert who_am_i(connect(server.url)) == expected


@pytest.mark.parametrize(
    "step",
    [
        pytest.param((b"<h1>No</h1>", "404 Not Found"), id="404"),
        pytest.param((b"", "405 Method Not Allowed"), id="405"),
        pytest.param((b"", "501 Not Implemented"), id="501"),
        pytest.param((b"", "403 Forbidden"), id="403"),
        pytest.param((error("MXUnauthorizedRequestException"), "500 Oh"), id="not for this user"),
        pytest.param((b"<h1>Welcome</h1>", "200 OK"), id="no JSON"),
        pytest.param((b"[" * 100_000, "200 OK"), id="nested without end"),
    ],
)
def test_read_that_the_account_does_not_offer_is_no_error(serve: Serve, connect: Connect, step: Step) -> None:
    """Where the read is missing, forbidden or senseless there is no identity, and no second attempt."""
    server = serve(stepping(step))

    assert who_am_i(connect(server.url)) is None
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("step", "message"),
    [
        pytest.param(
            (error("MXInvalidAccessDetailsException", "Invalid Access Details provided."), "401 Unauthorized"),
            "LeadSquared refused the account: “Invalid Access Details provided.” (HTTP 401, "
            "MXInvalidAccessDetailsException). Check the key pair (its user must be active) and LSQ_HOST: a host of "
            "another region refuses right keys.",
            id="keys",
        ),
        pytest.param(
            (b"Please use api-us11.leadsquared.com", "401 Unauthorized"),
            "LeadSquared refused the account: “Please use api-us11.leadsquared.com” (HTTP 401). "
            "Set LSQ_HOST to api-us11.leadsquared.com: this account lives there.",
            id="wrong region",
        ),
        pytest.param(
            (b"", "302 Found", "Location: https://login.example.com/"),
            "The host sent the request on to login.example.com (HTTP 302); redirects are not followed. "
            "Set LSQ_HOST to the API host itself, such as api-in21.leadsquared.com; check any proxy in between.",
            id="redirect",
        ),
    ],
)
def test_refused_keys_and_wrong_hosts_say_what_to_do(serve: Serve, connect: Connect, step: Step, message: str) -> None:
    """Keys or a host that are refused stop everything at once, in LeadSquared's words and ours."""
    server = serve(stepping(step))

    with pytest.raises(RefusedError, match=f"^{re.escape(f'{server.url}: {message}')}$"):
        who_am_i(connect(server.url))

    assert len(server.requests) == 1


@pytest.mark.parametrize(
    ("steps", "waits"),
    [
        pytest.param([HANG_UP, OK], [1.0], id="lost"),
        pytest.param([(b"", "502 Bad"), (b"", "500 Oh"), HANG_UP, OK], [1.0, 2.0, 4.0], id="three times"),
        pytest.param([(RATE, "429 Slow"), OK], [5.0], id="throttled, limit named"),
        pytest.param([(RATE, "200 OK"), OK], [5.0], id="throttled in 200"),
        pytest.param([(b"", "429 Slow"), OK], [5.0], id="throttled bare"),
        pytest.param([(RATE, "429 Slow", "Retry-After: 17"), OK], [17.0], id="throttled, wait named"),
        pytest.param([HANG_UP, (b"", "429 Slow", "Retry-After: 0"), OK], [1.0, 0.0], id="lost, then throttled"),
    ],
)
def test_read_is_repeated_when_it_got_no_answer(
    serve: Serve, connect: Connect, clock: TestClock, steps: Sequence[Step], waits: list[float]
) -> None:
    """A lost, throttled or faulty read is asked again after exactly these seconds, and then it counts."""
    server = serve(stepping(*steps))

    assert who_am_i(connect(server.url)) == WHO
    assert clock.slept == waits


def test_a_read_that_only_meets_faults_is_no_reason_to_give_up(
    serve: Serve, connect: Connect, clock: TestClock
) -> None:
    """A server that answers 503 to this read may do its main work well: whose keys these are is then not told."""
    server = serve(stepping(*[(b"", "503 Busy")] * 4))

    assert who_am_i(connect(server.url)) is None
    assert clock.slept == [1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("steps", "waits", "reason"),
    [
        pytest.param(
            [HANG_UP] * 4,
            [1.0, 2.0, 4.0],
            "127.0.0.1:PORT closed the connection before the answer was whole",
            id="lost",
        ),
        pytest.param(
            [(b"", "429 Slow", "Retry-After: 3600")],
            [],
            "it is over its limit of requests and asks to wait 3600 seconds",
            id="asked to wait for long",
        ),
    ],
)
def test_read_is_given_up_in_the_end(
    serve: Serve, connect: Connect, clock: TestClock, steps: Sequence[Step], waits: list[float], reason: str
) -> None:
    """After four attempts, or when asked to wait for longer than a minute, the person hears why and what to do."""
    server = serve(stepping(*steps))
    expected = (
        f"LeadSquared ({server.url}) does not answer: {reason.replace('PORT', str(server.port))}. "
        "Check the network and run the same command again."
    )

    with pytest.raises(NetworkError, match=f"^{re.escape(expected)}$"):
        who_am_i(connect(server.url))

    assert (clock.slept, len(server.requests)) == (waits, len(steps))


def test_every_attempt_takes_a_slot(serve: Serve, connect: Connect) -> None:
    """A read counts in the account's limit, so each of its attempts, and no wait, happens inside a slot."""
    server = serve(stepping(HANG_UP, OK))
    taken: list[str] = []

    @contextmanager
    def slot() -> Iterator[ReadSlot]:
        taken.append(f"taken after {len(server.requests)}")
        yield ReadSlot()
        taken.append(f"free after {len(server.requests)}")

    who_am_i(connect(server.url), slot)

    assert taken == ["taken after 0", "free after 1", "taken after 1", "free after 2"]
