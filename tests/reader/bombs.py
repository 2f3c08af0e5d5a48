"""Files that are made to do harm: zips that unpack to gigabytes without a gigabyte being packed for it."""

from __future__ import annotations

import struct
import zipfile
import zlib
from dataclasses import dataclass

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True)
class Swollen:
    """A part of a zip: `before`, then `text` over and over for at least `megabytes`, then `behind`.

    stated: how large the zip says that it is; the truth by default.
    """

    text: bytes
    megabytes: int
    before: bytes = b""
    behind: bytes = b""
    stated: int | None = None

    def packed(self) -> tuple[bytes, int]:
        """Deflated, and how large it is unpacked: one megabyte is packed once and then repeated (RFC 1951: full flushes)."""
        block = self.text * (_BLOCK_BYTES // len(self.text) + 1)
        pieces = [_deflated(self.before), _deflated(block) * self.megabytes, _deflated(self.behind, is_last=True)]
        return b"".join(pieces), len(self.before) + self.megabytes * len(block) + len(self.behind)


def _deflated(text: bytes, *, is_last: bool = False) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(text) + packer.flush(zlib.Z_FINISH if is_last else zlib.Z_FULL_FLUSH)


def swollen_zip(plain: dict[str, bytes], swollen: dict[str, Swollen]) -> bytes:
    """A zip of ordinary parts and swollen ones (APPNOTE 4.3.7, 4.3.12, 4.3.16). The checksums of the swollen are wrong."""
    body, directory = bytearray(), bytearray()
    parts: dict[str, tuple[bytes, int, int]] = {
        name: (zlib.compress(content, wbits=-15), len(content), zlib.crc32(content)) for name, content in plain.items()
    }
    for name, part in swollen.items():
        packed, size = part.packed()
        parts[name] = packed, size if part.stated is None else part.stated, 0
    for name, (packed, size, checksum) in parts.items():
        fields = struct.pack(
            "<HHHHHIII", 20, 0, zipfile.ZIP_DEFLATED, 0, 0x21, checksum, len(packed), min(size, 0xFFFFFFFE)
        )
        offset = len(body)
        body += b"PK\x03\x04" + fields + struct.pack("<HH", len(name), 0) + name.encode() + packed
        directory += (
            b"PK\x01\x02\x14\x00" + fields + struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, 0, offset) + name.encode()
        )
    end = struct.pack("<HHHHIIH", 0, 0, len(parts), len(parts), len(directory), len(body), 0)
    return bytes(body + directory + b"PK\x05\x06" + end)


def crowded_zip(entries: int) -> bytes:
    """A zip whose list says that there are very many parts."""
    entry = b"PK\x01\x02\x14\x00" + struct.pack("<HHHHHIII", 20, 0, 0, 0, 0x21, 0, 0, 0)
    entry += struct.pack("<HHHHHII", 64, 0, 0, 0, 0, 0, 0)
    directory = b"".join(entry + f"xl/media/{number:055}".encode() for number in range(entries))
    local = b"PK\x03\x04" + bytes(26)
    return local + directory + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 0, 0, len(directory), len(local), 0)
