"""A thousand accounts in virtual time: how many commits a second reach the one database, and how evenly.

    python benchmarks/many_accounts.py [--accounts 1000] [--seconds 40] [--limit 25/5]

Each account sends as much as its limit allows, by the throttle's own code (`etl.delivery.throttle`), as the driver does it: it
asks for slots until none is free or all that may be in the air is, sleeps until the next one is free or an answer comes, and
asks again. All that happens at one moment is one commit. Latencies are drawn by a seed; nothing else is left to chance. The
last line has a database that carries out so many commits, and the work of so many requests, a second (`--commits`, `--work`),
one behind the other: who waits for a commit sends nothing meanwhile, as in earnest, so a slow database is waited for and not
run over, and what came meanwhile goes into one commit.

    at once     all begin at the same moment, as from one line of everybody's crontab
    in turn     they begin within the first window
"""

from __future__ import annotations

import argparse
import heapq
import random
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from etl.delivery.throttle import Hold, capacity_for, free_at
from etl.records import Limit, Window

LATENCY = (0.2, 0.4)
BUCKET_SECONDS = 0.1
WARM_UP_SECONDS = 10.0
_WAKE, _NEXT = (
    -1,
    -2,
)  # in the place of an answer's hold: the sender looks again; its commit is over, and answers have come


@dataclass(frozen=True, slots=True)
class Database:
    """What it carries out in a second: commits, and the work of requests, half of which is before the sending."""

    commits: float = inf
    requests: float = inf

    def seconds(self, left: int, came: int) -> float:
        """For a commit with so many requests that are to leave, and so many answers."""
        return max(1 / self.commits, (left + came) / 2 / self.requests)


AS_QUICK_AS_WANTED = Database()


@dataclass(slots=True)
class Sender:
    """One account: what holds its slots, which of it is in the air, and when it asks again."""

    limits: dict[Window, Limit]
    capacity: int
    holds: list[Hold] = field(default_factory=list)
    in_air: int = 0
    sent: int = 0
    wakes_at: float = 0.0
    busy_until: float = 0.0  # its commit is under way
    came: list[int] = field(default_factory=list)  # answers that came meanwhile, for the next commit

    def ask(self, now: float) -> list[int]:
        """Take what slots there are. Returns the places of the new holds; each is a request that leaves now."""
        longest = max(limit.seconds for limit in self.limits.values())
        if not self.in_air:
            self.holds = [hold for hold in self.holds if hold.free_at(longest) > now]
        left = []
        while self.in_air < self.capacity:
            free = free_at(self.holds, self.limits, Window.BULK, now)
            if free > now:
                self.wakes_at = min(free, now + longest + 0.01)
                break
            left.append(len(self.holds))
            self.holds.append(Hold(Window.BULK, now, None))
            self.in_air += 1
        self.sent += len(left)
        return left

    def answered(self, place: int, now: float) -> None:
        self.holds[place] = replace(self.holds[place], ended=now)
        self.in_air -= 1


@dataclass(frozen=True, slots=True)
class Traffic:
    """Commits by bucket after the warm-up, and the requests that each account sent in that time.

    longest_wait: seconds that a commit waited for the database, at most.
    """

    accounts: int
    seconds: float
    commits: list[int]
    requests: int
    least: int
    most: int
    longest_wait: float

    @property
    def commits_per_request(self) -> float:
        return sum(self.commits) / max(1, self.requests)

    @property
    def commits_per_second(self) -> float:
        return sum(self.commits) / self.seconds

    @property
    def busiest_second(self) -> int:
        span = round(1 / BUCKET_SECONDS)
        return max(sum(self.commits[at : at + span]) for at in range(len(self.commits) - span + 1))


