"""`between`: what is let through, by a clock that is handed in."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

import pytest

from etl.errors import UsageError
from etl.mapping.load import load_mapping
from etl.mapping.model import Mapping
from tests.mapping.build import a_mapping, applied, mapping_text

if TYPE_CHECKING:
    from pathlib import Path

    from etl.mapping.apply import AppliedRow
    from etl.records import Cell

NOW = datetime(2026, 11, 21, 20, 0, 30, tzinfo=UTC)  # in Kolkata the 22nd, 01:30:30


def row(
    cell: Cell, between: list[str], kind: str, zone: str = "Asia/Kolkata", now: datetime | None = NOW
) -> AppliedRow:
    """A row with one cell of that type under these bounds."""
    rule = {"to": "mx_Custom_1", "type": kind, "between": between}
    mapping = a_mapping(columns={"Email": "SearchByValue", "A": rule}, input={"time_zone": zone}).as_of(now)
    (only,) = applied(mapping, ["Email", "A"], ["a@example.com", cell])
    return only


RANGE, SPAN, DAYS = ["0", "500000"], ["-60d", "now"], ["2026-01-31", "2026-02-28"]
CASES: dict[str, tuple[Cell, str, list[str], bool]] = {
    "least": (0, "number", RANGE, True),
    "most": ("5,00,000", "number", RANGE, True),
    "below": (-0.01, "number", RANGE, False),
    "above": ("500000.01", "number", RANGE, False),
    "whole_number": (3, "integer", ["1", "2"], False),
    "negative_bounds": ("-2.5", "number", ["-2.5", "-1"], True),
    "first_day": (date(2026, 1, 31), "date", DAYS, True),
    "last_day": ("2026-02-28", "date", DAYS, True),
    "day_after": (date(2026, 3, 1), "date", DAYS, False),
    "today_in_the_zone": (date(2026, 11, 22), "date", SPAN, True),
    "tomorrow": (date(2026, 11, 23), "date", SPAN, False),
    "sixty_days_ago": (date(2026, 9, 23), "date", SPAN, True),
    "sixty_one_days_ago": (date(2026, 9, 22), "date", SPAN, False),
    "weeks_ahead": (date(2026, 12, 6), "date", ["now", "+2w"], True),
    "now": (datetime(2026, 11, 22, 1, 30, 30), "datetime", SPAN, True),  # noqa: DTZ001
    "in_a_second": (datetime(2026, 11, 22, 1, 30, 31), "datetime", SPAN, False),  # noqa: DTZ001
    "start_of_the_day_sixty_days_ago": (datetime(2026, 9, 23), "datetime", SPAN, True),  # noqa: DTZ001
    "second_before_that_day": (datetime(2026, 9, 22, 23, 59, 59), "datetime", SPAN, False),  # noqa: DTZ001
    "end_of_a_day_ahead": (datetime(2026, 11, 23, 23, 59, 59), "datetime", ["now", "+1d"], True),  # noqa: DTZ001
    "twelve_hours_ago": (datetime(2026, 11, 21, 13, 30, 30), "datetime", ["-12h", "now"], True),  # noqa: DTZ001
    "a_second_earlier": (datetime(2026, 11, 21, 13, 30, 29), "datetime", ["-12h", "now"], False),  # noqa: DTZ001
    "end_of_the_last_day": (datetime(2026, 2, 28, 23, 59, 59), "datetime", DAYS, True),  # noqa: DTZ001
    "with_minutes": ("2026-02-28 18:01", "datetime", ["2026-01-31", "2026-02-28 18:00"], False),
    "with_own_offset": ("2026-02-28T12:31:00Z", "datetime", ["2026-01-31", "2026-02-28 18:00"], False),
    "opening": (time(9), "time", ["09:00", "18:00"], True),
    "after_hours": ("18:00:01", "time", ["09:00", "18:00"], False),
    "another_fault_is_told_first": ("soon", "date", SPAN, False),
}


@pytest.mark.parametrize(("cell", "kind", "between", "passes"), CASES.values(), ids=CASES)
def test_what_lies_between(cell: Cell, kind: str, between: list[str], passes: bool) -> None:
    """Both bounds are included; a bound that is a day includes that day of the input's zone."""
    assert (row(cell, between, kind).values is not None) is passes


