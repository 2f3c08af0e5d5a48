"""Traps of other formats than Excel's XML and plain text: .ods, .xlsb, .xls, packed files, and names that say otherwise."""

from __future__ import annotations

import bz2
import lzma
import struct
from datetime import date, datetime, time
from pathlib import Path

from raw_formats import (
    binary_cell,
    binary_row,
    binary_workbook,
    gzipped,
    ods_cell,
    ods_row,
    ods_text,
    open_document,
    record,
    zipped,
)
from raw_workbook import archive
from trap import Broken, Case, Shown

_MADE = Path(__file__).parent / "made_elsewhere"
_HEADER = ods_row(ods_text("What"), ods_text("Cell"))
_CSV = b"A,B\n1,2\n"


def _ods(*cells: tuple[str, str]) -> bytes:
    return open_document({"S": _HEADER + "".join(ods_row(ods_text(what), cell) for what, cell in cells)})


def _number(value: float) -> bytes:
    return struct.pack("<d", value)


def _rk(value: int, flags: int) -> bytes:
    return struct.pack("<I", (value << 2 & 0xFFFFFFFF) | flags)


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


_SHARED, _INLINE, _RK, _REAL, _BOOL, _ERROR = 7, 6, 2, 5, 4, 3
_BINARY_HEADER = binary_row(1, binary_cell(_INLINE, _wide("What")), binary_cell(_INLINE, _wide("Cell")))


def _xlsb(*cells: tuple[str, bytes]) -> bytes:
    rows = (binary_row(number, binary_cell(_INLINE, _wide(what)), cell) for number, (what, cell) in enumerate(cells, 2))
    return binary_workbook(
        {"Visits": _BINARY_HEADER + b"".join(rows), "Old": b""},
        states={"Old": 1},
        strings=("shared", "a\r\nb"),
        formats=("dd/mm/yyyy", "hh:mm", "0.00"),
    )


