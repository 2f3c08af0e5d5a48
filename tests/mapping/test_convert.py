"""Decision tables: cell and type → the text that is sent, or the code of the finding."""

from __future__ import annotations

import re
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl.findings import Problem
from etl.mapping.convert import people
from etl.records import ShownNumber
from tests.mapping.build import convert

if TYPE_CHECKING:
    from etl.records import Cell

KOLKATA = ZoneInfo("Asia/Kolkata")
BERLIN = ZoneInfo("Europe/Berlin")
LORD_HOWE = ZoneInfo("Australia/Lord_Howe")
MOMENT = datetime(2026, 2, 3, 14, 30)  # noqa: DTZ001 (a cell of a spreadsheet has no zone)


class Finding(str):
    """The expected code of a problem, told apart from an expected text."""


def outcome(result: str | Problem) -> str:
    return Finding(result.code) if isinstance(result, Problem) else str(result)


def check(result: str | Problem, expected: str) -> None:
    assert (type(outcome(result)), outcome(result)) == (type(expected), expected)


TEXT: dict[str, tuple[Cell, str]] = {
    "zeros_stay": ("00417", "00417"),
    "spaces_stay": (" a  b ", " a  b "),
    "na_stays": ("NA", "NA"),
    "small_exponent_stays": ("1e5", "1e5"),
    "line_breaks_stay": ("a\nb", "a\nb"),
    "damaged": ("9.19877E+11", Finding("text_damaged")),
    "damaged_small": ("1.2E-05", Finding("text_damaged")),
    "damaged_with_spaces": (" 9E+11 ", Finding("text_damaged")),
    "as_formula": ('="00417"', Finding("text_as_formula")),
    "as_formula_with_quotes": (' ="5"" pipe" ', Finding("text_as_formula")),
    "equals_sign": ('=> see "B"', '=> see "B"'),
    "two_texts": ('="a"&"b"', '="a"&"b"'),
    "E_inside_a_word": ("SITE+11", "SITE+11"),
    "int": (417, "417"),
    "whole_float": (417.0, "417"),
    "fraction": (0.1 + 0.2, "0.3"),
    "negative_zero": (-0.0, "0"),
    "fifteen_digits": (999_999_999_999_999, "999999999999999"),
    "sixteen_digits": (1_000_000_000_000_000, Finding("digits_lost")),
    "sixteen_digits_float": (-1e15, Finding("digits_lost")),
    "tiny_float_has_no_exponent": (0.00001, "0.00001"),
    "true": (True, "TRUE"),
    "false": (False, "FALSE"),
    "date": (date(2026, 2, 3), Finding("date_in_text")),
    "datetime": (MOMENT, Finding("date_in_text")),
    "time": (time(14, 30), Finding("date_in_text")),
    "shown": (ShownNumber(7, "00007"), "00007"),
    "shown_percent": (ShownNumber(0.154, "15%"), "15%"),
    "shown_with_sixteen_digits": (ShownNumber(1e15, "1,000,000,000,000,000"), Finding("digits_lost")),
}


@pytest.mark.parametrize(("cell", "expected"), TEXT.values(), ids=TEXT)
def test_text(cell: Cell, expected: str) -> None:
    """A text is sent as it stands, a number as its digits; what is damaged or has no spelling is a finding."""
    check(convert(cell, "text"), expected)


@pytest.mark.parametrize("token", ["{next}", "{=}", "{keyvalueinfo}", "{NEXT}"])
def test_a_note_with_signs_that_leadsquared_obeys(token: str) -> None:
    """A note never carries LeadSquared's own separators; other braces do no harm."""
    check(convert(f"a {token} b", "text", target="ActivityNote"), Finding("note_token"))
    check(convert("a {b}", "text", target="ActivityNote"), "a {b}")
    check(convert(f"a {token} b", "text"), f"a {token} b")


HTML: dict[str, tuple[str, str]] = {
    "tag": ("a <b>bold</b> word", Finding("note_html")),
    "attributes": ('<a href="x">y</a>', Finding("note_html")),
    "closed": ("one<br/>two", Finding("note_html")),
    "script": ("<SCRIPT>alert(1)</SCRIPT>", Finding("note_html")),
    "comment": ("a <!-- b -->", Finding("note_html")),
    "closing_alone": ("end</p>", Finding("note_html")),
    "less_than": ("budget <5 lakh> now", "budget <5 lakh> now"),
    "arrow": ("a <- b -> c", "a <- b -> c"),
    "address": ("Asha <asha@example.com>", "Asha <asha@example.com>"),
    "spaced": ("a < b and c > d", "a < b and c > d"),
}


