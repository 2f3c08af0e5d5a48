"""`etl init`: a mapping proposed for a sheet, with what each line was taken from."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from etl.cli import options
from etl.cli.init_questions import answer, one_of, refuse_open
from etl.cli.json_out import json_option, print_object
from etl.cli.local_zone import local_zone
from etl.cli.pilot import can_ask
from etl.cli.streams import write_line
from etl.cli.wording import counted, printable
from etl.errors import UsageError
from etl.exits import ExitCode
from etl.quoting import as_typed
from etl.settings import load_settings

if TYPE_CHECKING:
    from etl.cli.world import World
    from etl.mapping.suggest.proposal import Proposal
    from etl.mapping.suggest.sample import AccountView, Wishes

_PATH = options.PLACE


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was typed. is_asking: whether somebody can be asked; takes_proposals: whether only what has none is asked."""

    file: Path
    target: Path
    account: str | None
    event: str | None
    sheet: str | None
    is_asking: bool
    takes_proposals: bool


@click.command("init")
@click.argument("file", metavar="FILE", type=_PATH)
@options.account_option
@click.option("--event", metavar="NAME", help="Activity type that the rows become: its name or number in the account.")
@click.option(
    "-o", "--output", metavar="MAPPING", type=_PATH, help="Where to write it (default: beside FILE, as .yaml)."
)
@click.option("--sheet", metavar="NAME", help='Sheet that holds the rows, where several do; "all" for each of them.')
@click.option("--day-first/--month-first", default=None, help="How dates are typed that can be read both ways.")
@click.option("--time-zone", metavar="ZONE", help="Clock that the sheet's times were read from, like Asia/Kolkata.")
@click.option("--region", metavar="COUNTRY", help="Country of phone numbers without +, like IN.")
@click.option(
    "--find-lead", metavar="COLUMN=FIELD", help="Column that tells the lead, and the unique lead field it holds."
)
@click.option("--yes", is_flag=True, help="Take what is proposed; ask only what cannot be proposed.")
@click.option("--force", is_flag=True, help="Overwrite a mapping that is there.")
@json_option
@options.quiet_option
@options.verbose_beside_option
@click.pass_obj
def init(  # noqa: PLR0913, PLR0917 — click hands over one parameter per option
    world: World,
    file: Path,
    account: str | None,
    event: str | None,
    output: Path | None,
    sheet: str | None,
    day_first: bool | None,
    time_zone: str | None,
    region: str | None,
    find_lead: str | None,
    yes: bool,
    force: bool,
    is_json: bool,
    quiet: bool,
) -> int:
    """Propose a mapping for FILE: a commented YAML file to read, correct and run.

    Finds the sheet, the row of the headers and the end of the table, reads the cells of every column and says behind each
    line what it was taken from. With an account and --event, targets are proposed from the account's own field names; what
    is not sure stands as a comment. Nothing is sent, and whether the day or the month comes first is never guessed.

    \b
    Examples:
      etl init visits.xlsx
      etl init visits.xlsx -a prod --event "Site Visit"
      etl init export.csv --event 320 --day-first --time-zone Asia/Kolkata --yes
    """
    (file,) = options.check_files((file,), file, world.cwd)
    target = output or file.with_suffix(".yaml")
    asked = _Asked(file, target, account, event, sheet, can_ask(world), yes)
    _check_target(world.cwd / target, force=force)
    wishes = _wishes(world, asked, day_first, time_zone, region, find_lead)
    proposal, text = _proposed(world, asked, wishes)
    _write(world.cwd / target, text)
    if not quiet:
        for line in _told(asked, proposal):
            write_line(printable(line), to_stderr=is_json)
    if is_json:
        print_object(_as_object(asked, proposal))
    return ExitCode.DONE


