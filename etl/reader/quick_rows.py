"""A sheet's rows taken out of its XML by their usual form, where they have it; any other row as an element.

Nearly all rows of nearly all sheets are written in one way, and most of them alike: those are taken apart together
(`alike_rows`), others by a regular expression, which costs a tenth of what a tree of elements does. What differs in a
single sign is left to the XML parser, row by row; and so is all that stands before and behind the rows. So nothing is
read in a way that the parser would not read it.
"""

from __future__ import annotations

import io
import re
from itertools import chain, groupby
from typing import IO, TYPE_CHECKING, NamedTuple, cast
from xml.etree.ElementTree import ParseError

from etl.reader.alike_rows import ATTRIBUTES, ROW_ENDS, AlikeRows, Form, said_by
from etl.reader.sheet_layout import is_hidden
from etl.reader.xml_stream import elements, whole

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from xml.etree.ElementTree import Element

_CHUNK_BYTES = 1 << 19
_MOST_PIECES_BYTES = 1 << 20
_ROWS_BEGIN = b"<sheetData>"
_ROW_ENDS = ROW_ENDS.encode()
_ALL_END = b"</sheetData></worksheet>"
_OURS = b"<row/>"  # put before the first, because `elements` takes the parent of all rows to be what stands before it

# XML 1.0: a byte order mark and a declaration may stand first; no other encoding than UTF-8 is read here.
DECLARATION = (
    rb"""(?:\xef\xbb\xbf)?(?:<\?xml version=["']1\.0["'](?: encoding=["'](?i:utf-8)["'])?"""
    rb"""(?: standalone=["'](?:yes|no)["'])?\s*\?>)?"""
)
_PROLOG = re.compile(DECLARATION + rb"\s*<worksheet(?:\s[^<>]*)?>(?:(?!xmlns=)[^!?])*")
_SPECIAL = (("!", "<!"), ("?", "<?"), ("]", "]]>"))  # with the rarest sign of each, which is found soonest
_PLAIN = r"[^<>&\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]*"
TEXT = rf"{_PLAIN}(?:&(?:amp|lt|gt|quot|apos);{_PLAIN})*"
_CELL = re.compile(
    r'<c r="([A-Z]{1,3})[0-9]{1,7}"(?: s="([0-9]{1,6})")?(?: t="([a-z]{1,3}|inlineStr)")?'
    rf"(?:><v>({TEXT})</v></c>|/>|><f>{TEXT}</f><v>(?!<)({TEXT})</v></c>"
    rf'|><is><t(?: xml:space="preserve")?>({TEXT})</t></is></c>)'
)
_HEAD = re.compile(rf'\s*<row r="([0-9]{{1,7}})"({ATTRIBUTES})>')
_REFERENCES = (("&lt;", "<"), ("&gt;", ">"), ("&quot;", '"'), ("&apos;", "'"), ("&amp;", "&"))  # the last one last
_STRIDE = 7  # what stands between two cells, and the six groups of a cell
_MOST_HEADS = 10_000


class PlainRow(NamedTuple):
    """A row of nothing but cells in their usual form; its lists are equally long. None where a cell does not say it.

    values, texts: what stands in `v` and in `is`.
    """

    number: int
    is_hidden: bool
    letters: Sequence[str]
    styles: Sequence[str | None]
    kinds: Sequence[str | None]
    values: Sequence[str | None]
    texts: Sequence[str | None]


def rows_of(source: IO[bytes], begin: Callable[[Element], None]) -> Iterator[AlikeRows | PlainRow | Element]:
    """The rows of a worksheet in their order. begin: is given the root, before the first row with what stands before it,
    and once more when the rows have come to their end, with what stands behind them.

    Raises: as `elements`, and ValueError for bytes that are not UTF-8.
    """
    start = b""
    while _ROWS_BEGIN not in start and (chunk := source.read(_CHUNK_BYTES)):
        start += chunk
        if len(start) > _MOST_PIECES_BYTES:
            break
    before, found, rest = start.partition(_ROWS_BEGIN)
    before += found
    root = _root(before) if found and _PROLOG.fullmatch(before) else None
    if root is None:
        yield from elements(joined(start, source), "row", begin)
        return
    begin(root)
    rows = _Rows(before)
    while True:
        end = rest.rfind(_ROW_ENDS) + len(_ROW_ENDS)
        if end >= len(_ROW_ENDS):
            data, rest = rest[:end], rest[end:]
            text = data.decode()
            if is_special(text):
                rest = data + rest
                break
            yield from rows.of(text)
        chunk = source.read(_CHUNK_BYTES)
        if not chunk or b"</sheetData" in rest[:1_000]:
            rest += chunk
            break
        rest += chunk
        if len(rest) > _MOST_PIECES_BYTES:
            break  # no row of a table is so long: the parser knows what to say of it
    yield from _behind_ours(elements(joined(before + _OURS + rest, source), "row", begin))


