"""The end of a check or run in words: findings by kind, the outcomes, the equation, the files, and what to do next."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

import click

from etl.cli.streams import write_line
from etl.cli.wording import counted, printable
from etl.records import NEEDS_A_PERSON, STORED, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from etl.cli.world import World
    from etl.events import InputSummary, Summary
    from etl.findings import Finding

EXAMPLES = 3
"""Findings of one kind that are shown; the failed file holds them all."""


def print_report(world: World, summary: Summary, *, is_quiet: bool, to_stderr: bool = False) -> None:
    """Print the report of a command; quiet commands report only what needs somebody.

    to_stderr: stdout belongs to the requests of a dry run. A reader that has gone away does not change how the
    command ended.
    """
    for result, line in _lines_of_inputs(summary, world.same_command):
        with world.log.telling_of(result.run, result.input):
            world.log.say(click.unstyle(line))
        if not is_quiet or summary.exit_code:
            write_line(line, to_stderr=to_stderr, has_colour=world.has_colour)


def report_lines(summary: Summary, continue_with: str) -> Iterator[str]:
    """The report of a command, input by input. continue_with: the command that carries on what was stopped."""
    yield from (line for _, line in _lines_of_inputs(summary, continue_with))


def _lines_of_inputs(summary: Summary, continue_with: str) -> Iterator[tuple[InputSummary, str]]:
    for position, result in enumerate(summary.inputs):
        if position:
            yield result, ""
        yield from ((result, line) for line in input_lines(result, continue_with))


def input_lines(result: InputSummary, continue_with: str) -> Iterator[str]:
    """The report of one input."""
    run = f" (run {result.run})" if result.run is not None else ""
    yield click.style(printable(f"{result.input}{run}"), bold=True)
    yield from finding_lines(result.findings, result.finding_counts)
    yield from _outcome_lines(result)
    yield f"  {result.equation}"
    if result.results is not None:
        yield f"  Results:    {result.results}"
    if result.failed is not None:
        yield f"  To correct: {result.failed}"
    if result.stop_reason:
        yield printable(f"  Stopped:    {result.stop_reason}")
    if result.next_step:
        yield printable(f"  Next:       {result.next_step}")
    if _continues(result) and continue_with not in result.next_step:
        yield printable(f"  Continue:   {continue_with}")


def finding_lines(findings: Sequence[Finding], counts: Mapping[str, int]) -> Iterator[str]:
    """Findings by kind, the most frequent first: code, count, three examples. counts: of all, findings: maybe fewer."""
    if not counts:
        return
    yield f"  {counted(sum(counts.values()), 'finding')}:"
    for code, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
        yield f"    {code}: {count:,}"
        examples = list(islice((finding for finding in findings if finding.code == code), EXAMPLES))
        yield from (printable(f"      {finding}") for finding in examples)
        if count > len(examples):
            yield f"      and {count - len(examples):,} more"


def _outcome_lines(result: InputSummary) -> Iterator[str]:
    """The outcomes that occur, one a line, right-aligned."""
    counts = {outcome: count for outcome in Outcome if (count := result.equation.outcomes.get(outcome, 0))}
    width = max((len(f"{count:,}") for count in counts.values()), default=0)
    for outcome, count in counts.items():
        yield f"  {count:>{width},} {click.style(outcome.replace('_', ' '), fg=_colour(outcome))}"


def _colour(outcome: Outcome) -> str:
    if outcome in STORED or outcome is Outcome.ALREADY_IMPORTED:
        return "green"
    if outcome in NEEDS_A_PERSON:
        return "red"
    return "yellow"


def _continues(result: InputSummary) -> bool:
    """Whether the same command has something left to do without anybody correcting a row."""
    return result.run is not None and result.equation.outcomes.get(Outcome.WAITING, 0) > 0
