"""What a notice tells, as frozen types. Nothing here is sent or written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etl.records import NEEDS_A_PERSON, STORED, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    from etl.findings import Finding
    from etl.reconciler.report.facts import Cause


@dataclass(frozen=True, slots=True)
class Ending:
    """How one input ended, or that it did not come.

    runs: of the input, one for each sheet. account, mapping: by name, None where they are not known. submitter: whose file
    it was, an e-mail address. causes: why rows are not in LeadSquared, with examples; values masked or not, as the notice
    says. results, failed: where they lie now. reason: why it ended early, or what happened, in one sentence. next_step: in
    one sentence; next_command: as it is typed. headline: what to say in the place of outcomes. needs_attention: None where
    the exit code tells. findings, finding_counts: what is told of an input that no run was recorded of.
    """

    input: str
    exit_code: int
    data_rows: int = 0
    counts: Mapping[Outcome, int] = field(default_factory=dict)
    runs: tuple[int, ...] = ()
    account: str | None = None
    mapping: str | None = None
    submitter: str | None = None
    causes: tuple[Cause, ...] = ()
    causes_left_out: int = 0
    place: Path | None = None
    results: Path | None = None
    failed: Path | None = None
    reason: str = ""
    next_step: str = ""
    next_command: str = ""
    headline: str = ""
    needs_attention: bool | None = None
    findings: tuple[Finding, ...] = ()
    finding_counts: Mapping[str, int] = field(default_factory=dict)

    @property
    def calls(self) -> bool:
        """Whether a person is needed."""
        return self.exit_code != 0 if self.needs_attention is None else self.needs_attention

    @property
    def to_correct(self) -> int:
        """Rows that a person has to correct."""
        return sum(self.counts.get(outcome, 0) for outcome in NEEDS_A_PERSON)

    @property
    def stored(self) -> int:
        """Rows that this import brought into LeadSquared."""
        return sum(self.counts.get(outcome, 0) for outcome in STORED)


@dataclass(frozen=True, slots=True)
class Notice:
    """One message. command: like `etl run`. at: when it ended, in UTC. machine: its name.

    error: what ended the whole command, where no input can be blamed. is_masked: values of cells were masked.
    """

    command: str
    exit_code: int
    endings: tuple[Ending, ...]
    at: datetime
    machine: str
    error: str = ""
    is_masked: bool = True
    submitter: str | None = None

    @property
    def needs_attention(self) -> bool:
        """Whether a person is needed."""
        if not self.endings:
            return self.exit_code != 0
        return bool(self.error) or any(one.calls for one in self.endings)

    @property
    def submitters(self) -> tuple[str, ...]:
        """Whose files it is about, each once: as the command says, or as the routes of the files do."""
        of_files = (one.submitter for one in self.endings)
        return tuple(dict.fromkeys(one for one in (self.submitter, *of_files) if one))
