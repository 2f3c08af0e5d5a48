"""The door: the group `etl` with its commands, each loaded when it is called, and the one place that catches."""

from __future__ import annotations

import importlib
import io
import sys
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

import click

from etl import __version__
from etl.cli.faults import ReaderGoneError, tell
from etl.cli.world import World, this_world


@dataclass(frozen=True, slots=True)
class Listed:
    """A command as `etl --help` lists it. It lives under its own name in `etl.cli`, and is loaded when called."""

    name: str
    sentence: str


COMMANDS = (
    Listed("run", "Send each row of FILE to LeadSquared as an activity, once."),
    Listed("check", "Read and map each row of FILE, and say what a run would do; nothing is sent."),
    Listed("verify", "Settle rows in doubt by reading back; or check that LeadSquared holds what was created."),
    Listed("fetch", "Fetch activities into a file: those of leads, or those of a type written in a span of time."),
    Listed("runs", "List past imports, or show all that is known of one."),
    Listed("results", "Write the results file of a past run again, though its input may be gone."),
    Listed("stop", "Ask a running import to stop, from another terminal."),
    Listed("accounts", "Show each account, its values and where they came from; check, add or try one."),
    Listed("ledger", "Show the ledger, the record of everything that was sent, and look after it."),
    Listed("simulator", "Serve LeadSquared's activity operations on this machine, strictly, until Ctrl-C."),
)


class LazyGroup(click.Group):
    """A group that knows its commands by name and loads the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 — click's signature
        return [listed.name for listed in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        command = getattr(importlib.import_module(f"etl.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)  # noqa: S101 — a mistake of ours in COMMANDS, no input
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest command for one that does not exist."""
        known = self.list_commands(ctx)
        if args[0] not in known and not args[0].startswith("-"):
            nearest = get_close_matches(args[0], known, n=1)
            hint = f'Did you mean "etl {nearest[0]}"?' if nearest else f"Known: {', '.join(known)}."
            raise click.UsageError(f'There is no command "{args[0]}". {hint}', ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 — click's signature
        """List the commands without loading one."""
        with formatter.section("Commands"):
            formatter.write_dl([(listed.name, listed.sentence) for listed in COMMANDS])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            raise ReaderGoneError from error


@click.group(cls=LazyGroup)
@click.version_option(__version__, message="etl %(version)s")
def etl() -> None:
    """Get a spreadsheet into LeadSquared as activities: every row once, and every row answered.

    \b
    Examples:
      etl check visits.xlsx -m mappings/site_visits.yaml
      etl run visits.xlsx -m mappings/site_visits.yaml --rehearse
      etl run visits.xlsx -m mappings/site_visits.yaml -a prod

    `etl COMMAND --help` explains a command.
    """


def main(world: World | None = None) -> int:
    """Run the command that was typed and give its exit code; nothing but SystemExit gets past this."""
    _write_what_the_terminal_can()
    world = world or this_world()
    try:
        return int(etl.main(list(world.arguments), "etl", standalone_mode=False, obj=world) or 0)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 — the one place that catches everything
        return tell(error, world)


def _write_what_the_terminal_can() -> None:
    """A sign that the terminal's encoding lacks is shown as a question mark, rather than ending the command."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
