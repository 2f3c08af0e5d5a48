"""`etl pause`: nothing of an account is begun by any worker, until it is resumed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from etl.cli import completing, options
from etl.cli.json_out import json_option, print_object
from etl.cli.wording import printable
from etl.errors import UsageError
from etl.exits import ExitCode
from etl.settings import load_settings_without_account

if TYPE_CHECKING:
    from etl.cli.world import World
    from etl.fleet.pausing import Pause
    from etl.settings import Settings


@click.command("pause")
@click.argument("account", metavar="[ACCOUNT]", required=False, shell_complete=completing.accounts)
@click.option("--resume", is_flag=True, help="Let the account go on.")
@click.option("--because", metavar="WORDS", help="Why, for everybody who looks; one line.")
@json_option
@options.quiet_beside_option
@options.verbose_beside_option
@click.pass_obj
def pause(world: World, account: str | None, resume: bool, because: str | None, is_json: bool) -> int:
    """Have workers begin nothing of an account, and stop what runs of it; or let it go on.

    What was submitted stays in the queue and goes on where it stopped. The pause is kept in the database, with who wanted
    it and why, and holds for every worker. A worker pauses an account itself when LeadSquared refuses its keys. `etl run`
    on somebody's desk is not held back by it. Without ACCOUNT the accounts that are paused are listed.

    \b
    Examples:
      etl pause prod --because "LeadSquared is being migrated until Monday"
      etl pause
      etl pause prod --resume
      etl pause prod --json
    """
    settings = load_settings_without_account(world.environ, world.cwd, world.directories)
    from etl.fleet import pausing  # noqa: PLC0415 — loads slowly: not for --help

    if account is None:
        if resume or because is not None:
            raise UsageError("Which account? Write its name behind `etl pause`, like: etl pause prod --resume")
        return _list(pausing.pauses(settings), is_json=is_json)
    if resume:
        if because is not None:
            raise UsageError("--resume and --because: a pause has a reason, its end needs none. Leave one out.")
        ended = pausing.resume(settings, account)
        if is_json:
            print_object({"account": account, "is_paused": False, "was_paused": _as_data(ended)})
        else:
            click.echo(printable(f"{account} goes on. It was paused {_since(ended)}: {ended.why}"))
        return ExitCode.DONE
    return _pause(settings, account, because, is_json=is_json)


def _pause(settings: Settings, account: str, because: str | None, *, is_json: bool) -> int:
    from etl.fleet import pausing  # noqa: PLC0415 — as above
    from etl.fleet.submissions import accounts_known  # noqa: PLC0415 — as above
    from etl.ledger.steps import this_actor  # noqa: PLC0415 — as above

    user, machine = this_actor()
    why = options.words_of("--because", because) or "no reason was given"
    before = pausing.pause(settings, account, f"{user} on {machine}", why)
    known, _ = accounts_known(settings)
    if is_json:
        print_object({"account": account, "is_paused": True, "was_paused": _as_data(before) if before else None})
    elif before is not None:
        click.echo(printable(f"{account} is paused already, {_since(before)}: {before.why}"))
    else:
        click.echo(
            printable(f"{account} is paused: nothing of it is begun, and what runs stops after what is in flight.")
        )
    if account not in known:
        options.beside(
            printable(f"No worker serves {account} and nothing was submitted for it so far: check the name.")
        )
    options.beside(printable(f"To let it go on: etl pause {account} --resume"))
    return ExitCode.DONE


def _list(found: tuple[Pause, ...], *, is_json: bool) -> int:
    if is_json:
        print_object({"paused": [_as_data(one) for one in found]})
        return ExitCode.DONE
    for one in found:
        click.echo(printable(f"{one.account}: paused {_since(one)}: {one.why}"))
    if not found:
        click.echo("No account is paused.")
    return ExitCode.DONE


def _since(one: Pause) -> str:
    moment = datetime.fromtimestamp(one.since, UTC).astimezone()
    return f"since {moment:%Y-%m-%d %H:%M} by {one.who}"


def _as_data(one: Pause) -> dict[str, object]:
    return {
        "account": one.account,
        "who": one.who,
        "why": one.why,
        "since": datetime.fromtimestamp(one.since, UTC).isoformat(timespec="seconds"),
    }
