"""Which activity is which row: every rule by itself, and the laws in made-up worlds."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.reconciler.recognise import LISTED, Found, Missing, Open, Recognised, recognise
from etl.reconciler.sent import SentRow, same_text
from etl.reconciler.trust import Kept, Trust
from etl.records import SeenActivity

UNKNOWN, KEPT, CHANGED = Kept.UNKNOWN, Kept.KEPT, Kept.CHANGED
KEY_FIELD = "mx_Custom_20"
AT = datetime(2026, 2, 25, 5, 30, tzinfo=UTC)
LATER = AT + timedelta(hours=1)
OURS, THEIRS = "user-1", "user-2"
NEW = Trust()  # an account of which nothing is known yet
KEY_HINT = "A row_key_field in the mapping would settle it."


def row(row_id: int = 1, lead: str = "asha", **other: Any) -> SentRow:
    return replace(SentRow(row_id, 1, lead, "met", AT, {"mx_Custom_1": "SV"}, None), **other)


def seen(activity_id: str = "a", lead: str = "asha", **other: Any) -> SeenActivity:
    """An activity that shows exactly what `row` was sent with, and what LeadSquared adds; its lead's id is its lead."""
    shown = SeenActivity(activity_id, lead, "met", {"mx_Custom_1": "SV", "Owner": OURS}, AT, AT, OURS)
    values = {**other.pop("values", shown.values), **other.pop("more", {})}
    return replace(shown, values=values, **other)


def keyed(activity_id: str, key: str, lead: str = "asha", **other: Any) -> SeenActivity:
    return seen(activity_id, lead, more={KEY_FIELD: key}, **other)


def lead_of(activity: SeenActivity) -> str | None:
    return activity.lead_id or None


def told(
    rows: Sequence[SentRow], candidates: Sequence[SeenActivity], trust: Trust = NEW, key_field: str = KEY_FIELD
) -> tuple[Recognised, ...]:
    return recognise(rows, candidates, trust, key_field, lead_of)


def brief(results: Sequence[Recognised]) -> list[object]:
    """An id for a row that is found, None for one that is missing, the candidates of one that is open."""
    return [getattr(result, "activity_id", getattr(result, "candidates", None)) for result in results]


ONE = row(key="etl-one")
TWO = row(2, key="etl-two")
OTHER_VALUES: dict[str, Any] = {"note": "else", "values": {KEY_FIELD: "etl-one"}, "created_on": LATER}

BY_KEY = [
    pytest.param([ONE], [keyed("a", "etl-one")], NEW, ["a"], id="shown"),
    pytest.param([ONE], [keyed("a", " ETL-One ")], NEW, ["a"], id="in another case, with blanks"),
    pytest.param([ONE], [seen("a", "lena", **OTHER_VALUES)], NEW, ["a"], id="on another lead, with other values"),
    pytest.param([ONE], [keyed("a", "etl-one", "")], NEW, ["a"], id="on a lead that is not told"),
    pytest.param([ONE], [keyed("a", "etl-one", created_by=THEIRS)], Trust(creator=OURS), ["a"], id="by another user"),
    pytest.param([ONE], [keyed("a", "etl-one")], Trust(keys=CHANGED), ["a"], id="shown, though once lost"),
    pytest.param([ONE], [keyed("a", "etl-one")], Trust(values=CHANGED), ["a"], id="where values are changed"),
    pytest.param([ONE, TWO], [keyed("a", "etl-two"), keyed("b", "etl-one")], NEW, ["b", "a"], id="equal rows"),
    pytest.param([ONE], [keyed("b", "etl-one"), keyed("a", "etl-one")], NEW, [("a", "b")], id="shown twice"),
    pytest.param([ONE, row(2, key="etl-one")], [keyed("a", "etl-one")], NEW, [("a",), ("a",)], id="sent twice"),
    pytest.param([ONE], [], Trust(keys=KEPT), [None], id="kept, not shown"),
    pytest.param([ONE], [seen("a")], Trust(keys=KEPT), [None], id="kept, not shown by an equal activity"),
    pytest.param([ONE], [seen("a", "")], Trust(keys=KEPT), [None], id="kept, not shown on a lead that is not told"),
    pytest.param([ONE], [seen("a")], NEW, ["a"], id="not known to be kept, by value"),
    pytest.param([ONE], [seen("a")], Trust(keys=CHANGED), ["a"], id="lost, by value"),
    pytest.param([ONE, TWO], [seen("a"), keyed("b", "etl-one")], NEW, ["b", "a"], id="one by key, one by value"),
    pytest.param([ONE], [keyed("a", "etl-six")], NEW, [("a",)], id="somebody else's key"),
    pytest.param([ONE], [keyed("a", "etl-six")], Trust(keys=CHANGED), [("a",)], id="somebody else's key, lost"),
    pytest.param([ONE], [keyed("a", "etl-six")], Trust(keys=KEPT), [None], id="somebody else's key, kept"),
    pytest.param([ONE], [keyed("a", "by hand")], NEW, [("a",)], id="another text in the key's field"),
    pytest.param([row()], [keyed("a", "etl-six")], NEW, [("a",)], id="a key, and none was sent"),
    pytest.param(
        [ONE, TWO], [keyed("a", "etl-one"), keyed("b", "etl-one")], NEW, [("a", "b"), None], id="twins are taken"
    ),
    pytest.param([row(2), ONE], [keyed("a", "etl-one")], NEW, [None, "a"], id="taken from a row without a key"),
]


