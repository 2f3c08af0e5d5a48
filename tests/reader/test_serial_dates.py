"""A number format says whether a number is a date, and what of it a person sees."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from etl.reader.serial_dates import Shows, moment, shown_by

DAY, TIME, BOTH, ELAPSED = Shows(day=True), Shows(time=True), Shows(day=True, time=True), Shows(time=True, elapsed=True)


@pytest.mark.parametrize(
    ("format_code", "shows"),
    [
        ("dd/mm/yyyy", DAY),
        ("YYYY-MM-DD", DAY),
        ("mmmm", DAY),
        ("[$-F800]dddd, mmmm dd, yyyy", DAY),
        ("dd/mm/yyyy hh:mm", BOTH),
        ("h:mm AM/PM", TIME),
        ("mm:ss.0", TIME),
        ("[h]:mm:ss", ELAPSED),
        ("[MM]:ss", ELAPSED),
        ("General", None),
        ("0.00E+00", None),
        ('#,##0.00_);[Red](#,##0.00);"dash"', None),
        ("[$Rs.-4009] #,##0", None),
        ('0 "days"', None),
        (r"0 \d\a\y\s", None),
        ("0;dd", None),
        ("@", None),
    ],
)
def test_what_a_format_shows(format_code: str, shows: Shows | None) -> None:
    """Only letters that stand for parts of a date count, and only those of the section for positive numbers."""
    assert shows == shown_by(format_code)


@pytest.mark.parametrize(
    ("serial", "shows", "cell"),
    [
        (0.5, BOTH, time(12)),
        (1.5, ELAPSED, "36:00:00"),
        (0.5, ELAPSED, time(12)),
        (0, TIME, time(0)),
        (1.0625, ELAPSED, "25:30:00"),
    ],
)
def test_times_without_a_day(serial: float, shows: Shows, cell: object) -> None:
    """Less than a day is a time of day; elapsed time beyond it is the text that Excel shows."""
    assert cell == moment(serial, shows, from_1904=False)


def test_seconds_are_exact() -> None:
    """A time to the second survives being a fraction of a day that no float holds exactly."""
    midnight = datetime.fromisoformat("2024-05-01T00:00")

    for second in range(0, 86_400, 37):
        assert midnight + timedelta(seconds=second) == moment(45_413 + second / 86_400, BOTH, from_1904=False)
