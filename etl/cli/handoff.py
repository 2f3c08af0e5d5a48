"""`etl handoff`: a run to the next person: packed here, taken there, and never sent from both places."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import click

from etl.cli import options
from etl.cli.groups import SuggestingGroup
from etl.cli.json_out import json_option, print_object
from etl.cli.pilot import can_ask
from etl.cli.signals import stop_on_signals
from etl.cli.talk import Talk
from etl.cli.wording import counted, printable
from etl.errors import UsageError
from etl.events import StopSignal
from etl.exits import ExitCode
from etl.quoting import as_typed
from etl.settings import known_accounts, load_settings, load_settings_without_account

if TYPE_CHECKING:
    from etl.cli.world import World

_PATH = options.LOCAL


class _RunOrCommand(SuggestingGroup):
    """`etl handoff 41` is `etl handoff give 41`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        is_of_give = any(one.isdecimal() for one in args[:1]) or (
            args[:1] not in ([], ["--help"]) and args[0].startswith("-")
        )
        return super().parse_args(ctx, ["give", *args] if is_of_give else args)


@click.group("handoff", cls=_RunOrCommand)
def handoff() -> None:
    """Hand a run over to the next person, who goes on with it from another ledger.

    `etl handoff RUN -o FILE.zip` writes one file with all that is needed, and from then on this ledger refuses to send the
    run's rows: they go out from where the package is taken. `etl handoff take FILE.zip` joins it to the ledger there. No
    keys are in it. What stands in cells is in it only with --with-values; without, the next person needs the same sheet.

    \b
    Examples:
      etl handoff 41 -o visits.zip
      etl handoff 41 -o visits.zip --with-values
      etl handoff take visits.zip -a prod
      etl handoff take visits.zip -a prod --with visits.xlsx
      etl handoff take-back 41
    """


@handoff.command("give")
@options.run_argument
@click.option("-o", "out", metavar="FILE", type=_PATH, help="Write the package here (default: run41.handoff.zip).")
@click.option(
    "--with-values",
    is_flag=True,
    help="Put the sheet, lookup files, results and request bodies in: personal data, most of the time.",
)
@json_option
@options.quiet_beside_option
@options.verbose_beside_option
@click.pass_obj
def give(world: World, run: int, out: Path | None, with_values: bool, is_json: bool) -> int:
    """Write RUN as a package, and leave it to whoever takes that.

    The same command again writes the same package once more. Runs whose rows hang together with its rows go along: other
    sheets of its workbook, and runs whose rows in doubt are equal to its own.

    \b
    Examples:
      etl handoff 41 -o visits.zip
      etl handoff give 41 -o visits.zip --with-values
    """
    from etl import handover  # noqa: PLC0415 — slow to load: not for --help

    place = world.cwd / (out or f"run{run}.handoff.zip")
    if place.suffix.lower() != ".zip":
        raise UsageError(f"-o {out}: a package is a zip file. Give it a name that ends in .zip.")
    settings = load_settings_without_account(world.environ, world.cwd, world.directories)
    known = known_accounts(world.environ, world.cwd, world.directories)
    accounts = [one.account for one in known if one.account is not None]
    done = handover.give(settings, run, place, with_values=with_values, accounts=accounts, clock=world.clock)
    if is_json:
        print_object(
            {
                "exit_code": 0,
                "package": done.package,
                "runs": list(done.runs),
                "has_values": done.has_values,
                "again": done.again,
            }
        )
        return ExitCode.DONE
    click.echo(printable(f"Package:    {done.package}"))
    for line in _given_lines(done.runs, done.package, run, with_values=with_values, again=done.again):
        click.echo(printable(line))
    return ExitCode.DONE


def _given_lines(runs: tuple[int, ...], package: Path, run: int, *, with_values: bool, again: bool) -> list[str]:
    which = f"run {runs[0]}" if len(runs) == 1 else f"runs {', '.join(map(str, runs))}"
    said = "It had been handed over before: this is the same package once more." if again else "Handed over."
    needed = [] if with_values else ["--with", "FOLDER"]
    lines = [
        f"{said} This ledger does not send rows of {which} any more.",
        f"  There:      {as_typed(('handoff', 'take', package.name, *needed))}",
        f"  Only if nobody takes it: {as_typed(('handoff', 'take-back', str(run)))}",
    ]
    if with_values:
        return [*lines, "  It holds the sheet, and so personal data: mind whom you send it to."]
    return [
        *lines,
        "  It holds nothing that stands in cells: FOLDER is where the next person has the same sheet. To put it in:",
        "  the same command with --with-values.",
    ]