@pytest.mark.parametrize(("note", "expected"), HTML.values(), ids=HTML)
def test_a_note_with_html(note: str, expected: str) -> None:
    """A tag in a note is a finding; in other texts, and where a sign only stands for less, it is text."""
    check(convert(note, "text", target="ActivityNote"), expected)
    check(convert(note, "text"), note)


NUMBER: dict[str, tuple[Cell, str]] = {
    "plain": ("1500", "1500"),
    "decimals": ("1500.50", "1500.5"),
    "leading_zeros": ("007", "7"),
    "zero": ("000", "0"),
    "point_first": (".5", "0.5"),
    "minus": ("-12.5", "-12.5"),
    "plus": ("+12", "12"),
    "minus_zero": ("-0.00", "0"),
    "western_groups": ("1,234,567.5", "1234567.5"),
    "indian_groups": ("1,23,456.50", "123456.5"),
    "one_group": ("1,500", "1500"),
    "rupee_sign": ("₹ 1,500", "1500"),
    "rupees_in_letters": ("Rs. 18,50,000", "1850000"),
    "dollar": ("-$5", "-5"),
    "sign_after_currency": ("₹-500", "-500"),
    "spaces_around": ("  42 ", "42"),
    "long_text_keeps_all_digits": ("12345678901234567890.125", "12345678901234567890.125"),
    "decimal_comma": ("1,5", Finding("number_format")),
    "two_digits_after_comma": ("1,50", Finding("number_format")),
    "crooked_groups": ("12,34,56", Finding("number_format")),
    "crooked_indian_groups": ("123,45,678", Finding("number_format")),
    "two_signs": ("-₹-5", Finding("number_format")),
    "exponent": ("1e5", Finding("number_format")),
    "damaged": ("9.1E+11", Finding("text_damaged")),
    "percent": ("5%", Finding("percent_unclear")),
    "words": ("4.5 lakh", Finding("number_format")),
    "point_last": ("5.", Finding("number_format")),
    "other_digits": ("१२", Finding("number_format")),
    "parentheses": ("(500)", Finding("number_format")),
    "trailing_minus": ("500-", Finding("number_format")),
    "nothing_but_currency": ("₹", Finding("number_format")),
    "crores": ("₹ 1,23,45,678.90", "12345678.9"),
    "euros_behind": ("1,234.50 €", "1234.5"),
    "letters_behind": ("1500 INR", "1500"),
    "letters_in_small": ("usd 12", "12"),
    "as_on_a_cheque": ("Rs. 1,500/-", "1500"),
    "long_minus": ("\u2212500", "-500"),
    "gaps_that_hold": ("1\u00a0234\u00a0567.5", "1234567.5"),
    "apostrophes": ("1'234'567", "1234567"),
    "two_kinds_of_gaps": ("1'234\u00a0567", Finding("number_format")),
    "a_space_may_part_two_numbers": ("1 234", Finding("number_format")),
    "two_currencies": ("$5 USD", Finding("number_format")),
    "unknown_currency": ("5 gold", Finding("number_format")),
    "money_in_percent": ("$5%", Finding("number_format")),
    "decimals_of_another_country": ("1.234,50", Finding("number_format")),
    "half_a_parenthesis": ("(500", Finding("number_format")),
    "date": ("2026-02-03", Finding("number_format")),
    "shown_with_zeros": (ShownNumber(7, "00007"), "7"),
    "shown_as_duration": (ShownNumber(1.5, "36:00"), Finding("number_format")),
    "shown_in_percent": (ShownNumber(0.154, "15%"), Finding("percent_unclear")),
    "shown_with_sixteen_digits": (ShownNumber(1e15, "1000-000"), Finding("digits_lost")),
    "int": (1500, "1500"),
    "float": (1500.5, "1500.5"),
    "binary_noise": (0.1 + 0.2, "0.3"),
    "sixteen_digits": (10**15, Finding("digits_lost")),
    "bool": (True, Finding("number_format")),
    "true_date": (date(2026, 2, 3), Finding("number_format")),
}


@pytest.mark.parametrize(("cell", "expected"), NUMBER.values(), ids=NUMBER)
def test_number(cell: Cell, expected: str) -> None:
    """A number is sent in plain digits; what can be read in two ways is a finding."""
    check(convert(cell, "number"), expected)


