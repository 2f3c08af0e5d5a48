"""What a past run's page and its workbook tell alike, gathered from the ledger: who was at it, and why rows are not there."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from etl.quoting import as_typed
from etl.reconciler.lines import result_line
from etl.reconciler.report.causes import EXAMPLES, NOT_THERE, grouped, meaning_of
from etl.reconciler.report.facts import KeptFile
from etl.reconciler.report.page import MEANINGS
from etl.reconciler.run_summary import NextStep, RunSummary, SummaryCause
from etl.records import NEEDS_A_PERSON, Outcome
from etl.stages.past_runs import rows_command, run_command

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.ledger.listing import ListedRun
    from etl.ledger.steps import StepTaken
    from etl.ledger.store import Ledger
    from etl.mapping.model import Mapping
    from etl.reconciler.lines import RunWords
    from etl.reconciler.report.causes import Group

MOST_CAUSES = 50


def by_whom(steps: Sequence[StepTaken]) -> tuple[str, ...]:
    """Everybody who began or continued the run, once each, in the order of time."""
    return tuple(dict.fromkeys(str(step.by) for step in steps if step.step in {"begun", "continued"}))


def causes_of(run_id: int, ledger: Ledger, most: int) -> tuple[list[Group], int]:
    """Why rows of a run are not in LeadSquared, the most frequent causes with their first rows; and how many more there are.

    Counting brings one row of each text of LeadSquared's and of each cause of ours; the others are asked for.
    """
    groups = grouped(ledger.causes.counted(run_id, NOT_THERE))
    for group in groups[:most]:
        if len(group.first_rows) < min(EXAMPLES, group.rows) and group.noted is not None:
            more = ledger.causes.first_rows(run_id, group.noted, EXAMPLES)
            group.first_rows = sorted({*group.first_rows, *more})[:EXAMPLES]
    return groups[:most], max(0, len(groups) - most)


def summary_facts(
    listed: ListedRun, words: RunWords, results: Path, mapping: Mapping | None, ledger: Ledger
) -> RunSummary:
    """What the summary of a run's results tells. results: where they lie, which is what goes in again once corrected."""
    groups, left_out = causes_of(listed.run_id, ledger, MOST_CAUSES)
    family = [listed.run_id, *(one.run_id for one in ledger.revisions.revised_by(listed.run_id))]
    is_rehearsal = words.shown_run is None
    return RunSummary(
        run=words.shown_run,
        input=KeptFile(Path(listed.input_path).name, listed.input_path, listed.input_hash),
        sheet=listed.sheet,
        mapping=KeptFile(Path(listed.mapping_path).name, listed.mapping_path, listed.mapping_hash),
        mapping_name=listed.mapping_name,
        operation=listed.operation,
        activity=_activity(listed, mapping),
        accounts=("the simulator",) if is_rehearsal else listed.accounts,
        organisation=listed.organisation,
        hosts=() if is_rehearsal else ledger.accounts.hosts(listed.account_id),
        began=listed.started_at,
        ended=listed.ended_at,
        by=by_whom(ledger.steps.of(family)),
        etl_version=listed.etl_version,
        ledger="of this rehearsal only" if is_rehearsal else ledger.shown,
        data_rows=listed.data_rows,
        counts=listed.counts,
        causes=tuple(_cause(group, words, ledger, listed.run_id) for group in groups),
        causes_left_out=left_out,
        next=_rehearsed(listed) if is_rehearsal else _next_step(listed, results),
        stop_reason=words.stop_reason,
        zone=mapping.input.time_zone if mapping is not None else None,
    )


def _activity(listed: ListedRun, mapping: Mapping | None) -> str | None:
    if not listed.event:
        return None
    name = mapping.activity.name if mapping is not None and mapping.activity is not None else None
    return f"{listed.event} {name}" if name else f"{listed.event}"


def _cause(group: Group, words: RunWords, ledger: Ledger, run_id: int) -> SummaryCause:
    """What a person can do stands in the outcome cells of its first row, without that row's other cells."""
    first = next(ledger.runs.some_lines(run_id, group.first_rows[:1]), None)
    line = result_line(first, (), words) if first is not None else None
    remedy = (line.hint or line.error or "") if line is not None else ""
    title = group.words or meaning_of(group.code).rstrip(".") or MEANINGS[group.outcome]
    return SummaryCause(group.outcome, group.code, title, group.rows, tuple(group.first_rows), remedy)


def _rehearsed(listed: ListedRun) -> NextStep:
    words = "This was a rehearsal: nothing went to LeadSquared. Correct the sheet itself where rows need it; the real import:"
    return NextStep(words, as_typed(("run", listed.input_path, "-m", listed.mapping_path)))


def _next_step(listed: ListedRun, results: Path) -> NextStep:
    """What to do first; what comes after that is said as well."""
    waiting = listed.counts.get(Outcome.WAITING, 0)
    unconfirmed = listed.counts.get(Outcome.UNCONFIRMED, 0)
    wrong = sum(listed.counts.get(outcome, 0) for outcome in NEEDS_A_PERSON)
    later = f" After that: {_need(wrong)}, see the sheet To correct." if wrong else ""
    if waiting or listed.state != "finished":
        return NextStep(
            f"{_rows(waiting)} not sent yet. Run the same command again, it continues with them.{later}",
            as_typed(run_command(listed)),
        )
    if unconfirmed:
        words = (
            f"It is not known of {unconfirmed:,} rows whether they arrived. Do not enter them by hand; find out:{later}"
        )
        return NextStep(words, as_typed(("verify", str(listed.run_id))))
    if wrong:
        words = (
            f"{_need(wrong)}. Correct the cells in the sheet To correct, or in the rows themselves, save this workbook, and "
            "run it: only what you have corrected goes out."
        )
        return NextStep(words, as_typed(rows_command(listed, results)))
    return NextStep("Nothing is left to do.", None)


def _rows(count: int) -> str:
    return "1 row was" if count == 1 else f"{count:,} rows were"


def _need(count: int) -> str:
    return "1 row needs a person" if count == 1 else f"{count:,} rows need a person"
