"""The line to an account: what its handshakes, answers and refusals have shown. Pure; moments come in as numbers.

How late a request may arrive at LeadSquared is not to be seen; that it had arrived when its answer did is certain. Holding
a slot until the answer's arrival plus the window is therefore safe under any line and any server (`throttle`), and costs
the whole time that an answer takes, most of which is the server's work after the arrival. With a server that takes a
second, a fifth of the limit is lost so. This module says when less may be believed: that a request had arrived `bound`
seconds after its last byte was written.

What the bound is made of. A handshake goes there and back and no work of the account is in it, so one request's way there
takes no longer than the slowest handshake, as long as the line is what it was. (A handshake through a proxy that ends TCP
itself sees only the proxy; therefore TLS alone counts where there is TLS.) The bound is the slowest handshake of the last
ten to twenty minutes, whole and not halved, because a way may be slow in one direction only; and no less than 60 ms.

What is cold. While nothing is known of a line, the answer counts. The first request over a new connection is believed as
any other is: it is counted from its own last byte, when the host was found and the handshake, which has only just shown
the line, was over. With bursts of five seconds most requests are of that kind, because idle connections are dropped
after four: held by their answers they would cost 5 % of the limit with a server that takes 300 ms. What such a connection
does not show, that somebody has yet to take it up, comes out with the answer (below).

Nothing is believed, and the answer counts,
    while fewer than three handshakes were seen, or none for three minutes: the client renews a connection every 30 s;
    for a request too large to be through after three turns of the line (each turn that it needs is added, `turns`);
    for a request that is answered among the first: what is usual has yet to be seen;
    where it gains little: while answers come so soon that the safe rule reaches 95 % of the limit, it is the rule;
    once the bound would be more than a second;
    without TLS, while any write is answered sooner than a quarter of a second: what opens such a connection is the nearest
    program, and what it does not show, the answers must: that all of them are slow tells of work, and not of the way.
A request whose answer came later than nearly all others did is believed to have come as much later as that is above the
average: what has kept it may have kept it on its way there, which is what a handshake does not tell. A lost packet that is
sent again after 0.2 s, a host that stood still for 0.1 s: both show in the answer, for the work begins after the arrival.
Where answers take about the same time each, hardly any request arrives unseen after its bound: in virtual time 6 were
refused of 480,000, and some 5,700 without this. Where their times differ as work does, few of them stand out.
When LeadSquared refuses a request although the account's number was kept to, the line was slower than it had shown: the
bound doubles, for all requests of all processes, those on their way included; the fifth time at the latest nothing is
believed any more. A first doubling is forgiven after an hour without a refusal, a second after two, a fifth after sixteen:
a machine that was busy for a moment is not punished for a day. So a line that turns slower than it ever was costs at most
five refused bursts, and then one in many hours.

Not taken, and why. The least answer time taken off the hold looks safe, since no request was faster there and back; but
the next request may take all of its time on the way back, so the two come nearer than the window: 78-500 refusals an hour.
A bound without a look at the line (50 ms, doubled at refusals) needs refusals to learn what a handshake tells. A token
bucket does not know what is in the air: 34-37 refusals a minute. What TCP itself knows (acknowledged bytes, its estimate of
the round trip) ends at the nearest proxy and is told by Linux alone.

When it is not the line: a refusal under the safe rule means that others send to the account too, or that its limit is
smaller than we know and the refusal does not say so. Then our share of the limit is halved, and grows back in ten minutes.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from etl.records import Trip

FLOOR_SECONDS = 0.06
"""No bound is shorter: a machine that is busy writes, and a server reads, that much later than a handshake shows."""

LONGEST_BOUND_SECONDS = 1.0
LEAST_HANDSHAKES = 3
STALE_SECONDS = 180.0
MEMORY_SECONDS = 600.0
"""The slowest handshake is remembered for so long at least, and for twice as long at most."""

TURNS_BYTES = (12 * 1024, 40 * 1024, 96 * 1024)
"""How much a new connection, or one that was idle, passes on at once, with one more turn of the line, and with two.