@pytest.mark.parametrize(("rows", "candidates", "trust", "expected"), BY_KEY)
def test_a_row_key_settles_its_row(
    rows: list[SentRow], candidates: list[SeenActivity], trust: Trust, expected: list[object]
) -> None:
    """What shows a row's key is that row, whatever else it shows; where keys are kept, what shows none is not."""
    assert brief(told(rows, candidates, trust)) == expected


WON = row(values={"mx_Custom_1": "SV", "Status": "Won"})
NOT_MINE = Trust(creator=OURS)

BY_VALUE = [
    pytest.param([row()], [], NEW, [None], id="nothing"),
    pytest.param([row()], [seen("a")], NEW, ["a"], id="equal"),
    pytest.param([row(lead=" ASHA")], [seen("a")], NEW, ["a"], id="lead in another case"),
    pytest.param([row()], [seen("a", more={"Status": "Open", "ProductName": "x"})], NEW, ["a"], id="derived members"),
    pytest.param([row()], [seen("a", more={"mx_Custom_2": "x"})], NEW, [("a",)], id="a custom field beside"),
    pytest.param([row()], [seen("a", more={"mx_Custom_2": ""})], NEW, ["a"], id="an empty custom field beside"),
    pytest.param([row()], [seen("a", note="met ")], NEW, [("a",)], id="another note"),
    pytest.param([row()], [seen("a", note=None)], NEW, [("a",)], id="a note that is not told"),
    pytest.param([row(note=None)], [seen("a")], NEW, [("a",)], id="a note that was not sent"),
    pytest.param([row(note=None)], [seen("a", note="")], NEW, ["a"], id="no note sent, none shown"),
    pytest.param([row(note=None)], [seen("a", note=None)], NEW, ["a"], id="no note sent, none told"),
    pytest.param([row()], [seen("a", more={"mx_Custom_1": "sv"})], NEW, [("a",)], id="a value in another case"),
    pytest.param([row()], [seen("a", values={})], NEW, [("a",)], id="a value gone"),
    pytest.param([WON], [seen("a")], NEW, [("a",)], id="a further member gone"),
    pytest.param(
        [WON],
        [seen("a", more={"Status": "Won"})],
        NEW,
        ["a"],
        id="a further member sent and shown",
    ),
    pytest.param([row()], [seen("a", created_on=LATER)], NEW, [("a",)], id="another time"),
    pytest.param([row()], [seen("a", created_on=None)], NEW, [("a",)], id="no time told"),
    pytest.param([row()], [seen("a", created_on=LATER)], Trust(times=KEPT), [("a",)], id="another time, kept"),
    pytest.param([row()], [seen("a", created_on=LATER)], Trust(times=CHANGED), ["a"], id="another time, not compared"),
    pytest.param([row(time=None)], [seen("a", created_on=LATER)], Trust(times=KEPT), ["a"], id="no time sent"),
    pytest.param([row()], [seen("a")], Trust(values=CHANGED), [("a",)], id="equal, where values are changed"),
    pytest.param([row()], [seen("a")], Trust(values=KEPT), ["a"], id="equal, where values are kept"),
    pytest.param([row()], [seen("a", created_by=THEIRS)], NOT_MINE, [None], id="by another user"),
    pytest.param([row()], [seen("a", created_by="USER-1")], NOT_MINE, ["a"], id="by our user"),
    pytest.param([row()], [seen("a", created_by=None)], NOT_MINE, ["a"], id="by nobody knows whom"),
    pytest.param([row()], [seen("a", created_by=THEIRS)], NEW, ["a"], id="by another user, if that tells nothing"),
]
EQUALS = [
    pytest.param([row(2), row(1)], [seen("b"), seen("a")], NEW, ["b", "a"], id="two and two"),
    pytest.param([row(1), row(2), row(3)], [seen("b"), seen("a")], NEW, ["a", "b", None], id="three and two"),
    pytest.param([row(1)], [seen("b"), seen("a")], NEW, [("a", "b")], id="one and two"),
    pytest.param([row(1), row(2)], [seen("c"), seen("b"), seen("a")], NEW, [("a", "b", "c")] * 2, id="two and three"),
    pytest.param([row(1), row(2, "ASHA ")], [seen("a")], NEW, ["a", None], id="one lead, two spellings"),
    pytest.param([row(1)], [seen("a"), seen("a")], NEW, ["a"], id="one activity, shown twice"),
    pytest.param([row(1)], [seen("a"), seen("A")], NEW, ["a"], id="one activity, its id in two cases"),
    pytest.param(
        [row(1, note=None), row(2, note=None)],
        [seen("b", note=""), seen("a", note=None)],
        NEW,
        ["a", "b"],
        id="no note sent, one told and one not",
    ),
    pytest.param([row(1)], [seen("a"), seen("A", note="x")], NEW, ["a"], id="a shadow under its id"),
    pytest.param([row(1), row(2, note="x")], [seen("a")], NEW, ["a", None], id="equal but for the note"),
    pytest.param([row(1), row(2, time=LATER)], [seen("a")], NEW, ["a", None], id="equal but for the time"),
    pytest.param(
        [row(1), row(2, time=LATER)], [seen("a")], Trust(times=CHANGED), [("a",)] * 2, id="the time tells nothing"
    ),
    pytest.param([row(1), row(2, time=None)], [seen("a")], NEW, [("a",)] * 2, id="one without a time"),
    pytest.param(
        [row(1), replace(WON, row_id=2)],
        [seen("a", more={"Status": "Won"})],
        NEW,
        [("a",)] * 2,
        id="one with a further member",
    ),
    pytest.param(
        [row(1), row(2, note=None)], [seen("a", note=None)], NEW, [("a",)] * 2, id="one with a note, none told"
    ),
    pytest.param(
        [row(1, time=None), row(2)],
        [seen("a", created_on=LATER)],
        NEW,
        [("a",)] * 2,
        id="one without a time, times not known",
    ),
    pytest.param(
        [row(1, time=None), row(2)],
        [seen("a", created_on=LATER)],
        Trust(times=KEPT),
        ["a", None],
        id="one without a time, times kept",
    ),
    pytest.param(
        [row(1, note=None), row(2, time=LATER)],
        [seen("a", note=None)],
        NEW,
        [("a",)] * 2,
        id="one with a note and a time, neither told",
    ),
    pytest.param(
        [row(1, note=None), row(2, time=LATER)],
        [seen("a", note=None)],
        Trust(times=KEPT),
        ["a", None],
        id="one with a note that is not told, and another time",
    ),
    pytest.param([row(1)], [seen("a"), seen("b", "")], NEW, [("a", "b")], id="another one on a lead not told"),
    pytest.param(
        [row(1), row(2)], [seen("a"), seen("b", "")], NEW, ["a", ("b",)], id="room for the one on a lead not told"
    ),
]
NEARBY = [
    pytest.param([row()], [seen("a", "lena", note="x")], NEW, [None], id="another lead, another note"),
    pytest.param([row()], [seen("a", "lena")], NEW, [("a",)], id="another lead, equal"),
    pytest.param([row()], [seen("a", "lena", note=" MET ")], NEW, [("a",)], id="another lead, equal but for blanks"),
    pytest.param([row()], [seen("a", "lena", note=None)], NEW, [("a",)], id="another lead, note not told"),
    pytest.param([row()], [seen("a", "lena")], Trust(values=CHANGED), [("a",)], id="another lead, values changed"),
    pytest.param([row()], [seen("a", "lena", created_on=LATER)], NEW, [("a",)], id="another lead and time"),
    pytest.param(
        [row()], [seen("a", "lena", created_on=LATER)], Trust(times=KEPT), [None], id="another lead, time kept"
    ),
    pytest.param(
        [row()], [seen("a", "lena", created_on=None)], Trust(times=KEPT), [("a",)], id="another lead, no time"
    ),
    pytest.param([row()], [seen("a", "lena", created_by=THEIRS)], NOT_MINE, [None], id="another lead and user"),
    pytest.param([row(), row(2, "lena")], [seen("a", "lena")], NEW, [None, "a"], id="another row's"),
    pytest.param([ONE], [keyed("a", "etl-o", "lena")], NEW, [("a",)], id="another lead, its key cut"),
    pytest.param(
        [WON], [seen("a", "lena", more={"Status": "Won"})], NEW, [("a",)], id="another lead, a further member"
    ),
    pytest.param([WON], [seen("a", "lena", more={"Status": "Lost"})], NEW, [None], id="another lead, another member"),
    pytest.param([row()], [seen("a", "", note="x")], NEW, [("a",)], id="a lead not told"),
    pytest.param([row()], [seen("a", "", created_by=THEIRS)], NOT_MINE, [None], id="a lead not told, another user"),
    pytest.param(
        [row()],
        [seen("a", "lena"), seen("b", note="x"), seen("c", "", note="x")],
        NEW,
        [("b", "a", "c")],
        id="its own lead's first",
    ),
    pytest.param([row(), row(2, note="x")], [seen("a"), seen("b")], NEW, [("a", "b")] * 2, id="too many for another"),
]


