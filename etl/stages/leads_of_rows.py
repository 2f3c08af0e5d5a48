"""The rows of a plan and their leads: found, missing or ambiguous; and the file of missing leads for LeadSquared's import."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etl.delivery.driver import cause_of
from etl.events import Note
from etl.findings import Finding, LeadAmbiguous, LeadMissing
from etl.mapping.lead_columns import LEAD, lead_columns
from etl.mapping.lead_rules import MissingLead
from etl.reconciler.names import new_leads_beside
from etl.reconciler.new_leads import MOST_LINES, NewLeads, write_new_leads
from etl.reconciler.put_in_place import put_in_place, take_away
from etl.records import Place
from etl.stages.find_leads import Desk, LeadSearch, all_found, rows_to_find
from etl.stages.lead_memory import in_words, of_value
from etl.stages.writer import names_of_input

if TYPE_CHECKING:
    from pathlib import Path

    from etl.delivery.decide import StopCause
    from etl.ledger.runs import RunRecord
    from etl.mapping.apply import AppliedRow
    from etl.mapping.lead_columns import KnownBy, LeadValue
    from etl.mapping.model import Mapping
    from etl.stages.find_leads import Chosen
    from etl.stages.lead_memory import LeadMemory
    from etl.stages.prepare import PreparedInput
    from etl.stages.session import Inquiry, Session


def find_leads(prepared: PreparedInput, session: Inquiry) -> StopCause | None:
    """Find the leads of all rows of the plan that go out, and keep back those that have none. Nothing is sent.

    Returns: why it was stopped before the end, if it was; what was found by then is kept.
    Raises:  RefusedError, NetworkError — LeadSquared cannot be asked. UsageError — the file of new leads has no place.
    """
    if prepared.mapping.mapping.leads is None or prepared.leads is None:
        return None

    def chosen(first: int, last: int) -> set[int]:
        return set(session.plan.to_send(prepared.number, first, last))

    search = LeadSearch(prepared, Desk(session.connection, prepared.leads, session.events, session.stop))
    search.go(chosen)
    if session.stop.reason is not None:
        return cause_of(session.stop)
    _KeptBack(prepared, prepared.leads, session, search.names).settle(chosen)
    return None


def is_to_find_anew(prepared: PreparedInput, run: RunRecord, session: Session) -> bool:
    """Whether a run cannot just go on: leads that it missed may be there by now, or those of waiting rows are not known."""
    if prepared.leads is None or session.options.duplicate is not None:
        return False
    if session.ledger.found_leads.has_leadless(run.run_id) and not session.ledger.runs.has_doubts(run.run_id):
        return True

    def waiting(first: int, last: int) -> set[int]:
        return set(session.ledger.runs.waiting(run.run_id, first, last))

    if run.state != "finished":
        return not all_found(prepared, prepared.leads, waiting)
    return _has_lead_that_moved(prepared, prepared.leads, run, session)


def _has_lead_that_moved(prepared: PreparedInput, memory: LeadMemory, run: RunRecord, session: Session) -> bool:
    """Whether a lead for which a row was refused is another one by now: it was deleted, or merged. Looked up for that."""
    found_leads = session.ledger.found_leads
    if not found_leads.has_refused(run.run_id):
        return False

    def refused(first: int, last: int) -> set[int]:
        return found_leads.refused_rows(run.run_id, first, last)

    def of_refused() -> dict[KnownBy, tuple[str, ...] | None]:
        found: dict[KnownBy, tuple[str, ...] | None] = {}
        for rows in rows_to_find(prepared, refused):
            found |= memory.sought(row.known_by for row in rows)
        return found

    before = of_refused()
    LeadSearch(prepared, Desk(session.connection, memory, session.events, session.stop)).go(refused)
    return session.stop.reason is None and of_refused() != before


@dataclass(slots=True)
class _Block:
    """What becomes of the rows of one block: row number → code, error, hint."""

    left_out: dict[int, tuple[str, str, str]] = field(default_factory=dict)
    held: dict[int, tuple[str, str, str]] = field(default_factory=dict)


class _KeptBack:
    """The rows that are not sent for want of their lead."""

    def __init__(self, prepared: PreparedInput, memory: LeadMemory, session: Inquiry, names: dict[str, str]) -> None:
        said = prepared.mapping.mapping.leads
        self._prepared = prepared
        self._memory = memory
        self._session = session
        self._names = names
        self._missing = said.missing if said else MissingLead.REPORT
        self._place = new_leads_beside(names_of_input(prepared, None, session.options))
        self._new = NewLeads()

    def settle(self, chosen: Chosen) -> None:
        """Keep them back in the plan, and write the file of new leads."""
        for rows in rows_to_find(self._prepared, chosen):
            sought = self._memory.sought(row.known_by for row in rows)
            block = _Block()
            for row in rows:
                self._settle(row, sought.get(row.known_by), block)
            self._session.ledger.found_leads.leave_out(self._prepared.number, block.left_out)
            self._session.ledger.found_leads.hold(self._prepared.number, block.held)
        self._write()

    def _settle(self, row: AppliedRow, ids: tuple[str, ...] | None, block: _Block) -> None:
        if ids is not None and len(ids) == 1:
            return
        known_by = tuple(map(in_words, row.known_by))
        if ids:
            candidates = tuple(self._candidate(lead_id) for lead_id in ids)
            self._report(row, LeadAmbiguous(known_by, candidates), block)
            return
        file = None if self._missing is MissingLead.HOLD else self._place.name
        problem = LeadMissing(known_by, file)
        if ids is not None and self._missing is not MissingLead.HOLD:
            attributes = {value.lead_field: _as_stored(value) for value in row.known_by}
            self._new.add([of_value(value)[1] for value in row.known_by], attributes | dict(row.of_lead or {}))
        if self._missing is MissingLead.REPORT and ids is not None:
            self._report(row, problem, block)
        else:
            block.held[row.row_number] = (problem.code, problem.error, problem.remedy)

    def _report(self, row: AppliedRow, problem: LeadMissing | LeadAmbiguous, block: _Block) -> None:
        column, table = row.known_by[0].column, self._prepared.table
        letter, header = (column.letter, column.header) if column else (None, None)
        finding = Finding(Place(str(table.file), table.sheet, row.row_number, letter, header), problem)
        self._prepared.note([finding])
        block.left_out[row.row_number] = (problem.code, problem.error, finding.hint)

    def _candidate(self, lead_id: str) -> str:
        name = self._names.get(lead_id.casefold())
        return f"{lead_id} ({name})" if name else lead_id

    def _write(self) -> None:
        """The file of new leads; one of an earlier run that nobody has touched goes when none are missing any more."""
        ledger = self._session.ledger
        is_rehearsal = self._session.options.rehearse and self._session.options.results is None

        def is_ours(path: Path) -> bool:
            return is_rehearsal or ledger.runs.output_hash(path.absolute()) == _hash_of(path)

        if not len(self._new):
            if self._place.exists() and is_ours(self._place):
                take_away(self._place)
            return
        fields = _fields(self._prepared.mapping.mapping)
        written = put_in_place(self._place, lambda draft: write_new_leads(draft, fields, self._new.lines()), is_ours)
        ledger.runs.note_output(written.absolute(), _hash_of(written), 0)
        self._session.events(Note(_told(written.name, len(self._new))))


def _told(name: str, leads: int) -> str:
    many = (
        f" LeadSquared's import takes {MOST_LINES:,} rows unless it was told otherwise." if leads > MOST_LINES else ""
    )
    which = "1 lead of this sheet is" if leads == 1 else f"{leads:,} leads of this sheet are"
    return f"{which} not in LeadSquared: see {name}, in the form of its own lead import.{many}"


def _fields(mapping: Mapping) -> list[str]:
    """The lead fields that a new lead may have, in order."""
    found_by = [column.lead_field for column in lead_columns(mapping) if column]
    return found_by + [
        mapped.target.removeprefix(LEAD) for mapped in mapping.targets() if mapped.target.startswith(LEAD)
    ]


def _as_stored(value: LeadValue) -> str:
    """As LeadSquared stores it: a phone number reads +CC-NNNNNNNNNN."""
    if not value.is_phone:
        return value.value
    import phonenumbers  # noqa: PLC0415 — takes a while to load, and few mappings have phones

    number = phonenumbers.parse(value.value, None)
    return f"+{number.country_code}-{phonenumbers.national_significant_number(number)}"


def _hash_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
