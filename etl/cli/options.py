"""Options that several commands share, and the checks of files that cost nothing."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING

import click

from etl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.cli.world import World

_PATH = click.Path(path_type=Path)
STANDARD_INPUT = Path("-")

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


def check_files(files: Sequence[Path], mapping: Path, cwd: Path) -> tuple[Path, ...]:
    """The input files, patterns among them as the files they match; `-` is standard input.

    Raises:  UsageError — before anything slow is loaded: a file, or a file for a pattern, or the mapping is not there.
    """
    found: list[Path] = []
    for path in files:
        if path == STANDARD_INPUT:
            _check_standard_input()
            found.append(path)
            continue
        matching = _matching(path, cwd)
        for one in matching:
            _check_file(one, cwd, "input")
        found += matching if matching == [path] else (one for one in matching if one not in found)
    if found.count(STANDARD_INPUT) > 1:
        raise UsageError('"-" stands there more than once, and standard input can be read only once.')
    _check_file(mapping, cwd, "mapping")
    return tuple(found)


def _check_standard_input() -> None:
    """A person who types `-` and pipes nothing in would wait for ever."""
    if sys.stdin is None or sys.stdin.isatty():
        raise UsageError(
            '"-" means standard input, and nothing is piped into it. Name a file, or write: command | etl run -'
        )


def _matching(path: Path, cwd: Path) -> list[Path]:
    """The files that a pattern matches, where the shell has left it as it is; a path that is there, as itself."""
    if not has_magic(str(path)) or (cwd / path).exists():
        return [path]
    found = sorted(Path(name) for name in glob(str(path), root_dir=cwd, recursive=True))  # noqa: PTH207 — Path has no absolute patterns
    files = [one for one in found if (cwd / one).is_file() and not one.name.startswith("~$")]
    if not files:
        raise UsageError(f"{path}: no file matches this pattern in {cwd}. Check the folder and the ending.")
    return files


def _check_file(path: Path, cwd: Path, what: str) -> None:
    full = cwd / path
    if full.is_dir():
        several = f", or several by a pattern like '{path / '*.xlsx'}'" if what == "input" else ""
        raise UsageError(f"{path}: this is a folder. Name the {what} file in it{several}.")
    if full.exists():
        return
    beside = [entry.name for entry in full.parent.iterdir()] if full.parent.is_dir() else []
    nearest = get_close_matches(path.name, beside, n=1)
    hint = f"Did you mean {path.with_name(nearest[0])}?" if nearest else "Check the path."
    raise UsageError(f"{path}: there is no such {what} file. {hint}")
