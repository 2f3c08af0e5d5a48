"""Where a file goes by how its import ended."""

from __future__ import annotations

from decimal import Decimal

import pytest

from etl.errors import BusyError, EtlError, LedgerError, NetworkError, RefusedError, SourceError, UsageError
from etl.events import InputSummary, Summary
from etl.inbox.judge import judge, judge_error, read_share
from etl.inbox.words import What
from etl.reconciler.counts import Equation
from etl.records import Outcome


def ended(code: int, run: int | None = 1, stop: str | None = None, **rows: int) -> Summary:
    """A command with one input; rows by outcome."""
    counts = {Outcome(name): number for name, number in rows.items()}
    one = InputSummary("visits.csv", run, Equation(sum(rows.values()), counts), code, None, None, stop_reason=stop)
    return Summary((one,), code)


@pytest.mark.parametrize(
    ("summary", "what", "code"),
    [
        (ended(0, created=3), What.IMPORTED, 0),
        (ended(0), What.NEEDS_A_PERSON, 4),
        (ended(0, run=7, created=3), What.REPEAT, 0),
        (ended(4, run=7, created=3, invalid=3), What.REPEAT, 0),
        (ended(4, created=96, invalid=4), What.IMPORTED, 0),
        (ended(4, created=95, invalid=5), What.NEEDS_A_PERSON, 4),
        (ended(4, created=46, changed=2, refused=2, ignored=50), What.NEEDS_A_PERSON, 4),
        (ended(4, stop="too many are invalid", waiting=99, invalid=1), What.NEEDS_A_PERSON, 4),
        (ended(7, run=7, created=3, unconfirmed=1), What.GOES_ON, 7),
        (ended(6, stop="its time is up", waiting=1), What.GOES_ON, 6),
        (ended(5, stop="no rights", waiting=1), What.GOES_ON, 5),
        (ended(143, stop="terminated", waiting=1), What.GOES_ON, 143),
        (ended(3, stop="a row cannot be read"), What.NEEDS_A_PERSON, 3),
        (ended(1, created=1), What.NEEDS_A_PERSON, 1),
    ],
    ids=[
        "all is there",
        "no rows",
        "again",
        "again, with rows to correct",
        "fewer than the share",
        "as many as the share",
        "ignored rows do not count",
        "a guard stopped it",
        "in doubt",
        "time up",
        "refused",
        "terminated",
        "unreadable",
        "does not add up",
    ],
)
def test_the_end_decides_where_a_file_goes(summary: Summary, what: What, code: int) -> None:
    """What a person has to correct needs attention; what goes on by itself stays where the next night finds it."""
    verdict = judge(summary, finished={7}, may_be_empty=False, ok_below=Decimal(5))

    assert (verdict.what, int(verdict.exit_code)) == (what, code)
    assert verdict.is_within_bounds == ("fewer than 5 %" in verdict.reason)


def test_without_a_share_every_bad_row_counts_and_no_rows_may_be_fine() -> None:
    """Only what was asked for is let pass."""
    assert judge(ended(4, created=999, invalid=1), finished=(), may_be_empty=True).exit_code == 4
    assert judge(ended(0), finished=(), may_be_empty=True).what is What.IMPORTED


@pytest.mark.parametrize(
    ("error", "is_still_written", "what", "code"),
    [
        (SourceError("damaged"), False, What.NEEDS_A_PERSON, 3),
        (SourceError("damaged"), True, What.GOES_ON, 6),
        (UsageError("the account has no such field"), False, What.GOES_ON, 2),
        (RefusedError("keys"), False, What.GOES_ON, 5),
        (NetworkError("down"), False, What.GOES_ON, 6),
        (BusyError("busy"), False, What.GOES_ON, 8),
        (LedgerError("gone"), False, What.GOES_ON, 2),
    ],
    ids=["file", "still written", "mapping or account", "keys", "network", "busy", "ledger"],
)
def test_only_what_is_wrong_with_the_file_itself_needs_a_person_at_the_file(
    error: EtlError, is_still_written: bool, what: What, code: int
) -> None:
    """All else is mended elsewhere, and the file goes on by itself then."""
    verdict = judge_error(error, is_still_written=is_still_written)

    assert (verdict.what, int(verdict.exit_code)) == (what, code)


def test_a_share_is_typed_in_percent() -> None:
    """A bare number could be rows."""
    assert read_share("0.5 %") == Decimal("0.5")
    with pytest.raises(UsageError, match='--ok-below "5" is no share'):
        read_share("5")