WORDS: dict[str, tuple[AppliedRow, str]] = {
    "number": (
        row(600_000, RANGE, "number"),
        'B2: "600000" does not lie between 0 and 500000. Correct the cell, or the bounds under between in the mapping.',
    ),
    "date": (
        row(date(2027, 2, 3), SPAN, "date"),
        'B2: "2027-02-03" does not lie between 2026-09-23 (-60d) and 2026-11-22 (now). Correct the cell, or the bounds under '
        "between in the mapping.",
    ),
    "datetime": (
        row(datetime(2027, 2, 3, 9, 15), ["2026-01-31", "+12h"], "datetime"),  # noqa: DTZ001
        'B2: "2027-02-03 09:15" does not lie between 2026-01-31 and 2026-11-22 13:30 (+12h). Correct the cell, or the bounds '
        "under between in the mapping.",
    ),
}


@pytest.mark.parametrize(("found", "words"), WORDS.values(), ids=WORDS)
def test_the_finding_says_what_the_bounds_mean_today(found: AppliedRow, words: str) -> None:
    """Bounds that move with the clock are told as what they are now, in the clock of the sheet."""
    assert [one.hint for one in found.findings] == [words]


def test_hours_are_hours_when_a_clock_is_changed_between() -> None:
    """Twelve hours before a moment behind the end of summer time are twelve hours, not twelve and one."""
    now = datetime(2026, 10, 25, 5, 0, tzinfo=UTC)  # 06:00 in Berlin, where 02:00 to 03:00 came twice

    assert row(datetime(2026, 10, 24, 19), ["-12h", "now"], "datetime", "Europe/Berlin", now).values  # noqa: DTZ001
    assert not row(datetime(2026, 10, 24, 18, 59), ["-12h", "now"], "datetime", "Europe/Berlin", now).values  # noqa: DTZ001


def test_without_a_clock_only_fixed_bounds_are_looked_at() -> None:
    """A run that goes on has judged its rows when it began: what moves with the clock is not asked again."""
    assert row(date(2030, 1, 1), SPAN, "date", now=None).values
    assert not row(date(2030, 1, 1), DAYS, "date", now=None).values


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "one_bound": ({"type": "number", "between": ["0"]}, "two bounds, like [0, 500000] or [-60d, now]"),
    "text_for_a_number": ({"type": "number", "between": ["0", "much"]}, "numbers like 0 and 500000, in plain digits"),
    "powers_of_ten": ({"type": "number", "between": ["0", "1e5"]}, "numbers like 0 and 500000, in plain digits"),
    "clock_for_a_number": ({"type": "number", "between": ["0", "now"]}, "numbers like 0 and 500000, in plain digits"),
    "wrong_way_round": ({"type": "number", "between": ["5", "1"]}, "the least first: 5 lies above 1"),
    "no_such_day": ({"type": "date", "between": ["2026-02-30", "now"]}, "days like 2026-01-31, now, -60d or +2w"),
    "hours_for_a_date": ({"type": "date", "between": ["-12h", "now"]}, "days or weeks for a date, like -60d"),
    "clock_for_a_time": ({"type": "time", "between": ["-12h", "now"]}, "times like 09:00"),
    "months": ({"type": "date", "between": ["-2m", "now"]}, "days like 2026-01-31, now, -60d or +2w"),
    "text": ({"between": ["a", "b"]}, "type text"),
    "no_zone": ({"type": "date", "between": ["-60d", "now"]}, "time_zone under input, by which today is known"),
}


@pytest.mark.parametrize(("rule", "words"), REFUSED.values(), ids=REFUSED)
def test_bounds_that_mean_nothing(tmp_path: Path, rule: dict[str, Any], words: str) -> None:
    """Bounds are checked with the mapping, before anything is read."""
    options = ", ".join(
        f"{key}: [{', '.join(value)}]" if key == "between" else f"{key}: {value}" for key, value in rule.items()
    )
    path = tmp_path / "visits.yaml"
    columns = f"columns:\n  Email: SearchByValue\n  A: {{to: mx_Custom_1, {options}}}\n"
    path.write_text(mapping_text(columns), encoding="utf-8")

    with pytest.raises(UsageError) as refused:
        load_mapping(path)

    assert [words in str(one) for one in refused.value.findings] == [True]


def test_bounds_go_into_the_model_as_texts() -> None:
    """What stands in the file is kept as it is written."""
    mapping = Mapping.model_validate(
        {"version": 1, "name": "n", "operation": "update", "columns": {"A": {"to": "B", "between": [" -60d", "now"]}}}
    )

    assert mapping.targets()[0].rule.between == ("-60d", "now")
