"""Options that several commands share, and the checks of files that cost nothing."""

from __future__ import annotations

import sys
from difflib import get_close_matches
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from etl.cli import completing
from etl.cli.run_type import RunType
from etl.cli.world import World
from etl.errors import UsageError
from etl.places import is_url, is_url_text, place_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.settings import NamedAccounts


class PlaceType(click.Path):
    """A path of this machine, or a URL that a library of files reads: the one way in for everything that is typed as FILE."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:  # noqa: ARG002 — click's signature
        return place_of(value)


class LocalType(click.Path):
    """A path of this machine, for what is written to bit by bit."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if isinstance(value, str) and is_url_text(value):
            name = param.opts[0] if param is not None else "FILE"
            raise UsageError(
                f"{name} {value}: this has to be a file of this machine. Write it here, and copy it there."
            )
        return super().convert(value, param, ctx)


PLACE = PlaceType(path_type=Path)
LOCAL = LocalType(path_type=Path)
_PATH = PLACE
STANDARD_INPUT = Path("-")
MOST_WORDS = 200
"""Signs of a text that is kept in the ledger as it was typed."""

files_argument = click.argument("files", metavar="FILE...", nargs=-1, required=True, type=_PATH)
mapping_option = click.option(
    "-m",
    "--mapping",
    "mappings",
    metavar="MAPPING",
    required=True,
    multiple=True,
    type=_PATH,
    shell_complete=completing.mappings,
    help="YAML file: which column becomes what. Once for all files, or once for each FILE, in their order.",
)
account_option = click.option(
    "-a",
    "--account",
    metavar="ACCOUNT",
    shell_complete=completing.accounts,
    help="Account of the settings file (default: the only one).",
)
run_argument = click.argument("run", metavar="RUN", type=RunType(min=1), shell_complete=completing.runs)
quiet_option = click.option("-q", "--quiet", is_flag=True, help="Say nothing unless something needs a person.")
verbose_option = click.option("-v", "--verbose", is_flag=True, help="Show each request and its answer.")
_IS_QUIET = "etl.is_quiet"


def _note_quiet(ctx: click.Context, _param: click.Parameter, is_quiet: bool) -> None:
    ctx.meta[_IS_QUIET] = is_quiet or ctx.meta.get(_IS_QUIET, False)


def _say_what_is_used(ctx: click.Context, _param: click.Parameter, is_verbose: bool) -> None:
    """Which ledger and settings file a command works with, and which setting says so."""
    world = ctx.find_object(World)
    if not is_verbose or ctx.resilient_parsing or world is None:
        return
    from etl.settings import load_settings_without_account  # noqa: PLC0415 — only for who asks

    settings = load_settings_without_account(world.environ, world.cwd, world.directories)
    click.echo(f"Ledger:   {settings.ledger_shown} ({settings.origins.get('ledger', 'default')})", err=True)
    found = f"{settings.config_path} ({settings.origins.get('config', 'default')})" if settings.config_path else "none"
    click.echo(f"Settings: {found}", err=True)


quiet_beside_option = click.option(
    "-q",
    "--quiet",
    is_flag=True,
    expose_value=False,
    callback=_note_quiet,
    help="Print the result alone, and nothing beside it unless it needs a person.",
)
verbose_beside_option = click.option(
    "-v",
    "--verbose",
    is_flag=True,
    expose_value=False,
    callback=_say_what_is_used,
    help="Say also which ledger and settings are used.",
)


def beside(text: str) -> None:
    """Say on stderr what stands beside the result of a command, unless it was asked to be quiet."""
    if not click.get_current_context().meta.get(_IS_QUIET):
        click.echo(text, err=True)


log_option = click.option(
    "--log-file",
    "--log",
    "log",
    metavar="FILE",
    type=LOCAL,
    help="Write what is said, with times, to this file too; full at 10 MB, it is set aside.",
)


def keep_log(world: World, path: Path | None) -> None:
    """Carry out `--log-file`.

    Raises:  UsageError — the file cannot be written.
    """
    if path is None:
        return
    world.log.path = world.cwd / path
    world.log.keeps_talk = True
    if not world.log.append(f"$ {world.same_command}"):
        raise UsageError(
            f"--log-file: {world.log.path} cannot be written. Name a file in a folder that you may write to."
        )


