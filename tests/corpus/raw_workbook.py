"""Workbooks from raw XML, for what no library writes; and the outer format of old and protected ones."""

from __future__ import annotations

import io
import struct
import zipfile

TRANSITIONAL = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
STRICT = "http://purl.oclc.org/ooxml/spreadsheetml/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_OFFICE_STRICT = "http://purl.oclc.org/ooxml/officeDocument/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_SHEET_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"


def workbook(
    sheets: dict[str, str],
    *,
    states: dict[str, str] | None = None,
    strings: str = "",
    formats: tuple[str, ...] = (),
    from_1904: bool = False,
    namespace: str = TRANSITIONAL,
    extra: dict[str, bytes] | None = None,
) -> bytes:
    """A workbook of raw parts.

    sheets: name → XML inside `sheetData`, or a whole part that starts with `<?xml`. states: name → hidden, veryHidden.
    strings: `<si>` elements. formats: number formats of the cell styles 1, 2, …; a number is a built-in one.
    """
    office = _OFFICE if namespace == TRANSITIONAL else _OFFICE_STRICT
    tabs = "".join(
        f'<sheet name="{name}" sheetId="{number}" state="{(states or {}).get(name, "visible")}" r:id="s{number}"/>'
        for number, name in enumerate(sheets, 1)
    )
    head = f'xmlns="{namespace}" xmlns:r="{office}"'
    date_1904 = '<workbookPr date1904="1"/>' if from_1904 else ""
    pointers = [(f"s{number}", "worksheet", f"worksheets/sheet{number}.xml") for number in range(1, len(sheets) + 1)]
    pointers += [("st", "styles", "styles.xml"), ("ss", "sharedStrings", "sharedStrings.xml")]
    parts = {
        "[Content_Types].xml": _content_types(len(sheets)),
        "_rels/.rels": _relationships([("r1", "officeDocument", "xl/workbook.xml")], office),
        "xl/workbook.xml": f"<workbook {head}>{date_1904}<sheets>{tabs}</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": _relationships(pointers, office),
        "xl/styles.xml": _styles(formats, head),
        "xl/sharedStrings.xml": f"<sst {head}>{strings}</sst>",
    }
    for number, xml in enumerate(sheets.values(), 1):
        whole = xml if xml.startswith("<?xml") else f"<worksheet {head}><sheetData>{xml}</sheetData></worksheet>"
        parts[f"xl/worksheets/sheet{number}.xml"] = whole
    return archive({name: text.encode() for name, text in parts.items()} | (extra or {}))


def sheet_part(before: str, data: str, after: str = "", prolog: str = "") -> str:
    """A whole sheet part: what stands before its rows, the rows, what stands behind them."""
    head = f'<?xml version="1.0"?>{prolog}<worksheet xmlns="{TRANSITIONAL}">'
    return f"{head}{before}<sheetData>{data}</sheetData>{after}</worksheet>"


def archive(parts: dict[str, bytes]) -> bytes:
    """A zip that comes out the same each time: no clock, no compression."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as packed:
        for name, content in parts.items():
            packed.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)
    return target.getvalue()


def row(number: int, *cells: str, more: str = "") -> str:
    """more: further attributes, as they stand in the XML."""
    return f'<row r="{number}"{more and " " + more}>{"".join(cells)}</row>'


def text(reference: str, value: str) -> str:
    return f'<c r="{reference}" t="inlineStr"><is><t xml:space="preserve">{value}</t></is></c>'


def number(reference: str, value: str, style: int = 0) -> str:
    return f'<c r="{reference}" s="{style}"><v>{value}</v></c>'


def header(*names: str, row_number: int = 1) -> str:
    return row(row_number, *(text(f"{chr(65 + position)}{row_number}", name) for position, name in enumerate(names)))


def compound_file(stream: str) -> bytes:
    """The smallest compound file (MS-CFB) with one empty stream of that name: header, one FAT and one directory sector."""
    end, free = 0xFFFFFFFE, 0xFFFFFFFF
    magic = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16)
    fields = struct.pack("<HHHHH6xIIIIIIIII", 0x3E, 3, 0xFFFE, 9, 6, 0, 1, 1, 0, 4096, end, 0, end, 0)
    fat_sectors = struct.pack("<109I", 0, *[free] * 108)
    fat = struct.pack("<128I", 0xFFFFFFFD, end, *[free] * 126)
    directory = _entry("Root Entry", kind=5, child=1) + _entry(stream, kind=2, child=free) + bytes(256)
    return magic + fields + fat_sectors + fat + directory


def _entry(name: str, kind: int, child: int) -> bytes:
    free = 0xFFFFFFFF
    encoded = name.encode("utf-16-le") + b"\0\0"
    head = encoded.ljust(64, b"\0") + struct.pack("<HBBIII", len(encoded), kind, 1, free, free, child)
    return head + bytes(36) + struct.pack("<IQ", 0xFFFFFFFE, 0)


def _content_types(sheets: int) -> str:
    overrides = "".join(
        f'<Override PartName="/xl/worksheets/sheet{number}.xml" ContentType="{_SHEET_TYPE}.worksheet+xml"/>'
        for number in range(1, sheets + 1)
    )
    main = f'<Override PartName="/xl/workbook.xml" ContentType="{_SHEET_TYPE}.sheet.main+xml"/>'
    defaults = '<Default Extension="xml" ContentType="application/xml"/>'
    defaults += '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    others = (
        f'<Override PartName="/xl/styles.xml" ContentType="{_SHEET_TYPE}.styles+xml"/>'
        f'<Override PartName="/xl/sharedStrings.xml" ContentType="{_SHEET_TYPE}.sharedStrings+xml"/>'
    )
    types = "http://schemas.openxmlformats.org/package/2006/content-types"
    return f'<Types xmlns="{types}">{defaults}{main}{overrides}{others}</Types>'


def _relationships(pointers: list[tuple[str, str, str]], office: str) -> str:
    items = "".join(
        f'<Relationship Id="{i}" Type="{office}/{kind}" Target="{target}"/>' for i, kind, target in pointers
    )
    return f'<Relationships xmlns="{_PACKAGE}">{items}</Relationships>'


def _styles(formats: tuple[str, ...], head: str) -> str:
    custom = {code: 200 + position for position, code in enumerate(formats) if not _is_built_in(code)}
    listed = "".join(f'<numFmt numFmtId="{i}" formatCode="{_escaped(code)}"/>' for code, i in custom.items())
    numbers = [0, *(int(code) if _is_built_in(code) else custom[code] for code in formats)]
    xfs = "".join(f'<xf numFmtId="{i}" fontId="0" fillId="0" borderId="0"/>' for i in numbers)
    return f"<styleSheet {head}><numFmts>{listed}</numFmts><cellXfs>{xfs}</cellXfs></styleSheet>"


def _is_built_in(code: str) -> bool:
    return code.isdigit() and not code.startswith("0")


def _escaped(code: str) -> str:
    return code.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
