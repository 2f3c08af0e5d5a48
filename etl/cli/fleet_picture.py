"""What a fleet is at, as a person reads it on a terminal of 80 columns: workers, accounts, and what somebody should look at."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group
from rich.table import Table
from rich.text import Text

from etl.cli.wording import counted, printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import RenderableType

    from etl.fleet.overview import AccountNow, Overview, Work, WorkerNow

_LIMIT_IS_USED = 0.9
"""From there on the limit is what an account waits for, and all is well."""


def picture(overview: Overview) -> RenderableType:
    """All of it, to be drawn by rich."""
    waiting = sum(one.queue.now + one.queue.later for one in overview.accounts)
    at_work = sum(one.running for one in overview.accounts)
    parts: list[RenderableType] = [
        _plain(f"Fleet of {overview.ledger}, {_clock(overview.at)} UTC"),
        _plain(
            f"{counted(len(overview.workers), 'worker')}, {counted(len(overview.accounts), 'account')}; "
            f"{counted(at_work, 'submission')} at work, {waiting:,} waiting"
        ),
    ]
    if overview.workers:
        parts += [Text(), _workers(overview.workers)]
    if overview.accounts:
        parts += [Text(), _accounts(overview.accounts)]
    paused = [_paused(one) for one in overview.accounts if one.paused is not None]
    if paused or overview.worries:
        parts += [Text(), *(Text(printable(line), "yellow") for line in paused)]
        parts += [Text(printable(line), "red") for line in overview.worries]
    return Group(*parts)


def _workers(workers: Iterable[WorkerNow]) -> Table:
    table = _table(("worker", "left"), ("beat", "right"), ("up", "right"), ("places", "right"), ("at work on", "left"))
    for one in workers:
        beat = Text(f"{one.beat_age:.0f} s", "green" if one.is_fresh else "red")
        work = Text(printable("\n".join(_work(each) for each in one.work) or "-"))
        table.add_row(
            Text(printable(f"{one.machine} {one.pid}")),
            beat,
            _span(one.up_seconds),
            f"{len(one.work)} of {one.places}",
            work,
        )
    return table


def _work(work: Work) -> str:
    runs = f", run {', '.join(map(str, work.runs))}" if work.runs else ""
    state = ", is stopping" if work.is_stopping else ""
    return f"s{work.submission} {work.name} ({work.account}{runs}) {_span(work.seconds)}{state}"


def _accounts(accounts: Iterable[AccountNow]) -> Table:
    right = ("work", "waits", "limit", "to send", "done in", "doubt", "quota")
    table = _table(("account", "left"), *((name, "right") for name in right))
    for one in accounts:
        table.add_row(
            Text(printable(one.name), "yellow" if one.paused else ""),
            str(one.running or "-"),
            Text(_queue(one), "" if one.is_served or not one.queue.now else "red"),
            _share(one),
            f"{one.rows_waiting:,}" if one.rows_waiting else "-",
            _span(one.eta_seconds) if one.eta_seconds is not None else "-",
            Text(f"{one.rows_unconfirmed:,}", "yellow") if one.rows_unconfirmed else "-",
            "-" if one.quota_left is None else Text(f"{one.quota_left:,}", "" if one.quota_left else "red"),
        )
    return table


def _queue(one: AccountNow) -> str:
    """`3, 12 min`: how many could be taken, and for how long the first of them has waited; `+2 later`."""
    parts = []
    if one.queue.now:
        parts.append(f"{one.queue.now:,}, {_span(one.queue.oldest_seconds or 0.0)}")
    if one.queue.later:
        parts.append(f"{'+' if parts else ''}{one.queue.later:,} later")
    return " ".join(parts) or "-"


def _share(one: AccountNow) -> Text:
    """Of the limit, in the last minute; red where LeadSquared has refused for the rate."""
    if one.share is None:
        return Text("-")
    style = "red" if one.refused else "green" if one.share >= _LIMIT_IS_USED else ""
    return Text(f"{one.share:.0%}", style)


def _paused(one: AccountNow) -> str:
    assert one.paused is not None  # noqa: S101 — asked by the one caller
    since = datetime.fromtimestamp(one.paused.since, UTC)
    return f"{one.name} is paused since {since:%Y-%m-%d %H:%M} UTC by {one.paused.who}: {one.paused.why}"


def _table(*columns: tuple[str, str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, padding=(0, 1, 0, 0))
    for name, justify in columns:
        is_whole = name not in {"account", "worker", "at work on"}
        table.add_column(name, justify="right" if justify == "right" else "left", overflow="fold", no_wrap=is_whole)
    return table


def _plain(text: str) -> Text:
    return Text(printable(text), "bold")


def _clock(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%H:%M:%S}"


def _span(seconds: float) -> str:
    """`8 s`, `12 min`, `2 h 05`, `3 d 4 h`."""
    whole = round(seconds)
    if whole < 100:
        return f"{whole} s"
    minutes = round(seconds / 60)
    if minutes < 100:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes:02}"
    return f"{hours // 24} d {hours % 24} h"
