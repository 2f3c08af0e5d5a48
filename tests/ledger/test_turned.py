"""Bodies turned around, and back to the byte."""

from __future__ import annotations

import json
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.ledger.turned import Turner, turned_back

from .test_bodies import visits

_TEXTS = st.text(max_size=8) | st.sampled_from(['"', "\\", '\\"', "a\nb", "\x00", '","', '"},{"A":"', "पुणे", "320", ""])
_VALUES = _TEXTS | st.integers() | st.none() | st.lists(st.fixed_dictionaries({"SchemaName": _TEXTS, "Value": _TEXTS}))
_ROWS = st.lists(st.dictionaries(st.sampled_from(["A", "SchemaName", "Value", 'Say "x"']), _VALUES), max_size=6)


@settings(max_examples=200, deadline=None)
@given(bodies=st.lists(_ROWS, min_size=1, max_size=3), is_ascii=st.booleans())
def test_what_json_can_say_comes_back(bodies: list[list[dict[str, Any]]], is_ascii: bool) -> None:
    """Rows of any members and values, spelt either way, of several bodies one after the other."""
    turner = Turner()

    for rows in bodies:
        body = json.dumps(rows, ensure_ascii=is_ascii, separators=(",", ":")).encode("utf-8", "surrogatepass")
        turned = turner.turned(body)
        assert turned is not None
        assert turned_back(turned) == body


@settings(max_examples=200, deadline=None)
@given(body=st.binary(max_size=40) | st.text('[]{}",:\\a1 \x01', max_size=40).map(str.encode))
def test_whatever_is_turned_comes_back(body: bytes) -> None:
    """Bytes that are no JSON at all come back, or are not turned."""
    turned = Turner().turned(body)

    assert turned is None or turned_back(turned) == body


def _body(*rows: str) -> bytes:
    return f"[{','.join(rows)}]".encode()


@pytest.mark.parametrize(
    ("body", "columns"),
    [
        pytest.param(_body('{"A":"x"}', '{"A":"yy"}'), [b"x\x01yy"], id="values"),
        pytest.param(_body('{"A":"12"}', '{"A":"34"}'), [b"\x021324"], id="of equal lengths"),
        pytest.param(_body('{"A":"x"}', '{"A":"x"}'), [b"\x03x"], id="of one text"),
        pytest.param(_body('{"A":""}', '{"A":"x"}'), [b"\x01x"], id="an empty one"),
        pytest.param(_body('{"A":1}', '{"A":1}'), [], id="none: a number is no text"),
        pytest.param(
            _body('{"A":"x","F":[{"SchemaName":"f","Value":"1"}]}', '{"A":"x","F":[{"SchemaName":"g","Value":"2"}]}'),
            [b"\x03x", b"\x031", b"\x032"],
            id="by the names that stand in values",
        ),
        pytest.param(
            _body('{"A":"x","F":[{"B":"1"},{"C":"22"}]}', '{"A":"y","F":[{"C":"3"}]}'),
            [b"\x02xy", b"\x031", b"22\x013"],
            id="of elements that lack a member",
        ),
        pytest.param(_body(r'{"A":"say \"x\""}', r'{"A":"\\"}'), [rb"say \"x\"" + b"\x01" + rb"\\"], id="with quotes"),
        pytest.param(b'{"A":"x","B":"y"}', [b"\x03x", b"\x03y"], id="of one element"),
    ],
)
def test_columns_hold_what_differs(body: bytes, columns: list[bytes]) -> None:
    """The values of one name stand together, and one that all have stands there once."""
    turned = Turner().turned(body)

    assert turned is not None
    assert turned_back(turned) == body
    head, *parts = turned.split(b"\x00")
    assert (
        parts[len(head) - 1 :] == columns
    )  # two ends, a letter and a text for each shape, and the letters of the rows


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"x", id="a byte"),
        pytest.param(b'[\n{"A":"x"}]', id="with line breaks"),
        pytest.param(b'[{"A":"\x01"}]', id="no JSON"),
        pytest.param(b"\x00[]", id="an end that is a mark"),
        pytest.param(_body(*(f'{{"A":{number}}}' for number in range(100))), id="a hundred shapes"),
    ],
)
def test_what_is_not_to_be_turned(body: bytes) -> None:
    """What holds the marks themselves, or is of as many shapes as rows, stays as it is."""
    assert Turner().turned(body) is None


@pytest.mark.parametrize("mark", [b"\x00", b"\x01", b"\x0a"])
def test_a_mark_behind_a_backslash_is_not_turned(mark: bytes) -> None:
    """Nor where an element of that shape has been met: what JSON escapes is a letter."""
    turner = Turner()
    assert turner.turned(_body('{"A":"x"}', '{"A":"y"}')) is not None

    assert turner.turned(b'[{"A":"x"},{"A":"\\' + mark + b'"}]') is None


def test_turned_bodies_are_half_as_long() -> None:
    """That is before they are deflated, and what is left then is less than three quarters."""
    body = visits(7)

    turned = Turner().turned(body)

    assert turned is not None
    assert len(turned) < 0.5 * len(body)
    assert len(zlib.compress(turned)) < 0.75 * len(zlib.compress(body))