COMMA: dict[str, tuple[Cell, str]] = {
    "decimals": ("1,5", "1.5"),
    "groups_and_decimals": ("1.234,50", "1234.5"),
    "one_group": ("1.500", "1500"),
    "comma_first": (",5", "0.5"),
    "spaces": ("12 345 678,9", "12345678.9"),
    "holding_spaces": ("12\u202f345", "12345"),
    "euros": ("1.234,50 €", "1234.5"),
    "minus": ("-1,5", "-1.5"),
    "digits": ("007", "7"),
    "a_point_before_decimals": ("1234.5", Finding("number_format")),
    "both_the_other_way": ("1,234.50", Finding("number_format")),
    "a_number_cell_has_no_locale": (1.5, "1.5"),
}


@pytest.mark.parametrize(("cell", "expected"), COMMA.values(), ids=COMMA)
def test_number_with_a_declared_decimal_comma(cell: Cell, expected: str) -> None:
    """Only what is declared to have a decimal comma is read with one, and then nothing else."""
    check(convert(cell, "number", decimal=","), expected)


PERCENT: dict[str, tuple[Cell, str, str]] = {
    "text_fraction": ("15%", "fraction", "0.15"),
    "text_points": ("15 %", "points", "15"),
    "text_as_shown": (" 15.0%", "as_shown", "15%"),
    "cell_fraction": (ShownNumber(0.154, "15%"), "fraction", "0.154"),
    "cell_points": (ShownNumber(0.154, "15%"), "points", "15.4"),
    "cell_as_shown": (ShownNumber(0.154, "15%"), "as_shown", "15%"),
    "cell_as_shown_grouped": (ShownNumber(15, "1,500%"), "as_shown", "1500%"),
    "negative": ("-2.5%", "fraction", "-0.025"),
    "binary_noise": (ShownNumber(0.1 + 0.2, "30%"), "points", "30"),
    "no_sign_no_percentage": ("15", "fraction", "15"),
}


@pytest.mark.parametrize(("cell", "form", "expected"), PERCENT.values(), ids=PERCENT)
def test_percent(cell: Cell, form: str, expected: str) -> None:
    """A percentage goes out in the declared form, exactly; numbers without the sign stay as they are."""
    check(convert(cell, "number", percent=form), expected)


NEGATIVE: dict[str, tuple[str, object, str]] = {
    "parentheses": ("(1,500.50)", "parentheses", "-1500.5"),
    "currency_within": ("($500)", "parentheses", "-500"),
    "currency_before": ("₹ (500)", "parentheses", "-500"),
    "trailing": ("500-", "trailing_minus", "-500"),
    "trailing_with_space": ("₹500 -", "trailing_minus", "-500"),
    "both_declared": ("500-", ["parentheses", "trailing_minus"], "-500"),
    "both_at_once": ("(500-)", ["parentheses", "trailing_minus"], Finding("number_format")),
    "minus_within": ("(-500)", "parentheses", Finding("number_format")),
    "the_other_one": ("500-", "parentheses", Finding("number_format")),
    "usual": ("-500", "parentheses", "-500"),
}


@pytest.mark.parametrize(("cell", "forms", "expected"), NEGATIVE.values(), ids=NEGATIVE)
def test_declared_forms_of_negative_numbers(cell: str, forms: object, expected: str) -> None:
    """Accountants' forms are negative where they are declared."""
    check(convert(cell, "number", negative=forms), expected)


INTEGER: dict[str, tuple[Cell, str]] = {
    "plain": ("0042", "42"),
    "groups": ("1,50,000", "150000"),
    "zero_decimals": ("5.00", "5"),
    "decimals": ("5.5", Finding("not_whole")),
    "whole_float": (5.0, "5"),
    "fraction": (5.5, Finding("not_whole")),
    "words": ("five", Finding("number_format")),
    "shown": (ShownNumber(7, "00007"), "7"),
    "shown_fraction": (ShownNumber(7.5, "0008"), Finding("not_whole")),
}


@pytest.mark.parametrize(("cell", "expected"), INTEGER.values(), ids=INTEGER)
def test_integer(cell: Cell, expected: str) -> None:
    """A whole number has no decimals but zeros."""
    check(convert(cell, "integer"), expected)


BOOLEAN: dict[str, tuple[Cell, str]] = {
    "true_word": ("True", "true"),
    "yes": (" YES ", "true"),
    "one": (1, "true"),
    "no": ("no", "false"),
    "zero_as_text": ("0", "false"),
    "true_cell": (True, "true"),
    "false_cell": (False, "false"),
    "other": ("maybe", Finding("boolean_word")),
    "two": (2, Finding("boolean_word")),
}


