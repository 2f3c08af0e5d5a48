"""Options of commands that run alone at night, and what goes along with such a command from its start to its end."""

from __future__ import annotations

import functools
import re
from typing import TYPE_CHECKING, Any

import click

from etl.cli import options
from etl.cli.faults import READER_GONE, is_reader_gone
from etl.cli.json_events import ON_STDERR
from etl.cli.watch import Watch
from etl.cli.wishes import Wishes
from etl.cli.world import World
from etl.errors import EtlError, UsageError
from etl.exits import ExitCode, code_of_error

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_PORT = re.compile(r"[\w.-]*:\d+")
_MOST_FINDINGS = 5
_OPTIONS = (
    click.option(
        "--log-json", is_flag=True, help="Write the log file as JSON, one object a line, with run and account."
    ),
    click.option(
        "--heartbeat",
        metavar="FILE",
        type=options.LOCAL,
        help="Write to FILE at the start, every 15 s, and at the end.",
    ),
    click.option(
        "--metrics", metavar="FILE.prom", type=options.LOCAL, help="Write numbers for Prometheus' textfile collector."
    ),
    click.option("--submitted-by", metavar="EMAIL", help="Who submitted the files: told by e-mail how they ended."),
    click.option("--no-notify", is_flag=True, help="Tell nobody, whatever [notify] in the settings says."),
)


def unattended(function: Callable[..., int]) -> Callable[..., int]:
    """Give a command these options, and hand it a `Watch` as `watch`. Stands between the other options and `pass_obj`."""

    @functools.wraps(function)
    def watched(
        *args: Any,
        log_json: bool,
        heartbeat: Path | None,
        metrics: Path | None,
        submitted_by: str | None,
        no_notify: bool,
        **others: Any,
    ) -> int:
        ctx = click.get_current_context()
        world = ctx.find_object(World)
        assert world is not None  # noqa: S101 — every command is called with one
        if log_json and others.get("log") is None:
            raise UsageError("--log-json: say with --log-file FILE where the log goes.")
        world.log.is_json = log_json
        mappings = others.get("mappings") or ()
        wishes = Wishes(
            heartbeat=_placed(heartbeat, world),
            metrics=_placed(_no_port(metrics), world),
            submitted_by=_submitter(submitted_by),
            is_told=not no_notify,
            is_real=not (others.get("rehearse") or others.get("dry_run")),
            may_speak=others.get("json_events") != ON_STDERR,
            account=others.get("account") or world.environ.get("ETL_ACCOUNT"),
            mappings=tuple(mappings),
            routes=_routes(others),
        )
        watch = Watch(world, f"etl {ctx.info_name}", wishes)
        watch.begin()
        try:
            code = function(*args, watch=watch, **others)
        except BaseException as error:
            watch.end(*_end_by(error))
            raise
        watch.end(code)
        return code

    for option in reversed(_OPTIONS):
        watched = option(watched)
    return watched


def _no_port(metrics: Path | None) -> Path | None:
    """Raises: UsageError — what `etl worker --metrics` takes was typed; it would become a file of that name."""
    if metrics is not None and _PORT.fullmatch(str(metrics)):
        raise UsageError(
            f"--metrics {metrics}: this command is over before anybody could scrape it, so it writes a file, like visits.prom; "
            "a port is for etl worker."
        )
    return metrics


def _placed(path: Path | None, world: World) -> Path | None:
    return None if path is None else world.cwd / path


def _routes(others: Mapping[str, Any]) -> Path | None:
    """The routes of `etl inbox`, None for another command."""
    folder: Path | None = others.get("folder")
    return None if folder is None else others.get("routes") or folder / "routes.yaml"


def _submitter(typed: str | None) -> str | None:
    """Whose files these are, where the command says so.

    Raises: UsageError — that is no address.
    """
    if typed is not None:
        from etl.settings.notifier_values import is_email  # noqa: PLC0415 — only for who asks

        if not is_email(typed):
            raise UsageError(f"--submitted-by {typed}: this is no e-mail address. Write one, like priya@example.com.")
    return typed


def _end_by(error: BaseException) -> tuple[int, str]:
    """The exit code that the door gives for what ended a command, and its words for others."""
    if isinstance(error, EtlError):
        return int(code_of_error(error)), "\n".join([error.message, *_untold(error)])
    if isinstance(error, click.ClickException):
        return int(ExitCode.USAGE), error.format_message()
    if isinstance(error, KeyboardInterrupt | click.Abort):
        return int(ExitCode.INTERRUPTED), "Interrupted."
    if isinstance(error, OSError) and is_reader_gone(error):
        return (
            READER_GONE,
            "Whoever read what the command prints had gone before its end; etl runs shows what became of it.",
        )
    return int(ExitCode.DEFECT), f"A defect of etl ({type(error).__name__}). The details are in its log."


def _untold(error: EtlError) -> list[str]:
    """The first findings of an error that its message does not tell."""
    lines = [str(one) for one in error.findings if one.problem.error not in error.message]
    more = [f"and {len(lines) - _MOST_FINDINGS:,} more"] if len(lines) > _MOST_FINDINGS else []
    return [f"  {line}" for line in (*lines[:_MOST_FINDINGS], *more)]
