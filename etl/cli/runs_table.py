"""The list of runs on a terminal: as wide as it is, coloured by how each run ended, long cells folded and never cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.cli.past import cells, headers
from etl.cli.wording import printable
from etl.records import NEEDS_A_PERSON, Outcome
from etl.stages.past_runs import RunState

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.cli.world import World
    from etl.stages.past_runs import PastRun

_ROOM_FOR_RESULTS = 100
"""Columns of a terminal from which on the results' names have a place beside all else."""

_STATE_STYLES = {
    RunState.RUNNING: "cyan",
    RunState.FINISHED: "green",
    RunState.STOPPED: "yellow",
    RunState.BROKEN_OFF: "red",
    RunState.HANDED_OVER: "yellow",
    RunState.ELSEWHERE: "dim",
}


def print_table(runs: Sequence[PastRun], world: World) -> None:
    """Print the runs for a person; who pipes the list on gets the plain lines of `etl.cli.past.table`."""
    from rich import box  # noqa: PLC0415 — slow to load, and only a terminal needs it
    from rich.console import Console  # noqa: PLC0415 — see above
    from rich.table import Table  # noqa: PLC0415 — see above
    from rich.text import Text  # noqa: PLC0415 — see above

    console = Console(color_system="auto" if world.has_colour else None, highlight=False)
    lines = [dict(zip(headers(), cells(run, world.cwd), strict=True)) for run in runs]
    # Where there is little room, or nothing in a column, it is left out: etl runs RUN has it all.
    shown = [name for name in headers() if any(line[name] for line in lines) and _has_room(name, console.width)]
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in shown:
        is_whole = name in {"run", "state", "started (UTC)"}
        made.add_column(name, justify="right" if name == "run" else "left", overflow="fold", no_wrap=is_whole)
    for run, line in zip(runs, lines, strict=True):
        styles = {"state": _STATE_STYLES[run.state], "rows": _style(run)}
        made.add_row(*(Text(printable(line[name]), styles.get(name, "")) for name in shown))
    console.print(made)


def _has_room(name: str, width: int) -> bool:
    return width >= _ROOM_FOR_RESULTS or name != "results"


def _style(run: PastRun) -> str:
    """Of the rows: red where somebody has to correct some, yellow where some are open, else plain."""
    counts = run.listed.counts
    if any(counts.get(outcome) for outcome in NEEDS_A_PERSON):
        return "red"
    return "yellow" if counts.get(Outcome.WAITING) or counts.get(Outcome.UNCONFIRMED) else ""
