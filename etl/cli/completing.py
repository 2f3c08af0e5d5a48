"""What a shell offers when Tab is pressed: accounts, runs and mappings that are there. Quick, and silent about trouble."""

from __future__ import annotations

from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from click.shell_completion import CompletionItem

from etl.cli.world import World
from etl.errors import EtlError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import click

_ENDINGS = frozenset({".yaml", ".yml"})
_MOST = 200
"""Files that are offered; in a folder of thousands a list helps nobody."""


def accounts(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The accounts of the settings file, by name; no key is read. `env` where the variables describe one."""
    from etl.settings.places import find_settings_file  # noqa: PLC0415 — only where Tab was pressed
    from etl.settings.sources import set_variables  # noqa: PLC0415 — see above
    from etl.settings.toml_file import ENVIRONMENT_ACCOUNT, read_settings_file  # noqa: PLC0415 — see above

    world = ctx.find_object(World)
    if world is None:
        return []
    try:
        path = find_settings_file(world.environ, world.cwd, world.directories)
        names = list(read_settings_file(path).accounts) if path else []
    except EtlError:
        names = []
    if set_variables(world.environ):
        names.append(ENVIRONMENT_ACCOUNT)
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def runs(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """The numbers of the newest runs, each with the name of its input."""
    from etl.ledger.run_numbers import newest_runs  # noqa: PLC0415 — only where Tab was pressed
    from etl.settings import load_settings_without_account  # noqa: PLC0415 — see above

    world = ctx.find_object(World)
    if world is None:
        return []
    try:
        settings = load_settings_without_account(world.environ, world.cwd, world.directories)
    except EtlError:
        return []
    found = newest_runs(settings.ledger_url)
    return [CompletionItem(str(run), help=name) for run, name in found if str(run).startswith(incomplete)]


def mappings(ctx: click.Context, _param: click.Parameter, incomplete: str) -> list[CompletionItem]:
    """YAML files here and one folder down, or below the folder that was typed; any file where there is none."""
    world = ctx.find_object(World)
    typed, slash, _ = incomplete.rpartition("/")
    folder = (world.cwd if world else Path()) / (typed or slash or ".")
    prefix = typed + slash
    offered = (prefix + name for name in mapping_files(folder))
    found = [CompletionItem(name) for name in islice(offered, _MOST) if name.startswith(incomplete)]
    return found or [CompletionItem(incomplete, type="file")]


def mapping_files(folder: Path) -> Iterator[str]:
    """YAML files in a folder and one below it, as they are typed there."""
    for pattern in ("*", "*/*"):
        try:
            found = sorted(one for one in folder.glob(pattern) if one.suffix.lower() in _ENDINGS and one.is_file())
        except OSError:
            continue
        yield from (one.relative_to(folder).as_posix() for one in found if not _is_hidden(one.relative_to(folder)))


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