def _behind_ours(rows: Iterator[Element]) -> Iterator[Element]:
    next(rows)
    return rows


def plain_of(alike: AlikeRows) -> Iterator[PlainRow]:
    """Each of the rows, to be looked at by itself."""
    for parts in alike.rows:
        there = [column for column in alike.columns if parts[column.value] is not None]
        said = [column.said or said_by(parts[column.value - 1] or "") for column in there]
        yield PlainRow(
            number=int(parts[0] or 0),
            is_hidden=(parts[1] or "") in alike.hiding,
            letters=[column.letters for column in there],
            styles=[one.style for one in said],
            kinds=[one.kind for one in said],
            values=[parts[column.value] for column in there],
            texts=[None] * len(there),
        )


def is_special(text: str) -> bool:
    """Whether there are comments and the like in a piece of XML, or what no text of it may hold."""
    return any(rare in text and sign in text for rare, sign in _SPECIAL)


def resolved(text: str) -> str:
    """A text with its references to characters resolved: the five that XML knows, others never come to a plain row."""
    if "&" not in text:
        return text
    for reference, character in _REFERENCES:
        text = text.replace(reference, character)
    return text


def _root(before: bytes) -> Element | None:
    """The root with what stands before the rows; None where that is not well formed, or is more than any sheet has."""
    try:
        return whole(io.BytesIO(before + _ALL_END))
    except (ParseError, ValueError):
        return None


class _Rows:
    """Rows from pieces of the sheet. before: what the sheet begins with, to the first row."""

    def __init__(self, before: bytes) -> None:
        self._before = before
        self._heads: dict[str, bool] = {}
        self._form = Form()

    def of(self, text: str) -> Iterator[AlikeRows | PlainRow | Element]:
        """text: whole rows alone."""
        rows = ((self._plain(row) or row) if isinstance(row, str) else row for row in self._form.of(text))
        for is_text, same in groupby(rows, lambda row: isinstance(row, str)):
            if is_text:
                yield from self._parsed(cast("Iterator[str]", same))
            else:
                yield from map(self._with_hiding, cast("Iterator[AlikeRows | PlainRow]", same))

    def _with_hiding(self, rows: AlikeRows | PlainRow) -> AlikeRows | PlainRow:
        if isinstance(rows, PlainRow):
            return rows
        return rows._replace(hiding=frozenset(filter(self.is_hidden_by, {row[1] or "" for row in rows.rows})))

    def _plain(self, piece: str) -> PlainRow | None:
        head = _HEAD.match(piece)
        if head is None:
            return None
        parts: list[str | None] = _CELL.split(piece[head.end() :])
        if any(parts[::_STRIDE]):
            return None
        letters, styles, kinds, values, results, texts = [parts[group::_STRIDE] for group in range(1, _STRIDE)]
        if any(results):
            values = [result or value for value, result in zip(values, results, strict=True)]
        if any(texts) and any(text and kind != "inlineStr" for text, kind in zip(texts, kinds, strict=True)):
            return None
        if "&" in piece:
            values, texts = ([text and resolved(text) for text in column] for column in (values, texts))
        number, rest = head.groups()
        return PlainRow(int(number), self.is_hidden_by(rest), letters, styles, kinds, values, texts)  # type: ignore[arg-type] # letters are there

    def is_hidden_by(self, attributes: str) -> bool:
        """What a row's attributes behind its number say."""
        hidden = self._heads.get(attributes)
        if hidden is None:
            [row] = elements(io.BytesIO(self._before + f"<row{attributes}/>".encode() + _ALL_END), "row")
            if len(self._heads) >= _MOST_HEADS:
                self._heads.clear()
            self._heads[attributes] = hidden = is_hidden(row)
        return hidden

    def _parsed(self, pieces: Iterable[str]) -> Iterator[Element]:
        rows = "".join(chain.from_iterable((piece, ROW_ENDS) for piece in pieces))
        return _behind_ours(elements(joined(self._before + _OURS, io.BytesIO(rows.encode() + _ALL_END)), "row"))


def joined(first: bytes, source: IO[bytes]) -> IO[bytes]:
    """Bytes that were read already, and the rest of their source behind them."""
    return cast("IO[bytes]", _Joined(first, source))


class _Joined(io.RawIOBase):
    def __init__(self, first: bytes, source: IO[bytes]) -> None:
        super().__init__()
        self._first = io.BytesIO(first)
        self._source = source

    def read(self, size: int = -1) -> bytes:
        return self._first.read(size) or self._source.read(size)
