"""What a verdict makes of the rows of its request."""

from __future__ import annotations

import pytest

from etl.delivery.outcomes import ID_UNKNOWN, RowEnd, is_doubtful, row_ends
from etl.delivery.verdict import Answered, NotSent, Refused, Stop, Throttled, Unknown, Verdict
from etl.reconciler.match import RowDone, RowRefused, RowStored, RowUnknown
from etl.records import Outcome

TOGETHER = [
    pytest.param(NotSent("no route"), 2, Outcome.WAITING, False, id="not sent"),
    pytest.param(Throttled(None, None), 2, Outcome.WAITING, False, id="refused for its rate"),
    pytest.param(
        Stop("keys", "fix", certain=True), 2, Outcome.WAITING, False, id="account refused, nothing carried out"
    ),
    pytest.param(
        Stop("type", "fix", certain=False), 2, Outcome.UNCONFIRMED, False, id="stopped, maybe carried out in part"
    ),
    pytest.param(Unknown("cut", late=False), 2, Outcome.UNCONFIRMED, True, id="unknown"),
    pytest.param(Unknown("cut", late=False), 1, Outcome.UNCONFIRMED, True, id="unknown, one row"),
    pytest.param(Refused("bad row", "MXx"), 2, Outcome.UNCONFIRMED, False, id="refused as a whole"),
    pytest.param(Refused("bad row", "MXx"), 1, Outcome.UNCONFIRMED, False, id="refused, one row"),
    pytest.param(Refused("?", None, is_mx=False), 2, Outcome.UNCONFIRMED, True, id="refused, maybe by a gateway"),
]


@pytest.mark.parametrize(("verdict", "rows", "outcome", "is_doubt"), TOGETHER)
def test_rows_of_a_request_that_was_not_answered_row_by_row(
    verdict: Verdict, rows: int, outcome: Outcome, *, is_doubt: bool
) -> None:
    """All rows end alike: waiting where nothing can have been carried out, else in doubt until they are read back."""
    ends = row_ends(verdict, (), list(range(rows)))

    assert [end.outcome for end in ends] == [outcome] * rows
    assert [end.row_id for end in ends] == list(range(rows))
    assert is_doubtful(verdict, ends) is is_doubt


def test_rows_of_an_answer_end_each_on_its_own() -> None:
    """Stored, refused and untold rows of one answer have their own ends, with LeadSquared's words."""
    matched = (RowDone("A-1"), RowRefused("Lead not found"), RowUnknown("not named"))

    stored, sent_back, untold = row_ends(Answered(()), matched, [7, 8, 9])

    assert stored == RowEnd(7, Outcome.CREATED, activity_id="A-1")
    assert (sent_back.outcome, sent_back.code, sent_back.error) == (Outcome.REFUSED, "refused", "Lead not found")
    assert "run the failed file" in str(sent_back.hint)
    assert (untold.outcome, untold.error) == (Outcome.UNCONFIRMED, "not named")


def test_what_is_stored_ends_as_the_operation_says() -> None:
    """A row of an update is updated, under the id that it was addressed by; two rows may have one."""
    matched = (RowDone("A-1"), RowDone("A-1"), RowRefused("Locked"))

    ends = row_ends(Answered(()), matched, [7, 8, 9], Outcome.UPDATED)

    assert [(end.outcome, end.activity_id) for end in ends] == [
        (Outcome.UPDATED, "A-1"),
        (Outcome.UPDATED, "A-1"),
        (Outcome.REFUSED, None),
    ]


def test_a_row_that_is_stored_under_an_untold_id_is_in_doubt_and_the_server_is_well() -> None:
    """No row is called created without its ProspectActivityId; but LeadSquared has answered, so others may go."""
    (end,) = row_ends(Answered(()), (RowStored("M-1"),), [7])

    assert (end.outcome, end.code, end.activity_id, end.message_id) == (Outcome.UNCONFIRMED, ID_UNKNOWN, None, "M-1")
    assert "named no ProspectActivityId" in str(end.error)
    assert not is_doubtful(Answered(()), [end])


def test_an_answer_that_tells_of_one_row_is_no_doubt() -> None:
    """A request is doubtful only when nothing is known of any of its rows."""
    some = row_ends(Answered(()), (RowUnknown("?"), RowDone("A-1")), [1, 2])
    none = row_ends(Answered(()), (RowUnknown("?"), RowUnknown("?")), [1, 2])

    assert not is_doubtful(Answered(()), some)
    assert is_doubtful(Answered(()), none)


def test_every_row_needs_its_verdict() -> None:
    """A missing verdict is a defect that must not pass as a shorter list."""
    with pytest.raises(ValueError, match="shorter"):
        row_ends(Answered(()), (RowDone("A-1"),), [1, 2])
