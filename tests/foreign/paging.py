"""Which part of a list one answer shows, and in which order."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, TypeVar

from .behaviour import Behaviour, RetrievePaging
from .exchange import bad_request, invalid_input, whole_number

DEFAULT_ROWS = 25
Row = TypeVar("Row")


def json_object(value: Any) -> dict[str, Any]:
    """This, when it is a JSON object; ApiError 400 otherwise."""
    if not isinstance(value, dict):
        raise bad_request("A JSON object is expected where the page shows one.")
    return value


def page_of(rows: list[Row], body: Mapping[str, Any], behaviour: Behaviour) -> list[Row]:
    """The page that PageIndex, from 1, and PageSize name."""
    paging = json_object(body.get("Paging", {}))
    page = whole_number(paging.get("PageIndex", 1), "PageIndex", least=1)
    size = _size(paging.get("PageSize", DEFAULT_ROWS), "PageSize", behaviour)
    return rows[(page - 1) * size : page * size]


def page_of_retrieve(rows: list[Row], body: Mapping[str, Any], behaviour: Behaviour) -> list[Row]:
    """The page of Retrieve?leadId=, by whichever convention holds; members of the others are ignored silently."""
    paging = json_object(body.get("Paging", {}))
    convention = behaviour.retrieve_paging
    own = ("PageIndex", "PageSize") if convention == RetrievePaging.PAGE_INDEX else ("Offset", "RowCount")
    if not any(name in paging for name in own):
        return rows[: behaviour.retrieve_unpaged_rows]
    if convention == RetrievePaging.PAGE_INDEX:
        return page_of(rows, body, behaviour)
    size = _size(paging.get("RowCount", DEFAULT_ROWS), "RowCount", behaviour)
    offset = whole_number(paging.get("Offset", 0), "Offset")
    if convention == RetrievePaging.PAGE_FROM_1_ONLY and offset == 0:
        return []
    first = {
        RetrievePaging.PAGE_FROM_0: offset * size,
        RetrievePaging.ROW_OFFSET: offset,
    }.get(convention, max(offset - 1, 0) * size)
    return rows[first : first + size]


def shake(rows: list[Row], behaviour: Behaviour, request_number: int) -> None:
    """Put the rows in another order for each request, where what the sorting ties is to be unstable."""
    if behaviour.unstable_ties:
        random.Random(f"ties/{behaviour.seed}/{request_number}").shuffle(rows)


def _size(value: Any, name: str, behaviour: Behaviour) -> int:
    size = whole_number(value, name, least=1)
    if size > behaviour.most_rows and not behaviour.clamps_pages:
        raise invalid_input(
            f"Parameter Name: {name}. {size} is out of range: it can not be more than {behaviour.most_rows}."
        )
    return min(size, behaviour.most_rows)
