"""Which encoding a text file is in: by its mark; else UTF-8, strictly; else UTF-16 by its NULs; else a code page.

Nothing is replaced or dropped: a byte that does not belong is named, with its line, and what cannot be told is asked.
"""

from __future__ import annotations

import codecs
import io
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from etl.errors import SourceError, UsageError
from etl.findings import EncodingUnclear, Finding, UndecodableByte
from etl.reader.code_pages import Doubt, code_page_of, spoken, words_of
from etl.reader.unmarked_utf16 import utf16_without_mark
from etl.records import Place

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_CHUNK_BYTES = 1 << 17  # what is decoded of it stays near to the processor
_SAMPLE_BYTES = 1 << 16
_BYTE_ORDER_MARKS = {  # UTF-32's first, whose little mark begins like that of UTF-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_SPOKEN = {
    "utf-8": "UTF-8",
    "utf-8-sig": "UTF-8",
    "utf-16": "UTF-16",
    "utf-16-le": "UTF-16",
    "utf-16-be": "UTF-16",
    "utf-32": "UTF-32",
    "cp1252": "Windows-1252",
}
_MOST_BAD_BYTES = 40  # more, and most of what is not ASCII no UTF-8: the file is in something else
_SAVE_AS_UTF8 = 'save the file as "CSV UTF-8"'
_SAY_WINDOWS_1252 = "set encoding: windows-1252 under input in the mapping if that is what the file is"

# Unicode standard, table 3-7: well-formed UTF-8 sequences of two to four bytes.
_MULTIBYTE_UTF8 = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|\xe0[\xa0-\xbf][\x80-\xbf]|\xed[\x80-\x9f][\x80-\xbf]|[\xe1-\xec\xee\xef][\x80-\xbf]{2}"
    rb"|\xf0[\x90-\xbf][\x80-\xbf]{2}|[\xf1-\xf3][\x80-\xbf]{3}|\xf4[\x80-\x8f][\x80-\xbf]{2}"
)
# Five bytes are undefined in Windows-1252; the others here are possible in it and far likelier a sign of something else.
_UNDEFINED_IN_WINDOWS_1252 = b"\x81\x8d\x8f\x90\x9d"
_NOT_WINDOWS_1252 = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\x81\x8d\x8f\x90\x9d\xfe\xff]")
_CONTROLS = bytes([*range(9), 0x0B, 0x0C, *range(0x0E, 0x20), 0x7F])
_HIGH = re.compile(rb"[\x80-\xff]")


@dataclass(frozen=True, slots=True)
class Encoding:
    """A codec that decodes the whole file. note: what the person should know about the choice."""

    codec: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class BadByte:
    """The first byte that does not belong. line: from 1. codec: what the rest of the file can be looked at with."""

    line: int
    codec: str
    problem: UndecodableByte


def encoding_of(path: Path, declared: str | None, shown: Path) -> Encoding | BadByte:
    """The file's encoding, checked over its whole length in bounded memory.

    Raises: UsageError: `declared` is no encoding. SourceError: the file's mark contradicts `declared`; or the bytes can be
            read in two ways, which are named with what each would make of them.
    """
    state = path.stat()
    return _checked(path, declared, shown, (state.st_ino, state.st_mtime_ns, state.st_size))


@lru_cache(
    maxsize=16
)  # a file is opened for its header, for its rows and when they are sent, and checked whole only once
def _checked(path: Path, declared: str | None, shown: Path, _state: tuple[int, int, int]) -> Encoding | BadByte:
    """As `encoding_of`, for a file that is as it was."""
    marked = _marked_codec(path)
    if declared is not None:
        return _declared_encoding(path, declared, marked, shown)
    if marked is None and (codec := utf16_without_mark(_head(path))):
        return _utf_16(path, codec)
    codec = marked or "utf-8"
    bad = _first_undecodable(path, codec)
    if bad is None:
        return Encoding(codec)
    if marked or _is_mostly_utf8(path):
        remedy = f"Correct that character and {_SAVE_AS_UTF8}, or {_SAY_WINDOWS_1252}."
        return _bad_byte(path, codec, bad, f"is not valid {_SPOKEN[codec]}, which the rest of the file is in", remedy)
    return _by_its_words(path, shown)


def _marked_codec(path: Path) -> str | None:
    with path.open("rb") as source:
        start = source.read(4)
    return next((codec for mark, codec in _BYTE_ORDER_MARKS.items() if start.startswith(mark)), None)


def _declared_encoding(path: Path, declared: str, marked: str | None, shown: Path) -> Encoding | BadByte:
    try:
        codec = codecs.lookup(declared).name
        "".encode(codec)  # refuses codecs that are no text encodings
    except LookupError as error:
        raise UsageError(
            f'encoding: "{declared}" is no encoding that is known. Write utf-8, utf-16 or windows-1252, or leave it out.'
        ) from error
    if marked and not codec.removesuffix("-sig").startswith(marked.removesuffix("-sig")):
        raise SourceError(
            f"{shown}: the file begins with the mark of {_SPOKEN[marked]}, but the mapping says encoding: {declared}. "
            f"Leave encoding out of the mapping."
        )
    codec = marked or codec
    bad = _first_undecodable(path, codec)
    if bad is None:
        return Encoding(codec)
    remedy = f"Correct or leave out encoding under input in the mapping, or {_SAVE_AS_UTF8}."
    return _bad_byte(path, codec, bad, f"is not valid {_SPOKEN.get(codec, declared)}", remedy)


