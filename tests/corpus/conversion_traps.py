"""Writes the traps of conversion: each a small sheet, the rule of its column, and what each cell becomes.

python tests/corpus/conversion_traps.py [FOLDER]     (default: the folder `conversions` beside this script)
"""

from __future__ import annotations

import csv
import io
import json
import sys
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

NOW = "2026-11-21T12:00:00+00:00"
"""The moment that `now` means in all of these."""


@dataclass(frozen=True)
class Conversion:
    """One column. cells: as typed → what is sent, target by target, or the code of the finding in angle brackets."""

    file: str
    why: str
    rule: dict[str, Any]
    cells: list[tuple[str, list[str] | str]]
    input: dict[str, Any] = field(default_factory=dict)

    def sheet(self) -> bytes:
        stream = io.StringIO(newline="")
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow(["Email", "Cell"])
        writer.writerows([f"lead{number}@example.com", typed] for number, (typed, _) in enumerate(self.cells))
        return stream.getvalue().encode("utf-8")


NUMBER = {"to": "mx_Custom_1", "type": "number"}
PHONE = {"type": "phone", "region": "IN"}
DATE = {"to": "mx_Custom_1", "type": "date"}
MOMENT = {"to": "mx_Custom_1", "type": "datetime", "format": "%d/%m/%Y %H:%M"}

