"""Workbooks and the traps in them."""

from __future__ import annotations

from datetime import date, datetime, time

from raw_workbook import STRICT, archive, compound_file, header, number, row, sheet_part, text, workbook
from trap import Broken, Case, Shown

_OURS = ["etl_row", "etl_status", "ProspectActivityId", "etl_error", "etl_hint", "etl_code", "etl_run", "Email"]
_TWO = {"Visits": header("A") + row(2, text("A2", "x")), "Other": header("B") + row(2, text("A2", "y"))}
_ONE = workbook({"Visits": header("A") + row(2, text("A2", "x"))})
_DATES = ("14", "22", "20", "46", 'd "hours" mmm', "[$₹-hi-IN]#,##0", r"0\d", "[$-409]d-mmm-yy;@", "[hh]:mm", "mmm-yy")


def _dates(from_1904: bool) -> bytes:
    rows = (
        row(2, number("A2", "45413", 1), number("B2", "45413.4375", 2), number("C2", "0.4375", 3)),
        row(3, number("A3", "45413.4375", 1), number("B3", "45413", 2), number("C3", "45413.4375", 3)),
    )
    return workbook({"S": header("Day", "Both", "Time") + "".join(rows)}, formats=_DATES, from_1904=from_1904)


def _ours(first: str, state: str = "visible") -> bytes:
    line = row(2, number("A2", "7"), text("B2", "refused"), number("G2", "41"), text("H2", "a@example.com"))
    return workbook(
        {first: header(*_OURS) + line, "Visits": header("X") + row(2, text("A2", "y"))}, states={first: state}
    )


_NOWHERE = '<c t="inlineStr"><is><t>{}</t></is></c>'
_BOMB = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;">]>'
_SHARED = '<si><t>a_x000D_\nb</t></si><si><r><t>bo</t></r><r><rPr><b/></rPr><t xml:space="preserve">ld </t></r>'
_SHARED += "<rPh><t>reading</t></rPh></si><si><t>_x005F_x000D_</t></si><si><t/></si><si><t>_xD83D_</t></si>"

at = datetime.fromisoformat

