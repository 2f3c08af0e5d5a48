"""`etl fleet`: what the workers of a shared ledger are at, what waits, and how each account stands."""

from __future__ import annotations

from contextlib import closing, suppress
from typing import TYPE_CHECKING, Any, Literal

import click

from etl.cli import options
from etl.cli.json_out import json_option, print_object
from etl.errors import LedgerError, UsageError
from etl.exits import ExitCode
from etl.settings import known_accounts, load_settings_without_account

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from etl.cli.world import World
    from etl.fleet.lookout import Lookout
    from etl.fleet.overview import Overview

_EVERY_SECONDS = 2.0


@click.command("fleet")
@click.option("--watch", is_flag=True, help="Draw it anew every 2 s, until Ctrl-C.")
@json_option
@options.quiet_beside_option
@options.verbose_beside_option
@click.pass_obj
def fleet(world: World, watch: bool, is_json: bool) -> int:
    """Show what the workers of a shared ledger are at, what waits for them, and how each account stands.

    Of a worker: its last heartbeat and its submissions. Of an account: how many submissions are at work and wait, and for how
    long; how much of its limit went out in the last minute, from all machines; rows of open runs that are to be sent, and in
    what time at this pace; rows in doubt; requests that today's budget still has.

    \b
    Examples:
      etl fleet
      etl fleet --watch
      etl fleet --json
    """
    if watch and is_json:
        raise UsageError(
            "--watch and --json: one object is printed once. Leave one out, or scrape etl worker --metrics."
        )
    from etl.fleet.lookout import Lookout  # noqa: PLC0415 — loads what a fleet needs
    from etl.fleet.place import refuse_without_database  # noqa: PLC0415 — as above

    settings = load_settings_without_account(world.environ, world.cwd, world.directories)
    refuse_without_database(settings)
    known = known_accounts(world.environ, world.cwd, world.directories)
    budgets = {one.name: one.account.daily_requests if one.account else None for one in known}
    with closing(Lookout(settings, world.clock, budgets)) as lookout:
        if is_json:
            print_object(_as_data(lookout.look()))
        elif watch:
            _watch(world, lookout)
        else:
            _print(_console(world), lookout.look())
    return ExitCode.DONE


def _console(world: World) -> Console:
    from rich.console import Console  # noqa: PLC0415 — slow to load: not for --help

    colours: Literal["auto"] | None = "auto" if world.has_colour else None
    return Console(color_system=colours, highlight=False)


def _print(console: Console, overview: Overview) -> None:
    from etl.cli.fleet_picture import picture  # noqa: PLC0415 — loads rich

    console.print(picture(overview))


def _watch(world: World, lookout: Lookout) -> None:
    """On a terminal in place, on a screen of its own; else one picture below the other. What was seen last stays."""
    from rich.live import Live  # noqa: PLC0415 — slow to load: not for --help

    console = _console(world)
    drawn: RenderableType = ""
    with suppress(KeyboardInterrupt):
        if not console.is_terminal:
            while True:
                console.print(_drawn(lookout), "")
                world.clock.sleep(_EVERY_SECONDS)
        with Live(console=console, screen=True, auto_refresh=False) as live:
            while True:
                drawn = _drawn(lookout)
                live.update(drawn, refresh=True)
                world.clock.sleep(_EVERY_SECONDS)
    console.print(drawn)


def _drawn(lookout: Lookout) -> RenderableType:
    """The fleet as it is now; a database that is away for a while is no reason to stop looking."""
    from rich.text import Text  # noqa: PLC0415 — slow to load: not for --help

    from etl.cli.fleet_picture import picture  # noqa: PLC0415 — as above

    try:
        return picture(lookout.look())
    except LedgerError as error:
        return Text(f"{error.message} Looking again every {_EVERY_SECONDS:g} s.", "red")


def _as_data(overview: Overview) -> dict[str, Any]:
    """Seconds are rounded to a thousandth; moments are seconds since 1970."""
    from dataclasses import asdict  # noqa: PLC0415 — only here

    whole: dict[str, Any] = {"exit_code": int(ExitCode.DONE), "worries": overview.worries, **asdict(overview)}
    for worker, one in zip(whole["workers"], overview.workers, strict=True):
        worker["is_fresh"] = one.is_fresh
    for account, seen in zip(whole["accounts"], overview.accounts, strict=True):
        account["eta_seconds"] = seen.eta_seconds
    rounded: dict[str, Any] = _rounded(whole)
    return rounded


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, dict):
        return {name: _rounded(each) for name, each in value.items()}
    return [_rounded(each) for each in value] if isinstance(value, list | tuple) else value
