"""What a file is by its content, and why some files are no input of ours."""

from __future__ import annotations

import mmap
import zipfile
from typing import TYPE_CHECKING, NamedTuple

from etl.errors import SourceError

if TYPE_CHECKING:
    from pathlib import Path

HEAD_BYTES = 4096
ZIP_MAGIC = b"PK\x03\x04"
_EMPTY_ZIP_MAGIC = b"PK\x05\x06"
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")  # MS-OFFCRYPTO 1.3: the stream that holds the real workbook
_SAVE_AS_XLSX = 'Open it in the spreadsheet program and save it as "Excel Workbook (.xlsx)".'


class _Foreign(NamedTuple):
    """A format that is known and not read: how it starts, what to call it, what to do."""

    magic: bytes
    name: str
    remedy: str


_FOREIGN = (
    _Foreign(b"%PDF-", "a PDF document", "Export the table as .xlsx or .csv from the program that made it."),
    _Foreign(b"\x1f\x8b", "a gzip-compressed file", "Unpack it first."),
    _Foreign(b"<!doctype html", "a web page (HTML) under a spreadsheet's name", _SAVE_AS_XLSX),
    _Foreign(b"<html", "a web page (HTML) under a spreadsheet's name", _SAVE_AS_XLSX),
    _Foreign(b"<table", "a web page (HTML) under a spreadsheet's name", _SAVE_AS_XLSX),
    _Foreign(b"<?xml", "an XML file", _SAVE_AS_XLSX),
    _Foreign(b"{\\rtf", "a Rich Text document", "Export the table as .xlsx or .csv from the program that made it."),
)


def refuse_lock_file(shown: Path) -> None:
    """Raise SourceError for the `~$` file that Excel keeps beside a workbook while it is open."""
    if shown.name.startswith("~$"):
        raise SourceError(
            f"{shown}: this is the lock file that Excel keeps while a workbook is open, not the workbook. "
            f"Close Excel and give the workbook itself ({shown.name[2:]})."
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


def refuse_foreign(path: Path, head: bytes, shown: Path) -> None:
    """Raise SourceError, naming the format and the remedy, for a file in a format that is known and not read."""
    if head.startswith(_OLE_MAGIC):
        raise SourceError(f"{shown}: {_ole_refusal(path)}")
    if head.startswith((ZIP_MAGIC, _EMPTY_ZIP_MAGIC)):
        refusal = _zip_refusal(path)
        if refusal:
            raise SourceError(f"{shown}: {refusal}")
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip().lower()
    for foreign in _FOREIGN:
        if start.startswith(foreign.magic.lower()):
            raise SourceError(f"{shown}: this is {foreign.name}, not a spreadsheet or CSV. {foreign.remedy}")


def _ole_refusal(path: Path) -> str:
    """Protected workbooks and old ones share an outer format; only the first has the encrypted stream."""
    with path.open("rb") as source, mmap.mmap(source.fileno(), 0, access=mmap.ACCESS_READ) as content:
        protected = content.find(_ENCRYPTED_STREAM) >= 0
    if protected:
        return "the workbook is protected with a password. Open it, and save a copy without the password."
    return f"this is an old Excel file (.xls), which is not read. {_SAVE_AS_XLSX}"


def _zip_refusal(path: Path) -> str | None:
    """Why a zip is no workbook; None when it is one."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = {name.lower().replace("\\", "/") for name in archive.namelist()}
    except (zipfile.BadZipFile, OSError, ValueError):
        return "the workbook is damaged or was cut off while it was copied. Copy or export it again."
    if "xl/workbook.bin" in names:
        return f"this is a binary workbook (.xlsb), which is not read. {_SAVE_AS_XLSX}"
    if "content.xml" in names and "mimetype" in names:
        return f"this is an OpenDocument file (.ods), which is not read. {_SAVE_AS_XLSX}"
    if "[content_types].xml" not in names:
        return "this is a zip archive, not a workbook. Unpack it, and give the file that is in it."
    if any(name.startswith(("word/", "ppt/")) for name in names):
        return "this is a Word or PowerPoint document, not a workbook. Save the table as .xlsx or .csv."
    return None