TRAPS = [
    Conversion(
        "indian_amounts.csv",
        "groups of two, rupees in all their spellings, and the sign that no paise follow",
        NUMBER,
        [
            ("1,23,456.50", ["123456.5"]),
            ("₹ 18,50,000", ["1850000"]),
            ("Rs.1,500/-", ["1500"]),
            ("1500 INR", ["1500"]),
            ("12,34,56", "<number_format>"),
            ("4.5 lakh", "<number_format>"),
        ],
    ),
    Conversion(
        "decimal_comma_declared.csv",
        "a column from a country with a decimal comma, which the mapping says",
        NUMBER,
        [
            ("1.234,50", ["1234.5"]),
            ("1,5", ["1.5"]),
            ("12 345 €", ["12345"]),
            ("1.500", ["1500"]),
            ("1,234.50", "<number_format>"),
        ],
        {"decimal": ","},
    ),
    Conversion(
        "decimal_comma_undeclared.csv",
        "the same column where the mapping says nothing: only what has one reading by a point passes",
        NUMBER,
        [
            ("1.234,50", "<number_format>"),
            ("1,5", "<number_format>"),
            ("1,234.50", ["1234.5"]),
            ("1,500", ["1500"]),
            ("1.5", ["1.5"]),
        ],
    ),
    Conversion(
        "percent_undeclared.csv",
        "15% may be sent as 0.15, as 15 and as it stands",
        NUMBER,
        [("15%", "<percent_unclear>"), ("15", ["15"]), ("$5%", "<number_format>")],
    ),
    Conversion(
        "percent_as_fraction.csv",
        "percentages where the mapping says what they become",
        {**NUMBER, "percent": "fraction"},
        [("15%", ["0.15"]), ("0.1 %", ["0.001"]), ("-2,500%", ["-25"])],
    ),
    Conversion(
        "accounting.csv",
        "parentheses are declared as negative here, a minus behind is not",
        {**NUMBER, "negative": "parentheses"},
        [("(1,500.50)", ["-1500.5"]), ("($20)", ["-20"]), ("500-", "<number_format>"), ("(500", "<number_format>")],
    ),
    Conversion(
        "budget_in_bounds.csv",
        "both bounds are let through",
        {**NUMBER, "between": ["0", "500000"]},
        [("0", ["0"]), ("5,00,000", ["500000"]), ("500000.01", "<out_of_bounds>"), ("-1", "<out_of_bounds>")],
    ),
    Conversion(
        "two_phones_first.csv",
        "two numbers in a cell of which the first that exists is taken",
        {**PHONE, "to": "mx_Custom_1", "form": "leadsquared", "several": {"split": ["/", ","], "take": "first"}},
        [
            ("9876543210 / 9876543211", ["+91-9876543210"]),
            ("12345, 9876543211", ["+91-9876543211"]),
            ("9876543210/21", ["+91-9876543210"]),
            ("12345 / 67890", "<phone_format>"),
        ],
    ),
    Conversion(
        "two_phones_each.csv",
        "two numbers in a cell, each for a field of its own",
        {**PHONE, "to": ["mx_Custom_1", "mx_Custom_2"], "several": {"split": "/", "take": "each"}},
        [
            ("9876543210 / 9876543211", ["+919876543210", "+919876543211"]),
            ("9876543210", ["+919876543210"]),
            ("9876543210/9876543211/9876543212", "<too_many_numbers>"),
            ("9876543210 / 12345", "<phone_format>"),
        ],
    ),
    Conversion(
        "two_phones_undeclared.csv",
        "two numbers where the mapping expects one",
        {**PHONE, "to": "mx_Custom_1"},
        [("9876543210/9876543211", "<phone_format>"), ("9876543210", ["+919876543210"])],
    ),
    Conversion(
        "two_date_formats.csv",
        "two formats are allowed as long as no text means two days",
        {**DATE, "format": ["%d/%m/%Y", "%m/%d/%Y"]},
        [("25/02/2026", ["2026-02-25"]), ("05/05/2026", ["2026-05-05"]), ("03/02/2026", "<date_ambiguous>")],
    ),
    Conversion(
        "dates_of_the_last_weeks.csv",
        "a year that was mistyped lies outside the bounds",
        {**DATE, "between": ["-60d", "now"]},
        [
            ("2026-11-21", ["2026-11-21"]),
            ("2026-09-22", ["2026-09-22"]),
            ("2026-09-21", "<out_of_bounds>"),
            ("2062-11-20", "<out_of_bounds>"),
        ],
        {"time_zone": "Asia/Kolkata"},
    ),
    Conversion(
        "clock_changes.csv",
        "an hour that never was, and one that came twice",
        MOMENT,
        [
            ("29/03/2026 01:59", ["2026-03-29 00:59:00"]),
            ("29/03/2026 02:30", "<time_skipped>"),
            ("25/10/2026 02:30", "<time_twice>"),
            ("25/10/2026 03:00", ["2026-10-25 02:00:00"]),
        ],
        {"time_zone": "Europe/Berlin"},
    ),
    Conversion(
        "serial_numbers.csv",
        "dates that a program wrote as spreadsheets store them, and durations",
        {**DATE, "format": "%d/%m/%Y"},
        [("46056", "<date_format>"), ("26:30:00", "<date_format>"), ("03/02/2026", ["2026-02-03"])],
    ),
    Conversion(
        "notes_with_signs.csv",
        "signs that LeadSquared reads as commands, and HTML",
        {"to": "ActivityNote"},
        [
            ("a {next} b", "<note_token>"),
            ("Key{=}Value", "<note_token>"),
            ("<b>bold</b>", "<note_html>"),
            ("budget <5 lakh> now", ["budget <5 lakh> now"]),
            ("Asha <asha@example.com>", ["Asha <asha@example.com>"]),
        ],
    ),
    Conversion(
        "yes_and_no.csv",
        "a column with words of its own knows no others",
        {"to": "mx_Custom_1", "type": "boolean", "words": {"true": ["हाँ", "Y"], "false": ["नहीं", "N"]}},
        [("हाँ", ["true"]), ("n", ["false"]), ("yes", "<boolean_word>")],
    ),
    Conversion(
        "options_nearly_right.csv",
        "options count with upper and lower case",
        {"to": "mx_Custom_1", "type": "choice", "options": {"SV": "Site Visit", "RV": "Revisit"}},
        [("SV", ["Site Visit"]), (" RV ", ["Revisit"]), ("sv", "<choice_unknown>"), ("SV.", "<choice_unknown>")],
    ),
]


def write_traps(folder: Path) -> None:
    """Fill the folder. The same bytes each time."""
    folder.mkdir(parents=True, exist_ok=True)
    for trap in TRAPS:
        (folder / trap.file).write_bytes(trap.sheet())
    text = json.dumps({"now": NOW, "traps": [asdict(trap) for trap in TRAPS]}, ensure_ascii=False, indent=1)
    (folder / "expected.json").write_text(text + "\n", encoding="utf-8", newline="\n")


if __name__ == "__main__":
    write_traps(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent / "conversions")
