"""The outcome columns of rows as they stand in a .csv, most of them put together without the csv module.

Rows that are simply in LeadSquared are nearly all there are, and nothing in them needs a quote or is taken for a formula.
"""

from __future__ import annotations

import csv
from types import SimpleNamespace
from typing import TYPE_CHECKING

from etl.ledger.row_lines import row_line
from etl.reconciler.columns import own_cells
from etl.reconciler.lines import result_line
from etl.records import STORED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.ledger.row_lines import KeptLine
    from etl.reconciler.lines import RunWords

_IN_PLACE = frozenset(outcome.value for outcome in STORED)
_GUID_BYTES = 16


def own_texts(rows: Sequence[KeptLine], words: RunWords, more: tuple[str, ...], delimiter: str) -> list[str]:
    """What stands before the input's cells of some rows, the delimiter behind it included. more: as `own_headers`."""
    texts: list[str] = []
    writer = csv.writer(SimpleNamespace(write=texts.append), delimiter=delimiter, lineterminator="\r\n")
    apart, rest = delimiter, delimiter * (1 + len(more))
    for row in rows:
        number, outcome, held, code, error, hint, run, _, _, _, _, verified, message = row
        if (
            held is not None
            and len(held) == _GUID_BYTES
            and outcome in _IN_PLACE
            and code is error is hint is verified is message is None
        ):
            guid = held.hex()
            texts.append(
                f"{number}{apart}{outcome}{apart}{guid[:8]}-{guid[8:12]}-{guid[12:16]}-{guid[16:20]}-{guid[20:]}"
                f"{apart}{apart}{apart}{apart}{'' if words.shown_run is None else run}{rest}"
            )
        else:
            writer.writerow((*own_cells(result_line(row_line(row), (), words), more), ""))
            texts[-1] = texts[-1].removesuffix("\r\n")
    return texts
