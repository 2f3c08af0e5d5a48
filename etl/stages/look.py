"""What one look at LeadSquared has brought, whichever way rows were looked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etl.records import STORED, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable

    from etl.delivery.outcomes import RowEnd


@dataclass(frozen=True, slots=True, order=True)
class Probe:
    """A missing row that may be sent alone. The least promising sort last: rows that LeadSquared may not take at all.

    was_alone: it has been sent alone before. has_found_neighbours: others of its request arrived, and it did not.
    """

    was_alone: bool
    has_found_neighbours: bool
    row_id: int
    lead: str


@dataclass
class Look:
    """What one look has brought. Rows that are neither found, absent nor refused are still in doubt.

    ready_at: when, by `monotonic`, the next of them will have had its time; None if all have.
    unseen: missing rows for which a later activity is confirmed, but not visible yet. probes: missing rows for which none
    was ever sent. disproved: rows called created before, under the id of another row. reasons: why rows stay open, by row_id.
    is_allowed: whether this user may read activities at all. is_behind: the read does not reach back far enough.
    """

    found: int = 0
    absent: int = 0
    refused: int = 0
    in_doubt: int = 0
    ready_at: float | None = None
    unseen: int = 0
    disproved: int = 0
    probes: list[Probe] = field(default_factory=list)
    reasons: dict[int, str] = field(default_factory=dict)
    is_allowed: bool = True
    is_behind: bool = False

    def take_in(self, settled: Iterable[RowEnd]) -> None:
        """Count the rows that have their end now."""
        for end in settled:
            self.found += end.outcome in STORED
            self.absent += end.outcome is Outcome.WAITING
            self.refused += end.outcome is Outcome.REFUSED
            self.in_doubt -= end.outcome is not Outcome.UNCONFIRMED

    def add(self, other: Look) -> None:
        """Count in what another look, at rows of another mapping, has brought."""
        self.found += other.found
        self.absent += other.absent
        self.refused += other.refused
        self.in_doubt += other.in_doubt
        self.unseen += other.unseen
        self.disproved += other.disproved
        self.probes += other.probes
        self.reasons |= other.reasons
        self.is_allowed = self.is_allowed and other.is_allowed
        self.is_behind = self.is_behind or other.is_behind
        moments = [moment for moment in (self.ready_at, other.ready_at) if moment is not None]
        self.ready_at = min(moments, default=None)
