"""Whether a command line is one that `etl` takes: parsed by the real commands, and not carried out."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

import click

from etl.cli.log import Log
from etl.cli.main import etl
from etl.cli.world import World
from etl.clock import SystemClock
from etl.settings import Directories

NOWHERE = Path("/nonexistent")
_ASSIGNMENT = re.compile(r"[A-Z_]+=")


def commands(group: click.Group = etl, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """Every command with the words that call it; groups too, for they can be called."""
    with click.Context(group) as ctx:
        for name in group.list_commands(ctx):
            command = group.get_command(ctx, name)
            assert command is not None
            yield (*path, name), command
            if isinstance(command, click.Group):
                yield from commands(command, (*path, name))


def examples(command: click.Command) -> list[str]:
    """The lines below "Examples:" in a command's help."""
    _, _, below = (command.help or "").partition("Examples:\n")
    return [line.strip() for line in below.partition("\n\n")[0].splitlines() if line.strip()]


def words_of(line: str) -> list[str] | None:
    """The words behind `etl` as a shell hands them over; None for the line of another program."""
    parts = shlex.split(line.partition(" | ")[0].partition(" > ")[0].removesuffix(" &"), comments=True)
    while parts and _ASSIGNMENT.match(parts[0]):
        parts.pop(0)
    return parts[1:] if parts[:1] == ["etl"] else None


def parse(words: list[str]) -> None:
    """Raises click.UsageError where `etl` would: no such command or option, a value that is none, something missing."""
    clock = SystemClock()
    world = World(tuple(words), {}, NOWHERE, clock, Directories(NOWHERE, NOWHERE), Log(NOWHERE, clock), _never)  # type: ignore[arg-type]
    with ExitStack() as stack, patch("click.echo"):
        ctx = stack.enter_context(etl.make_context("etl", list(words), obj=world))
        while isinstance(ctx.command, click.Group):
            rest = [*ctx._protected_args, *ctx.args]
            if not rest and ctx.command.invoke_without_command:
                return
            name, command, args = ctx.command.resolve_command(ctx, rest)
            assert command is not None
            ctx = stack.enter_context(command.make_context(name, args, parent=ctx))


def _never() -> None:
    raise AssertionError("parsing carries nothing out")
