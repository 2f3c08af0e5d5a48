"""Made-up field visits in any number, as csv and as xlsx: 20 mixed columns of which the mapping beside takes ten.

The workbook is written as Excel writes one: shared strings, styled numbers for dates, a reference in each cell. It is put
together here and not by a library, because none writes a million rows with shared strings in flat memory.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import NamedTuple
from zipfile import ZIP_DEFLATED, ZipFile

HEADERS = (
    "Visit ID", "Date", "Visited On", "Customer", "Email", "Mobile", "Executive", "Visit Type", "Site", "Plot No",
    "Budget", "Follow-up", "Status", "Remarks", "Distance", "Minutes", "Invoice", "GSTIN", "Reference", "Checked",
)  # fmt: skip

MAPPING = """\
version: 1
name: benchmark
operation: add-by-lead-field
search_by: EmailAddress
input: {{time_zone: Asia/Kolkata}}
activity: {{event: 320}}
columns:
  Email: SearchByValue
  Visited On: {{to: ActivityDateTime, format: "%d/%m/%Y %H:%M"}}
  Follow-up: {{to: mx_Custom_7, type: datetime, format: "%d/%m/%Y %H:%M"}}
  Remarks: ActivityNote
  Visit ID: mx_Custom_1
  Customer: mx_Custom_2
  Site: mx_Custom_4
  Plot No: mx_Custom_5
  Budget: {{to: mx_Custom_6, type: number}}
  Visit Type: {{to: mx_Custom_3, type: choice, options: [Site Visit, Revisit, Virtual call]}}
{more}unique_by: [Visit ID]
"""
"""Five texts, two date-times with a zone, a number, a choice and an e-mail address."""

PHONES = "  Mobile: {to: mx_Custom_8, type: phone, region: IN, form: leadsquared}\n"
"""An eleventh column: reading a phone number costs more than all else in its row."""

_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001 — a cell's date has no zone
_FIRST_DAY = datetime(2025, 1, 1)  # noqa: DTZ001 — as above
_KINDS = ("Site Visit", "Revisit", "Virtual call")
_NAMES = ("Asha", "Bharat", "Chitra", "Dev", "Esha", "Farhan", "Gita", "Harish", "Ila", "Jatin", "Kavya", "Lalit")
_FAMILIES = ("Rao", "Iyer", "Sharma", "Khan", "Patel", "Nair", "Das", "Gill", "Bose", "Jain", "Menon", "Sethi")
_SITES = tuple(
    f"{name} {kind}" for name in ("Lake", "Hill", "Palm", "Rose", "Sun") for kind in ("View", "Park", "City")
)
_REMARKS = (
    "Liked the corner plot, asks for the price list",
    "Wants to come again with the family",
    "Loan is not sanctioned yet; call after the 15th",
    "Not interested & asked not to be called",
    "सप्ताह के अंत में फिर मिलेंगे",
)


class Visit(NamedTuple):
    """One row, in the order of HEADERS."""

    number: str
    date: datetime
    visited_on: datetime
    customer: str
    email: str
    mobile: str
    executive: str
    kind: str
    site: str
    plot: str
    budget: int
    follow_up: datetime | None
    status: str
    remarks: str
    distance: float
    minutes: int
    invoice: int
    gstin: str
    reference: str | None
    checked: bool


def visits(rows: int) -> Iterator[Visit]:
    """Rows without a slip, the same ones every time; three visits to each lead, most remarks different."""
    random = Random(2026)
    for number in range(1, rows + 1):
        chance = random.getrandbits(60)
        lead, day, minute = number // 3, chance % 365, chance // 365 % 600
        name, family = _NAMES[lead % 12], _FAMILIES[lead // 12 % 12]
        date = _FIRST_DAY + timedelta(days=day)
        visited = date + timedelta(minutes=540 + minute)
        yield Visit(
            number=f"SV-{number:07d}",
            date=date,
            visited_on=visited,
            customer=f"{name} {family}",
            email=f"{name.lower()}.{lead}@example.com",
            mobile=f"98{lead // 100_000 % 1000:03d}{lead % 100_000:05d}",
            executive=f"executive{chance // 7 % 40}@example.org",
            kind=_KINDS[chance // 11 % 3],
            site=_SITES[chance // 13 % len(_SITES)],
            plot=f"{chance // 17 % 1500 + 1:05d}",
            budget=25_000 * (chance // 19 % 4_000),
            follow_up=visited + timedelta(days=7, minutes=chance // 23 % 300) if chance // 29 % 5 else None,
            status="Done" if chance // 31 % 3 else "Closed",
            remarks=f"{_REMARKS[chance // 37 % 5]} ({name}, {chance // 41 % 100_000})",
            distance=(chance // 43 % 90_000) / 100,
            minutes=chance // 47 % 240,
            invoice=2_000_000_000 + number,
            gstin=f"29ABCDE{chance // 53 % 10_000:04d}F1Z5",
            reference=f"R{chance // 59 % 1_000_000}" if chance // 61 % 2 else None,
            checked=not chance // 67 % 2,
        )


def write_csv(path: Path, rows: int) -> None:
    """As Excel's "CSV UTF-8": each cell as it is shown, a byte order mark, CR LF."""
    with path.open("w", encoding="utf-8-sig", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow(HEADERS)
        for visit in visits(rows):
            writer.writerow(map(_shown, HEADERS, visit))


def _shown(header: str, cell: object) -> str:
    if isinstance(cell, datetime):
        return f"{cell:%d/%m/%Y}" if header == "Date" else f"{cell:%d/%m/%Y %H:%M}"
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    return "" if cell is None else str(cell)


_SPREADSHEET = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONSHIPS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PARTS = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    + "".join(
        f'<Override PartName="/xl/{part}" ContentType="application/vnd.openxmlformats-officedocument.'
        f'spreadsheetml.{kind}+xml"/>'
        for part, kind in (
            ("workbook.xml", "sheet.main"),
            ("worksheets/sheet1.xml", "worksheet"),
            ("styles.xml", "styles"),
            ("sharedStrings.xml", "sharedStrings"),
        )
    )
    + "</Types>",
    "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    f'<Relationship Id="rId1" Type="{_RELATIONSHIPS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_SPREADSHEET}" xmlns:r="{_RELATIONSHIPS}">'
    '<sheets><sheet name="Visits" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
    + "".join(
        f'<Relationship Id="rId{number}" Type="{_RELATIONSHIPS}/{kind}" Target="{part}"/>'
        for number, (kind, part) in enumerate(
            (
                ("worksheet", "worksheets/sheet1.xml"),
                ("styles", "styles.xml"),
                ("sharedStrings", "sharedStrings.xml"),
            ),
            1,
        )
    )
    + "</Relationships>",
    "xl/styles.xml": f'<styleSheet xmlns="{_SPREADSHEET}">'
    '<numFmts count="2"><numFmt numFmtId="164" formatCode="dd/mm/yyyy"/>'
    '<numFmt numFmtId="165" formatCode="dd/mm/yyyy\\ hh:mm"/></numFmts>'
    '<fonts count="1"><font><sz val="11"/><name val="Calibri"/></font></fonts>'
    '<fills count="1"><fill><patternFill patternType="none"/></fill></fills><borders count="1"><border/></borders>'
    '<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>'
    '<cellXfs count="3">'
    + "".join(f'<xf numFmtId="{id_}" fontId="0" fillId="0" borderId="0" xfId="0"/>' for id_ in (0, 164, 165))
    + "</cellXfs></styleSheet>",
}


