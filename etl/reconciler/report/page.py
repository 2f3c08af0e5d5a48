"""The page as text: the facts of a run put into the template, with one style sheet within and nothing from outside.

Every value passes jinja2's escaping; only the pictures, which are made of numbers and our own words, go in as markup.
A policy in the page's head forbids scripts, the network and every style but the one whose hash it names.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from etl.reconciler.counts import Equation
from etl.reconciler.report.chart import picture
from etl.records import NEEDS_A_PERSON, STORED, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jinja2 import Environment

    from etl.reconciler.report.facts import Pace, RunPage
    from etl.reconciler.report.stretches import Stretch

GENERATOR = "etl report"
"""What the page's head names as its maker; by this a page is known as one of ours."""

MEANINGS = {
    Outcome.CREATED: "LeadSquared said so, or reading back proved it.",
    Outcome.UPDATED: "The activity was there and has these values now.",
    Outcome.ALREADY_IMPORTED: "In LeadSquared from an earlier run, or an equal row of this one; not sent again.",
    Outcome.CHANGED: "In LeadSquared with other values than the sheet has now.",
    Outcome.INVALID: "Never sent: a cell does not fit the mapping.",
    Outcome.REFUSED: "LeadSquared refused it.",
    Outcome.UNCONFIRMED: "Sent, and not known yet whether it arrived. Do not enter it by hand.",
    Outcome.WAITING: "Not sent yet; the next run sends it.",
    Outcome.IGNORED: "Left out by the mapping's own words.",
    Outcome.UNDONE: "It was created and taken back since, by etl undo.",
}

_MARKS = {"good": "✓", "bad": "✕", "open": "…", "quiet": "–"}
_LINES_OF_A_STRETCH = 8


@dataclass(frozen=True, slots=True)
class _OutcomeLine:
    """One line of the table of outcomes. kind: good, bad, open or quiet, each with a mark of its own."""

    name: str
    rows: int
    share: float
    meaning: str
    kind: str

    @property
    def mark(self) -> str:
        return _MARKS[self.kind]

    @property
    def percent(self) -> str:
        return share_in_words(self.share)


@dataclass(frozen=True, slots=True)
class _Spell:
    """What a picture shows, as a line of a table."""

    began: float
    seconds: float
    rows: int
    rows_per_second: float
    refused: int


@dataclass(frozen=True, slots=True)
class _Figure:
    """One stretch with its picture and the same in numbers."""

    stretch: Stretch
    markup: str
    spells: tuple[_Spell, ...]


def share_in_words(share: float) -> str:
    """`98.5 %`; a share that is not quite nothing or not quite all never looks like it."""
    if 0 < share < 0.001:
        return "< 0.1 %"
    if 0.999 < share < 1:
        return "> 99.9 %"
    return f"{share * 100:.1f} %".replace(".0 %", " %")


def page(facts: RunPage) -> str:
    """The whole HTML file."""
    from markupsafe import Markup  # noqa: PLC0415 — comes with jinja2, slow to load

    style = resources.files(__package__).joinpath("templates", "style.css").read_text("utf-8")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    template = environment(facts.zone).get_template("report.html.j2")
    return template.render(
        facts=facts,
        style=Markup(style),  # noqa: S704 — our own file; its hash stands in the policy
        style_hash=digest,
        generator=GENERATOR,
        outcomes=tuple(_outcomes(facts)),
        equation=str(Equation(facts.data_rows, facts.counts)),
        stored=_stored(facts),
        need_a_person=sum(facts.counts.get(one, 0) for one in NEEDS_A_PERSON),
        unconfirmed=facts.counts.get(Outcome.UNCONFIRMED, 0),
        waiting=facts.counts.get(Outcome.WAITING, 0),
        figures=tuple(_figures(facts.pace)) if facts.pace else (),
    )


def environment(zone: str | None) -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 — slow to load, only a report needs it

    made = Environment(
        loader=PackageLoader("etl.reconciler.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    local = ZoneInfo(zone) if zone else None
    made.filters["moment"] = lambda seconds: _moment(seconds, local)
    made.filters["clock"] = lambda seconds: f"{datetime.fromtimestamp(seconds, UTC):%H:%M:%S}"
    made.filters["iso"] = lambda seconds: datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    made.filters["number"] = lambda value: f"{value:,}"
    made.filters["rate"] = lambda value: f"{value:,.1f}".removesuffix(".0")
    made.filters["lasting"] = _lasting
    return made


def moment_in_words(seconds: float, zone: str | None) -> str:
    """`2026-06-03 08:10:02 UTC (13:40:02 Asia/Kolkata)`. zone: of the sheet, None where the mapping names none."""
    return _moment(seconds, ZoneInfo(zone) if zone else None)


def _moment(seconds: float, zone: ZoneInfo | None) -> str:
    moment = datetime.fromtimestamp(seconds, UTC)
    shown = f"{moment:%Y-%m-%d %H:%M:%S} UTC"
    if zone is None:
        return shown
    there = moment.astimezone(zone)
    day = "" if there.date() == moment.date() else f"{there:%Y-%m-%d} "
    return f"{shown} ({day}{there:%H:%M} {zone.key})"


def _lasting(seconds: float) -> str:
    whole = round(seconds)
    if whole < 120:
        return f"{whole} s"
    if whole < 7200:
        return f"{round(whole / 60)} min"
    return f"{whole / 3600:.1f} h".replace(".0 h", " h")


def _outcomes(facts: RunPage) -> Iterator[_OutcomeLine]:
    """The outcomes that occur, in their fixed order."""
    for outcome in Outcome:
        rows = facts.counts.get(outcome, 0)
        if rows:
            share = rows / facts.data_rows if facts.data_rows else 0.0
            yield _OutcomeLine(outcome.replace("_", " "), rows, share, MEANINGS[outcome], _kind(outcome))


def _kind(outcome: Outcome) -> str:
    if outcome in STORED or outcome is Outcome.ALREADY_IMPORTED:
        return "good"
    if outcome in NEEDS_A_PERSON:
        return "bad"
    return "quiet" if outcome in {Outcome.IGNORED, Outcome.UNDONE} else "open"


def _stored(facts: RunPage) -> int:
    return sum(facts.counts.get(one, 0) for one in (*STORED, Outcome.ALREADY_IMPORTED))


def _figures(pace: Pace) -> Iterator[_Figure]:
    from markupsafe import Markup  # noqa: PLC0415 — see above

    for stretch in pace.stretches:
        title = f"Rows per second over {_lasting(stretch.seconds)}, in UTC"
        told = (
            f"{stretch.rows:,} rows, {stretch.mean:,.1f} a second on average, {stretch.most:,.1f} at most; the limit allows "
            f"{pace.rows_per_second:,.1f}"
        )
        markup = Markup(picture(stretch, pace.rows_per_second, title, told))  # noqa: S704 — numbers and our own words
        yield _Figure(stretch, markup, tuple(_spells(stretch)))


def _spells(stretch: Stretch) -> Iterator[_Spell]:
    """The columns of a stretch, put together to a few lines."""
    each = -(-len(stretch.columns) // _LINES_OF_A_STRETCH)
    for first in range(0, len(stretch.columns), each):
        some = stretch.columns[first : first + each]
        rows, seconds = sum(one.rows for one in some), len(some) * stretch.column_seconds
        began = stretch.began + first * stretch.column_seconds
        yield _Spell(began, seconds, rows, rows / seconds, sum(one.refused for one in some))
