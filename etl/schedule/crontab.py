"""A job as a line of a crontab (crontab(5), as Vixie cron and cronie read it).

Two readers take the line one after the other: cron, for which a percent sign ends the command unless a backslash stands
before it, even within quotes; and then /bin/sh.
"""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from etl.errors import UsageError
from etl.schedule.job import Daily, in_words

if TYPE_CHECKING:
    from etl.schedule.job import Job

_MOST_SIGNS = 998
"""Vixie cron takes a command of 999 bytes at most (MAX_COMMAND), and says so only when the crontab is put in."""


def crontab(job: Job) -> str:
    """Comments and the line.

    Raises: UsageError — the line is longer than cron takes.
    """
    comments = [f"{job.name}: {in_words(job.when)}.", *job.remarks]
    return "".join(f"# {one}\n" for one in comments) + f"{_times(job)} {_command(job)}\n"


def _times(job: Job) -> str:
    """Minute, hour, day of the month, month, weekday."""
    if isinstance(job.when, Daily):
        return f"{job.when.minute} {job.when.hour} * * *"
    if job.when.minutes < 60:
        return f"*/{job.when.minutes} * * * *" if job.when.minutes > 1 else "* * * * *"
    hours = job.when.minutes // 60
    return f"0 */{hours} * * *" if hours > 1 else "0 * * * *"


def _command(job: Job) -> str:
    variables = "".join(f"{name}={shlex.quote(value)} " for name, value in job.environ.items())
    command = f"cd {shlex.quote(job.folder)} && {variables}{shlex.join(job.words)}".replace("%", "\\%")
    if len(command.encode()) > _MOST_SIGNS:
        raise UsageError(
            f"The command has {len(command.encode())} bytes, and cron takes {_MOST_SIGNS}. Put it into a file of its own that "
            "cron starts, or use --as systemd."
        )
    return command
