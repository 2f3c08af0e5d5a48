"""Request bodies as they are kept, and as they come back."""

from __future__ import annotations

import json
import random
import zlib

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl.errors import LedgerError
from etl.ledger.bodies import Bodies
from etl.ledger.requests import Intent, Reserved
from etl.records import Window

from .books import GENEROUS, Book, a_row, created


def visits(seed: int) -> bytes:
    """A body like those of a run: 25 activities of the same shape, of values that occur again and again."""
    chance = random.Random(seed)
    notes = ("Liked the corner plot", "Wants to come again with the family", "सप्ताह के अंत में फिर मिलेंगे")
    rows = [
        {
            "SearchByValue": f"asha.{chance.randrange(9_999)}@example.com",
            "ActivityEvent": 320,
            "ActivityNote": f"{chance.choice(notes)} ({chance.randrange(99_999)})",
            "Fields": [{"SchemaName": f"mx_Custom_{n}", "Value": str(chance.randrange(999))} for n in range(6)],
        }
        for _ in range(25)
    ]
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()


def sent(book: Book, run_id: int, body: bytes) -> int:
    """The next row of the run sent with this body; the number of its request, which is in the air."""
    intent = Intent(book.account_id, book.scope_id, run_id, Window.BULK, book.waiting(run_id)[:1], body)
    reserved = book.ledger.requests.reserve(intent, GENEROUS)
    assert isinstance(reserved, Reserved)
    return reserved.request_id


def kept(book: Book, request_id: int) -> bytes:
    return bytes(book.query("SELECT body FROM requests WHERE request_id = :id", id=request_id)[0][0])


def as_sent(book: Book, request_id: int) -> bytes:
    deflated = book.ledger.doubts.requests([request_id])[request_id].body
    assert deflated is not None
    return zlib.decompress(deflated)


def test_a_body_is_kept_by_what_is_new_in_it(book: Book) -> None:
    """Once a first request has ended, bodies take half the room; each comes back to the byte, also to another process."""
    run_id = book.begin([a_row(number, f"row {number}") for number in range(2, 6)])
    first_row, *_ = book.waiting(run_id)
    bodies = [visits(seed) for seed in range(4)]
    first, second = sent(book, run_id, bodies[0]), sent(book, run_id, bodies[1])
    assert kept(book, second)[:1] == b"\x02"  # nothing has ended yet by which it could be kept

    book.settle(first, created(first_row))
    third = sent(book, run_id, bodies[2])
    other = book.neighbour()
    fourth = sent(other, run_id, bodies[3])
    other.ledger.close()

    assert len(kept(book, third)) < 0.55 * len(zlib.compress(bodies[2], 6))
    assert len(kept(book, fourth)) < 0.55 * len(zlib.compress(bodies[3], 6))
    assert [as_sent(book, number) for number in (first, second, third, fourth)] == bodies


ALIKE = b'[{"A":"one"},{"A":"two"}]'


@settings(max_examples=60, deadline=None)
@given(words=st.binary(min_size=1, max_size=60) | st.just(ALIKE), body=st.binary(max_size=60) | st.just(visits(1)))
@example(words=b"[]", body=b"")
@example(words=ALIKE, body=b"[\n]")
@example(words=b"\n", body=ALIKE)
@example(words=b"x" * 40_000, body=b"x" * 50_000 + b"y")
def test_any_body_comes_back(words: bytes, body: bytes) -> None:
    """Whatever the first body of a run was, and however it was kept, and whatever the next one is."""
    for first in (zlib.compress(words), Bodies(_NoRun()).packed(None, words)):  # type: ignore[arg-type]
        bodies = Bodies(_OneRun(first))  # type: ignore[arg-type] # all that is asked of a database

        packed = bodies.packed(1, body)

        deflated = Bodies(_OneRun(first)).deflated(packed)  # type: ignore[arg-type]
        assert deflated is not None
        assert zlib.decompress(deflated) == body
        assert zlib.decompress(bodies.deflated(first) or b"") == words
    assert bodies.deflated(zlib.compress(body)) == zlib.compress(body)  # as all were kept before
    assert bodies.deflated(None) is None


class _NoRun:
    """A database without requests."""

    shown = "ledger.db"

    def ask(self, statement: str, values: dict[str, int]) -> list[tuple[object, ...]]:
        return []


class _OneRun(_NoRun):
    """A database with one request, which has ended; its body as it is kept."""

    def __init__(self, kept: bytes) -> None:
        self._kept = kept

    def ask(self, statement: str, values: dict[str, int]) -> list[tuple[object, ...]]:
        return [(7, self._kept)] if "run_id" in values else [(self._kept,)]


TURNED = Bodies(_NoRun()).packed(None, ALIKE)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "instead"),
    [
        pytest.param(zlib.compress(ALIKE), b"", id="none"),
        pytest.param(zlib.compress(ALIKE), zlib.compress(b"other words than those"), id="other"),
        pytest.param(zlib.compress(ALIKE), TURNED, id="the same but turned"),
        pytest.param(TURNED, b"", id="turned: none"),
        pytest.param(TURNED, zlib.compress(ALIKE), id="turned: the same as it was"),
        pytest.param(TURNED, Bodies(_NoRun()).packed(None, visits(2)), id="turned: other"),  # type: ignore[arg-type]
    ],
)
def test_a_body_whose_words_are_not_there_is_never_guessed(first: bytes, instead: bytes) -> None:
    """Where the request by which others are kept has another body, that is said, and no wrong body comes back."""
    packed = Bodies(_OneRun(first)).packed(1, b'[{"A":"three"}]')  # type: ignore[arg-type]

    with pytest.raises(LedgerError, match="body of request 7"):
        Bodies(_OneRun(instead)).deflated(packed)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "damaged",
    [
        pytest.param(TURNED[:-1] + b"?", id="a byte of one that stands alone"),
        pytest.param(Bodies(_OneRun(TURNED)).packed(1, visits(1))[:-9], id="the end of another"),  # type: ignore[arg-type]
    ],
)
def test_a_body_that_is_damaged_is_never_guessed(damaged: bytes) -> None:
    """It is not as it was on the disk."""
    with pytest.raises(LedgerError, match="body of a request is not as it was"):
        Bodies(_OneRun(TURNED)).deflated(damaged)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("first", "mark"), [(zlib.compress(ALIKE), b"\x03"), (TURNED, b"\x01")], ids=["plain", "turned"]
)
def test_a_body_is_never_taken_for_one_of_the_other_kind(first: bytes, mark: bytes) -> None:
    """One bit of its mark is another one on the disk: both kinds take the same words, so that the stream itself is whole."""
    packed = Bodies(_OneRun(first)).packed(1, visits(1))  # type: ignore[arg-type]

    with pytest.raises(LedgerError, match="is not as it was"):
        Bodies(_OneRun(first)).deflated(mark + packed[1:])  # type: ignore[arg-type]


def test_a_body_whose_words_were_forgotten_is_forgotten_with_them(book: Book) -> None:
    """A pruning forgets the bodies of a run while another process takes it back: what that one sends next is as if pruned."""
    run_id = book.begin([a_row(number, f"row {number}") for number in range(2, 5)])
    first_row, *_ = book.waiting(run_id)
    book.settle(sent(book, run_id, visits(0)), created(first_row))
    sent(book, run_id, visits(1))  # by the words of the first
    book.do("UPDATE requests SET body = NULL")
    late = sent(book, run_id, visits(2))

    assert book.ledger.doubts.requests([late])[late].body is None
    other = book.neighbour()
    assert as_sent(other, sent(other, run_id, visits(3))) == visits(3)
    other.ledger.close()