def _check_target(target: Path, *, force: bool) -> None:
    """Before anything is read or asked. Raises UsageError: a mapping is there, or no place for one."""
    if target.is_dir():
        raise UsageError(f"-o: {target} is a folder. Name the file, like {target / 'visits.yaml'}.")
    if target.exists() and not force:
        raise UsageError(
            f"{target}: there is a mapping already, and it may hold a person's corrections. Choose another name with -o, or "
            "write it anew with --force."
        )
    if not target.parent.is_dir():
        raise UsageError(f"-o: there is no folder {target.parent}.")


def _wishes(
    world: World,
    asked: _Asked,
    day_first: bool | None,
    time_zone: str | None,
    region: str | None,
    find_lead: str | None,
) -> Wishes:
    from zoneinfo import available_timezones  # noqa: PLC0415 — reads all names of zones

    from etl.mapping.headers import nearest  # noqa: PLC0415 — the same
    from etl.mapping.suggest.sample import Wishes  # noqa: PLC0415 — slow to load: not for --help
    from etl.quoting import near, shown  # noqa: PLC0415 — only for what was typed wrongly

    if time_zone is not None and time_zone not in available_timezones():
        close = nearest(time_zone, sorted(available_timezones()))
        raise UsageError(f"--time-zone: {shown(time_zone)} is no time zone, like Asia/Kolkata.{near(close)}")
    if find_lead is not None and "=" not in find_lead:
        raise UsageError(f"--find-lead: {shown(find_lead)} is not COLUMN=FIELD, like Code=mx_Customer_Code.")
    header, _, lead_field = (find_lead or "").partition("=")
    is_number = asked.event is not None and asked.event.isascii() and asked.event.isdecimal()
    return Wishes(
        event=int(asked.event) if is_number and asked.event else None,
        day_first=day_first,
        time_zone=time_zone,
        machine_zone=local_zone(world.environ),
        region=region.upper() if region else None,
        find_lead=(header.strip(), lead_field.strip()) if find_lead else None,
    )


def _proposed(world: World, asked: _Asked, wishes: Wishes) -> tuple[Proposal, str]:
    """The proposal with all its answers, and its text."""
    from dataclasses import replace  # noqa: PLC0415 — beside what it is for

    from etl.mapping.suggest.propose import propose  # noqa: PLC0415 — slow to load: not for --help
    from etl.stages import suggest  # noqa: PLC0415 — the same

    place, shown_as = world.cwd / asked.file, asked.file
    tables = suggest.tables_of(place, shown_as)
    sheet = asked.sheet
    if sheet is None and tables.is_choice and asked.is_asking:
        sheet = one_of(f"{shown_as}: several sheets hold a table.", [*tables.names, suggest.ALL_SHEETS])
    sample = suggest.sample_of(place, shown_as, tables, sheet)
    view = _account(world, asked)
    proposal = propose(sample, view, wishes)
    while questions := [
        one for one in proposal.questions if _is_to_be_asked(one.proposal, asked, is_needed=one.is_needed)
    ]:
        wishes = replace(wishes, answers={**wishes.answers, questions[0].key: answer(questions[0])})
        proposal = propose(sample, view, wishes)
    refuse_open(proposal.open_questions)
    return proposal, suggest.mapping_text(proposal, asked.target.name, place, shown_as)


def _is_to_be_asked(proposal: str | None, asked: _Asked, *, is_needed: bool) -> bool:
    return asked.is_asking and (not asked.takes_proposals or (is_needed and proposal is None))