@pytest.mark.parametrize(("rows", "candidates", "trust", "expected"), [*BY_VALUE, *EQUALS, *NEARBY])
def test_what_was_sent_tells_a_row_where_it_is_shown_exactly_and_once(
    rows: list[SentRow], candidates: list[SeenActivity], trust: Trust, expected: list[object]
) -> None:
    """Found needs lead and all values; missing needs that nothing left may be the row; all between is open."""
    assert brief(told(rows, candidates, trust)) == expected


ON_LEAD = "No row has claimed a on its lead, "
REASONS = [
    pytest.param(
        row(),
        [seen("a", note="x")],
        NEW,
        f"{ON_LEAD}but what is shown there is not exactly what was sent. {KEY_HINT}",
        id="on its lead",
    ),
    pytest.param(
        row(),
        [seen("a")],
        Trust(values=CHANGED),
        f"{ON_LEAD}and this account shows values otherwise than they were sent. {KEY_HINT}",
        id="values changed",
    ),
    pytest.param(
        row(key="etl-one"),
        [seen("a", note="x")],
        Trust(keys=CHANGED),
        f"{ON_LEAD}but what is shown there is not exactly what was sent. The row_key_field does not come back as it was "
        "sent: another text field would settle it.",
        id="keys lost",
    ),
    pytest.param(
        row(key="etl-one"),
        [seen("a", note="x")],
        NEW,
        f"{ON_LEAD}but what is shown there is not exactly what was sent.",
        id="keys not known",
    ),
    pytest.param(
        row(),
        [seen("a", "lena")],
        NEW,
        f"Its values are shown by a, but not on a lead known to be its own: that may have changed. {KEY_HINT}",
        id="another lead",
    ),
    pytest.param(
        row(),
        [seen("a", "", note="x")],
        NEW,
        f"No row has claimed a, and on which lead they are cannot be told. {KEY_HINT}",
        id="a lead not told",
    ),
    pytest.param(
        row(),
        [seen(letter) for letter in "gfedcba"],
        NEW,
        "LeadSquared holds 7 activities like this row (a, b, c, d, e and others), and this row alone is in doubt. "
        f"{KEY_HINT}",
        id="too many",
    ),
    pytest.param(
        row(key="etl-one"),
        [keyed("a", "etl-one"), keyed("b", "etl-one")],
        NEW,
        "This row is in LeadSquared 2 times: a, b all show its row key. Delete all but one of them there, then verify "
        "again.",
        id="twice",
    ),
]


