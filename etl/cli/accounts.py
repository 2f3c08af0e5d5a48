"""`etl accounts`: which accounts are set up, with which values, and where each value came from; and their commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from etl.cli import options
from etl.cli.accounts_add import add
from etl.cli.accounts_check import check
from etl.cli.accounts_probe import probe
from etl.cli.wording import printable
from etl.errors import UsageError
from etl.exits import ExitCode
from etl.settings import known_accounts, load_settings, load_settings_without_account, masked_account, masked_view

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from etl.cli.world import World
    from etl.settings import ShownSetting


@click.group("accounts", invoke_without_command=True)
@options.account_option
@click.pass_context
def accounts(ctx: click.Context, account: str | None) -> int:
    """Show each account, its values and where they came from; check, add or try one.

    Secrets are masked. Without a command nothing is asked of LeadSquared, and commands that print keys are not run
    unless -a names their account.

    \b
    Examples:
      etl accounts
      etl accounts -a prod
      etl accounts check -a prod
      etl accounts add prod
      etl accounts probe -a test --lead 0f8fad5b-d9cb-469f-a165-70867728950e --event 320
    """
    if ctx.invoked_subcommand is None:
        return _show(ctx.obj, account)
    if account is not None:
        raise UsageError(f"-a goes behind the command: etl accounts {ctx.invoked_subcommand} -a {account}")
    return ExitCode.DONE


accounts.add_command(check)
accounts.add_command(add)
accounts.add_command(probe)


def _show(world: World, account: str | None) -> int:
    if account is not None:
        _print_settings(masked_view(load_settings(world.environ, world.cwd, account, True, world.directories)))
        return ExitCode.DONE
    _print_settings(masked_view(load_settings_without_account(world.environ, world.cwd, world.directories)))
    return _print_accounts(world)


def _print_accounts(world: World) -> ExitCode:
    """All accounts; one that cannot be used is shown with the reason, and makes the settings wrong."""
    listed = known_accounts(world.environ, world.cwd, world.directories)
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
    return ExitCode.DONE if all(known.account for known in listed) else ExitCode.USAGE


def _print_settings(view: Sequence[ShownSetting]) -> None:
    for line in _aligned(view):
        click.echo(printable(line))


def _aligned(view: Sequence[ShownSetting]) -> Iterator[str]:
    """Setting, value and origin under each other."""
    setting_width = max(len(shown.setting) for shown in view)
    value_width = max(len(shown.value) for shown in view)
    for shown in view:
        yield f"  {shown.setting:<{setting_width}}  {shown.value:<{value_width}}  {shown.origin}".rstrip()
