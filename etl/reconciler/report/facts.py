"""What the page of a run tells, as frozen types. Moments are seconds since 1970; nothing here is HTML."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etl.reconciler.report.stretches import Stretch
    from etl.reconciler.story import Told
    from etl.records import Limit, Outcome


@dataclass(frozen=True, slots=True)
class Example:
    """One row of a cause. text: what is wrong and what to do, values masked already where they are to be."""

    row_number: int
    text: str

    @property
    def has_cell(self) -> bool:
        """Whether the text begins with the cell that it is about, which names the row."""
        return re.match(rf"[A-Z]{{1,3}}{self.row_number}: ", self.text) is not None


@dataclass(frozen=True, slots=True)
class Cause:
    """Why rows are not in LeadSquared. code: of the catalogue. title: what the code means. A row may have several causes."""

    outcome: Outcome
    code: str
    title: str
    rows: int
    examples: tuple[Example, ...]


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file that went into a run. sha256: of its content; for a mapping the one of its lookup files may follow a plus."""

    name: str
    path: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast rows went out. limit: of requests; rows_per_request: most rows in one, so that a limit of rows follows."""

    stretches: tuple[Stretch, ...]
    limit: Limit
    limit_from: str
    rows_per_request: int
    requests: int
    refused: int
    left_out: int = 0

    @property
    def rows_per_second(self) -> float:
        """The limit in rows: every request full."""
        return self.limit.count * self.rows_per_request / self.limit.seconds


@dataclass(frozen=True, slots=True)
class RunPage:
    """Everything that the page of a run tells.

    by: who began it and who went on with it, in words; empty for runs from before that was noted. next_command: as it is
    typed, None where nothing is left to do. zone: of the sheet, as the mapping names it. pace: None where nothing was sent.
    is_masked: whether values of cells were masked.
    """

    run: int
    state: str
    stop_reason: str | None
    began: float
    ended: float | None
    made: float
    by: tuple[str, ...]
    accounts: tuple[str, ...]
    organisation: str | None
    input: KeptFile
    sheet: str | None
    mapping: KeptFile
    mapping_name: str
    operation: str
    event: int
    etl_version: str
    ledger: str
    data_rows: int
    counts: Mapping[Outcome, int]
    causes: tuple[Cause, ...]
    causes_left_out: int
    pace: Pace | None
    story: tuple[Told, ...]
    next_purpose: str | None
    next_command: str | None
    results: str | None
    failed: str | None
    zone: str | None
    is_masked: bool
