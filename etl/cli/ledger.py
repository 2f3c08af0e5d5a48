"""`etl ledger`: the record of everything that was sent: where it is, how large, and what it may forget."""

from __future__ import annotations

import sys
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from etl.cli import options
from etl.cli.groups import SuggestingGroup
from etl.cli.json_out import json_option, print_object
from etl.cli.talk import Talk
from etl.cli.wording import counted, printable
from etl.errors import UsageError
from etl.exits import ExitCode
from etl.settings import load_settings, load_settings_without_account
from etl.settings.ledger_place import ledger_place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from etl.care import LedgerFacts, Pruned
    from etl.cli.world import World
    from etl.ledger.prune import Prunable

_UNITS = ("B", "kB", "MB", "GB", "TB")


@click.group("ledger", cls=SuggestingGroup, invoke_without_command=True)
@json_option
@options.quiet_beside_option
@options.verbose_beside_option
@click.pass_context
def ledger(ctx: click.Context, is_json: bool) -> int:
    """Show the ledger, the record of everything that was sent, and look after it.

    \b
    Examples:
      etl ledger
      etl ledger prune --before 2026-01-01 --dry-run
      etl ledger rebuild --event 320 --since 2026-05-01 -a prod
      etl ledger move ledger.db postgresql+psycopg://etl@db.example.com/etl
    """
    if ctx.invoked_subcommand is None:
        code: int = ctx.invoke(show, is_json=is_json)
        return code
    if is_json:
        raise UsageError(f"--json goes behind the command: etl ledger {ctx.invoked_subcommand} --json")
    return ExitCode.DONE


@ledger.command("show")
@json_option
@options.quiet_beside_option
@options.verbose_beside_option
@click.pass_obj
def show(world: World, is_json: bool) -> int:
    """Show where the ledger is, its version, what it holds, and whether its disk is a local one.

    \b
    Examples:
      etl ledger show
      etl ledger show --json
      ETL_LEDGER=/srv/imports/ledger.db etl ledger show
    """
    settings = load_settings_without_account(world.environ, world.cwd, world.directories)
    facts, origin = world.care().facts(settings), settings.origins.get("ledger", "default")
    if is_json:
        print_object(_facts_as_data(facts, origin))
        return ExitCode.DONE
    for line in _facts(facts, origin):
        click.echo(printable(line))
    return ExitCode.DONE


def _facts_as_data(facts: LedgerFacts, origin: str) -> dict[str, object]:
    size, mount = facts.size, facts.mount
    return {
        "ledger": facts.shown,
        "origin": origin,
        "version": facts.version,
        "runs": size.runs if size else 0,
        "rows": size.rows if size else 0,
        "requests": size.requests if size else 0,
        "ledger_bytes": facts.ledger_bytes,
        "kept_file_bytes": facts.file_bytes,
        "file_system": mount.kind if mount else None,
        "is_on_network": mount.is_network if mount else None,
        "moved_to": facts.moved_to,
    }


def _facts(facts: LedgerFacts, origin: str) -> Iterator[str]:
    yield f"Ledger:   {facts.shown} ({origin})"
    if facts.size is None:
        yield "          not there yet: the first import makes it"
    else:
        yield f"Version:  {facts.version}"
        holds = f"{counted(facts.size.runs, 'run')}, {counted(facts.size.rows, 'row')}, {counted(facts.size.requests, 'request')}"
        yield f"Holds:    {holds}"
        yield f"Size:     {_bytes(facts.ledger_bytes)}, and {_bytes(facts.file_bytes)} of kept inputs and mappings"
    if facts.moved_to is not None:
        yield f"Moved to: {facts.moved_to}"
    if facts.mount is not None:
        kind = "a network file system" if facts.mount.is_network else "local"
        yield f"Disk:     {kind} ({facts.mount.kind}, mounted at {facts.mount.point})"


