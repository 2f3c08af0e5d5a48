"""`etl submit`: hand files to the workers of a fleet, which import them as `etl run` would."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from etl.cli import completing, options
from etl.cli.fleet_accounts import account_named, refuse_unknown
from etl.cli.fleet_window import window
from etl.cli.json_out import findings_as_data, json_option, print_object
from etl.cli.report import finding_lines
from etl.cli.streams import write_line
from etl.cli.talk import Talk
from etl.cli.wording import counted, printable
from etl.errors import UsageError
from etl.exits import ExitCode
from etl.settings import load_settings_without_account

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.cli.world import World
    from etl.fleet.submitting import Submitted
    from etl.settings import Settings


@click.command("submit")
@click.argument("files", metavar="[FILE]...", nargs=-1, type=options.PLACE)
@click.option(
    "-m",
    "--mapping",
    "mappings",
    metavar="MAPPING",
    multiple=True,
    type=options.PLACE,
    shell_complete=completing.mappings,
    help="YAML file: which column becomes what. Once for all files, or once for each FILE, in their order.",
)
@click.option(
    "-a",
    "--account",
    metavar="ACCOUNT",
    shell_complete=completing.accounts,
    help="Account that the files go into, by the name that the workers' settings have for it.",
)
@click.option(
    "--results",
    metavar="FOLDER",
    type=options.PLACE,
    help="Put results here too: a URL, or a folder that the workers have under this path.",
)
@click.option("--not-before", metavar="TIME", help="Send nothing before this time of each day, like 20:00.")
@click.option("--not-after", metavar="TIME", help="Send nothing after this time of each day, like 06:00.")
@click.option("--time-zone", metavar="ZONE", help="Zone of those times, like Asia/Kolkata (default: of this machine).")
@click.option("--no-preflight", is_flag=True, help="Do not ask first whether mapping and sheet fit the account.")
@click.option(
    "--duplicate",
    metavar="N",
    type=click.IntRange(min=1),
    help="Send rows once more that are in LeadSquared already; N is their exact number.",
)
@click.option(
    "--rows-ok", metavar="N", type=click.IntRange(min=1), help="Up to N rows are meant, where so many are unusual."
)
@click.option("--all-or-nothing", is_flag=True, help="Send only if every row is valid; for payments, say.")
@click.option("--on-behalf-of", metavar="WHO", help="For whom this import is done; recorded, for etl audit.")
@click.option("--submitted-by", metavar="EMAIL", help="Who submitted the files: told by e-mail how they ended.")
@click.option(
    "--again", metavar="SUBMISSION", help="Put a submission that was stopped, like s17, into the queue again."
)
@json_option
@options.quiet_option
@options.verbose_option
@options.log_option
@click.pass_obj
def submit(world: World, /, files: tuple[Path, ...], mappings: tuple[Path, ...], **wanted: Any) -> int:
    """Hand each FILE to the workers of a fleet, which import it as etl run would.

    Every file is read and mapped to its last row first; what could not be imported is refused here. The bytes of file and
    mapping are kept in the ledger, which has to be a PostgreSQL that all machines reach, and workers import exactly those. Keys
    do not travel: each worker has its own settings. A file that waits already is not submitted twice. Results are kept in the
    ledger: etl results RUN writes them here.

    \b
    Examples:
      etl submit visits.xlsx -m mappings/site_visits.yaml -a prod
      etl submit june/*.csv -m mappings/site_visits.yaml -a prod --not-before 20:00 --not-after 06:00
      etl submit s3://drop/visits.xlsx -m mappings/site_visits.yaml -a prod --results s3://drop/results
      etl submit --again s17
      etl submit visits.xlsx -m mappings/site_visits.yaml -a prod --json
    """
    options.keep_log(world, wanted["log"])
    settings = load_settings_without_account(world.environ, world.cwd, world.directories)
    if wanted["again"] is not None:
        if files or mappings:
            raise UsageError("--again takes one submission, and no files. Leave one of them out.")
        return _again(settings, wanted["again"], is_json=wanted["is_json"])
    if not files:
        raise UsageError(
            "Which file? Write it behind `etl submit`, with its mapping: etl submit visits.xlsx -m visits.yaml"
        )
    if not mappings:
        raise UsageError("Missing option '-m' / '--mapping': say with -m MAPPING which column becomes what.")
    named, mapping = options.check_pairs(files, mappings, world.cwd)
    return _submit(world, settings, named, mapping, wanted)


def _submit(
    world: World, settings: Settings, files: Sequence[Path], mapping: Path | Sequence[Path], wanted: dict[str, Any]
) -> int:
    from etl.fleet.place import refuse_if_moved, refuse_without_engine  # noqa: PLC0415 — loads slowly: not for --help

    refuse_without_engine(settings)
    refuse_if_moved(settings)
    from etl.fleet.submitting import Wishes  # noqa: PLC0415 — as above
    from etl.fleet.submitting import submit as hand_over  # noqa: PLC0415 — as above

    wishes = Wishes(
        results=_results(wanted["results"], world.cwd),
        window=window(wanted["not_before"], wanted["not_after"], wanted["time_zone"], world),
        duplicate=wanted["duplicate"],
        rows_ok=wanted["rows_ok"],
        preflight=not wanted["no_preflight"],
        all_or_nothing=wanted["all_or_nothing"],
        on_behalf_of=options.words_of("--on-behalf-of", wanted["on_behalf_of"]),
        submitter=_submitter(wanted["submitted_by"]),
    )
    is_quiet, is_json = wanted["quiet"], wanted["is_json"]
    talk = Talk(world, is_quiet=is_quiet, is_verbose=wanted["verbose"], is_forecast=True)
    account_of = account_named(wanted["account"], world, settings)
    refuse_unknown(wanted["account"], world, settings)
    with closing(talk):
        submitted = hand_over(settings, files, mapping, account_of, wishes, talk, world.clock)
    if is_json:
        print_object({"exit_code": 0, "submissions": [_as_data(one) for one in submitted]})
    elif not is_quiet:
        _say(submitted, world)
    if not is_quiet:
        _say_who_waits(submitted, settings)
    return ExitCode.DONE


def _submitter(typed: str | None) -> str | None:
    if typed is not None:
        from etl.settings.notifier_values import is_email  # noqa: PLC0415 — only for who asks

        if not is_email(typed):
            raise UsageError(f"--submitted-by {typed}: this is no e-mail address. Write one, like priya@example.com.")
    return typed


def _results(place: Path | None, cwd: Path) -> str | None:
    """The folder as workers are told it: whole."""
    if place is None:
        return None
    if place.suffix.lower() in {".xlsx", ".csv"}:
        raise UsageError(f"--results {place}: this names a file, and workers write several. Name a folder.")
    return str(cwd / place)


def _say(submitted: Sequence[Submitted], world: World) -> None:
    from etl.fleet.order import shown_number  # noqa: PLC0415 — as above

    for one in submitted:
        order = one.checked.order
        name = f"{one.checked.file.name}: {shown_number(one.number)} for {order.account}"
        rows = counted(one.checked.data_rows, "data row")
        bad = f", {one.checked.invalid:,} of them invalid" if one.checked.invalid else ""
        state = "submitted" if one.is_new else "was submitted before and is not over yet"
        for line in (f"{name}, {rows}{bad}; {state}.", *_findings(one)):
            world.log.say(line)
            write_line(printable(line))
    write_line("etl runs --all shows how they stand, etl results RUN writes the results here.", to_stderr=True)


def _findings(one: Submitted) -> Sequence[str]:
    return list(finding_lines(one.checked.findings, one.checked.finding_counts))


def _say_who_waits(submitted: Sequence[Submitted], settings: Settings) -> None:
    """Say of which account nobody takes anything now."""
    from etl.fleet.pausing import pauses  # noqa: PLC0415 — as above
    from etl.fleet.submissions import accounts_known  # noqa: PLC0415 — as above

    _, served = accounts_known(settings)
    paused = {one.account: one for one in pauses(settings)}
    for account in dict.fromkeys(one.checked.order.account for one in submitted):
        if account in paused:
            write_line(
                printable(f"{account} is paused: {paused[account].why} ({paused[account].who})."), to_stderr=True
            )
        elif account not in served:
            line = f"No worker serves {account} at this moment: it waits until one is started (etl worker)."
            write_line(printable(line), to_stderr=True)


def _again(settings: Settings, typed: str, *, is_json: bool) -> int:
    from etl.fleet.order import number_of, shown_number  # noqa: PLC0415 — as above
    from etl.fleet.queueing import submit_again  # noqa: PLC0415 — as above

    number = number_of(typed)
    if number is None:
        raise UsageError(
            f"--again {typed}: this is no submission. They are called like s17; etl runs --all lists them."
        )
    new = submit_again(settings, number)
    if is_json:
        print_object({"submission": shown_number(new), "again": shown_number(number)})
    else:
        click.echo(f"{shown_number(number)} is in the queue again, as {shown_number(new)}.")
    return ExitCode.DONE


def _as_data(one: Submitted) -> dict[str, object]:
    from etl.fleet.order import shown_number  # noqa: PLC0415 — as above

    order = one.checked.order
    return {
        "submission": shown_number(one.number),
        "is_new": one.is_new,
        "input": str(one.checked.file),
        "account": order.account,
        "mapping": order.mapping_name,
        "data_rows": one.checked.data_rows,
        "invalid": one.checked.invalid,
        "findings": findings_as_data(one.checked.findings),
        "finding_counts": dict(one.checked.finding_counts),
        "input_sha256": order.input.hash,
        "mapping_sha256": order.mapping.hash,
    }