def play(
    accounts: int,
    limit: Limit,
    seconds: float,
    *,
    at_once: bool,
    database: Database = AS_QUICK_AS_WANTED,
    seed: int = 1,
) -> Traffic:
    """Let them send for so long after the warm-up."""
    dice = random.Random(seed)
    limits = {Window.BULK: limit, Window.GENERAL: limit}
    senders = [Sender(limits, capacity_for(limit)) for _ in range(accounts)]
    happens = [(0.0 if at_once else dice.uniform(0, limit.seconds), number, _WAKE) for number in range(accounts)]
    heapq.heapify(happens)
    commits: Counter[int] = Counter()
    before: list[int] | None = None
    end = WARM_UP_SECONDS + seconds
    free_from = longest = 0.0
    while happens and happens[0][0] < end:
        now, number, place = heapq.heappop(happens)
        sender = senders[number]
        if now < sender.busy_until:
            if place >= 0:
                if not sender.came:
                    heapq.heappush(happens, (sender.busy_until, number, _NEXT))
                sender.came.append(place)
            continue  # who was to wake up is awake: it has a new moment for that, if it needs one
        if before is None and now >= WARM_UP_SECONDS:
            before = [one.sent for one in senders]
        if (place == _WAKE and now < sender.wakes_at) or (place == _NEXT and not sender.came):
            continue  # an answer came meanwhile, and it sleeps until another moment
        begun = max(now, free_from)
        came = [*sender.came, *([place] if place >= 0 else [])]
        for one in came:
            sender.answered(one, now)
        sender.came.clear()
        leaves = sender.ask(begun)
        done = sender.busy_until = free_from = begun + database.seconds(len(leaves), len(came))
        longest = max(longest, done - now)
        for left in leaves:
            heapq.heappush(happens, (done + dice.uniform(*LATENCY), number, left))
        if sender.in_air < sender.capacity:
            heapq.heappush(happens, (max(done, sender.wakes_at), number, _WAKE))
        commits[int((done - WARM_UP_SECONDS) / BUCKET_SECONDS) if done >= WARM_UP_SECONDS else -1] += 1
    sent = [sender.sent - old for sender, old in zip(senders, before or [0] * accounts, strict=True)]
    buckets = [commits[at] for at in range(round(seconds / BUCKET_SECONDS))]
    return Traffic(accounts, seconds, buckets, sum(sent), min(sent), max(sent), longest)


def table(accounts: int, limit: Limit, seconds: float, database: Database) -> Iterator[str]:
    """Lines of the table: with a database that is never waited for, and with this one."""
    yield "| begun | database | requests/s | of the limits | commits/s | busiest second | a commit waits, at most | each sent |"
    yield "|---|---|---|---|---|---|---|---|"
    for name, at_once, rate in (
        ("at once", True, AS_QUICK_AS_WANTED),
        ("in turn", False, AS_QUICK_AS_WANTED),
        ("at once", True, database),
    ):
        found = play(accounts, limit, seconds, at_once=at_once, database=rate)
        share = found.requests / seconds / (accounts * limit.count / limit.seconds)
        commits = f"{found.commits_per_second:,.0f} ({found.commits_per_request:.2f} a request)"
        has = (
            "as wanted"
            if rate is AS_QUICK_AS_WANTED
            else f"{rate.commits:,.0f} commits/s, {rate.requests:,.0f} requests/s"
        )
        sent = f"{found.requests / seconds:,.0f} | {share:.0%}"
        waits = f"{found.longest_wait:.2f} s"
        yield f"| {name} | {has} | {sent} | {commits} | {found.busiest_second:,} | {waits} | {found.least} to {found.most} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--accounts", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--limit", default="25/5")
    parser.add_argument("--commits", type=float, default=4000.0, help="a second, of the database")
    parser.add_argument("--work", type=float, default=800.0, help="of so many requests a second, of the database")
    chosen = parser.parse_args()
    count, _, seconds = chosen.limit.partition("/")
    for line in table(
        chosen.accounts, Limit(int(count), float(seconds)), chosen.seconds, Database(chosen.commits, chosen.work)
    ):
        print(line, flush=True)


if __name__ == "__main__":
    main()
