"""`etl check`: everything that `etl run` does before it sends."""

from __future__ import annotations

from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import click

from etl.cli import options
from etl.cli.json_out import forecast_as_data, input_as_data, json_option, print_object
from etl.cli.report import print_report
from etl.cli.signals import stop_on_signals
from etl.cli.streams import write_line
from etl.cli.talk import Talk
from etl.cli.wording import counted, planned_lines, printable, together_lines
from etl.errors import EtlError
from etl.events import Found, Planned, RunOptions, StopSignal
from etl.settings import load_settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from contextlib import AbstractContextManager

    from etl.cli.world import World
    from etl.events import Event, Summary
    from etl.findings import Finding
    from etl.reconciler.findings_file import FindingsFile
    from etl.settings import Settings


@click.command("check")
@options.files_argument
@options.mapping_option
@options.account_option
@click.option(
    "--live", is_flag=True, help="Ask LeadSquared, too, whether mapping and sheet fit the account, and look up leads."
)
@click.option(
    "--findings",
    metavar="FILE",
    type=options.PLACE,
    help="Write all findings to a .csv, .xlsx or .json file.",
)
@json_option
@options.quiet_option
@options.verbose_option
@options.log_option
@click.pass_obj
def check(  # noqa: PLR0913, PLR0917 — click hands over one parameter per option
    world: World,
    files: tuple[Path, ...],
    mappings: tuple[Path, ...],
    account: str | None,
    live: bool,
    findings: Path | None,
    is_json: bool,
    quiet: bool,
    verbose: bool,
    log: Path | None,
) -> int:
    """Read and map each row of FILE, and say what a run would do; nothing is sent.

    Shows what is wrong and how to mend it, writes the rows that need a person to a failed file, and tells how many
    rows would go out, in how many requests, and how long that takes. With --live LeadSquared is asked whether the
    activity type, its fields and options, lead fields and owners exist as the mapping and the sheet name them, and
    the leads of sheets that do not know their ids are looked up; a run does not look up again what was found.

    \b
    Examples:
      etl check visits.xlsx -m mappings/site_visits.yaml
      etl check june/*.csv -m mappings/site_visits.yaml -a prod --findings june.findings.xlsx
      etl check visits.xlsx -m mappings/site_visits.yaml -a prod --live
      etl check visits.xlsx -m mappings/site_visits.yaml --json
    """
    options.keep_log(world, log)
    files, mapping = options.check_pairs(files, mappings, world.cwd)
    named = options.named_accounts(mapping, world.cwd)
    settings = load_settings(world.environ, world.cwd, account, live, world.directories, named)
    with _findings_file(findings, (*files, *mappings), world) as file:
        told = _Told(Talk(world, is_quiet=quiet, is_verbose=verbose, is_forecast=True), file)
        try:
            summary = _checked(world, settings, files, mapping, live, told)
        except EtlError as error:
            if error.findings or (file is not None and file.count):
                _write_findings(world, file, error.findings)
            raise
        print_report(world, summary, is_quiet=quiet, to_stderr=is_json)
        _write_findings(world, file, is_quiet=quiet, to_stderr=is_json)
    if told.forecast and not quiet:
        _print_forecast(world, told.forecast, to_stderr=is_json)
    if is_json:
        print_object(_as_object(summary, told.forecast))
    return summary.exit_code


@dataclass(frozen=True, slots=True)
class _Told:
    """What a check tells: talk on the way, findings for their file, and the forecast, which is its result and kept."""

    talk: Talk
    file: FindingsFile | None
    forecast: list[Planned] = field(default_factory=list)

    def __call__(self, event: Event) -> None:
        match event:
            case Planned():
                self.forecast.append(event)
            case Found() if self.file is not None:
                self.file.add(event.findings)
            case _:
                self.talk(event)


def _checked(
    world: World, settings: Settings, files: Sequence[Path], mapping: Path | Sequence[Path], live: bool, told: _Told
) -> Summary:
    stop = StopSignal()
    # without --live nothing waits for anybody: Ctrl-C just ends it
    signals = stop_on_signals(stop, has_terminal=world.has_terminal) if live else nullcontext()
    with closing(told.talk), signals:
        return world.pipeline().check(settings, files, mapping, options=RunOptions(live=live), events=told, stop=stop)


def _findings_file(
    target: Path | None, inputs: Iterable[Path], world: World
) -> AbstractContextManager[FindingsFile | None]:
    """The file that `--findings` names. Raises UsageError, before anything is read, where it cannot be one."""
    if target is None:
        return nullcontext()
    from etl.reconciler.findings_file import FindingsFile  # noqa: PLC0415 — loads what writes workbooks

    return FindingsFile(world.cwd / target, [world.cwd / one for one in inputs])


def _write_findings(
    world: World,
    file: FindingsFile | None,
    more: Sequence[Finding] = (),
    *,
    is_quiet: bool = False,
    to_stderr: bool = False,
) -> None:
    """Write the file that was asked for, and say where it is. more: those that ended the check."""
    if file is None:
        return
    file.add(more)
    line = f"  Findings:   {_beside(file.write(), world.cwd)} ({counted(file.count, 'finding')})"
    world.log.say(line)
    if not is_quiet:
        write_line(printable(line), to_stderr=to_stderr)


def _beside(path: Path, cwd: Path) -> Path:
    """The path as it would be typed here."""
    return path.relative_to(cwd) if path.is_relative_to(cwd) else path


def _as_object(summary: Summary, forecast: Sequence[Planned]) -> dict[str, object]:
    return {
        "exit_code": int(summary.exit_code),
        "inputs": [input_as_data(one) for one in summary.inputs],
        "forecast": [forecast_as_data(one) for one in forecast],
    }


def _print_forecast(world: World, forecast: list[Planned], *, to_stderr: bool) -> None:
    write_line("\nWhat a run would do:", to_stderr=to_stderr)
    lines = [line for planned in forecast for line in planned_lines(planned, is_forecast=True)]
    for line in (*lines, *together_lines(forecast)):
        world.log.say(line)
        write_line(printable(line), to_stderr=to_stderr)
