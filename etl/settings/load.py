"""Which account, keys, limits and ledger one command works with, and where each of them was set."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from etl.errors import UsageError
from etl.settings.account import DEFAULT_ORIGIN, resolve_account
from etl.settings.ledger_place import ledger_place, sqlite_ledger
from etl.settings.model import Account, Settings
from etl.settings.places import Directories, find_settings_file, user_directories
from etl.settings.sources import (
    ACCOUNT_VARIABLES,
    KEY_VARIABLES,
    OWN_VARIABLES,
    AccountSource,
    environment_source,
    file_sources,
    refuse_slips,
    set_variables,
)
from etl.settings.toml_file import ENVIRONMENT_ACCOUNT, SettingsFile, did_you_mean, read_settings_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """One account as it is listed: with its values, or with the reason why it cannot be used."""

    name: str
    account: Account | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class NamedAccounts:
    """The accounts that the mappings of a command name. places: name → where it is said, for messages.

    is_needed_beside: there are mappings, too, that name none.
    """

    places: Mapping[str, str] = field(default_factory=dict)
    is_needed_beside: bool = True


NONE_NAMED = NamedAccounts()


def load_settings(
    environ: Mapping[str, str],
    cwd: Path,
    account_name: str | None = None,
    needs_account: bool = True,
    directories: Directories | None = None,
    named: NamedAccounts = NONE_NAMED,
) -> Settings:
    """The settings of a command.

    Args:    account_name: what `-a` says, None without it. needs_account: False gives an account only where one is
             named or there is just one; the command can do without. directories: the user's own; None: as the
             operating system has them. named: what the mappings of the command say.
    Raises:  UsageError — naming the variable, or file and setting, and what to do.
    """
    directories = directories or user_directories()
    settings, file = _general(environ, cwd, directories)
    sources = _file_sources(file, environ, directories)
    of_mappings = {
        name: source
        for name, place in named.places.items()
        if (source := _chosen_by_mapping(environ, account_name, name, place, sources, needs_account)) is not None
    }
    accounts = {name: resolve_account(source) for name, source in of_mappings.items()}
    settings = replace(settings, accounts=accounts)
    if named.places and not named.is_needed_beside:
        return settings
    source = _chosen(environ, account_name, sources, needs_account)
    if source is None and needs_account:
        raise UsageError(_no_account(directories, file))
    return replace(settings, account=resolve_account(source) if source else None)


def load_settings_without_account(
    environ: Mapping[str, str], cwd: Path, directories: Directories | None = None
) -> Settings:
    """The settings of a command that talks to no account; an account that is set up wrongly does not matter to it.

    Raises:  UsageError — as `load_settings`, for settings file and ledger.
    """
    settings, _ = _general(environ, cwd, directories or user_directories())
    return settings


def known_accounts(
    environ: Mapping[str, str], cwd: Path, directories: Directories | None = None
) -> tuple[KnownAccount, ...]:
    """All accounts that are set up, in the order in which they stand; commands that print keys are not run."""
    directories = directories or user_directories()
    path = find_settings_file(environ, cwd, directories)
    sources = _file_sources(read_settings_file(path) if path else None, environ, directories)
    from_environment = environment_source(environ)
    listed = [*([from_environment] if from_environment else []), *sources.values()]
    return tuple(_listed(source) for source in listed)


def _general(environ: Mapping[str, str], cwd: Path, directories: Directories) -> tuple[Settings, SettingsFile | None]:
    """The settings that belong to no account, and the settings file they were read from."""
    refuse_slips(environ, OWN_VARIABLES)
    path = find_settings_file(environ, cwd, directories)
    file = read_settings_file(path) if path else None
    (ledger_url, ledger_files), origin = _ledger(environ, cwd, file, directories)
    config_origin = "ETL_CONFIG" if environ.get("ETL_CONFIG") else DEFAULT_ORIGIN
    return Settings(None, ledger_url, ledger_files, path, {"ledger": origin, "config": config_origin}), file


def _listed(source: AccountSource) -> KnownAccount:
    quiet = replace(source, keys=replace(source.keys, runs_commands=False))
    try:
        return KnownAccount(source.name, resolve_account(quiet), None)
    except UsageError as error:
        return KnownAccount(source.name, None, error.message)


def _file_sources(
    file: SettingsFile | None, environ: Mapping[str, str], directories: Directories
) -> dict[str, AccountSource]:
    if file is None:
        return {}
    is_own = file.path.resolve() == directories.user_settings.resolve()
    return file_sources(file, environ, is_own)


def _ledger(
    environ: Mapping[str, str], cwd: Path, file: SettingsFile | None, directories: Directories
) -> tuple[tuple[str, Path], str]:
    """Where the ledger lies (URL and folder of copies), and which setting says so."""
    if text := environ.get("ETL_LEDGER"):
        return ledger_place(text, cwd, "ETL_LEDGER", directories.state), "ETL_LEDGER"
    if file is not None and file.ledger is not None:
        place = file.place("ledger")
        return ledger_place(file.ledger, file.path.parent, place, directories.state), place
    return sqlite_ledger(directories.state / "ledger.db", "ledger"), DEFAULT_ORIGIN


def _chosen(
    environ: Mapping[str, str], account_name: str | None, sources: Mapping[str, AccountSource], needs_account: bool
) -> AccountSource | None:
    """The account that is meant by no mapping: the one named, else that of the variables, else the only one; None without any."""
    name, said_by = _named(environ, account_name)
    if name is not None and name != ENVIRONMENT_ACCOUNT:
        return _file_account(name, said_by, environ, sources)
    if name == ENVIRONMENT_ACCOUNT:
        return _variables_account(environ, said_by)
    refuse_slips(environ, tuple(ACCOUNT_VARIABLES))
    from_environment = environment_source(environ)
    if from_environment is not None:
        return from_environment
    _refuse_emptied_keys(environ)
    if len(sources) > 1 and needs_account:
        raise UsageError(f"Several accounts are set up: {', '.join(sources)}. Say which one with -a NAME.")
    return next(iter(sources.values())) if len(sources) == 1 else None


def _chosen_by_mapping(
    environ: Mapping[str, str],
    account_name: str | None,
    name: str,
    place: str,
    sources: Mapping[str, AccountSource],
    needs_account: bool,
) -> AccountSource | None:
    """The account that a mapping names, unless the command names another one. place: where the mapping says so.

    None where nothing is set up at all and the command can do without: who only checks a sheet need not have the keys.
    """
    said, said_by = _named(environ, account_name)
    if said is not None and said != name:
        raise UsageError(
            f"{said_by} and {place}: two accounts are named at once, and it is not clear which is meant. "
            f"Leave out {said_by.split('=')[0].split(' ')[0]} to send into {name}, or take the line out of the mapping."
        )
    if not needs_account and not sources and not set_variables(environ):
        return None
    if name == ENVIRONMENT_ACCOUNT:
        return _variables_account(environ, place)
    return _file_account(name, place, environ, sources)


def _variables_account(environ: Mapping[str, str], said_by: str) -> AccountSource:
    """The account of the variables, which somebody has named."""
    refuse_slips(environ, tuple(ACCOUNT_VARIABLES))
    source = environment_source(environ)
    if source is None:
        raise UsageError(
            f"{said_by}: the account env is that of the LSQ_* variables, and none is set. "
            "Set LSQ_ACCESS_KEY and LSQ_SECRET_KEY."
        )
    return source


def _named(environ: Mapping[str, str], account_name: str | None) -> tuple[str | None, str]:
    """The name that was given, and by what; a flag goes before a variable."""
    if account_name is not None:
        if not account_name.strip():
            raise UsageError("-a: the name of the account is empty. Say which account is meant, or leave -a out.")
        return account_name, f"-a {account_name}"
    name = environ.get("ETL_ACCOUNT")
    return (name, f"ETL_ACCOUNT={name}") if name else (None, "")


def _file_account(
    name: str, said_by: str, environ: Mapping[str, str], sources: Mapping[str, AccountSource]
) -> AccountSource:
    if variables := set_variables(environ):
        raise UsageError(
            f"{said_by} and {variables[0]}: two accounts are named at once, and it is not clear which is meant. "
            f"Unset {', '.join(variables)} to use {name}, or leave the name out to use the variables."
        )
    if name not in sources:
        known = f"Known: {', '.join(sources)}." if sources else "No settings file describes any account."
        raise UsageError(f"{said_by}: there is no account of that name. {did_you_mean(name, sources)}{known}")
    return sources[name]


def _refuse_emptied_keys(environ: Mapping[str, str]) -> None:
    """A key variable that is there and empty was meant to be filled; another account must not step in for it."""
    for variable in KEY_VARIABLES:
        if variable in environ:
            raise UsageError(f"{variable} is set, but empty. Set it to the key, unset it, or name an account with -a.")


def _no_account(directories: Directories, file: SettingsFile | None) -> str:
    path = file.path if file else directories.user_settings
    return (
        "No LeadSquared account is set up. Set LSQ_HOST, LSQ_ACCESS_KEY and LSQ_SECRET_KEY, or describe an account "
        f"in {path} below a line [accounts.NAME]. To try an import without an account, add --rehearse."
    )
