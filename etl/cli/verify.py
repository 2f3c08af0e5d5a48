"""`etl verify`: what became of rows in doubt, and whether LeadSquared holds what we call created."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from etl.cli import options
from etl.cli.json_out import input_as_data, json_option, print_object
from etl.cli.report import input_lines
from etl.cli.signals import stop_on_signals
from etl.cli.streams import write_line
from etl.cli.talk import Talk
from etl.cli.wording import counted
from etl.errors import UsageError
from etl.events import StopSignal
from etl.exits import ExitCode
from etl.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etl.cli.world import World
    from etl.proof import Verified

_MEANINGS = {
    "held": "in LeadSquared, with the values that were sent",
    "differs": "in LeadSquared, with other values",
    "missing": "not in LeadSquared under their id",
    "twice": "in LeadSquared, and once more under another id",
    "not read": "could not be read back",
}

_EXIT_CODES = (
    (ExitCode.DONE, "every row has its end; of the rows checked all are there, once, with these values"),
    (ExitCode.NEEDS_A_PERSON, "rows differ, are missing or are there twice; or rows are invalid, refused or changed"),
    (ExitCode.STOPPED, "broken off, or rows are proved to be missing and wait: run the import again"),
    (ExitCode.UNCONFIRMED, "rows are still in doubt, or could not be read back"),
)


@click.command("verify")
@options.run_argument
@options.account_option
@click.option("--all", "is_all", is_flag=True, help="Check every created row: is it there, once, with these values?")
@click.option("--sample", metavar="N", type=click.IntRange(min=1), help="Check only N created rows, drawn at random.")
@click.option(
    "--assume",
    type=click.Choice(["stored", "absent"]),
    help="Decide what cannot be read back: rows in doubt count as this from now on. It is recorded.",
)
@json_option
@options.quiet_option
@options.verbose_option
@options.log_option
@click.pass_obj
def verify(  # noqa: PLR0913, PLR0917 — click hands over one parameter per option
    world: World,
    run: int,
    account: str | None,
    is_all: bool,
    sample: int | None,
    assume: str | None,
    is_json: bool,
    quiet: bool,
    verbose: bool,
    log: Path | None,
) -> int:
    """Settle rows in doubt by reading back; or check that LeadSquared holds what was created.

    Nothing is sent.

    RUN is a number from `etl runs`. Rows that are found are created, rows that are proved to be missing wait for the next
    run. With --all or --sample the rows that were created are checked too; the results file says for each of them what was
    found, in the column etl_verified.

    \b
    Examples:
      etl verify 41
      etl verify 41 --all
      etl verify 41 --sample 50 -a prod
      etl verify 41 --assume absent
      etl verify 41 --all --json
    """
    from etl.proof import Assumption, Check  # noqa: PLC0415 — slow to load: not for --help

    if is_all and sample is not None:
        raise UsageError("--all and --sample: every row, or some of them? Leave one of them out.")
    options.keep_log(world, log)
    settings = load_settings(world.environ, world.cwd, account, directories=world.directories)
    stop = StopSignal()
    talk = Talk(world, is_quiet=quiet, is_verbose=verbose)
    with closing(talk), stop_on_signals(stop, has_terminal=world.has_terminal):
        verified = world.proof().verify(
            settings,
            run,
            check=Check(sample) if is_all or sample is not None else None,
            assume=Assumption(assume) if assume else None,
            events=talk,
            stop=stop,
        )
    if not quiet or verified.exit_code:
        for line in _lines(verified, world.same_command):
            write_line(line, to_stderr=is_json, has_colour=world.has_colour)
    if is_json:
        print_object(_as_object(verified))
    return verified.exit_code


def _as_object(verified: Verified) -> dict[str, object]:
    return {
        "exit_code": int(verified.exit_code),
        "input": input_as_data(verified.result),
        "checked": {finding.value: count for finding, count in verified.findings.items()},
        "decided_by_hand": verified.assumed,
    }


def _lines(verified: Verified, same_command: str) -> Iterator[str]:
    yield from input_lines(verified.result, same_command)
    if verified.assumed:
        yield f"  {counted(verified.assumed, 'row')} in doubt decided by you; etl runs {verified.result.run} shows it."
    if verified.findings:
        yield f"  Checked:    {counted(sum(verified.findings.values()), 'created row')}"
        for name, meaning in _MEANINGS.items():
            count = next((count for finding, count in verified.findings.items() if finding.value == name), 0)
            if count or name == "held":
                yield f"    {count:>9,} {name}: {meaning}"


verify.epilog = "\b\nExit codes:\n" + "\n".join(f"  {code:>3}  {meaning}" for code, meaning in _EXIT_CODES)
