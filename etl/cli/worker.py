"""`etl worker`: take what was submitted from the queue and import it, until told to stop."""

from __future__ import annotations

import os
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from etl.cli import options
from etl.cli.deadline_options import seconds_of
from etl.cli.json_out import json_option, print_object
from etl.cli.signals import stop_on_signals
from etl.errors import UsageError
from etl.events import StopSignal
from etl.exits import ExitCode
from etl.settings import known_accounts, load_settings_without_account

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from etl.cli.attendant import CliAttendant
    from etl.cli.world import World
    from etl.fleet.inboxes import Inboxes
    from etl.fleet.working import Working

DEFAULT_PLACES, MOST_PLACES = 4, 32
LEAST_BEAT, MOST_BEAT = 0.5, 300.0
LAST_WORDS_SECONDS = 0.5
"""So long a worker that has to end at once takes for what it says. `handing_over` has a second left for it."""


@click.command("worker")
@click.option("--accounts", metavar="A,B", help="Serve these accounts only (default: all that are set up here).")
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(min=1, max=MOST_PLACES),
    default=DEFAULT_PLACES,
    show_default=True,
    help="Carry out so many submissions side by side.",
)
@click.option("--inbox", "inboxes", metavar="DIR", multiple=True, type=options.PLACE, help="Serve this inbox, too.")
@click.option("--every", metavar="LENGTH", default="10m", show_default=True, help="How often inboxes are served.")
@click.option("--metrics", metavar="[HOST]:PORT", help="Serve /metrics for Prometheus and /healthz there, like :9000.")
@click.option(
    "--turn",
    metavar="LENGTH",
    default="5m",
    show_default=True,
    help="Give a place back after so long where others wait for it.",
)
@click.option(
    "--beat",
    metavar="SECONDS",
    type=click.FloatRange(LEAST_BEAT, MOST_BEAT),
    default=10.0,
    show_default=True,
    help="Tell the others so often that this worker is there; after three times of silence they take over.",
)
@click.option("--until-empty", is_flag=True, help="End as soon as nothing waits that could go; for cron.")
@click.option(
    "--no-notify", is_flag=True, help="Tell nobody how imports ended, whatever [notify] in the settings says."
)
@click.option("--log-json", is_flag=True, help="Write the log file as JSON, one object a line, with run and account.")
@json_option
@options.quiet_option
@options.verbose_option
@options.log_option
@click.pass_obj
def worker(  # noqa: PLR0913, PLR0917 — click hands over one parameter per option
    world: World,
    accounts: str | None,
    jobs: int,
    inboxes: tuple[Path, ...],
    every: str,
    metrics: str | None,
    turn: str,
    beat: float,
    until_empty: bool,
    no_notify: bool,
    log_json: bool,
    is_json: bool,
    quiet: bool,
    verbose: bool,
    log: Path | None,
) -> int:
    """Import what was submitted for the accounts of this machine's settings, until Ctrl-C or SIGTERM.

    The ledger has to be a PostgreSQL (ETL_LEDGER=postgresql+psycopg://...), the same for all workers and for whoever submits.
    Told to stop, a worker waits some seconds for the requests in flight and puts what it has back into the queue, where other
    workers find it; one that dies is noticed by its missing heartbeat, and what it had goes on elsewhere from the ledger, rows
    in doubt read back first. Accounts share the places: one with much to do never keeps another one waiting for longer than
    a turn.

    \b
    Examples:
      etl worker
      etl worker --accounts prod,pilot --jobs 8
      etl worker --inbox /srv/visits --every 15m --metrics :9000
      etl worker --until-empty --json
    """
    if log_json and log is None:
        raise UsageError("--log-json: say with --log-file FILE where the log goes.")
    options.keep_log(world, log)
    world.log.is_json = log_json
    settings = load_settings_without_account(world.environ, world.cwd, world.directories)
    from etl.fleet.place import refuse_if_moved, refuse_without_engine  # noqa: PLC0415 — loads slowly: not for --help

    refuse_without_engine(settings)
    from etl.cli.attendant import CliAttendant  # noqa: PLC0415 — as above
    from etl.fleet.tables import make_tables  # noqa: PLC0415 — as above
    from etl.fleet.working import WorkerOptions, Working  # noqa: PLC0415 — as above

    served = _accounts(accounts, world)
    attendant = CliAttendant(world, is_quiet=quiet, is_verbose=verbose, is_told=not no_notify)
    chosen = WorkerOptions(
        accounts=served,
        folder=world.directories.state,
        places=jobs,
        beat_seconds=beat,
        turn_seconds=seconds_of(turn, "--turn"),
        until_empty=until_empty,
    )
    refuse_if_moved(settings)
    make_tables(settings)
    served_inboxes = _inboxes(inboxes, every, attendant, world)
    working = Working(settings, chosen, attendant, world.clock, served_inboxes)

    def tell(words: str) -> None:
        attendant.say(words)
        _tell_ends(working, is_json=is_json)

    working.leave = lambda words: _leave(lambda: tell(words))
    words = _serve(working, attendant, metrics, world)
    if working.has_left:
        working.leave(words)
    tell(words)
    return ExitCode.DONE