@pytest.mark.parametrize(("cell", "expected"), BOOLEAN.values(), ids=BOOLEAN)
def test_boolean(cell: Cell, expected: str) -> None:
    """Only declared words and the spreadsheet's own truth values are yes or no."""
    check(convert(cell, "boolean"), expected)


def test_declared_words_replace_the_usual_ones() -> None:
    """With words of its own a column knows no others."""
    words = {"true": ["हाँ", "Y"], "false": "N"}

    check(convert("y", "boolean", words=words), "true")
    check(convert("हाँ", "boolean", words=words), "true")
    check(convert("yes", "boolean", words=words), Finding("boolean_word"))


DATE: dict[str, tuple[Cell, dict[str, Any], str]] = {
    "iso": ("2026-02-03", {}, "2026-02-03"),
    "iso_only_without_format": ("03/02/2026", {}, Finding("date_format")),
    "declared": ("03/02/2026", {"format": "%d/%m/%Y"}, "2026-02-03"),
    "one_digit": ("3/2/2026", {"format": "%d/%m/%Y"}, "2026-02-03"),
    "spaces_around": (" 03/02/2026 ", {"format": "%d/%m/%Y"}, "2026-02-03"),
    "month_name": ("03-feb-2026", {"format": "%d-%b-%Y"}, "2026-02-03"),
    "sept": ("03 Sept 2026", {"format": "%d %b %Y"}, "2026-09-03"),
    "long_month": ("3 February 2026", {"format": "%d %B %Y"}, "2026-02-03"),
    "two_digit_year": ("03.02.69", {"format": "%d.%m.%y"}, "1969-02-03"),
    "two_digit_year_of_this_century": ("03.02.68", {"format": "%d.%m.%y"}, "2068-02-03"),
    "touching_digits": ("03022026", {"format": "%d%m%Y"}, "2026-02-03"),
    "touching_digits_need_all": ("1122026", {"format": "%d%m%Y"}, Finding("date_format")),
    "no_such_day": ("31/02/2026", {"format": "%d/%m/%Y"}, Finding("date_format")),
    "no_such_month": ("02/25/2026", {"format": "%d/%m/%Y"}, Finding("date_format")),
    "short_year": ("03/02/26", {"format": "%d/%m/%Y"}, Finding("date_format")),
    "more_behind": ("03/02/2026x", {"format": "%d/%m/%Y"}, Finding("date_format")),
    "other_digits": ("०३/०२/२०२६", {"format": "%d/%m/%Y"}, Finding("date_format")),
    "iso_does_not_pass_beside_a_format": ("2026-02-03", {"format": "%d/%m/%Y"}, Finding("date_format")),
    "second_format": ("2026-02-03", {"format": ["%d/%m/%Y", "%Y-%m-%d"]}, "2026-02-03"),
    "two_formats_same_day": ("05/05/2026", {"format": ["%d/%m/%Y", "%m/%d/%Y"]}, "2026-05-05"),
    "two_formats_one_possible": ("25/05/2026", {"format": ["%d/%m/%Y", "%m/%d/%Y"]}, "2026-05-25"),
    "two_formats_two_days": ("03/02/2026", {"format": ["%d/%m/%Y", "%m/%d/%Y"]}, Finding("date_ambiguous")),
    "true_date": (date(2026, 2, 3), {"format": "%d/%m/%Y"}, "2026-02-03"),
    "true_midnight": (datetime(2026, 2, 3), {}, "2026-02-03"),  # noqa: DTZ001
    "true_datetime": (MOMENT, {}, Finding("too_precise")),
    "true_time": (time(14, 30), {}, Finding("date_missing")),
    "bare_number": (46056, {}, Finding("not_a_date")),
    "bare_fraction": (46056.5, {}, Finding("not_a_date")),
    "truth": (True, {}, Finding("not_a_date")),
    "shown_number": (ShownNumber(46056, "00046056"), {}, Finding("not_a_date")),
    "digits_that_only_the_format_takes": (20260203, {"format": "%Y%m%d"}, "2026-02-03"),
    "digits_with_a_zero_that_is_shown": (ShownNumber(3022026, "03022026"), {"format": "%d%m%Y"}, "2026-02-03"),
    "digits_that_are_no_day": (20261332, {"format": "%Y%m%d"}, Finding("date_format")),
    "digits_that_may_be_a_serial": (260203, {"format": "%y%m%d"}, Finding("not_a_date")),
    "first_sure_day": (date(1900, 3, 1), {}, "1900-03-01"),
    "before_the_first_sure_day": (date(1900, 2, 28), {}, Finding("early_date")),
    "midnight_before_it": (datetime(1900, 1, 5), {}, Finding("early_date")),  # noqa: DTZ001
    "early_text": ("1898-05-01", {}, "1898-05-01"),
}


