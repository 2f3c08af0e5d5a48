"""A job as a service and a timer of systemd (systemd.service(5), systemd.timer(5), systemd.syntax(7)).

Quoting is systemd's own: within double quotes a backslash escapes, a percent sign begins a specifier anywhere, and a
dollar sign a variable in the words of a command (not in its first, which is a path, and not in Environment=).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.schedule.job import Daily, in_words

if TYPE_CHECKING:
    from etl.schedule.job import Job

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=:,./@%")
_STOP_SECONDS = 150
"""SIGTERM lets the requests in flight come back, which may take 120 s; what is killed before leaves rows in doubt."""


def service(job: Job) -> str:
    """The service: one start of the command."""
    program, *words = job.words
    lines = [
        *(f"# {one}" for one in job.remarks),
        "[Unit]",
        f"Description={_escaped(job.name)}",
        "Wants=network-online.target",
        "After=network-online.target",
        "",
        "[Service]",
        "Type=oneshot",
        *([f"User={job.user}"] if job.user else []),
        f"WorkingDirectory={_escaped(job.folder)}",
        *(f"Environment={_quoted(f'{name}={_escaped(value)}')}" for name, value in job.environ.items()),
        " ".join([f"ExecStart={_quoted(_escaped(program))}", *(_word(word) for word in words)]),
        f"TimeoutStopSec={_STOP_SECONDS}",
    ]
    return "\n".join(lines) + "\n"


def timer(job: Job) -> str:
    """The timer of the service by the same name. A time that passed while the machine slept is made up for."""
    lines = [
        "[Unit]",
        f"Description={_escaped(job.name)}, {in_words(job.when)}",
        "",
        "[Timer]",
        f"OnCalendar={_calendar(job)}",
        "Persistent=true",
        "",
        "[Install]",
        "WantedBy=timers.target",
    ]
    return "\n".join(lines) + "\n"


def _calendar(job: Job) -> str:
    """systemd.time(7), calendar events."""
    if isinstance(job.when, Daily):
        return f"*-*-* {job.when.hour:02}:{job.when.minute:02}:00"
    if job.when.minutes < 60:
        return f"*-*-* *:0/{job.when.minutes}:00"
    return f"*-*-* 0/{job.when.minutes // 60}:00:00"


def _escaped(text: str) -> str:
    """Without specifiers."""
    return text.replace("%", "%%")


def _word(text: str) -> str:
    """A word of a command behind the first one."""
    return _quoted(_escaped(text).replace("$", "$$"))


def _quoted(text: str) -> str:
    """In quotes where it has to be; a lone semicolon would begin another command."""
    if text and set(text) <= _PLAIN:
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
