"""Ten hours of sending, and all that happens in them: two quota days, revoked keys, zones that change, a lid that is shut.

The office imports one sheet with the same command, as a person would who comes back each time it has stopped. The machine is
in Beirut and the sheet in Berlin: in the night of the 25th of October 2026 both set their clocks back, at 21:00 and 01:00 UTC.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest.mock import patch
from zoneinfo import ZoneInfo

import pytest

from etl.events import InputSummary
from etl.records import Limit, Outcome
from etl.settings import Account, Secret
from etl.simulator import Latency, RateLimit
from etl.simulator.messages import Reply, SimRequest
from tests.foreign.window import busiest_window
from tests.laws import invariants
from tests.laws.cable import Cable
from tests.laws.virtual import Steps
from tests.laws.world import BEGAN, Outage
from tests.stages.office import ADDING, MAPPING, Office, office, once
from tests.zones import machine_in

BERLIN = ZoneInfo("Europe/Berlin")
BEGINS = datetime(2026, 10, 24, 18, 0, tzinfo=UTC)
LIMIT = Limit(2, 960.0)
ROWS = 1_875
"""75 requests, two of them in 16 minutes: ten hours."""

DAILY = 40
"""Requests of a UTC day, of which 10 are kept for reading back: so that the rows need three of them."""

HOUR = 3_600.0
MOST_COMMANDS = 8
WHEN = "%d/%m/%Y %H:%M"


@dataclass
class LongOffice(Office):
    """An office with keys of its own, whose LeadSquared notes each request that arrives: when, and whether with rows."""

    keys: tuple[str, str] = ("", "")
    arrived: list[tuple[datetime, bool]] = field(default_factory=list)

    @property
    def account(self) -> Account:
        access_key, secret_key = (Secret(key) for key in self.keys)
        return replace(super().account, access_key=access_key, secret_key=secret_key)

    def noting(self, request: SimRequest, now: float, wall: datetime) -> Reply:
        """What the simulator does, noted before it counts anything itself."""
        self.arrived.append((wall, request.path == ADDING))
        return type(self.simulator).handle(self.simulator, request, now, wall)


@dataclass(frozen=True)
class Fate:
    """After how many requests with rows the keys are revoked, and the lid is shut. has_cable: what the line is like is seen."""

    revoked_after: int
    asleep_after: int
    has_cable: bool = True


FATES = {
    "the first evening": Fate(revoked_after=7, asleep_after=20),
    "the night of the change": Fate(revoked_after=41, asleep_after=33, has_cable=False),
    "asleep and revoked at once, on the last day": Fate(revoked_after=65, asleep_after=64),
}


def visit_times() -> Iterator[datetime]:
    """Local times in Berlin on both sides of the change, none of those that are there twice."""
    first = datetime(2026, 10, 24, 8, 0, tzinfo=BERLIN)
    for number in range(ROWS):
        moment = first + timedelta(minutes=10 * (number % 288))
        yield moment if not (moment.day == 25 and moment.hour == 2) else moment.replace(hour=4)


def rows() -> list[dict[str, str]]:
    times = (f"{moment:{WHEN}}" for moment in visit_times())
    return [
        {"Email": f"lead{number % 9}@example.com", "Visit": f"V{number:03}", "Remarks": when}
        for number, when in enumerate(times, 1)
    ]


def long_office(folder: Path, fate: Fate, dice: random.Random) -> LongOffice:
    """Everything as it is at the beginning of the first command."""
    mapping = f"{MAPPING.replace('ActivityNote', when_told())}input: {{time_zone: Europe/Berlin}}\n"
    options = {"latency": Latency(0.3, 3.0), "limit": RateLimit(LIMIT.count, LIMIT.seconds), "daily": DAILY}
    plain = office(folder, mapping=mapping, options=options)
    desk = LongOffice(plain.folder, plain.world, plain.mapping, limit=LIMIT, daily=DAILY, keys=plain.world.keys)
    desk.simulator.handle = desk.noting  # type: ignore[method-assign]
    desk.world.seconds = (BEGINS - BEGAN).total_seconds()
    if fate.has_cable:
        desk.world.cable = Cable(dice, 0.05, (0.3, 3.0), is_plain=False)
    return desk


def when_told() -> str:
    return f'{{to: ActivityDateTime, format: "{WHEN}"}}'


def events(desk: LongOffice, fate: Fate) -> dict[tuple[str, int], object]:
    """What happens when so many requests with rows have left, counted over all commands."""
    world = desk.world

    def shut_the_lid() -> None:
        world.outages.append(Outage(world.seconds, world.seconds + HOUR, "lid shut", answers_too=True))
        world.clock.doze(HOUR)

    def revoke() -> None:
        world.keys = ("new access key", "new secret key")

    return {
        ("sent", fate.asleep_after): lambda: world.at(world.seconds + 0.02, shut_the_lid),
        ("sent", fate.revoked_after): revoke,
    }


def until_tomorrow(desk: LongOffice) -> None:
    """The person comes back a little after midnight, UTC."""
    midnight = (desk.world.wall() + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    desk.world.pass_time((midnight - desk.world.wall()).total_seconds() + 60)


def run_to_the_end(desk: LongOffice, fate: Fate, sheet: Path) -> list[InputSummary]:
    """The same command again and again, with what each of its ends asks a person to do."""
    told: list[InputSummary] = []
    steps = Steps(at=events(desk, fate))  # type: ignore[arg-type]
    for _ in range(MOST_COMMANDS):
        steps.taken.clear()
        told.append(desk.run(sheet, steps=steps))
        assert told[-1].equation.holds
        if told[-1].exit_code == 5:
            desk.keys = desk.world.keys
        elif told[-1].exit_code == 6:
            until_tomorrow(desk)
        else:
            break
    return told


@pytest.mark.parametrize("fate", FATES.values(), ids=FATES)
def test_a_ten_hour_import_ends_with_every_row_sent_once(tmp_path: Path, fate: Fate) -> None:
    """Whatever falls into which of its hours: stopped for the day, for its keys, and asleep for an hour with rows in the air."""
    desk = long_office(tmp_path, fate, random.Random(fate.asleep_after))
    sheet = desk.sheet(rows())

    with machine_in("Asia/Beirut"), patch("etl.delivery.driver.STOP_LOOK_SECONDS", 60.0):  # for `etl stop`; nobody asks
        told = run_to_the_end(desk, fate, sheet)

    assert desk.stored == once(ROWS)
    assert sorted(one.exit_code for one in told) == [0, 5, 6, 6]
    assert told[-1].equation.outcomes[Outcome.CREATED] == ROWS
    invariants.check(desk.simulator.activities(), told[-1], sheet)
    _check_the_days(desk, told)
    _check_the_events(desk, told)
    _check_the_times(desk)


def _check_the_days(desk: LongOffice, told: list[InputSummary]) -> None:
    """No window above its limit and no day above its quota, by arrival; and the sentences of both zones' nights."""
    moments = [moment.timestamp() for moment, _ in desk.arrived]
    days = Counter(moment.date().day for moment, _ in desk.arrived)
    writes = [moment for moment, has_rows in desk.arrived if has_rows]
    spent = [one.next_step for one in told if one.exit_code == 6]
    invariants.check_server(desk.simulator.stats(), limit=LIMIT.count)
    assert busiest_window(moments, LIMIT.seconds) <= LIMIT.count
    assert set(days) == {24, 25, 26} and max(days.values()) <= DAILY
    assert desk.simulator.stats()["refused_for_quota"] == 0
    assert len(writes) * LIMIT.seconds / LIMIT.count >= 10 * HOUR
    assert [sentence.partition("run ")[2] for sentence in spent] == [
        "the same command after 00:00 UTC (02:00 in Europe/Berlin).",
        "the same command after 00:00 UTC (01:00 in Europe/Berlin).",
    ]
    for change in (datetime(2026, 10, 24, 21, tzinfo=UTC), datetime(2026, 10, 25, 1, tzinfo=UTC)):
        before, after = (max(one for one in writes if one < change), min(one for one in writes if one > change))
        assert after - before <= timedelta(minutes=80)  # it was at work, if not asleep for an hour


def _check_the_events(desk: LongOffice, told: list[InputSummary]) -> None:
    """All that was to happen did: keys refused, an answer lost to the sleep, and its rows read back."""
    assert desk.world.happened["machine asleep"] == 1
    assert desk.world.happened["answer lost with the network"] >= 1
    assert desk.codes["read_back"] >= 1
    assert desk.simulator.stats()["refused_for_keys"] >= 1
    assert "Invalid Access Details" in str(next(one.stop_reason for one in told if one.exit_code == 5))


def _check_the_times(desk: LongOffice) -> None:
    """Each local time of the sheet is stored as the moment it was in Berlin, on either side of the change."""
    meant = {
        f"V{number:03}": moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S")
        for number, moment in enumerate(visit_times(), 1)
    }
    held = {
        next(str(one["Value"]) for one in activity["Fields"] if one["SchemaName"] == "mx_Custom_1"): activity
        for activity in desk.simulator.activities()
    }
    assert {name: activity["ActivityDateTime"] for name, activity in held.items()} == meant
