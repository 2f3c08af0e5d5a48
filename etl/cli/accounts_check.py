"""`etl accounts check`: asks LeadSquared whether an account is all right, and says what is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from etl.cli import options
from etl.cli.json_out import json_option, print_object
from etl.cli.streams import write_line
from etl.cli.wording import printable
from etl.exits import ExitCode
from etl.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from etl.accounts import Line
    from etl.cli.world import World


@click.command("check")
@options.account_option
@json_option
@options.quiet_option
@options.verbose_beside_option
@click.pass_obj
def check(world: World, account: str | None, is_json: bool, quiet: bool) -> int:
    """Ask LeadSquared about an account: keys, host, organisation, clock, rights and limits; nothing is changed.

    A line begins with ok, with ! for what imports can do without, or with x for what stops them (exit code 5).

    \b
    Examples:
      etl accounts check
      etl accounts check -a prod
      etl accounts check -a prod --json
    """
    from etl import accounts as core  # noqa: PLC0415 — slow to load: not for --help

    settings = load_settings(world.environ, world.cwd, account, directories=world.directories)
    lines = core.check(settings)
    code = ExitCode.REFUSED if any(line.state is core.State.WRONG for line in lines) else ExitCode.DONE
    for text in _aligned(lines):
        world.log.say(text)
        if not quiet or code:
            write_line(printable(text), to_stderr=is_json)
    if is_json:
        checks = [{"state": line.state.name.lower(), "subject": line.subject, "words": line.words} for line in lines]
        print_object({"exit_code": int(code), "checks": checks})
    return code


def _aligned(lines: Sequence[Line]) -> Iterator[str]:
    width = max(len(line.subject) for line in lines)
    for line in lines:
        yield f"{line.state:<2}  {line.subject:<{width}}  {line.words}"