@pytest.mark.parametrize(("cell", "options", "expected"), DATE.values(), ids=DATE)
def test_date(cell: Cell, options: dict[str, Any], expected: str) -> None:
    """A date is read by its declared format only, and never guessed."""
    check(convert(cell, "date", zone=KOLKATA, **options), expected)


TIME: dict[str, tuple[Cell, dict[str, Any], str]] = {
    "iso": ("14:30", {}, "14:30:00"),
    "iso_seconds": ("14:30:05", {}, "14:30:05"),
    "twelve_hours": ("02:30 pm", {"format": "%I:%M %p"}, "14:30:00"),
    "noon": ("12:05 PM", {"format": "%I:%M %p"}, "12:05:00"),
    "midnight": ("12:05 AM", {"format": "%I:%M %p"}, "00:05:00"),
    "thirteen_of_twelve": ("13:05 PM", {"format": "%I:%M %p"}, Finding("date_format")),
    "one_digit_minute": ("14:3", {}, Finding("date_format")),
    "no_such_minute": ("14:61", {}, Finding("date_format")),
    "true_time": (time(14, 30), {}, "14:30:00"),
    "true_date": (date(2026, 2, 3), {}, Finding("time_missing")),
    "true_datetime": (MOMENT, {}, Finding("too_precise")),
    "bare_number": (0.5, {}, Finding("not_a_date")),
    "shown_duration": (ShownNumber(1.5, "36:00"), {}, Finding("not_a_date")),
}


@pytest.mark.parametrize(("cell", "options", "expected"), TIME.values(), ids=TIME)
def test_time(cell: Cell, options: dict[str, Any], expected: str) -> None:
    """A time of day passes through no zone."""
    check(convert(cell, "time", zone=KOLKATA, **options), expected)


DAY_TIME = "%d/%m/%Y %H:%M"
DATETIME: dict[str, tuple[Cell, ZoneInfo, dict[str, Any], str]] = {
    "declared": ("03/02/2026 14:30", KOLKATA, {"format": DAY_TIME}, "2026-02-03 09:00:00"),
    "several_spaces": ("03/02/2026   14:30", KOLKATA, {"format": DAY_TIME}, "2026-02-03 09:00:00"),
    "day_before_in_utc": ("03/02/2026 01:00", KOLKATA, {"format": DAY_TIME}, "2026-02-02 19:30:00"),
    "true_datetime": (MOMENT, KOLKATA, {"format": DAY_TIME}, "2026-02-03 09:00:00"),
    "binary_noise": (datetime(2026, 2, 3, 14, 29, 59, 999_995), KOLKATA, {}, "2026-02-03 09:00:00"),  # noqa: DTZ001
    "iso": ("2026-02-03T14:30", KOLKATA, {}, "2026-02-03 09:00:00"),
    "iso_with_space": ("2026-02-03 14:30:15", KOLKATA, {}, "2026-02-03 09:00:15"),
    "iso_with_offset": ("2026-02-03T14:30:00+01:00", KOLKATA, {}, "2026-02-03 13:30:00"),
    "iso_zulu": ("2026-02-03T14:30:00.250Z", KOLKATA, {}, "2026-02-03 14:30:00"),
    "offset_declared": ("03/02/2026 14:30 -0500", KOLKATA, {"format": DAY_TIME + " %z"}, "2026-02-03 19:30:00"),
    "date_without_format": (date(2026, 2, 3), KOLKATA, {}, "2026-02-02 18:30:00"),
    "date_in_a_date_format": (date(2026, 2, 3), KOLKATA, {"format": "%d/%m/%Y"}, "2026-02-02 18:30:00"),
    "date_where_a_time_is_declared": (date(2026, 2, 3), KOLKATA, {"format": DAY_TIME}, Finding("time_missing")),
    "time_only": (time(14, 30), KOLKATA, {}, Finding("date_missing")),
    "bare_number": (46056.6, KOLKATA, {}, Finding("not_a_date")),
    "text_without_time": ("03/02/2026", KOLKATA, {"format": DAY_TIME}, Finding("date_format")),
    "summer_time": ("01/07/2026 12:00", BERLIN, {"format": DAY_TIME}, "2026-07-01 10:00:00"),
    "winter_time": ("01/12/2026 12:00", BERLIN, {"format": DAY_TIME}, "2026-12-01 11:00:00"),
    "before_the_gap": ("29/03/2026 01:59", BERLIN, {"format": DAY_TIME}, "2026-03-29 00:59:00"),
    "in_the_gap": ("29/03/2026 02:30", BERLIN, {"format": DAY_TIME}, Finding("time_skipped")),
    "after_the_gap": ("29/03/2026 03:00", BERLIN, {"format": DAY_TIME}, "2026-03-29 01:00:00"),
    "in_the_fold": ("25/10/2026 02:30", BERLIN, {"format": DAY_TIME}, Finding("time_twice")),
    "fold_of_a_true_datetime": (datetime(2026, 10, 25, 2, 30), BERLIN, {}, Finding("time_twice")),  # noqa: DTZ001
    "fold_with_offset": ("2026-10-25T02:30:00+02:00", BERLIN, {}, "2026-10-25 00:30:00"),
    "after_the_fold": ("25/10/2026 03:00", BERLIN, {"format": DAY_TIME}, "2026-10-25 02:00:00"),
    "gap_of_half_an_hour": ("04/10/2026 02:15", LORD_HOWE, {"format": DAY_TIME}, Finding("time_skipped")),
    "same_hour_after_half_a_gap": ("04/10/2026 02:45", LORD_HOWE, {"format": DAY_TIME}, "2026-10-03 15:45:00"),
    "fold_of_half_an_hour": ("05/04/2026 01:45", LORD_HOWE, {"format": DAY_TIME}, Finding("time_twice")),
    "same_hour_before_half_a_fold": ("05/04/2026 01:15", LORD_HOWE, {"format": DAY_TIME}, "2026-04-04 14:15:00"),
    "early_moment": (datetime(1900, 1, 5, 8), KOLKATA, {}, Finding("early_date")),  # noqa: DTZ001
    "early_text": ("1898-05-01 00:00", ZoneInfo("UTC"), {}, "1898-05-01 00:00:00"),
    "shown_number": (ShownNumber(1.5, "36:00"), KOLKATA, {}, Finding("not_a_date")),
    "first_year": ("01/01/0001 00:00", KOLKATA, {"format": DAY_TIME}, Finding("year_out_of_range")),
}


