"""`etl runs`: what was imported, and all that is known of one run."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from etl.cli import completing, options
from etl.cli.json_out import json_option, print_object
from etl.cli.past import as_data, in_full, in_full_as_data, table
from etl.cli.queue_table import queue_lines, queue_of, submission_as_data
from etl.cli.run_type import RunType
from etl.cli.wording import counted, printable
from etl.errors import UsageError
from etl.exits import ExitCode
from etl.settings import known_accounts, load_settings_without_account

if TYPE_CHECKING:
    from etl.cli.world import World
    from etl.settings import Settings

MOST = 20


@click.command("runs")
@click.argument("run", metavar="[RUN]", required=False, type=RunType(min=1), shell_complete=completing.runs)
@click.option("-n", "most", metavar="N", type=click.IntRange(min=1), help=f"List the newest N runs (default: {MOST}).")
@click.option("--all", "all_runs", is_flag=True, help="List every run, and what was submitted and waits.")
@click.option(
    "-a",
    "--account",
    metavar="ACCOUNT",
    shell_complete=completing.accounts,
    help="List only runs into the account of this name.",
)
@click.option(
    "--chart",
    metavar="FILE",
    type=options.LOCAL,
    help="Draw the requests of RUN over time, beside the account's limit, as FILE.svg.",
)
@json_option
@options.quiet_beside_option
@options.verbose_beside_option
@click.pass_obj
def runs(
    world: World,
    run: int | None,
    most: int | None,
    all_runs: bool,
    account: str | None,
    chart: Path | None,
    is_json: bool,
) -> int:
    """List past imports, or tell the story of one.

    Everything comes from the ledger: no account is needed and LeadSquared is not asked. RUN is a number from the list;
    where there are workers, --all also lists what was submitted to them and is not over, and s17 is the run of that one;
    for one run everything that happened is told in order, by whom and when, and the last line is the command that continues
    it, verifies it or sends its corrected rows.

    \b
    Examples:
      etl runs
      etl runs -n 5 -a prod
      etl runs 41
      etl runs 41 --json
      etl runs 41 --chart requests.svg
    """
    if run is not None and (most is not None or all_runs or account is not None):
        raise UsageError("-n, --all and -a choose what is listed, and RUN is one run. Leave one of them out.")
    if most is not None and all_runs:
        raise UsageError("-n and --all: how many runs, or every one? Leave one of them out.")
    if chart is not None and run is None:
        raise UsageError("--chart draws one run: say which, like etl runs 41 --chart requests.svg.")
    settings = load_settings_without_account(world.environ, world.cwd, world.directories)
    if run is not None and chart is not None:
        return _draw(world, settings, run, world.cwd / chart, is_json=is_json)
    if run is not None:
        full = world.care().run_in_full(settings, run)
        if is_json:
            print_object(in_full_as_data(full))
        else:
            for line in in_full(full):
                click.echo(printable(line))
        return ExitCode.DONE
    return _list(world, settings, None if all_runs else most or MOST, account, is_json=is_json)


def _draw(world: World, settings: Settings, run: int, place: Path, *, is_json: bool) -> int:
    from etl.cli.traffic_picture import picture  # noqa: PLC0415 — only for the few who ask for it
    from etl.traffic import traffic  # noqa: PLC0415 — slow to load: not for --help

    if place.suffix.lower() != ".svg":
        raise UsageError(f"--chart {place.name}: the picture is an SVG file. Give it a name that ends in .svg.")
    known = known_accounts(world.environ, world.cwd, world.directories)
    drawn = picture(traffic(settings, run, [one.account for one in known if one.account is not None], world.clock))
    try:
        place.write_text(drawn, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--chart {place}: the file cannot be written: {error.strerror}.") from error
    if is_json:
        print_object({"run": run, "chart": place})
    else:
        click.echo(printable(f"Chart:      {place}"))
    return ExitCode.DONE


def _list(world: World, settings: Settings, most: int | None, account: str | None, *, is_json: bool) -> int:
    found = world.care().runs(settings, most, account)
    queue = queue_of(settings, account) if most is None else None
    if is_json:
        told = {"ledger": found.ledger, "runs": [as_data(one) for one in found.runs]}
        print_object(told if queue is None else told | {"submissions": [submission_as_data(one) for one in queue]})
        return ExitCode.DONE
    for line in queue_lines(queue or []):
        click.echo(printable(line))
    if not found.runs:
        click.echo(printable(f"No runs yet in the ledger {found.ledger}."))
        return ExitCode.DONE
    if sys.stdout.isatty():
        from etl.cli.runs_table import print_table  # noqa: PLC0415 — only a terminal needs it

        print_table(found.runs, world)
    else:
        for line in table(found.runs, world.cwd):
            click.echo(printable(line))
    if found.total > len(found.runs):
        options.beside(f"{counted(found.total - len(found.runs), 'older run')}: etl runs --all lists them too.")
    return ExitCode.DONE
