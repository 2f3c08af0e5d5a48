from __future__ import annotations

import pytest

from .conftest import ADD, ManualClock, Serve, assert_refused, row
from .window import busiest_window


def test_429_in_a_sliding_window(serve: Serve, clock: ManualClock) -> None:
    """Three requests per half second hold in every half second, not from tick to tick; nothing refused is stored."""
    server, caller = serve(limit=(3, 0.5))

    statuses = []
    for moment in (0.0, 0.125, 0.25, 0.375, 0.625, 0.6875):
        clock.seconds = 1000 + moment
        statuses.append(caller.add(row()).status)

    # The last window starts after 0.1875. It would have room if counting began anew at 0.5, or if the refused request
    # at 0.375 did not count.
    assert statuses == [200, 200, 200, 429, 200, 429]
    assert server.refused_for_rate == 2
    assert len(server.activities) == 4


def test_a_request_is_free_again_after_exactly_the_seconds(serve: Serve, clock: ManualClock) -> None:
    """A window's request stops counting when its seconds are over, one at a time."""
    _, caller = serve(limit=(2, 0.5))
    caller.add(row())
    clock.seconds += 0.25
    caller.add(row())

    clock.seconds += 0.25
    assert caller.add(row()).status == 200
    assert caller.add(row()).status == 429


def test_429_names_the_limit(serve: Serve) -> None:
    """The refusal says which limit of the account was exceeded, in the documented words."""
    _, caller = serve(limit=(25, 5.0))

    replies = [caller.add(row()) for _ in range(26)]

    assert [reply.status for reply in replies[:25]] == [200] * 25
    assert_refused(
        replies[25],
        429,
        "MXAPIRateLimitExceededException",
        "API calls exceeded the limit of 25 in 5 second(s)",
    )


def test_429_may_name_no_number(serve: Serve) -> None:
    """For a client that must do without it."""
    _, caller = serve(limit=(1, 5.0), refusals_name_limit=False)
    caller.add(row())

    assert_refused(caller.add(row()), 429, "MXAPIRateLimitExceededException", "Too many API calls.")


def test_the_bulk_limit_is_a_window_of_its_own(serve: Serve) -> None:
    """Bulk requests have a limit of their own where one is set; the others may go on."""
    _, caller = serve(bulk_limit=(1, 5.0), limit=(4, 5.0))

    assert caller.add(row()).status == 200
    assert_refused(caller.add(row()), 429, "MXAPIRateLimitExceededException", "limit of 1 in 5 second(s)")
    assert caller.get("Authentication.svc/UserByAccessKey.Get").status == 200


def test_wrong_keys_do_not_use_up_the_limit(serve: Serve) -> None:
    """Requests that nobody's keys vouch for are nobody's calls."""
    _, caller = serve(limit=(1, 5.0))

    assert caller.call("POST", ADD, [row()], {}).status == 401
    assert caller.add(row()).status == 200


def test_a_part_of_the_latency_passes_before_arrival(serve: Serve, clock: ManualClock) -> None:
    """Arrival is after the way there, the answer after the way back, both together the latency."""
    server, caller = serve(latency_seconds=(0.25, 0.5))

    for _ in range(20):
        caller.add(row())

    there, back = clock.sleeps[::2], clock.sleeps[1::2]
    assert all(0.25 <= sum(pair) <= 0.5 for pair in zip(there, back, strict=True))
    assert min(there) < 0.1 < max(there)
    passed = 1000.0
    for record, before, after in zip(server.requests, there, back, strict=True):
        assert record.arrival == pytest.approx(passed + before)
        passed += before + after


@pytest.mark.parametrize(
    ("arrivals", "most"),
    [
        pytest.param([], 0, id="none"),
        pytest.param([0.0, 0.0, 0.0], 3, id="at once"),
        pytest.param([0.0, 1.0, 2.0], 1, id="exactly a window apart"),
        pytest.param([2.0, 0.5, 1.25, 0.0], 2, id="in any order"),
    ],
)
def test_busiest_window(arrivals: list[float], most: int) -> None:
    """The most arrivals of any window of one second, its later end excluded."""
    assert busiest_window(arrivals, 1.0) == most
