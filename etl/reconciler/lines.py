"""What stands in the outcome columns of one row: the ledger's record in words that a person can act on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from etl.records import Outcome, ResultLine

if TYPE_CHECKING:
    from collections.abc import Sequence

    from etl.ledger.runs import RowLine
    from etl.records import Cell


@dataclass(frozen=True, slots=True)
class RunWords:
    """What all lines of one results file share.

    shown_run: the run's number, None in a rehearsal, whose lines must never be taken for a real run's.
    stop_reason: why the run stopped before its end, None if it did not.
    """

    run: int
    shown_run: int | None
    stop_reason: str | None


def result_line(row: RowLine, cells: Sequence[Cell], words: RunWords) -> ResultLine:
    """One line of a results or failed file."""
    error, hint = _texts(row, words)
    run = None if words.shown_run is None else row.run_id
    return ResultLine(
        row.row_number,
        row.outcome,
        row.activity_id,
        error,
        hint,
        row.code,
        run,
        tuple(cells),
        row.verified,
        row.message_id,
    )


def _texts(row: RowLine, words: RunWords) -> tuple[str | None, str | None]:
    """Error and hint: what the ledger has noted, else what the outcome itself means."""
    match row.outcome:
        case Outcome.ALREADY_IMPORTED:
            return row.error, row.hint or _where_it_is(row, words) or _from_elsewhere(row)
        case Outcome.CREATED if row.code == "assumed":
            return row.error, row.hint or f"{_sent(row, words)}. {ASSUMED_HINT}"
        case Outcome.CHANGED:
            return row.error or "This row is in LeadSquared with other values.", row.hint or _where_it_is(row, words)
        case Outcome.UNCONFIRMED:
            return _since(row, words), _how_to_settle(words)
        case Outcome.WAITING:
            reason = f"Not sent: {words.stop_reason}." if words.stop_reason else "Not sent yet."
            return row.error or reason, row.hint or "Run the same command again: it continues with the rows that wait."
        case _:
            return row.error, row.hint


ASSUMED_HINT = "A person decided that LeadSquared stored it (etl verify --assume stored); its id is not known."
KEPT_BACK = "Do not enter it by hand: it may be in LeadSquared, and it is never sent again while this is not known."
REHEARSED = (
    "So it would be in a real import, where running the same command again reads it back. Nothing is left to do here."
)


def _how_to_settle(words: RunWords) -> str:
    """What settles a row in doubt; a rehearsal leaves nothing behind that could be verified."""
    if words.shown_run is None:
        return f"{KEPT_BACK} {REHEARSED}"
    return f"{KEPT_BACK} To find out: etl verify {words.shown_run}, or run the same command again."


def _since(row: RowLine, words: RunWords) -> str:
    return f"{_sent(row, words)}, and it is not known whether LeadSquared stored it. {row.error or ''}".strip()


def _sent(row: RowLine, words: RunWords) -> str:
    """When it was sent, and as which row, where an equal row went in its place."""
    instead = "" if row.holder_row is None else f" as row {row.holder_row}"
    if instead and row.holder_run != words.run:
        instead += f" of run {row.holder_run}"
    return f"Sent{instead}" + (f" at {_utc(row.sent_at)}" if row.sent_at is not None else "")


def _where_it_is(row: RowLine, words: RunWords) -> str | None:
    if row.holder_row is None:
        return None
    if row.holder_run == words.run:
        return f"The same activity as row {row.holder_row}."
    return f"In LeadSquared from run {row.holder_run}, row {row.holder_row}."


def _from_elsewhere(row: RowLine) -> str | None:
    if row.code != "read_back":
        return None
    return "In LeadSquared already, sent from another ledger (its row key was found there)."


def _utc(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