@pytest.mark.parametrize(("doubtful", "candidates", "trust", "reason"), REASONS)
def test_an_open_row_says_why_and_what_would_settle_it(
    doubtful: SentRow, candidates: list[SeenActivity], trust: Trust, reason: str
) -> None:
    """A person reads which activities it may be, at most five by name, and what to do about it."""
    (result,) = told([doubtful], candidates, trust)

    assert isinstance(result, Open)
    assert result.reason == reason


def test_rows_that_stand_in_each_others_way_say_so() -> None:
    """Two rows that one activity would fit are both told of the other; of too few rows their number is told."""
    rivals = told([row(1), row(2, time=None)], [seen("a")])
    crowd = told([row(1), row(2)], [seen("a"), seen("b"), seen("c")])
    namesakes = told([row(1, key="etl-one"), row(2, key="etl-one")], [keyed("a", "etl-one")])

    results = [*rivals[:1], *crowd[:1], *namesakes[:1]]
    assert [result.reason for result in results if isinstance(result, Open)] == [
        f"a would fit this row and another one of this file that was sent otherwise. {KEY_HINT}",
        f"LeadSquared holds 3 activities like this row (a, b, c), and only 2 such rows are in doubt. {KEY_HINT}",
        "Another row was sent with the row key of this one: which of them a is, is not told.",
    ]