def write_xlsx(path: Path, rows: int) -> None:
    """One sheet, "Visits"; only the different texts are held in memory."""
    strings: dict[str, int] = {}
    cells = 0
    with ZipFile(path, "w", ZIP_DEFLATED, compresslevel=3) as archive:
        for name, xml in _PARTS.items():
            archive.writestr(name, _XML + xml)
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part:
            part.write(f'{_XML}<worksheet xmlns="{_SPREADSHEET}"><sheetData>'.encode())
            part.write(_row(1, HEADERS, strings).encode())
            for number, visit in enumerate(visits(rows), 2):
                part.write(_row(number, visit, strings).encode())
            part.write(b"</sheetData></worksheet>")
        cells = len(strings)
        with archive.open("xl/sharedStrings.xml", "w", force_zip64=True) as part:
            part.write(f'{_XML}<sst xmlns="{_SPREADSHEET}" uniqueCount="{cells}">'.encode())
            for text in strings:
                part.write(f"<si><t>{text.replace('&', '&amp;')}</t></si>".encode())
            part.write(b"</sst>")


def _row(number: int, cells: tuple[object, ...], strings: dict[str, int]) -> str:
    written = [
        _cell(f"{chr(ord('A') + position)}{number}", position, cell, strings)
        for position, cell in enumerate(cells)
        if cell is not None
    ]
    return f'<row r="{number}" spans="1:{len(HEADERS)}">{"".join(written)}</row>'


def _cell(reference: str, position: int, cell: object, strings: dict[str, int]) -> str:
    if isinstance(cell, str):
        return f'<c r="{reference}" t="s"><v>{strings.setdefault(cell, len(strings))}</v></c>'
    if isinstance(cell, datetime):
        serial = (cell - _EPOCH) / timedelta(days=1)
        return f'<c r="{reference}" s="{1 if HEADERS[position] == "Date" else 2}"><v>{serial:.15g}</v></c>'
    if isinstance(cell, bool):
        return f'<c r="{reference}" t="b"><v>{int(cell)}</v></c>'
    return f'<c r="{reference}"><v>{cell}</v></c>'


def mapping_file(folder: Path, *, phones: bool) -> Path:
    """The mapping for these sheets, with phone numbers as an eleventh column or without."""
    path = folder / ("phones.yaml" if phones else "ten.yaml")
    path.write_text(MAPPING.format(more=PHONES if phones else ""), encoding="utf-8")
    return path
