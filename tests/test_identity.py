"""Who is who: fingerprints, row keys, accounts."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl.cell_texts import FullTexts, text_of, texts_of
from etl.identity import (
    FINGERPRINT_BYTES,
    ROW_KEY_PREFIX,
    CellsFingerprint,
    account_identity,
    key_marks,
    lead_mark,
    lead_marks,
    payload_fingerprint,
    payload_fingerprints,
    payload_marks,
    row_key,
    unique_key,
    unique_keys,
)
from etl.records import BrokenCell, Cell, ShownNumber

if TYPE_CHECKING:
    from collections.abc import Callable

TEXTS = st.text(max_size=6)


@example(first={"a": "bc"}, second={"ab": "c"})
@example(first={"a": "b", "c": "d"}, second={"a": "bcd"})
@given(first=st.dictionaries(TEXTS, TEXTS, max_size=4), second=st.dictionaries(TEXTS, TEXTS, max_size=4))
def test_payloads_are_equal_exactly_when_their_fingerprints_are(first: dict[str, str], second: dict[str, str]) -> None:
    """Two payloads share a fingerprint when, and only when, they send the same texts to the same targets."""
    assert (payload_fingerprint(first) == payload_fingerprint(second)) == (first == second)


@given(keys=st.lists(st.tuples(*[st.sampled_from([None, "", "a", "ab"])] * 2), min_size=1, max_size=5))
def test_marks_tell_keys_apart(keys: list[tuple[str | None, ...]]) -> None:
    """Equal exactly where all their values are, and never equal to the mark of a payload."""
    columns = list(zip(*keys, strict=True))

    marks = key_marks(columns, len(keys))

    assert [[one == other for other in marks] for one in marks] == [[one == other for other in keys] for one in keys]
    assert not set(marks) & set(payload_marks(dict(zip("ab", columns, strict=True)), len(keys)))


CELLS = st.one_of(
    st.sampled_from(
        [None, "", "a", "%s", "x\x1fy", "\ud800", BrokenCell("#N/A"), ShownNumber(7, "007"), True, -0.0, 2.5]
    ),
    st.sampled_from(
        [
            5,
            5.0,
            1e300,
            date(2026, 1, 2),
            *map(datetime.fromisoformat, ("2026-01-02", "2026-01-02T03:04:05.000006")),
            time(3, 4),
        ]
    ),
)


@given(
    payloads=st.lists(st.tuples(*[st.sampled_from([None, "", "a", "ab"])] * 3), max_size=6),
    more=st.lists(st.tuples(*[st.sampled_from([None, "", "a", "ab"])] * 3), max_size=2),
)
def test_marks_tell_payloads_apart_as_fingerprints_do(
    payloads: list[tuple[str | None, ...]], more: list[tuple[str | None, ...]]
) -> None:
    """Within a command, over blocks and whatever the order of the targets: equal exactly where what is sent is equal."""

    def of(make: Callable[[dict[str, list[str | None]], int], list[bytes]]) -> list[bytes]:
        found = []
        for rows, targets in ((payloads, "abc"), (more, "cba")):
            places = {target: "abc".index(target) for target in targets}
            found += make({target: [row[place] for row in rows] for target, place in places.items()}, len(rows))
        return found

    marks, fingerprints = of(payload_marks), of(payload_fingerprints)
    assert [[one == other for other in marks] for one in marks] == [
        [one == other for other in fingerprints] for one in fingerprints
    ]


@given(payloads=st.lists(st.dictionaries(st.sampled_from("ab%\x1f"), TEXTS, max_size=4), max_size=4))
def test_payloads_together_are_known_as_one_by_one(payloads: list[dict[str, str]]) -> None:
    """The quick way for a block of rows makes, row by row, the fingerprints that ledgers hold."""
    targets = dict.fromkeys(target for payload in payloads for target in payload)
    columns = {target: [payload.get(target) for payload in payloads] for target in targets}

    assert payload_fingerprints(columns, len(payloads)) == [payload_fingerprint(payload) for payload in payloads]


@given(rows=st.lists(st.tuples(TEXTS, st.sampled_from(["", "a", "\x1f", "\ud800"])), max_size=4))
def test_unique_keys_together_are_those_of_each_row(rows: list[tuple[str, str]]) -> None:
    """The same for the values of unique_by columns."""
    columns = list(zip(*rows, strict=True)) or [(), ()]

    assert unique_keys(columns, len(rows)) == [unique_key(values) for values in rows]


@given(leads=st.lists(st.none() | TEXTS | st.sampled_from(["A@x.in ", "a@X.in", "\ud800", "x\x1fy"]), max_size=6))
def test_leads_together_have_the_marks_of_each(leads: list[str | None]) -> None:
    """The same for the values that address leads; none has the mark of an empty value."""
    assert lead_marks(leads) == [lead_mark(lead or "") for lead in leads]


@given(
    headers=st.lists(st.sampled_from(["A", "B%", "", "D\x1f"]), min_size=3, max_size=3),
    rows=st.lists(st.tuples(CELLS, CELLS, CELLS), max_size=4),
)
def test_cells_together_are_known_as_row_by_row(headers: list[str], rows: list[tuple[Cell, ...]]) -> None:
    """The same for the cells of a block, whatever kinds of them its columns mix."""
    known = CellsFingerprint(headers)
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    assert known.of_columns(columns, len(rows)) == [known.of(cells) for cells in rows]


@given(rows=st.lists(st.tuples(*[st.text("ab ü%", min_size=1, max_size=3)] * 3), max_size=4))
def test_full_columns_are_known_as_any_others(rows: list[tuple[str, str, str]]) -> None:
    """A reader that says what its columns hold saves a look at them, and changes no fingerprint."""
    columns = list(zip(*rows, strict=True)) or [(), (), ()]
    full = [FullTexts(column) for column in columns]
    known = CellsFingerprint("CAB")
    mixed: list[list[str | None]] = [full[0], [*columns[1]], [None] * len(rows)]  # type: ignore[list-item]

    assert known.of_columns(full, len(rows)) == [known.of(cells) for cells in rows]
    assert known.of_columns(mixed, len(rows)) == [known.of((*cells[:2], None)) for cells in rows]
    assert unique_keys(full[:1], len(rows)) == [unique_key(cells[:1]) for cells in rows]
    assert payload_fingerprints(dict(zip("CAB", full, strict=True)), len(rows)) == [
        payload_fingerprint(dict(zip("CAB", cells, strict=True))) for cells in rows
    ]


KINDS = (
    st.integers() | st.booleans(),
    st.floats() | st.integers(-9, 9),
    st.floats(-1e20, 1e20).map(round) | st.sampled_from([0.0, -0.0, -0.04, 1e16, 1e15, 2.5, 10.0]),
    st.datetimes() | st.sampled_from([datetime.fromisoformat("2026-01-02"), datetime(2026, 1, 2, tzinfo=UTC)]),
    st.dates(),
    st.booleans(),
    st.times(),
    st.sampled_from(["", "a", BrokenCell("#N/A"), ShownNumber(7, "007"), ShownNumber(2.5, "3")]),
)


@given(
    column=st.sampled_from(KINDS).flatmap(
        lambda kind: st.lists(kind | st.none() if kind is KINDS[0] else kind, max_size=6)
    ),
    gap=st.booleans(),
)
def test_a_column_of_one_kind_has_the_texts_of_its_cells(column: list[Cell], gap: bool) -> None:
    """Numbers, moments and truth values that are looked at together are known by the same texts as each alone."""
    cells = [*column, None] if gap else column

    found = texts_of(cells)

    each = [None if cell is None or cell == "" else text_of(cell) for cell in cells]
    assert found == (each, "".join(filter(None, each)), None not in each)


@given(values=st.dictionaries(TEXTS, TEXTS, min_size=1, max_size=6), seed=st.integers())
def test_the_order_of_the_mapping_does_not_matter(values: dict[str, str], seed: int) -> None:
    """A mapping whose lines were moved about makes the same fingerprints."""
    pairs = list(values.items())
    random.Random(seed).shuffle(pairs)

    assert payload_fingerprint(dict(pairs)) == payload_fingerprint(values)


@example(first=["ab", "c"], second=["a", "bc"])
@example(first=["a", ""], second=["a"])
@example(first=["1:a"], second=["1", "a"])
@example(first=["a\x1fb"], second=["a", "b"])
@example(first=["a\x1f", "b"], second=["a", "\x1fb"])
@example(first=["a", "b", "c\x1fd", ""], second=["", "", "1:a1:b3:c", "d0:"])
@example(first=[], second=[""])
@given(first=st.lists(TEXTS, max_size=4), second=st.lists(TEXTS, max_size=4))
def test_unique_keys_keep_their_columns_apart(first: list[str], second: list[str]) -> None:
    """`ab` + `c` is not `a` + `bc`, whatever separators the cells hold."""
    assert (unique_key(first) == unique_key(second)) == (first == second)


def test_a_cut_surrogate_has_a_fingerprint() -> None:
    """Half a character, as a damaged file may hold it, is a text like any other."""
    assert unique_key(["\ud83d"]) != unique_key(["\ud83e"])


SAME_AFTER_SAVING = [
    pytest.param(3, 3.0, id="a whole number as int and float"),
    pytest.param(10**15, 1e15, id="a large whole number"),
    pytest.param(date(2026, 2, 3), datetime(2026, 2, 3), id="midnight as date and datetime"),  # noqa: DTZ001  # cells have no zone
    pytest.param("7", 7, id="a number kept as text"),
    pytest.param("", None, id="an empty text and an empty cell"),
    pytest.param(BrokenCell("#N/A"), "#N/A", id="an error and its text"),
    pytest.param(True, "TRUE", id="a truth value and its text"),
]


@pytest.mark.parametrize(("before", "after"), SAME_AFTER_SAVING)
def test_saving_again_does_not_change_a_row(before: Cell, after: Cell) -> None:
    """What a spreadsheet program may turn one cell into keeps the row's fingerprint."""
    cells = CellsFingerprint(["Visit"])

    assert cells.of([before]) == cells.of([after])


