"""A past run in words: one line of a table, all that is known of it, and the same for programs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from etl.cli.wording import counted, outcome_counts
from etl.places import is_url_text
from etl.quoting import as_typed
from etl.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from etl.care import RunInFull
    from etl.ledger.listing import ListedRun
    from etl.stages.past_runs import PastRun

_HEADER = ("run", "started (UTC)", "input", "sheet", "account", "rows", "state", "results")


def table(runs: Sequence[PastRun], cwd: Path) -> Iterator[str]:
    """One line a run below a header; columns under each other, the numbers of runs to the right."""
    lines = [_HEADER, *(cells(run, cwd) for run in runs)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(_HEADER))]
    for line in lines:
        first, *others = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        yield "  ".join([first.strip().rjust(widths[0]), *others]).rstrip()


def headers() -> tuple[str, ...]:
    """What stands above the cells."""
    return _HEADER


def cells(run: PastRun, cwd: Path) -> tuple[str, ...]:
    """What a list tells of a run."""
    one = run.listed
    return (
        str(one.run_id),
        f"{moment(one.started_at):%Y-%m-%d %H:%M}",
        Path(one.input_path).name,
        one.sheet or "",
        _accounts(run),
        outcome_counts(run.in_order) or "none",
        run.state.value,
        _results(one, cwd),
    )


def in_full(full: RunInFull) -> Iterator[str]:
    """Everything about one run."""
    one, state = full.run.listed, full.run.state
    yield f"Run {one.run_id}: {Path(one.input_path).name}" + (f", sheet {one.sheet}" if one.sheet else "")
    yield f"  State:        {state.value}" + (f" ({one.stop_reason})" if one.stop_reason else "")
    if one.stop_asked_at is not None:
        yield f"  Stop asked:   {_shown(one.stop_asked_at)}"
    yield f"  Account:      {_accounts(full.run)}, organisation {one.organisation or 'not told'}"
    yield f"  Ledger:       {full.ledger}"
    yield f"  Input:        {_with_state(one.input_path)}"
    kept = str(full.kept_input) if full.kept_input else ("pruned" if one.pruned_at else "gone")
    yield f"  Kept copy:    {kept}" + ("" if full.kept_input else f" (SHA-256 {one.input_hash})")
    about = f"{one.mapping_name}, {one.operation}" + (f", activity {one.event}" if one.event else "")
    yield f"  Mapping:      {_with_state(one.mapping_path)}: {about}"
    yield f"  Started:      {_shown(one.started_at)} by etl {one.etl_version}"
    if one.ended_at is not None:
        yield f"  Ended:        {_shown(one.ended_at)}"
    if one.revises is not None:
        yield f"  Revises:      run {one.revises}: known rows with other values, brought to their activities"
    yield f"  {one.data_rows} data rows = {_equation(full.run)}"
    if one.duplicate:
        yield f"  Duplicate:    {counted(one.duplicate, 'row')} sent once more on purpose"
    if full.verdicts:
        yield f"  Requests:     {', '.join(_requests(full))}"
    if full.unconfirmed_since is not None:
        since = _shown(full.unconfirmed_since)
        yield f"  Unconfirmed:  {counted(one.counts.get(Outcome.UNCONFIRMED, 0), 'row')}, the first sent at {since}"
    for made in full.decisions:
        yield f"  Decided:      {_shown(made.decided_at)}: {made.decision}, {counted(made.rows, 'row')}"
    if one.results_path:
        yield f"  Results:      {_with_state(one.results_path)}"
    if one.failed_path:
        yield f"  To correct:   {_with_state(one.failed_path)}"
    yield from _story_lines(full)
    if full.run.next_command is not None:
        yield f"  Next:         to {full.run.next_command.purpose}: {as_typed(full.run.next_command.words)}"


def _story_lines(full: RunInFull) -> Iterator[str]:
    """What happened, one sentence a line, a day's date only where it changes."""
    day = ""
    if full.story:
        yield "  Story (UTC):"
    for told in full.story:
        at = moment(told.at)
        shown = f"{at:%Y-%m-%d}"
        yield f"    {shown if shown != day else ' ' * len(shown)} {at:%H:%M:%S}  {told.what}" + (
            f" ({told.by})" if told.by else ""
        )
        day = shown


def _equation(run: PastRun) -> str:
    return " + ".join(f"{count} {outcome.replace('_', ' ')}" for outcome, count in run.in_order.items() if count) or "0"


def _requests(full: RunInFull) -> Iterator[str]:
    for one in full.verdicts:
        yield f"{one.requests:,} {one.verdict or 'in the air'} ({counted(one.rows, 'row')})"


def as_data(run: PastRun) -> dict[str, Any]:
    """A run for programs. Moments in ISO 8601, UTC."""
    one = run.listed
    return {
        "run": one.run_id,
        "state": run.state.value,
        "stop_reason": one.stop_reason,
        "started_at": _iso(one.started_at),
        "ended_at": _iso(one.ended_at),
        "accounts": list(one.accounts),
        "organisation": one.organisation,
        "input": one.input_path,
        "input_sha256": one.input_hash,
        "sheet": one.sheet,
        "mapping": one.mapping_path,
        "mapping_name": one.mapping_name,
        "operation": one.operation,
        "event": one.event,
        "revises": one.revises,
        "data_rows": one.data_rows,
        "rows": {outcome.value: count for outcome, count in run.in_order.items()},
        "results": one.results_path,
        "failed": one.failed_path,
        "pruned_at": _iso(one.pruned_at),
        "next": ["etl", *run.next_command.words] if run.next_command else None,
    }


def in_full_as_data(full: RunInFull) -> dict[str, Any]:
    """Everything about one run for programs."""
    return as_data(full.run) | {
        "ledger": full.ledger,
        "kept_input": str(full.kept_input) if full.kept_input else None,
        "requests": [{"verdict": one.verdict, "requests": one.requests, "rows": one.rows} for one in full.verdicts],
        "unconfirmed_since": _iso(full.unconfirmed_since),
        "decisions": [
            {"decision": one.decision, "rows": one.rows, "decided_at": _iso(one.decided_at)} for one in full.decisions
        ],
        "story": [{"at": _iso(one.at), "what": one.what, "by": one.by} for one in full.story],
    }


def _accounts(run: PastRun) -> str:
    return "/".join(run.listed.accounts) or "unknown"


def _results(one: ListedRun, cwd: Path) -> str:
    """Where the results of a run lie; those of a revising run stand with the run that it revises for."""
    if one.revises is not None:
        return f"(with run {one.revises})"
    return _near(one.results_path, cwd) if one.results_path else ""


def _near(path: str, cwd: Path) -> str:
    """A path as it is typed here."""
    return str(Path(path).relative_to(cwd)) if Path(path).is_relative_to(cwd) else path


def _with_state(path: str) -> str:
    return path if is_url_text(path) or Path(path).exists() else f"{path} (not there any more)"


def moment(seconds: float) -> datetime:
    """Seconds since 1970 as a moment in UTC."""
    return datetime.fromtimestamp(seconds, UTC)


def _shown(seconds: float) -> str:
    return f"{moment(seconds):%Y-%m-%d %H:%M:%S} UTC"


def _iso(seconds: float | None) -> str | None:
    return None if seconds is None else moment(seconds).isoformat(timespec="seconds")
