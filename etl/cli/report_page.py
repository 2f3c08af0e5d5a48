"""`etl report`: one run as a page that can be sent on, printed and read on a phone."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from etl.cli import options
from etl.cli.json_out import json_option, print_object
from etl.cli.wording import printable
from etl.errors import UsageError
from etl.exits import ExitCode
from etl.quoting import as_typed
from etl.settings import known_accounts, load_settings_without_account

if TYPE_CHECKING:
    from etl.cli.world import World


@click.command("report")
@options.run_argument
@click.option(
    "-o",
    "out",
    metavar="FILE",
    type=options.PLACE,
    help="Write the page here (default: run41.report.html).",
)
@click.option("--show-values", is_flag=True, help="Show what stands in cells; without it personal data are masked.")
@json_option
@options.quiet_beside_option
@options.verbose_beside_option
@click.pass_obj
def report(world: World, run: int, out: Path | None, show_values: bool, is_json: bool) -> int:
    """Write one run as a page to send on: outcomes, causes, pace, what to do next.

    The page is one file that needs no network and runs no script: it can be sent on, printed and read on a phone. Values
    of cells are masked in it (a•••@e•••.com) unless you ask for them. Everything comes from the ledger; nothing is sent.

    \b
    Examples:
      etl report 41
      etl report 41 -o report.html
      etl report 41 -o for-the-team.html --show-values
    """
    from etl.report import Wanted, write_report  # noqa: PLC0415 — slow to load: not for --help

    place = world.cwd / (out or f"run{run}.report.html")
    if place.suffix.lower() not in {".html", ".htm"}:
        raise UsageError(f"-o {out}: the page is an HTML file. Give it a name that ends in .html.")
    settings = load_settings_without_account(world.environ, world.cwd, world.directories)
    known = known_accounts(world.environ, world.cwd, world.directories)
    accounts = [one.account for one in known if one.account is not None]
    written = write_report(settings, run, Wanted(place, show_values, as_typed), accounts, world.clock)
    if is_json:
        print_object({"run": run, "report": written, "shows_values": show_values})
        return ExitCode.DONE
    click.echo(printable(f"Report:     {written}"))
    if show_values:
        options.beside("It shows values of cells, which may be personal data: mind whom you send it to.")
    return ExitCode.DONE