def test_a_crowd_is_listed_in_part() -> None:
    """However many activities a row may be, its list stays short enough for a cell."""
    (result,) = told([row()], [seen(f"{number:03}", note="x") for number in range(300)])

    assert result == Open(1, result.reason, tuple(f"{number:03}" for number in range(LISTED)))  # type: ignore[union-attr]


def test_leads_are_asked_once_and_only_for_rows_that_no_key_settles() -> None:
    """Finding an activity's lead may cost a request, so none is asked for what the row key or the creator tells."""
    asked: list[str] = []

    def ask(activity: SeenActivity) -> str | None:
        asked.append(activity.activity_id)
        return activity.lead_id

    candidates = [keyed("a", "etl-one"), seen("b"), seen("c", "lena"), seen("d", created_by=THEIRS)]
    recognise([row(key="etl-one")], candidates, Trust(creator=OURS), KEY_FIELD, ask)
    by_key = list(asked)
    recognise([row(key="etl-one"), row(2), row(3, "lena")], candidates, Trust(creator=OURS), KEY_FIELD, ask)

    assert (by_key, asked) == ([], ["b", "c"])


def test_leads_are_compared_in_the_form_that_the_caller_names() -> None:
    """A telephone number has many spellings: what counts as the same lead is said by who knows its field."""

    def digits(text: str) -> str:
        return "".join(sign for sign in text if sign.isdigit())

    candidates = [seen("a", "+91-98765 43210")]

    assert recognise([row(lead="919876543210")], candidates, NEW, None, lead_of, digits) == (Found(1, "a"),)