@pytest.mark.parametrize(("cell", "zone", "options", "expected"), DATETIME.values(), ids=DATETIME)
def test_datetime(cell: Cell, zone: ZoneInfo, options: dict[str, Any], expected: str) -> None:
    """A date-time goes out as UTC; a local time that a clock change touches is a finding."""
    check(convert(cell, "datetime", zone=zone, **options), expected)


EMAIL: dict[str, tuple[Cell, str]] = {
    "plain": ("asha@example.com", "asha@example.com"),
    "domain_in_capitals": ("Asha.R@Example.COM", "Asha.R@example.com"),
    "spaces_around": (" asha@example.com\n", "asha@example.com"),
    "plus": ("asha+visits@mail.example.org", "asha+visits@mail.example.org"),
    "test_domain": ("nobody@leads.test", "nobody@leads.test"),
    "other_script": ("आशा@example.com", "आशा@example.com"),
    "no_at": ("asha.example.com", Finding("email_format")),
    "no_dot": ("asha@example", Finding("email_format")),
    "two_addresses": ("a@example.com; b@example.com", Finding("email_format")),
    "two_dots": ("a..b@example.com", Finding("email_format")),
    "number": (42, Finding("email_format")),
    "date": (date(2026, 2, 3), Finding("date_in_text")),
}


@pytest.mark.parametrize(("cell", "expected"), EMAIL.values(), ids=EMAIL)
def test_email(cell: Cell, expected: str) -> None:
    """One address in a cell, by its syntax alone."""
    check(convert(cell, "email"), expected)


PARTS_OF_ADDRESSES = st.sampled_from(
    [*"aZ9_+-.@@", "asha", "Example", ".com", ".invalid", ".LOCAL", "-x", "..", "\u212a", "\u00df", "\u0130", " ", "\n"]
)


@settings(max_examples=150, deadline=None)
@example(parts=["\u212a", "@", "Example", ".com"])  # a sign whose small letter is a k
@example(parts=["asha", "@", "Example", ".LOCAL"])
@example(parts=["asha", "@", "Example", ".com", "\n"])
@example(parts=["-x", "@", "asha", "-x", ".com"])
@given(parts=st.lists(PARTS_OF_ADDRESSES, min_size=3, max_size=9))
def test_ordinary_addresses_are_those_of_the_validator(parts: list[str]) -> None:
    """What is accepted at a look is what the library accepts, as it gives it."""
    quick = convert("".join(parts), "email")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "_ORDINARY_EMAIL", re.compile("(?!)"))
        assert quick == convert("".join(parts), "email")


