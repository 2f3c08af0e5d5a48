"""Large XML parts one element at a time, small ones whole; neither may define entities."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, cast
from xml.etree.ElementTree import XMLPullParser
from xml.parsers import expat

from defusedxml.ElementTree import fromstring

if TYPE_CHECKING:
    from collections.abc import Iterator
    from xml.etree.ElementTree import Element

    _Events = Iterator[tuple[str, Element]]  # what "start" brings; other events would bring other things

_CHUNK_BYTES = 1 << 16


def whole(source: IO[bytes]) -> Element:
    """A small part as a tree. Raises ParseError, or ValueError for a document type definition."""
    root: Element = fromstring(source.read(), forbid_dtd=True)
    return root


def elements(source: IO[bytes], name: str) -> Iterator[Element]:
    """Each element of that local name in the root's namespace, complete; all are children of one parent.

    Only the elements of one chunk are held: parents are told by "start" events, and what follows an element in its
    parent has started only when it is complete. "End" events would cost as much again for every cell.
    Raises: ParseError for broken XML, ValueError for a document type definition.
    """
    # The C parser of the standard library: defusedxml's is pure Python. What it guards against is refused in the prolog.
    parser: XMLPullParser[Element] = XMLPullParser(("start",))
    prolog = _Prolog()
    parent = None
    started = _Started(name)
    while chunk := source.read(_CHUNK_BYTES):
        prolog.check(chunk)
        parser.feed(chunk)
        parent = started.parent_in(cast("_Events", parser.read_events()))
        if parent is not None:
            complete = parent[:-1]
            del parent[:-1]
            yield from complete
    parser.close()
    if parent is not None:
        yield from parent


class _Started:
    """Follows the elements that start, until the first of the wanted name shows which one is their parent."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._wanted: str | None = None
        self._before: Element | None = None
        self._parent: Element | None = None

    def parent_in(self, events: _Events) -> Element | None:
        for _, element in events:
            if self._parent is not None:
                continue  # later events are only taken off the parser's list
            self._wanted = self._wanted or namespace_of(element) + self._name
            if element.tag == self._wanted:
                self._parent = self._before
            self._before = element
        return self._parent


def namespace_of(element: Element) -> str:
    """`{namespace}` as it stands before each tag; writers differ in it (ECMA-376 strict and transitional)."""
    brace, end, _ = element.tag.rpartition("}")
    return brace + end


def local_name(element: Element) -> str:
    """The tag without its namespace."""
    return element.tag.rpartition("}")[2]


class _Prolog:
    """Looks at an XML part until its root begins, for the definitions that entity bombs are made of."""

    def __init__(self) -> None:
        self._in_prolog = True
        self._parser = expat.ParserCreate()
        self._parser.StartDoctypeDeclHandler = self._refuse
        self._parser.StartElementHandler = self._end

    def check(self, chunk: bytes) -> None:
        if self._in_prolog:
            self._parser.Parse(chunk, False)

    def _refuse(self, *_: object) -> None:
        raise ValueError("a document type definition, which no workbook has")

    def _end(self, *_: object) -> None:
        self._in_prolog = False
