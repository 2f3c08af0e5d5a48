"""Request bodies turned around: what the rows of one say alike stands there once, and what differs stands by columns.

A body is a list of elements, one for each row, and nearly all of it are names of members, which deflating finds again and
again. Turned around it is half as long, what is alike stands together, and it deflates to two thirds. It is the text itself
that is taken apart, whatever it means, so that it comes back to the byte:

    head       the first and the last byte of the body, [ and ], and how many shapes it has, as a letter
    shapes     each shape that an element has, once: its text, with \\x01 in place of each value
    order      which shape each element has, a letter for each
    columns    the values that stand behind one name, of all elements

Between all of them is \\x00. Elements that lack a member have a shape of their own; their other values are in the columns of
all. Control characters are free to be used so, because JSON has none within its texts; a body that has some is not turned.

    \\x01a\\x01b\\x01c   values of different lengths, each behind \\x01
    \\x02abc            values of equal lengths: their first characters, then their second ones, … — dates, numbers, ids
    \\x03a              one value that all have
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, repeat
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_Column: TypeAlias = "tuple[bytes, int]"

_APART, _EACH, _EQUALLY_LONG, _ALL = b"\x00", b"\x01", b"\x02", b"\x03"
_ENDS = b"[]"
_FIRST_LETTER = 48
_COMMA = ord(",")
_MOST_SHAPES = 40
"""Of bodies of a run that are turned: to find one out takes as long as to turn some bodies."""

_CONTROL = re.compile(rb"[\x00-\x1f]")
_NEVER = re.compile(rb"(?!)")
_OPENING = re.compile(rb'\{"[^"\\]*":"?')

_PLAIN = rb"([ !#-\[\]-\xff]*+)"  # nothing is given back: what does not match is soon found not to
_TEXT = rb"([ !#-\[\]-\xff]*+(?:\\[ -\xff][ !#-\[\]-\xff]*+)*)"  # nor is a control character escaped by a backslash
# What names a member is no value, though it stands where values do: {"SchemaName":"mx_Custom_1","Value":…}
_VALUE = re.compile(rb'(?<!"SchemaName")(?<!"Attribute"):"' + _TEXT + rb'"')


@dataclass(frozen=True, eq=False)  # not slotted: the pattern is made where it is needed only
class _Shape:
    """The text of elements in which only the values differ. text: theirs, with a mark in place of each value."""

    text: bytes

    @cached_property
    def pattern(self) -> re.Pattern[bytes]:
        """Finds the values of an element that has this shape."""
        return re.compile(_TEXT.join(map(re.escape, self.text.split(_EACH))))

    @cached_property
    def plainly(self) -> re.Pattern[bytes]:
        """The same, a sixth faster, where nothing in the values is escaped."""
        return re.compile(_PLAIN.join(map(re.escape, self.text.split(_EACH))))

    @cached_property
    def columns(self) -> tuple[_Column, ...]:
        """To which columns its values belong: by the name before each, and which of several behind that name it is."""
        names = [between.rpartition(b"{")[2] for between in self.text.split(_EACH)[:-1]]
        return tuple((name, names[:place].count(name)) for place, name in enumerate(names))

    def filled(self, values: Sequence[bytes]) -> bytes:
        """The element with these values."""
        start, *others = self.text.split(_EACH)
        return start + b"".join(value + between for value, between in zip(values, others, strict=True))


class Turner:
    """Turns bodies around, of which many have elements of the same shapes."""

    def __init__(self) -> None:
        self._shapes: list[_Shape] = []

    def turned(self, body: bytes) -> bytes | None:
        """The body turned around; None where it cannot be, or has too many shapes to be the shorter for it."""
        if len(body) < len(_ENDS) or _CONTROL.search(_ends(body)):
            return None
        letters = bytearray()
        rows: dict[int, list[tuple[bytes, ...]]] = {}
        match, letter, taken = _NEVER.match, 0, list[tuple[bytes, ...]]()
        at, end = 1, len(body) - 1
        while at <= end:
            found = match(body, at, end)
            after = found.end() if found is not None else at
            if found is None or (after != end and body[after] != _COMMA):  # else it is like the one before, as mostly
                known = self._found(body, at, end, letter)
                if known is None:
                    return None
                letter, found = known
                match, taken = self._shapes[letter - _FIRST_LETTER].plainly.match, rows.setdefault(letter, [])
                after = found.end()
            letters.append(letter)
            taken.append(found.groups())
            at = after + 1
        shapes = [self._shapes[letter - _FIRST_LETTER] for letter in rows]
        columns = _columns(zip(shapes, rows.values(), strict=True))
        head = _ends(body) + bytes(rows)
        return _APART.join((head, *(shape.text for shape in shapes), letters, *map(_written, columns)))

    def _found(self, body: bytes, at: int, end: int, other: int) -> tuple[int, re.Match[bytes]] | None:
        """The letter of the shape of the element there, which is noted for those to come, and its values; None if it has none.

        other: the letter of a shape that it does not have, unless something in it is escaped.
        """
        for letter, shape in enumerate(self._shapes, start=_FIRST_LETTER):
            found = shape.plainly.match(body, at, end) if letter != other else None
            if found is not None and (found.end() == end or body[found.end()] == _COMMA):
                return letter, found
        after = _end_of_element(body, at, end)
        for letter, shape in enumerate(self._shapes, start=_FIRST_LETTER):
            found = shape.pattern.fullmatch(body, at, after)
            if found is not None:
                return letter, found
        if len(self._shapes) >= _MOST_SHAPES or _CONTROL.search(body, at, after):
            return None
        shape = _Shape(_VALUE.sub(b':"' + _EACH + b'"', body[at:after]))
        found = shape.pattern.fullmatch(body, at, after)
        if found is None:
            return None
        self._shapes.append(shape)
        return _FIRST_LETTER + len(self._shapes) - 1, found


def turned_back(turned: bytes) -> bytes:
    """The body that was turned around so."""
    head, *parts = turned.split(_APART)
    ends, used = head[: len(_ENDS)], head[len(_ENDS) :]
    shapes = [_Shape(text) for text in parts[: len(used)]]
    letters, *columns = parts[len(used) :]
    times = [letters.count(letter) for letter in used]
    values = _rows(shapes, times, columns)
    elements = {letter: map(shape.filled, rows) for letter, shape, rows in zip(used, shapes, values, strict=True)}
    return ends[:1] + b",".join([next(elements[letter]) for letter in letters]) + ends[1:]


def _ends(body: bytes) -> bytes:
    return body[:1] + body[-1:]


def _end_of_element(body: bytes, at: int, end: int) -> int:
    """Where the element ends that begins there: where one begins with the same member as the first, or where the list ends."""
    begins = _OPENING.match(body, 1)
    following = body.find(b"," + begins.group(), at, end) if begins is not None else -1
    return end if following < 0 else following


def _columns(rows: Iterable[tuple[_Shape, Sequence[tuple[bytes, ...]]]]) -> Iterable[list[bytes]]:
    """The values of the elements, shape by shape, as columns."""
    columns: dict[_Column, list[bytes]] = {}
    for shape, values in rows:
        for column, taken in zip(shape.columns, zip(*values, strict=True), strict=True):
            if column in columns:
                columns[column] += taken
            else:
                columns[column] = list(taken)
    return columns.values()


def _rows(
    shapes: Sequence[_Shape], times: Sequence[int], columns: Sequence[bytes]
) -> Iterator[Iterator[tuple[bytes, ...]]]:
    """The values of the elements of each shape, of which there are so many."""
    lengths: dict[_Column, int] = {}
    for shape, count in zip(shapes, times, strict=True):
        for column in shape.columns:
            lengths[column] = lengths.get(column, 0) + count
    left = {one: iter(_read(column, lengths[one])) for one, column in zip(lengths, columns, strict=True)}
    for shape, count in zip(shapes, times, strict=True):
        taken = [list(islice(left[column], count)) for column in shape.columns]
        yield zip(*taken, strict=True) if taken else repeat((), count)


def _written(values: Sequence[bytes]) -> bytes:
    """The values of a column one behind the other."""
    first, others = values[0], len(values) - 1
    each = _EACH.join(values)
    step = len(first) + 1
    if len(each) == len(values) * step - 1 and each[len(first) :: step] == _EACH * others:
        if values.count(first) == len(values):
            return _ALL + first
        return _EQUALLY_LONG + b"".join([each[place::step] for place in range(len(first))])
    return each


def _read(written: bytes, length: int) -> Sequence[bytes]:
    """The values of a column of so many."""
    if written.startswith(_ALL):
        return [written[1:]] * length
    if written.startswith(_EQUALLY_LONG):
        together = written[1:]
        return [together[place::length] for place in range(length)]
    return written.split(_EACH)
