"""Whether an activity shows what an update sent: the very text, or nothing at all."""

from __future__ import annotations

import pytest

from etl.reconciler.updated import SentUpdate, Showing, differences, sent_update, showing
from etl.records import SeenActivity

ALL, NEARLY, OTHER = Showing


def seen(note: str | None = "", **values: str) -> SeenActivity:
    return SeenActivity("a-1", "", note, values, None, None, None)


CASES = [
    pytest.param({"mx_Custom_1": "5"}, seen(mx_Custom_1="5", mx_Custom_2="x"), ALL, id="the value, and another one"),
    pytest.param({"mx_Custom_1": "5"}, seen(mx_Custom_1="6"), OTHER, id="another value"),
    pytest.param({"mx_Custom_1": "5"}, seen(), OTHER, id="nothing there"),
    pytest.param({"mx_Custom_1": ""}, seen(), ALL, id="cleared"),
    pytest.param({"mx_Custom_1": ""}, seen(mx_Custom_1="5"), OTHER, id="not cleared"),
    pytest.param({"mx_Custom_1": "5"}, seen(mx_Custom_1="5.00"), NEARLY, id="the number in another form"),
    pytest.param({"mx_Custom_1": " Met  at gate"}, seen(mx_Custom_1="met at gate"), NEARLY, id="blanks and case"),
    pytest.param({"mx_Custom_1": "m" * 60}, seen(mx_Custom_1="m" * 50), NEARLY, id="cut"),
    pytest.param({"mx_Custom_1": "met at gate"}, seen(mx_Custom_1="met"), OTHER, id="what stood there, continued"),
    pytest.param({"mx_Custom_1": "m" * 50}, seen(mx_Custom_1="m" * 60), OTHER, id="more than was sent"),
    pytest.param({"mx_Custom_1": "x"}, seen(mx_Custom_1="5"), OTHER, id="text and number"),
    pytest.param({"mx_Custom_1": " "}, seen(), NEARLY, id="a blank, not shown"),
    pytest.param({"mx_Custom_1": "5", "mx_Custom_2": "x"}, seen(mx_Custom_1="5"), OTHER, id="one of two"),
    pytest.param({"mx_Custom_1": "5.0", "mx_Custom_2": "x"}, seen(mx_Custom_1="5"), OTHER, id="one nearly, one not"),
    pytest.param({"ActivityNote": "met"}, seen("met"), ALL, id="the note"),
    pytest.param({"ActivityNote": "met"}, seen("called"), OTHER, id="another note"),
    pytest.param({"ActivityNote": ""}, seen(""), ALL, id="note cleared"),
    pytest.param({"ActivityNote": ""}, seen("met"), OTHER, id="note not cleared"),
    pytest.param({"ActivityNote": "met"}, seen(None), OTHER, id="notes are not told"),
    pytest.param({"ActivityNote": ""}, seen(None), ALL, id="note cleared and not told"),
]


@pytest.mark.parametrize(("values", "activity", "expected"), CASES)
def test_what_an_activity_shows_of_an_update(values: dict[str, str], activity: SeenActivity, expected: Showing) -> None:
    """All of it, exactly; what may be the same in another form is told apart from what is not."""
    assert showing(SentUpdate("a-1", values), activity) is expected


def test_an_element_as_it_was_sent() -> None:
    """Note and fields, cleared ones among them; a note that was left out is none."""
    fields = [{"SchemaName": "mx_Custom_1", "Value": "5"}, {"SchemaName": "Status", "Value": ""}]

    assert sent_update({"ProspectActivityId": "a-1", "Fields": fields}, "ProspectActivityId") == SentUpdate(
        "a-1", {"mx_Custom_1": "5", "Status": ""}
    )
    with_note = sent_update({"ProspectActivityId": "a-1", "ActivityNote": ""}, "ProspectActivityId")
    assert with_note == SentUpdate("a-1", {"ActivityNote": ""})


def test_differences_in_words() -> None:
    """Target by target, but for those that are left out."""
    sent = SentUpdate("a-1", {"ActivityNote": "met", "mx_Custom_1": "5", "mx_Custom_2": "x", "mx_Custom_3": ""})

    told = list(differences(sent, seen(None, mx_Custom_1="6", mx_Custom_3="y"), {"mx_Custom_2"}))

    assert told == [
        'ActivityNote: "met" is not told',
        'mx_Custom_1: "5" became "6"',
        'mx_Custom_3: "" became "y"',
    ]
