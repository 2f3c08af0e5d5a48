"""Why rows of a run are not in LeadSquared, put together for a page: by code, and by LeadSquared's words without values."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from etl.findings import Problem
from etl.reconciler.report.facts import Cause, Example
from etl.reconciler.report.masking import DOT, masked
from etl.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from etl.ledger.causes import NotedCause
    from etl.records import ResultLine

NOT_THERE = (
    Outcome.INVALID,
    Outcome.REFUSED,
    Outcome.CHANGED,
    Outcome.UNCONFIRMED,
    Outcome.WAITING,
    Outcome.IGNORED,
    Outcome.UNDONE,
)
"""The outcomes of which a page says why."""

EXAMPLES = 3
_VALUE = re.compile(rf"\w*{DOT}[{DOT}\w.@/+\- ]*")

_TITLES = {
    Outcome.CHANGED: "in LeadSquared with other values",
    Outcome.WAITING: "not sent yet",
    Outcome.IGNORED: "left out by the mapping's own words",
    Outcome.UNDONE: "taken back by etl undo",
}


@dataclass
class Group:
    """Rows of one cause. words: LeadSquared's own, as the first of them has them; None for causes of ours."""

    outcome: Outcome
    code: str
    words: str | None
    rows: int = 0
    noted: NotedCause | None = None
    first_rows: list[int] = field(default_factory=list)


@cache
def _meanings() -> Mapping[str, str]:
    """The codes of the catalogue with the first sentence of what each means."""
    found: dict[str, str] = {}
    kinds = [Problem]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        if "code" in vars(kind):
            found[kind.code] = (inspect.getdoc(kind) or kind.code).partition("\n\n")[0].replace("\n", " ")
    return found


def meaning_of(code: str) -> str:
    """What a code of the catalogue means, in one sentence; "" for one of LeadSquared's."""
    return _meanings().get(code, "")


def grouped(noted: Iterable[NotedCause]) -> list[Group]:
    """Causes with what belongs together put together, the most frequent first. A row with two codes counts under both."""
    groups: dict[tuple[Outcome, str, str], Group] = {}
    for one in sorted(noted, key=lambda cause: cause.first_row):
        for code in (one.code or "").split(", "):
            shape = _VALUE.sub("…", masked(one.words, ())) if one.words else ""
            group = groups.setdefault((one.outcome, code, shape), Group(one.outcome, code, one.words, noted=one))
            group.rows += one.rows
            if len(group.first_rows) < EXAMPLES:
                group.first_rows.append(one.first_row)
    return sorted(groups.values(), key=lambda group: -group.rows)


def told(
    groups: Sequence[Group],
    lines: Mapping[int, ResultLine],
    keep: Collection[str] | None,
) -> tuple[Cause, ...]:
    """The groups as causes with their examples.

    Args:    lines: the example rows by number, with their cells where these are known. keep: words that masking leaves
             alone; None where values are to be shown.
    """
    return tuple(_cause(group, lines, keep) for group in groups)


def _cause(group: Group, lines: Mapping[int, ResultLine], keep: Collection[str] | None) -> Cause:
    rows = [number for number in group.first_rows if number in lines]
    texts = {number: _text(lines[number]) for number in rows}
    if keep is not None:
        texts = {number: masked(text, keep, _values(lines[number])) for number, text in texts.items()}
    examples = tuple(Example(number, text) for number, text in texts.items() if text)
    return Cause(group.outcome, group.code, _title(group, lines, keep), group.rows, examples)


def _title(group: Group, lines: Mapping[int, ResultLine], keep: Collection[str] | None) -> str:
    if group.words:
        first = lines.get(group.first_rows[0])
        if keep is None:
            return group.words
        if first is None:
            return "LeadSquared's reason is not shown: what of it stood in a cell cannot be told any more"
        return masked(group.words, keep, _values(first))
    return _meanings().get(group.code, _TITLES.get(group.outcome, "")).rstrip(".") or "no reason was noted"


def _text(line: ResultLine) -> str:
    """What is wrong and what to do. The hint of a finding of ours has its error in it; that of LeadSquared's words has not."""
    error, hint = line.error or "", line.hint or ""
    is_ours = bool(hint and line.code) and all(meaning_of(code) for code in str(line.code).split(", "))
    return hint if is_ours or (error and error in hint) else f"{error} {hint}".strip()


def _values(line: ResultLine) -> list[str]:
    return [str(cell) for cell in line.cells if cell is not None]
