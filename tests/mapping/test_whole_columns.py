"""A column that is read at once gives what its cells give one by one."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl.mapping.bind import bind
from etl.mapping.reading import target_memos
from etl.mapping.row_keys import key_columns
from tests.mapping.build import a_mapping, a_table

if TYPE_CHECKING:
    from etl.mapping.reading import Memo

MAPPING = a_mapping(
    columns={
        "Email": "SearchByValue",
        "Note": {"to": "ActivityNote", "max_length": 12},
        "Text": {"to": "mx_Custom_1", "max_length": 12, "when_too_long": "cut"},
        "Number": {"to": "mx_Custom_2", "type": "number", "max_length": 6},
        "Integer": {"to": "mx_Custom_3", "type": "integer"},
        "Near": {"to": "mx_Custom_4", "type": "number", "between": ["5", "60"]},
        "When": {"to": "mx_Custom_5", "type": "datetime", "format": "%d/%m/%Y %H:%M"},
    },
    input={"time_zone": "Asia/Kolkata", "empty_values": ["-", "n/a", "0", "7", "no@no.no"]},
    unique_by=["Text"],
)
TARGETS = ("SearchByValue", "ActivityNote", "mx_Custom_1", "mx_Custom_2", "mx_Custom_3", "mx_Custom_4", "mx_Custom_5")
CELLS = st.one_of(
    st.sampled_from(
        ["-", "n/a", " ", "", "0", "7", "1.5E+11", "E-1", "{next}", "<b>", "5<6", "a\nb", "é", "e\u0301", "½", "٣"]
    ),
    st.from_regex(r"[0-9]{1,8}", fullmatch=True),
    st.from_regex(r"[a-z]{1,14}( [a-z]{1,3})?", fullmatch=True),
    st.sampled_from(
        ["03/02/2026 05:29", "13/02/2026 05:30", "13/02/2026 05:29", "31/02/2026 05:29", " 03/02/2026 05:30"]
    ),
)
ODD_ADDRESSES = st.sampled_from(
    ["a@b.co\nc@d.co", " a@b.co", "a@b.co\n", "a@b.local", "é@b.co", f"{'a' * 60}@b.co", "n/a", "no@no.no"]
)
COLUMNS = st.one_of(
    st.lists(CELLS, min_size=1, max_size=6),
    st.lists(st.from_regex(r"[1-9][0-9]{0,6}", fullmatch=True), min_size=1, max_size=6),
    st.lists(st.from_regex(r"[a-z0-9-]{1,12}", fullmatch=True), min_size=1, max_size=6),
    st.lists(st.from_regex(r"[a-zA]{1,2}@[a-z]{2}\.[a-z]{2}", fullmatch=True) | ODD_ADDRESSES, min_size=1, max_size=6),
    st.lists(st.from_regex(r"[a-z.]{1,3}@[a-z-]{2}(\.[a-z]{2}){1,2}", fullmatch=True), min_size=1, max_size=4),
)


HEADERS = ("Email", "Note", "Text", "Number", "Integer", "Near", "When")


def memo_of(target: str) -> Memo:
    """How the texts of one target are read, or those of the key."""
    if target == "key":
        [(_, memos)] = key_columns(MAPPING, bind(MAPPING, a_table(*HEADERS)))
    else:
        [mapped] = [one for one in MAPPING.targets() if one.target == target]
        memos = target_memos(MAPPING, mapped, {}, None)
    return memos[str]


@cache
def at_once(target: str) -> Memo:
    """The same when it has found out that hardly a cell comes twice."""
    memo = memo_of(target)
    memo.of([f"no{number}" for number in range(1_000)])
    assert not memo
    return memo


@cache
def alone(target: str) -> Memo:
    """The same while each different cell is read by itself, and remembered."""
    return memo_of(target)


@pytest.mark.parametrize("target", [*TARGETS, "key"])
@settings(max_examples=60, deadline=None)
@example(cells=["came again", "{next}"])
@example(cells=["<b>"])
@example(cells=['="00417"'])
@example(cells=["1.5E+11", "came again"])
@example(cells=["thirteen long"])
@example(cells=["1234567"])
@example(cells=["a@b.co\nc@d.co"])
@example(cells=["no@no.no"])
@given(cells=COLUMNS)
def test_at_once_as_one_by_one(target: str, cells: list[str]) -> None:
    """Whatever stands in a column, and whatever was read before it."""
    assert list(at_once(target).of(cells)) == [alone(target)[cell] for cell in cells]


@pytest.mark.parametrize(
    ("target", "cells"),
    [
        ("SearchByValue", ["asha.r@example.com", "a@b-c.co.in"]),
        ("ActivityNote", ["came again", "5 > 4"]),
        ("mx_Custom_1", ["Rose Park", "00417"]),
        ("mx_Custom_2", ["1500", "21"]),
        ("mx_Custom_3", ["1500", "21"]),
        ("key", ["SV-1", "SV-2"]),
    ],
)
def test_ordinary_columns_are_read_at_once(target: str, cells: list[str]) -> None:
    """What needs no more than a look is given back as it is."""
    assert at_once(target).of(cells) is cells