def _utf_16(path: Path, codec: str) -> Encoding | BadByte:
    bad = _first_undecodable(path, codec)
    if bad is None:
        return Encoding(codec, "read as UTF-16, of which it has the form but not the mark")
    remedy = f"Correct or leave out that character, or {_SAVE_AS_UTF8}."
    return _bad_byte(path, codec, bad, "is not valid UTF-16, which the rest of the file is in", remedy)


def _by_its_words(path: Path, shown: Path) -> Encoding | BadByte:
    """The code page of a file that is not UTF-8; Windows-1252 only where no byte speaks against it."""
    words = words_of(_chunks(path))
    found = code_page_of(words)
    strange = _first_strange(path)
    if isinstance(found, str) and found != "cp1252" and (strange is None or strange[1] not in _CONTROLS):
        bad = _first_undecodable(path, found)
        if bad is None:
            return Encoding(found, _choice(spoken(found), words[0].content.decode(found)))
    if strange is not None:
        offset, byte = strange
        defined = byte not in _UNDEFINED_IN_WINDOWS_1252
        remedy = f"Please {_SAVE_AS_UTF8}" + (f", or {_SAY_WINDOWS_1252}." if defined else ".")
        if isinstance(found, Doubt) and byte not in _CONTROLS:
            remedy += f" It may also be another code page: {found}; then set encoding to that one."
        return _bad_byte(path, "cp1252", offset, "belongs neither to UTF-8 nor to ordinary Windows-1252 text", remedy)
    if isinstance(found, Doubt):
        line = _line_at(path, "cp1252", found.offset)
        problem = EncodingUnclear(line, tuple(f'"{text}" as {spoken(codec)}' for codec, text in found.readings))
        raise SourceError(
            f"{shown}, line {line}: {problem.error} {problem.remedy}", (Finding(Place(str(shown), line=line), problem),)
        )
    return Encoding("cp1252", _choice("Windows-1252", words[0].content.decode("cp1252")))


def _choice(name: str, example: str) -> str:
    return (
        f'not UTF-8, read as {name}, for example "{example[:40]}"; if letters look wrong, {_SAVE_AS_UTF8}, or set '
        "encoding under input in the mapping"
    )


def _first_strange(path: Path) -> tuple[int, int] | None:
    """Offset and value of the first byte that Windows-1252 lacks, or that text in it hardly ever has."""
    offset = 0
    for chunk in _chunks(path):
        found = _NOT_WINDOWS_1252.search(chunk)
        if found:
            return offset + found.start(), chunk[found.start()]
        offset += len(chunk)
    return None


def _head(path: Path) -> bytes:
    with path.open("rb") as source:
        return source.read(_SAMPLE_BYTES)


def _bad_byte(path: Path, codec: str, offset: int, error: str, remedy: str) -> BadByte:
    with path.open("rb") as source:
        source.seek(offset)
        byte = source.read(1)
    line = _line_at(path, codec, offset)
    return BadByte(line, codec, UndecodableByte(f"0x{byte.hex().upper()}", line, error, remedy))


def _first_undecodable(path: Path, codec: str) -> int | None:
    """Offset of the first byte that `codec` cannot decode, None when it decodes the whole file."""
    # The mark decodes as a character of plain UTF-8; the -sig codec would count offsets from behind it.
    decoder = codecs.getincrementaldecoder(codec.removesuffix("-sig"))()
    fed = 0
    for chunk in _with_end(path):
        waiting = len(decoder.getstate()[0])
        try:
            decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            return fed - waiting + error.start
        fed += len(chunk)
    return None


def _is_mostly_utf8(path: Path) -> bool:
    """Whether there is UTF-8 in the file: any, or where much is not valid, at least as much as is not."""
    good = high = 0
    tail = b""
    for chunk in _chunks(path):
        whole = tail + chunk
        for found in _MULTIBYTE_UTF8.finditer(whole):
            good += found.end() - found.start() if found.end() > len(tail) else 0
        high += len(_HIGH.findall(chunk))
        tail = whole[-3:]
    return good > 0 and (high - good <= _MOST_BAD_BYTES or good * 2 >= high)


def _line_at(path: Path, codec: str, offset: int) -> int:
    """The line, from 1, that holds the byte at `offset`."""
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(codec)("replace"), translate=True)
    lines_ended = 0
    remaining = offset
    for chunk in _chunks(path):
        lines_ended += decoder.decode(chunk[:remaining]).count("\n")
        remaining -= len(chunk)
        if remaining <= 0:
            break
    # At the end the decoder gives away a carriage return that it held back for a line feed to follow.
    return 1 + lines_ended + decoder.decode(b"", final=True).count("\n")


def _chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as source:
        while chunk := source.read(_CHUNK_BYTES):
            yield chunk


def _with_end(path: Path) -> Iterator[bytes]:
    """The chunks, and an empty one that tells a decoder that nothing follows."""
    yield from _chunks(path)
    yield b""