DIFFERENT = [
    pytest.param("7", "07", id="leading zero"),
    pytest.param(1, True, id="one and true"),
    pytest.param(1.5, 1.25, id="fractions"),
    pytest.param(time(9, 30), time(9, 31), id="times"),
    pytest.param(datetime(2026, 2, 3, 0, 1), date(2026, 2, 3), id="a minute past midnight"),  # noqa: DTZ001  # cells have no zone
    pytest.param("a", "a ", id="trailing space"),
]


@pytest.mark.parametrize(("one", "other"), DIFFERENT)
def test_different_cells_make_different_rows(one: Cell, other: Cell) -> None:
    """Cells that a person would call different are told apart."""
    cells = CellsFingerprint(["Visit"])

    assert cells.of([one]) != cells.of([other])


def test_columns_may_be_moved_and_empty_ones_added() -> None:
    """A row is known by headers and cells, wherever its columns stand and however many empty ones are beside them."""
    before = CellsFingerprint(["Email", "Visit"])
    after = CellsFingerprint(["Visit", "Remarks", "Email"])

    assert before.of(["a@example.com", 7]) == after.of([7, None, "a@example.com"])


def test_a_value_under_another_header_is_another_row() -> None:
    """The same text in another column does not make the same row."""
    cells = CellsFingerprint(["Email", "Visit"])

    assert cells.of(["x", None]) != cells.of([None, "x"])


