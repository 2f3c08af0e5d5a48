"""What was submitted and is not over, as `etl runs --all` shows it above the runs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from etl.cli.wording import counted
from etl.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from etl.fleet.submissions import Submission
    from etl.settings import Settings


def queue_of(settings: Settings, account: str | None) -> list[Submission] | None:
    """Submissions that are not over, the oldest first; None where the ledger can have none. account: of this one only."""
    if not settings.ledger_url.startswith("postgresql"):
        return None
    from etl.fleet.submissions import listed  # noqa: PLC0415 — only where there may be a fleet

    try:
        found = listed(settings, only_open=True)
    except UsageError:  # the ledger is shared, and nobody has installed what a fleet needs: there is none
        return None
    return [one for one in reversed(found) if account is None or one.order.account == account]


def queue_lines(queue: Sequence[Submission]) -> Iterator[str]:
    """The table: number, state, account, input, and what there is to say of it."""
    if not queue:
        return
    yield f"{counted(len(queue), 'submission')} not over:"
    rows = [(f"s{one.number}", one.state.value, one.order.account, one.order.input.name, _more(one)) for one in queue]
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        yield (
            "  " + "  ".join([f"{cell:<{width}}" for cell, width in zip(row, widths, strict=False)] + [row[4]]).rstrip()
        )
    yield ""


def _more(one: Submission) -> str:
    """What of it is worth a look."""
    parts = []
    if one.not_before is not None:
        parts.append(f"not before {_local(one.not_before):%Y-%m-%d %H:%M}")
    if one.machine is not None:
        parts.append(f"on {one.machine}")
    if one.runs:
        parts.append(f"run {', '.join(map(str, one.runs))}")
    if one.paused_for is not None:
        parts.append(one.paused_for)
    elif one.said is not None and one.machine is None:
        parts.append(one.said)
    return "; ".join(parts)


def _local(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).astimezone()


def submission_as_data(one: Submission) -> dict[str, object]:
    """A submission for programs."""
    return {
        "submission": f"s{one.number}",
        "state": one.state.value,
        "account": one.order.account,
        "input": one.order.input.name,
        "origin": one.order.origin,
        "mapping": one.order.mapping_name,
        "who": one.order.who,
        "submitted_at": _iso(one.submitted_at),
        "not_before": _iso(one.not_before),
        "machine": one.machine,
        "runs": list(one.runs),
        "said": one.said,
        "paused_for": one.paused_for,
    }


def _iso(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
