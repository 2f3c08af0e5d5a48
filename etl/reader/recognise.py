"""What a file is by its content, and why some files are no input of ours."""

from __future__ import annotations

import mmap
import zipfile
import zlib
from typing import TYPE_CHECKING, NamedTuple

from etl.errors import SourceError
from etl.reader.bounds import MOST_TREE_BYTES, BeyondBoundsError, opened_part, opened_zip
from etl.reader.rules import Content

if TYPE_CHECKING:
    from pathlib import Path

HEAD_BYTES = 4096
ZIP_MAGIC = b"PK\x03\x04"
_EMPTY_ZIP_MAGIC = b"PK\x05\x06"
GZIP_MAGIC = b"\x1f\x8b"
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# MS-XLS 2.4.21: BOF records of the workbooks that stood by themselves before Excel 5 put them into an OLE file.
BINARY_MAGICS = (_OLE_MAGIC, b"\x09\x00\x04\x00", b"\x09\x02\x06\x00", b"\x09\x04\x06\x00", b"\x09\x08\x10\x00")
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")  # MS-OFFCRYPTO 1.3: the stream that holds the real workbook
_MANIFEST = "META-INF/manifest.xml"
PROTECTED = "the workbook is protected with a password. Open it, and save a copy without the password."
_SAVE_AS_XLSX = 'Open it in the spreadsheet program and save it as "Excel Workbook (.xlsx)".'
_UNPACK = "Unpack it and give the file that holds the rows, or pack that as .zip or .gz."

_LOCKS = ("~$", ".~lock.")
_UNDER_WAY = (".crdownload", ".part", ".partial", ".download", ".opdownload")


class _Foreign(NamedTuple):
    """A format that is known and not read: how it starts, what to call it, what to do."""

    magic: bytes
    name: str
    remedy: str


