"""Exit codes by what to do next, and which one counts when a command had several ends."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

from etl.errors import (
    BusyError,
    EtlError,
    LedgerError,
    NetworkError,
    RefusedError,
    SourceError,
    StoppedError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Iterable


class ExitCode(IntEnum):
    """How a command ended; the number is what the shell sees."""

    meaning: str
    next_step: str

    def __new__(cls, code: int, meaning: str, next_step: str) -> ExitCode:
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        member.next_step = next_step
        return member

    DONE = 0, "every data row is in LeadSquared, or there was none to send", ""
    DEFECT = 1, "a defect of etl", "the traceback is in the log"
    USAGE = 2, "command, mapping or settings wrong; nothing sent", "fix, run again"
    SOURCE = 3, "input cannot be read as what it claims to be; nothing sent", "fix, run again"
    NEEDS_A_PERSON = 4, "finished; some rows need a person (invalid, refused, changed)", "correct the failed file"
    REFUSED = 5, "LeadSquared refused the account or the activity type; stopped", "fix, run again: it continues"
    STOPPED = (
        6,
        "stopped before the end: day's budget, time up, pilot over, network down or asked to stop",
        "run again: it continues",
    )
    UNCONFIRMED = 7, "finished; some rows are unconfirmed", "run again, or etl verify"
    BUSY = 8, "another process is importing this input", "wait"
    INTERRUPTED = 130, "interrupted; state saved", "run again: it continues"
    TERMINATED = 143, "terminated; state saved", "run again: it continues"


WORST_FIRST = (
    ExitCode.DEFECT,
    ExitCode.INTERRUPTED,  # who pressed Ctrl-C expects 130, whatever the inputs before had come to
    ExitCode.TERMINATED,
    ExitCode.USAGE,
    ExitCode.SOURCE,
    ExitCode.REFUSED,
    ExitCode.BUSY,
    ExitCode.STOPPED,
    ExitCode.UNCONFIRMED,
    ExitCode.NEEDS_A_PERSON,
    ExitCode.DONE,
)

_CODE_OF_ERROR: dict[type[EtlError], ExitCode] = {
    UsageError: ExitCode.USAGE,
    SourceError: ExitCode.SOURCE,
    RefusedError: ExitCode.REFUSED,
    NetworkError: ExitCode.STOPPED,
    BusyError: ExitCode.BUSY,
    LedgerError: ExitCode.USAGE,
}


def worst(codes: Iterable[int]) -> ExitCode:
    """The one exit code that a command with several inputs reports; `DONE` where there was no input."""
    return WORST_FIRST[min((WORST_FIRST.index(code) for code in codes), default=-1)]


def code_of_stop(signal_number: int | None) -> ExitCode:
    """The exit code of a command that was asked to stop, by a signal or otherwise."""
    return {2: ExitCode.INTERRUPTED, 15: ExitCode.TERMINATED}.get(signal_number or 0, ExitCode.STOPPED)


def code_of_error(error: EtlError) -> ExitCode:
    """The exit code for an error that ended a command or an input; a kind nobody listed is a defect."""
    if isinstance(error, LedgerError) and error.is_midway:
        return ExitCode.STOPPED
    if isinstance(error, StoppedError):
        return code_of_stop(error.signal_number)
    for kind in type(error).__mro__:
        if kind in _CODE_OF_ERROR:
            return _CODE_OF_ERROR[kind]
    return ExitCode.DEFECT
