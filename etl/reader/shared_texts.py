"""The texts that the cells of a workbook share: taken out of their part quickly, and kept on disk when they are many.

Source: ECMA-376 Part 1, 18.4 (shared strings).
"""

from __future__ import annotations

import io
import mmap
import re
import tempfile
from array import array
from itertools import accumulate, chain, islice
from typing import IO, TYPE_CHECKING, TypeAlias

from etl.reader.quick_rows import DECLARATION, TEXT, is_special, joined, resolved
from etl.reader.workbook_parts import text_of, unescaped
from etl.reader.xml_stream import elements

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_CHUNK_BYTES = 1 << 18
_MOST_PIECES_BYTES = 1 << 20
_BEGIN = re.compile(DECLARATION + rb"\s*<sst(?:\s[^<>]*)?>")
_ITEM_ENDS = b"</si>"
_ALL_END = b"</sst>"
_ITEM = re.compile(rf'\s*<si><t(?: xml:space="preserve")?>({TEXT})</t></si>')
_FIRST, _BETWEEN, _LAST = "<si><t>", "</t></si><si><t>", "</t></si>"
_FORBIDDEN = bytes({*range(0x20)} - {0x09, 0x0A})  # a carriage return would have to become a line break
_NO_CHARACTERS = (b"\xef\xbf\xbe", b"\xef\xbf\xbf")  # U+FFFE and U+FFFF
_REFERENCES = ("&amp;", "&lt;", "&gt;", "&quot;", "&apos;")

_MOST_IN_MEMORY = 500_000
_MOST_CHARACTERS_IN_MEMORY = 16_000_000
_PAGE_TEXTS = 4_000


def texts_in(source: IO[bytes]) -> Iterator[Sequence[str]]:
    """All shared texts in order, some at a time; those in a form of their own through the XML parser.

    Raises: as `elements`, and ValueError for bytes that are not UTF-8.
    """
    rest = source.read(_CHUNK_BYTES)
    found = _BEGIN.match(rest)
    before = found[0] if found else b""
    if not found or b"xmlns=" in before[before.index(b">", before.index(b"<sst")) :]:
        yield from _parsed(joined(rest, source))
        return
    rest = rest[len(before) :]
    while True:
        end = rest.rfind(_ITEM_ENDS) + len(_ITEM_ENDS)
        if end >= len(_ITEM_ENDS):
            data, rest = rest[:end], rest[end:]
            text = data.decode()
            if is_special(text):
                rest = data + rest
                break
            yield from _texts(text, before, plain=_is_plain(data))
        chunk = source.read(_CHUNK_BYTES)
        if not chunk or rest.lstrip().startswith(b"</sst"):
            rest += chunk
            break
        rest += chunk
        if len(rest) > _MOST_PIECES_BYTES:
            break  # no text of a table is so long: the parser knows what to say of it
    yield from _parsed(joined(before + rest, source))


def _parsed(source: IO[bytes]) -> Iterator[Sequence[str]]:
    texts = map(text_of, elements(source, "si"))
    while page := list(islice(texts, _PAGE_TEXTS)):
        yield page


def _texts(items: str, before: bytes, *, plain: bool) -> Iterable[Sequence[str]]:
    texts = _alike(items) if plain else None
    if texts is None:
        parts = _ITEM.split(items)
        if any(parts[::2]):
            return _parsed(io.BytesIO(before + items.encode() + _ALL_END))
        texts = parts[1::2]
    if "&" in items:
        texts = [resolved(text) if "&" in text else text for text in texts]
    return [list(map(unescaped, texts)) if "_x" in items or "_X" in items else texts]


def _is_plain(data: bytes) -> bool:
    """Whether XML holds no sign that a parser would refuse or change, wherever it stands."""
    return len(data.translate(None, _FORBIDDEN)) == len(data) and not any(sign in data for sign in _NO_CHARACTERS)


def _alike(items: str) -> list[str] | None:
    """Texts that are all written in the same way, as they stand; None where one is not."""
    if "xml:space" in items:
        items = items.replace('<t xml:space="preserve">', "<t>")
    if not (items.startswith(_FIRST) and items.endswith(_LAST)):
        return None
    texts = items[len(_FIRST) : -len(_LAST)].split(_BETWEEN)
    if items.count("<") != 4 * len(texts) or items.count("&") != sum(map(items.count, _REFERENCES)):
        return None
    return texts


class TextsOnDisk:
    """Texts by their number, one behind the other in a temporary file, of which the system keeps at hand what it can.

    starts: where in it each text starts, and behind them where the last one ends.
    """

    def __init__(self, data: mmap.mmap | bytes, starts: array[int]) -> None:
        self._data = data
        self._starts = starts

    def __len__(self) -> int:
        return len(self._starts) - 1

    def __getitem__(self, number: int) -> str:
        """Raises IndexError where there is no such text."""
        return self.at([number])[0]

    def at(self, numbers: Iterable[int]) -> list[str]:
        """The texts of these numbers, from 0 up. Raises IndexError where one is not there."""
        data, starts = self._data, self._starts
        return [data[starts[number] : starts[number + 1]].decode("utf-8", "surrogatepass") for number in numbers]


Texts: TypeAlias = list[str] | TextsOnDisk


def texts_at(texts: Texts, numbers: Iterable[int]) -> list[str]:
    """The texts of these numbers, from 0 up. Raises IndexError where one is not there."""
    return texts.at(numbers) if isinstance(texts, TextsOnDisk) else list(map(texts.__getitem__, numbers))


def kept(pages: Iterable[Sequence[str]]) -> Texts:
    """The texts by their number: a list, or on disk when they are more than a table of ordinary size has."""
    held: list[str] = []
    characters = 0
    coming = iter(pages)
    for page in coming:
        held += page
        characters += sum(map(len, page))
        if len(held) > _MOST_IN_MEMORY or characters > _MOST_CHARACTERS_IN_MEMORY:
            return _on_disk(chain(_handed_over(held), coming))
    return held


def _handed_over(held: list[str]) -> Iterator[Sequence[str]]:
    """In pages, so that they are not all in memory once more; the list is empty at the end."""
    for start in range(0, len(held), _PAGE_TEXTS):
        yield held[start : start + _PAGE_TEXTS]
    held.clear()


def _on_disk(pages: Iterable[Sequence[str]]) -> TextsOnDisk:
    starts = array("Q", [0])
    with tempfile.TemporaryFile(prefix="etl-texts-") as file:
        for page in pages:
            encoded = [text.encode("utf-8", "surrogatepass") for text in page]
            file.write(b"".join(encoded))
            starts.extend(accumulate(map(len, encoded), initial=starts.pop()))
        file.flush()
        # What is mapped stays until nobody refers to it; an empty file cannot be.
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if starts[-1] else b""
    return TextsOnDisk(data, starts)
