"""`etl accounts add`: from a key pair to an account in the user's settings file."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import click

from etl.cli import options
from etl.cli.json_out import json_option, print_object
from etl.cli.streams import write_line
from etl.cli.wording import printable
from etl.errors import EtlError, UsageError
from etl.exits import ExitCode
from etl.settings.host import is_loopback, parse_host
from etl.settings.keys import checked_key
from etl.settings.places import find_settings_file
from etl.settings.write import add_account, check_new_account, keep_key, key_files

if TYPE_CHECKING:
    from pathlib import Path

    from etl.api.reads import Identity
    from etl.cli.world import World
    from etl.settings import Secret


@click.command("add")
@click.argument("name", metavar="NAME")
@click.option("--host", metavar="HOST", help="API host to ask where the account lives (default: any of LeadSquared's).")
@click.option(
    "--env",
    metavar="ACCESS SECRET",
    nargs=2,
    help="Names of two environment variables that hold the keys, which are then not written anywhere.",
)
@json_option
@options.quiet_beside_option
@options.verbose_beside_option
@click.pass_obj
def add(world: World, name: str, host: str | None, env: tuple[str, str] | None, is_json: bool) -> int:
    """Add an account to your settings: type its two keys, and LeadSquared tells where it lives.

    The keys are asked for and not shown. Each is written to a file that only you can read, beside your settings file;
    with --env the settings name the variables instead. An account that is there already is never changed.

    \b
    Examples:
      etl accounts add prod
      etl accounts add prod --env PROD_ACCESS_KEY PROD_SECRET_KEY
    """
    from etl import accounts as core  # noqa: PLC0415 — slow to load: not for --help

    settings_file = world.directories.user_settings
    check_new_account(settings_file, name)
    files = None if env else key_files(settings_file.parent, name)
    keys = _from_variables(world, env) if env else _typed(name)
    asked = parse_host(host, "--host") if host else None
    identity = core.identify(*keys, asked, clock=world.clock)
    lives = _lives(identity, asked)
    if files is None:
        assert env is not None  # noqa: S101 — as chosen above
        add_account(settings_file, name, _values(lives, {"env": env[0]}, {"env": env[1]}))
    else:
        _write(settings_file, name, lives, keys, files)
    for line in _told(world, name, identity, lives):
        write_line(printable(line), to_stderr=is_json)
    if is_json:
        print_object(
            {
                "account": name,
                "organisation": identity.org_id,
                "organisation_name": identity.org_name,
                "user": identity.user_email,
                "host": lives,
                "settings_file": settings_file,
            }
        )
    return ExitCode.DONE


def _typed(name: str) -> tuple[Secret, Secret]:
    """Ask for the keys. Without a terminal they would have to come through a pipe or argument, where others can see them."""
    if not sys.stdin.isatty():
        raise UsageError(
            "The two keys are typed, and this is no terminal. Run the command in one, or put the keys into two environment "
            f"variables and name these: etl accounts add {name} --env {_variable(name, 'ACCESS')} {_variable(name, 'SECRET')}"
        )
    click.echo(
        "LeadSquared shows them under My Account > Settings > API and Webhooks. They are not shown here.", err=True
    )
    access = click.prompt("Access key", hide_input=True, err=True)
    secret = click.prompt("Secret key", hide_input=True, err=True)
    return checked_key(access, "access key"), checked_key(secret, "secret key")


def _from_variables(world: World, names: tuple[str, str]) -> tuple[Secret, Secret]:
    for name in names:
        if not world.environ.get(name):
            raise UsageError(f"--env: the environment variable {name} is not set (or empty). Set it to the key.")
    return checked_key(world.environ[names[0]], names[0]), checked_key(world.environ[names[1]], names[1])


def _variable(name: str, key: str) -> str:
    """A variable's name for a key of the account."""
    return f"{''.join(sign if sign.isascii() and sign.isalnum() else '_' for sign in name).upper()}_{key}_KEY"


def _lives(identity: Identity, asked: str | None) -> str:
    """The host to write down. Of a server on this machine the port matters, which LeadSquared's answer has no place for."""
    told = identity.api_host
    if told is not None and not is_loopback(told):
        return told
    if asked is not None:
        return asked
    raise UsageError("LeadSquared does not tell on which host the account lives. Name it with --host, and it is taken.")


def _values(host: str, access: dict[str, str], secret: dict[str, str]) -> dict[str, object]:
    return {"host": host, "access_key": access, "secret_key": secret}


def _write(path: Path, name: str, host: str, keys: tuple[Secret, Secret], files: tuple[Path, Path]) -> None:
    """Keys first, then the account that names them; keys that nothing names are taken away again."""
    written: list[Path] = []
    try:
        for file, key in zip(files, keys, strict=True):
            keep_key(file, key)
            written.append(file)
        named = [{"file": str(file.relative_to(path.parent))} for file in files]
        add_account(path, name, _values(host, *named))
    except EtlError:
        for file in written:
            file.unlink(missing_ok=True)
        raise


def _told(world: World, name: str, identity: Identity, host: str) -> list[str]:
    organisation = f"{identity.org_name} ({identity.org_id})" if identity.org_name else identity.org_id
    settings_file = world.directories.user_settings
    lines = [
        f"Account {name}: organisation {organisation}, user {identity.user_email or 'not named'}, host {host}.",
        f"Written to {settings_file}.",
    ]
    if identity.time_zone:
        lines.append(
            f"Its time zone is {identity.time_zone}: what input.time_zone says in a mapping if the sheet is from there."
        )
    if identity.country_code:
        lines.append(
            f"Its country code is +{identity.country_code}: for phone numbers name that country as region in a mapping."
        )
    counting = find_settings_file(world.environ, world.cwd, world.directories)
    if counting is not None and not _is_same(counting, settings_file):
        lines.append(
            f"Here, however, {counting} is read instead of it: move the new part there, or work in another folder."
        )
    else:
        lines.append(f"Next: etl accounts check -a {name}")
    return lines


def _is_same(one: Path, other: Path) -> bool:
    return os.path.realpath(one) == os.path.realpath(other)
