"""What LeadSquared shows of the first rows of a run: looked for until they are visible, or have had their time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etl.delivery.driver import cause_of
from etl.events import PilotRow, ReadingBack
from etl.ledger.doubts import CreatedRow
from etl.operations.contract import Proof
from etl.reconciler.sent import same_text
from etl.records import STORED, Outcome
from etl.stages.audit import Audit
from etl.stages.audit_findings import Finding
from etl.stages.audit_values import values_found
from etl.stages.by_id import updates_of
from etl.stages.sources import ByTime

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from etl.delivery.decide import StopCause
    from etl.ledger.doubts import Sent
    from etl.ledger.runs import SentLine
    from etl.reconciler.sent import SentRow
    from etl.records import SeenActivity
    from etl.stages.audit_leads import OfLead

_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 15.0
_SHOWN_CHARACTERS = 60
"""So much of a value is shown: a person recognises it, and ten rows stay ten lines or little more."""

_IN_WORDS = {
    Outcome.REFUSED: "refused",
    Outcome.UNCONFIRMED: "it is not known whether LeadSquared stored it",
    Outcome.WAITING: "not stored; it waits to be sent again",
}


@dataclass
class FirstRows(Audit):
    """Reads back rows that have just gone out. What it finds is shown to a person, and not noted in the ledger."""

    _leads: dict[int, str] = field(default_factory=dict)
    _shows: dict[int, str] = field(default_factory=dict)

    def look(self, lines: Sequence[SentLine]) -> tuple[list[PilotRow], StopCause | None]:
        """Look until all of them are visible, or the visibility wait is over.

        Returns: what is to be shown, and the wish to stop that ended it. Raises: RefusedError, NetworkError.
        """
        stored = [
            CreatedRow(line.row_id, line.row_number, line.activity_id, line.request_id, line.position)
            for line in lines
            if line.outcome in STORED
        ]
        requests = self.desk.ledger.doubts.requests({line.request_id for line in lines})
        self._source = ByTime(self.desk.connection.read, self.addressing, self.desk.connection.each)
        cause = self._until_visible(stored, requests)
        self._name_leads(lines, requests)
        return [self._row(line) for line in lines], cause

    def as_known(self, lines: Sequence[SentLine]) -> list[PilotRow]:
        """What is known of them without asking."""
        self._name_leads(lines, self.desk.ledger.doubts.requests({line.request_id for line in lines}))
        return [self._row(line) for line in lines]

    def _until_visible(self, rows: Sequence[CreatedRow], requests: Mapping[int, Sent]) -> StopCause | None:
        clock, pause = self.desk.clock, _FIRST_PAUSE_SECONDS
        until = clock.monotonic() + self.desk.connection.account.visibility_wait_seconds
        missing = list(rows)
        while missing:
            told = self._told_of(missing, requests)
            missing = [row for row in missing if told.get(row.row_id, "").startswith(Finding.MISSING)]
            if not missing or clock.monotonic() >= until:
                return None
            cause = self._wait(min(until, clock.monotonic() + pause), len(missing), len(rows) - len(missing))
            if cause is not None:
                return cause
            pause = min(_LONGEST_PAUSE_SECONDS, 2 * pause)
        return None

    def _wait(self, until: float, missing: int, found: int) -> StopCause | None:
        clock = self.desk.clock
        while (left := until - clock.monotonic()) > 0:
            if self.desk.stop.reason is not None:
                return cause_of(self.desk.stop)
            self.desk.events(ReadingBack(self.shown, missing, found, left, None))
            clock.sleep(min(1.0, left))
        return None

    def _told_of(self, rows: Sequence[CreatedRow], requests: Mapping[int, Sent]) -> dict[int, str]:
        """What is found out about each row, by row_id."""
        if self.addressing.operation.proof is not Proof.VALUES:
            return self._found(rows, requests)
        told = values_found(rows, requests, self.addressing, self.desk)
        for row in rows:
            words, of_request = told[row.row_id], updates_of(requests[row.request_id or 0], self.addressing)
            is_held = words.startswith(Finding.HELD) and row.position is not None
            self._shows[row.row_id] = _values(of_request[(row.position or 1) - 1].values) if is_held else words
        return told

    def _told(
        self,
        row: CreatedRow,
        sent: SentRow | None,
        shown: Mapping[str, SeenActivity],
        copies: object,
        of_lead: OfLead,
    ) -> str:
        told = super()._told(row, sent, shown, copies, of_lead)  # type: ignore[arg-type]  # as handed over
        activity = shown.get(same_text(row.activity_id)) if row.activity_id else None
        if activity is None:
            self._shows[row.row_id] = told if row.activity_id else "stored, under an id that is not told"
        else:
            finding, _, words = told.partition(":")
            is_as_sent = finding == Finding.HELD
            self._shows[row.row_id] = _activity(activity) + ("" if is_as_sent else f" [{finding}:{words}]")
        return told

    def _name_leads(self, lines: Sequence[SentLine], requests: Mapping[int, Sent]) -> None:
        """Under which lead each row went out, refused ones among them."""
        rows = [CreatedRow(one.row_id, one.row_number, None, one.request_id, one.position) for one in lines]
        bodies = self._bodies(rows, requests)
        self._leads = {row_id: str(body.get(self.addressing.member, "")) for row_id, body in bodies.items()}

    def _row(self, line: SentLine) -> PilotRow:
        shows = self._shows.get(line.row_id) or _IN_WORDS.get(line.outcome) or Finding.NOT_READ.value
        if line.outcome not in STORED and line.error:
            shows = f"{shows}: {line.error}"
        return PilotRow(line.row_number, self._leads.get(line.row_id, ""), line.activity_id, line.outcome, shows)


def _activity(activity: SeenActivity) -> str:
    """`2026-06-03 09:30 UTC · "Met the owner" · mx_Custom_1 "V-00001"`."""
    parts = [f"{activity.created_on:%Y-%m-%d %H:%M} UTC"] if activity.created_on else []
    if activity.note:
        parts.append(f'"{_short(activity.note)}"')
    return " · ".join([*parts, *_named(activity.values)])


def _values(values: Mapping[str, str]) -> str:
    return " · ".join(_named(values))


def _named(values: Mapping[str, str]) -> Iterator[str]:
    return (f'{name} "{_short(value)}"' for name, value in values.items())


def _short(text: str) -> str:
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[: _SHOWN_CHARACTERS - 1]}…"