@handoff.command("take")
@click.argument("file", metavar="FILE.zip", type=_PATH)
@options.account_option
@click.option("--into", metavar="FOLDER", type=_PATH, help="Lay its files here (default: a folder named after FILE).")
@click.option(
    "--with",
    "looked_for_in",
    metavar="PATH",
    multiple=True,
    type=_PATH,
    help="The sheet, or a folder with it, where the package was written without values. May be said several times.",
)
@json_option
@options.quiet_option
@options.verbose_option
@click.pass_obj
def take(  # noqa: PLR0913, PLR0917 — click hands over one parameter per option
    world: World,
    file: Path,
    account: str | None,
    into: Path | None,
    looked_for_in: tuple[Path, ...],
    is_json: bool,
    quiet: bool,
    verbose: bool,
) -> int:
    """Join the run in FILE.zip to the ledger here; it then goes on here, and nowhere else.

    LeadSquared is asked whose keys these are, and nothing is sent: the account must be that of the package. The run keeps its
    number where it is free. What is in LeadSquared by either ledger is not sent again; rows in doubt stay so, and are read
    back when the run goes on. A package that was taken before is not taken twice.

    \b
    Examples:
      etl handoff take visits.zip -a prod
      etl handoff take visits.zip -a prod --with ~/sheets --into june
    """
    from etl import handover  # noqa: PLC0415 — slow to load: not for --help

    settings = load_settings(world.environ, world.cwd, account, directories=world.directories)
    stop = StopSignal()
    talk = Talk(world, is_quiet=quiet or is_json, is_verbose=verbose)
    with closing(talk), stop_on_signals(stop, has_terminal=world.has_terminal):
        done = handover.take(
            settings,
            world.cwd / file,
            None if into is None else world.cwd / into,
            [world.cwd / one for one in looked_for_in],
            events=talk,
            stop=stop,
            clock=world.clock,
        )
    if is_json:
        print_object(
            {
                "exit_code": 0,
                "taken_before": done.before,
                "folder": done.folder,
                "runs": [
                    {
                        "run": one.run,
                        "run_there": one.there,
                        "input": one.input,
                        "waiting": one.left,
                        "unconfirmed": one.in_doubt,
                        "continue_with": as_typed(one.command),
                    }
                    for one in done.runs
                ],
            }
        )
        return ExitCode.DONE
    if done.before:
        click.echo("This package was taken before: nothing was joined a second time. Its files are there:")
    for one in done.runs:
        number = f"run {one.run}" if one.run == one.there else f"run {one.run} (there it was run {one.there})"
        rows = f"{counted(one.left, 'row waits', 'rows wait')}, {one.in_doubt:,} in doubt"
        click.echo(printable(f"{one.input.name}: {number}, {rows}"))
        click.echo(printable(f"  Files:      {done.folder}"))
        click.echo(printable(f"  Continue:   {as_typed(one.command)}"))
    return ExitCode.DONE


@handoff.command("take-back")
@options.run_argument
@click.option("--nobody-took-it", is_flag=True, help="Say so, where nobody can be asked.")
@json_option
@options.quiet_beside_option
@options.verbose_beside_option
@click.pass_obj
def take_back(world: World, run: int, nobody_took_it: bool, is_json: bool) -> int:
    """Let RUN go on here after all, because nobody has taken its package and nobody will.

    etl cannot know that: the package may lie in somebody's mail. If it was taken, or is taken later, both ledgers send the
    rows that are left, and they are in LeadSquared twice. Delete the package first. Where it was taken, have the run handed
    back instead: `etl handoff RUN` there, `etl handoff take FILE.zip` here.

    \b
    Examples:
      etl handoff take-back 41
      etl handoff take-back 41 --nobody-took-it
    """
    from etl import handover  # noqa: PLC0415 — slow to load: not for --help

    settings = load_settings_without_account(world.environ, world.cwd, world.directories)
    if not nobody_took_it:
        if not can_ask(world):
            raise UsageError(
                f"Run {run} was left as it is: if somebody takes its package, its rows go out twice. Delete the package, and "
                f"say so: etl handoff take-back {run} --nobody-took-it"
            )
        question = "Has nobody taken the package, and is it deleted? If not, rows go out twice"
        if not click.confirm(question, default=False, err=True):
            return ExitCode.STOPPED
    runs = handover.take_back(settings, run, world.clock)
    if is_json:
        print_object({"exit_code": 0, "runs": list(runs)})
        return ExitCode.DONE
    click.echo(
        f"{counted(len(runs), 'run goes', 'runs go')} on here again: {', '.join(map(str, runs))}. See: etl runs {run}"
    )
    return ExitCode.DONE
