"""`etl notify`: whether those who are to be told of imports can be told."""

from __future__ import annotations

import platform
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from etl.cli import options
from etl.cli.json_out import json_option, print_object
from etl.cli.wording import printable
from etl.errors import UsageError
from etl.exits import ExitCode
from etl.quoting import listed
from etl.settings.notifiers import load_notifiers

if TYPE_CHECKING:
    from etl.cli.world import World
    from etl.notify.notice import Notice
    from etl.settings.notifier import Notifier


@click.command("notify")
@click.argument("names", metavar="[NAME]...", nargs=-1)
@click.option("--list", "is_list", is_flag=True, help="Only list them, with where their addresses come from.")
@click.option("--submitted-by", metavar="EMAIL", help="Who stands for the person who submitted a file.")
@json_option
@options.quiet_beside_option
@options.verbose_beside_option
@click.pass_obj
def notify(world: World, names: tuple[str, ...], is_list: bool, submitted_by: str | None, is_json: bool) -> int:
    """Send a trial message to whom [notify] in the settings file names; without NAME to everybody there.

    Each is told in its own way how an import of 240 rows ended that never was. A ping address gets its start, and exit
    status 0. Exit code 4 where somebody could not be told.

    \b
    Examples:
      etl notify
      etl notify office mail --submitted-by priya@example.com
      etl notify --list
    """
    found = {
        one.name: one for one in load_notifiers(world.environ, world.cwd, world.directories, runs_commands=not is_list)
    }
    if not found:
        raise UsageError("Nobody is to be told: no settings file has a part [notify.NAME]. docs/telling.md shows how.")
    for name in names:
        if name not in found:
            raise UsageError(f"{name}: no part [notify.{name}] is there. Known here: {listed(list(found))}.")
    chosen = [one for one in found.values() if not names or one.name in names]
    problems = {one.name: one.problem if is_list else _try(one, world, submitted_by) for one in chosen}
    if is_json:
        told = [{**_as_data(one), "problem": problems[one.name]} for one in chosen]
        print_object({"is_trial": not is_list, "notifiers": told})
    else:
        for one in chosen:
            click.echo(printable(_line(one, problems[one.name], is_list=is_list)))
    return ExitCode.NEEDS_A_PERSON if any(problems.values()) else ExitCode.DONE


def _try(notifier: Notifier, world: World, submitted_by: str | None) -> str | None:
    """Why this one cannot be told, None if it was."""
    from etl.notify.tellers import Tellers  # noqa: PLC0415 — only where somebody is told
    from etl.settings.notifier import When  # noqa: PLC0415 — as above

    notice = _trial(world, submitted_by)
    tellers = Tellers([replace(notifier, when=When.BOTH)], world.clock)
    tellers.begun()
    tellers.tell(lambda _: notice)
    tellers.ended(lambda _: notice)
    return next(iter(tellers.close()), None)


def _trial(world: World, submitted_by: str | None) -> Notice:
    from etl.notify.notice import Ending, Notice  # noqa: PLC0415 — only where somebody is told
    from etl.records import Outcome  # noqa: PLC0415 — as above

    ending = Ending(
        "trial.xlsx",
        0,
        240,
        {Outcome.CREATED: 240},
        account="trial",
        mapping="trial",
        place=Path("trial.xlsx"),
        headline="A trial: nothing was imported",
        reason="So it looks when the import of a file has ended. This message was asked for by etl notify.",
    )
    return Notice(
        "etl notify", 0, (ending,), world.clock.now(), platform.node() or "this machine", submitter=submitted_by
    )


def _line(one: Notifier, problem: str | None, *, is_list: bool) -> str:
    if problem and not is_list:
        return problem
    about = "start and end" if one.kind == "ping" else str(one.when)
    if is_list:
        return f"{one.name}: {one.kind}, told of {about}; {problem or one.origin}"
    return f"{one.name}: {one.kind}, told"


def _as_data(one: Notifier) -> dict[str, object]:
    return {"name": one.name, "kind": one.kind.value, "when": one.when.value, "origin": one.origin}