_FOREIGN = (
    _Foreign(b"%PDF-", "a PDF document", "Export the table as .xlsx or .csv from the program that made it."),
    _Foreign(b"<!doctype html", "a web page (HTML) under a spreadsheet's name", _SAVE_AS_XLSX),
    _Foreign(b"<html", "a web page (HTML) under a spreadsheet's name", _SAVE_AS_XLSX),
    _Foreign(b"<table", "a web page (HTML) under a spreadsheet's name", _SAVE_AS_XLSX),
    _Foreign(b"<?xml", "an XML file", _SAVE_AS_XLSX),
    _Foreign(b"mime-version:", "a saved web page (MHTML) under a spreadsheet's name", _SAVE_AS_XLSX),
    _Foreign(b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive", _UNPACK),
    _Foreign(b"Rar!\x1a\x07", "a RAR archive", _UNPACK),
    _Foreign(b"\xfd7zXZ\x00", "a file packed with xz", _UNPACK),
    _Foreign(b"\x28\xb5\x2f\xfd", "a file packed with Zstandard", _UNPACK),
    _Foreign(b"PAR1\x15", "a Parquet file", "Export the table as .xlsx or .csv from the program that made it."),
    *(_Foreign(b"BZh%d1AY&SY" % level, "a file packed with bzip2", _UNPACK) for level in range(1, 10)),
    _Foreign(b"{\\rtf", "a Rich Text document", "Export the table as .xlsx or .csv from the program that made it."),
)


def refuse_lock_file(shown: Path) -> None:
    """Raise SourceError for what lies beside a file while it is open or on its way, by its name: it is not the file."""
    name = shown.name
    if name.startswith(_LOCKS):
        of = name.removeprefix("~$").removeprefix(".~lock.").removesuffix("#")
        program = "Excel" if name.startswith("~$") else "LibreOffice"
        raise SourceError(
            f"{shown}: this is the lock file that {program} keeps while a workbook is open, not the workbook. "
            f"Close {program} and give the workbook itself ({of})."
        )
    if name.lower().endswith(_UNDER_WAY):
        raise SourceError(
            f"{shown}: this is part of a file that is still being downloaded or copied. Wait until that has ended, and give "
            "the file itself."
        )


def head_of(path: Path, shown: Path) -> bytes:
    """The first bytes of a file. Raises SourceError when there is no such file, or nothing in it, or it is closed to us."""
    try:
        with path.open("rb") as source:
            head = source.read(HEAD_BYTES)
    except FileNotFoundError as error:
        raise SourceError(f"{shown}: there is no such file. Check the path and its spelling.") from error
    except IsADirectoryError as error:
        raise SourceError(f"{shown}: this is a folder. Give a file in it.") from error
    except PermissionError as error:
        raise SourceError(
            f"{shown}: you may not read this file. Ask its owner for access, or close the program that holds it."
        ) from error
    except OSError as error:
        raise SourceError(f"{shown}: the file cannot be opened ({error.strerror}).") from error
    if not head:
        raise SourceError(f"{shown}: the file is empty. Export it again, with a header row and the rows below it.")
    return head


def content_of(path: Path, shown: Path) -> Content:
    """What tells the file's format. Raises SourceError, as `head_of`, and for a zip that is damaged."""
    head = head_of(path, shown)
    if not head.startswith((ZIP_MAGIC, _EMPTY_ZIP_MAGIC)):
        return Content(head)
    try:
        with opened_zip(path) as archive:
            return Content(head, frozenset(name.lower().replace("\\", "/") for name in archive.namelist()))
    except BeyondBoundsError as error:
        raise SourceError(f"{shown}: {error}") from error
    except (zipfile.BadZipFile, OSError, ValueError) as error:
        raise SourceError(
            f"{shown}: the workbook is damaged or was cut off while it was copied. Copy or export it again."
        ) from error


def is_workbook(members: frozenset[str]) -> bool:
    """Whether a zip with these names in it is a document of an office program."""
    return "[content_types].xml" in members or {"content.xml", "mimetype"} <= members or _is_of_apple(members)


def _is_of_apple(members: frozenset[str]) -> bool:
    return any(name.startswith("index/") and name.endswith(".iwa") for name in members)


def refuse_foreign(path: Path, content: Content, shown: Path) -> None:
    """Raise SourceError, naming the format and the remedy, for a file in a format that is known and not read."""
    if content.head.startswith(_OLE_MAGIC) and _has_encrypted_stream(path):
        raise SourceError(f"{shown}: {PROTECTED}")
    if content.members:
        refusal = _zip_refusal(path, content.members)
        if refusal:
            raise SourceError(f"{shown}: {refusal}")
    start = content.head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for foreign in _FOREIGN:
        if start.startswith(foreign.magic.lower()):
            raise SourceError(f"{shown}: this is {foreign.name}, not a spreadsheet or CSV. {foreign.remedy}")


def _has_encrypted_stream(path: Path) -> bool:
    """Protected workbooks and old ones share an outer format; only the first has this stream."""
    with path.open("rb") as source, mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(_ENCRYPTED_STREAM) >= 0


def _zip_refusal(path: Path, members: frozenset[str]) -> str | None:
    """Why a zip with these names in it is no workbook; None when it is one."""
    if _is_of_apple(members):
        return "this is a document of Apple's Numbers, Pages or Keynote, not a workbook. Export its table as .xlsx or .csv."
    if "[content_types].xml" not in members:
        return _open_document_refusal(path)
    if any(name.startswith(("word/", "ppt/")) for name in members):
        return "this is a Word or PowerPoint document, not a workbook. Save the table as .xlsx or .csv."
    return None


def _open_document_refusal(path: Path) -> str | None:
    """A text document or a protected sheet; what it is says the part `mimetype`, what is protected the manifest."""
    try:
        with opened_zip(path) as archive:
            kind = opened_part(archive, "mimetype").read(HEAD_BYTES).strip()
            has_manifest = _MANIFEST in archive.namelist()
            manifest = opened_part(archive, _MANIFEST, MOST_TREE_BYTES).read() if has_manifest else b""
    except (zipfile.BadZipFile, OSError, EOFError, ValueError, KeyError, RuntimeError, zlib.error):
        return "the workbook is damaged or was cut off while it was copied. Copy or export it again."
    if b"encryption-data" in manifest:
        return PROTECTED
    if b"spreadsheet" not in kind:
        return "this is an OpenDocument file, but no spreadsheet. Save the table as .xlsx or .csv."
    return None
