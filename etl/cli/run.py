"""`etl run`: send the rows of spreadsheets to LeadSquared as activities, each once."""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from etl.cli import options
from etl.cli.deadline_options import deadlines
from etl.cli.json_events import ON_STDERR, kept_as_json
from etl.cli.json_out import input_as_data, json_option, print_object
from etl.cli.pilot import Question, SizeQuestion, can_ask, without_pilot
from etl.cli.report import print_report
from etl.cli.signals import stop_on_signals
from etl.cli.talk import Talk
from etl.cli.unattended import unattended
from etl.errors import UsageError
from etl.events import PILOT_OVER, Note, RunOptions, StopSignal
from etl.exits import ExitCode
from etl.settings import load_settings, load_settings_without_account

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.cli.watch import Watch
    from etl.cli.world import World
    from etl.events import Summary
    from etl.settings import Settings


MOST_PILOT_ROWS = 1000
DEFAULT_JOBS, MOST_JOBS = 4, 16
"""Into one account more jobs are not faster: its limit is. They help while a file reads back, looks up leads or has trouble,
and where files go into different accounts. Each one may have requests in the air, which a kill leaves in doubt."""


@click.command("run")
@options.files_argument
@options.mapping_option
@options.account_option
@click.option("--rehearse", is_flag=True, help="Send to a simulator on this machine, with a ledger of its own.")
@click.option("--results", metavar="PATH", type=options.PLACE, help="Write the results here, not beside the input.")
@click.option("--dry-run", is_flag=True, help="Send nothing; write what would be sent to stdout, one request a line.")
@click.option("--no-preflight", is_flag=True, help="Do not ask first whether mapping and sheet fit the account.")
@click.option(
    "--duplicate",
    metavar="N",
    type=click.IntRange(min=1),
    help="Send rows once more that are in LeadSquared already; N is their exact number.",
)
@click.option(
    "--pilot",
    metavar="N",
    type=click.IntRange(min=1, max=MOST_PILOT_ROWS),
    help="Send the first N rows, read them back and show them; the others after you have agreed, or with the next command.",
)
@click.option(
    "--rows-ok",
    metavar="N",
    type=click.IntRange(min=1),
    help="Up to N rows are meant, where so many are unusual and nobody can be asked.",
)
@click.option("--all-or-nothing", is_flag=True, help="Send only if every row is valid; for payments, say.")
@click.option(
    "--not-after",
    metavar="TIME",
    help='Send nothing after this time of this machine, like 18:00 or "2026-06-30 18:00"; what is in flight is finished.',
)
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(min=1, max=MOST_JOBS),
    default=DEFAULT_JOBS,
    show_default=True,
    help="Send so many files side by side; together they keep to the account's limit.",
)
@click.option("--max-runtime", metavar="LENGTH", help="Send nothing after so long, like 2h, 90m or 2h30m.")
@click.option(
    "--on-behalf-of",
    metavar="WHO",
    help="For whom this import is done; recorded with your user name and machine, for etl audit.",
)
@click.option(
    "--json-events",
    metavar="FILE",
    help="Write what happens as JSON, one object a line, to FILE; - for stderr, in the place of words.",
)
@json_option
@options.quiet_option
@options.verbose_option
@options.log_option
@unattended
@click.pass_obj
def run(  # noqa: PLR0913, PLR0917 — click hands over one parameter per option
    world: World,
    files: tuple[Path, ...],
    mappings: tuple[Path, ...],
    account: str | None,
    rehearse: bool,
    results: Path | None,
    dry_run: bool,
    no_preflight: bool,
    duplicate: int | None,
    pilot: int | None,
    rows_ok: int | None,
    all_or_nothing: bool,
    not_after: str | None,
    max_runtime: str | None,
    jobs: int,
    on_behalf_of: str | None,
    json_events: str | None,
    is_json: bool,
    quiet: bool,
    verbose: bool,
    log: Path | None,
    watch: Watch,
) -> int:
    """Send each row of FILE to LeadSquared as an activity, once.

    Rows that are in LeadSquared already are known again and stay out, so the same command continues a run that was
    stopped, and sends only the corrected rows of a corrected sheet. Each row's id or reason is written to a results
    file beside the input; rows that need a person are also written to a failed file, which can be corrected and run.

    \b
    Examples:
      etl run visits.xlsx -m mappings/site_visits.yaml --rehearse
      etl run visits.xlsx -m mappings/site_visits.yaml -a prod
      etl run visits.xlsx -m mappings/site_visits.yaml -a prod --pilot 10
      etl run visits.xlsx -m mappings/site_visits.yaml -a prod --not-after 18:00
      etl run north.xlsx south.xlsx -m mappings/north.yaml -m mappings/south.yaml
      etl run payments.xlsx -m mappings/payments.yaml -a prod --all-or-nothing
      etl run visits.failed.xlsx -m mappings/site_visits.yaml -a prod
      etl run visits.xlsx -m mappings/site_visits.yaml -a prod --json > ended.json
      etl run visits.xlsx -m mappings/site_visits.yaml --dry-run > requests.jsonl
    """
    options.keep_log(world, log)
    files, mapping = options.check_pairs(files, mappings, world.cwd)
    if len(files) > 1 and results is not None:
        raise UsageError(
            "--results names one file, and there are several inputs. Leave it out, or run them one by one."
        )
    if pilot is not None and dry_run:
        raise UsageError("--pilot and --dry-run: a dry run sends nothing, so it has no first rows. Leave one out.")
    if is_json and dry_run:
        raise UsageError("--json and --dry-run: both write to stdout. Leave one out.")
    question = Question()
    until, said = deadlines(not_after, max_runtime, world.clock)
    settings = watch.settings = _settings(world, account, mapping, rehearse=rehearse, dry_run=dry_run)
    run_options = RunOptions(
        results,
        dry_run,
        sys.stdout.buffer if dry_run else None,
        duplicate,
        rehearse,
        preflight=not no_preflight,
        pilot=pilot,
        jobs=jobs,
        go_on=question if pilot is not None and can_ask(world) else None,
        rows_ok=rows_ok,
        may_send=SizeQuestion() if can_ask(world) else None,
        all_or_nothing=all_or_nothing,
        on_behalf_of=options.words_of("--on-behalf-of", on_behalf_of),
    )
    stop = StopSignal(until)
    takes_stderr = json_events == ON_STDERR
    talk = Talk(
        world,
        is_quiet=quiet,
        is_verbose=verbose,
        is_forecast=dry_run,
        is_rehearsal=rehearse,
        is_silent=takes_stderr,
    )
    for sentence in said:
        talk(Note(sentence))
    with (
        closing(talk),
        kept_as_json(json_events, (*files, *mappings), world, watch.listening(talk)) as listener,
        stop_on_signals(stop, has_terminal=world.has_terminal),
    ):
        summary = world.pipeline().run(settings, files, mapping, options=run_options, events=listener, stop=stop)
        listener.ended(summary.exit_code)
    on_stderr = is_json or dry_run
    if not (takes_stderr and on_stderr):
        print_report(_to_go_on(world, summary, question), summary, is_quiet=quiet, to_stderr=on_stderr)
    if is_json:
        print_object({"exit_code": int(summary.exit_code), "inputs": [input_as_data(one) for one in summary.inputs]})
    watch.ended(summary)
    return summary.exit_code


def _to_go_on(world: World, summary: Summary, question: Question) -> World:
    """The world whose command goes on: behind a pilot it is the one without."""
    is_over = question.is_agreed or any((one.stop_reason or "").startswith(PILOT_OVER) for one in summary.inputs)
    return replace(world, arguments=without_pilot(world.arguments)) if is_over else world


def _settings(
    world: World, account: str | None, mapping: Path | Sequence[Path], *, rehearse: bool, dry_run: bool
) -> Settings:
    """A rehearsal has the simulator for an account; a dry run can do without one."""
    if not rehearse:
        named = options.named_accounts(mapping, world.cwd)
        return load_settings(world.environ, world.cwd, account, not dry_run, world.directories, named)
    if account is not None:
        raise UsageError("-a and --rehearse: a rehearsal goes to the simulator, not to an account. Leave one out.")
    return load_settings_without_account(world.environ, world.cwd, world.directories)


run.epilog = "\b\nExit codes:\n" + "\n".join(f"  {code:>3}  {code.meaning}" for code in ExitCode)