FILES: dict[str, bytes] = {
    "errors.ods": _ods(
        ("libre", ods_cell("#N/A", office_value_type="string", calcext_value_type="error", table_formula="of:=NA()")),
        ("older", ods_cell("#REF!", office_value_type="string", table_formula="of:=A9")),
        ("number", ods_cell("Err:502", office_value_type="float", office_value="0", table_formula="of:=X()")),
        ("typed", ods_text("#N/A")),
        ("not a number", ods_cell("", office_value_type="float", office_value="NaN")),
    ),
    "formulas.ods": _ods(
        ("calculated", ods_cell("3", office_value_type="float", office_value="3", table_formula="of:=1+2")),
        ("empty text", ods_cell("<text:p/>", table_formula="of:=&quot;&quot;")),
        ("never calculated", ods_cell("", table_formula="of:=1+2")),
        ("value and no text", ods_cell("", office_value_type="float", office_value="3")),
        ("text and no paragraph", ods_cell("", office_value_type="string", office_string_value="x")),
    ),
    "cell_types.ods": _ods(
        ("true", ods_cell("WAHR", office_value_type="boolean", office_boolean_value="true")),
        ("long number", ods_cell("1,23457E+15", office_value_type="float", office_value="1234567890123456")),
        ("fraction", ods_cell("1.10", office_value_type="float", office_value="1.1")),
        ("rupees", ods_cell("₹1,234.50", office_value_type="currency", office_value="1234.5")),
        ("date", ods_cell("1.3.26", office_value_type="date", office_date_value="2026-03-01")),
        ("midnight", ods_cell("01/03/26 00:00", office_value_type="date", office_date_value="2026-03-01")),
        ("moment", ods_cell("x", office_value_type="date", office_date_value="2026-03-01T10:30:00.4999")),
        ("no date", ods_cell("x", office_value_type="date", office_date_value="2026-13-01")),
        ("time", ods_cell("9:30", office_value_type="time", office_time_value="PT09H30M00S")),
        ("26 hours", ods_cell("26:30", office_value_type="time", office_time_value="PT26H30M00.5S")),
        ("before midnight", ods_cell("-1:00", office_value_type="time", office_time_value="-PT1H")),
    ),
    "texts.ods": _ods(
        ("spaces", ods_cell('<text:p><text:s text:c="2"/>x  y<text:s/>\n z</text:p>', office_value_type="string")),
        ("lines", ods_cell("<text:p>a</text:p><text:p/><text:p>b<text:line-break/>c<text:tab/>d</text:p>")),
        (
            "runs",
            ods_cell("<text:p>+91 <text:span>98</text:span><text:a>765</text:a></text:p>", office_value_type="string"),
        ),
        ("comment", ods_cell("<office:annotation><text:p>not this</text:p></office:annotation><text:p>this</text:p>")),
    ),
    "words_in_formats.ods": _ods(
        ("words", ods_cell("INV-0007", office_value_type="float", office_value="7")),
        ("rounded", ods_cell("8 days", office_value_type="float", office_value="7.6")),
        ("blocks", ods_cell("98765 43210", office_value_type="float", office_value="9876543210")),
        ("country", ods_cell("+91 98765 43210", office_value_type="float", office_value="9876543210")),
        ("currency", ods_cell("₹ 1500", office_value_type="float", office_value="1500")),
        ("grouped", ods_cell("1,500 km", office_value_type="float", office_value="1500")),
        ("decimals", ods_cell("1.50", office_value_type="float", office_value="1.5")),
        ("fraction", ods_cell("1 1/2", office_value_type="float", office_value="1.5")),
        ("power", ods_cell("1.5E+003", office_value_type="float", office_value="1500")),
        ("below zero", ods_cell("-7", office_value_type="float", office_value="-7")),
    ),
    "spaces_beside_paragraphs.ods": _ods(
        (
            "spaces",
            ods_cell("  two  words", office_value_type="string", office_string_value="  two  words"),
        ),
        (
            "lines",
            ods_cell(
                "<text:p> a</text:p><text:p>b</text:p>", office_value_type="string", office_string_value=" a&#10;b"
            ),
        ),
    ),
    "seven_zip.7z": b"7z\xbc\xaf\x27\x1c\0\x04" + bytes(24),
    "packed.rar": b"Rar!\x1a\x07\x01\0" + bytes(24),
    "packed.csv.bz2": bz2.compress(_CSV),
    "packed.csv.xz": lzma.compress(_CSV),
    "packed.csv.zst": b"\x28\xb5\x2f\xfd\x04\0" + bytes(24),
    "table.parquet": b"PAR1\x15\x04" + bytes(24) + b"PAR1",
    "table.numbers": zipped({"Index/Document.iwa": b"\0", "Index/Tables/DataList.iwa": b"\0"}),
    "repeated.ods": open_document(
        {
            "S": ods_row(ods_text("A"), ods_text("B"), ods_text("C"))
            + ods_row(ods_cell("x", office_value_type="string", table_number_columns_repeated="3"))
            + ods_row(ods_cell(table_number_columns_repeated="3"), more=' table:number-rows-repeated="2"')
            + ods_row(
                ods_cell(),
                ods_cell(),
                ods_text("y"),
                ods_cell(table_number_columns_repeated="16381"),
                more=' table:number-rows-repeated="2"',
            )
            + f"<table:table-row-group>{ods_row(ods_text('z'))}</table:table-row-group>"
            + ods_row(ods_cell(table_number_columns_repeated="16384"), more=' table:number-rows-repeated="1048569"')
        }
    ),
    "repeated_for_ever.ods": open_document(
        {"S": _HEADER + ods_row(ods_text("x"), more=' table:number-rows-repeated="2000000000"')}
    ),
    "hidden_sheet_first.ods": open_document({"Old": _HEADER, "Visits": _HEADER}, hidden=("Old",)),
    "document.ods": open_document({}, kind="application/vnd.oasis.opendocument.text"),
    "password.ods": open_document({}, manifest="<manifest:encryption-data/>"),
    "entities.ods": archive(
        {
            "mimetype": b"application/vnd.oasis.opendocument.spreadsheet",
            "content.xml": b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>',
        }
    ),
    "cells.xlsb": _xlsb(
        ("shared text", binary_cell(_SHARED, struct.pack("<I", 0))),
        ("line ends", binary_cell(_SHARED, struct.pack("<I", 1))),
        ("whole", binary_cell(_RK, _rk(-7, 2))),
        ("hundredths", binary_cell(_RK, _rk(1234, 3))),
        ("upper bits", binary_cell(_RK, struct.pack("<d", 1.5)[4:])),
        ("phone", binary_cell(_REAL, _number(919876543210.0))),
        ("fraction", binary_cell(_REAL, _number(1.1), 3)),
        ("true", binary_cell(_BOOL, b"\1")),
        ("error", binary_cell(_ERROR, b"\x2a")),
        ("date", binary_cell(_REAL, _number(45000.0), 1)),
        ("time", binary_cell(_REAL, _number(0.25), 2)),
        ("text of a formula", binary_cell(8, _wide("xy") + bytes(6))),
        ("number of a formula", binary_cell(9, _number(3.0) + bytes(6))),
        ("truth of a formula", binary_cell(10, b"\0" + bytes(6))),
        ("error of a formula", binary_cell(11, b"\x07" + bytes(6))),
        ("rich text", binary_cell(62, b"\0" + _wide("rich"))),
        ("blank", binary_cell(1, b"")),
    ),
    "hidden_and_merged.xlsb": binary_workbook(
        {
            "S": record(60, struct.pack("<IIIIH", 1, 1, 0, 0, 1))
            + _BINARY_HEADER
            + binary_row(2, binary_cell(_INLINE, _wide("x")))
            + binary_row(3, binary_cell(_INLINE, _wide("y")), is_hidden=True)
            + record(176, struct.pack("<IIII", 1, 2, 0, 1))
        }
    ),
    "hidden_and_merged.ods": open_document(
        {
            "S": '<table:table-column/><table:table-column table:visibility="collapse"/>'
            + _HEADER
            + ods_row(ods_cell("x", table_number_columns_spanned="2", table_number_rows_spanned="2"), ods_cell())
            + ods_row(ods_text("y"), more=' table:visibility="filter"')
        }
    ),
    "currencies.xlsb": binary_workbook(
        {
            "S": binary_row(1, binary_cell(_INLINE, _wide("A")), binary_cell(_INLINE, _wide("Key")))
            + binary_row(2, binary_cell(_REAL, _number(500.0), 1), binary_cell(_INLINE, _wide("k")))
            + binary_row(3, binary_cell(_RK, _rk(600, 2), 2), binary_cell(_INLINE, _wide("k")))
        },
        formats=("[$₹-4009] #,##0", '"$"0'),
    ),
    "currencies.ods": open_document(
        {
            "S": ods_row(ods_text("Key"), ods_text("A"))
            + ods_row(
                ods_text("k"),
                ods_cell("₹500", office_value_type="currency", office_currency="INR", office_value="500"),
            )
            + ods_row(
                ods_text("k"),
                ods_cell("€600", office_value_type="currency", office_currency="EUR", office_value="600"),
            )
        }
    ),
    "currencies.xls": (_MADE / "currencies.xls").read_bytes(),
    "cut_off_record.xlsb": binary_workbook({"S": _BINARY_HEADER + b"\x02\x7f"}),
    "string_that_is_not_there.xlsb": binary_workbook(
        {"S": _BINARY_HEADER + binary_row(2, binary_cell(_SHARED, struct.pack("<I", 9)))}
    ),
    "from_libre_office.xls": (_MADE / "from_libre_office.xls").read_bytes(),
    "from_libre_office.ods": (_MADE / "from_libre_office.ods").read_bytes(),
    "never_calculated.xls": (_MADE / "never_calculated.xls").read_bytes(),
    "dates_1904.xls": (_MADE / "dates_1904.xls").read_bytes(),
    # A workbook stream without its OLE file: begin of the workbook, and the note that it is protected (MS-XLS 2.4.117).
    "password.xls": struct.pack("<HHHHHHII", 0x0809, 16, 0x0600, 5, 0x0DBB, 1996, 0, 6)
    + struct.pack("<HHHHH", 0x2F, 6, 0, 0x1234, 0x5678)
    + struct.pack("<HH", 0x0A, 0),
    "packed.csv.gz": gzipped(_CSV),
    "packed_with_what_a_mac_adds.zip": zipped(
        {"june/": b"", "june/visits.csv": _CSV, "__MACOSX/june/._visits.csv": b"\0"}
    ),
    "packed_workbook.zip": zipped({"visits.ods": open_document({"S": _HEADER + ods_row(ods_text("x"))})}),
    "two_files.zip": zipped({"a.csv": _CSV, "b.csv": _CSV}),
    "no_file.zip": zipped({"june/": b""}),
    "locked.zip": zipped({"a.csv": _CSV}, flags=1),
    "packed_twice.csv.gz": gzipped(gzipped(_CSV)),
    "packed_nothing.csv.gz": gzipped(b""),
    "packed_and_cut_off.csv.gz": gzipped(_CSV * 50)[:-12],
    "tabs_under_a_workbook_name.xls": b"A\tB\n1\t2\n",
    "web_page.xls": b"\xef\xbb\xbf\n <TABLE><tr><td>A</td></tr></TABLE>",
    "saved_web_page.xls": b"MIME-Version: 1.0\r\nX-Document-Type: Workbook\r\n",
}

