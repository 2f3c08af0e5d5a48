"""How many requests arrived in the last seconds."""

from __future__ import annotations

from collections import deque

from .exchange import ApiError


class SlidingWindow:
    """Counts arrivals in the seconds that end now, whenever that is: the count never starts anew at a tick."""

    def __init__(self) -> None:
        self._arrivals: deque[float] = deque()

    def admit(self, moment: float, limit: tuple[int, float]) -> None:
        """Count one more arrival; ApiError 429 when it is one too many. A refused one counts too: it was a call."""
        most, seconds = limit
        self._arrivals.append(moment)
        while self._arrivals[0] <= moment - seconds:
            self._arrivals.popleft()
        if len(self._arrivals) > most:
            text = f"API calls exceeded the limit of {most} in {seconds:g} second(s)"
            raise ApiError(429, "MXAPIRateLimitExceededException", text)


def busiest_window(arrivals: list[float], seconds: float) -> int:
    """The most arrivals that any window of `seconds` holds, its later end excluded."""
    ordered = sorted(arrivals)
    most = first = 0
    for last, moment in enumerate(ordered):
        while ordered[first] <= moment - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
