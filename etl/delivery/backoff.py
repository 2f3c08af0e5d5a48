"""How long to wait before the next attempt. Pure; chance comes in as a number."""

from __future__ import annotations

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 60.0
JITTER_SHARE = 0.25
THROTTLED_SECONDS = 5.0
"""The window of every rate limit that LeadSquared documents (rate limits page), for refusals that name none."""


def after_failure(failures: int, chance: float) -> float:
    """Seconds to wait after so many failures in a row (from 1): doubling from one second to a minute, and up to a quarter more.

    chance: a number in [0, 1), so that many clients do not come back at the same moment.
    """
    plain = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(failures - 1, 10))
    return plain * (1 + JITTER_SHARE * chance)


def after_throttling(
    retry_after_seconds: float | None, window_seconds: float | None, refusals: int, chance: float
) -> float:
    """Seconds to wait after a refusal for the rate: never less than LeadSquared asked for.

    Without a wish of its own the window's length, longer with each further refusal in a row (from 1).
    """
    if retry_after_seconds is not None:
        return retry_after_seconds + chance
    window = window_seconds if window_seconds is not None else THROTTLED_SECONDS
    return min(LONGEST_SECONDS, window * 2.0 ** min(refusals - 1, 6)) + chance