FILES: dict[str, bytes] = {
    "cell_types.xlsx": workbook(
        {
            "S": header("A", "B", "C", "D", "E")
            + row(2, text("A2", "007"), number("B2", "5"), number("C2", "5.0"), number("D2", "1.5E3"))
            + row(
                3, '<c r="A3" t="b"><v>1</v></c><c r="B3" t="b"><v>0</v></c>', number("C3", "-0.25"), number("E3", "0")
            )
        }
    ),
    "long_numbers.xlsx": workbook(
        {"S": header("A") + row(2, number("A2", "919876543210")) + row(3, number("A3", "12345678901234567890"))}
    ),
    "error_cells.xlsx": workbook(
        {
            "S": header("A", "B")
            + row(2, '<c r="A2" t="e"><v>#N/A</v></c><c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v></c>')
            + row(3, '<c r="A3" t="e"><v>#SPILL!</v></c>', number("B3", "NaN"))
        }
    ),
    "formulas.xlsx": workbook(
        {
            "S": header("A", "B", "C")
            + row(
                2, '<c r="A2"><f>B2+1</f><v>3</v></c><c r="B2"><f>A1&amp;"x"</f></c><c r="C2"><f>NOW()</f><v></v></c>'
            )
            + row(
                3,
                '<c r="A3" t="str"><f>""</f><v></v></c><c r="B3" t="str"><f>A1</f><v>007</v></c><c r="C3" t="str"><f>Z1</f></c>',
            )
            + row(4, '<c r="A4"><f t="shared" ref="A4:A6" si="0">B4*2</f><v>4</v></c>')
            + row(5, '<c r="A5"><f t="shared" si="0"/></c>')
            + row(6, '<c r="A6"><f t="shared" si="0"/><v>8</v></c><c r="B6"><f t="array" ref="B6">SUM(C1:C2)</f></c>')
        }
    ),
    "dates.xlsx": _dates(from_1904=False),
    "dates_1904.xlsx": _dates(from_1904=True),
    "dates_at_the_edge.xlsx": workbook(
        {
            "S": header("A")
            + "".join(
                row(line, number(f"A{line}", value, 1))
                for line, value in enumerate(("1", "59", "60", "61", "0", "-1", "2958465", "2958466"), 2)
            )
        },
        formats=_DATES,
    ),
    "date_formats.xlsx": workbook(
        {
            "S": header("A")
            + row(2, number("A2", "45413", 5))
            + row(3, number("A3", "45413", 6))
            + row(4, number("A4", "7", 7))
            + row(5, number("A5", "45413", 8))
            + row(6, number("A6", "45413", 10))
            + row(7, number("A7", "1.25", 9))
            + row(8, number("A8", "0.25", 4))
        },
        formats=_DATES,
    ),
    "shared_strings.xlsx": workbook(
        {"S": header("A") + "".join(row(i + 2, f'<c r="A{i + 2}" t="s"><v>{i}</v></c>') for i in range(5))},
        strings=_SHARED,
    ),
    "strict.xlsx": workbook(
        {
            "S": header("A", "B")
            + row(
                2,
                '<c r="A2" s="1" t="d"><v>2024-05-01T00:00:00</v></c><c r="B2" t="d"><v>2024-05-01T10:30:00.5Z</v></c>',
            )
            + row(3, '<c r="A3" t="d"><v>10:30:00</v></c><c r="B3" t="d"><v>2024-05-01</v></c>')
        },
        namespace=STRICT,
        formats=_DATES,
    ),
    "wrong_dimension.xlsx": workbook(
        {"S": sheet_part('<dimension ref="A1:A1"/>', header("A", "B") + row(2, text("A2", "x"), text("B2", "y")))}
    ),
    "references_in_small_letters.xlsx": workbook({"S": header("A", "B") + row(2, text("b2", "x"))}),
    "no_references.xlsx": workbook(
        {"S": f"<row>{_NOWHERE.format('A')}{_NOWHERE.format('B')}</row><row><c/><c><v>2</v></c></row>"}
    ),
    "gaps.xlsx": workbook(
        {"S": row(3, text("B3", "B"), text("D3", "D")) + row(7, text("D7", "x")) + row(9, text("B9", "y"))}
    ),
    "phantom_rows.xlsx": workbook(
        {
            "S": header("A")
            + row(2, text("A2", "x"))
            + row(3, '<c r="A3" s="0"/><c r="F3" s="0"/>')
            + row(1_048_576, '<c r="A1048576"/>', text("B1048576", ""))
        }
    ),
    "value_beyond_the_headers.xlsx": workbook(
        {"S": header("A") + row(2, text("A2", "x"), text("C2", " ")) + row(3, text("A3", "x"), text("D3", "note"))}
    ),
    "headers_of_all_types.xlsx": workbook(
        {
            "S": row(1, number("A1", "2026.0"), number("B1", "45413", 1), text("C1", " x\n y "))
            + row(2, text("A2", "x"))
        },
        formats=_DATES,
    ),
    "two_visible_sheets.xlsx": workbook(_TWO),
    "hidden_sheet_first.xlsx": workbook(
        {"Lists": header("L"), **_TWO}, states={"Lists": "veryHidden", "Other": "hidden"}
    ),
    "empty_sheet.xlsx": workbook({"S": ""}),
    "header_only.xlsx": workbook({"S": header("A", "B")}),
    "our_results.xlsx": _ours("Results"),
    "our_results_hidden.xlsx": _ours("Kept", state="hidden"),
    "one_sheet.xlsm": _ONE,
    "text_name.csv": _ONE,
    "unreadable_extras.xlsx": workbook(
        {
            "S": sheet_part(
                '<sheetPr><tabColor rgb="no colour"/></sheetPr>',
                header("A") + row(2, text("A2", "x")),
                '<conditionalFormatting sqref="?"><cfRule/></conditionalFormatting><pageMargins left="wide"/>'
                '<extLst><ext uri="{CCE6A557-97BC-4B89-ADB6-D9C93CAAB3DF}"/></extLst>',
            )
        },
        extra={"docProps/core.xml": b"<broken", "xl/theme/theme1.xml": b""},
    ),
    "entities.xlsx": workbook({"S": sheet_part("", header("A") + row(2, text("A2", "&b;")), prolog=_BOMB)}),
    "broken_xml.xlsx": workbook({"S": sheet_part("", header("A")).replace("</sheetData>", "")}),
    "string_that_is_not_there.xlsx": workbook({"S": header("A") + row(2, '<c r="A2" t="s"><v>9</v></c>')}),
    "column_beyond_excel.xlsx": workbook({"S": header("A") + row(2, text("ZZZZ2", "x"))}),
    "cut_off.xlsx": _ONE[: len(_ONE) // 2],
    "damaged_in_the_middle.xlsx": _ONE.replace(b"<t xml:space=", b"<t xml:spice="),
    "sheet_is_missing.xlsx": _ONE.replace(b"sheet1.xml", b"sheet9.xml", 2),
    "a_zip.xlsx": archive({"visits.csv": b"A,B\n"}),
    "document.xlsx": archive({"[Content_Types].xml": b"<Types/>", "word/document.xml": b"<w/>"}),
    "open_document.xlsx": archive({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b""}),
    "binary.xlsx": archive({"[Content_Types].xml": b"<Types/>", "xl/workbook.bin": b""}),
    "password.xlsx": compound_file("EncryptedPackage"),
    "old_excel.xls": compound_file("Workbook"),
}

_X = [(2, "x")]
_DAMAGED = ("SourceError", "damaged", "export it again")

CASES: list[Case] = [
    Case(
        "cell_types.xlsx",
        "Each cell has the type that the file gives it.",
        list("ABCDE"),
        [(2, "007", 5, 5.0, 1500.0, None), (3, True, False, -0.25, None, 0)],
        sheet="S",
    ),
    Case(
        "long_numbers.xlsx",
        "A phone number kept as a number keeps its digits.",
        ["A"],
        [(2, 919876543210), (3, 12345678901234567890)],
        sheet="S",
    ),
    Case(
        "error_cells.xlsx",
        "An error value is seen, also one that is no number.",
        ["A", "B"],
        [(2, Broken("#N/A"), Broken("#DIV/0!")), (3, Broken("#SPILL!"), Broken("NaN"))],
        sheet="S",
    ),
    Case(
        "formulas.xlsx",
        "A formula counts by its result; one that was never calculated is seen, and one whose result is empty is empty.",
        ["A", "B", "C"],
        [
            (2, 3, Broken('=A1&"x"'), Broken("=NOW()")),
            (3, None, "007", Broken("=Z1")),
            (4, 4, None, None),
            (5, Broken("=B5*2"), None, None),
            (6, 8, Broken("=SUM(C1:C2)"), None),
        ],
        sheet="S",
    ),
    Case(
        "dates.xlsx",
        "A date has no time of day only if neither its format nor its value has one.",
        ["Day", "Both", "Time"],
        [
            (2, date(2024, 5, 1), at("2024-05-01T10:30"), time(10, 30)),
            (3, at("2024-05-01T10:30"), at("2024-05-01T00:00"), at("2024-05-01T10:30")),
        ],
        sheet="S",
    ),
    Case(
        "dates_1904.xlsx",
        "The same numbers are four years and a day later in a workbook that counts from 1904.",
        ["Day", "Both", "Time"],
        [
            (2, date(2028, 5, 2), at("2028-05-02T10:30"), time(10, 30)),
            (3, at("2028-05-02T10:30"), at("2028-05-02T00:00"), at("2028-05-02T10:30")),
        ],
        sheet="S",
    ),
    Case(
        "dates_at_the_edge.xlsx",
        "Days that never were, and numbers that are no date, are seen as Excel shows them.",
        ["A"],
        [
            (2, date(1900, 1, 1)),
            (3, date(1900, 2, 28)),
            (4, Broken("29/02/1900")),
            (5, date(1900, 3, 1)),
            (6, Broken("00/01/1900")),
            (7, Broken("########")),
            (8, date(9999, 12, 31)),
            (9, Broken("########")),
        ],
        sheet="S",
    ),
    Case(
        "date_formats.xlsx",
        "Letters in quotes, locales and escapes make no date; elapsed time may exceed a day.",
        ["A"],
        [
            (2, date(2024, 5, 1)),
            (3, 45413),
            (4, Shown(7, "7d")),
            (5, date(2024, 5, 1)),
            (6, date(2024, 5, 1)),
            (7, "30:00:00"),
            (8, time(6, 0)),
        ],
        sheet="S",
    ),
    Case(
        "shared_strings.xlsx",
        "Escapes, formatted runs and phonetic readings; an empty text is an empty cell.",
        ["A"],
        [(2, "a\nb"), (3, "bold "), (4, "_x000D_"), (6, "_xD83D_")],
        sheet="S",
    ),
    Case(
        "strict.xlsx",
        "The strict form of the format writes its dates out.",
        ["A", "B"],
        [
            (2, date(2024, 5, 1), at("2024-05-01T10:30:00.5")),
            (3, time(10, 30), date(2024, 5, 1)),
        ],
        sheet="S",
    ),
    Case(
        "wrong_dimension.xlsx", "The sheet's word on its own size is not asked.", ["A", "B"], [(2, "x", "y")], sheet="S"
    ),
    Case("references_in_small_letters.xlsx", "Some writers name cells so.", ["A", "B"], [(2, None, "x")], sheet="S"),
    Case("no_references.xlsx", "Rows and cells that do not say where they are.", ["A", "B"], [(2, None, 2)], sheet="S"),
    Case(
        "gaps.xlsx",
        "Rows and columns that are not written keep their numbers.",
        ["", "B", "", "D"],
        [(7, None, None, None, "x"), (9, None, "y", None, None)],
        rules={"header_row": 3},
        sheet="S",
        header_row=3,
    ),
    Case("gaps.xlsx", "A header row that is not there.", refused=("SourceError", "gaps.xlsx, S, row 1", "header_row")),
    Case("phantom_rows.xlsx", "Formatted emptiness is no data.", ["A"], _X, sheet="S"),
    Case(
        "value_beyond_the_headers.xlsx",
        "A value without a header is not dropped in silence.",
        refused=("SourceError", "S!D3", '"note"', "header"),
    ),
    Case(
        "headers_of_all_types.xlsx",
        "A header is a text, whatever type its cell has.",
        ["2026", "2024-05-01", "x y"],
        [(2, "x", None, None)],
        sheet="S",
    ),
    Case(
        "two_visible_sheets.xlsx",
        "The person chooses between sheets.",
        refused=("UsageError", "2 visible sheets", '"Visits", "Other"', "sheet under input"),
    ),
    Case("two_visible_sheets.xlsx", "The person chose.", ["B"], [(2, "y")], {"sheet": "Other"}, sheet="Other"),
    Case(
        "two_visible_sheets.xlsx",
        "A sheet that is not there; the nearest is named.",
        rules={"sheet": "visit"},
        refused=("UsageError", '"visit"', 'Did you mean "Visits"?', '"Other"'),
    ),
    Case("hidden_sheet_first.xlsx", "A hidden sheet is never picked.", ["A"], _X, sheet="Visits"),
    Case(
        "hidden_sheet_first.xlsx",
        "A hidden sheet may be asked for.",
        ["B"],
        [(2, "y")],
        rules={"sheet": "Other"},
        sheet="Other",
    ),
    Case(
        "hidden_sheet_first.xlsx",
        "A hidden sheet is among those that are named.",
        rules={"sheet": "Nope"},
        refused=("UsageError", '"Lists" (hidden)'),
    ),
    Case("empty_sheet.xlsx", "A sheet with nothing in it.", refused=("SourceError", "S: it is empty")),
    Case("header_only.xlsx", "A table without rows is a table.", ["A", "B"], [], sheet="S"),
    Case(
        "our_results.xlsx",
        "Our own files are not read by the rules for the mapping's input.",
        _OURS,
        [(2, 7, "refused", None, None, None, None, 41, "a@example.com")],
        rules={"sheet": "Visits", "header_row": 5},
        sheet="Results",
    ),
    Case("our_results_hidden.xlsx", "Results that somebody hid are not the input.", ["X"], [(2, "y")], sheet="Visits"),
    Case("one_sheet.xlsm", "A workbook with macros.", ["A"], _X, sheet="Visits"),
    Case(
        "text_name.csv",
        "A workbook under the name of a text.",
        ["A"],
        _X,
        sheet="Visits",
        notes="its name ends in .csv, but its content is an Excel workbook",
    ),
    Case("unreadable_extras.xlsx", "Parts that hold no cells do not matter.", ["A"], _X, sheet="S"),
    Case("entities.xlsx", "Entities are what bombs are made of.", refused=_DAMAGED),
    Case("broken_xml.xlsx", "XML that does not end.", refused=_DAMAGED),
    Case("string_that_is_not_there.xlsx", "A text that is referred to and missing.", refused=_DAMAGED),
    Case("column_beyond_excel.xlsx", "A column that no sheet has.", refused=_DAMAGED),
    Case("cut_off.xlsx", "Half a download.", refused=("SourceError", "cut off", "again")),
    Case("damaged_in_the_middle.xlsx", "A checksum that does not fit.", refused=_DAMAGED),
    Case("sheet_is_missing.xlsx", "A sheet without its part.", refused=_DAMAGED),
    Case(
        "a_zip.xlsx",
        "A zip with a text in it, under a workbook's name.",
        ["A", "B"],
        [],
        notes="content is a delimited text",
    ),
    Case("document.xlsx", "Another kind of office file.", refused=("SourceError", "Word or PowerPoint")),
    Case("open_document.xlsx", "LibreOffice's own format, with nothing in it.", refused=_DAMAGED),
    Case("binary.xlsx", "Excel's binary format, with nothing in it.", refused=_DAMAGED),
    Case("password.xlsx", "A protected workbook.", refused=("SourceError", "protected with a password", "without")),
    Case(
        "old_excel.xls",
        "An old file of another program.",
        refused=("SourceError", "old Office document", "no workbook"),
    ),
]
