"""A home without settings, and a way to write some into it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from etl.settings import Directories, Settings, load_settings


@dataclass
class Home:
    """A working folder and a user's directories, all empty at first."""

    cwd: Path
    directories: Directories
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def here(self) -> Path:
        """The settings file of the working folder."""
        return self.cwd / "etl.toml"

    @property
    def own(self) -> Path:
        """The user's own settings file."""
        return self.directories.user_settings

    def load(
        self, environ: Mapping[str, str] | None = None, account_name: str | None = None, needs_account: bool = True
    ) -> Settings:
        return load_settings(environ or {}, self.cwd, account_name, needs_account, self.directories)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """An empty home."""
    for name in ("work", "config", "state"):
        (tmp_path / name).mkdir()
    return Home(tmp_path / "work", Directories(config=tmp_path / "config", state=tmp_path / "state"))


@pytest.fixture
def secret_file(tmp_path: Path) -> Callable[[str], Path]:
    """Writes a key file with the permissions given."""

    def write(text: str, mode: int = 0o600) -> Path:
        path = tmp_path / "key.secret"
        path.write_text(text, encoding="utf-8")
        path.chmod(mode)
        return path

    return write
