"""Reading the activities of one lead, whose paging LeadSquared leaves open: is `Offset` a page or a row, from 0 or 1?

The pages themselves tell. Offsets 0, 1, 2 … are asked for; a page that mostly repeats an earlier one and still brings
something new shows that the server counts rows, and from then on the offset moves by the rows of the page.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from etl.api.asking import Row

Key: TypeAlias = tuple[str, str]
"""A row's casefolded id and its activity type: rows of different types may share an id."""

_ENOUGH = 2  # an offset 0 may mean nothing at all, or the same as 1; two in a row can be neither


def read_trail(ask: Callable[[int], Mapping[Key, Row]]) -> dict[Key, Row]:
    """Every row that `ask(offset)` shows, whatever the offset means. Takes two or three requests for a single page.

    Ends at an empty page behind a filled one, or when two pages in a row bring nothing new; never by the count that
    the answer tells, whose meaning is not known.
    """
    seen: dict[Key, Row] = {}
    offset, fruitless, counts_rows = 0, 0, False
    while fruitless < _ENOUGH:
        page = ask(offset)
        if seen and not page:
            break
        new = len(page.keys() - seen.keys())
        counts_rows = counts_rows or 0 < new <= len(page) - new
        fruitless = 0 if new else fruitless + 1
        seen |= page
        offset += len(page) if counts_rows else 1
    return seen
