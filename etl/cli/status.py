"""`etl status`: what became of a sheet over all its rounds, and what is still missing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from etl.cli import options
from etl.cli.json_out import json_option, print_object
from etl.cli.past import as_data
from etl.cli.wording import counted, day_in_words, outcome_counts, printable
from etl.errors import UsageError
from etl.quoting import as_typed
from etl.settings import load_settings_without_account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etl.cli.world import World
    from etl.ledger.rounds import Missing
    from etl.status import FileStatus, Round, SheetStatus

_EXIT_CODES = (
    (0, "every row of the sheet is in LeadSquared, or left out by the mapping's own words"),
    (4, "rows need a person (invalid, refused, changed)"),
    (6, "rows wait to be sent; or the file as it is now was not imported"),
    (7, "rows are in doubt"),
)


@click.command("status")
@click.argument("file", metavar="FILE", type=options.PLACE)
@json_option
@options.quiet_beside_option
@options.verbose_beside_option
@click.pass_obj
def status(world: World, file: Path, is_json: bool) -> int:
    """Say what became of a sheet over all its rounds, and what is still missing.

    FILE may be the sheet as it was imported, one of the results or failed files that came of it, or the place where it lay.
    Rows that were corrected in a failed file count with their sheet. Everything comes from the ledger; nothing is sent.

    \b
    Examples:
      etl status visits.xlsx
      etl status visits.failed.xlsx
      etl status visits.xlsx --json
    """
    from etl import status as asked  # noqa: PLC0415 — slow to load: not for --help

    place = world.cwd / file
    if place.is_dir():
        raise UsageError(f"{file}: this is a folder. Name a file in it; etl runs lists what was imported.")
    settings = load_settings_without_account(world.environ, world.cwd, world.directories)
    found = asked.status(settings, place, world.clock)
    if not place.exists() and not found.sheets:
        raise UsageError(
            f"{file}: there is no such file, and nothing was ever imported from there by the ledger {found.ledger}. "
            "Check the path; etl runs lists what was imported."
        )
    if is_json:
        print_object(_as_data(file, found))
        return found.exit_code
    for line in _lines(file, found):
        click.echo(printable(line))
    return found.exit_code


def _lines(file: Path, found: FileStatus) -> Iterator[str]:
    match found.known_by.value:
        case "nothing":
            yield f"{file}: never imported by the ledger {found.ledger}."
            yield f"  Next:     to see what a run would do: etl check {file} -m MAPPING"
        case "place" if found.input_hash is None:
            yield f"{file}: the file is not there any more. What was imported from this place:"
        case "place":
            yield f"{file}: as it is now it was not imported. What was imported from this place before:"
        case "lines":
            yield f"{file}: lines of an earlier run, and as they are now not imported. Their sheet:"
    for sheet in found.sheets:
        yield from _sheet_lines(sheet, is_as_now=found.known_by.value != "place" or found.input_hash is None)


def _sheet_lines(sheet: SheetStatus, *, is_as_now: bool) -> Iterator[str]:
    run = sheet.run.listed
    name = Path(run.input_path).name + (f", sheet {run.sheet}" if run.sheet else "")
    account = "/".join(run.accounts) or "an account without a name"
    yield f"{name}: {counted(sheet.data_rows, 'data row')}, through {run.mapping_name} into {account}"
    yield f"  {_equation(sheet)}"
    yield "  Rounds (UTC):"
    yield from (f"    {line}" for line in _round_lines(sheet.rounds))
    if sheet.missing:
        yield f"  Missing:  {counted(sheet.missing_rows, 'row')}"
        yield from (f"    {_missing(one)}" for one in sheet.missing)
    if not is_as_now:
        yield f"  Next:     to send what is new in the file: {as_typed(_again(sheet))}"
    elif sheet.next_command is not None:
        yield f"  Next:     to {sheet.next_command.purpose}: {as_typed(sheet.next_command.words)}"
    elif not sheet.missing:
        yield "  Next:     nothing; the sheet is done."


def _again(sheet: SheetStatus) -> tuple[str, ...]:
    from etl.status import first_command  # noqa: PLC0415 — see above

    return first_command(sheet)


def _equation(sheet: SheetStatus) -> str:
    """`1,200 = 1,188 on 3 June 2026 + 12 on 4 June 2026`."""
    parts = [f"{rows:,} on {day_in_words(day)}" for day, rows in sheet.by_day]
    if sheet.elsewhere:
        parts.append(f"{sheet.elsewhere:,} sent by another ledger")
    if sheet.ignored:
        parts.append(f"{sheet.ignored:,} left out by the mapping")
    if sheet.undone:
        parts.append(f"{sheet.undone:,} taken back (etl undo)")
    if sheet.missing:
        parts.append(f"{sheet.missing_rows:,} still missing")
    return f"{sheet.data_rows:,} = {' + '.join(parts) or '0'}"


def _round_lines(rounds: tuple[Round, ...]) -> Iterator[str]:
    cells = [
        (
            f"run {one.run.listed.run_id}",
            _minute(one.run.listed.started_at),
            Path(one.run.listed.input_path).name,
            f"{counted(one.went_in, 'row')} of it went in",
            f"now {outcome_counts(one.run.in_order) or 'without rows'}",
            f"by {one.by}" if one.by else "",
        )
        for one in rounds
    ]
    widths = [max(len(line[column]) for line in cells) for column in range(6)] if cells else []
    for line in cells:
        yield "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()


def _minute(seconds: float) -> str:
    from etl.cli.past import moment  # noqa: PLC0415 — one place for moments

    return f"{moment(seconds):%Y-%m-%d %H:%M}"


def _missing(one: Missing) -> str:
    rows = ", ".join(f"{number:,}" for number in one.first_rows) + (", …" if one.rows > len(one.first_rows) else "")
    which = "row" if one.rows == 1 else "rows"
    code = f" ({one.code})" if one.code and one.code != one.outcome.value else ""
    return f"{one.rows:,} {one.outcome.value.replace('_', ' ')}{code}: {which} {rows}"


def _as_data(file: Path, found: FileStatus) -> dict[str, Any]:
    return {
        "file": str(file),
        "ledger": found.ledger,
        "known_by": found.known_by.value,
        "input_sha256": found.input_hash,
        "exit_code": int(found.exit_code),
        "sheets": [_sheet_as_data(one) for one in found.sheets],
    }


def _sheet_as_data(sheet: SheetStatus) -> dict[str, Any]:
    return {
        "run": as_data(sheet.run),
        "data_rows": sheet.data_rows,
        "went_in": [{"day": day.isoformat(), "rows": rows} for day, rows in sheet.by_day],
        "sent_by_another_ledger": sheet.elsewhere,
        "ignored": sheet.ignored,
        "undone": sheet.undone,
        "missing": [
            {"outcome": one.outcome.value, "code": one.code, "rows": one.rows, "first_rows": list(one.first_rows)}
            for one in sheet.missing
        ],
        "rounds": [as_data(one.run) | {"went_in": one.went_in, "by": one.by} for one in sheet.rounds],
        "next": ["etl", *sheet.next_command.words] if sheet.next_command else None,
    }


status.epilog = "\b\nExit codes:\n" + "\n".join(f"  {code:>3}  {meaning}" for code, meaning in _EXIT_CODES)
