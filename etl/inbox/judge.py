"""What the end of an import means for its file: where it goes, what is said of it, which exit code it counts with. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from etl.errors import EtlError, SourceError, UsageError
from etl.exits import ExitCode, code_of_error, worst
from etl.inbox.words import What
from etl.records import NEEDS_A_PERSON, Outcome

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from etl.events import Summary

_PERCENT = re.compile(r"([0-9]{1,2}(?:\.[0-9]{1,4})?|100) ?%")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a file. is_within_bounds: rows need a person, but so few that it was said to be fine."""

    what: What
    exit_code: ExitCode
    reason: str
    is_within_bounds: bool = False


def read_share(text: str) -> Decimal:
    """A share like 5% as it is typed, in percent. Raises: UsageError."""
    found = _PERCENT.fullmatch(text.strip())
    if found is None:
        raise UsageError(f'--ok-below "{text}" is no share of the rows. Write it like 5% or 0.5%.')
    return Decimal(found[1])


def totals(summary: Summary) -> tuple[int, dict[Outcome, int]]:
    """The data rows of all sheets of a file, and how they stand."""
    counts: dict[Outcome, int] = {}
    for one in summary.inputs:
        for outcome, rows in one.equation.outcomes.items():
            if rows:
                counts[outcome] = counts.get(outcome, 0) + rows
    return sum(one.equation.data_rows for one in summary.inputs), counts


def judge(
    summary: Summary, *, finished: Collection[int], may_be_empty: bool, ok_below: Decimal | None = None
) -> Verdict:
    """What the end of an import means. finished: the runs that had this content before, and left nothing open.

    ok_below: fewer rows than this share, in percent, may need a person; rows that are ignored do not count.
    """
    code = worst([summary.exit_code])
    data_rows, counts = totals(summary)
    runs = [one.run for one in summary.inputs]
    is_told = code in (ExitCode.DONE, ExitCode.NEEDS_A_PERSON)
    if is_told and runs and all(run in finished for run in runs):
        return Verdict(What.REPEAT, ExitCode.DONE, f"the same file was imported before, by run {runs[0]}")
    if code is ExitCode.DONE:
        if not data_rows and not may_be_empty:
            return Verdict(What.NEEDS_A_PERSON, ExitCode.NEEDS_A_PERSON, "it has a header and no rows")
        return Verdict(
            What.IMPORTED, code, "every row is in LeadSquared" if data_rows else "it has no rows, which is fine"
        )
    stopped = next((one.stop_reason for one in summary.inputs if one.stop_reason), None)
    if code is ExitCode.NEEDS_A_PERSON:
        return _of_rows(counts, data_rows, stopped, ok_below)
    if code is ExitCode.SOURCE:
        return Verdict(What.NEEDS_A_PERSON, code, stopped or code.meaning)
    if code is ExitCode.DEFECT:
        return Verdict(What.NEEDS_A_PERSON, code, "its rows do not add up: this is a defect of etl")
    if code is ExitCode.UNCONFIRMED:
        rows = counts.get(Outcome.UNCONFIRMED, 0)
        return Verdict(What.GOES_ON, code, f"{_rows(rows)} in doubt: it is not known yet whether LeadSquared has them")
    return Verdict(What.GOES_ON, code, stopped or code.meaning)


def judge_error(error: EtlError, *, is_still_written: bool) -> Verdict:
    """What an error means that ended an import. is_still_written: the file was changed after it was taken."""
    code = code_of_error(error)
    if isinstance(error, SourceError):
        if is_still_written:
            return Verdict(What.GOES_ON, ExitCode.STOPPED, "it is still being written")
        return Verdict(What.NEEDS_A_PERSON, code, error.message)
    return Verdict(What.GOES_ON, code, error.message)


def _of_rows(counts: Mapping[Outcome, int], data_rows: int, stopped: str | None, ok_below: Decimal | None) -> Verdict:
    needing = sum(counts.get(outcome, 0) for outcome in NEEDS_A_PERSON)
    meant = data_rows - counts.get(Outcome.IGNORED, 0)
    code = ExitCode.NEEDS_A_PERSON
    if stopped is not None:
        return Verdict(What.NEEDS_A_PERSON, code, stopped)
    said = f"{_rows(needing)} of {meant:,} {'needs' if needing == 1 else 'need'} a person"
    if ok_below is not None and not counts.get(Outcome.WAITING) and needing * 100 < ok_below * meant:
        reason = f"{said}, fewer than {ok_below} %"
        return Verdict(What.IMPORTED, ExitCode.DONE, reason, is_within_bounds=True)
    return Verdict(What.NEEDS_A_PERSON, code, said)


def _rows(number: int) -> str:
    return "1 row" if number == 1 else f"{number:,} rows"
