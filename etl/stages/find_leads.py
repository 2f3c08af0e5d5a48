"""Finding the leads of a sheet that does not know their ids: after all of it was read and mapped, before anything is sent.

Each lead is looked up once, side by side with others, under the account's limits. What was found is kept some dozen at a
time, so that a run that is stopped goes on where it was.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from etl.api.leads import holds, leads_with, requests_for
from etl.errors import EtlError, RefusedError, StoppedError
from etl.events import FindingLeads, LookUps
from etl.records import Window
from etl.stages.lead_memory import distinct_ids, of_value, of_whole

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    from etl.api.asking import Read
    from etl.events import Event, StopSignal
    from etl.ledger.found_leads import AskedFor
    from etl.ledger.requests import Allowance
    from etl.mapping.apply import AppliedRow
    from etl.mapping.lead_columns import KnownBy, LeadValue
    from etl.stages.connect import Connection
    from etl.stages.lead_memory import LeadMemory
    from etl.stages.prepare import PreparedInput

Chosen: TypeAlias = "Callable[[int, int], Collection[int]]"
"""Tells which rows of a stretch of the sheet go out, by the numbers of its first and last row."""

AT_ONCE = 40
"""So many leads are looked up between two notes in the ledger."""

MOST_NAMES = 10_000
"""Names of candidates that are remembered, to be shown with their ids."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What looking up needs of the world."""

    connection: Connection
    memory: LeadMemory
    events: Callable[[Event], None]
    stop: StopSignal


@dataclass(slots=True)
class _Told:
    """What the look-ups of one lead told. found: by the values that were asked by. untold: those that nothing was said to.

    ids: all leads that it leads to; None where the look-ups were not made, because of the trouble or because of a stop.
    """

    known_by: KnownBy
    found: dict[LeadValue, tuple[str, ...]] = field(default_factory=dict)
    untold: list[LeadValue] = field(default_factory=list)
    names: dict[str, str] = field(default_factory=dict)
    ids: tuple[str, ...] | None = None
    trouble: EtlError | None = None


def rows_to_find(prepared: PreparedInput, chosen: Chosen) -> Iterator[list[AppliedRow]]:
    """The rows whose leads are wanted, block by block."""
    for rows in prepared.applied(addressed=False):
        if rows:
            wanted = chosen(rows[0].row_number, rows[-1].row_number)
            yield [row for row in rows if row.row_number in wanted]


def look_ups(prepared: PreparedInput, memory: LeadMemory, chosen: Chosen, allowance: Allowance) -> LookUps:
    """How many leads have to be looked up, and what that takes at most. Nothing is asked."""
    return _wanted(prepared, memory, chosen, allowance, forget=False)[1]


def all_found(prepared: PreparedInput, memory: LeadMemory, chosen: Chosen) -> bool:
    """Whether the leads of these rows are known without asking, each one of them."""
    for rows in rows_to_find(prepared, chosen):
        known_by = [row.known_by for row in rows]
        if memory.open_(known_by) or any(len(ids or ()) != 1 for ids in memory.sought(known_by).values()):
            return False
    return True


