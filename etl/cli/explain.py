"""`etl explain`: what a mapping does, in plain sentences, and the first rows as they would go out."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from etl.cli import completing, options
from etl.cli.json_out import json_option, print_object
from etl.cli.streams import write_line
from etl.cli.wording import counted, printable
from etl.exits import ExitCode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from etl.cli.world import World
    from etl.mapping.apply import AppliedRow
    from etl.mapping.in_words.story import Section, TargetStory
    from etl.mapping.model import Mapping
    from etl.stages.rows_out import RowsOut

_ROWS_SHOWN = 3
_WIDTH, _NAMES = 100, 18
_PATH = options.PLACE


@click.command("explain")
@click.argument("mapping", metavar="MAPPING", type=_PATH, shell_complete=completing.mappings)
@click.argument("file", metavar="[FILE]", required=False, type=_PATH)
@json_option
@options.quiet_beside_option
@options.verbose_beside_option
@click.pass_obj
def explain(world: World, mapping: Path, file: Path | None, is_json: bool) -> int:
    """Say in plain sentences what MAPPING does; with FILE also how its first rows would go out.

    Tells which operation is used, how the lead is found, what each column becomes, what happens to empty, too long and
    unknown values, what makes a row known again, and what is left out. Nothing is sent, and no account is asked.

    \b
    Examples:
      etl explain mappings/site_visits.yaml
      etl explain mappings/site_visits.yaml visits.xlsx
      etl explain mappings/site_visits.yaml visits.xlsx --json
    """
    options.check_files((file,) if file else (), mapping, world.cwd)
    from etl.mapping.in_words.story import sections_before, sections_behind, targets_told  # noqa: PLC0415 — slow to load
    from etl.stages.rows_out import mapping_as_of, rows_out  # noqa: PLC0415 — slow to load: not for --help

    loaded = mapping_as_of(world.cwd / mapping, world.clock.now())
    rows = rows_out(loaded, world.cwd / file, file, _ROWS_SHOWN) if file else None
    before, targets = sections_before(loaded), targets_told(loaded)
    behind = sections_behind(loaded, rows.unused if rows else ())
    if is_json:
        print_object(_as_object(loaded, mapping, (*before, *behind), targets, rows))
        return ExitCode.DONE
    for line in _lines(mapping, before, targets, behind, rows):
        write_line(printable(line))
    return ExitCode.DONE


def _lines(
    mapping: Path,
    before: tuple[Section, ...],
    targets: tuple[TargetStory, ...],
    behind: tuple[Section, ...],
    rows: RowsOut | None,
) -> Iterator[str]:
    from etl.mapping.in_words.cells import USUALLY  # noqa: PLC0415 — loaded by now

    yield f"{mapping}"
    for section in before:
        yield from _section(section)
    yield from ("", "What each column becomes", *_wrapped(USUALLY, "  ", "    "))
    for target in targets:
        yield f"  {target.source} → {target.target}"
        yield from _wrapped(" ".join(target.sentences), "      ")
    for section in behind:
        yield from _section(section)
    if rows is not None:
        yield from _rows(rows)


def _section(section: Section) -> Iterator[str]:
    yield from ("", section.title)
    for sentence in section.sentences:
        yield from _wrapped(sentence, "  ", "    ")


def _wrapped(text: str, indent: str, further: str | None = None) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent=indent, subsequent_indent=further or indent, break_long_words=False
    )


def _rows(rows: RowsOut) -> Iterator[str]:
    where = f"{rows.table.file}" + (f", sheet {rows.table.sheet}" if rows.table.sheet else "")
    yield from ("", f"The first rows of {where}")
    if rows.passed_over:
        yield f"  ({counted(rows.passed_over, 'row')} before and between them left out by the mapping)"
    for row in rows.rows:
        yield from _row(row)


def _row(row: AppliedRow) -> Iterator[str]:
    if row.findings:
        yield f"  Row {row.row_number} would not be sent:"
        for finding in row.findings:
            yield from _wrapped(finding.hint, "    ", "      ")
        return
    yield f"  Row {row.row_number} would go out as"
    told = [(f"lead's {one.lead_field}", one.value) for one in row.known_by]
    for name, value in [*told, *(row.values or {}).items()]:
        shown = " ".join(value.split())
        yield f"    {name:<{_NAMES}} {textwrap.shorten(shown, _WIDTH - _NAMES - 5, placeholder=' …') if shown else '(cleared)'}"


def _as_object(
    loaded: Mapping,
    mapping: Path,
    sections: tuple[Section, ...],
    targets: tuple[TargetStory, ...],
    rows: RowsOut | None,
) -> dict[str, Any]:
    """One object; its members keep their names."""
    activity = loaded.activity
    told: dict[str, Any] = {
        "mapping": str(mapping),
        "name": loaded.name,
        "operation": loaded.operation.value,
        "account": loaded.account,
        "activity": {"event": activity.event, "name": activity.name} if activity else None,
        "search_by": loaded.search_by,
        "unique_by": list(loaded.unique_by),
        "on_change": loaded.on_change.value,
        "row_key_field": loaded.row_key_field,
        "sections": [{"title": one.title, "sentences": list(one.sentences)} for one in sections],
        "targets": [
            {"source": one.source, "target": one.target, "type": one.type, "sentences": list(one.sentences)}
            for one in targets
        ],
    }
    if rows is not None:
        told["file"] = {"path": str(rows.table.file), "sheet": rows.table.sheet, "header_row": rows.table.header_row}
        told["file"] |= {"unused_columns": list(rows.unused), "rows_left_out": rows.passed_over}
        told["rows"] = [
            {
                "row": row.row_number,
                "is_sent": not row.findings,
                "values": dict(row.values or {}),
                "lead": {one.lead_field: one.value for one in row.known_by},
                "findings": [{"code": finding.code, "hint": finding.hint} for finding in row.findings],
            }
            for row in rows.rows
        ]
    return told
