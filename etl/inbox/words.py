"""What became of each file of an inbox, as it is reported, printed and told to whoever has to know."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from etl.records import NEEDS_A_PERSON, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date
    from pathlib import Path

    from etl.findings import Finding


class What(StrEnum):
    """What became of a file, or of the wait for one."""

    IMPORTED = "imported"  # every row is in LeadSquared, or so few are not that it was said to be fine
    REPEAT = "repeat"  # the same content was imported before, through the same mapping into the same account
    NEEDS_A_PERSON = "needs_a_person"  # rows, or the file itself, have to be corrected; it lies in attention
    SETTLED = "settled"  # it lay in attention, and its rows have been corrected since; it lies in done now
    GOES_ON = "goes_on"  # not finished, in no one's way; the next night continues it from working
    LEFT = "left"  # it was not taken: still growing, or the time was up; it lies where it lay
    UNKNOWN = "unknown"  # no route takes it, or several do; it lies where it lay
    MISSING = "missing"  # a file that was expected did not come


@dataclass(frozen=True, slots=True)
class Filed:
    """What happened to one file of an inbox.

    inbox: the folder that is served. file: as it was dropped; "" where none came. route, account, submitter: as routes.yaml
    has them, None where no route is known. runs: of the file, one for each sheet. counts: rows by outcome, all sheets
    together; data_rows: all of them. place: where the file lies now; results, failed: beside it. reason: what happened, in
    one sentence. next_step: what to do now, in one sentence; next_command: its words behind `etl`, not yet quoted for a
    shell; both empty where nothing is to be done. is_within_bounds: rows need a person, but fewer than `--ok-below` says.
    findings: the first thousand; finding_counts: all, by code. day: on which a file did not come.
    """

    what: What
    inbox: Path
    file: str
    exit_code: int
    reason: str
    route: str | None = None
    account: str | None = None
    submitter: str | None = None
    mapping: Path | None = None
    runs: tuple[int, ...] = ()
    counts: Mapping[Outcome, int] = field(default_factory=dict)
    data_rows: int = 0
    place: Path | None = None
    results: Path | None = None
    failed: Path | None = None
    next_step: str = ""
    next_command: tuple[str, ...] = ()
    is_within_bounds: bool = False
    findings: tuple[Finding, ...] = ()
    finding_counts: Mapping[str, int] = field(default_factory=dict)
    day: date | None = None

    @property
    def rows_for_a_person(self) -> int:
        """How many rows have to be corrected or decided about."""
        return sum(self.counts.get(outcome, 0) for outcome in NEEDS_A_PERSON)


@dataclass(frozen=True, slots=True)
class Night:
    """What became of all files of one call, in the order in which it was known. defects: mistakes of ours, to be raised."""

    filed: tuple[Filed, ...]
    exit_code: int
    defects: tuple[BaseException, ...] = ()
