"""How an exception that ended a command is told: a short message, an exit code, and for a defect the log."""

from __future__ import annotations

import errno
import os
import sys
import traceback
from collections import Counter
from typing import TYPE_CHECKING

import click

from etl.cli.json_out import error_object, print_object, wants_json
from etl.cli.report import finding_lines
from etl.cli.streams import let_go, write_line
from etl.cli.wording import printable
from etl.errors import EtlError
from etl.exits import ExitCode, code_of_error

if TYPE_CHECKING:
    from etl.cli.world import World

READER_GONE = 141
"""What a shell shows for a program whose reader closed the pipe (128 + SIGPIPE)."""


class ReaderGoneError(Exception):
    """Whoever read our stdout has closed it; told apart before click makes a failure of it."""


IS_WINDOWS = os.name == "nt"


def is_reader_gone(error: OSError) -> bool:
    """Whether the pipe that we write to has no reader any more; Windows calls that an invalid argument of no file."""
    return isinstance(error, BrokenPipeError) or (IS_WINDOWS and error.errno == errno.EINVAL and error.filename is None)


def tell(error: BaseException, world: World) -> int:
    """Say on stderr what ended the command, as an object on stdout too where `--json` asks for one; give the exit code."""
    code = _told(error, world)
    if wants_json(world.arguments) and not isinstance(error, ReaderGoneError):
        print_object(error_object(error, code, world.log.path))
    return code


def _told(error: BaseException, world: World) -> int:
    match error:
        case EtlError():
            return _tell_expected(error, world)
        case click.ClickException():
            return _tell_usage(error)
        case ReaderGoneError():
            let_go(sys.stdout)
            return READER_GONE
        case click.Abort() | KeyboardInterrupt():
            _say("Interrupted.")
            return ExitCode.INTERRUPTED
        case _:
            return _tell_defect(error, world)


def _tell_usage(error: click.ClickException) -> int:
    try:
        error.show()
    except OSError:
        let_go(sys.stderr)
    return ExitCode.USAGE


def _tell_expected(error: EtlError, world: World) -> int:
    world.log.say(f"Error: {error.message}", "error")
    _say(f"Error: {error.message}")
    untold = [one for one in error.findings if one.problem.error not in error.message]
    for line in finding_lines(untold, Counter(one.code for one in untold)):
        _say(line)
    return code_of_error(error)


def _tell_defect(error: BaseException, world: World) -> int:
    """The traceback goes to the log alone; only if that cannot be written it is shown, rather than lost."""
    text = "".join(traceback.format_exception(error))
    is_kept = world.log.append(f"$ {world.same_command}\n{text}", "error")
    details = f"The details are in {world.log.path}; please report them." if is_kept else text
    _say(
        f"Error: this is a defect of etl ({type(error).__name__}), not of your files. What was sent is recorded, so "
        f"the same command can be run again. {details}"
    )
    return ExitCode.DEFECT


def _say(text: str) -> None:
    """Say it on stderr; where nobody listens any more, the exit code still tells."""
    write_line(printable(text), to_stderr=True)
