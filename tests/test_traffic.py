"""A run's requests over time: counted from the ledger, and drawn beside the account's limit."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from etl.cli.traffic_picture import picture
from etl.errors import UsageError
from etl.ledger.listing import SentAt
from etl.records import Limit, Window
from etl.simulator import Fault, FaultKind, Latency, RateLimit
from etl.traffic import Column, Kept, Traffic, columns, traffic
from tests.stages.office import office

SVG = "{http://www.w3.org/2000/svg}"
THREE = Traffic(
    run=41,
    input="visits & calls.csv",
    began=1_780_000_002.0,
    ended=1_780_000_016.5,
    window=Window.BULK,
    kept=(Kept(1_780_000_000.0, Limit(5, 5.0), "settings"),),
    column_seconds=5.0,
    columns=(Column(5.0, 0.0, 5, 0), Column(2.0, 2.0, 5, 1), Column(1.0, 0.0, 3, 0)),
    ours=8,
    others=2,
    refused=1,
)


def at(moment: float, *, is_ours: bool = True, is_refused: bool = False) -> SentAt:
    return SentAt(moment, Window.BULK, is_refused, is_ours)


def test_columns_count_whole_windows_and_the_most_in_any() -> None:
    """Four requests around the border of two windows are three in none of them, and four in the five seconds between."""
    sent = [at(100.0), at(104.0), at(104.5, is_ours=False), at(105.5), at(106.0, is_refused=True), at(119.0)]

    found = columns(sent, 100.0, 119.0, column_seconds=5.0, window_seconds=5.0)
    wide = columns(sent, 100.0, 119.0, column_seconds=10.0, window_seconds=5.0)

    assert found == (Column(2, 1, 3, 0), Column(2, 0, 4, 1), Column(0, 0, 0, 0), Column(1, 0, 1, 0))
    assert wide == (Column(2, 0.5, 4, 1), Column(0.5, 0, 1, 0))


def test_it_is_counted_from_a_ledger(tmp_path: Path) -> None:
    """Under a limit of 5 in 5 s a run of 20 requests shows four windows and more, a refusal, and never more than five."""
    desk = office(tmp_path, Fault.at(FaultKind.THROTTLE, 3))
    desk.limit = Limit(5, 5)
    desk.run(desk.sheet(500))

    seen = traffic(desk._settings("home"), 1, [desk.account], desk.world.clock)

    assert (seen.ours, seen.refused, seen.window) == (21, 1, Window.BULK)
    assert max(one.peak for one in seen.columns) <= 5
    assert round(sum(one.ours for one in seen.columns)) == 21
    assert (seen.limit.seconds, seen.input) == (5, "visits.csv")


def test_the_limit_is_the_one_that_was_kept_to_while_it_ran(tmp_path: Path) -> None:
    """First that of the settings, then the one that a refusal named; what the settings say later changes nothing."""
    desk = office(tmp_path, options={"limit": RateLimit(4, 5.0), "latency": Latency(0.3, 0.6)})
    desk.limit = Limit(10, 5)
    desk.run(desk.sheet(1_000))
    desk.limit = Limit(2, 5)

    first, named = (seen := traffic(desk._settings("home"), 1, [desk.account], desk.world.clock)).kept

    assert (first.limit, first.source) == (Limit(10, 5), "settings")
    assert (named.limit, named.source) == (Limit(4, 5), "named by LeadSquared")
    assert first.since <= seen.began < named.since < seen.ended
    assert 0.5 < seen.used < 1
    desk.run(desk.sheet(1_100))
    (now,) = traffic(desk._settings("home"), 2, [desk.account], desk.world.clock).kept
    assert (now.limit, now.source) == (Limit(2, 5), "settings")


def test_a_ledger_that_tells_no_limit_has_that_of_today(tmp_path: Path) -> None:
    """And says so: an older etl did not note what it kept to."""
    desk = office(tmp_path)
    desk.run(desk.sheet(100))
    desk.ask("DELETE FROM limits_held")
    desk.limit = Limit(3, 5)

    (kept,) = traffic(desk._settings("home"), 1, [desk.account], desk.world.clock).kept
    (unknown,) = traffic(desk._settings("home"), 1, (), desk.world.clock).kept

    assert (kept.limit, kept.source) == (Limit(3, 5), "settings of today")
    assert unknown.source == "default: the account is not set up here"


def test_a_limit_that_changed_is_drawn_as_steps() -> None:
    """Each over its own time and at its own height, also where windows differ in length; the share is that of its time."""
    ten_a_window = Kept(1_780_000_000.0, Limit(20, 10.0), "settings")
    changed = replace(THREE, kept=(ten_a_window, Kept(1_780_000_007.0, Limit(5, 5.0), "named by LeadSquared")))

    lines = [one.attrib for one in ET.fromstring(picture(changed)).iter(f"{SVG}line") if one.get("stroke") == "#c0392b"]

    before, riser, after = ({name: float(line[name]) for name in ("x1", "x2", "y1", "y2")} for line in lines)
    floor = 400 - 64
    assert (floor - before["y1"]) / (floor - after["y1"]) == pytest.approx(2, rel=0.01)
    assert before["x2"] == after["x1"] == riser["x1"] == pytest.approx(56 + 880 * 5 / 15, abs=0.01)
    assert changed.used == pytest.approx(10 / (10 + 5 + 5))


def test_a_run_that_sent_nothing_is_no_picture(tmp_path: Path) -> None:
    """Nor is one that is not there."""
    desk = office(tmp_path)
    desk.run(desk.sheet(0))

    for run, words in ((1, "has sent nothing"), (9, "There is no run 9")):
        with pytest.raises(UsageError, match=words):
            traffic(desk._settings("home"), run, (), desk.world.clock)


def test_the_picture_has_a_bar_for_each_column_and_the_limit() -> None:
    """Bars of the right height, the limit where its number is, words that say what is what."""
    root = ET.fromstring(picture(THREE))

    bars = [one for one in root.iter(f"{SVG}rect") if one.get("fill") == "#3b78b5"][:-1]  # the last is the legend's
    limit = next(one for one in root.iter(f"{SVG}line") if one.get("stroke") == "#c0392b")
    words = [one.text or "" for one in root.iter(f"{SVG}text")]
    heights = [float(bar.attrib["height"]) for bar in bars]
    assert [round(height / heights[2]) for height in heights] == [5, 2, 1]
    assert float(limit.attrib["y1"]) == pytest.approx(float(bars[0].attrib["y"]), abs=0.01)
    assert words[0] == "Run 41, visits & calls.csv: bulk requests in each 5 s"
    assert "80 % of the limit" not in words[1] and re.search(r"67 % of the limit while it sent · 1 refusal$", words[1])
    assert "limit 5 in 5 s (settings)" in words and "refused for the rate" in words


@pytest.mark.parametrize("seconds", [0.0, 4.0, 3_000.0, 100_000.0, 3_000_000.0])
def test_times_are_round_and_few(seconds: float) -> None:
    """From one request to a month, with a handful of moments below it."""
    count = min(240, int(seconds // 5) + 1)
    long = replace(
        THREE,
        ended=THREE.began + seconds,
        column_seconds=5.0 * max(1, -(-int(seconds) // 5 // count)),
        columns=(Column(5.0, 0.0, 5, 0),) * count,
    )

    labels = [
        one.text or ""
        for one in ET.fromstring(picture(long)).iter(f"{SVG}text")
        if re.fullmatch(r"\d\d:\d\d(:\d\d)?|\d{4}-\d\d-\d\d", one.text or "")
    ]

    assert 1 <= len(labels) <= 9
