"""`etl stop`: ends a running import from another terminal, as Ctrl-C does in its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from etl.cli import options
from etl.cli.json_out import json_option, print_object
from etl.cli.wording import printable
from etl.errors import UsageError
from etl.exits import ExitCode
from etl.quoting import as_typed
from etl.settings import load_settings_without_account

if TYPE_CHECKING:
    from etl.cli.world import World


@click.command("stop")
@options.run_argument
@json_option
@options.quiet_beside_option
@options.verbose_beside_option
@click.pass_obj
def stop(world: World, run: int, is_json: bool) -> int:
    """Ask a running import to stop, from another terminal.

    It waits for the requests in flight, writes its results, and says which command continues. This command returns at
    once. RUN is a number from `etl runs`.

    \b
    Examples:
      etl runs
      etl stop 41
      etl stop 41 --json
    """
    settings = load_settings_without_account(world.environ, world.cwd, world.directories)
    answer = world.care().stop(settings, run)
    if answer.is_asked and is_json:
        print_object({"run": run, "is_asked": True})
        return ExitCode.DONE
    if answer.is_asked:
        click.echo(f"Run {run} was asked to stop: it waits for the requests in flight, then writes its results.")
        return ExitCode.DONE
    if answer.is_finished:
        raise UsageError(f"Run {run} is not running: it has finished. etl runs {run} shows how.")
    raise UsageError(printable(f"Run {run} is not running. To continue it: {as_typed(answer.continue_with)}"))