def test_row_keys_tell_equal_rows_apart() -> None:
    """A row key depends on mapping, event, memory key and ordinal, and on nothing else."""
    key = row_key("visits", 320, b"k", 1)
    others = [
        row_key("visits", 320, b"k", 2),
        row_key("visits", 321, b"k", 1),
        row_key("calls", 320, b"k", 1),
        row_key("visits", 320, b"l", 1),
    ]

    assert key == row_key("visits", 320, b"k", 1)
    assert key not in others
    assert len({key, *others}) == 5


@given(name=st.text(max_size=12), event=st.integers(0, 10**6), key=st.binary(min_size=12, max_size=12))
def test_a_row_key_fits_a_custom_field(name: str, event: int, key: bytes) -> None:
    """A row key is short, plain and can be typed into a search box."""
    made = row_key(name, event, key, 1)

    assert made.startswith(ROW_KEY_PREFIX)
    assert len(made) == 28
    assert made.isascii()
    assert made == made.lower()


def test_keys_that_stand_in_accounts_are_never_made_otherwise() -> None:
    """A row key is for ever: another release, another machine and another ledger make the very same one."""
    assert ROW_KEY_PREFIX == "etl-"
    assert row_key("site-visits", 320, bytes(range(12)), 1) == "etl-rvfftej6pc36y3hojmboqh5h"


SAME_LEAD = [
    pytest.param("asha@example.com", "asha@example.com", True, id="the same"),
    pytest.param("asha@example.com", "Asha@EXAMPLE.com", True, id="letter case"),
    pytest.param("asha@example.com", " asha@example.com\n", True, id="spaces around it"),
    pytest.param("STRASSE@example.com", "straße@example.com", True, id="letters that fold"),
    pytest.param("asha@example.com", "ravi@example.com", False, id="another one"),
    pytest.param("+91 98", "+9198", False, id="spaces within it"),
    pytest.param("", "asha@example.com", False, id="none"),
]


@pytest.mark.parametrize(("one", "other", "is_same"), SAME_LEAD)
def test_a_lead_is_known_again_however_it_is_typed(one: str, other: str, *, is_same: bool) -> None:
    """Letter case and spaces around a value do not make another lead."""
    assert (lead_mark(one) == lead_mark(other)) is is_same


@given(lead=TEXTS)
@settings(max_examples=30)
def test_the_mark_of_a_lead_is_no_rows_memory_key(lead: str) -> None:
    """Leads and rows are kept side by side as failed: a row whose unique_by value is that very lead is not meant."""
    assert len(lead_mark(lead)) == FINGERPRINT_BYTES
    assert lead_mark(lead) not in {unique_key([lead]), unique_key([]), payload_fingerprint({"SearchByValue": lead})}


ACCOUNTS = [
    pytest.param("77", "https://api.example.com", "prod", "org:77", id="organisation known"),
    pytest.param(None, "https://api.example.com", "prod", "host:api.example.com/prod", id="organisation not told"),
    pytest.param("", "https://api.example.com", "prod", "host:api.example.com/prod", id="organisation empty"),
    pytest.param(None, "api.example.com", "prod", "host:api.example.com/prod", id="host alone"),
]


@pytest.mark.parametrize(("org_id", "base_url", "name", "identity"), ACCOUNTS)
def test_an_account_is_known_by_its_organisation(org_id: str | None, base_url: str, name: str, identity: str) -> None:
    """The organisation is the identity; host and name serve where LeadSquared does not tell it."""
    assert account_identity(org_id, base_url, name) == identity
