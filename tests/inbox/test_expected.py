"""On which days no file has come."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest

from etl.inbox.expected import in_words, missed, read_expected

INDIA = ZoneInfo("Asia/Kolkata")
JUNE_1 = date(2026, 6, 1)  # a Monday


def june(day: int) -> date:
    return date(2026, 6, day)


@pytest.mark.parametrize(
    ("words", "now", "arrived", "days"),
    [
        ("daily by 20:00", "03 19:59", {1, 2}, []),
        ("daily by 20:00", "03 20:00", {1, 2}, [3]),
        ("daily by 20:00", "03 20:00", {1, 3}, [2]),
        ("daily by 20:00", "04 06:00", {1}, [2, 3]),
        ("weekdays by 9:30", "07 12:00", {1, 2, 3, 4, 5}, []),
        ("weekdays by 9:30", "08 09:30", {1, 2, 3, 4, 5}, [8]),
        ("weekdays by 9:30", "08 09:30", {1, 2, 3, 4, 5, 6}, []),
        ("monday by 12:00", "08 12:00", {1, 3}, []),
        ("Mondays and Thu by 12:00", "08 12:00", {1, 4}, [8]),
    ],
    ids=[
        "its hour has not come",
        "its hour has come",
        "none on the day before",
        "several days",
        "no file at the weekend",
        "none on Monday",
        "Monday's came on Saturday",
        "a week's came on Wednesday",
        "two days of the week",
    ],
)
def test_a_day_without_a_file_is_missed_once_its_hour_has_passed(
    words: str, now: str, arrived: set[int], days: list[int]
) -> None:
    """A file counts for the day on which it came, and for the next due day where not every day is due."""
    expected = read_expected(words)
    assert expected is not None

    moment = datetime.fromisoformat(f"2026-06-{now}").replace(tzinfo=INDIA)
    found = missed(expected, INDIA, moment, JUNE_1, {june(day) for day in arrived}, set())

    assert found == [june(day) for day in days]


def test_nothing_is_missed_before_it_was_looked_for_nor_told_twice() -> None:
    """Days before the first night and days that were told are left out, and none is older than two weeks."""
    expected = read_expected("daily by 20:00")
    assert expected is not None

    moment = datetime(2026, 6, 30, 21, 0, tzinfo=INDIA)

    assert missed(expected, INDIA, moment, june(29), set(), {june(29)}) == [june(30)]
    assert missed(expected, INDIA, moment, JUNE_1, set(), set())[0] == june(16)
    assert in_words(june(3)) == "3 June"


@pytest.mark.parametrize(
    "words", ["daily", "daily by 24:00", "by 20:00", "t by 20:00", "daily at 20:00", "daily by 8 pm"]
)
def test_other_words_mean_nothing(words: str) -> None:
    """What cannot be understood is refused, never guessed."""
    assert read_expected(words) is None