@ledger.command("prune")
@click.option(
    "--before",
    metavar="DATE",
    required=True,
    type=click.DateTime(["%Y-%m-%d"]),
    help="Forget of runs that ended before this day (UTC), as 2026-01-31.",
)
@click.option("--dry-run", is_flag=True, help="Change nothing; say what would be forgotten.")
@click.option("--yes", is_flag=True, help="Do not ask; needed where there is no terminal.")
@json_option
@options.quiet_beside_option
@options.verbose_beside_option
@click.pass_obj
def prune(world: World, before: datetime, dry_run: bool, yes: bool, is_json: bool) -> int:
    """Forget the contents of old runs, and keep what tells their rows again.

    What goes: the exact request bodies, the reasons of rows that were not imported, and the kept copies of inputs and
    mappings. What stays: row keys, fingerprints and activity ids, so no row is ever sent twice. The results of these
    runs cannot be written again afterwards. Runs that may go on, or hold unconfirmed rows, are left as they are.

    \b
    Examples:
      etl ledger prune --before 2026-01-01 --dry-run
      etl ledger prune --before 2026-01-01 --yes
      etl ledger prune --before 2026-01-01 --dry-run --json
    """
    settings = load_settings_without_account(world.environ, world.cwd, world.directories)
    moment = before.replace(tzinfo=UTC)
    planned = world.care().prunable(settings, moment)
    if planned.is_nothing:
        _say(f"Nothing to forget of the time before {before:%Y-%m-%d}.", is_json=is_json)
    else:
        _say(f"{'Would forget' if dry_run else 'To forget'}: {_amount(planned)}.", is_json=is_json)
    for line in _staying(planned):
        _say(line, is_json=is_json)
    if planned.is_nothing or dry_run:
        return _pruned(planned, None, is_json=is_json)
    if not yes and not _is_agreed():
        _say("Nothing was forgotten.", is_json=is_json)
        return _pruned(planned, None, is_json=is_json)
    done = world.care().prune(settings, moment)
    _say(
        f"Forgotten: {_amount(done.forgotten)}. {_bytes(done.given_back_bytes)} of the ledger's room went back to the disk.",
        is_json=is_json,
    )
    if done.problem is not None:
        click.echo(
            printable(f"Its free room could not be given back, and is used for new runs: {done.problem}"), err=True
        )
    return _pruned(done.forgotten, done, is_json=is_json)


def _say(text: str, *, is_json: bool) -> None:
    click.echo(printable(text), err=is_json)


def _pruned(what: Prunable, done: Pruned | None, *, is_json: bool) -> ExitCode:
    """The end of a pruning for programs. done: None where nothing was forgotten, only looked at."""
    if is_json:
        print_object(
            {
                "is_done": done is not None,
                "runs": list(what.runs),
                "ledger_bytes": what.ledger_bytes,
                "kept_files": what.files,
                "kept_file_bytes": what.file_bytes,
                "runs_that_stay": what.kept_runs,
                "given_back_bytes": done.given_back_bytes if done else 0,
                "problem": done.problem if done else None,
            }
        )
    return ExitCode.DONE


@ledger.command("rebuild")
@click.option("--event", metavar="CODE", required=True, type=click.IntRange(min=1), help="The activity type's number.")
@click.option(
    "--since",
    metavar="DATE",
    required=True,
    type=click.DateTime(["%Y-%m-%d"]),
    help="Read activities that were written since this day (UTC), as 2026-01-31.",
)
@options.account_option
@json_option
@options.quiet_option
@options.verbose_option
@click.pass_obj
def rebuild(
    world: World, event: int, since: datetime, account: str | None, is_json: bool, quiet: bool, verbose: bool
) -> int:
    """Build row memory from LeadSquared, where the ledger was lost or another one has imported.

    Reads every activity of the type since DATE and keeps the row keys that they show: rows that carry these keys are
    `already_imported` from then on. It takes a mapping with a `row_key_field`: activities without a row key cannot be
    told apart, and are not remembered.

    \b
    Examples:
      etl ledger rebuild --event 320 --since 2026-05-01
      etl ledger rebuild --event 320 --since 2026-05-01 -a prod
    """
    settings = load_settings(world.environ, world.cwd, account, directories=world.directories)
    with closing(Talk(world, is_quiet=quiet, is_verbose=verbose)) as talk:
        found = world.proof().rebuild(settings, event, since.replace(tzinfo=UTC), events=talk)
    activities, keys = counted(found.activities, "activity", "activities"), counted(found.keys, "row key")
    _say(f"{activities} of type {event} read; {keys} not known before.", is_json=is_json)
    if is_json:
        print_object({"event": event, "activities": found.activities, "new_row_keys": found.keys})
    return ExitCode.DONE