@pytest.mark.parametrize("note", ["met", None], ids=["notes told", "notes not told"])
@pytest.mark.parametrize(
    "trust",
    [NEW, Trust(times=KEPT), Trust(times=CHANGED), Trust(values=CHANGED)],
    ids=["new", "times kept", "times changed", "values changed"],
)
@pytest.mark.parametrize("differ_in", ["time", "note"])
def test_rows_and_activities_are_not_compared_each_with_each(trust: Trust, note: str | None, differ_in: str) -> None:
    """Rows equal but for one thing, and a crowd that looks like them, take a few looks at each activity."""
    looks: Counter[str] = Counter()

    class Watched(dict[str, str]):
        def get(self, name: str, default: str | None = None) -> str | None:  # type: ignore[override]
            looks["values"] += 1
            return super().get(name, default)

    own: list[dict[str, Any]] = [
        {"time": AT + timedelta(minutes=number)} if differ_in == "time" else {"note": f"{number}"}
        for number in range(90)
    ]
    rows = [replace(row() if number % 2 else WON, row_id=number, **own[number]) for number in range(90)]
    candidates = [replace(seen(f"{number}", note=note), values=Watched(mx_Custom_1="SV")) for number in range(400)]

    told(rows, candidates, trust)

    assert looks["values"] < 15 * len(candidates)


# --- made-up worlds ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    """What is in LeadSquared and what is in doubt. origin: the row that an activity came from; none for a stranger's."""

    rows: tuple[SentRow, ...]
    candidates: tuple[SeenActivity, ...]
    origin: dict[str, SentRow]
    trust: Trust


VALUES = st.sampled_from([{}, {"mx_Custom_1": "x"}, {"mx_Custom_1": "y"}, {"mx_Custom_1": "x", "Status": "Open"}])
NOTES = st.sampled_from([None, "n", "m"])
TIMES = st.sampled_from([None, AT, LATER])
LEADS = st.sampled_from(["asha", "Asha", "ravi", "lena"])


@dataclass(frozen=True)
class Reads:
    """How an account shows what it holds."""

    notes: bool
    keys: Callable[[str], str | None]
    times: bool
    creators: bool


KEY_READS: list[Callable[[str], str | None]] = [str.upper, lambda key: key[:5], lambda _: None]
READS = st.builds(Reads, st.booleans(), st.sampled_from(KEY_READS), st.booleans(), st.booleans())


