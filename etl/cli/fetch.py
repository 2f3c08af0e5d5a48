"""`etl fetch`: activities out of LeadSquared into a file that can be corrected and run."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import click

from etl.cli import options
from etl.cli.json_out import json_option, print_object
from etl.cli.signals import stop_on_signals
from etl.cli.streams import write_line
from etl.cli.talk import Talk
from etl.cli.wording import counted, printable
from etl.errors import UsageError
from etl.events import StopSignal
from etl.exits import ExitCode
from etl.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etl.cli.world import World
    from etl.fetch import Fetched, OfLeads, OfType

_MOMENTS = ("%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S")
_PROBLEMS_SHOWN = 20

_EXIT_CODES = (
    (ExitCode.DONE, "every activity that was asked for is in the file"),
    (ExitCode.NEEDS_A_PERSON, "the file is there; some leads were not found, are several, or were not shown whole"),
    (ExitCode.REFUSED, "LeadSquared does not let this user read that, or refuses the keys"),
    (ExitCode.STOPPED, "broken off: network or day's budget; run the same command again: it goes on"),
    (ExitCode.BUSY, "another process is fetching into the same file"),
)


@click.command("fetch")
@click.option("--lead", "leads", metavar="ID", multiple=True, help="A lead: its id, e-mail or phone. May be repeated.")
@click.option(
    "--leads", "file", metavar="FILE", type=options.PLACE, help="A sheet that names leads in one of its columns."
)
@click.option("--column", metavar="NAME", help="The column of --leads: ids, e-mails or phones, also mixed.")
@click.option("--sheet", metavar="NAME", help="The sheet of --leads, where the workbook has several.")
@click.option("--event", metavar="CODE", type=click.IntRange(min=1), help="Only this activity type, by its number.")
@click.option("--since", metavar="WHEN", help="With --event alone: created or changed since then, as 2026-01-31.")
@click.option("--until", metavar="WHEN", help="And until then; a day counts to its end. Default: now.")
@click.option(
    "-o", "output", metavar="FILE", required=True, type=options.LOCAL, help="The file to write, .csv or .xlsx."
)
@click.option("--time-zone", "zone_name", metavar="ZONE", help="Local times too, as Asia/Kolkata; WHEN is read in it.")
@click.option("--anew", is_flag=True, help="Forget what a fetch that was broken off has brought.")
@options.account_option
@json_option
@options.quiet_option
@options.verbose_option
@options.log_option
@click.pass_obj
def fetch(  # noqa: PLR0913, PLR0917 — click hands over one parameter per option
    world: World,
    leads: tuple[str, ...],
    file: Path | None,
    column: str | None,
    sheet: str | None,
    event: int | None,
    since: str | None,
    until: str | None,
    output: Path,
    zone_name: str | None,
    anew: bool,
    account: str | None,
    is_json: bool,
    quiet: bool,
    verbose: bool,
    log: Path | None,
) -> int:
    """Fetch activities into a file: those of leads, or those of a type written in a span of time.

    Nothing is changed in LeadSquared. Each activity is one line, each field a column, custom field sets too; times are
    UTC, and with --time-zone local as well. A file can be corrected and sent back with a mapping whose operation is
    `update`: lines that nobody changed stay where they are. A fetch that is broken off goes on with the same command.

    \b
    Examples:
      etl fetch --lead 5f3a1c1e-… --lead asha@example.com -o asha.xlsx
      etl fetch --leads customers.xlsx --column Mobile --event 320 -o visits.xlsx --time-zone Asia/Kolkata
      etl fetch --event 320 --since 2026-05-01 --until 2026-05-31 -o may.csv -a prod
      etl fetch --lead asha@example.com -o asha.csv --json
    """
    from etl.fetch import Output  # noqa: PLC0415 — slow to load: not for --help

    options.keep_log(world, log)
    zone = _zone(zone_name)
    question = _question(leads, (file, column, sheet), event, (_moment(since, zone), _end(until, zone)))
    settings = load_settings(world.environ, world.cwd, account, directories=world.directories)
    stop = StopSignal()
    talk = Talk(world, is_quiet=quiet, is_verbose=verbose)
    with closing(talk), stop_on_signals(stop, has_terminal=world.has_terminal):
        fetched = world.fetch().fetch(settings, question, Output(output, zone, anew), events=talk, stop=stop)
    if not quiet or fetched.exit_code:
        for line in _lines(fetched, world.same_command):
            world.log.say(line)
            write_line(printable(line), to_stderr=is_json, has_colour=world.has_colour)
    if is_json:
        print_object(_as_object(fetched))
    return fetched.exit_code


def _question(
    leads: tuple[str, ...],
    sheet: tuple[Path | None, str | None, str | None],
    event: int | None,
    span: tuple[datetime | None, datetime | None],
) -> OfLeads | OfType:
    """What is asked for.  Raises:  UsageError — options that do not go together; SourceError — the sheet is unreadable."""
    from etl.fetch import OfLeads, OfType, asked_in  # noqa: PLC0415 — slow to load: not for --help
    from etl.stages.fetch_asked import Asked  # noqa: PLC0415

    file, column, sheet_name = sheet
    since, until = span
    if (file is None) != (column is None):
        raise UsageError("--leads and --column go together: the sheet, and which of its columns names the leads.")
    if leads or file is not None:
        if since or until:
            raise UsageError("--since and --until are for a type of activities (--event): leave them out beside leads.")
        asked = [Asked(lead.strip()) for lead in leads if lead.strip()]
        if file is not None and column is not None:
            asked += asked_in(file, column, sheet_name)
        return OfLeads(tuple(asked), event)
    if event is None:
        raise UsageError(
            "Which activities? Name leads (--lead, --leads FILE --column NAME) or a type (--event, --since)."
        )
    if since is None:
        raise UsageError("--event alone needs --since: a type may have millions of activities.")
    if until is not None and until < since:
        raise UsageError("--until lies before --since.")
    return OfType(event, since, until)


def _zone(name: str | None) -> ZoneInfo | None:
    if name is None:
        return None
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # unknown; no name of a zone at all; a folder of zones
        close = get_close_matches(name, available_timezones(), n=1)
        hint = f"Did you mean {close[0]}?" if close else "Write one like Asia/Kolkata."
        raise UsageError(f"--time-zone {name}: there is no such time zone. {hint}") from None


def _moment(typed: str | None, zone: ZoneInfo | None) -> datetime | None:
    """A day or moment as it is typed, in the zone that was named, else in UTC."""
    if typed is None:
        return None
    for form in _MOMENTS:
        try:
            return datetime.strptime(typed.strip(), form).replace(tzinfo=zone or UTC)
        except ValueError:
            continue
    raise UsageError(f'"{typed}" is no day or moment. Write it as 2026-01-31 or "2026-01-31 18:30".')


def _end(typed: str | None, zone: ZoneInfo | None) -> datetime | None:
    """The end of a span; a day alone is meant to its last second."""
    moment = _moment(typed, zone)
    if moment is None or typed is None or ":" in typed:
        return moment
    return moment + timedelta(days=1) - timedelta(seconds=1)


def _as_object(fetched: Fetched) -> dict[str, object]:
    return {
        "exit_code": int(fetched.exit_code),
        "output": fetched.output,
        "activities": fetched.activities,
        "leads": fetched.leads,
        "not_fetched": [
            {
                "asked": one.asked.value,
                "row": one.asked.row,
                "problem": one.problem,
                "remedy": one.remedy,
                "leads": list(one.leads),
            }
            for one in fetched.problems
        ],
        "failed": fetched.failed,
        "stop_reason": fetched.stop_reason,
    }


def _lines(fetched: Fetched, same_command: str) -> Iterator[str]:
    activities = counted(fetched.activities, "activity", "activities")
    of_leads = f" of {counted(fetched.leads, 'lead')}" if fetched.leads else ""
    if fetched.output is None:
        yield f"Stopped: {fetched.stop_reason}. {activities}{of_leads} fetched so far; no file was written yet."
        yield f"Continue:   {same_command}"
        return
    yield f"{activities}{of_leads}"
    yield f"Fetched:    {fetched.output}"
    if fetched.failed is None:
        return
    yield f"{counted(len(fetched.problems), 'lead')} not fetched, or not whole:"
    for one in islice(fetched.problems, _PROBLEMS_SHOWN):
        row = "" if one.asked.row is None else f"row {one.asked.row}, "
        candidates = f" ({', '.join(one.leads)})" if one.leads else ""
        yield f"  {row}{one.asked.value}: {one.problem}{candidates} {one.remedy}"
    if len(fetched.problems) > _PROBLEMS_SHOWN:
        yield f"  and {len(fetched.problems) - _PROBLEMS_SHOWN:,} more"
    yield f"To correct: {fetched.failed}"
    yield f"Next:       correct it, then fetch these with --leads {fetched.failed.name} --column AskedFor."


fetch.epilog = "\b\nExit codes:\n" + "\n".join(f"  {code:>3}  {meaning}" for code, meaning in _EXIT_CODES)
