"""Spreadsheets in other formats than Excel's XML, from raw parts: .ods from XML, .xlsb from records, and packed files."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile

from raw_workbook import archive

_ODS = "application/vnd.oasis.opendocument.spreadsheet"
_NAMES = " ".join(
    f'xmlns:{short}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for short, name in (("office", "office"), ("table", "table"), ("text", "text"), ("style", "style"))
)
_CALC = 'xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
_RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def open_document(
    sheets: dict[str, str], *, hidden: tuple[str, ...] = (), kind: str = _ODS, manifest: str = ""
) -> bytes:
    """An .ods. sheets: name → what stands inside `table:table`. hidden: sheets that are not shown."""
    styles = '<style:style style:name="off" style:family="table"><style:table-properties table:display="false"/></style:style>'
    tables = "".join(
        f'<table:table table:name="{name}"{" table:style-name=" + chr(34) + "off" + chr(34) if name in hidden else ""}>'
        f"{content}</table:table>"
        for name, content in sheets.items()
    )
    content = (
        f'<?xml version="1.0" encoding="UTF-8"?><office:document-content {_NAMES} {_CALC}>'
        f"<office:automatic-styles>{styles}</office:automatic-styles>"
        f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"
    )
    parts = {"mimetype": kind.encode(), "content.xml": content.encode()}
    return archive(parts | ({"META-INF/manifest.xml": manifest.encode()} if manifest else {}))


def ods_row(*cells: str, more: str = "") -> str:
    return f"<table:table-row{more}>{''.join(cells)}</table:table-row>"


def ods_cell(content: str = "", **attributes: str) -> str:
    """A cell. content: XML inside; a plain text becomes a paragraph. attributes: `office_value` for `office:value`."""
    inner = content if content.startswith("<") or not content else f"<text:p>{content}</text:p>"
    named = "".join(f' {name.replace("_", ":", 1).replace("_", "-")}="{value}"' for name, value in attributes.items())
    return f"<table:table-cell{named}>{inner}</table:table-cell>"


def ods_text(text: str) -> str:
    return ods_cell(text, office_value_type="string")


def binary_workbook(
    sheets: dict[str, bytes],
    *,
    states: dict[str, int] | None = None,
    strings: tuple[str, ...] = (),
    formats: tuple[str, ...] = (),
) -> bytes:
    """An .xlsb. sheets: name → records of rows and cells. formats: of the cell styles 1, 2, …"""
    pointers = "".join(
        f'<Relationship Id="r{number}" Type="{_RELATIONS}/worksheet" Target="worksheets/sheet{number}.bin"/>'
        for number in range(1, len(sheets) + 1)
    )
    pointers += f'<Relationship Id="st" Type="{_RELATIONS}/styles" Target="styles.bin"/>'
    pointers += f'<Relationship Id="ss" Type="{_RELATIONS}/sharedStrings" Target="sharedStrings.bin"/>'
    tabs = b"".join(
        record(156, struct.pack("<II", (states or {}).get(name, 0), number) + wide(f"r{number}") + wide(name))
        for number, name in enumerate(sheets, 1)
    )
    codes = b"".join(record(44, struct.pack("<H", 200 + place) + wide(code)) for place, code in enumerate(formats))
    styles = b"".join(
        record(47, struct.pack("<HH", 0, number) + bytes(12))
        for number in (0, *(200 + place for place in range(len(formats))))
    )
    parts = {
        "[Content_Types].xml": b"<Types/>",
        "xl/workbook.bin": record(131)
        + record(153, struct.pack("<II", 0, 0) + wide(""))
        + record(143)
        + tabs
        + record(144)
        + record(132),
        "xl/_rels/workbook.bin.rels": f'<Relationships xmlns="{_PACKAGE}">{pointers}</Relationships>'.encode(),
        "xl/styles.bin": record(615, struct.pack("<I", len(formats)))
        + codes
        + record(616)
        + record(617, struct.pack("<I", len(formats) + 1))
        + styles
        + record(618),
        "xl/sharedStrings.bin": record(159, struct.pack("<II", len(strings), len(strings)))
        + b"".join(record(19, b"\0" + wide(text)) for text in strings)
        + record(160),
    }
    for number, records in enumerate(sheets.values(), 1):
        parts[f"xl/worksheets/sheet{number}.bin"] = (
            record(129) + record(148, bytes(16)) + record(145) + records + record(146) + record(130)
        )
    return archive(parts)


def record(kind: int, body: bytes = b"") -> bytes:
    """[MS-XLSB] 2.1.4: number and size in bytes of seven bits."""
    head = bytes([kind]) if kind < 128 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size, length = b"", len(body)
    while True:
        size += bytes([length & 0x7F | (0x80 if length > 0x7F else 0)])
        length >>= 7
        if not length:
            return head + size + body


def wide(text: str) -> bytes:
    coded = text.encode("utf-16-le")
    return struct.pack("<I", len(coded) // 2) + coded


def binary_row(number: int, *cells: bytes, is_hidden: bool = False) -> bytes:
    """A row by its number as Excel shows it; cells from column A on."""
    head = struct.pack("<IIHBB", number - 1, 0, 300, 0, 0x10 if is_hidden else 0) + bytes(5)
    body = b"".join(
        record(cell[0], struct.pack("<II", column, cell[1]) + cell[2:]) for column, cell in enumerate(cells)
    )
    return record(0, head) + body


def binary_cell(kind: int, value: bytes, style: int = 0) -> bytes:
    """A cell as `binary_row` takes it: kind of record, style, fields."""
    return bytes([kind, style]) + value


def gzipped(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)


def zipped(files: dict[str, bytes], flags: int = 0) -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)
    content = target.getvalue()
    if flags:  # of the entry's header and of its line in the directory (APPNOTE 4.3.7, 4.3.12)
        content = content[:6] + bytes([flags]) + content[7:]
        place = content.index(b"PK\x01\x02") + 8
        content = content[:place] + bytes([flags]) + content[place + 1 :]
    return content
