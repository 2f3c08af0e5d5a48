"""Cells of workbooks that do not hold what they seem to hold."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from raw_workbook import header, number, row, text, workbook
from trap import Case, Shown

_FORMATS = (
    "00000", "000-000", '"INV-"0000', "9", "10", "0.0%", '"₹"#,##0.00', "#,##0", "0.00", '[Red]000;[Blue]-000;"none"',
    "[$₹-4009] 0", "00000_)", "[<=9999999]###\\-####;\\(###\\)\\ ###\\-####", "#,##0%", '"Yes";"No"', "# ?/?", "0;0;;@",
)  # fmt: skip
_DATES = ("14", "22", "20", "46")


def _numbers(*cells: tuple[str, int]) -> str:
    """Rows from 2 on, one number with its style in each."""
    return "".join(row(line, number(f"A{line}", value, style)) for line, (value, style) in enumerate(cells, 2))


def _codes(kind: str, **options: Any) -> dict[str, Any]:
    """A mapping of one column A of that type."""
    return {"columns": {"A": {"to": "mx_Custom_1", "type": kind, **options}, "Key": "SearchByValue"}}


def _keyed(*cells: str) -> str:
    """Rows from 2 on, each with a cell A and a key in B. cells: XML without the reference, `r="A2"` is put in."""
    rows = enumerate(cells, 2)
    return "".join(row(line, cell.replace("@", f"A{line}"), text(f"B{line}", "k")) for line, cell in rows)


def _table(*cells: str, formats: tuple[str, ...] = (), from_1904: bool = False) -> bytes:
    return workbook({"S": header("A", "Key") + _keyed(*cells)}, formats=formats, from_1904=from_1904)


_ERROR = '<c r="@" t="e"><v>{}</v></c>'

FILES: dict[str, bytes] = {
    "number_formats.xlsx": workbook(
        {
            "S": header("A")
            + _numbers(
                ("7", 1), ("123456", 1), ("7", 2), ("123456", 2), ("7", 3), ("-7", 3), ("0.15", 4), ("0.155", 4),
                ("0.15375", 5), ("0.15", 6), ("1500.5", 7), ("1500", 8), ("1.5", 9), ("7", 10), ("-7", 10), ("0", 10),
                ("5", 11), ("7", 12), ("5551234567", 13), ("0.5", 14), ("1", 15), ("0.5", 16), ("7.4", 1), ("-0.001", 4),
                ("0", 17), ("1E15", 1),
            )
        },
        formats=_FORMATS,
    ),
    "shown_and_stored.xlsx": _table(
        number("@", "7", 1), number("@", "0.15", 2), number("@", "0.1537", 2), number("@", "7", 3),
        number("@", "9876543210", 4), number("@", "7", 4), formats=("00000", "9", '"INV-"0000', "+91 00000 00000")
    ),
    "dates_behind_a_condition.xlsx": _table(
        number("@", "45413", 1), number("@", "45413", 2), number("@", "0", 1),
        formats=('[=0]"";dd/mm/yyyy', '[Red][<1]0;[$-409]d mmm yyyy')
    ),
    "currencies_in_formats.xlsx": _table(
        number("@", "500", 1), number("@", "600", 2), number("@", "700"), formats=("[$₹-4009] #,##0", '"$"#,##0.00')
    ),
    "currencies_in_texts.xlsx": _table(text("@", "₹ 500"), text("@", "$ 600"), number("@", "700")),
    "currencies_in_both.xlsx": _table(number("@", "500", 1), text("@", "US$ 600"), number("@", "700"), formats=('"Rs." 0',)),
    "one_currency_in_all_spellings.xlsx": _table(
        number("@", "500", 1), number("@", "600", 2), text("@", "Rs.700/-"), text("@", "INR 800"), text("@", "900"),
        number("@", "1000"), formats=("[$₹-4009] #,##0", '_("₹"* #,##0_)')
    ),
    "more_than_15_digits.xlsx": _table(
        *(number("@", value) for value in ("919876543210", "12345678901234567", "1.2345678901234567E+17", "999999999999999"))
    ),
    "damaged_texts.xlsx": _table(text("@", "9.19877E+11"), text("@", "1e5"), number("@", "9.19876543210E+11")),
    "error_values.xlsx": _table(*(_ERROR.format(value) for value in ("#N/A", "#SPILL!", "#REF!", "#GETTING_DATA"))),
    "formula_without_value.xlsx": _table(
        '<c r="@"><f>SUM(D2:D9)</f></c>', '<c r="@"><f>1+1</f><v>2</v></c>', '<c r="@" t="str"><f>""</f><v></v></c>'
    ),
    "date_as_a_number.xlsx": _table(number("@", "45413"), number("@", "45413", 1), number("@", "45413.4375"), formats=_DATES),
    "date_as_a_number_1904.xlsx": _table(number("@", "43951", 1), number("@", "0", 1), formats=_DATES, from_1904=True),
    "dates_before_march_1900.xlsx": _table(
        *(number("@", value, 1) for value in ("1", "59", "60", "61", "0", "-1")), formats=_DATES
    ),
    "times_in_a_date_column.xlsx": _table(
        number("@", "0.4375", 3), number("@", "1.25", 4), number("@", "45413.4375", 1), number("@", "45413", 2), formats=_DATES
    ),
    "control_characters.xlsx": workbook(
        {
            "S": header("A", "Key")
            + row(2, '<c r="A2" t="s"><v>0</v></c>', text("B2", "_x0007_k"))
            + row(3, text("A3", "_x0001_"), text("B3", "k"))
            + row(4, '<c r="A4" t="str"><f>CHAR(1)</f><v>a_x0001_b</v></c>', text("B4", "k"))
        },
        strings="<si><t>one_x0001_two</t></si>",
    ),
    "dates_mixed.xlsx": _table(
        number("@", "46058", 1), text("@", "13/02/2026"), number("@", "46117", 1), text("@", "28/02/2026"), formats=_DATES
    ),
    "dates_not_mixed.xlsx": _table(
        number("@", "46058", 1), text("@", "13/02/2026"), text("@", "05/02/2026"), formats=_DATES
    ),
}  # fmt: skip

_EARLY_AS_TEXT = ("date_in_text", "date_in_text", "early_date", "date_in_text", "early_date", "error_value")
_DMY = {"format": "%d/%m/%Y"}


def _findings(
    file: str, why: str, mapping: dict[str, Any], *findings: str, sent: dict[int, str | None] | None = None
) -> Case:
    """sent: row number → what goes out, where that is to be looked at."""
    texts = None if sent is None else [[row, text] for row, text in sent.items()]
    return Case(file, why, mapping=mapping, findings=list(findings), sent=texts)


CASES: list[Case] = [
    Case(
        "number_formats.xlsx",
        "Zeros, words and percent that only the format shows; grouping, decimals and currency show the same number.",
        ["A"],
        [
            (2, Shown(7, "00007")),
            (3, 123456),
            (4, Shown(7, "000-007")),
            (5, Shown(123456, "123-456")),
            (6, Shown(7, "INV-0007")),
            (7, Shown(-7, "-INV-0007")),
            (8, Shown(0.15, "15%")),
            (9, Shown(0.155, "16%")),
            (10, Shown(0.15375, "15.38%")),
            (11, Shown(0.15, "15.0%")),
            (12, 1500.5),
            (13, 1500),
            (14, 1.5),
            (15, Shown(7, "007")),
            (16, Shown(-7, "-007")),
            (17, Shown(0, "none")),
            (18, 5),
            (19, Shown(7, "00007")),
            (20, Shown(5551234567, "(555) 123-4567")),
            (21, Shown(0.5, "50%")),
            (22, Shown(1, "Yes")),
            (23, 0.5),
            (24, Shown(7.4, "00007")),
            (25, -0.001),
            (26, 0),
            (27, 1e15),
        ],
        sheet="S",
    ),
    _findings(
        "shown_and_stored.xlsx",
        "What is shown counts for a text.",
        _codes("text"),
        sent={2: "00007", 3: "15%", 4: "15%", 5: "INV-0007", 6: "+91 98765 43210", 7: "+91 00000 00007"},
    ),
    _findings(
        "shown_and_stored.xlsx",
        "A number is taken as it is stored, and a percentage as the mapping says.",
        _codes("number", percent="fraction"),
        sent={2: "7", 3: "0.15", 4: "0.1537", 5: "7", 6: "9876543210", 7: "7"},
    ),
    _findings(
        "shown_and_stored.xlsx",
        "Percentages in points, with the digits that their format rounds away.",
        _codes("number", percent="points"),
        sent={2: "7", 3: "15", 4: "15.37", 5: "7", 6: "9876543210", 7: "7"},
    ),
    _findings(
        "shown_and_stored.xlsx",
        "Percentages with their sign.",
        _codes("number", percent="as_shown"),
        sent={2: "7", 3: "15%", 4: "15%", 5: "7", 6: "9876543210", 7: "7"},
    ),
    _findings(
        "shown_and_stored.xlsx",
        "A percentage of which the mapping says nothing can be two numbers.",
        _codes("number"),
        "A3 percent_unclear",
        "A4 percent_unclear",
        sent={2: "7", 5: "7", 6: "9876543210", 7: "7"},
    ),
    _findings(
        "shown_and_stored.xlsx",
        "A phone number with the country that only its format shows.",
        _codes("phone", region="US", form="leadsquared"),
        *(f"A{row} phone_format" for row in (2, 3, 4, 5, 7)),
        sent={6: "+91-9876543210"},
    ),
    _findings(
        "dates_behind_a_condition.xlsx",
        "A format that sets some numbers apart shows the others as dates.",
        _codes("date"),
        "A4 early_date",
        sent={2: "2024-05-01", 3: "2024-05-01"},
    ),
    *(
        _findings(file, "Two currencies in one column of numbers.", _codes("number"), "A currencies_mixed", sent={})
        for file in ("currencies_in_formats.xlsx", "currencies_in_texts.xlsx", "currencies_in_both.xlsx")
    ),
    _findings(
        "currencies_in_texts.xlsx",
        "Only one of them is meant.",
        _codes("number", currency="INR"),
        "A3 other_currency",
        sent={2: "500", 4: "700"},
    ),
    _findings(
        "currencies_in_formats.xlsx",
        "The same where the other one is a number's format.",
        _codes("number", currency="₹"),
        "A other_currency",
        sent={},
    ),
    *(
        _findings(
            file,
            "The mapping says that digits alone are meant.",
            _codes("number", currency=["INR", "USD"]),
            sent={2: "500", 3: "600", 4: "700"},
        )
        for file in ("currencies_in_formats.xlsx", "currencies_in_texts.xlsx", "currencies_in_both.xlsx")
    ),
    _findings(
        "one_currency_in_all_spellings.xlsx",
        "Signs, words, formats and bare numbers of one currency.",
        _codes("number"),
        sent={2: "500", 3: "600", 4: "700", 5: "800", 6: "900", 7: "1000"},
    ),
    Case(
        "more_than_15_digits.xlsx",
        "Digits stay as the file has them, and the mapping says what is wrong with them.",
        ["A", "Key"],
        [
            (2, 919876543210, "k"),
            (3, 12345678901234567, "k"),
            (4, 1.2345678901234567e17, "k"),
            (5, 999999999999999, "k"),
        ],
        sheet="S",
    ),
    *(
        _findings("more_than_15_digits.xlsx", "More than 15 digits.", _codes(kind), "A3 digits_lost", "A4 digits_lost")
        for kind in ("text", "number", "integer")
    ),
    _findings("damaged_texts.xlsx", "A text that was a longer number once.", _codes("text"), "A2 text_damaged"),
    _findings(
        "error_values.xlsx",
        "Errors in a mapped cell, also those that libraries do not know.",
        _codes("text"),
        *(f"A{line} error_value" for line in (2, 3, 4, 5)),
    ),
    _findings(
        "error_values.xlsx",
        "Errors in a column that nothing maps are nobody's trouble.",
        {"columns": {"Key": "SearchByValue"}},
    ),
    _findings(
        "formula_without_value.xlsx", "A formula that was never calculated.", _codes("text"), "A2 formula_without_value"
    ),
    _findings(
        "date_as_a_number.xlsx",
        "Which date it would be is said, not guessed.",
        _codes("date"),
        "A2 not_a_date",
        "A4 not_a_date",
    ),
    Case(
        "date_as_a_number_1904.xlsx",
        "A workbook that counts from 1904.",
        ["A", "Key"],
        [(2, date(2024, 5, 1), "k"), (3, date(1904, 1, 1), "k")],
        sheet="S",
    ),
    _findings("date_as_a_number_1904.xlsx", "Its first days are no other program's.", _codes("date")),
    _findings(
        "dates_before_march_1900.xlsx",
        "Days that spreadsheet programs count differently.",
        _codes("date"),
        "A2 early_date",
        "A3 early_date",
        "A4 early_date",
        "A6 early_date",
        "A7 error_value",
        sent={5: "1900-03-01"},
    ),
    _findings(
        "dates_before_march_1900.xlsx",
        "As a text no date goes out, early or not.",
        _codes("text"),
        *(f"A{row} {code}" for row, code in zip(range(2, 8), _EARLY_AS_TEXT, strict=True)),
        sent={},
    ),
    Case(
        "times_in_a_date_column.xlsx",
        "A time of day, 30 hours, and days with and without a time.",
        ["A", "Key"],
        [
            (2, time(10, 30), "k"),
            (3, "30:00:00", "k"),
            (4, datetime.fromisoformat("2024-05-01T10:30"), "k"),
            (5, datetime.fromisoformat("2024-05-01T00:00"), "k"),
        ],
        sheet="S",
    ),
    _findings(
        "times_in_a_date_column.xlsx",
        "A time without a date is no date; a duration is none, either.",
        _codes("date"),
        "A2 date_missing",
        "A3 date_format",
        "A4 too_precise",
    ),
    _findings(
        "times_in_a_date_column.xlsx",
        "A duration of more than a day is no time of day.",
        _codes("time"),
        "A3 date_format",
        "A4 too_precise",
        "A5 too_precise",
    ),
    Case(
        "control_characters.xlsx",
        "Rows with escaped control characters are there, with all their characters.",
        ["A", "Key"],
        [(2, "one\x01two", "\x07k"), (3, "\x01", "k"), (4, "a\x01b", "k")],
        sheet="S",
    ),
    _findings(
        "dates_mixed.xlsx",
        "All true dates up to the 12th, all texts behind it.",
        _codes("date", **_DMY),
        "A dates_mixed",
    ),
    _findings(
        "dates_mixed.xlsx",
        "The same where no format reads the texts.",
        _codes("date"),
        "A3 date_format",
        "A5 date_format",
        "A dates_mixed",
    ),
    _findings("dates_not_mixed.xlsx", "A text up to the 12th speaks against it.", _codes("date", **_DMY)),
]
