"""Lines on stdout and stderr, also when nobody reads them any more."""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from typing import TextIO


def write_line(line: str, *, to_stderr: bool = False, has_colour: bool = True) -> bool:
    """Print a line, in colour only on a terminal; whether somebody could read it."""
    stream = sys.stderr if to_stderr else sys.stdout
    try:
        click.echo(line, file=stream, color=None if has_colour else False)
    except OSError:
        let_go(stream)
        return False
    return True


def let_go(stream: TextIO) -> None:
    """Point a stream at nothing, so that Python's last flush neither fails once more nor changes the exit code."""
    with suppress(OSError):
        nothing = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nothing, stream.fileno())
        os.close(nothing)