INDIA: dict[str, Any] = {"region": "IN"}
SLASH: dict[str, Any] = {**INDIA, "several": {"split": "/", "take": "first"}}
ANY_SIGN = {"split": ["/", ",", ";"], "take": "first"}
PHONE: dict[str, tuple[Cell, dict[str, Any], str]] = {
    "e164": ("+91 98765 43210", {}, "+919876543210"),
    "national": ("09876543210", INDIA, "+919876543210"),
    "leadsquared": ("98765-43210", {**INDIA, "form": "leadsquared"}, "+91-9876543210"),
    "as_typed": (" 098765 43210", {**INDIA, "form": "as_typed"}, "098765 43210"),
    "number_cell": (919876543210, INDIA, "+919876543210"),
    "float_cell": (9876543210.0, INDIA, "+919876543210"),
    "foreign_beside_a_region": ("+49 30 901820", INDIA, "+4930901820"),
    "no_region": ("9876543210", {}, Finding("phone_region")),
    "too_short": ("98765", INDIA, Finding("phone_format")),
    "letters": ("98765 CALL", INDIA, Finding("phone_format")),
    "extension": ("+91 98765 43210 ext 5", INDIA, Finding("phone_format")),
    "two_numbers": ("9876543210/9876543211", INDIA, Finding("phone_format")),
    "two_numbers_with_comma": ("9876543210, 9876543211", INDIA, Finding("phone_format")),
    "two_foreign_numbers": ("+919876543210 +919876543211", INDIA, Finding("phone_format")),
    "extension_after_a_slash": ("030 901820/21", {"region": "DE"}, Finding("phone_format")),
    "a_second_plus": ("+49 30 9018 +20", {}, Finding("phone_format")),
    "damaged": ("9.19877E+11", INDIA, Finding("text_damaged")),
    "sixteen_digits": (9198765432101234, INDIA, Finding("digits_lost")),
    "shown": (ShownNumber(9876543210, "98765 43210"), INDIA, "+919876543210"),
    "first_of_two": ("98765 43210 / 98765 43211", SLASH, "+919876543210"),
    "first_of_two_separators": ("98765 43210, 98765 43211", {**INDIA, "several": ANY_SIGN}, "+919876543210"),
    "first_that_exists": ("12345 / 9876543211", SLASH, "+919876543211"),
    "first_without_others": ("/ 9876543210 /", SLASH, "+919876543210"),
    "none_exists": ("12345 / 67890", SLASH, Finding("phone_format")),
    "only_separators": ("/", SLASH, Finding("phone_format")),
    "none_with_a_region": ("98765 43210 / 98765 43211", {"several": SLASH["several"]}, Finding("phone_format")),
}


@pytest.mark.parametrize(("cell", "options", "expected"), PHONE.values(), ids=PHONE)
def test_phone(cell: Cell, options: dict[str, Any], expected: str) -> None:
    """One number that exists, in the declared form; a region is needed where there is no +."""
    check(convert(cell, "phone", **options), expected)


KINDS: dict[str, Any] = {"options": {"SV": "Site Visit", "RV": "Revisit", "01": "First"}}
CHOICE: dict[str, tuple[Cell, dict[str, Any], str]] = {
    "mapped": ("SV", KINDS, "Site Visit"),
    "spaces_around": (" RV ", KINDS, "Revisit"),
    "listed": ("Done", {"options": ["Done", "Open"]}, "Done"),
    "number_cell": (1, {"options": {"1": "First"}}, "First"),
    "digits_stay": (1, KINDS, Finding("choice_unknown")),
    "other_case": ("sv", KINDS, Finding("choice_unknown")),
    "unknown": ("XY", KINDS, Finding("choice_unknown")),
}


@pytest.mark.parametrize(("cell", "options", "expected"), CHOICE.values(), ids=CHOICE)
def test_choice(cell: Cell, options: dict[str, Any], expected: str) -> None:
    """One of the options in exactly its case."""
    check(convert(cell, "choice", **options), expected)


MULTICHOICE: dict[str, tuple[Cell, dict[str, Any], str]] = {
    "several": ("SV; RV", KINDS, "Site Visit;Revisit"),
    "one": ("SV", KINDS, "Site Visit"),
    "twice": ("SV;SV", KINDS, "Site Visit"),
    "gaps": (";SV;;RV;", KINDS, "Site Visit;Revisit"),
    "one_unknown": ("SV;XY", KINDS, Finding("choice_unknown")),
    "only_separators": (";;", KINDS, Finding("empty_cell")),
    "without_options": (" Pool ; Lift", {}, "Pool;Lift"),
}


