"""`etl results`: the results of a past run once more."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from etl.cli.wording import printable
from etl.exits import ExitCode
from etl.settings import load_settings_without_account

if TYPE_CHECKING:
    from etl.cli.world import World


@click.command("results")
@click.argument("run", metavar="RUN", type=click.IntRange(min=1))
@click.option("-o", "out", metavar="FILE", type=click.Path(path_type=Path), help="Write one more copy, to this file.")
@click.pass_obj
def results(world: World, run: int, out: Path | None) -> int:
    """Write the results file of a past run again, though its input may be gone.

    The rows come from the copy of the input that the ledger keeps, their outcomes as they are known now. The files go
    where they lay, into the current folder if that place is gone, or with -o to a file of your choice, as .xlsx or .csv.
    Nothing is sent.

    \b
    Examples:
      etl results 41
      etl results 41 -o /tmp/visits-again.csv
    """
    settings = load_settings_without_account(world.environ, world.cwd, world.directories)
    place = None if out is None else world.cwd / out
    written = world.care().results(settings, run, world.cwd, place)
    if written.is_elsewhere:
        click.echo("The folder in which the results lay is gone, so they are in the current one.", err=True)
    click.echo(printable(f"Results:    {written.results}"))
    if written.failed is not None:
        click.echo(printable(f"To correct: {written.failed}"))
    return ExitCode.DONE
