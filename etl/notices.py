"""How inputs ended, as others are told of it: with account, mapping, causes and next command from the ledger.

Prints nothing and sends nothing; works on the ledger alone.
"""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from etl.care import opened
from etl.errors import EtlError
from etl.notify.notice import Ending
from etl.quoting import as_typed
from etl.reconciler.report.causes import EXAMPLES, meaning_of
from etl.reconciler.report.facts import Cause, Example
from etl.reconciler.report.masking import masked
from etl.records import Outcome
from etl.report import told_causes, words_of_mapping
from etl.stages.past_runs import past_run

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from etl.clock import Clock
    from etl.events import InputSummary
    from etl.findings import Finding
    from etl.ledger.store import Ledger
    from etl.settings import Settings


class FiledFile(Protocol):
    """What is told of one file of an inbox (`etl.inbox.words.Filed`); see there."""

    @property
    def what(self) -> str: ...
    @property
    def file(self) -> str: ...
    @property
    def exit_code(self) -> int: ...
    @property
    def reason(self) -> str: ...
    @property
    def account(self) -> str | None: ...
    @property
    def submitter(self) -> str | None: ...
    @property
    def runs(self) -> tuple[int, ...]: ...
    @property
    def counts(self) -> Mapping[Outcome, int]: ...
    @property
    def data_rows(self) -> int: ...
    @property
    def place(self) -> Path | None: ...
    @property
    def results(self) -> Path | None: ...
    @property
    def failed(self) -> Path | None: ...
    @property
    def next_step(self) -> str: ...
    @property
    def next_command(self) -> tuple[str, ...]: ...
    @property
    def is_within_bounds(self) -> bool: ...
    @property
    def findings(self) -> tuple[Finding, ...]: ...
    @property
    def finding_counts(self) -> Mapping[str, int]: ...


_CALLING = frozenset({"needs_a_person", "unknown", "missing"})
"""What became of files for which a person is needed, as `etl.inbox.words.What` calls it."""
_WITHOUT_ROWS = frozenset({"unknown", "missing", "repeat", "left"})


def of_summary(summary: InputSummary) -> Ending:
    """How one input of `etl run` ended."""
    return Ending(
        input=summary.input,
        exit_code=summary.exit_code,
        data_rows=summary.equation.data_rows,
        counts=summary.equation.outcomes,
        runs=() if summary.run is None else (summary.run,),
        results=summary.results,
        failed=summary.failed,
        reason=f"Stopped: {summary.stop_reason}" if summary.stop_reason else "",
        next_step=summary.next_step,
        findings=summary.findings,
        finding_counts=summary.finding_counts,
    )


def of_filed(filed: FiledFile) -> Ending:
    """What became of one file of an inbox."""
    return Ending(
        input=filed.file,
        exit_code=filed.exit_code,
        data_rows=filed.data_rows,
        counts=filed.counts,
        runs=filed.runs,
        account=filed.account,
        submitter=filed.submitter,
        place=filed.place,
        results=filed.results,
        failed=filed.failed,
        reason=filed.reason[:1].upper() + filed.reason[1:],
        next_step=filed.next_step,
        next_command=as_typed(filed.next_command) if filed.next_command else "",
        headline=filed.reason[:1].upper() + filed.reason[1:]
        if filed.what in _WITHOUT_ROWS and not filed.counts
        else "",
        needs_attention=filed.what in _CALLING and not filed.is_within_bounds,
        findings=filed.findings,
        finding_counts=filed.finding_counts,
    )


def completed(
    endings: Sequence[Ending], settings: Settings | None, clock: Clock, *, shows_values: bool
) -> tuple[Ending, ...]:
    """The same with what the ledger knows of their runs. settings: None where they could not be read.

    shows_values: False masks what stands in cells. A ledger that cannot be read takes nothing away: what is known is told.
    """
    if settings is not None and any(one.runs for one in endings):
        with suppress(EtlError, OSError), opened(settings, clock) as ledger:
            return tuple(_completed(one, ledger, shows_values=shows_values) for one in endings)
    return tuple(_from_findings(one, shows_values=shows_values) for one in endings)


def plain(text: str, *, shows_values: bool, keep: Collection[str] = ()) -> str:
    """What is said of an end, as others may read it. keep: quoted words that stay; a text keeps all that stands in it."""
    return text if shows_values else masked(text, keep)


def _completed(ending: Ending, ledger: Ledger, *, shows_values: bool) -> Ending:
    first, left_out, keep = None, 0, frozenset[str]()
    causes: list[Cause] = []
    for run_id in ending.runs:
        listed, run = ledger.listing.run(run_id), ledger.runs.get(run_id)
        if listed is None or run is None:
            continue
        keep |= words_of_mapping(run, ledger).words
        found, more = told_causes(run, ledger, None if shows_values else keep)
        causes += found
        left_out += more
        first = first or listed
    if first is None:
        return _from_findings(ending, shows_values=shows_values)
    next_command = ending.next_command
    if not next_command and ending.calls:
        command = past_run(first, ledger).next_command
        next_command = as_typed(command.words) if command else ""
    return replace(
        ending,
        account=ending.account or (first.accounts[0] if first.accounts else None),
        mapping=first.mapping_name,
        causes=tuple(causes),
        causes_left_out=left_out,
        reason=plain(ending.reason, shows_values=shows_values, keep=keep),
        headline=plain(ending.headline, shows_values=shows_values, keep=keep),
        next_command=next_command,
    )


def _from_findings(ending: Ending, *, shows_values: bool) -> Ending:
    """An input of which the ledger tells nothing: its findings say what is wrong. No mapping tells which words may stay."""
    counts = ending.finding_counts or Counter(one.code for one in ending.findings)
    causes: list[Cause] = []
    for code, rows in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        some = [one for one in ending.findings if one.code == code][:EXAMPLES]
        texts = [(one.place.row or 0, plain(one.hint, shows_values=shows_values)) for one in some]
        examples = tuple(Example(row, text) for row, text in texts)
        causes.append(Cause(Outcome.INVALID, code, meaning_of(code).rstrip(".") or code, rows, examples))
    return replace(
        ending,
        causes=tuple(causes),
        reason=plain(ending.reason, shows_values=shows_values),
        headline=plain(ending.headline, shows_values=shows_values),
    )
