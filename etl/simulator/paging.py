"""Which of many rows make up a page, and in which order those come that are equal in what they are sorted by."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, TypeVar

from etl.simulator.account import Refused
from etl.simulator.switches import PageOverCap, Switches

LARGEST_PAGE = 1000
_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class Page:
    """Rows from `start` on, `size` of them."""

    start: int
    size: int

    @property
    def stop(self) -> int:
        return self.start + self.size


def invalid_input(message: str) -> Refused:
    """LeadSquared's refusal of a value, in its words."""
    return Refused(500, "MXInvalidInputException", f"Invalid Input! Parameter Name: {message}")


def numbered_page(paging: Mapping[str, Any], switches: Switches, default_size: int) -> Page:
    """`{"PageIndex":1,"PageSize":100}`: pages count from 1. Raises Refused."""
    index = whole_number(paging.get("PageIndex", 1), "PageIndex")
    if index < 1:
        raise invalid_input("PageIndex can not be less than 1.")
    size = page_size(whole_number(paging.get("PageSize", default_size), "PageSize"), "PageSize", switches)
    return Page((index - 1) * size, size)


def page_size(size: int, name: str, switches: Switches) -> int:
    """The size of a page, or what the switch makes of too large a one. Raises Refused."""
    if size < 1:
        raise invalid_input(f"{name} can not be less than 1.")
    if size > LARGEST_PAGE and switches.page_over_cap is PageOverCap.ERROR:
        raise invalid_input(f"{name} can not be more than {LARGEST_PAGE}.")
    return min(size, LARGEST_PAGE)


def whole_number(sent: Any, name: str) -> int:
    """A number, which may be sent as a text. Raises Refused."""
    if isinstance(sent, int) and not isinstance(sent, bool):
        return sent
    if isinstance(sent, str) and sent.isascii() and sent.isdecimal():
        return int(sent)
    raise invalid_input(f"{name} value is not correct.")


def page_of(rows: Sequence[_Row], page: Page, key: Callable[[_Row], Any], dice: random.Random | None) -> Sequence[_Row]:
    """A page of rows that are sorted by `key`, up or down. dice: shuffles those with equal keys, also across its ends."""
    start, stop = min(page.start, len(rows)), min(page.stop, len(rows))
    if dice is None or start == stop:
        return rows[start:stop]
    low, high = start, stop
    while low > 0 and key(rows[low - 1]) == key(rows[start]):
        low -= 1
    while high < len(rows) and key(rows[high]) == key(rows[stop - 1]):
        high += 1
    shuffled: list[_Row] = []
    for _, equal in groupby(rows[low:high], key):
        tied = list(equal)
        if len(tied) > 1:
            dice.shuffle(tied)
        shuffled += tied
    return shuffled[start - low : stop - low]