@ledger.command("move")
@click.argument("source", metavar="FROM")
@click.argument("target", metavar="TO")
@json_option
@options.quiet_option
@options.verbose_option
@click.pass_obj
def move(world: World, source: str, target: str, is_json: bool, quiet: bool, verbose: bool) -> int:  # noqa: ARG001 — every command takes -v
    """Move a ledger into another database, with all that it knows and keeps.

    FROM and TO are paths of files or PostgreSQL databases, as ETL_LEDGER names them; nothing may have been imported into TO.
    All of it arrives, compared row by row, or nothing is changed. FROM stays to be read, and sends nothing any more.

    \b
    Examples:
      etl ledger move ledger.db postgresql+psycopg://etl@db.example.com/etl
      etl ledger move postgresql+psycopg://etl@db.example.com/etl /srv/imports/ledger.db
      PGPASSWORD=… etl ledger move ledger.db postgresql+psycopg://etl@db.example.com/etl --json
    """
    from etl.moving import move as moved_to  # noqa: PLC0415 — loads what ledgers stand on

    here = world.cwd, world.directories.state
    old, new = (ledger_place(name, here[0], shown, here[1]) for name, shown in ((source, "FROM"), (target, "TO")))
    done = moved_to(old, new, world.clock, refuse=lambda: _refuse_waiting_submissions(world, old))
    if is_json:
        print_object(
            {
                "from": done.source,
                "to": done.target,
                "tables": {one.name: one.rows for one in done.tables},
                "kept_files": done.copies,
                "lost_files": done.lost,
            }
        )
        return ExitCode.DONE
    if not quiet:
        runs, rows, requests = (done.rows(name) for name in ("runs", "rows", "requests"))
        _say(f"Moved:    {counted(runs, 'run')}, {counted(rows, 'row')}, {counted(requests, 'request')}", is_json=False)
        _say(f"          and {counted(done.copies, 'kept file')}", is_json=False)
        if done.lost:
            _say(
                f"          {counted(done.lost, 'kept file')} could not go along: pruned, or gone from their folder",
                is_json=False,
            )
        _say(f"To:       {done.target}", is_json=False)
        _say(
            "Next:     set ETL_LEDGER, or `ledger` in the settings file, to that; the old one sends nothing any more.",
            is_json=False,
        )
    return ExitCode.DONE


def _refuse_waiting_submissions(world: World, place: tuple[str, Path]) -> None:
    """Raises: UsageError — the ledger has a queue in which something waits: it would stay behind, and nobody would tell."""
    settings = replace(
        load_settings_without_account(world.environ, world.cwd, world.directories),
        ledger_url=place[0],
        ledger_files=place[1],
    )
    if not settings.ledger_url.startswith("postgresql"):
        return
    from etl.fleet.submissions import open_for_certain  # noqa: PLC0415 — only where there may be a fleet

    waiting = open_for_certain(settings, most=5)
    if waiting:
        raise UsageError(
            f"Submissions wait in the queue of {settings.ledger_shown}, and a queue does not move: "
            f"{', '.join(one.shown for one in reversed(waiting))}. Nothing was moved. Let workers finish them (etl worker "
            "--until-empty), or take them out (etl stop), then move."
        )


def _is_agreed() -> bool:
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError("--yes is needed where nobody can be asked: what is forgotten does not come back.")
    return click.confirm("It does not come back. Forget it?", err=True)


def _amount(prunable: Prunable) -> str:
    runs, files = counted(len(prunable.runs), "run"), counted(prunable.files, "kept file")
    return f"{_bytes(prunable.ledger_bytes)} of {runs}, and {files} ({_bytes(prunable.file_bytes)})"


def _staying(prunable: Prunable) -> Iterator[str]:
    if prunable.kept_runs == 1:
        yield "1 older run stays as it is: it may go on, or holds unconfirmed rows."
    elif prunable.kept_runs:
        yield f"{prunable.kept_runs:,} older runs stay as they are: they may go on, or hold unconfirmed rows."
    if prunable.shares_files_with:
        names = ", ".join(prunable.shares_files_with)
        yield f"Kept files stay on the disk: the same folder holds those of {names}."


def _bytes(number: int) -> str:
    """`512 B`, `1.4 MB`: at most one decimal, units of a thousand."""
    amount = float(number)
    for unit in _UNITS[:-1]:
        if amount < 999.5:
            return f"{amount:.0f} {unit}" if amount >= 9.95 or unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return f"{amount:.1f} {_UNITS[-1]}"
