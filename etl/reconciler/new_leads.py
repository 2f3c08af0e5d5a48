"""The leads that are missing, as a sheet for LeadSquared's own lead import: one line a lead, not a row.

LeadSquared, "How to import leads": CSV only; header cells may not hold comma, semicolon, pipe, tilde, back quote or caret.
Written without a byte order mark: the wizard reads it first, and would take the mark for a part of the first header.
"""

from __future__ import annotations

import csv
import re
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

MOST_LINES = 25_000
"""Rows that LeadSquared's lead import takes unless the account asks for more (help: How to import leads)."""

_NOT_IN_HEADERS = re.compile(r"[,;|~`^]+")


class NewLeads:
    """Missing leads, put together from the rows that know something of them.

    Rows that share a value by which leads are found are of one lead: each fills what those before it left open.
    """

    def __init__(self) -> None:
        self._numbers = count()
        self._leads: dict[int, dict[str, str]] = {}
        self._of_mark: dict[bytes, int] = {}
        self._marks: dict[int, list[bytes]] = {}

    def add(self, marks: Sequence[bytes], attributes: Mapping[str, str]) -> None:
        """One row. marks: of the values by which its lead is looked up. attributes: lead field → text."""
        known = list(dict.fromkeys(self._of_mark[mark] for mark in marks if mark in self._of_mark))
        number = known[0] if known else next(self._numbers)
        lead = self._leads.setdefault(number, {})
        mine = self._marks.setdefault(number, [])
        for other in known[1:]:  # this row shows that they are one
            lead.update({name: text for name, text in self._leads.pop(other).items() if not lead.get(name)})
            mine += self._marks.pop(other)
        lead.update({name: text for name, text in attributes.items() if text and not lead.get(name)})
        mine += [mark for mark in marks if mark not in self._of_mark]
        self._of_mark |= dict.fromkeys((*mine, *marks), number)

    def __len__(self) -> int:
        return len(self._leads)

    def lines(self) -> Iterable[Mapping[str, str]]:
        """The leads, in the order in which they came."""
        return self._leads.values()


def header_cell(name: str) -> str:
    """A header as LeadSquared's lead import takes it."""
    return " ".join(_NOT_IN_HEADERS.sub(" ", name).split())


def write_new_leads(path: Path, fields: Sequence[str], leads: Iterable[Mapping[str, str]]) -> None:
    """Write them. fields: the lead fields that may be filled, in order; those that no lead fills are left out."""
    filled = [lead for lead in leads if lead]
    shown = [name for name in dict.fromkeys(fields) if any(lead.get(name) for lead in filled)]
    with path.open("w", encoding="utf-8", errors="backslashreplace", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow([header_cell(name) for name in shown])
        writer.writerows([lead.get(name, "") for name in shown] for lead in filled)
