"""Whether day and month were swapped while a column was typed.

A spreadsheet set to another country takes 05/02/2026 for a true date in May, and leaves 13/02/2026 a text because there
is no 13th month. Then every true date has a day up to 12, and every text one above it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.findings import DatesMixed

if TYPE_CHECKING:
    from datetime import date

_LAST_MONTH = 12
_IN_DIGITS = re.compile(r"(0?[1-9]|[12][0-9]|3[01])[-/.](0?[1-9]|[12][0-9]|3[01])[-/.]([0-9]{4}|[0-9]{2})(?![0-9])")


@dataclass(slots=True)
class DaysSeen:
    """What one column has shown so far: an example of each, and whether something speaks against a swap."""

    true_date: date | None = None
    text: str | None = None
    in_order: bool = False

    def note_true(self, day: date) -> None:
        """A true date of the spreadsheet."""
        self.true_date = self.true_date or day
        self.in_order = self.in_order or day.day > _LAST_MONTH

    def note_text(self, day: date, text: str, *, may_swap: bool = True) -> None:
        """A text, and the day that its format makes of it. may_swap: in such a format a spreadsheet could swap them."""
        if may_swap:
            self.text = self.text or text
        self.in_order = self.in_order or day.day <= _LAST_MONTH

    def note_unread(self, text: str) -> None:
        """A text that no format of the column reads; it tells of a swap nevertheless, if it is a date in digits."""
        found = _IN_DIGITS.match(text)
        if found is not None:
            first, second = int(found[1]), int(found[2])
            self.text = self.text or text
            self.in_order = self.in_order or max(first, second) <= _LAST_MONTH

    def problem(self) -> DatesMixed | None:
        """The swap, if all that was seen tells of one."""
        if self.in_order or self.true_date is None or self.text is None:
            return None
        return DatesMixed(self.true_date.isoformat()[:10], self.text)
