"""Which accounts the environment and the settings file describe, before any value is checked or key is read."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

from etl.errors import UsageError
from etl.settings.keys import KeyReader
from etl.settings.toml_file import ENVIRONMENT_ACCOUNT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etl.settings.toml_file import SettingsFile

ACCOUNT_VARIABLES = {
    "LSQ_HOST": "host",
    "LSQ_ACCESS_KEY": "access_key",
    "LSQ_SECRET_KEY": "secret_key",
    "LSQ_BULK_LIMIT": "bulk_limit",
    "LSQ_LIMIT": "limit",
    "LSQ_SHARE": "share",
    "LSQ_DAILY_REQUESTS": "daily_requests",
    "LSQ_VISIBILITY_WAIT": "visibility_wait",
    "LSQ_LATE_WAIT": "late_wait",
    "LSQ_LEAD_LINK": "lead_link",
}
KEY_VARIABLES = ("LSQ_ACCESS_KEY", "LSQ_SECRET_KEY")
OWN_VARIABLES = ("ETL_ACCOUNT", "ETL_LEDGER", "ETL_CONFIG")
_SO_NEAR_IS_A_SLIP = 0.85  # LSQ_BULK_LIMT is caught, another program's LSQ_API_HOST is left alone


@dataclass(frozen=True, slots=True)
class AccountSource:
    """One account as described. values: setting → as written; places: setting → where, for messages."""

    name: str
    values: Mapping[str, object]
    places: Mapping[str, str]
    keys: KeyReader
    file: SettingsFile | None = None

    @property
    def is_environment(self) -> bool:
        return self.file is None


def environment_source(environ: Mapping[str, str]) -> AccountSource | None:
    """The account of the `LSQ_*` variables; None where none of them is set. An empty variable is not set."""
    variables = set_variables(environ)
    if not variables:
        return None
    return AccountSource(
        name=ENVIRONMENT_ACCOUNT,
        values={ACCOUNT_VARIABLES[variable]: environ[variable] for variable in variables},
        places={setting: variable for variable, setting in ACCOUNT_VARIABLES.items()},
        keys=KeyReader(environ, Path(), allows_commands=False),
    )


def set_variables(environ: Mapping[str, str]) -> tuple[str, ...]:
    """Those `LSQ_*` variables of ours that hold a text."""
    return tuple(variable for variable in ACCOUNT_VARIABLES if environ.get(variable))


def file_sources(file: SettingsFile, environ: Mapping[str, str], is_own: bool) -> dict[str, AccountSource]:
    """The accounts of a settings file by name. is_own: it is the user's own, so commands in it may run."""
    keys = KeyReader(environ, file.path.parent, allows_commands=is_own)
    return {
        name: AccountSource(
            name, values, {setting: file.place("accounts", name, setting) for setting in values}, keys, file
        )
        for name, values in file.accounts.items()
    }


def refuse_slips(environ: Mapping[str, str], known: tuple[str, ...]) -> None:
    """Refuse a misspelled variable: passed over, it would mean another account, ledger or limit than was meant.

    Raises:  UsageError — a variable that is nearly one of `known`.
    """
    for variable in environ:
        if variable in known or not variable.startswith(("LSQ_", "ETL_")):
            continue
        if nearest := get_close_matches(variable, known, n=1, cutoff=_SO_NEAR_IS_A_SLIP):
            raise UsageError(
                f"{variable}: this variable is not known. Did you mean {nearest[0]}? Rename it, or unset it."
            )
