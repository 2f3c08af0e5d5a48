"""`--json`: the result of a command as one object on stdout, for programs. What is said to people goes to stderr.

Every object has `schema_version`. Members may be added under the same version; none is renamed or given another meaning.
A command that fails writes an object too, with `exit_code` and `error`, so that a program always has one to read.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import click

from etl.cli.streams import write_line
from etl.errors import BusyError, EtlError, LedgerError, NetworkError, RefusedError, SourceError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from etl.events import InputSummary, Planned
    from etl.findings import Finding

SCHEMA_VERSION = 1
_FLAG = "--json"

_KINDS: tuple[tuple[type[BaseException], str], ...] = (
    (UsageError, "usage"),
    (SourceError, "source"),
    (RefusedError, "refused"),
    (NetworkError, "stopped"),
    (BusyError, "busy"),
    (LedgerError, "ledger"),
    (click.Abort, "interrupted"),
    (KeyboardInterrupt, "interrupted"),
    (click.ClickException, "usage"),
)

json_option = click.option(_FLAG, "is_json", is_flag=True, help="Print one JSON object, for programs; words on stderr.")


def wants_json(arguments: Sequence[str]) -> bool:
    """Whether `--json` was typed; what stands behind `--` is no option."""
    words = list(arguments)
    return _FLAG in (words[: words.index("--")] if "--" in words else words)


def print_object(members: Mapping[str, object]) -> None:
    """Print the one object of a command. A stdout that is no UTF-8 (a pipe on Windows) gets escapes, which are JSON too."""
    is_unicode = (sys.stdout.encoding or "").lower().replace("-", "").replace("_", "") in {"utf8", "utf8sig"}
    whole = {"schema_version": SCHEMA_VERSION, **members}
    write_line(json.dumps(whole, ensure_ascii=not is_unicode, indent=2, default=str))


def error_object(error: BaseException, exit_code: int, log: Path) -> dict[str, object]:
    """What ended a command. kind: what can be done now, one word as etl.errors has it; `defect` for a mistake of ours."""
    kind = next((word for kinds, word in _KINDS if isinstance(error, kinds)), "defect")
    told: dict[str, object] = {"kind": kind, "message": _message(error)}
    if isinstance(error, EtlError):
        told["findings"] = findings_as_data(error.findings)
    if kind == "defect":
        told["log"] = str(log)
    return {"exit_code": int(exit_code), "error": told}


def _message(error: BaseException) -> str:
    if isinstance(error, EtlError):
        return error.message
    if isinstance(error, click.ClickException):
        return error.format_message()
    return "Interrupted." if isinstance(error, (click.Abort, KeyboardInterrupt)) else type(error).__name__


def findings_as_data(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    """Findings with the members that a line of `--findings` has."""
    listed = list(findings)
    if not listed:
        return []
    from etl.reconciler.findings_file import line_of  # noqa: PLC0415 — loads what writes workbooks

    return [dict(line_of(one)) for one in listed]


def input_as_data(result: InputSummary) -> dict[str, Any]:
    """How one input ended. findings: the first thousand; finding_counts: all, by code."""
    return {
        "input": result.input,
        "run": result.run,
        "exit_code": int(result.exit_code),
        "data_rows": result.equation.data_rows,
        "rows": {outcome.value: count for outcome, count in result.equation.outcomes.items() if count},
        "finding_counts": dict(result.finding_counts),
        "findings": findings_as_data(result.findings),
        "results": _path(result.results),
        "failed": _path(result.failed),
        "stop_reason": result.stop_reason,
        "next_step": result.next_step or None,
    }


def forecast_as_data(planned: Planned) -> dict[str, Any]:
    """What a run would do with one input."""
    return {
        "input": planned.input,
        "data_rows": planned.data_rows,
        "rows_to_send": planned.rows_to_send,
        "requests": planned.requests,
        "seconds_at_limit": round(planned.seconds_at_limit, 3),
        "look_up_requests": planned.look_ups.requests if planned.look_ups else 0,
        "unused_columns": list(planned.unmapped),
    }


def _path(path: Path | None) -> str | None:
    return None if path is None else str(path)