_WHAT = ["What", "Cell"]
_AB = ["A", "B"]
_FOUR = ["What", "Cell", "Hidden", "End"]
_DAMAGED = ("SourceError", "damaged")
_FROM_LIBRE_OFFICE = [
    (2, "not available", Broken("#N/A"), None, "end"),
    (3, "divided by zero", Broken("#DIV/0!"), None, "end"),
    (4, "sum", 2, None, "end"),
    (5, "joined text", "xy", None, "end"),
    (6, "true", True, None, "end"),
    (7, "date", date(2023, 3, 15), None, "end"),
    (8, "date and time", datetime(2023, 3, 15, 12, 0), None, "end"),  # noqa: DTZ001 - a cell has no zone
    (9, "midnight", datetime(2023, 3, 15), None, "end"),  # noqa: DTZ001 - a cell has no zone
    (10, "time", time(6, 0), None, "end"),
    (11, "more than a day", "36:00:00", None, "end"),
    (12, "percentage", Shown(0.15, "15%"), None, "end"),
    (13, "leading zeros", Shown(7, "00007"), None, "end"),
    (14, "phone as a number", 919876543210, None, "end"),
    (15, "fraction", 1.1, None, "end"),
    (16, "rupees", 1234.5, None, "end"),
    (17, "digits as text", "00417", None, "end"),
    (18, "spaces", "  x  y ", None, "end"),
    (19, "two lines", "a\nb", None, "end"),
    (20, "other letters", "पुणे 😀", None, "end"),
    (21, "hidden row", "hidden", None, "end"),
    (22, "damaged number", "9.19877E+11", None, "end"),
]
_UNCALCULATED = (5, "joined text", Broken("=…"), None, "end")