def _tell_ends(working: Working, *, is_json: bool) -> None:
    if is_json:
        ended = {str(code): working.finished.count(code) for code in sorted(set(working.finished))}
        print_object({"exit_code": 0, "accounts": list(working.options.accounts), "ended": ended})


def _leave(tell: Callable[[], None]) -> NoReturn:
    """End behind the last words: threads wait for answers still, and what they had may be another worker's by now.

    A pipe that is full keeps who writes into it until somebody reads: after LAST_WORDS_SECONDS it ends without them.
    """
    limit = threading.Timer(LAST_WORDS_SECONDS, os._exit, (ExitCode.DONE,))
    limit.daemon = True
    limit.start()
    try:
        tell()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(ExitCode.DONE)


def _serve(working: Working, attendant: CliAttendant, metrics: str | None, world: World) -> str:
    """Work until told to stop; the one place for what goes along with a worker as a whole. Returns: its last words."""
    stop = StopSignal()
    with ExitStack() as beside:
        if metrics is not None:
            from etl.fleet.metrics import serving  # noqa: PLC0415 — only for who asks

            beside.enter_context(serving(metrics, working, attendant.hear_inboxes))
        beside.enter_context(stop_on_signals(stop, has_terminal=world.has_terminal))
        attendant.say(f"Worker for {', '.join(working.options.accounts)}: {working.options.places} places.")
        working.serve(stop)
    return (
        "The worker has ended; what it had is in the queue." if stop.reason else "Nothing waits: the worker has ended."
    )


def _accounts(typed: str | None, world: World) -> tuple[str, ...]:
    """The accounts to serve: those that are named, or all that can be used.

    Raises: UsageError — there is none, or one that is named cannot be used.
    """
    known = {one.name: one for one in known_accounts(world.environ, world.cwd, world.directories)}
    if typed is not None:
        wanted = tuple(dict.fromkeys(name.strip() for name in typed.split(",") if name.strip()))
        for name in wanted:
            if name not in known:
                listed = f"Known: {', '.join(known)}." if known else "None is set up here."
                raise UsageError(f"--accounts {name}: there is no account of that name in these settings. {listed}")
            problem = known[name].problem
            if problem is not None:
                raise UsageError(problem)
        if wanted:
            return wanted
        raise UsageError("--accounts: name the accounts, with commas between them, like --accounts prod,pilot.")
    usable = tuple(name for name, one in known.items() if one.account is not None)
    if not usable:
        why = " ".join(one.problem for one in known.values() if one.problem)
        raise UsageError(
            why
            or "No account is set up here, so there is nothing to serve. Describe one in the settings file, below a line "
            "[accounts.NAME]; workers have their own keys, they do not travel with what is submitted."
        )
    return usable


def _inboxes(folders: Sequence[Path], every: str, attendant: CliAttendant, world: World) -> Inboxes | None:
    if not folders:
        return None
    from etl.fleet.inboxes import Inboxes  # noqa: PLC0415 — loads slowly
    from etl.schedule.job import parse_every  # noqa: PLC0415 — as above

    places = [world.cwd / folder for folder in dict.fromkeys(folders)]
    for place in places:
        if not place.is_dir():
            raise UsageError(
                f"--inbox {place}: there is no such folder. Make it, with a routes.yaml in it; see etl inbox --help."
            )
    return Inboxes(places, parse_every(every).minutes, attendant.serve_inbox, attendant.accounts_of_inbox)
