"""`etl run`: send the rows of spreadsheets to LeadSquared as activities, each once."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from etl.cli import options
from etl.cli.report import print_report
from etl.cli.signals import stop_on_signals
from etl.cli.talk import Talk
from etl.errors import UsageError
from etl.events import RunOptions, StopSignal
from etl.exits import ExitCode
from etl.settings import load_settings, load_settings_without_account

if TYPE_CHECKING:
    from etl.cli.world import World
    from etl.settings import Settings


@click.command("run")
@options.files_argument
@options.mapping_option
@options.account_option
@click.option("--rehearse", is_flag=True, help="Send to a simulator on this machine, with a ledger of its own.")
@click.option(
    "--results", metavar="PATH", type=click.Path(path_type=Path), help="Write the results here, not beside the input."
)
@click.option("--dry-run", is_flag=True, help="Send nothing; write what would be sent to stdout, one request a line.")
@click.option("--no-preflight", is_flag=True, help="Do not ask first whether mapping and sheet fit the account.")
@click.option(
    "--duplicate",
    metavar="N",
    type=click.IntRange(min=1),
    help="Send rows once more that are in LeadSquared already; N is their exact number.",
)
@options.quiet_option
@options.verbose_option
@options.log_option
@click.pass_obj
def run(  # noqa: PLR0913, PLR0917 — click hands over one parameter per option
    world: World,
    files: tuple[Path, ...],
    mapping: Path,
    account: str | None,
    rehearse: bool,
    results: Path | None,
    dry_run: bool,
    no_preflight: bool,
    duplicate: int | None,
    quiet: bool,
    verbose: bool,
    log: Path | None,
) -> int:
    """Send each row of FILE to LeadSquared as an activity, once.

    Rows that are in LeadSquared already are known again and stay out, so the same command continues a run that was
    stopped, and sends only the corrected rows of a corrected sheet. Each row's id or reason is written to a results
    file beside the input; rows that need a person are also written to a failed file, which can be corrected and run.

    \b
    Examples:
      etl run visits.xlsx -m mappings/site_visits.yaml --rehearse
      etl run visits.xlsx -m mappings/site_visits.yaml -a prod
      etl run visits.failed.xlsx -m mappings/site_visits.yaml -a prod
      etl run visits.xlsx -m mappings/site_visits.yaml --dry-run > requests.jsonl
    """
    options.keep_log(world, log)
    if len(files) > 1 and results is not None:
        raise UsageError(
            "--results names one file, and there are several inputs. Leave it out, or run them one by one."
        )
    options.check_files(files, mapping, world.cwd)
    settings = _settings(world, account, rehearse=rehearse, dry_run=dry_run)
    out = sys.stdout.buffer if dry_run else None
    run_options = RunOptions(results, dry_run, out, duplicate, rehearse, preflight=not no_preflight)
    stop = StopSignal()
    talk = Talk(world, is_quiet=quiet, is_verbose=verbose, is_forecast=dry_run)
    with closing(talk), stop_on_signals(stop, has_terminal=world.has_terminal):
        summary = world.pipeline().run(settings, files, mapping, options=run_options, events=talk, stop=stop)
    print_report(world, summary, is_quiet=quiet, to_stderr=dry_run)
    return summary.exit_code


def _settings(world: World, account: str | None, *, rehearse: bool, dry_run: bool) -> Settings:
    """A rehearsal has the simulator for an account; a dry run can do without one."""
    if not rehearse:
        return load_settings(world.environ, world.cwd, account, not dry_run, world.directories)
    if account is not None:
        raise UsageError("-a and --rehearse: a rehearsal goes to the simulator, not to an account. Leave one out.")
    return load_settings_without_account(world.environ, world.cwd, world.directories)


run.epilog = "\b\nExit codes:\n" + "\n".join(f"  {code:>3}  {code.meaning}" for code in ExitCode)
