"""`etl accounts`: which accounts are set up, with which values, and where each value came from; and their commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from etl.cli import options
from etl.cli.accounts_add import add
from etl.cli.accounts_check import check
from etl.cli.accounts_probe import probe
from etl.cli.groups import SuggestingGroup
from etl.cli.json_out import json_option, print_object
from etl.cli.wording import printable
from etl.errors import UsageError
from etl.exits import ExitCode
from etl.settings import known_accounts, load_settings, load_settings_without_account, masked_account, masked_view

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from etl.cli.world import World
    from etl.settings import KnownAccount, ShownSetting


@click.group("accounts", cls=SuggestingGroup, invoke_without_command=True)
@options.account_option
@json_option
@options.quiet_beside_option
@options.verbose_beside_option
@click.pass_context
def accounts(ctx: click.Context, account: str | None, is_json: bool) -> int:
    """Show each account, its values and where they came from; check, add or try one.

    Secrets are masked. Without a command nothing is asked of LeadSquared, and commands that print keys are not run
    unless -a names their account.

    \b
    Examples:
      etl accounts
      etl accounts -a prod
      etl accounts --json
      etl accounts check -a prod
      etl accounts add prod
      etl accounts probe -a test --lead 0f8fad5b-d9cb-469f-a165-70867728950e --event 320
    """
    if ctx.invoked_subcommand is None:
        return _show(ctx.obj, account, is_json=is_json)
    if account is not None:
        raise UsageError(f"-a goes behind the command: etl accounts {ctx.invoked_subcommand} -a {account}")
    if is_json:
        raise UsageError(f"--json goes behind the command: etl accounts {ctx.invoked_subcommand} --json")
    return ExitCode.DONE


accounts.add_command(check)
accounts.add_command(add)
accounts.add_command(probe)


def _show(world: World, account: str | None, *, is_json: bool) -> int:
    if account is not None:
        view = masked_view(load_settings(world.environ, world.cwd, account, True, world.directories))
        return _print_object(view, ()) if is_json else _print_settings(view)
    view = masked_view(load_settings_without_account(world.environ, world.cwd, world.directories))
    listed = known_accounts(world.environ, world.cwd, world.directories)
    if is_json:
        return _print_object(view, listed)
    _print_settings(view)
    return _print_accounts(listed)


def _print_object(view: Sequence[ShownSetting], listed: Sequence[KnownAccount]) -> ExitCode:
    """Every value with its origin; secrets masked, as on the screen."""
    code = _code_of(listed)
    accounts_shown = [
        {
            "name": one.name,
            "settings": _as_data(masked_account(one.account)) if one.account else None,
            "problem": one.problem,
        }
        for one in listed
    ]
    print_object({"exit_code": int(code), "settings": _as_data(view), "accounts": accounts_shown})
    return code


def _as_data(view: Sequence[ShownSetting]) -> dict[str, dict[str, str]]:
    return {shown.setting: {"value": shown.value, "origin": shown.origin} for shown in view}


def _code_of(listed: Sequence[KnownAccount]) -> ExitCode:
    """An account that cannot be used makes the settings wrong."""
    return ExitCode.DONE if all(known.account for known in listed) else ExitCode.USAGE


def _print_accounts(listed: Sequence[KnownAccount]) -> ExitCode:
    """All accounts; one that cannot be used is shown with the reason, and makes the settings wrong."""
    for known in listed:
        click.echo(f"\naccount {known.name}")
        if known.account is not None:
            _print_settings(masked_account(known.account))
        else:
            click.echo(printable(f"  cannot be used: {known.problem}"))
    if not listed:
        click.echo(
            "\nNo account is set up. Set LSQ_HOST, LSQ_ACCESS_KEY and LSQ_SECRET_KEY, or type: etl accounts add NAME"
        )
    return _code_of(listed)


def _print_settings(view: Sequence[ShownSetting]) -> ExitCode:
    for line in _aligned(view):
        click.echo(printable(line))
    return ExitCode.DONE


def _aligned(view: Sequence[ShownSetting]) -> Iterator[str]:
    """Setting, value and origin under each other."""
    setting_width = max(len(shown.setting) for shown in view)
    value_width = max(len(shown.value) for shown in view)
    for shown in view:
        yield f"  {shown.setting:<{setting_width}}  {shown.value:<{value_width}}  {shown.origin}".rstrip()
