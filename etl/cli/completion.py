"""`etl completion`: the script by which a shell completes commands, options, accounts, runs and mappings."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from etl.exits import ExitCode

if TYPE_CHECKING:
    from etl.cli.world import World

_SHELLS = ("bash", "zsh", "fish")
_VARIABLE = "_ETL_COMPLETE"


@click.command("completion")
@click.argument("shell", type=click.Choice(_SHELLS))
@click.pass_obj
def completion(world: World, shell: str) -> int:  # noqa: ARG001 — click hands over the world
    """Print the script by which your shell completes commands, accounts, runs and mappings.

    bash (4.4 or newer), zsh and fish are known. Put the line for your shell where it is read at the start of each session.

    \b
    Examples:
      etl completion bash > ~/.local/share/bash-completion/completions/etl
      etl completion zsh > ~/.zfunc/_etl
      etl completion fish > ~/.config/fish/completions/etl.fish
    """
    from click.shell_completion import get_completion_class  # noqa: PLC0415 — only here

    kind = get_completion_class(shell)
    root = click.get_current_context().find_root()
    assert kind is not None  # noqa: S101 — one of _SHELLS
    click.echo(kind(root.command, {}, "etl", _VARIABLE).source())
    return ExitCode.DONE
