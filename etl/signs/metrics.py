"""Numbers of the last command for Prometheus, as a file that node_exporter's textfile collector reads.

Names follow Prometheus' naming page: a prefix of ours, base units, no `_total`, for none of these only grows. Series of
other accounts and mappings that stand in the file stay: several jobs may share one. Pure but for `write`.
"""

from __future__ import annotations

import re
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etl.records import Outcome
from etl.signs.whole_file import put

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import TypeAlias

    Series: TypeAlias = dict[tuple[str, str], str]

_HELP = {
    "etl_last_run_rows": "Rows of the inputs of the last command by outcome, as they stand.",
    "etl_last_run_requests": "Requests with rows that the last command sent.",
    "etl_last_run_refusals": "Requests that LeadSquared refused for the rate in the last command; they went out again.",
    "etl_last_run_exit_code": "Exit code of the last command; 0 is success.",
    "etl_last_run_start_timestamp_seconds": "When the last command began, in seconds since 1970.",
    "etl_last_run_end_timestamp_seconds": "When the last command ended, in seconds since 1970.",
    "etl_last_success_timestamp_seconds": "When a command last ended with exit code 0, in seconds since 1970.",
}
_PATIENCE_SECONDS = 5
"""A lock that is held for longer is not waited for: numbers of another job may then be a little old."""
_LINE = re.compile(r"(?P<name>etl_[a-z_]+)\{(?P<labels>.*)\} (?P<value>[0-9.e+-]+)")
_OWN = re.compile(r'account="(?P<account>(?:[^"\\]|\\.)*)",mapping="(?P<mapping>(?:[^"\\]|\\.)*)"')


@dataclass(frozen=True, slots=True)
class Sample:
    """What one account and mapping came to in one command. began, ended: seconds since 1970.

    rows: None for the command as a whole, whose parts have samples of their own.
    """

    account: str
    mapping: str
    exit_code: int
    began: float
    ended: float
    rows: Mapping[Outcome, int] | None = field(default_factory=dict)
    requests: int = 0
    refusals: int = 0


def write(path: Path, samples: Iterable[Sample]) -> None:
    """Bring a textfile up to date, one process at a time.

    Raises: OSError — it cannot be read or written.
    """
    from filelock import FileLock, Timeout  # noqa: PLC0415 — only where somebody wants numbers

    lock = FileLock(path.with_name(f".{path.name}.lock"))
    with ExitStack() as stack:
        with suppress(Timeout):
            stack.enter_context(lock.acquire(timeout=_PATIENCE_SECONDS))
        before = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        put(path, textfile(before, samples))


def textfile(before: str, samples: Iterable[Sample]) -> str:
    """The new content. before: of the file so far, of which the last success and the series of others stay."""
    series = _series_of(before)
    for one in samples:
        own = f'account="{_escaped(one.account)}",mapping="{_escaped(one.mapping)}"'
        success = series.get(("etl_last_success_timestamp_seconds", own))
        series = {(name, labels): value for (name, labels), value in series.items() if not _is_of(labels, own)}
        if one.rows is not None:
            for outcome in Outcome:
                series["etl_last_run_rows", f'{own},outcome="{outcome.value}"'] = str(one.rows.get(outcome, 0))
            series["etl_last_run_requests", own] = str(one.requests)
            series["etl_last_run_refusals", own] = str(one.refusals)
        series["etl_last_run_exit_code", own] = str(int(one.exit_code))
        series["etl_last_run_start_timestamp_seconds", own] = f"{one.began:.3f}"
        series["etl_last_run_end_timestamp_seconds", own] = f"{one.ended:.3f}"
        if one.exit_code == 0 or success is not None:
            series["etl_last_success_timestamp_seconds", own] = (
                f"{one.ended:.3f}" if one.exit_code == 0 else str(success)
            )
    return _written(series)


def _series_of(text: str) -> Series:
    found = (_LINE.fullmatch(line) for line in text.splitlines())
    return {(one["name"], one["labels"]): one["value"] for one in found if one and one["name"] in _HELP}


def _is_of(labels: str, own: str) -> bool:
    found = _OWN.match(labels)
    return found is not None and found[0] == own


def _written(series: Series) -> str:
    """The text format: each metric with its help and type, its series together (Prometheus: exposition formats)."""
    lines = []
    for name, told in _HELP.items():
        own = [f"{name}{{{labels}}} {value}" for (of, labels), value in series.items() if of == name]
        if own:
            lines += [f"# HELP {name} {told}", f"# TYPE {name} gauge", *own]
    return "\n".join(lines) + "\n"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
