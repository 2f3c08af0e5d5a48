"""Which rows travel together and in which order, as the operation has it: the same for a dry run, a run and its continuation.

add-by-opportunity                    the rows of one opportunity together, the opportunities as the sheet first names them
update, create-lead-and-activity      in row order, no activity and no lead twice in a request
all others                            in row order
"""

from __future__ import annotations

import json
from itertools import chain
from typing import TYPE_CHECKING, TypeAlias

from etl.chunker import Chunk, chunks_in_order, chunks_of_one_address, cut
from etl.records import Activity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from etl.ledger.gathering import Gathering
    from etl.ledger.waiting import WaitingRow
    from etl.operations.contract import Operation

    Going: TypeAlias = tuple[WaitingRow, Activity]


def needs_addresses(operation: Operation) -> bool:
    """Whether it matters to this operation which rows belong to one opportunity, lead or activity."""
    return operation.keeps_order or operation.travels_by is not None


def arranged(
    blocks: Iterable[Sequence[Going]], operation: Operation, gathering: Callable[[], Gathering]
) -> Iterator[tuple[Chunk, tuple[WaitingRow, ...]]]:
    """Cut rows that go out into chunks, each with its rows side by side with its activities.

    blocks: the rows in the order of the sheet. gathering: gives a table in which they can be put into another order.
    """
    if not needs_addresses(operation):
        for number, going in enumerate(cut(blocks, operation.rows_per_request, _company), start=1):
            its_rows, its_activities = zip(*going, strict=True)
            yield Chunk(number, its_activities), its_rows
        return
    yield from _by_address(blocks, operation, gathering)


def _company(going: Going) -> int | None:
    return going[0].together


def _by_address(
    blocks: Iterable[Sequence[Going]], operation: Operation, gathering: Callable[[], Gathering]
) -> Iterator[tuple[Chunk, tuple[WaitingRow, ...]]]:
    """Cut rows where it matters which of them belong to one address."""
    size = operation.rows_per_request
    rows: dict[int, WaitingRow] = {}

    def activities(going: Iterable[Going]) -> Iterator[Activity]:
        for row, activity in going:
            rows[row.row_number] = row
            yield activity

    def company(activity: Activity) -> int | None:
        return rows[activity.row_number].together

    def address(activity: Activity) -> bytes | None:
        return rows[activity.row_number].address

    if operation.travels_by is not None:
        made = chunks_of_one_address(activities(_gathered(blocks, gathering())), size, company, address)
    else:
        made = chunks_in_order(activities(chain.from_iterable(blocks)), size, company, address)
    for chunk in made:
        yield chunk, tuple(rows.pop(activity.row_number) for activity in chunk.activities)


def _gathered(blocks: Iterable[Sequence[Going]], table: Gathering) -> Iterator[Going]:
    """The rows address by address."""
    for block in blocks:
        table.take_in((row, json.dumps([activity.event, dict(activity.values)])) for row, activity in block)
    for row, content in table.give_out():
        event, values = json.loads(content)
        yield row, Activity(row.row_number, values, event)
