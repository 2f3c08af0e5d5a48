"""`etl stop`: ends a running import from another terminal, as Ctrl-C does in its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from etl.cli import completing, options
from etl.cli.json_out import json_option, print_object
from etl.cli.run_type import RunOrSubmissionType, submission_number
from etl.cli.wording import printable
from etl.errors import UsageError
from etl.exits import ExitCode
from etl.quoting import as_typed
from etl.settings import load_settings_without_account

if TYPE_CHECKING:
    from etl.cli.world import World
    from etl.settings import Settings


@click.command("stop")
@click.argument("run", metavar="RUN", type=RunOrSubmissionType(min=1), shell_complete=completing.runs)
@json_option
@options.quiet_beside_option
@options.verbose_beside_option
@click.pass_obj
def stop(world: World, run: int | str, is_json: bool) -> int:
    """Ask a running import to stop, from another terminal.

    It waits for the requests in flight, writes its results, and says which command continues. This command returns at
    once. RUN is a number from `etl runs`. On a ledger that machines share it may run on any of them; what was submitted to
    the workers of a fleet (s17, in `etl runs --all`) is also taken out of the queue, whether it runs or waits.

    \b
    Examples:
      etl runs
      etl stop 41
      etl stop s17
      etl stop 41 --json
    """
    settings = load_settings_without_account(world.environ, world.cwd, world.directories)
    number = submission_number(run)
    if number is None and settings.ledger_url.startswith("postgresql"):
        number = _waiting_submission(settings, int(run))
    if number is not None:
        return _stop_submission(settings, number, is_json=is_json)
    assert isinstance(run, int)  # noqa: S101 — what is no submission is a number: see the type of the argument
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


def _waiting_submission(settings: Settings, run: int) -> int | None:
    """The submission that a run belongs to, where it is not over: stopped alone, the run would go on with its next turn."""
    from etl.fleet.submissions import State, submission_of_run  # noqa: PLC0415 — only where there may be a fleet

    found = submission_of_run(settings, run)
    return found.number if found is not None and found.state not in {State.ENDED, State.STOPPED} else None


def _stop_submission(settings: Settings, number: int, *, is_json: bool) -> int:
    from etl.fleet.submissions import State  # noqa: PLC0415 — as above
    from etl.fleet.submissions import stop as stop_submission  # noqa: PLC0415 — as above

    before = stop_submission(settings, number)
    runs_now = before.state in {State.RUNNING, State.STOPPING}
    if is_json:
        print_object(
            {"submission": f"s{number}", "is_asked": True, "was": before.state.value, "runs": list(before.runs)}
        )
    elif runs_now:
        where = f" on {before.machine}" if before.machine else ""
        click.echo(printable(f"{before.shown} was asked to stop{where}: it waits for the requests in flight."))
    else:
        click.echo(printable(f"{before.shown} was taken out of the queue."))
    options.beside(f"To put it back: etl submit --again s{number}")
    return ExitCode.DONE
