"""Bytes are looked at in chunks, and the chunks make no difference."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from etl.errors import SourceError
from etl.reader import encoding
from etl.reader.encoding import BadByte, Encoding, encoding_of
from etl.reader.unmarked_utf16 import utf16_without_mark

SHOWN = Path("visits.csv")
PIECES = st.sampled_from([b"a", b"\n", b"\r\n", b"\r", "é".encode(), "€".encode(), "😀".encode(), b"\xe9", b"\x80"])


def outcome(content: bytes, chunk_bytes: int) -> Encoding | BadByte:
    """What is found out about a file of these bytes, read in chunks of that size. Raises SourceError where it is unclear."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(encoding, "_CHUNK_BYTES", chunk_bytes)
        path = Path(folder) / "a.csv"
        path.write_bytes(content)
        return encoding_of(path, None, SHOWN)


@given(st.lists(PIECES, min_size=1).map(b"".join), st.integers(1, 5))
@example("a\r\nb\r\n€".encode() + b"\xe9", 1)
@example(b"\xe9\xe2\x82\xac", 2)
def test_chunks_make_no_difference(content: bytes, chunk_bytes: int) -> None:
    """However a file falls into chunks, encoding, byte and line are those of the whole file."""

    def told(chunk: int) -> object:
        try:
            return outcome(content, chunk)
        except SourceError as refusal:
            return refusal.message

    assert told(len(content) + 1) == told(chunk_bytes)


@given(st.lists(PIECES, min_size=1, max_size=20).map(b"".join))
def test_choice_follows_the_bytes(content: bytes) -> None:
    """UTF-8 if all of it is; else a bad byte if any of it is; else Windows-1252, or a refusal: never a text with gaps."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        lines = content[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n")
        # Every character that is not ASCII takes several bytes in UTF-8; a part of the file that decodes shows one.
        has_utf8 = any(ord(letter) > 127 for letter in content.decode("utf-8", errors="ignore"))
        expected: set[str | int] = {lines + 1} if has_utf8 else {"cp1252", "unclear"}
    else:
        expected = {"utf-8"}
    try:
        found = outcome(content, 1 << 20)
    except SourceError as refusal:
        assert refusal.findings[0].code == "encoding_unclear"
        assert "unclear" in expected
        return

    assert (found.line if isinstance(found, BadByte) else found.codec) in expected


FRENCH = "Hôtel réservé à côté, élève naïve très été déjà"
ALPHABETS = {
    "windows-1250": "Święty żółw idzie ścieżką do Łodzi, później wyśle ofertę",
    "windows-1251": "Встреча с клиентом прошла хорошо, перезвонить завтра утром",
    "windows-1253": "Αθήνα Θεσσαλονίκη καλημέρα κόσμε πελάτης",
    "windows-1252": "Señor Muñoz est arrivé à l'hôtel, Größe über München, coração é já – “ok” 10 €",
}


@pytest.mark.parametrize(("name", "text"), [*ALPHABETS.items(), ("windows-1252", FRENCH)], ids=[*ALPHABETS, "french"])
def test_a_sentence_tells_its_code_page(name: str, text: str) -> None:
    """With enough letters the code page is found, the note names it, and the text comes out as it was."""
    found = outcome(f"Note\n{text}\n".encode(name), 1 << 20)

    assert isinstance(found, Encoding)
    assert text == text.encode(name).decode(found.codec)
    assert name in (found.note or "").lower()


@pytest.mark.parametrize("text", ["Москва", "東京", "İzmir", "שלום"], ids=["russian", "japanese", "turkish", "hebrew"])
def test_a_word_alone_is_not_guessed(text: str) -> None:
    """Where a few letters fit several code pages, the file is refused and the readings are shown with their names."""
    codec = {"Москва": "cp1251", "東京": "cp932", "İzmir": "cp1254", "שלום": "cp1255"}[text]

    with pytest.raises(SourceError, match="can be read in several ways") as caught:
        outcome(f"A\n{text}\n".encode(codec), 1 << 20)

    assert str(SHOWN) in caught.value.message
    assert f'"{text}" as ' in caught.value.message
    assert "Set encoding under input" in caught.value.message


@pytest.mark.parametrize(
    ("text", "codec"),
    [
        ("İstanbul Şişli Beyoğlu müşteri görüşmesi çok iyi geçti", "cp1254"),
        ("שלום לקוח פגישה טובה", "cp1255"),
    ],
    ids=["turkish", "hebrew"],
)
def test_a_near_tie_is_no_choice(text: str, codec: str) -> None:
    """Of code pages that fit nearly as well the best is not taken: the right one is among those that are named."""
    try:
        found = outcome(f"Note\n{text}\n".encode(codec), 1 << 20)
    except SourceError as refusal:
        told = refusal.message
    else:
        assert isinstance(found, BadByte)
        told = found.problem.remedy

    assert f'"{text.split(maxsplit=1)[0]}" as ' in told


@given(st.text(st.sampled_from("aZ 9,.éßĀſЯसु日本😀€’\u0a0a\u0d00")))
def test_utf_16_without_a_mark_is_read_or_refused(text: str) -> None:
    """What is taken for UTF-16 is UTF-16: its lines come out as they were, whichever way round."""
    whole = f"A,B\n{text},1\n"
    for codec in ("utf-16-le", "utf-16-be"):
        found = utf16_without_mark(whole.encode(codec))
        assert found in {codec, None}


@given(st.binary(max_size=60).map(lambda more: b"A,B\n1,2\n" + more.replace(b"\0", b"")), st.integers(0, 8))
def test_a_nul_in_a_text_does_not_make_it_utf_16(content: bytes, place: int) -> None:
    """One stray NUL is told as that."""
    assert utf16_without_mark(content[:place] + b"\0" + content[place:]) is None


def test_much_that_is_no_utf_8_is_something_else(tmp_path: Path) -> None:
    """In a long text of another encoding some pairs of bytes look like UTF-8 by chance; that does not make it UTF-8."""
    text = "訪問しました、とても満足しています。来週また電話します。北京 客户拜访 很满意 下周再联系 " * 20
    content = f"A\n{text}\n".encode("gb18030")
    try:
        found = outcome(content, 1 << 20)
    except SourceError as refusal:
        assert refusal.findings[0].code == "encoding_unclear"
    else:
        assert isinstance(found, Encoding)
        assert content.decode(found.codec) == f"A\n{text}\n"


@pytest.mark.parametrize("byte", [*range(9), 11, 12, *range(14, 32), 0x7F, 0x81, 0x8D, 0x8F, 0x90, 0x9D, 0xFE, 0xFF])
def test_bytes_that_speak_against_windows_1252(byte: int) -> None:
    """A byte that Windows-1252 lacks, or that text hardly ever has, is named instead of read as a letter."""
    found = outcome(b"A\n\xe9\n" + bytes([byte]), 1 << 20)

    assert isinstance(found, BadByte)
    assert found.problem.error.startswith(f"The byte 0x{byte:02X} ")
    assert (found.line, found.problem.line) == (3, 3)
    assert "CSV UTF-8" in found.problem.remedy


@pytest.mark.parametrize("byte", [0x80, 0x8E, 0x9F, 0xA0, 0xD7, 0xFC])
def test_bytes_that_windows_1252_has(byte: int) -> None:
    """A sign or letter of the languages that Windows-1252 is for is read as that, and that is said."""
    found = outcome(b"A\n" + bytes([byte]) + b"\n", 1 << 20)

    assert isinstance(found, Encoding)
    assert found.codec == "cp1252"
    assert "Windows-1252" in (found.note or "")