def words_of(option: str, typed: str | None) -> str | None:
    """What a person typed to be kept: one line with something in it.

    Raises:  UsageError — it is empty, too long, or holds signs that steer a terminal.
    """
    if typed is None:
        return None
    words = " ".join(typed.split())
    if not words or len(words) > MOST_WORDS or not words.isprintable():
        raise UsageError(
            f'{option}: write one line of at most {MOST_WORDS} signs, like {option} "Priya Nair, Finance".'
        )
    return words


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


def check_pairs(
    files: Sequence[Path], mappings: Sequence[Path], cwd: Path
) -> tuple[tuple[Path, ...], Path | tuple[Path, ...]]:
    """The input files as `check_files` has them, and the mapping of all of them, or that of each.

    Raises:  UsageError — as `check_files`; there are several mappings, and not one for each FILE.
    """
    if len(mappings) == 1:
        return check_files(files, mappings[0], cwd), mappings[0]
    if len(files) != len(mappings):
        first, second = mappings[0], mappings[1]
        raise UsageError(
            f"{len(mappings)} mappings and {len(files)} files: it is not clear which belongs to which. Say -m once for all "
            f"files, or once for each file in their order, like: north.xlsx south.xlsx -m {first} -m {second}."
        )
    if list(files).count(STANDARD_INPUT) > 1:
        raise UsageError('"-" stands there more than once, and standard input can be read only once.')
    found = [
        (one, mapping)
        for file, mapping in zip(files, mappings, strict=True)
        for one in check_files([file], mapping, cwd)
    ]
    return tuple(file for file, _ in found), tuple(mapping for _, mapping in found)


def named_accounts(mapping: Path | Sequence[Path], cwd: Path) -> NamedAccounts:
    """The accounts that the mappings of a command name, before any of them is looked at as a whole."""
    from etl.mapping.load import account_named_in  # noqa: PLC0415 — loads what reads mappings
    from etl.settings import NamedAccounts  # noqa: PLC0415 — as above

    paths = [mapping] if isinstance(mapping, Path) else list(dict.fromkeys(mapping))
    found = [account_named_in(cwd / path, path) for path in paths]
    places: dict[str, str] = {}
    for name, place in filter(None, found):
        places.setdefault(name, place)
    return NamedAccounts(places, None in found)


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
    if is_url(path):
        files = [one for one in path.parent.glob(path.name) if not one.name.startswith("~$")]
    else:
        found = sorted(Path(name) for name in glob(str(path), root_dir=cwd, recursive=True))  # noqa: PTH207 — Path has no absolute patterns
        files = [one for one in found if (cwd / one).is_file() and not one.name.startswith("~$")]
    if not files:
        where = "" if is_url(path) else f" in {cwd}"
        raise UsageError(f"{path}: no file matches this pattern{where}. Check the folder and the ending.")
    return files


def _check_file(path: Path, cwd: Path, what: str) -> None:
    full = cwd / path
    if full.is_file():
        return
    if full.is_dir():
        several = f", or several by a pattern like '{path / '*.xlsx'}'" if what == "input" else ""
        raise UsageError(f"{path}: this is a folder. Name the {what} file in it{several}.")
    if full.exists():
        return
    nearest = _nearest(path, full, cwd, is_mapping=what == "mapping")
    hint = f"Did you mean {nearest}?" if nearest else "Check the path."
    raise UsageError(f"{path}: there is no such {what} file. {hint}")


def _nearest(path: Path, full: Path, cwd: Path, *, is_mapping: bool) -> str | None:
    """The file in the same folder whose name is nearest; of mappings also one here or a folder down."""
    names = [entry.name for entry in full.parent.iterdir()] if is_url(full) or full.parent.is_dir() else []
    by_name = {name: str(path.with_name(name)) for name in names}
    if is_mapping:
        by_name = {Path(name).name: name for name in completing.mapping_files(cwd)} | by_name
    nearest = get_close_matches(path.name, by_name, n=1)
    if not nearest and is_mapping:
        nearest = get_close_matches(f"{path.name}.yaml", by_name, n=1)
    return by_name[nearest[0]] if nearest else None
