"""`etl simulator`: our stand-in for LeadSquared on this machine, until Ctrl-C."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from etl.errors import UsageError
from etl.exits import ExitCode
from etl.simulator import (
    Fault,
    FaultKind,
    Latency,
    RateLimit,
    SimulatorOptions,
    parse_fault,
    parse_latency,
    parse_limit,
    read_unknown_leads,
)
from etl.simulator.server import serve

Parsed = TypeVar("Parsed")


def read_by(parse: Callable[[str], Parsed]) -> Callable[[click.Context, click.Parameter, Any], Any]:
    """Read an option's text, or each of several, by one of the simulator's own parsers."""

    def read(ctx: click.Context, param: click.Parameter, value: Any) -> Parsed | tuple[Parsed, ...]:
        try:
            return tuple(parse(text) for text in value) if param.multiple else parse(value)
        except ValueError as error:
            raise click.BadParameter(f"{error}.", ctx, param) from error

    return read


@click.command("simulator")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="Port to listen on (default: any free one).")
@click.option(
    "--limit",
    callback=read_by(parse_limit),
    metavar="N/S",
    default="25/5",
    show_default=True,
    help="At most N requests in any S seconds.",
)
@click.option("--daily", type=click.IntRange(min=1), metavar="N", help="At most N requests a day.")
@click.option(
    "--latency",
    callback=read_by(parse_latency),
    metavar="RANGE",
    default="0ms",
    help="How long requests and answers travel, for example 20-400ms.",
)
@click.option("--seed", type=int, metavar="N", help="Repeat exactly what this seed did before.")
@click.option(
    "--fault",
    "faults",
    callback=read_by(parse_fault),
    metavar="NAME:SHARE[:SECONDS]",
    multiple=True,
    help="Go wrong in this way, for this part of the writes; slow and the late ones take seconds. "
    "May be given several times.",
)
@click.option("--store", type=click.Path(path_type=Path), metavar="FILE", help="Keep the activities in this file.")
@click.option(
    "--unknown-leads",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="Values of leads that do not exist, one a line; nobody@… never exists.",
)
def simulator(  # noqa: PLR0913, PLR0917 — click hands over one parameter per option
    port: int,
    limit: RateLimit,
    daily: int | None,
    latency: Latency,
    seed: int | None,
    faults: tuple[Fault, ...],
    store: Path | None,
    unknown_leads: Path | None,
) -> int:
    """Serve LeadSquared's activity operations on this machine, strictly, until Ctrl-C.

    The first line on stdout is the address. GET /_simulator/activities lists what is stored, /_simulator/stats counts.

    \b
    Examples:
      etl simulator --port 8080
      etl simulator --limit 10/5 --latency 20-400ms --fault drop-after:0.1
      etl simulator --fault store-late:0.05:60
    """
    options = SimulatorOptions(
        limit=limit,
        daily=daily,
        latency=latency,
        seed=seed,
        faults=faults,
        store=store,
        unknown_leads=_unknown_leads(unknown_leads),
    )
    try:
        serve(options, port, lambda url: _say_ready(url, options))
    except sqlite3.Error as error:
        raise UsageError(f"--store: {store} cannot be used: {error}. Name another file.") from error
    except OSError as error:
        raise UsageError(f"--port {port}: {error.strerror}. Choose another port, or leave it out.") from error
    return ExitCode.DONE


def _unknown_leads(path: Path | None) -> frozenset[str]:
    if path is None:
        return frozenset()
    try:
        return read_unknown_leads(path)
    except OSError as error:
        raise UsageError(f"--unknown-leads: {path} cannot be read: {error.strerror}. Correct the path.") from error
    except UnicodeDecodeError as error:
        raise UsageError(f"--unknown-leads: {path} is not written in UTF-8. Save it as UTF-8.") from error


def _say_ready(url: str, options: SimulatorOptions) -> None:
    """The address for programs on stdout; for people, how to use it."""
    click.echo(url)
    click.echo(
        f"To import into it:\n  export LSQ_HOST={url} LSQ_ACCESS_KEY={options.access_key} "
        f"LSQ_SECRET_KEY={options.secret_key}\nCtrl-C ends it.",
        err=True,
    )


FAULT_NAMES = ", ".join(FaultKind)
simulator.epilog = f"Faults: {FAULT_NAMES}."
