"""What the results say of a row: error and hint, from the ledger's record."""

from __future__ import annotations

from typing import Any

import pytest

from etl.ledger.runs import RowLine
from etl.reconciler.lines import RunWords, result_line
from etl.records import Outcome
from tests.clocks import BEGAN

SENT_AT = BEGAN.timestamp()
RUN = RunWords(run=41, shown_run=41, stop_reason=None)
REHEARSAL = RunWords(run=1, shown_run=None, stop_reason=None)
IN_DOUBT = "and it is not known whether LeadSquared stored it."
SETTLE = (
    "Do not enter it by hand: it may be in LeadSquared, and it is never sent again while this is not known. "
    "To find out: etl verify 41, or run the same command again."
)
ELSEWHERE = "In LeadSquared already, sent from another ledger (its row key was found there)."


def row(outcome: Outcome, **more: Any) -> RowLine:
    """Row 2 of run 41, of which nothing is noted but what a test names."""
    nothing = dict.fromkeys(RowLine._fields)
    return RowLine(**(nothing | {"row_number": 2, "outcome": outcome, "run_id": 41} | more))


def said(line: RowLine, words: RunWords = RUN) -> tuple[str | None, str | None]:
    result = result_line(line, (), words)
    return result.error, result.hint


LINES = {
    "created": (row(Outcome.CREATED, sent_at=SENT_AT), None, None),
    "created, read back": (row(Outcome.CREATED, code="read_back"), None, None),
    "created, decided by a person": (
        row(Outcome.CREATED, code="assumed", sent_at=SENT_AT),
        None,
        "Sent at 2026-06-03 09:30:00 UTC. A person decided that LeadSquared stored it (etl verify --assume stored); its id "
        "is not known.",
    ),
    "created, decided, with a hint": (
        row(Outcome.CREATED, code="assumed", hint="On 2026-06-04."),
        None,
        "On 2026-06-04.",
    ),
    "unconfirmed": (
        row(Outcome.UNCONFIRMED, sent_at=SENT_AT, error="No answer."),
        f"Sent at 2026-06-03 09:30:00 UTC, {IN_DOUBT} No answer.",
        SETTLE,
    ),
    "unconfirmed, nothing noted": (row(Outcome.UNCONFIRMED), f"Sent, {IN_DOUBT}", SETTLE),
    "unconfirmed as another row": (
        row(Outcome.UNCONFIRMED, sent_at=SENT_AT, holder_row=7, holder_run=41),
        f"Sent as row 7 at 2026-06-03 09:30:00 UTC, {IN_DOUBT}",
        SETTLE,
    ),
    "unconfirmed in another run": (
        row(Outcome.UNCONFIRMED, sent_at=SENT_AT, holder_row=7, holder_run=40),
        f"Sent as row 7 of run 40 at 2026-06-03 09:30:00 UTC, {IN_DOUBT}",
        SETTLE,
    ),
    "from another ledger": (row(Outcome.ALREADY_IMPORTED, code="read_back"), None, ELSEWHERE),
    "equal to one from another ledger": (
        row(Outcome.ALREADY_IMPORTED, holder_row=2, holder_run=41),
        None,
        "The same activity as row 2.",
    ),
    "already imported": (
        row(Outcome.ALREADY_IMPORTED, holder_row=9, holder_run=40),
        None,
        "In LeadSquared from run 40, row 9.",
    ),
    "already imported, nothing known": (row(Outcome.ALREADY_IMPORTED), None, None),
    "refused": (row(Outcome.REFUSED, error="No such lead.", hint="Correct it."), "No such lead.", "Correct it."),
    "waiting": (
        row(Outcome.WAITING),
        "Not sent yet.",
        "Run the same command again: it continues with the rows that wait.",
    ),
}


@pytest.mark.parametrize(("line", "error", "hint"), LINES.values(), ids=LINES.keys())
def test_each_row_says_what_is_known_and_what_to_do(line: RowLine, error: str | None, hint: str | None) -> None:
    """What the ledger has noted, else what the outcome itself means; the command that settles a doubt has its number."""
    assert said(line) == (error, hint)


def test_a_rehearsal_names_no_command() -> None:
    """Its run has no number, and its ledger is gone when somebody reads this."""
    _, hint = said(row(Outcome.UNCONFIRMED, run_id=1, sent_at=SENT_AT), REHEARSAL)

    assert hint is not None
    assert hint.startswith("Do not enter it by hand: ")
    assert "etl verify" not in hint
    assert hint.endswith("Nothing is left to do here.")


def test_what_verifying_found_goes_along() -> None:
    """The finding of `etl verify --all` reaches the line as it was noted."""
    assert result_line(row(Outcome.CREATED, verified="held"), (), RUN).verified == "held"
    assert result_line(row(Outcome.CREATED), (), RUN).verified is None
