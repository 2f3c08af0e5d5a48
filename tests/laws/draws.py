"""What a seed draws: the account and its peculiarities, what goes wrong, the sheet and its mapping."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace

from etl.records import Limit
from etl.simulator import (
    Aim,
    BulkFailureMode,
    BulkOrder,
    BulkSuccessShape,
    CreatedOnShows,
    EmptyListKey,
    Fault,
    FaultKind,
    ForbiddenForm,
    Latency,
    LeadShape,
    RateLimit,
    Read,
    RetrieveOffset,
    SimulatorOptions,
    Switches,
    ThrottleForm,
    ValuesOnReading,
)
from tests.laws.ways import MEANT, NOBODY, OPPORTUNITY, WITH_LEAD, Way

KEY_FIELD = "mx_Custom_20"
VISIBILITY_WAIT = 90.0
LATE_WAIT = 300.0

MAPPING = """
version: 1
name: visits
operation: {way.operation}
{way.search_by}input: {{time_zone: UTC}}
activity: {{event: {way.event}}}
columns:
  Email: {way.target}
  Visit: mx_Custom_1
  Remarks: {way.note}
  Amount: mx_Custom_2
{more}
"""
CORRECTED = {NOBODY: MEANT}
"""As people are called before each way writes their addresses."""

TIME = '  When: {to: ActivityDateTime, format: "%d/%m/%Y %H:%M"}\n'
SPARE_BLANKS = "  mx_Custom_5: {constant: '  Field  team '}\n"


@dataclass(frozen=True, slots=True)
class Row:
    email: str
    visit: str
    remarks: str
    amount: str
    when: str

    @property
    def cells(self) -> tuple[str, ...]:
        return (self.email, self.visit, self.remarks, self.amount, self.when)


HEADERS = ("Email", "Visit", "Remarks", "Amount", "When")


@dataclass(frozen=True, slots=True)
class Scene:
    """One account, one way to it and one mapping. may_stay_open: why rows may be unconfirmed even in the end; None: none may.

    revises: rows that are known and have other values are brought to their activities.
    """

    way: Way
    options: SimulatorOptions
    limit: Limit
    mapping: str
    has_key: bool
    is_unique: bool
    has_twins: bool
    may_stay_open: str | None
    crashes: bool
    faults: tuple[Fault, ...]
    tells_date: bool
    revises: bool = False


_AFTER_OR_BEFORE = (
    FaultKind.DROP_BEFORE,
    FaultKind.DROP_AFTER,
    FaultKind.BAD_GATEWAY_BEFORE,
    FaultKind.BAD_GATEWAY_AFTER,
    FaultKind.SERVER_ERROR_BEFORE,
    FaultKind.SERVER_ERROR_AFTER,
    FaultKind.UNAVAILABLE_BEFORE,
    FaultKind.UNAVAILABLE_AFTER,
)
_ANSWERS = (FaultKind.CUT_ANSWER, FaultKind.HTML_ANSWER, FaultKind.EMPTY_OBJECT, FaultKind.SLOW, FaultKind.THROTTLE)
READ_FAULTS = (*_AFTER_OR_BEFORE, *_ANSWERS, FaultKind.REFUSE)
WRITE_FAULTS = tuple(FaultKind)
HIDING = frozenset(
    {
        FaultKind.DROP_AFTER,
        FaultKind.SERVER_ERROR_AFTER,
        FaultKind.STORE_LATE,
        FaultKind.CUT_ANSWER,
        FaultKind.HTML_ANSWER,
        FaultKind.EMPTY_OBJECT,
        FaultKind.STORE_PARTLY,
    }
)
"""Faults that carry a request out as the faults after them say, and put another end in the place of a 504."""

LIMITS_OF_CABLES = ((1, 5), (2, 5), (3, 5), (5, 5))
"""So few requests that a short history fills windows, and has slots for which the line is asked."""

READS = (Read.BY_EVENT, Read.BY_LEAD, Read.LEADS, Read.LEADS_BY_IDS)
"""Those that a history may forbid; a longer list would draw other histories from the same seeds."""


def scene(dice: random.Random, way: Way) -> Scene:
    """An account, its mapping and its faults. Whatever the way, the dice fall alike."""
    has_key, is_unique, crashes = dice.random() < 0.5, dice.random() < 0.4, dice.random() < 0.6
    limit, theirs = dice.choice(
        [((25, 5), (25, 5))] * 6 + [((5, 5), (5, 5)), ((1, 5), (1, 5)), ((25, 5), (5, 5)), ((10, 5), (25, 5))]
    )
    switches = _switches(dice, has_key=has_key)
    faults = _faults(dice, switches, has_key=has_key, crashes=crashes)
    options = SimulatorOptions(
        seed=dice.getrandbits(32),
        limit=RateLimit(theirs[0], float(theirs[1])),
        latency=dice.choice([Latency(0.0, 0.0), Latency(0.02, 0.4), Latency(0.02, 0.4), Latency(0.5, 3.0)]),
        switches=switches,
        clock_skew_seconds=dice.choice([0.0, 0.0, 0.0, 600.0, -600.0, dice.uniform(-600.0, 600.0)]),
        daily=dice.choice([None] * 19 + [40]),
        **way.options,
    )
    has_key, is_unique = has_key and way.makes_new, is_unique and way.makes_new
    mapping = _mapping(dice, way, has_key=has_key, is_unique=is_unique)
    has_twins = any(fault.kind is FaultKind.TWIN for fault in faults)
    drawn = Scene(
        way,
        options,
        Limit(limit[0], float(limit[1])),
        mapping,
        has_key,
        is_unique,
        has_twins,
        None,
        crashes,
        faults,
        dice.random() < 0.8,
    )
    # The last of the dice, so that what falls before stays as it was; and so that the histories which the suite tells stay.
    if is_unique and not has_twins and 0.5 <= dice.random() < 0.75:
        drawn = replace(drawn, mapping=f"{mapping}on_change: update\n", revises=True)
    return replace(drawn, may_stay_open=_hindrance(drawn))


def watched(drawn: Scene, dice: random.Random) -> Scene:
    """The same with a line that is watched: mostly under a limit of which each slot counts."""
    if dice.random() < 0.3:
        return drawn
    count, seconds = dice.choice(LIMITS_OF_CABLES)
    options = replace(drawn.options, limit=RateLimit(count, float(seconds)))
    return replace(drawn, options=options, limit=Limit(count, float(seconds)))


def _mapping(dice: random.Random, way: Way, *, has_key: bool, is_unique: bool) -> str:
    has_time, has_spare = dice.random() < 0.5, dice.random() < 0.3
    more = TIME if has_time and way.has_time else ""
    values = (SPARE_BLANKS if has_spare else "") + way.values
    more += f"values:\n{values}" if values else ""
    more += "unique_by: [Visit]\n" if is_unique else ""
    more += f"row_key_field: {KEY_FIELD}\n" if has_key else ""
    return MAPPING.format(way=way, more=more)


def _switches(dice: random.Random, *, has_key: bool) -> Switches:
    delay = dice.choice([0.0] * 7 + [2.0, 30.0, 30.0, 80.0, 150.0, 250.0])
    forbidden = frozenset(read for read in READS if dice.random() < 0.4) if dice.random() < 0.2 else frozenset()
    return Switches(
        bulk_failure_mode=dice.choice(list(BulkFailureMode)),
        bulk_order=dice.choice([BulkOrder.KEPT, BulkOrder.KEPT, *BulkOrder]),
        bulk_success_shape=dice.choice([BulkSuccessShape.RESPONSE] * 15 + list(BulkSuccessShape)),
        throttle_form=dice.choice(list(ThrottleForm)),
        retry_after=dice.random() < 0.5,
        error_in_200=dice.random() < 0.2,
        by_event_delay_seconds=delay,
        by_lead_delay_seconds=delay if dice.random() < 0.7 else dice.choice([0.0, 30.0, 150.0]),
        subsecond=dice.random() < 0.8,
        retrieve_offset=dice.choice(list(RetrieveOffset)),
        empty_list_key=dice.choice(list(EmptyListKey)),
        lead_shape=dice.choice(list(LeadShape)),
        values_on_reading=dice.choice([ValuesOnReading.AS_SENT] * 16 + list(ValuesOnReading)),
        values_cut_to=dice.choice([50, 30]),
        created_on_shows=dice.choice([CreatedOnShows.ACTIVITY_TIME] * 3 + [CreatedOnShows.WRITE_TIME]),
        reads_forbidden=forbidden,
        forbidden_form=dice.choice(list(ForbiddenForm)),
        fields_lost=frozenset({KEY_FIELD}) if has_key and dice.random() < 0.08 else frozenset(),
        row_key_fields=frozenset({KEY_FIELD}) if has_key else frozenset(),
    )


def _faults(dice: random.Random, switches: Switches, *, has_key: bool, crashes: bool) -> tuple[Fault, ...]:
    """None, one alone, or a mixture; over writes and sometimes over reads."""
    kinds = [kind for kind in WRITE_FAULTS if kind is not FaultKind.DUPLICATE_ID or has_key]
    number = dice.choice([0, 1, 1, 1, 2, 3, 4])
    struck = [_fault(kind, Aim.WRITES, dice, switches, crashes=crashes) for kind in dice.sample(kinds, number)]
    if dice.random() < 0.3:
        struck += [
            _fault(kind, Aim.READS, dice, switches, crashes=crashes)
            for kind in dice.sample(READ_FAULTS, dice.choice([1, 1, 2]))
        ]
    return tuple(_with_hidden_ones_early([fault for fault in struck if fault is not None], switches))


def _with_hidden_ones_early(faults: list[Fault], switches: Switches) -> Iterator[Fault]:
    """A 504 behind another end tells nobody to wait longer: what it carries out late comes within the untold time, or never."""
    longest = _longest_untold(switches)
    for place, fault in enumerate(faults):
        is_hidden = any(earlier.kind in HIDING and earlier.aim is fault.aim for earlier in faults[:place])
        if fault.kind is not FaultKind.GATEWAY_TIMEOUT_LATE or not is_hidden:
            yield fault
        elif longest > 0:
            yield replace(fault, seconds=min(fault.lasts_seconds, longest))


def _longest_untold(switches: Switches) -> float:
    """How late a request may be carried out whose end did not say that it may be."""
    return VISIBILITY_WAIT - max(switches.by_event_delay_seconds, switches.by_lead_delay_seconds) - 5.0


def _fault(kind: FaultKind, aim: Aim, dice: random.Random, switches: Switches, *, crashes: bool) -> Fault | None:
    """A fault; None where what it does lies beyond what any client can exclude."""
    share = dice.choice([0.1, 0.3, 0.3, 0.5, 0.7]) if kind is not FaultKind.REDIRECT else 0.15
    numbers = frozenset(dice.sample(range(1, 7), dice.choice([0, 0, 1, 2])))
    seconds = None
    if kind is FaultKind.SLOW:
        seconds = dice.choice([121.0, 150.0, 290.0])
    if kind in {FaultKind.STORE_LATE, FaultKind.GATEWAY_TIMEOUT_LATE}:
        is_told_late = kind is FaultKind.GATEWAY_TIMEOUT_LATE and not crashes
        longest = LATE_WAIT - 5.0 if is_told_late else _longest_untold(switches)
        if longest <= 0:
            return None
        seconds = dice.uniform(0.0, longest)
    return Fault(kind, share, numbers, aim, seconds)


def _hindrance(drawn: Scene) -> str | None:
    """Why rows may have to stay unconfirmed."""
    switches = drawn.options.switches
    forbidden = switches.reads_forbidden
    if Read.BY_EVENT in forbidden and (Read.BY_LEAD in forbidden or Read.LEADS in forbidden):
        return "reads forbidden"
    if switches.bulk_success_shape is BulkSuccessShape.COUNT:
        return "answers name no rows"
    if any(fault.kind is FaultKind.DUPLICATE_ID for fault in drawn.faults):
        return "ids of other rows"
    if drawn.way.operation == WITH_LEAD and switches.by_event_delay_seconds > VISIBILITY_WAIT:
        return "shown later than is waited for"
    if drawn.way.operation == OPPORTUNITY and (Read.BY_EVENT in forbidden or switches.fields_lost or not drawn.has_key):
        return "opportunities without row keys"
    if drawn.has_key and not switches.fields_lost:
        return None
    if drawn.has_twins:
        return "equal activities by somebody else"
    if switches.values_on_reading is not ValuesOnReading.AS_SENT:
        return "values are shown otherwise"
    if TIME in drawn.mapping and switches.created_on_shows is CreatedOnShows.WRITE_TIME:
        return "times are shown otherwise"
    if Read.LEADS_BY_IDS in forbidden or Read.LEADS in forbidden:
        return "leads of activities cannot be told"
    return None


def sheet(dice: random.Random, *, is_short: bool) -> list[Row]:
    """Rows; some equal, some of leads that do not exist."""
    count = (
        dice.randrange(2, 30)
        if is_short
        else dice.choice(
            [dice.randrange(2, 20), dice.randrange(10, 40), dice.randrange(20, 40), dice.randrange(40, 100)]
        )
    )
    leads, bad = dice.choice([3, 10, 60]), dice.choice([0.0, 0.0, 0.03, 0.1])
    rows: list[Row] = []
    for number in range(count):
        rows.append(new_row(dice, number, leads, bad))
        if dice.random() < 0.08:
            rows += [rows[-1]] * dice.choice([1, 1, 2])
    if dice.random() < 0.3:
        dice.shuffle(rows)
    return rows


def new_row(dice: random.Random, number: int, leads: int = 10, bad: float = 0.0) -> Row:
    email = f"person{dice.randrange(leads)}@example.com"
    if dice.random() < bad:
        email = "nobody@example.com"
    remarks = dice.choice([f"note {number}", f"note  {number}", "", "the same note", f"long {number} " + "x" * 60])
    return Row(
        email, f"V{number:03}", remarks, dice.choice(["5", "12.5", "", "7"]), f"{1 + number % 28:02}/05/2026 10:30"
    )


def edited(rows: list[Row], dice: random.Random, fresh: int) -> list[Row]:
    """The sheet as it looks the next day: rows corrected, changed, added, dropped, moved."""
    now = list(rows)
    for _ in range(dice.choice([1, 2, 5])):
        kind = dice.choice(["correct", "change", "add", "drop", "move", "again"])
        place = dice.randrange(len(now)) if now else 0
        if kind == "add" or not now:
            fresh += 1
            now.append(new_row(dice, fresh))
        elif kind == "correct":
            bad = [at for at, row in enumerate(now) if row.email.startswith("nobody@")]
            place = dice.choice(bad) if bad else place
            now[place] = replace(now[place], email=CORRECTED.get(now[place].email, "person1@example.com"))
        elif kind == "change":
            now[place] = replace(now[place], remarks=f"{now[place].remarks} changed {dice.randrange(9)}")
        elif kind == "drop":
            del now[place]
        elif kind == "move":
            now.insert(dice.randrange(len(now)), now.pop(place))
        else:
            now.append(now[place])
    return now or [new_row(dice, fresh + 1)]
