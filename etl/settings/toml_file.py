"""The settings file as it stands: read, its names checked, its values not yet."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING

from etl.errors import UsageError
from etl.quoting import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

ACCOUNT_SETTINGS = (
    "host",
    "access_key",
    "secret_key",
    "bulk_limit",
    "limit",
    "share",
    "daily_requests",
    "visibility_wait",
    "late_wait",
    "lead_link",
)
FILE_SETTINGS = ("ledger", "accounts", "notify")
ENVIRONMENT_ACCOUNT = "env"
"""The name of the account that the `LSQ_*` variables form; no account of a file may have it."""


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """One settings file. ledger: as written, None without one. accounts: name → setting → value as TOML has it.

    notify: who is told of imports, as TOML has it; its names are known to `etl.settings.notifiers`.
    """

    path: Path
    ledger: object = None
    accounts: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    notify: object = None

    def place(self, *names: str) -> str:
        """Where a setting is, as messages name it: `etl.toml: accounts.prod.host`."""
        return f"{self.path}: {'.'.join(names)}"


def read_settings_file(path: Path) -> SettingsFile:
    """The settings file with all its names known.

    Raises:  UsageError — it cannot be read, is no TOML, or holds a name that is no setting (with the nearest one).
    """
    content = _parsed(path)
    _refuse_unknown(content, FILE_SETTINGS, path, prefix="")
    accounts = content.get("accounts", {})
    if not isinstance(accounts, dict):
        raise UsageError(f"{path}: accounts is no table. Write each account below a line [accounts.NAME].")
    for name, account in accounts.items():
        _check_account(name, account, path)
    return SettingsFile(path, content.get("ledger"), accounts, content.get("notify"))


def _parsed(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))  # editors on Windows put a mark at the start
    except OSError as error:
        raise UsageError(f"{path}: the settings file cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise UsageError(f"{path}: the settings file is not written in UTF-8. Save it as UTF-8.") from None
    except tomllib.TOMLDecodeError as error:
        raise UsageError(
            f"{path}: this is no valid TOML: {error}. Texts stand in quotes, one setting a line."
        ) from None


def _check_account(name: str, account: object, path: Path) -> None:
    if name == ENVIRONMENT_ACCOUNT:
        raise UsageError(
            f"{path}: accounts.env may not be in a settings file: this name belongs to the account of the "
            "LSQ_* variables. Choose another name."
        )
    if not name.strip() or not name.isprintable():
        raise UsageError(f"{path}: {shown(name)} is no name for an account. Choose one that can be typed after -a.")
    if not isinstance(account, dict):
        raise UsageError(f"{path}: accounts.{name} is no table. Write its settings below a line [accounts.{name}].")
    _refuse_unknown(account, ACCOUNT_SETTINGS, path, prefix=f"accounts.{name}.")


def _refuse_unknown(found: Iterable[str], known: tuple[str, ...], path: Path, prefix: str) -> None:
    for name in found:
        if name in known:
            continue
        if name in ACCOUNT_SETTINGS:
            remedy = "It belongs to an account: move it below a line [accounts.NAME]."
        else:
            remedy = f"{did_you_mean(name, known)}Known here: {', '.join(known)}."
        raise UsageError(f"{path}: {prefix}{name} is no setting. {remedy}")


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`Did you mean host? ` with a space to go on behind, or nothing where no known name is near."""
    nearest = get_close_matches(name.lower().replace("-", "_"), list(known), n=1)
    return f"Did you mean {nearest[0]}? " if nearest else ""
