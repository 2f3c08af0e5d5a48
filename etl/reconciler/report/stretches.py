"""Rows over time: the times at which a run was sending, each cut into columns of some windows of the account's limit."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.ledger.listing import SentAt

MOST_COLUMNS = 120
_QUIET_WINDOWS = 24
_QUIET_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Column:
    """Some seconds of sending. rows_per_second: on the average, refused requests left out. refused: for their rate."""

    rows_per_second: float
    rows: int
    refused: int


@dataclass(frozen=True, slots=True)
class Stretch:
    """Sending without a long pause. began: of the first request, seconds since 1970; rows: that went out in it."""

    began: float
    column_seconds: float
    columns: tuple[Column, ...]

    @property
    def seconds(self) -> float:
        return self.column_seconds * len(self.columns)

    @property
    def rows(self) -> int:
        return sum(column.rows for column in self.columns)

    @property
    def refused(self) -> int:
        return sum(column.refused for column in self.columns)

    @property
    def most(self) -> float:
        return max(column.rows_per_second for column in self.columns)

    @property
    def mean(self) -> float:
        return self.rows / self.seconds


def stretches(sent: Sequence[SentAt], window_seconds: float) -> tuple[Stretch, ...]:
    """The requests that carried rows, in the order of time, as stretches. window_seconds: of the limit that counts."""
    quiet = max(_QUIET_SECONDS, _QUIET_WINDOWS * window_seconds)
    found: list[list[SentAt]] = []
    for one in sent:
        if not found or one.at - found[-1][-1].at > quiet:
            found.append([])
        found[-1].append(one)
    return tuple(_stretch(requests, window_seconds) for requests in found)


def _stretch(requests: Sequence[SentAt], window_seconds: float) -> Stretch:
    began, ended = requests[0].at, requests[-1].at
    windows = max(1, ceil((ended - began + 1e-6) / window_seconds))
    column_seconds = window_seconds * ceil(windows / MOST_COLUMNS)
    count = int((ended - began) // column_seconds) + 1
    rows, refused = [0] * count, [0] * count
    for one in requests:
        place = int((one.at - began) // column_seconds)
        if one.is_refused:
            refused[place] += 1
        else:
            rows[place] += one.rows
    columns = (Column(some / column_seconds, some, no) for some, no in zip(rows, refused, strict=True))
    return Stretch(began, column_seconds, tuple(columns))