def activity(activity_id: str, sent: SentRow, lead: str, user: str, reads: Reads) -> SeenActivity:
    """What an account with such reads shows of what was sent."""
    key = reads.keys(sent.key) if sent.key else None
    values = {"Status": "Open", "Owner": "o"} | dict(sent.values) | ({KEY_FIELD: key} if key else {})
    created = sent.time if reads.times and sent.time else LATER + timedelta(days=1)
    note = (sent.note or "") if reads.notes else None
    return SeenActivity(activity_id, lead, note, values, created, created, user if reads.creators else None)


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Some rows in doubt, each stored or not, on its lead, on one that is not told, or moved away; and strangers."""
    reads = draw(READS)
    count = draw(st.integers(1, 6))
    keys = draw(st.lists(st.booleans(), min_size=count, max_size=count))
    rows = tuple(
        SentRow(
            number, 1, draw(LEADS), draw(NOTES), draw(TIMES), draw(VALUES), f"etl-{number}x" if keys[number] else None
        )
        for number in range(count)
    )
    names = iter(draw(st.permutations([f"id-{number:02}" for number in range(30)])))
    origin: dict[str, SentRow] = {}
    candidates: list[SeenActivity] = []
    for sent in rows:
        for _ in range(draw(st.sampled_from([0, 0, 1, 1, 1, 2]))):  # two: somebody sent the row again
            lead = draw(st.sampled_from([sent.lead, sent.lead, sent.lead.upper(), "", "moved"]))
            candidates.append(activity(next(names), sent, lead, OURS, reads))
            origin[candidates[-1].activity_id] = sent
    for _ in range(draw(st.integers(0, 4))):
        key = draw(st.sampled_from([None, None, "etl-stranger"]))
        stranger = SentRow(-1, 0, draw(LEADS | st.just("far")), draw(NOTES), draw(TIMES), draw(VALUES), key)
        lead = draw(st.sampled_from([stranger.lead, ""]))
        candidates.append(activity(next(names), stranger, lead, draw(st.sampled_from([OURS, THEIRS])), reads))
    keys_learned = KEPT if reads.keys is str.upper else CHANGED
    trust = Trust(
        keys=draw(st.sampled_from([UNKNOWN, keys_learned, CHANGED])),
        values=draw(st.sampled_from([UNKNOWN, KEPT, CHANGED])),
        times=draw(st.sampled_from([UNKNOWN, CHANGED, KEPT if reads.times else CHANGED])),
        creator=draw(st.sampled_from([None, OURS])),
    )
    return World(rows, tuple(candidates), origin, trust)


def payload(sent: SentRow) -> tuple[object, ...]:
    return same_text(sent.lead), sent.note, sent.time, frozenset(sent.values.items())


def fits(found: SeenActivity, sent: SentRow, world: World) -> bool:
    """Whether an activity may be called this row: it shows its key, or came from an equal row, or looks like one."""
    if sent.key and same_text(found.values.get(KEY_FIELD, "")) == sent.key:
        return True
    if (source := world.origin.get(found.activity_id)) is not None:
        return payload(source) == payload(sent)
    on_lead = same_text(found.lead_id) == same_text(sent.lead)
    customs = {name: text for name, text in found.values.items() if name.startswith("mx_")}
    sent_customs = {name: text for name, text in sent.values.items() if name.startswith("mx_")}
    values = customs == sent_customs and all(found.values[name] == text for name, text in sent.values.items())
    time = sent.time is None or world.trust.times is CHANGED or found.created_on == sent.time
    user = world.trust.creator is None or found.created_by in {None, OURS}
    return on_lead and values and time and user and found.note in {sent.note or "", None if sent.note is None else ""}


@given(world=worlds())
def test_each_row_has_one_result_and_each_activity_one_row(world: World) -> None:
    """Results come in the order of the rows, and no activity is given to two."""
    results = told(world.rows, world.candidates, world.trust)

    found = [result.activity_id for result in results if isinstance(result, Found)]
    assert [result.row_id for result in results] == [sent.row_id for sent in world.rows]
    assert len(set(found)) == len(found)


@given(world=worlds())
def test_no_row_is_found_in_an_activity_that_is_not_equal_to_it(world: World) -> None:
    """Whatever else is there: what a row is found in is that row, an equal one, or cannot be told from it."""
    by_id = {candidate.activity_id: candidate for candidate in world.candidates}

    for sent, result in zip(world.rows, told(world.rows, world.candidates, world.trust), strict=True):
        assert not isinstance(result, Found) or fits(by_id[result.activity_id], sent, world)


@given(world=worlds())
def test_no_row_is_missing_that_is_there(world: World) -> None:
    """Of equal rows no more are missing than were not stored; and none whose own key is shown, wherever its lead went."""
    shown_keys = {same_text(candidate.values.get(KEY_FIELD, "")) for candidate in world.candidates}
    results = told(world.rows, world.candidates, world.trust)

    there = Counter(payload(sent) for sent in {source.row_id: source for source in world.origin.values()}.values())
    missing = Counter(
        payload(sent) for sent, told_ in zip(world.rows, results, strict=True) if isinstance(told_, Missing)
    )
    rows = Counter(payload(sent) for sent in world.rows)
    assert all(missing[equal] <= rows[equal] - there[equal] for equal in rows)
    assert not [
        sent.row_id
        for sent, result in zip(world.rows, results, strict=True)
        if isinstance(result, Missing) and sent.key in shown_keys
    ]


@given(world=worlds(), seed=st.integers(0, 2**16))
def test_the_order_in_which_leadsquared_shows_activities_does_not_matter(world: World, seed: int) -> None:
    """Pages come in any order, and so may the rows."""
    dice = random.Random(seed)
    rows, candidates = list(world.rows), list(world.candidates)
    dice.shuffle(rows)
    dice.shuffle(candidates)

    shuffled = {result.row_id: result for result in told(rows, candidates, world.trust)}
    assert tuple(shuffled[sent.row_id] for sent in world.rows) == told(world.rows, world.candidates, world.trust)


@given(world=worlds())
def test_open_rows_name_what_they_may_be(world: World) -> None:
    """An open row lists candidates that nobody was found in, and its reason names them."""
    results = told(world.rows, world.candidates, world.trust)

    found = {result.activity_id for result in results if isinstance(result, Found)}
    for result in results:
        if isinstance(result, Open):
            assert result.candidates
            assert not found & set(result.candidates)
            assert result.candidates[0] in result.reason