def _account(world: World, asked: _Asked) -> AccountView | None:
    """What the account says, where one is named; a number alone needs no account."""
    from etl.mapping.suggest.sample import AccountView  # noqa: PLC0415 — slow to load: not for --help
    from etl.stages import suggest  # noqa: PLC0415 — the same

    is_name = asked.event is not None and not asked.event.isdecimal()
    if asked.account is None and not is_name:
        return None
    settings = load_settings(world.environ, world.cwd, asked.account, True, world.directories)
    view = suggest.view_of_account(settings, asked.event, world.clock)
    if isinstance(view, AccountView):
        return view
    names = [f"{one.code} {one.names[0] if one.names else ''}".strip() for one in view]
    if not names:
        raise UsageError(
            "The account does not tell its activity types to this user: name one by its number, --event 320."
        )
    if not asked.is_asking:
        raise UsageError(f"Say which activity type the rows become, with --event. The account has: {', '.join(names)}.")
    chosen = one_of("Which activity type do the rows become?", names)
    found = suggest.view_of_account(settings, chosen.partition(" ")[0], world.clock)
    assert isinstance(found, AccountView)  # noqa: S101 — one was named
    return found


def _write(target: Path, text: str) -> None:
    """The mapping, and beside it the schema by which editors complete and check it."""
    from etl.mapping.schema import schema_text  # noqa: PLC0415 — slow to load: not for --help
    from etl.mapping.suggest.written import SCHEMA_FILE  # noqa: PLC0415 — the same

    schema = target.parent / SCHEMA_FILE
    try:
        target.write_text(text, encoding="utf-8", newline="\n")
        if not schema.exists() or (_is_ours(schema) and schema.read_text(encoding="utf-8") != schema_text()):
            schema.write_text(schema_text(), encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"{target}: it cannot be written: {error.strerror}. Choose another place with -o.") from error


def _is_ours(schema: Path) -> bool:
    """Whether a schema of that name is one of mappings, perhaps of an earlier version."""
    try:
        return "ActivitySettings" in json.loads(schema.read_text(encoding="utf-8")).get("$defs", {})
    except (ValueError, AttributeError):
        return False


def _as_object(asked: _Asked, proposal: Proposal) -> dict[str, object]:
    return {
        "mapping": asked.target,
        "file": asked.file,
        "sheet": proposal.sample.sheet,
        "data_rows": proposal.sample.data_rows,
        "columns": len(proposal.columns),
        "columns_filled_in": len(proposal.active),
        "to_check": _doubts(proposal),
    }


def _told(asked: _Asked, proposal: Proposal) -> list[str]:
    active, waiting = len(proposal.active), len(proposal.columns) - len(proposal.active)
    sample = proposal.sample
    where = f", sheet {sample.sheet}" if sample.sheet else ""
    left = f"; {counted(waiting, 'stands', 'stand')} there as comments, for you to fill in" if waiting else ""
    lines = [
        f"{asked.target}: a mapping for {asked.file}{where} ({counted(sample.data_rows, 'row')}).",
        f"  {counted(active, 'column')} of {len(proposal.columns)} {'is' if active == 1 else 'are'} filled in{left}.",
    ]
    lines += [f"  Check it: {one}" for one in _doubts(proposal)]
    file, mapping = str(asked.file), str(asked.target)
    account = ("-a", asked.account) if asked.account else ()
    lines += [
        f"  Next: {as_typed(('explain', mapping, file))}",
        f"        {as_typed(('check', file, '-m', mapping, *account))}",
        f"        {as_typed(('run', file, '-m', mapping, '--rehearse'))}",
    ]
    return lines


def _doubts(proposal: Proposal) -> list[str]:
    """What was taken without anybody saying so, and what a run will ask for."""
    from etl.mapping.suggest.propose import NO_EVENT  # noqa: PLC0415 — loaded by now

    doubts = []
    if proposal.time_zone and any(one.key == "time_zone" for one in proposal.questions):
        doubts.append(f"time_zone {proposal.time_zone.value}: {proposal.time_zone.why.partition(':')[0]}")
    if proposal.event and proposal.event.value == NO_EVENT:
        doubts.append("activity: the number of your activity type is still to be filled in before a real run")
    for key, line in (("hidden", proposal.hidden), ("merged", proposal.merged)):
        if line is not None and line.value is None:
            doubts.append(f"{key}: {line.why}")
    doubts += [f"{field} is mandatory in the account, and nothing fills it" for field in proposal.missing]
    return doubts
