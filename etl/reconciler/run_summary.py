"""What the summary of a results workbook tells of one input, as frozen types. Moments are seconds since 1970."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etl.reconciler.report.facts import KeptFile
    from etl.records import Outcome


@dataclass(frozen=True, slots=True)
class SummaryCause:
    """Why rows are not in LeadSquared. title: what the code means. remedy: what to do, of the first row as an example."""

    outcome: Outcome
    code: str
    title: str
    rows: int
    first_rows: tuple[int, ...]
    remedy: str


@dataclass(frozen=True, slots=True)
class NextStep:
    """What to do now: in words, and as the one command, None where nothing is left to do."""

    words: str
    command: str | None


@dataclass(frozen=True, slots=True)
class RunSummary:
    """One input and what became of it.

    run: None for a rehearsal. activity: number and name of the type, None where the operation has none. by: who began it and
    who went on with it. hosts: of the account, as it was met. zone: of the sheet, as the mapping names it.
    """

    run: int | None
    input: KeptFile
    sheet: str | None
    mapping: KeptFile
    mapping_name: str
    operation: str
    activity: str | None
    accounts: tuple[str, ...]
    organisation: str | None
    hosts: tuple[str, ...]
    began: float
    ended: float | None
    by: tuple[str, ...]
    etl_version: str
    ledger: str
    data_rows: int
    counts: Mapping[Outcome, int]
    causes: tuple[SummaryCause, ...]
    causes_left_out: int
    next: NextStep
    stop_reason: str | None = None
    zone: str | None = None
