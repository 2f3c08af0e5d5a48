"""`etl accounts probe`: tries on a test lead what LeadSquared does not document."""

from __future__ import annotations

import sys
from contextlib import closing
from typing import TYPE_CHECKING

import click

from etl.cli import options
from etl.cli.json_out import json_option, print_object
from etl.cli.streams import write_line
from etl.cli.talk import Talk
from etl.cli.wording import counted, printable
from etl.errors import UsageError
from etl.exits import ExitCode
from etl.settings import load_settings
from etl.settings.toml_file import ENVIRONMENT_ACCOUNT
from etl.settings.write import set_in_account

if TYPE_CHECKING:
    from etl.accounts import Learned
    from etl.cli.world import World
    from etl.settings import Settings

_SETTING = "visibility_wait"


@click.command("probe")
@click.option("--lead", metavar="ID", required=True, help="Id of a test lead, which gets the test activities.")
@click.option(
    "--event", metavar="CODE", required=True, type=click.IntRange(min=1), help="Number of a test activity type."
)
@click.option("--yes", is_flag=True, help="Do not ask: the test activities may be written.")
@options.account_option
@json_option
@options.quiet_beside_option
@options.verbose_beside_option
@click.pass_obj
def probe(world: World, lead: str, event: int, yes: bool, account: str | None, is_json: bool) -> int:
    """Write a few test activities on one lead of your choosing, and learn how this account behaves.

    Tried is what LeadSquared's documentation leaves open: how a refused row is told, what becomes of a wrong owner or
    option, how rows are numbered, and how long until an activity can be read. The answers are kept in the ledger, and
    the wait in the settings. It says what it will write before it does.

    \b
    Examples:
      etl accounts probe -a test --lead 0f8fad5b-d9cb-469f-a165-70867728950e --event 320
      etl accounts probe -a test --lead 0f8fad5b-d9cb-469f-a165-70867728950e --event 320 --yes --json
    """
    from etl import accounts as core  # noqa: PLC0415 — slow to load: not for --help

    settings = load_settings(world.environ, world.cwd, account, directories=world.directories)
    with closing(Talk(world, is_quiet=False)) as talk, core.prepare_trial(settings, lead, event, events=talk) as trial:
        for line in trial.intentions:
            click.echo(printable(line), err=True)
        _ask_for_consent(trial.account, yes=yes)
        learned = trial.go()
    for answer in learned.answers:
        write_line(printable(answer.words), to_stderr=is_json)
    write_line(_keep_wait(settings, learned), to_stderr=is_json)
    written = counted(learned.written, "test activity", "test activities")
    seen = f"Written and seen: {written}. Delete them in LeadSquared; their notes begin with “etl probe”."
    write_line(seen, to_stderr=is_json)
    if is_json:
        told = {"answers": [answer.words for answer in learned.answers], "visibility_wait": learned.visibility_wait}
        print_object(told | {"written": learned.written})
    return ExitCode.DONE


def _ask_for_consent(account: str, *, yes: bool) -> None:
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            "Nothing was written: this is no terminal to ask in. Add --yes if these activities may be written."
        )
    if not click.confirm(f"Write them into the account {account}?", err=True):
        raise UsageError("Nothing was written.")


def _keep_wait(settings: Settings, learned: Learned) -> str:
    """Write the wait where the account is described; the variables of an environment are for the person to set. In words."""
    wait, account = learned.visibility_wait, settings.account
    if wait is None or account is None:
        return "No activity was seen on reading, so visibility_wait stays as it is: run etl accounts check."
    if wait == account.visibility_wait_seconds:
        return f"visibility_wait stays at {wait} s."
    if account.name == ENVIRONMENT_ACCOUNT or settings.config_path is None:
        return f"Set LSQ_VISIBILITY_WAIT={wait}: so long it may take until an activity counts as absent."
    set_in_account(settings.config_path, account.name, _SETTING, wait)
    return f"visibility_wait = {wait} written into {settings.config_path}."
