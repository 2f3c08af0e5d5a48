"""The account's limits as a client meets them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from etl.simulator import RateLimit, Switches, ThrottleForm

from .calls import USER_PATH, Bench, add, read, refusal, row

SENTENCE = "API calls exceeded the limit of 2 in 5 second(s)"
MX_BODY = {"Status": "Error", "ExceptionType": "MXAPIRateLimitExceededException", "ExceptionMessage": SENTENCE}


@pytest.mark.parametrize("retry_after", [False, True], ids=["silent", "retry-after"])
@pytest.mark.parametrize(
    ("form", "status", "is_json"),
    [("429_json", 429, True), ("429_text", 429, False), ("403_json", 403, True), ("200_json", 200, True)],
)
def test_throttle_forms(form: str, status: int, is_json: bool, retry_after: bool) -> None:
    """The third request is refused in the chosen form with the account's real number, and stores nothing."""
    bench = Bench(limit=RateLimit(2, 5.0), switches=Switches(throttle_form=ThrottleForm(form), retry_after=retry_after))
    for _ in range(2):
        bench.send(add([row()]))

    reply = bench.send(add([row()]), later=0.5)

    assert reply.status == status
    assert (json.loads(reply.body) if is_json else reply.body.decode()) == (MX_BODY if is_json else SENTENCE)
    assert reply.headers.get("Retry-After") == ("4" if retry_after else None)  # free again after 3.5 s
    assert len(bench.stored()) == 2
    assert bench.stat("refused_for_rate") == 1


def test_every_throttle_form_has_a_test() -> None:
    """The table above covers the switch."""
    assert {form.value for form in ThrottleForm} == {"429_json", "429_text", "403_json", "200_json"}


def test_a_refused_request_takes_no_place() -> None:
    """Knocking again and again does not lengthen the wait: exactly S seconds after the oldest arrival one gets in."""
    bench = Bench(limit=RateLimit(2, 5.0))
    statuses = [bench.send(add([row()])).status for _ in range(7)]

    assert statuses == [200, 200, 429, 429, 429, 200, 200]


def test_a_bulk_request_counts_in_both_windows_and_a_read_in_one() -> None:
    """Reads do not use up the bulk window; bulk requests use up the general one."""
    bench = Bench(limit=RateLimit(3, 100.0), bulk_limit=RateLimit(2, 5.0))

    sent: list[Any] = [add([row()]), read(USER_PATH), add([row()]), read(USER_PATH)]
    statuses = [bench.send(request, later=0.1).status for request in sent]

    assert statuses == [200, 200, 200, 429]
    assert refusal(bench.send(add([row()])))[2] == "API calls exceeded the limit of 2 in 5 second(s)"
    assert refusal(bench.send(add([row()]), later=10))[2] == "API calls exceeded the limit of 3 in 100 second(s)"


def test_requests_without_right_keys_take_no_place() -> None:
    """Whoever is no user of the account cannot use up its limit."""
    bench = Bench(limit=RateLimit(1, 5.0))

    assert bench.send(add([row()], headers={})).status == 401
    assert bench.send(add([row()])).status == 200


def test_a_days_quota() -> None:
    """After N requests the day is over for the account, until midnight UTC."""
    bench = Bench(daily=2, switches=Switches(retry_after=True))
    statuses = [bench.send(add([row()]), later=10).status for _ in range(2)]

    reply = bench.send(add([row()]), later=10)

    assert statuses == [200, 200]
    assert refusal(reply) == (429, "MXAPIRateLimitExceededException", "API calls exceeded the limit of 2 in 1 day(s)")
    assert 50_000 < int(reply.headers["Retry-After"]) < 86_400
    assert (bench.stat("refused_for_quota"), bench.stat("refused_for_rate")) == (1, 0)
    assert bench.send(add([row()]), later=86_400).status == 200


def test_the_busiest_window_counts_refused_requests_too() -> None:
    """What a client sent in the worst five seconds is seen, whatever became of it."""
    bench = Bench(limit=RateLimit(2, 5.0))
    for later in (1, 10, 0, 1, 1):
        bench.send(add([row()]), later=later)
    bench.send(read(USER_PATH), later=0)

    assert (bench.stat("most_requests_in_window"), bench.stat("most_bulk_requests_in_window")) == (5, 4)
    assert (bench.stat("requests"), bench.stat("bulk_requests")) == (6, 5)
