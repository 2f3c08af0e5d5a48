"""Bytes are looked at in chunks, and the chunks make no difference."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from etl.reader import encoding
from etl.reader.encoding import BadByte, Encoding, encoding_of

SHOWN = Path("visits.csv")
PIECES = st.sampled_from([b"a", b"\n", b"\r\n", b"\r", "é".encode(), "€".encode(), "😀".encode(), b"\xe9", b"\x80"])


def outcome(content: bytes, chunk_bytes: int) -> Encoding | BadByte:
    """What is found out about a file of these bytes, read in chunks of that size."""
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
    assert outcome(content, len(content) + 1) == outcome(content, chunk_bytes)


@given(st.lists(PIECES, min_size=1).map(b"".join))
def test_choice_follows_the_bytes(content: bytes) -> None:
    """UTF-8 if all of it is; else a bad byte if any of it is; else Windows-1252."""
    try:
        content.decode("utf-8")
    except UnicodeDecodeError as error:
        lines = content[: error.start].replace(b"\r\n", b"\n").replace(b"\r", b"\n").count(b"\n")
        # Every character that is not ASCII takes several bytes in UTF-8; a part of the file that decodes shows one.
        has_utf8 = any(ord(letter) > 127 for letter in content.decode("utf-8", errors="ignore"))
        expected = lines + 1 if has_utf8 else "cp1252"
    else:
        expected = "utf-8"
    found = outcome(content, 1 << 20)

    assert expected == (found.line if isinstance(found, BadByte) else found.codec)


@pytest.mark.parametrize("byte", [*range(9), 11, 12, *range(14, 32), 0x7F, 0x81, 0x8D, 0x8F, 0x90, 0x9D, 0xFE, 0xFF])
def test_bytes_that_speak_against_windows_1252(byte: int) -> None:
    """A byte that Windows-1252 lacks, or that text hardly ever has, is named instead of read as a letter."""
    found = outcome(b"A\n\xe9\n" + bytes([byte]), 1 << 20)

    assert isinstance(found, BadByte)
    assert f"the byte 0x{byte:02X} " in found.error
    assert found.line == 3
    assert "CSV UTF-8" in found.remedy


@pytest.mark.parametrize("byte", [0x80, 0x8E, 0x9F, 0xA0, 0xD7, 0xFD])
def test_bytes_that_windows_1252_has(byte: int) -> None:
    """Every other byte above ASCII is read as Windows-1252, and that is said."""
    found = outcome(b"A\n" + bytes([byte]) + b"\n", 1 << 20)

    assert isinstance(found, Encoding)
    assert found.codec == "cp1252"
    assert "Windows-1252" in (found.note or "")