def _wanted(
    prepared: PreparedInput, memory: LeadMemory, chosen: Chosen, allowance: Allowance, *, forget: bool
) -> tuple[set[bytes], LookUps]:
    """The same, with the marks of those leads: all that is held of them at once."""
    marks: set[bytes] = set()
    values: set[AskedFor] = set()
    requests = 0
    for rows in rows_to_find(prepared, chosen):
        for known_by, known in memory.open_((row.known_by for row in rows), forget=forget).items():
            marks.add(of_whole(known_by)[1])
            for value in known_by:
                if of_value(value) not in known and of_value(value) not in values:
                    values.add(of_value(value))
                    requests += requests_for(value.asked_by, value.value)
    limit = allowance.limits[Window.GENERAL]
    return marks, LookUps(len(marks), requests, max(0, (requests - 1) // limit.count) * limit.seconds)


class LeadSearch:
    """The look-ups for one input. names: of leads that share a value, by casefolded id, where LeadSquared shows some."""

    def __init__(self, prepared: PreparedInput, desk: Desk) -> None:
        self._prepared = prepared
        self._desk = desk
        self._account_id = desk.connection.record.account_id
        self._answered: set[str] = set()
        self.names: dict[str, str] = {}

    def go(self, chosen: Chosen) -> None:
        """Look up what is not known. A wish to stop ends it early; what was found by then is kept.

        Raises: RefusedError — LeadSquared does not let this user look leads up. NetworkError — it cannot be asked.
        """
        marks, ahead = _wanted(self._prepared, self._desk.memory, chosen, self._desk.connection.allowance, forget=True)
        if not marks:
            return
        done = 0
        self._tell(done, ahead)
        for batch in self._batches(marks, chosen):
            told: list[_Told] = []
            with suppress(StoppedError):  # the stop itself is seen below, when what was found is kept
                self._ask(batch, told)
            self._keep(told)
            done += len(batch)
            self._tell(done, ahead)
            if self._desk.stop.reason is not None:
                return

    def _tell(self, done: int, ahead: LookUps) -> None:
        left = ahead.seconds * (ahead.leads - done) / ahead.leads
        self._desk.events(FindingLeads(self._prepared.shown, done, ahead.leads, left))

    def _batches(self, marks: set[bytes], chosen: Chosen) -> Iterator[list[KnownBy]]:
        """The leads in the order of the sheet, each once; no two of one batch share a value, which is asked once."""
        batch: list[KnownBy] = []
        values: set[AskedFor] = set()
        for rows in rows_to_find(self._prepared, chosen):
            for row in rows:
                mark = of_whole(row.known_by)[1]
                if mark not in marks:
                    continue
                marks.discard(mark)
                mine = {of_value(value) for value in row.known_by}
                if len(batch) == AT_ONCE or values & mine:
                    yield batch
                    batch, values = [], set()
                batch.append(row.known_by)
                values |= mine
        if batch:
            yield batch

    def _ask(self, batch: list[KnownBy], told: list[_Told]) -> None:
        """Look these leads up. told: takes what each gave, also when others are given up.

        Raises: QuotaSpentError, StoppedError.
        """
        known = self._desk.memory.known(batch)
        troubles: list[EtlError] = []

        def work(read: Read, known_by: KnownBy) -> None:
            """In a thread. What goes wrong with one look-up must not cost what the others have found."""
            if troubles or self._desk.stop.reason is not None:
                return
            try:
                told.append(_look_up(read, known_by, known))
            except EtlError as error:
                troubles.append(error)
                told.append(_Told(known_by, trouble=error))

        self._desk.connection.each(work, batch)

    def _keep(self, told: list[_Told]) -> None:
        """Note what was found, then raise what went wrong."""
        found: dict[AskedFor, tuple[str, ...]] = {}
        for one in told:
            found |= {of_value(value): ids for value, ids in one.found.items()}
            if one.ids is not None and len(one.known_by) > 1:
                found[of_whole(one.known_by)] = one.ids
            if len(self.names) < MOST_NAMES:
                self.names |= one.names
        self._answered |= {asked_by for asked_by, _ in found}
        untold = [value for one in told for value in one.untold]
        silent = [value for value in untold if not self._is_answered(value.asked_by)]
        # where others are answered, no answer is an answer: some accounts say 404 for a number that nobody has
        found |= {of_value(value): () for value in untold if value not in silent}
        self._desk.memory.found_leads.note(self._account_id, found)
        trouble = next((one.trouble for one in told if one.trouble is not None), None)
        if trouble is not None:
            raise trouble
        if silent:
            raise RefusedError(_SILENT.format(field=silent[0].asked_by, column=_header(silent[0])))

    def _is_answered(self, asked_by: str) -> bool:
        return asked_by in self._answered or self._desk.memory.found_leads.is_answered(self._account_id, asked_by)


_SILENT = (
    "LeadSquared does not answer a look-up of leads by {field} (column {column}): the user of these keys may not look leads "
    "up, or the account has no such field, or it answers “not found” for every value of this sheet. Nothing was sent. Let "
    "an administrator of LeadSquared allow it, correct find_by in the mapping, or check the values."
)


def _header(value: LeadValue) -> str:
    return value.column.header if value.column else value.lead_field


def _look_up(read: Read, known_by: KnownBy, known: Mapping[AskedFor, tuple[str, ...]]) -> _Told:
    """Ask by each value in turn. A further value that the lead found first shows itself needs no question of its own."""
    told = _Told(known_by)
    ids: list[str] = []
    first: Mapping[str, str] | None = None
    for value in known_by:
        if (remembered := known.get(of_value(value))) is not None:
            ids += remembered
            continue
        if first is not None and holds(first, value.asked_by, value.value):
            continue
        leads = leads_with(read, value.asked_by, value.value)
        if leads is None:
            told.untold.append(value)
            continue
        told.found[value] = distinct_ids(lead["ProspectID"] for lead in leads)
        told.names |= {lead["ProspectID"].casefold(): name for lead in leads if (name := _name(lead))}
        ids += told.found[value]
        first = leads[0] if len(leads) == 1 else None
    told.ids = distinct_ids(ids)
    return told


def _name(lead: Mapping[str, str]) -> str:
    """What a person calls a lead: its name, else its e-mail address."""
    whole = " ".join(filter(None, (lead.get("FirstName"), lead.get("LastName"))))
    return whole or lead.get("EmailAddress", "")