10 segments of 1,400 bytes, then 20 more, then 40 (RFC 6928, RFC 5681), heads and what TLS adds taken off.
"""

WORK_SECONDS = 0.25
"""Without TLS, the least time of an answer that tells of a server at work."""

FORGETTING = 1.02
"""By so much the least answer time grows with each answer, so that one quick answer is not remembered for ever."""

LATE_SECONDS = 0.03
"""No answer counts as late that comes sooner than so long after the average one: half of the least bound."""

SPREADS = 2.5
"""Nor one that is not so many standard deviations above it: of times of work that are evenly spread none ever is."""

LEAST_ANSWERS = 8
ANSWERS_AVERAGED = 64
SAFE_RULE_MAY_COST = 0.05
"""The share of the limit that the answer-held rule may cost before anything is believed."""

CERTAINTY = 3.0
"""So many standard errors the average answer must be above that."""

FORGIVEN_AFTER_SECONDS = 3_600.0
"""Without a refusal the first doubling is forgiven after so long, the second after twice that, the fifth after 16 hours."""

RECOVERY_SECONDS = 600.0
LEAST_SHARE = 0.1


class Line(NamedTuple):
    """What is known of one account's line. Seconds; moments by `monotonic` of one boot, those called `_at` since 1970.

    slowest: handshake since `since`; slowest_before: in the time before that. seen: the last one.
    answer_mean, answer_square: averages of the time from the last byte written to the answer, and of its square.
    fastest: the least such time of late of plain writes, None where there is TLS. doublings: of the bound; refused: when the
    last refusal was taken to heart. share: of the limit, right after `eased_at`.
    """

    slowest: float = 0.0
    slowest_before: float = 0.0
    since: float = 0.0
    seen: float = 0.0
    handshakes: int = 0
    answers: int = 0
    answer_mean: float = 0.0
    answer_square: float = 0.0
    doublings: int = 0
    refused: float | None = None
    refused_at: float = 0.0
    share: float = 1.0
    eased_at: float = 0.0
    fastest: float | None = None

    def as_of_another_boot(self) -> Line:
        """What outlives a boot: the retreat. The line is to be seen anew."""
        return Line(doublings=self.doublings, refused_at=self.refused_at, share=self.share, eased_at=self.eased_at)

    def bound(self, window_seconds: float, now: float, wall: float) -> float | None:
        """So long after its last byte a request has arrived; None: only its answer shows it."""
        if self.handshakes < LEAST_HANDSHAKES or now - self.seen > STALE_SECONDS:
            return None
        if not self._is_worth_it(window_seconds) or (self.fastest is not None and self.fastest < WORK_SECONDS):
            return None
        bound = max(FLOOR_SECONDS, self.slowest, self.slowest_before) * 2.0 ** self._doublings_at(wall)
        return bound if bound <= LONGEST_BOUND_SECONDS else None

    def believed_written(self, trip: Trip, answered: float) -> float | None:
        """From when the bound counts for a request; None where nothing may be believed of its way.

        answered: so many seconds after it was written, by the line as it was before. A large request arrives some turns of
        the line later, of which each takes no longer than a handshake.
        """
        if self.answers < LEAST_ANSWERS:
            return None
        delay = answered - self.answer_mean if answered > self._latest_usual else 0.0
        for turns, most in enumerate(TURNS_BYTES):
            if trip.size <= most:
                return trip.written + delay + turns * max(self.slowest, self.slowest_before, trip.handshake or 0.0)
        return None

    def share_at(self, wall: float) -> float:
        """The part of the limit that refusals leave us now."""
        return min(1.0, self.share + max(0.0, wall - self.eased_at) / RECOVERY_SECONDS)

    def after_handshake(self, seconds: float, now: float) -> Line:
        """One more handshake took so long."""
        line = self
        if line.handshakes == 0 or now - line.since > 2 * MEMORY_SECONDS:
            line = line._replace(slowest=0.0, slowest_before=0.0, since=now)
        elif now - line.since > MEMORY_SECONDS:
            line = line._replace(slowest=0.0, slowest_before=line.slowest, since=now)
        return line._replace(slowest=max(line.slowest, seconds), seen=now, handshakes=line.handshakes + 1)

    def after_answer(self, seconds: float, *, is_plain_write: bool = False) -> Line:
        """One more answer came so long after its request was written. is_plain_write: that had a body and no TLS.

        A late one counts as the latest that is usual: a burst that was kept back shall not become what is usual by itself.
        """
        answers = self.answers + 1
        weight = 1 / min(answers, ANSWERS_AVERAGED)
        counted = seconds if answers <= LEAST_ANSWERS else min(seconds, self._latest_usual)
        return self._replace(
            answers=answers,
            answer_mean=self.answer_mean + (counted - self.answer_mean) * weight,
            answer_square=self.answer_square + (counted**2 - self.answer_square) * weight,
            fastest=min(seconds, FORGETTING * (self.fastest or seconds)) if is_plain_write else self.fastest,
        )

    def after_refusal(self, sent: float, window_seconds: float, now: float, wall: float) -> Line:
        """A request sent then was refused for its rate, and no number was named that explains it.

        Of a burst that was refused together the first one counts.
        """
        if self.refused is not None and sent <= self.refused:
            return self
        if self.bound(window_seconds, now, wall) is not None:
            return self._replace(doublings=self._doublings_at(wall) + 1, refused=now, refused_at=wall)
        return self._replace(share=max(LEAST_SHARE, self.share_at(wall) / 2), eased_at=wall, refused=now)

    def _doublings_at(self, wall: float) -> int:
        doublings, left = self.doublings, wall - self.refused_at
        while doublings and left >= (waits := FORGIVEN_AFTER_SECONDS * 2.0 ** (doublings - 1)):
            doublings, left = doublings - 1, left - waits
        return doublings

    def _is_worth_it(self, window_seconds: float) -> bool:
        """Whether answers are certainly so slow that holding slots for them costs more than it may."""
        if self.answers < LEAST_ANSWERS:
            return False
        error = self._spread / sqrt(min(self.answers, ANSWERS_AVERAGED))
        return self.answer_mean - CERTAINTY * error > SAFE_RULE_MAY_COST * window_seconds

    @property
    def _latest_usual(self) -> float:
        """An answer that takes longer comes later than nearly all others did."""
        return self.answer_mean + max(SPREADS * self._spread, LATE_SECONDS)

    @property
    def _spread(self) -> float:
        """The standard deviation of the times that answers took."""
        return sqrt(max(0.0, self.answer_square - self.answer_mean**2))
