"""Does every data row have exactly one outcome? The equation that a run prints and stands by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Equation:
    """`240 data rows = 214 created + 0 updated + …`: the rows read on one side, the outcomes counted on the other."""

    data_rows: int
    outcomes: Mapping[Outcome, int]

    @property
    def holds(self) -> bool:
        """Whether the outcomes add up to the data rows; if not, the fault is ours."""
        return sum(self.outcomes.values()) == self.data_rows

    def __str__(self) -> str:
        """Nine outcomes in their order, zeros included, and behind them what was undone, if any; ≠ where it does not hold."""
        told = (outcome for outcome in Outcome if outcome is not Outcome.UNDONE or self.outcomes.get(outcome))
        terms = " + ".join(f"{self.outcomes.get(outcome, 0)} {outcome.replace('_', ' ')}" for outcome in told)
        return f"{self.data_rows} data rows {'=' if self.holds else '≠'} {terms}"
