"""Options that several commands share, and the checks of files that cost nothing."""

from __future__ import annotations

from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING

import click

from etl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.cli.world import World

_PATH = click.Path(path_type=Path)

files_argument = click.argument("files", metavar="FILE...", nargs=-1, required=True, type=_PATH)
mapping_option = click.option(
    "-m", "--mapping", metavar="MAPPING", required=True, type=_PATH, help="YAML file: which column becomes what."
)
account_option = click.option(
    "-a", "--account", metavar="ACCOUNT", help="Account of the settings file (default: the only one)."
)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Say nothing unless something needs a person.")
verbose_option = click.option("-v", "--verbose", is_flag=True, help="Show each request and its answer.")
log_option = click.option("--log", metavar="FILE", type=_PATH, help="Write what is said, with times, to this file too.")


def keep_log(world: World, path: Path | None) -> None:
    """Carry out `--log`.

    Raises:  UsageError — the file cannot be written.
    """
    if path is None:
        return
    world.log.path = world.cwd / path
    world.log.keeps_talk = True
    if not world.log.append(f"$ {world.same_command}"):
        raise UsageError(f"--log: {world.log.path} cannot be written. Name a file in a folder that you may write to.")


def check_files(files: Sequence[Path], mapping: Path, cwd: Path) -> None:
    """Refuse a file or mapping that is not there, with the nearest name beside it.

    Raises:  UsageError — before anything slow is loaded.
    """
    for path in files:
        _check_file(path, cwd, "input")
    _check_file(mapping, cwd, "mapping")


def _check_file(path: Path, cwd: Path, what: str) -> None:
    full = cwd / path
    if full.is_dir():
        raise UsageError(f"{path}: this is a folder. Name the {what} file in it.")
    if full.exists():
        return
    beside = [entry.name for entry in full.parent.iterdir()] if full.parent.is_dir() else []
    nearest = get_close_matches(path.name, beside, n=1)
    hint = f"Did you mean {path.with_name(nearest[0])}?" if nearest else "Check the path."
    raise UsageError(f"{path}: there is no such {what} file. {hint}")
