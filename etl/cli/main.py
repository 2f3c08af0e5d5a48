"""The door: the group `etl` with its commands, each loaded when it is called, and the one place that catches."""

from __future__ import annotations

import atexit
import gc
import importlib
import io
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from etl import __version__
from etl.cli.faults import ReaderGoneError, is_reader_gone, tell
from etl.cli.groups import SuggestingGroup
from etl.cli.world import World, this_world

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


_MADE_BY_LOADING = 200_000
"""Objects; 133,000 are left by all that a run loads."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A command as `etl --help` lists it, loaded when called.

    It lives under its own name in `etl.cli`; `module` names another one where that name is taken.
    """

    name: str
    sentence: str
    module: str | None = None


COMMANDS = (
    Listed("run", "Send each row of FILE to LeadSquared as an activity, once."),
    Listed("inbox", "Import what was dropped into DIR/inbox, and file it; for cron, so it asks nothing."),
    Listed("submit", "Hand each FILE to the workers of a fleet, which import it as etl run would."),
    Listed("worker", "Import what was submitted for the accounts of this machine's settings, until Ctrl-C or SIGTERM."),
    Listed("check", "Read and map each row of FILE, and say what a run would do; nothing is sent."),
    Listed("init", "Propose a mapping for FILE: a commented YAML file to read, correct and run."),
    Listed("explain", "Say in plain sentences what MAPPING does; with FILE also how its first rows would go out."),
    Listed("verify", "Settle rows in doubt by reading back; or check that LeadSquared holds what was created."),
    Listed("undo", "Take back what a run has created: delete it where nothing else goes along, or mark it as wrong."),
    Listed("fetch", "Fetch activities into a file: those of leads, or those of a type written in a span of time."),
    Listed("runs", "List past imports, or tell the story of one."),
    Listed("status", "Say what became of a sheet over all its rounds, and what is still missing."),
    Listed("report", "Write one run as a page to send on: outcomes, causes, pace, what to do next.", "report_page"),
    Listed("results", "Write the results file of a past run again, though its input may be gone."),
    Listed("audit", "List every input of a span of time, with each row's id, as a workbook."),
    Listed("schedule", "Have this machine start an import by itself."),
    Listed(
        "notify", "Send a trial message to whom [notify] in the settings file names; without NAME to everybody there."
    ),
    Listed("handoff", "Hand a run over to the next person, who goes on with it from another ledger."),
    Listed(
        "fleet", "Show what the workers of a shared ledger are at, what waits for them, and how each account stands."
    ),
    Listed("stop", "Ask a running import to stop, from another terminal."),
    Listed("pause", "Have workers begin nothing of an account, and stop what runs of it; or let it go on."),
    Listed("accounts", "Show each account, its values and where they came from; check, add or try one."),
    Listed("ledger", "Show the ledger, the record of everything that was sent, and look after it."),
    Listed("simulator", "Serve LeadSquared's activity operations on this machine, strictly, until Ctrl-C."),
    Listed("completion", "Print the script by which your shell completes commands, accounts, runs and mappings."),
)


class LazyGroup(SuggestingGroup):
    """A group that knows its commands by name and loads the one that is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 — click's signature
        return [listed.name for listed in COMMANDS]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.list_commands(ctx):
            return None
        listed = next(one for one in COMMANDS if one.name == cmd_name)
        command = getattr(importlib.import_module(f"etl.cli.{listed.module or cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)  # noqa: S101 — a mistake of ours in COMMANDS, no input
        return command

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Complete the name of a command without loading one."""
        from click.shell_completion import CompletionItem  # noqa: PLC0415 — only where Tab was pressed

        if incomplete.startswith("-"):
            return super().shell_complete(ctx, incomplete)
        return [CompletionItem(one.name, help=one.sentence) for one in COMMANDS if one.name.startswith(incomplete)]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 — click's signature
        """List the commands without loading one."""
        with formatter.section("Commands"):
            formatter.write_dl([(listed.name, listed.sentence) for listed in COMMANDS])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except OSError as error:
            if is_reader_gone(error):
                raise ReaderGoneError from error
            raise


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["--help", "-h"]})
@click.version_option(__version__, message="etl %(version)s")
def etl() -> None:
    """Get a spreadsheet into LeadSquared as activities: every row once, and every row answered.

    \b
    Examples:
      etl init visits.xlsx
      etl check visits.xlsx -m mappings/site_visits.yaml
      etl run visits.xlsx -m mappings/site_visits.yaml --rehearse
      etl run visits.xlsx -m mappings/site_visits.yaml -a prod

    `etl COMMAND --help` explains a command.
    """


def main(world: World | None = None) -> int:
    """Run the command that was typed and give its exit code; nothing but SystemExit gets past this."""
    if world is None:
        _spare_what_serves_nobody()
        world = this_world()
    _write_what_the_terminal_can()
    try:
        return int(etl.main(list(world.arguments), "etl", standalone_mode=False, obj=world) or 0)
    except (Exception, KeyboardInterrupt) as error:  # noqa: BLE001 — the one place that catches everything
        return tell(error, world)


def _spare_what_serves_nobody() -> None:
    """A third of what it takes to start and to end, of a process that is a command and nothing else.

    Loading modules makes some hundred thousand objects that stay to the end: to search them for references in circles every
    700 new ones finds nothing, and to do so once more before the process ends frees what goes with it anyway. So there is no
    search before more than that has been made, and from then on none in what was there. Pydantic looks through all installed
    packages for plugins that would like to watch it; no stranger has any business here.
    """
    gc.set_threshold(_MADE_BY_LOADING, 20, 20)
    gc.callbacks.append(_begin_to_search)
    atexit.register(gc.freeze)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def _begin_to_search(_phase: str, _found: dict[str, int]) -> None:
    """Before the first search, which finds nothing by that; those that follow look at what was made since."""
    gc.callbacks.remove(_begin_to_search)
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def _write_what_the_terminal_can() -> None:
    """A sign that the terminal's encoding lacks is shown as a question mark, rather than ending the command."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
