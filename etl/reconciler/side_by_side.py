"""The ledger's rows of a run beside the same rows of its input. Both come in the order of the sheet, in lots of any size."""

from __future__ import annotations

from bisect import bisect_right
from operator import itemgetter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from etl.ledger.row_lines import ShortLine
    from etl.reader import WrittenRows

_number = itemgetter(0)


def side_by_side(
    pages: Iterable[Sequence[ShortLine]], written: Iterable[WrittenRows]
) -> Iterator[tuple[Sequence[ShortLine], Sequence[str]]]:
    """Rows that both have, as the ledger has them and as text. What only one of the two has is left out."""
    coming = iter(pages)
    page: Sequence[ShortLine] = next(coming, ())
    at = 0
    for numbers, texts in written:
        rows: list[ShortLine] = []
        while page:
            end = bisect_right(page, numbers[-1], lo=at, key=_number)
            rows.extend(page[at:end])
            at = end
            if at < len(page):
                break
            page, at = next(coming, ()), 0
        if not page and not rows:
            return
        if len(rows) == len(texts) and list(map(_number, rows)) == list(numbers):
            yield rows, texts
            continue
        of_number = dict(zip(numbers, texts, strict=True))
        both = [row for row in rows if _number(row) in of_number]
        yield both, [of_number[_number(row)] for row in both]
