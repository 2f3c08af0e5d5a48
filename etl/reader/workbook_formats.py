"""The formats of workbooks: what each is called and told by. What reads them is loaded when a file is one: sixty modules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.reader.recognise import BINARY_MAGICS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from etl.reader.rules import Book, Content, InputRules, OpenInput
    from etl.reader.workbook import WorkbookReader


@dataclass(frozen=True, slots=True)
class WorkbookFormat:
    """One of them, a `Reader`. format_name, suffixes: as `Reader` has them. is_its: whether a file with this content is one."""

    format_name: str
    suffixes: tuple[str, ...]
    is_its: Callable[[Content], bool]
    reader: Callable[[], WorkbookReader]

    def claims(self, content: Content) -> bool:
        return self.is_its(content)

    def sheets(self, path: Path, shown: Path) -> tuple[str, ...]:
        return self.reader().sheets(path, shown)

    def open(self, path: Path, rules: InputRules, shown: Path) -> OpenInput:
        return self.reader().open(path, rules, shown)

    def open_book(self, path: Path) -> Book:
        """The workbook itself, whatever its sheets hold."""
        return self.reader().open_book(path)


def _reads_xml() -> WorkbookReader:
    from etl.reader.workbook import WorkbookReader  # noqa: PLC0415 — for the reason above

    return WorkbookReader()


def _reads_old_ones() -> WorkbookReader:
    from etl.reader.old_workbook import OldWorkbookReader  # noqa: PLC0415 — as above

    return OldWorkbookReader()


def _reads_binary_ones() -> WorkbookReader:
    from etl.reader.binary_workbook import BinaryWorkbookReader  # noqa: PLC0415 — as above

    return BinaryWorkbookReader()


def _reads_open_documents() -> WorkbookReader:
    from etl.reader.open_document import OpenDocumentReader  # noqa: PLC0415 — as above

    return OpenDocumentReader()


def _is_xml(content: Content) -> bool:
    return "[content_types].xml" in content.members and not _is_binary(content)


def _is_old(content: Content) -> bool:
    return content.head.startswith(BINARY_MAGICS)


def _is_binary(content: Content) -> bool:
    return "xl/workbook.bin" in content.members


def _is_open_document(content: Content) -> bool:
    return {"content.xml", "mimetype"} <= content.members


WORKBOOKS = (
    WorkbookFormat("an Excel workbook", (".xlsx", ".xlsm"), _is_xml, _reads_xml),
    WorkbookFormat("an old Excel workbook", (".xls",), _is_old, _reads_old_ones),
    WorkbookFormat("a binary Excel workbook", (".xlsb",), _is_binary, _reads_binary_ones),
    WorkbookFormat("an OpenDocument spreadsheet", (".ods",), _is_open_document, _reads_open_documents),
)
"""The usual one first."""
