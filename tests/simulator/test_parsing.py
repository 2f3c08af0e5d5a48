"""What people type for the simulator's options."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from etl.simulator import (
    Fault,
    FaultKind,
    Latency,
    RateLimit,
    SimulatorOptions,
    parse_fault,
    parse_latency,
    parse_limit,
    read_unknown_leads,
)


@pytest.mark.parametrize(
    ("parse", "text", "expected"),
    [
        (parse_limit, "25/5", RateLimit(25, 5.0)),
        (parse_limit, " 1/0.5 ", RateLimit(1, 0.5)),
        (parse_latency, "20-400ms", Latency(0.02, 0.4)),
        (parse_latency, "0.1-2s", Latency(0.1, 2.0)),
        (parse_latency, "50ms", Latency(0.05, 0.05)),
        (parse_fault, "drop-after:0.1", Fault(FaultKind.DROP_AFTER, 0.1)),
        (parse_fault, "502-before:1", Fault(FaultKind.BAD_GATEWAY_BEFORE, 1.0)),
        (parse_fault, "slow:0.5:30", Fault(FaultKind.SLOW, 0.5, seconds=30.0)),
        (parse_fault, "slow:0.5:2.5s", Fault(FaultKind.SLOW, 0.5, seconds=2.5)),
        (parse_fault, "store-late:0.1:60", Fault(FaultKind.STORE_LATE, 0.1, seconds=60.0)),
        (parse_fault, "504-late:0.1", Fault(FaultKind.GATEWAY_TIMEOUT_LATE, 0.1)),
    ],
)
def test_well_formed_texts(parse: Callable[[str], Any], text: str, expected: Any) -> None:
    """Each option's text becomes its object."""
    assert parse(text) == expected


@pytest.mark.parametrize(
    ("parse", "text", "message"),
    [
        (parse_limit, "25", '"25" is no limit: expected requests/seconds, as in 25/5'),
        (parse_limit, "25/5/5", '"25/5/5" is no limit'),
        (parse_limit, "0/5", "a limit of 0/5: expected at least 1 request in more than 0 seconds"),
        (parse_limit, "25/0", "a limit of 25/0: expected at least 1 request"),
        (parse_latency, "20-400", '"20-400" is no latency: expected a range with its unit, as in 20-400ms or 0.1-2s'),
        (parse_latency, "400-20ms", "expected the smaller number first, as in 20-400ms"),
        (parse_fault, "drop-after", '"drop-after" is no fault: expected NAME:SHARE, as in drop-after:0.1'),
        (parse_fault, "drop:0.1", '"drop" is no fault that is known; expected one of refuse, drop-before, drop-after'),
        (parse_fault, "drop-after:1.5", "drop-after: the share is 1.5; expected a number from 0 to 1"),
        (parse_fault, "drop-after:0.1:30", "only slow, store-late, 504-late take seconds, as in slow:0.1:30"),
    ],
)
def test_texts_that_say_what_was_expected(parse: Callable[[str], Any], text: str, message: str) -> None:
    """A text that is no such option is refused with its value and an example."""
    with pytest.raises(ValueError, match=re.escape(message)):
        parse(text)


def test_unknown_leads_are_one_a_line(tmp_path: Path) -> None:
    """Blank lines, blanks around and a byte order mark do not matter."""
    file = tmp_path / "gone.txt"
    file.write_bytes(b"\xef\xbb\xbfa@example.com\r\n\r\n  b@example.com \n")

    assert read_unknown_leads(file) == {"a@example.com", "b@example.com"}


def test_a_quota_of_nothing_is_refused() -> None:
    """A day's quota has at least one request."""
    with pytest.raises(ValueError, match="a day's quota of 0: expected at least 1 request"):
        SimulatorOptions(daily=0)


def test_options_show_no_keys() -> None:
    """The keys do not appear in the repr, which ends up in logs."""
    shown = repr(SimulatorOptions(access_key="KEY-ONE", secret_key="KEY-TWO"))

    assert "KEY-ONE" not in shown
    assert "KEY-TWO" not in shown
