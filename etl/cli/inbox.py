"""`etl inbox`: serve a folder that files are dropped into, alone and at night."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from etl.cli import options
from etl.cli.deadline_options import deadlines
from etl.cli.json_out import findings_as_data, json_option, print_object
from etl.cli.report import finding_lines
from etl.cli.signals import stop_on_signals
from etl.cli.streams import write_line
from etl.cli.talk import Talk
from etl.cli.unattended import unattended
from etl.cli.wording import counted, outcome_counts, printable
from etl.errors import UsageError
from etl.events import Note, PilotProposed, StopSignal
from etl.places import is_flat
from etl.quoting import as_typed
from etl.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from etl.cli.watch import Watch
    from etl.cli.world import World
    from etl.events import Event
    from etl.inbox.words import Filed
    from etl.settings import Settings

DEFAULT_JOBS, MOST_JOBS = 4, 16

_EXIT_CODES = (
    (0, "every file is where it belongs, and nobody is needed; also where there was none"),
    (2, "routes, mapping or settings are wrong, or no route takes a file; nothing was sent of that"),
    (3, "a file cannot be read; it is in attention"),
    (4, "rows need a person, or a file that is expected did not come"),
    (5, "LeadSquared refused an account or an activity type; the file stays in working"),
    (6, "stopped before the end; the next etl inbox continues"),
    (7, "rows are in doubt; the next etl inbox looks again"),
    (8, "another etl inbox serves this folder"),
)


@click.command("inbox")
@click.argument("folder", metavar="DIR", type=options.PLACE)
@click.option("--routes", metavar="FILE", type=options.PLACE, help="The routes, if not DIR/routes.yaml.")
@click.option(
    "--ok-below", metavar="SHARE", help="Exit code 0 where fewer rows of a file than this need a person, like 5%."
)
@click.option(
    "--jobs",
    metavar="N",
    type=click.IntRange(min=1, max=MOST_JOBS),
    default=DEFAULT_JOBS,
    show_default=True,
    help="Send so many files side by side, where they go through different mappings or into different accounts.",
)
@click.option(
    "--not-after",
    metavar="TIME",
    help="Send nothing after this time of this machine, like 06:00; what is left goes on the next time.",
)
@click.option("--max-runtime", metavar="LENGTH", help="Send nothing after so long, like 2h, 90m or 2h30m.")
@click.option("--on-behalf-of", metavar="WHO", help="For whom the imports are done; recorded, for etl audit.")
@json_option
@options.quiet_option
@options.verbose_option
@options.log_option
@unattended
@click.pass_obj
def inbox(  # noqa: PLR0913, PLR0917 — click hands over one parameter per option
    world: World,
    folder: Path,
    routes: Path | None,
    ok_below: str | None,
    jobs: int,
    not_after: str | None,
    max_runtime: str | None,
    on_behalf_of: str | None,
    is_json: bool,
    quiet: bool,
    verbose: bool,
    log: Path | None,
    watch: Watch,
) -> int:
    """Import what was dropped into DIR/inbox, and file it; for cron, so it asks nothing.

    Files that nobody writes to any more are taken from DIR/inbox to DIR/working, imported by their route, and moved with
    their results to DIR/done, or to DIR/attention where rows need a person. A corrected failed file, put into the inbox
    under any name, goes on with its run. What an earlier call left in working is continued first. A file that was imported
    before is filed as a repeat. A file that is expected and did not come is named, once.

    \b
    DIR/routes.yaml:
      version: 1
      time_zone: Asia/Kolkata
      routes:
        Nagpur:
          files: nagpur*.xlsx
          mapping: visits.yaml
          account: prod
          expected: daily by 20:00
        Pune:
          files: [pune*.csv, pne_*.csv]
          mapping: visits.yaml
          account: prod
          no_rows: ok

    \b
    Examples:
      etl inbox /srv/visits
      etl inbox /srv/visits --ok-below 5% --not-after 06:00 --quiet
      etl inbox /srv/visits --json > night.json
    """
    options.keep_log(world, log)
    place = world.cwd / folder
    if not is_flat(place) and not place.is_dir():
        raise UsageError(f"{folder}: there is no such folder. Make it, with a routes.yaml in it; see etl inbox --help.")
    until, said = deadlines(not_after, max_runtime, world.clock)
    from etl.inbox.judge import read_share  # noqa: PLC0415 — loads what imports; not for --help
    from etl.inbox.serve import InboxOptions, serve  # noqa: PLC0415 — as above

    chosen = InboxOptions(
        world.cwd / routes if routes else None,
        jobs,
        read_share(ok_below) if ok_below is not None else None,
        options.words_of("--on-behalf-of", on_behalf_of),
        ("inbox", str(place), *(("--routes", str(world.cwd / routes)) if routes else ())),
    )
    stop = StopSignal(until)
    talk = Talk(world, is_quiet=quiet, is_verbose=verbose)

    def told(one: Filed) -> None:
        with world.log.telling_of(one.runs[0] if one.runs else None, one.file):
            _say(one, world, is_quiet=quiet, to_stderr=is_json)
        watch.filed(one)

    with closing(talk), stop_on_signals(stop, has_terminal=world.has_terminal):
        for sentence in said:
            talk(Note(sentence))
        night = serve(
            place,
            _settings_of(world, watch),
            options=chosen,
            events=watch.listening(_telling(talk)),
            filed=told,
            stop=stop,
            clock=world.clock,
        )
    if not night.filed and not quiet:
        write_line(f"Nothing lies in {folder / 'inbox'}.", to_stderr=is_json)
    if is_json:
        print_object(
            {"exit_code": night.exit_code, "inbox": str(place), "files": [_as_data(one) for one in night.filed]}
        )
    if night.defects:
        raise night.defects[0]
    return night.exit_code


def _say(one: Filed, world: World, *, is_quiet: bool, to_stderr: bool) -> None:
    """Tell of a file as soon as it is where it belongs; quiet commands only of what needs somebody."""
    for line in _lines(one, world.cwd):
        world.log.say(click.unstyle(line))
        if not is_quiet or one.exit_code:
            write_line(line, to_stderr=to_stderr, has_colour=world.has_colour)


def _telling(talk: Talk) -> Callable[[Event], None]:
    """What happens, but no proposals: nobody is there to follow them."""

    def tell(event: Event) -> None:
        if not isinstance(event, PilotProposed):
            talk(event)

    return tell


def _settings_of(world: World, watch: Watch) -> Callable[[str | None, Path], Settings]:
    """The settings of an account's name and a mapping, each read once: a secret may come from a command."""
    known: dict[tuple[str | None, Path], Settings] = {}

    def settings_of(account: str | None, mapping: Path) -> Settings:
        if (account, mapping) not in known:
            named = options.named_accounts(mapping, world.cwd)
            known[account, mapping] = load_settings(
                world.environ, world.cwd, account, directories=world.directories, named=named
            )
            watch.settings = watch.settings or known[account, mapping]
        return known[account, mapping]

    return settings_of