@pytest.mark.parametrize(("cell", "options", "expected"), MULTICHOICE.values(), ids=MULTICHOICE)
def test_multichoice(cell: Cell, options: dict[str, Any], expected: str) -> None:
    """Each value of a cell is one of the options."""
    check(convert(cell, "multichoice", separator=";", **options), expected)


GUID: dict[str, tuple[Cell, str]] = {
    "plain": ("0f8fad5b-d9cb-469f-a165-70867728950e", "0f8fad5b-d9cb-469f-a165-70867728950e"),
    "capitals": (" 0F8FAD5B-D9CB-469F-A165-70867728950E", "0f8fad5b-d9cb-469f-a165-70867728950e"),
    "short": ("0f8fad5b-d9cb-469f-a165", Finding("guid_format")),
    "number": (7, Finding("guid_format")),
}


@pytest.mark.parametrize(("cell", "expected"), GUID.values(), ids=GUID)
def test_guid(cell: Cell, expected: str) -> None:
    """An id is a whole GUID."""
    check(convert(cell, "guid"), expected)


WORDS = {
    "date": (
        convert("31/02/2026", "date", format="%d/%m/%Y"),
        '"31/02/2026" is no date. Type it as dd/mm/yyyy.',
    ),
    "datetime": (
        convert("tomorrow", "datetime", format="%d/%m/%Y %H:%M", zone=KOLKATA),
        '"tomorrow" is not written as dd/mm/yyyy hh:mm. Type it as dd/mm/yyyy hh:mm.',
    ),
    "two_formats": (
        convert("03/02/2026", "date", format=["%d/%m/%Y", "%m/%d/%Y"]),
        '"03/02/2026" can be read as 2026-02-03 and as 2026-03-02. Type it in the form that only one format of the '
        "mapping allows, or leave one format in the mapping.",
    ),
    "near_miss": (
        convert("sv", "choice", **KINDS),
        '"sv" is none of the options of this column. Did you mean "SV"? Type one of: SV, RV, 01.',
    ),
    "decimal_comma": (
        convert("1,5", "number"),
        '"1,5" is not a number that can be read in one way only. If it means 1.5, write decimal: "," for this column in the '
        "mapping; else type plain digits with a point before the decimals.",
    ),
    "comma_and_parentheses": (
        convert("(1.234,50)", "number", negative="trailing_minus"),
        '"(1.234,50)" is not a number that can be read in one way only. If it means -1234.5, write decimal: "," and '
        "negative: [trailing_minus, parentheses] for this column in the mapping; else type plain digits with a point "
        "before the decimals.",
    ),
    "percent": (
        convert(ShownNumber(0.154, "15%"), "number"),
        '"15%" can be sent as 0.154 and as 15.4. Write percent: fraction (0.154), percent: points (15.4) or '
        "percent: as_shown (15.4%) for this column in the mapping.",
    ),
    "serial": (
        convert(46056.604167, "datetime", zone=KOLKATA),
        '"46056.604167" is a bare number or word of the spreadsheet, not a date and time; a spreadsheet would show it as '
        "2026-02-03 14:30. Format the cell as a date and time in the spreadsheet and check what it shows.",
    ),
    "fraction_of_a_day": (
        convert(0.5, "time"),
        '"0.5" is a bare number or word of the spreadsheet, not a time; a spreadsheet would show it as 12:00. Format the '
        "cell as a time in the spreadsheet and check what it shows.",
    ),
    "html": (
        convert("a <b>bold</b> word", "text", target="ActivityNote"),
        'The note contains "<b>", which is HTML: LeadSquared may refuse it or show it as something else. Take "<b>" out of '
        "the note, or put a space behind its <.",
    ),
    "gap": (
        convert("29/03/2026 02:30", "datetime", format=DAY_TIME, zone=BERLIN),
        '"29/03/2026 02:30" does not exist in Europe/Berlin: clocks were put forward over it. Correct the time.',
    ),
}


@pytest.mark.parametrize(("problem", "words"), WORDS.values(), ids=WORDS)
def test_the_words_tell_the_value_and_what_to_do(problem: Problem, words: str) -> None:
    """A finding quotes the cell's own value and says how to type it."""
    assert f"{problem.error} {problem.remedy}" == words
