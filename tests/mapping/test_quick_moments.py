"""Moments that are composed from parts are those that the slow way reads."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from etl.mapping.convert.cells import ColumnRules
from etl.mapping.convert.day_and_month import DaysSeen
from etl.mapping.convert.moments import datetime_
from etl.mapping.convert.quick_moments import QuickMoments
from etl.mapping.convert.whole_columns import date_times
from etl.mapping.target_rules import TargetRule

ZONES = (
    *("Asia/Kolkata", "Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia", "America/New_York", "Africa/Casablanca"),
    *("Africa/Monrovia", "UTC"),
)
DAYS = (
    *("2026-03-29", "2026-10-25", "2026-02-03", "2026-12-13", "2011-12-29", "2011-12-30", "2011-12-31", "2026-03-08"),
    *("2026-11-01", "2026-04-05", "2026-02-30", "0001-01-01", "9999-12-31", "1972-01-07", "1900-01-01", "2026-13-01"),
)
CLOCKS = (
    "00:00",
    "00:30",
    "01:30",
    "02:30",
    "05:29",
    "05:30",
    "10:59",
    "23:59",
    "24:00",
    "12:60",
    "7:05",
    "07:05:59",
    "",
)
FORMATS: dict[str, dict[str, list[str]]] = {
    "usual": {"format": ["%d/%m/%Y %H:%M"]},
    "seconds": {"format": ["%d/%m/%Y %H:%M:%S"]},
    "either": {"format": ["%d/%m/%Y %H:%M", "%m/%d/%Y %H:%M"]},
    "two that look alike": {"format": ["%d/%m/%Y %H:%M", "%d/%m/%Y %M:%H"]},
    "crossed": {"format": ["%d/%m/%Y %H:%M", "%m/%d/%Y %M:%H"]},
    "both lengths": {"format": ["%d/%m/%Y %H:%M", "%d/%m/%Y %H:%M:%S"]},
    "all digits": {"format": ["%Y%m%d%H%M"]},
    "time first": {"format": ["%H:%M %d/%m/%Y"]},
    "own digits": {"format": ["%d/%m/%Y 0 %H:%M"]},
    "ISO": {},
}


def typed(day: str, clock: str, form: str, noise: str) -> str:
    """The moment as one of the formats has it, or nearly so."""
    year, month, number = day.split("-")
    texts = {
        "slash": f"{number}/{month}/{year} {clock}",
        "month first": f"{month}/{number}/{year} {clock}",
        "digits": f"{year}{month}{number}{clock.replace(':', '')}",
        "backwards": f"{clock} {number}/{month}/{year}",
        "zero": f"{number}/{month}/{year} 0 {clock}",
        "iso": f"{day} {clock}".strip(),
        "T": f"{day}T{clock}",
        "short": f"{number.lstrip('0')}/{month.lstrip('0')}/{year} {clock}",
    }
    return f"{noise}{texts[form]}"


TEXTS = st.builds(
    typed,
    st.sampled_from(DAYS),
    st.sampled_from(CLOCKS),
    st.sampled_from(["slash", "slash", "month first", "digits", "backwards", "zero", "iso", "iso", "T", "short"]),
    st.sampled_from(["", "", "", " ", "x"]),
)


@pytest.mark.parametrize("form", FORMATS)
@settings(max_examples=30, deadline=None)
@example(texts=["25/10/2026 12:30", "25/10/2026 01:30", "29/03/2026 02:30"], zone="Europe/Berlin", noted=True)
@example(texts=["13/02/2026 05:06", "03/02/2026 05:30", "03/02/2026 05:06"], zone="UTC", noted=True)
@example(texts=["13/02/2026 05:06", "14/02/2026 05:06", "14/13/2026 05:06", "03/02/2026 05:06"], zone="UTC", noted=True)
@example(texts=["13/02/2026 05:29", "13/02/2026 05:30", "14/02/2026 05:29"], zone="Asia/Kolkata", noted=True)
@given(texts=st.lists(TEXTS, min_size=2, max_size=8), zone=st.sampled_from(ZONES), noted=st.booleans())
def test_composed_moments_are_those_of_the_slow_way(form: str, texts: list[str], zone: str, noted: bool) -> None:
    """Whatever came before it in its column, a text gives what it gives alone, and tells the same of days and months."""
    quick_days, slow_days = (DaysSeen(), DaysSeen()) if noted else (None, None)
    rule = TargetRule.model_validate({"to": "mx_Custom_1", "type": "datetime", **FORMATS[form]})
    quick = datetime_(ColumnRules("mx_Custom_1", rule, ZoneInfo(zone), quick_days))[str]

    for text in texts * 2:
        slow = datetime_(ColumnRules("mx_Custom_1", rule, ZoneInfo(zone), slow_days))[str]  # has seen nothing yet
        assert quick(text) == slow(text)
    assert quick_days == slow_days


def test_the_usual_texts_are_composed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a day and a time of day that were met before, in whatever texts, nothing is read again."""
    rule = TargetRule.model_validate({"to": "mx_Custom_1", "type": "datetime", "format": "%d/%m/%Y %H:%M"})
    read = datetime_(ColumnRules("mx_Custom_1", rule, ZoneInfo("Asia/Kolkata"), DaysSeen()))[str]
    assert [read(text) for text in ("03/02/2026 05:29", "13/02/2026 05:30")] == [
        "2026-02-02 23:59:00",
        "2026-02-13 00:00:00",
    ]
    monkeypatch.setattr(QuickMoments, "_learn", None)

    assert [read(text) for text in ("03/02/2026 05:30", "13/02/2026 05:29")] == [
        "2026-02-03 00:00:00",
        "2026-02-12 23:59:00",
    ]


@settings(max_examples=60, deadline=None)
@given(
    moments=st.lists(
        st.builds(
            datetime.combine,
            st.sampled_from([date.fromisoformat(day) for day in DAYS if day not in ("2026-02-30", "2026-13-01")]),
            st.sampled_from([time.fromisoformat(clock) for clock in ("00:00", "02:30", "05:29", "23:59:59")])
            | st.times(),
        ),
        min_size=1,
        max_size=8,
    ),
    zone=st.sampled_from(ZONES),
)
def test_true_date_times_together_are_those_of_each(moments: list[datetime], zone: str) -> None:
    """Of a workbook: a column gives what its cells give one by one, and tells the same of days and months."""
    rule = TargetRule.model_validate({"to": "mx_Custom_1", "type": "datetime"})
    many_days, each_days = DaysSeen(), DaysSeen()
    read = datetime_(ColumnRules("mx_Custom_1", rule, ZoneInfo(zone), many_days))[datetime]
    whole = date_times(read)
    assert whole is not None

    for _ in range(2):
        one = datetime_(ColumnRules("mx_Custom_1", rule, ZoneInfo(zone), each_days))[datetime]
        assert whole(moments, one) == [one(moment) for moment in moments]
    assert many_days == each_days