def _lines(one: Filed, cwd: Path) -> Iterator[str]:
    """What is said of a file: what it is, how its rows stand, where it lies, what to do."""
    if not one.file:
        yield click.style(printable(f"{one.reason[0].upper()}{one.reason[1:]}."), fg="red")
        yield printable(f"  Next:       {one.next_step}")
        return
    about = [*([one.route] if one.route else []), *(f"run {run}" for run in one.runs)]
    yield click.style(printable(f"{one.file} ({', '.join(about)})" if about else one.file), bold=True)
    reason = one.reason if one.reason.startswith(one.file) else f"{one.reason[0].upper()}{one.reason[1:]}"
    yield printable(f"  {reason.rstrip('.')}.")
    if one.data_rows:
        yield f"  {counted(one.data_rows, 'data row')} = {outcome_counts(one.counts, ' + ')}"
    if one.exit_code:
        yield from finding_lines(one.findings, one.finding_counts or _counted(one))
    if one.place is not None:
        yield printable(f"  Lies in:    {_shown(one.place, cwd)}")
    if one.failed is not None:
        yield printable(f"  To correct: {_shown(one.failed, cwd)}")
    if one.next_step:
        yield printable(f"  Next:       {one.next_step}")
    if one.next_command:
        yield printable(f"  Command:    {as_typed(one.next_command)}")


def _counted(one: Filed) -> dict[str, int]:
    counts: dict[str, int] = {}
    for finding in one.findings:
        counts[finding.code] = counts.get(finding.code, 0) + 1
    return counts


def _shown(path: Path, cwd: Path) -> Path:
    return path.relative_to(cwd) if path.is_relative_to(cwd) else path


def _as_data(one: Filed) -> dict[str, Any]:
    """A file for programs."""
    return {
        "what": one.what.value,
        "file": one.file or None,
        "route": one.route,
        "account": one.account,
        "exit_code": one.exit_code,
        "reason": one.reason,
        "runs": list(one.runs),
        "data_rows": one.data_rows,
        "rows": {outcome.value: count for outcome, count in one.counts.items() if count},
        "finding_counts": dict(one.finding_counts),
        "findings": findings_as_data(one.findings),
        "place": _text(one.place),
        "results": _text(one.results),
        "failed": _text(one.failed),
        "day": one.day.isoformat() if one.day else None,
        "next_step": one.next_step or None,
        "next_command": as_typed(one.next_command) if one.next_command else None,
    }


def _text(path: Path | None) -> str | None:
    return None if path is None else str(path)


inbox.epilog = "\b\nExit codes:\n" + "\n".join(f"  {code:>3}  {meaning}" for code, meaning in _EXIT_CODES)
