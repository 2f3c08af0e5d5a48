"""Which code page a text is in that is not UTF-8.

Windows-1252 where the words it gives are ordinary ones: it is what Excel saves a .csv in on most machines. Where they are
not, charset-normalizer is asked about the words that are not ASCII, and believed where nothing comes near its first choice.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from charset_normalizer import CharsetMatch

MOST_SAMPLED_BYTES = 16_384

# What spreadsheet programs save a .csv in: the ANSI code pages of Windows, "CSV (Macintosh)", "CSV (MS-DOS)", and KOI8-R.
_SPOKEN = {
    "cp1252": "windows-1252",
    "cp1250": "windows-1250",
    "cp1251": "windows-1251",
    "cp1253": "windows-1253",
    "cp1254": "windows-1254",
    "cp1255": "windows-1255",
    "cp1256": "windows-1256",
    "cp1257": "windows-1257",
    "cp874": "cp874",
    "cp932": "cp932",
    "gb18030": "gb18030",
    "cp949": "cp949",
    "big5": "big5",
    "mac_roman": "mac-roman",
    "cp437": "cp437",
    "cp850": "cp850",
    "koi8_r": "koi8-r",
}
_CLEAR_LEAD = 0.15  # of coherence, 0 to 1: what a language's letters are told by; ties and near ties are no choice
_RECOGNISED = 0.3  # below, charset-normalizer has seen no language in the words
_LIKELY = tuple(_SPOKEN)
_MESS = 0.2  # of jumble, 0 to 1: charset-normalizer's own threshold
_TOO_FEW = 12  # letters that are not ASCII: below, no choice of charset-normalizer means anything
_CUTS = re.compile(rb"[\x00-\x2f]+")  # below 0x30 no byte is the second half of a character in any of these encodings

# Letters of the languages that Windows-1252 is for. Left out are those six in whose place Turkish has its own.
_LETTER = "A-Za-zÀ-ÏÑ-ÖØ-ÜßŠŽŒŸà-ïñ-öø-üšžœÿªº"
_FAR = "\u0192\u201a\u201e\u2020\u2021\u02c6\u02dc\u2030¢£¤¥¦§¨±²³´µ¶¹¼½¾÷"  # signs that no word goes on after
_RARE = re.compile(r"[ÐðÞþÝý]")  # Icelandic, or Turkish, which is Windows-1254
_BROKEN = re.compile(
    r"[À-ÖØ-öø-ÿŠŽŒŸšžœ]{3}"  # a word of accented letters alone is another alphabet
    rf"|[{_LETTER}][\u201a\u201e\u02c6\u02dc\u0192¿¡]"  # what opens something stands before a word
    rf"|[{_FAR}][{_LETTER}]"
    rf"|[{_LETTER}][\u201c\u201d«»‹›¬•©®±×÷¶§][{_LETTER}]"
    r"|[a-zß-öø-ÿ][ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÑÒÓÔÕÖØÙÚÛÜŠŽŸ]"  # capitals do not follow small letters
    r"|[^\x00-\x7fÀ-ÿ\u2018-\u201d\u2013\u2014\u2026\u2022\xa0 ][^\x00-\x7f\u2018-\u201d\u2026\xa0 ][^\x00-\x7f]"
)


@dataclass(frozen=True, slots=True)
class Word:
    """Some bytes of the file that are not all ASCII, cut where no encoding has half a character. offset: in the file."""

    offset: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Doubt:
    """The words can be read in several ways. offset: of the first that differs. readings: encoding and text, likely first."""

    offset: int
    readings: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        """`"Ìîñêâà" as windows-1252, "Москва" as windows-1251`."""
        return ", ".join(f'"{text}" as {spoken(codec)}' for codec, text in self.readings)


def spoken(codec: str) -> str:
    """The name of a code page as a person writes it in a mapping."""
    return _SPOKEN.get(codec, codec)


def words_of(chunks: Iterable[bytes]) -> list[Word]:
    """The different words of a file that are not ASCII, in order, up to MOST_SAMPLED_BYTES of them."""
    found: dict[bytes, int] = {}
    size = 0
    for offset, word in _cut(chunks):
        if word not in found and not word.isascii():
            found[word] = offset
            size += len(word) + 1
            if size > MOST_SAMPLED_BYTES:
                break
    return [Word(offset, word) for word, offset in found.items()]


def _cut(chunks: Iterable[bytes]) -> Iterator[tuple[int, bytes]]:
    """The words with their offsets; one that is longer than the sample is left out."""
    offset, tail = 0, b""
    for chunk in chunks:
        whole = tail + chunk
        start = offset - len(tail)
        ends = [0, *(match.end() for match in _CUTS.finditer(whole))]
        for begin, end in pairwise(ends):
            word = _CUTS.sub(b"", whole[begin:end]) if not whole[begin:end].isascii() else b""
            if word:
                yield start + begin, word
        tail = whole[ends[-1] :] if len(whole) - ends[-1] <= MOST_SAMPLED_BYTES else b""
        offset += len(chunk)
    if tail:
        yield offset - len(tail), tail


def code_page_of(words: Sequence[Word]) -> str | Doubt:
    """The codec of the one code page that the words are in, or between which ones it cannot be told."""
    sample = b" ".join(word.content for word in words)
    western = _western(sample)
    is_ordinary = western is not None and not _RARE.search(western)
    letters = sum(byte > 0x7F for byte in sample)
    if is_ordinary and letters < _TOO_FEW:
        return "cp1252"
    from charset_normalizer import from_bytes  # noqa: PLC0415 — slow to load, and most files are UTF-8

    matches = list(from_bytes(sample, steps=8, chunk_size=2048, threshold=1.0, cp_isolation=list(_SPOKEN)))
    tidy = [match for match in matches if match.chaos < _MESS and (western is not None or not _is_western(match))]
    if is_ordinary:
        own = max((match.coherence for match in matches if _is_western(match)), default=0.0)
        return _unless_another_is_clear(tidy, words, own)
    return _clear_one(tidy, words, letters)


def _western(sample: bytes) -> str | None:
    """The words as Windows-1252; None where it does not have a byte, or its words are no words."""
    try:
        text = sample.decode("cp1252")
    except UnicodeDecodeError:
        return None
    return None if _BROKEN.search(text) else text


def _is_western(match: CharsetMatch) -> bool:
    return "cp1252" in match.could_be_from_charset


def _unless_another_is_clear(matches: Sequence[CharsetMatch], words: Sequence[Word], own: float) -> str | Doubt:
    """Windows-1252, whose words are ordinary; unless charset-normalizer clearly sees a language by another code page."""
    others = (match for match in matches if not _is_western(match))
    best = max(others, key=lambda match: match.coherence, default=None)
    if best is not None and best.coherence >= max(_RECOGNISED, own + _CLEAR_LEAD):
        return _doubt(["cp1252", best.encoding], words) or "cp1252"
    return "cp1252"


def _clear_one(matches: Sequence[CharsetMatch], words: Sequence[Word], letters: int) -> str | Doubt:
    """The first choice, where it is the only one or leads clearly; else those that come near it."""
    ranked = sorted(matches, key=lambda match: (-match.coherence, match.chaos, _LIKELY.index(match.encoding)))
    if ranked and letters >= _TOO_FEW:
        first, *others = ranked
        near = [
            other for other in others if other.coherence > first.coherence - _CLEAR_LEAD and not _is_mess(other, first)
        ]
        if not near:
            return first.encoding
    named = [match.encoding for match in ranked[:4]]
    return _doubt(list(dict.fromkeys([*named, "cp1252", "cp1254"])), words) or "cp1252"


def _is_mess(other: CharsetMatch, first: CharsetMatch) -> bool:
    """Whether a text is so much more of a jumble than the first that it is no rival."""
    return first.chaos < 0.05 <= other.chaos and first.coherence >= _RECOGNISED


def _doubt(codecs: Sequence[str], words: Sequence[Word]) -> Doubt | None:
    """The first word that these code pages read differently; None where none does."""
    for word in words:
        readings = dict[str, str]()
        for codec in codecs:
            try:
                text = word.content.decode(codec)
            except UnicodeDecodeError:
                continue
            if text.isprintable():
                readings.setdefault(text, codec)
        if len(readings) > 1:
            return Doubt(word.offset, tuple((codec, text[:40]) for text, codec in readings.items()))
    return None
