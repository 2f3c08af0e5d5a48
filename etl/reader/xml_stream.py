"""Large XML parts one element at a time, small ones whole; neither may define entities, or hold more than a workbook needs."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, cast
from xml.etree.ElementTree import XMLPullParser
from xml.parsers import expat

from defusedxml.ElementTree import fromstring

from etl.reader.bounds import (
    DEEPEST,
    MOST_HELD_BYTES,
    MOST_TAG_BYTES,
    MOST_TREE_ATTRIBUTES,
    MOST_TREE_BYTES,
    MOST_TREE_TAGS,
    BeyondBoundsError,
    refuse_beyond,
    refuse_deep,
    refuse_many,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from xml.etree.ElementTree import Element

    _Events = Iterator[tuple[str, Element]]  # what "start" brings; other events would bring other things

_CHUNK_BYTES = 1 << 16


def whole(source: IO[bytes]) -> Element:
    """A small part as a tree.

    Raises: ParseError; ValueError for a document type definition; BeyondBoundsError for a part that is not small.
    """
    content = bytearray()
    tags = attributes = 0
    while chunk := source.read(_CHUNK_BYTES):
        content += chunk
        tags += chunk.count(b"<")
        attributes += chunk.count(b"=")
        refuse_beyond(len(content), MOST_TREE_BYTES, "it has a list of sheets or formats")
        if tags > MOST_TREE_TAGS or attributes > MOST_TREE_ATTRIBUTES:
            raise BeyondBoundsError("it has more formats than a workbook can have. Save it as .csv.")
    root: Element = fromstring(bytes(content), forbid_dtd=True)
    return root


def elements(
    source: IO[bytes],
    name: str,
    begin: Callable[[Element], None] | None = None,
    kept_behind: frozenset[str] = frozenset({"mergeCells"}),
) -> Iterator[Element]:
    """Each element of that local name in the root's namespace, complete; all are children of one parent.

    begin: is given the root before the first element, when what stands before the parent is complete; what stands behind
    it is complete when the elements have come to their end, as far as its local name is among `kept_behind`.

    Only the elements of one chunk are held: parents are told by "start" events, and what follows an element in its
    parent has started only when it is complete. "End" events would cost as much again for every cell.
    Raises: ParseError for broken XML, ValueError for a document type definition, BeyondBoundsError for an element that is
            larger or deeper than any table's.
    """
    # The C parser of the standard library: defusedxml's is pure Python. What it guards against is refused in the prolog.
    parser: XMLPullParser[Element] = XMLPullParser(("start",))
    prolog = _Prolog()
    parent = None
    started = _Started(name)
    held = _Held(kept_behind)
    while chunk := source.read(_CHUNK_BYTES):
        prolog.check(chunk)
        parser.feed(chunk)
        parent = started.parent_in(cast("_Events", parser.read_events()))
        held.check(len(chunk), started)
        if parent is not None:
            if begin is not None and started.root is not None:
                begin(started.root)
                begin = None
            complete = parent[:-1]
            if complete:
                held.let_go()
                del parent[:-1]
                yield from complete
    parser.close()
    if parent is not None:
        yield from parent


class _Started:
    """Follows the elements that start, until the first of the wanted name shows which one is their parent."""

    def __init__(self, name: str) -> None:
        self.root: Element | None = None
        self.parent: Element | None = None
        self.news = 0
        self._name = name
        self._wanted: str | None = None
        self._before: Element | None = None

    def parent_in(self, events: _Events) -> Element | None:
        started = list(events)
        self.news = len(started)
        for _, element in started if self.parent is None else ():
            if self.root is None:
                self.root, self._wanted = element, namespace_of(element) + self._name
            if element.tag == self._wanted and self._before is not None:
                self.parent = self._before
                break
            self._before = element
        return self.parent


class _Held:
    """What of the tree is held, watched chunk by chunk: no element of the wanted kind may grow without end."""

    def __init__(self, kept_behind: frozenset[str]) -> None:
        self._kept_behind = kept_behind
        self._bytes = self._elements = self._since_a_tag = 0

    def let_go(self) -> None:
        self._bytes = self._elements = 0

    def check(self, size: int, started: _Started) -> None:
        """Raises BeyondBoundsError."""
        self._bytes += size
        self._elements += started.news
        self._since_a_tag = 0 if started.news else self._since_a_tag + size
        refuse_beyond(self._since_a_tag, MOST_TAG_BYTES, "it has a cell")
        root, parent = started.root, started.parent
        if root is None:
            return
        if parent is not None and parent is not root and root[-1] is not parent:
            self._prune_behind(root, parent)
        what = "it has a row or a list of formats" if parent is None else "it has a row"
        refuse_beyond(self._bytes, MOST_HELD_BYTES, what)
        refuse_many(self._elements)
        _refuse_deep(root)

    def _prune_behind(self, root: Element, parent: Element) -> None:
        """Let go what stands behind the elements: rules for colours and input, of which some sheets have more than rows."""
        for child in list(root)[list(root).index(parent) + 1 : -1]:
            if local_name(child) not in self._kept_behind:
                root.remove(child)
        if local_name(root[-1]) in self._kept_behind:
            return
        self.let_go()
        open_one = root[-1]
        for _ in range(DEEPEST):
            if not len(open_one):
                return
            del open_one[:-1]
            open_one = open_one[-1]


def _refuse_deep(root: Element) -> None:
    """Raise BeyondBoundsError where elements stand too deep in one another, looking at the way to the one that is open."""
    element = root
    for _ in range(DEEPEST):
        if not len(element):
            return
        element = element[-1]
    refuse_deep(DEEPEST + 1)


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