CASES: list[Case] = [
    Case(
        "errors.ods",
        "Error values are something, in the words of old and new programs; what a person typed is a text.",
        _WHAT,
        [
            (2, "libre", Broken("#N/A")),
            (3, "older", Broken("#REF!")),
            (4, "number", Broken("Err:502")),
            (5, "typed", "#N/A"),
            (6, "not a number", Broken("NaN")),
        ],
        sheet="S",
    ),
    Case(
        "formulas.ods",
        "A formula has its value; without one it is something all the same, an empty text is nothing.",
        _WHAT,
        [
            (2, "calculated", 3),
            (3, "empty text", None),
            (4, "never calculated", Broken("=1+2")),
            (5, "value and no text", 3),
            (6, "text and no paragraph", "x"),
        ],
        sheet="S",
    ),
    *(
        Case(
            file,
            "Two currencies that formats show in one column of numbers.",
            mapping={"columns": {"A": {"to": "mx_Custom_1", "type": "number"}, "Key": "SearchByValue"}},
            findings=[f"{letter} currencies_mixed"],
            sent=[],
        )
        for file, letter in (("currencies.xlsb", "A"), ("currencies.ods", "B"), ("currencies.xls", "A"))
    ),
    Case(
        "words_in_formats.ods",
        "Words and blocks that only a format shows; grouping, decimals, fractions, powers and a currency show the same number.",
        _WHAT,
        [
            (2, "words", Shown(7, "INV-0007")),
            (3, "rounded", Shown(7.6, "8 days")),
            (4, "blocks", Shown(9876543210, "98765 43210")),
            (5, "country", Shown(9876543210, "+91 98765 43210")),
            (6, "currency", 1500),
            (7, "grouped", 1500),
            (8, "decimals", 1.5),
            (9, "fraction", 1.5),
            (10, "power", 1500),
            (11, "below zero", -7),
        ],
        sheet="S",
    ),
    Case(
        "spaces_beside_paragraphs.ods",
        "Paragraphs lose spaces at their begin and between words; the text that is stored beside them counts.",
        _WHAT,
        [(2, "spaces", "  two  words"), (3, "lines", " a\nb")],
        sheet="S",
    ),
    *(
        Case(file, "A format that is known and not read is named.", refused=("SourceError", name, "not a"))
        for file, name in (
            ("seven_zip.7z", "7-Zip"),
            ("packed.rar", "RAR"),
            ("packed.csv.bz2", "bzip2"),
            ("packed.csv.xz", "xz"),
            ("packed.csv.zst", "Zstandard"),
            ("table.parquet", "Parquet"),
            ("table.numbers", "Numbers"),
        )
    ),
    Case(
        "cell_types.ods",
        "Values are read as they are stored, not as they are shown.",
        _WHAT,
        [
            (2, "true", True),
            (3, "long number", 1234567890123456),
            (4, "fraction", 1.1),
            (5, "rupees", 1234.5),
            (6, "date", date(2026, 3, 1)),
            (7, "midnight", datetime(2026, 3, 1)),  # noqa: DTZ001 - a cell has no zone
            (8, "moment", datetime(2026, 3, 1, 10, 30, 0, 500_000)),  # noqa: DTZ001 - a cell has no zone
            (9, "no date", Broken("x")),
            (10, "time", time(9, 30)),
            (11, "26 hours", "26:30:00"),
            (12, "before midnight", Broken("-1:00")),
        ],
        sheet="S",
    ),
    Case(
        "texts.ods",
        "White space, line breaks and formatted runs as a person sees them; a comment is not the cell.",
        _WHAT,
        [(2, "spaces", "  x y  z"), (3, "lines", "a\n\nb\nc\td"), (4, "runs", "+91 98765"), (5, "comment", "this")],
        sheet="S",
    ),
    Case(
        "repeated.ods",
        "Equal cells and rows are written once, a million empty ones too.",
        ["A", "B", "C"],
        [(2, "x", "x", "x"), (5, None, None, "y"), (6, None, None, "y"), (7, "z", None, None)],
        sheet="S",
    ),
    Case(
        "repeated_for_ever.ods",
        "A row that is there two thousand million times.",
        refused=("SourceError", "repeats cells", "as no table does"),
    ),
    Case("hidden_sheet_first.ods", "A hidden sheet is not picked.", _WHAT, [], sheet="Visits"),
    Case("document.ods", "A text document.", refused=("SourceError", "no spreadsheet", ".xlsx or .csv")),
    Case("password.ods", "A protected sheet.", refused=("SourceError", "protected with a password", "without")),
    Case("entities.ods", "Entities are what bombs are made of.", refused=_DAMAGED),
    Case(
        "cells.xlsb",
        "All kinds of cells of a binary workbook; the hidden sheet is not picked.",
        _WHAT,
        [
            (2, "shared text", "shared"),
            (3, "line ends", "a\nb"),
            (4, "whole", -7),
            (5, "hundredths", 12.34),
            (6, "upper bits", 1.5),
            (7, "phone", 919876543210),
            (8, "fraction", 1.1),
            (9, "true", True),
            (10, "error", Broken("#N/A")),
            (11, "date", date(2023, 3, 15)),
            (12, "time", time(6, 0)),
            (13, "text of a formula", "xy"),
            (14, "number of a formula", 3),
            (15, "truth of a formula", False),
            (16, "error of a formula", Broken("#DIV/0!")),
            (17, "rich text", "rich"),
            (18, "blank", None),
        ],
        sheet="Visits",
    ),
    *(
        Case(
            name,
            "Hidden rows and columns are told, and so are merged cells.",
            _WHAT,
            [(2, "x", None), (3, "y", None)],
            sheet="S",
            hidden=[3],
            hidden_columns=["B"],
            merged=["A2:B3"],
        )
        for name in ("hidden_and_merged.xlsb", "hidden_and_merged.ods")
    ),
    Case("cut_off_record.xlsb", "A record that ends too early.", refused=_DAMAGED),
    Case("string_that_is_not_there.xlsb", "A text that is referred to and missing.", refused=_DAMAGED),
    Case(
        "from_libre_office.ods",
        "A whole sheet as LibreOffice writes it.",
        _FOUR,
        [*_FROM_LIBRE_OFFICE],
        sheet="Visits",
        hidden=[21],
        hidden_columns=["C"],
    ),
    Case(
        "from_libre_office.xls",
        "The same as an old workbook; a text that LibreOffice has not calculated is a 0 there, which is no value.",
        _FOUR,
        [_UNCALCULATED if row[0] == 5 else row for row in _FROM_LIBRE_OFFICE],
        sheet="Visits",
        hidden=[21],
        hidden_columns=["C"],
    ),
    Case(
        "never_calculated.xls",
        "Formulas as a program leaves them that does not calculate; the format has no word for it.",
        _WHAT,
        [
            (2, "int", 919876543210),
            (3, "float", 1.1),
            (4, "text", "पुणे"),
            (5, "date", date(2026, 3, 1)),
            (6, "zeros", Shown(7, "00007")),
            (7, "bool", True),
            (8, "formula", Broken("=…")),
            (9, "text of a formula", Broken("=…")),
        ],
        sheet="Visits",
    ),
    Case(
        "dates_1904.xls",
        "Days counted from 1904.",
        ["Date", "Moment"],
        [(2, date(2026, 3, 1), datetime(2026, 3, 1, 10, 30))],  # noqa: DTZ001 - a cell has no zone
        sheet="S",
    ),
    Case("password.xls", "A protected old workbook.", refused=("SourceError", "protected with a password", "without")),
    Case("packed.csv.gz", "A compressed text.", _AB, [(2, "1", "2")]),
    Case("packed_with_what_a_mac_adds.zip", "One file, and what the system put beside it.", _AB, [(2, "1", "2")]),
    Case("packed_workbook.zip", "Whatever is in it is read by its content.", _WHAT, [(2, "x", None)], sheet="S"),
    Case("two_files.zip", "Which one?", refused=("SourceError", "2 files", "a.csv, b.csv", "one was expected")),
    Case("no_file.zip", "A folder alone.", refused=("SourceError", "no file in this zip archive")),
    Case("locked.zip", "A protected archive.", refused=("SourceError", "zip archive is protected", "Unpack")),
    Case("packed_twice.csv.gz", "Once is enough.", refused=("SourceError", "compressed twice", "Unpack it once")),
    Case("packed_nothing.csv.gz", "An empty file inside.", refused=("SourceError", "the file in it is empty")),
    Case(
        "packed_and_cut_off.csv.gz", "Half a download.", refused=("SourceError", "compressed file is damaged", "again")
    ),
    Case(
        "tabs_under_a_workbook_name.xls",
        "What many portals call Excel: tab-separated text. Content decides.",
        _AB,
        [(2, "1", "2")],
        notes="its name ends in .xls, but its content is a delimited text file",
    ),
    Case("web_page.xls", "What other portals call Excel.", refused=("SourceError", "web page (HTML)", "save it as")),
    Case("saved_web_page.xls", "And others again.", refused=("SourceError", "MHTML", "save it as")),
]
