"""`etl results`: the results of a past run once more, or what it has in LeadSquared as a sheet to correct."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from etl.cli import options
from etl.cli.json_out import json_option, print_object
from etl.cli.wording import printable
from etl.exits import ExitCode
from etl.settings import known_accounts, load_settings_without_account

if TYPE_CHECKING:
    from etl.cli.world import World
    from etl.settings import Settings


@click.command("results")
@options.run_argument
@click.option("-o", "out", metavar="FILE", type=options.PLACE, help="Write one more copy, to this file.")
@click.option(
    "--for", "purpose", type=click.Choice(["update"]), help="Write the rows that are in LeadSquared, to be corrected."
)
@json_option
@options.quiet_beside_option
@options.verbose_beside_option
@click.pass_obj
def results(world: World, run: int, out: Path | None, purpose: str | None, is_json: bool) -> int:
    """Write the results file of a past run again, though its input may be gone.

    The rows come from the copy of the input that the ledger keeps, their outcomes as they are known now. The files go
    where they lay, into the current folder if that place is gone, or with -o to a file of your choice, as .xlsx or .csv.
    Those of what was submitted to a fleet (s17) go into the current folder. Nothing is sent.

    With --for update the file holds your own columns behind the ProspectActivityId, for the rows that are in LeadSquared.
    Correct it and run it through a mapping with "operation: update": lines that nobody changed are left out.

    \b
    Examples:
      etl results 41
      etl results 41 -o visits-again.csv
      etl results 41 --for update
      etl results 41 --json
    """
    settings = load_settings_without_account(world.environ, world.cwd, world.directories)
    place = None if out is None else world.cwd / out
    if purpose is not None:
        return _for_update(world, settings, run, place, is_json=is_json)
    known = known_accounts(world.environ, world.cwd, world.directories)
    accounts = [one.account for one in known if one.account is not None]
    written = world.care().results(settings, run, world.cwd, place, accounts=accounts)
    if written.is_elsewhere and written.submission is not None:
        options.beside(
            f"The ledger keeps the results of {written.submission}; here they are as files, in the current folder."
        )
    elif written.is_elsewhere:
        options.beside("The folder in which the results lay is gone, so they are in the current one.")
    if is_json:
        print_object({"run": run, "results": written.results, "failed": written.failed})
        return ExitCode.DONE
    click.echo(printable(f"Results:    {written.results}"))
    if written.failed is not None:
        click.echo(printable(f"To correct: {written.failed}"))
    return ExitCode.DONE


def _for_update(world: World, settings: Settings, run: int, place: Path | None, *, is_json: bool) -> int:
    """What of a run can be corrected, and how."""
    written = world.care().for_update(settings, run, world.cwd, place)
    if is_json:
        counts = {"rows": written.rows, "rows_without_id": written.without_id}
        print_object({"run": run, "for_update": written.path} | counts)
    else:
        click.echo(printable(f"For update: {written.path}"))
    if written.without_id:
        click.echo(
            f"{written.without_id:,} rows are in LeadSquared under ids that are not known, so they are left out. "
            "etl fetch brings activities with their ids.",
            err=True,
        )
    options.beside(
        f'{written.rows:,} rows with their ids. Correct them and run the file through a mapping with "operation: update"; '
        "lines that you leave as they are stay out."
    )
    return ExitCode.DONE
