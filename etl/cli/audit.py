"""`etl audit`: every input of a span of days, with each row's id, as a workbook."""

from __future__ import annotations

from contextlib import closing
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from etl.cli import completing, options
from etl.cli.json_out import json_option, print_object
from etl.cli.signals import stop_on_signals
from etl.cli.talk import Talk
from etl.cli.wording import counted, outcome_counts, printable
from etl.errors import UsageError
from etl.events import StopSignal
from etl.records import Outcome
from etl.settings import load_settings, load_settings_without_account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etl.audit import Audited
    from etl.cli.world import World
    from etl.reconciler.audit_workbook import AuditLine

_EXIT_CODES = (
    (0, "written; with --verify LeadSquared holds every row that the ledger calls created"),
    (4, "written; with --verify rows differ, are missing or are there twice"),
    (7, "written; with --verify some rows could not be read back, or went to another account"),
)


@click.command("audit")
@click.option("--from", "first", metavar="DAY", required=True, help="First day, like 2026-06-01 (UTC).")
@click.option("--to", "last", metavar="DAY", required=True, help="Last day, itself included, like 2026-06-30 (UTC).")
@click.option("-o", "out", metavar="FILE", required=True, type=options.PLACE, help="Write the workbook here (.xlsx).")
@click.option(
    "-a",
    "--account",
    metavar="ACCOUNT",
    shell_complete=completing.accounts,
    help="Only inputs for the account of this name.",
)
@click.option("--verify", is_flag=True, help="Read the created rows back and count what LeadSquared holds.")
@json_option
@options.quiet_option
@options.verbose_option
@options.log_option
@click.pass_obj
def audit(  # noqa: PLR0913, PLR0917 — click hands over one parameter per option
    world: World,
    first: str,
    last: str,
    out: Path,
    account: str | None,
    verify: bool,
    is_json: bool,
    quiet: bool,
    verbose: bool,
    log: Path | None,
) -> int:
    """List every input of a span of time, with each row's id, as a workbook.

    One line per input: when it was received, by whom (user, machine, --on-behalf-of), its hash, its data rows and what
    became of them, the account, the mapping and its hash. One sheet with every row's id; no cell of an input is in it. Days
    are those of UTC on which a run began. With --verify the created rows are read back, and nothing is sent.

    \b
    Examples:
      etl audit --from 2026-06-01 --to 2026-06-30 -o june.xlsx
      etl audit --from 2026-06-01 --to 2026-06-30 -o june.xlsx -a prod --verify
      etl audit --from 2026-06-01 --to 2026-06-30 -o june.xlsx --json
    """
    from etl import audit as asked  # noqa: PLC0415 — slow to load: not for --help

    options.keep_log(world, log)
    span = asked.Span(_day("--from", first), _day("--to", last))
    if span.first > span.last:
        raise UsageError(f"--from {first} lies behind --to {last}. Name the earlier day first.")
    if out.suffix.lower() != ".xlsx":
        raise UsageError(f"-o {out}: an audit is a workbook. Give it a name that ends in .xlsx.")
    if verify:
        settings = load_settings(world.environ, world.cwd, account, directories=world.directories)
    else:
        settings = load_settings_without_account(world.environ, world.cwd, world.directories)
    stop = StopSignal()
    talk = Talk(world, is_quiet=quiet, is_verbose=verbose)
    with closing(talk), stop_on_signals(stop, has_terminal=world.has_terminal):
        wanted = asked.Wanted(span, world.cwd / out, account, verify)
        done = asked.audit(settings, wanted, events=talk, stop=stop, clock=world.clock)
    if is_json:
        print_object(_as_data(done))
    elif not quiet or done.exit_code:
        for line in _lines(done):
            click.echo(printable(line))
    return done.exit_code


def _day(option: str, typed: str) -> date:
    try:
        return date.fromisoformat(typed)
    except ValueError as error:
        raise UsageError(f"{option} {typed}: this is no day. Write it as year-month-day, like 2026-06-30.") from error


def _lines(done: Audited) -> Iterator[str]:
    counts = {outcome: sum(line.counts.get(outcome, 0) for line in done.lines) for outcome in Outcome}
    yield f"{counted(len(done.lines), 'input')}, {counted(done.data_rows, 'data row')}: {outcome_counts(counts) or 'none'}"
    if any(line.held is not None or line.not_verified for line in done.lines):
        held = sum((line.held or {}).get("held", 0) for line in done.lines)
        checked = sum(sum((line.held or {}).values()) for line in done.lines)
        yield f"LeadSquared holds {held:,} of {counted(checked, 'created row')} that were read back."
    yield f"Audit:      {done.path}"


def _as_data(done: Audited) -> dict[str, object]:
    return {
        "ledger": done.ledger,
        "audit": str(done.path),
        "exit_code": int(done.exit_code),
        "data_rows": done.data_rows,
        "inputs": [_line_as_data(line) for line in done.lines],
    }


def _line_as_data(line: AuditLine) -> dict[str, object]:
    from etl.cli.past import moment  # noqa: PLC0415 — one place for moments

    return {
        "run": line.run,
        "received_at": moment(line.received).isoformat(timespec="seconds"),
        "by": line.by,
        "machine": line.machine,
        "on_behalf_of": line.on_behalf_of,
        "input": line.input,
        "sheet": line.sheet,
        "input_sha256": line.sha256,
        "data_rows": line.data_rows,
        "rows": {outcome.value: count for outcome, count in line.counts.items()},
        "state": line.state,
        "account": line.account,
        "organisation": line.organisation,
        "mapping": line.mapping_path,
        "mapping_name": line.mapping,
        "mapping_sha256": line.mapping_sha256,
        "held": line.held,
        "not_verified": line.not_verified,
    }


audit.epilog = "\b\nExit codes:\n" + "\n".join(f"  {code:>3}  {meaning}" for code, meaning in _EXIT_CODES)
