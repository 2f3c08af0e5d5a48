"""`etl check`: everything that `etl run` does before it sends."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from etl.cli import options
from etl.cli.report import print_report
from etl.cli.streams import write_line
from etl.cli.talk import Talk
from etl.cli.wording import planned_lines, printable
from etl.events import Planned, RunOptions
from etl.settings import load_settings

if TYPE_CHECKING:
    from etl.cli.world import World
    from etl.events import Event


@click.command("check")
@options.files_argument
@options.mapping_option
@options.account_option
@click.option("--live", is_flag=True, help="Ask LeadSquared, too, whether mapping and sheet fit the account.")
@options.quiet_option
@options.verbose_option
@options.log_option
@click.pass_obj
def check(  # noqa: PLR0913, PLR0917 — click hands over one parameter per option
    world: World,
    files: tuple[Path, ...],
    mapping: Path,
    account: str | None,
    live: bool,
    quiet: bool,
    verbose: bool,
    log: Path | None,
) -> int:
    """Read and map each row of FILE, and say what a run would do; nothing is sent.

    Shows what is wrong and how to mend it, writes the rows that need a person to a failed file, and tells how many
    rows would go out, in how many requests, and how long that takes. With --live LeadSquared is asked whether the
    activity type, its fields and options, lead fields and owners exist as the mapping and the sheet name them.

    \b
    Examples:
      etl check visits.xlsx -m mappings/site_visits.yaml
      etl check june/*.csv -m mappings/site_visits.yaml -a prod
      etl check visits.xlsx -m mappings/site_visits.yaml -a prod --live
    """
    options.keep_log(world, log)
    options.check_files(files, mapping, world.cwd)
    settings = load_settings(world.environ, world.cwd, account, live, world.directories)
    forecast: list[Planned] = []
    talk = Talk(world, is_quiet=quiet, is_verbose=verbose, is_forecast=True)

    def listen(event: Event) -> None:
        """The forecast is the result of this command: it is kept for the end and goes to stdout."""
        if isinstance(event, Planned):
            forecast.append(event)
        else:
            talk(event)

    with closing(talk):
        summary = world.pipeline().check(settings, files, mapping, options=RunOptions(live=live), events=listen)
    print_report(world, summary, is_quiet=quiet)
    if not quiet:
        _print_forecast(world, forecast)
    return summary.exit_code


def _print_forecast(world: World, forecast: list[Planned]) -> None:
    write_line("\nWhat a run would do:")
    for planned in forecast:
        for line in planned_lines(planned, is_forecast=True):
            world.log.say(line)
            write_line(printable(line))
