"""Whose turn it is, where several runs send to one account at once: by processes of their own, or side by side in one.

All of them wait for the same slot and wake at the same moment, and which of them the database lets in first is chance: the
one that has been let in takes all there is, while the others sleep for some hundredths of a second between two tries. Left
alone, four runs share a limit like 4 : 3 : 2 : 1, not always the same way, and who has just come may wait for minutes.

So a run to which more than its part of the last slots went lets the others go first for a moment after a slot has become
free. The others are those that wait for a slot, be it for a read, and the runs whose requests hold slots: seen in the ledger,
nobody is told of anybody. Who does not take its turn, because it reads back or has no answer yet, costs that moment and no
slot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.delivery.throttle import NOTHING_BELIEVED
from etl.records import Limit, Window

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from etl.delivery.throttle import Hold

YIELD_PART, LONGEST_YIELD_SECONDS = 0.03, 0.15
"""So much of a window a slot stays free for those who have had less, and no longer than that."""


def turn_at(
    holds: Iterable[Hold],
    limits: Mapping[Window, Limit],
    window: Window,
    now: float,
    run: int,
    others: Collection[object],
    bounds: Mapping[Window, float | None] = NOTHING_BELIEVED,
) -> float:
    """When this run may take a slot that is free `now`: `now` if at once.

    run: who asks. others: who is at work or waits beside it. bounds: as `throttle.free_at` has them.
    """
    if not others:
        return now
    held = tuple(holds)
    asked = (Window.GENERAL, Window.BULK) if window is Window.BULK else (Window.GENERAL,)
    moments = [now]
    for one in asked:
        limit, bound = limits[one], bounds.get(one)
        counted = (hold for hold in held if one is Window.GENERAL or hold.window is Window.BULK)
        latest = sorted(((hold.free_at(limit.seconds, bound), hold.run == run) for hold in counted), reverse=True)
        if len(latest) < limit.count:
            continue  # there is more room than all of them have asked for
        ours = sum(is_ours for _, is_ours in latest[: limit.count])
        if ours * (len(others) + 1) > limit.count:
            moments.append(latest[limit.count - 1][0] + yields_for(limit))
    return max(moments)


def yields_for(limit: Limit) -> float:
    """Seconds that a slot of this limit stays free for those who have had less than their part."""
    return min(YIELD_PART * limit.seconds, LONGEST_YIELD_SECONDS)
