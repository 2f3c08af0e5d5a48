"""Where settings, ledger and log lie on this machine, and the settings file that counts."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from etl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

SETTINGS_FILE = "etl.toml"


@dataclass(frozen=True, slots=True)
class Directories:
    """The user's own directories. config: settings that only this user writes. state: ledger and log."""

    config: Path
    state: Path

    @property
    def log(self) -> Path:
        """The log file, where no other was asked for."""
        return self.state / "etl.log"

    @property
    def user_settings(self) -> Path:
        """The user's own settings file; it need not exist."""
        return self.config / SETTINGS_FILE


def user_directories() -> Directories:
    """The directories this operating system has for the purpose."""
    return Directories(
        config=platformdirs.user_config_path("etl", appauthor=False),
        state=platformdirs.user_state_path("etl", appauthor=False),
    )


def find_settings_file(environ: Mapping[str, str], cwd: Path, directories: Directories) -> Path | None:
    """The one settings file that counts: `ETL_CONFIG`, else `etl.toml` here, else the user's own; None without any.

    Raises:  UsageError — `ETL_CONFIG` names a file that is not there.
    """
    if named := environ.get("ETL_CONFIG"):
        path = absolute_path(named, cwd)
        if not path.is_file():
            raise UsageError(f"ETL_CONFIG: there is no file {path}. Correct the path, or unset ETL_CONFIG.")
        return path
    for path in (cwd / SETTINGS_FILE, directories.user_settings):
        if path.is_file():
            return path
    return None


def absolute_path(text: str, base: Path) -> Path:
    """A path as a person writes it: `~` is their home, a relative one starts at `base`."""
    try:
        return base / Path(text).expanduser()
    except RuntimeError:  # "~somebody" without such a user
        return base / text
