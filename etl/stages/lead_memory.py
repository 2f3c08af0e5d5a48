"""What is known of the leads of one input's rows without asking LeadSquared: which lead each row belongs to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.findings import shown
from etl.identity import lead_mark
from etl.mapping.lead_columns import identity_of
from etl.mapping.operation_needs import FOUND_LEAD

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from etl.ledger.found_leads import AskedFor, FoundLeads
    from etl.ledger.store import Ledger
    from etl.mapping.apply import AppliedRow
    from etl.mapping.lead_columns import KnownBy, LeadValue
    from etl.stages.prepare import PreparedInput

WHOLE = "leads.find_by"
"""In the place of a field: all that a row knows of its lead together, for rows that know more than one thing."""


@dataclass(frozen=True, slots=True)
class LeadMemory:
    """Finds that are believed. account_id: None where the account is not known yet, so that nothing is.

    since: when this command began, in seconds since 1970.
    """

    found_leads: FoundLeads
    account_id: int | None
    since: float

    def known(self, wanted: Iterable[KnownBy]) -> dict[AskedFor, tuple[str, ...]]:
        """The finds that count among all that these rows know of their leads."""
        if self.account_id is None:
            return {}
        distinct = dict.fromkeys(wanted)
        asked_for = {key for known_by in distinct for key in (of_whole(known_by), *map(of_value, known_by))}
        found = self.found_leads.known(self.account_id, asked_for, self.since)
        # a row with the values of two leads is looked up again by each command: a person may have merged them meanwhile
        apart = {of_value(value) for known_by in distinct if _lead_apart(known_by, found) for value in known_by}
        if not apart:
            return found
        now_found = self.found_leads.known(self.account_id, apart, self.since, believed_seconds=0.0)
        return {key: ids for key, ids in found.items() if key not in apart or key in now_found}

    def sought(self, wanted: Iterable[KnownBy]) -> dict[KnownBy, tuple[str, ...] | None]:
        """Of each of these the ids of all leads that it leads to: one is found, none is missing; None: look it up."""
        distinct = dict.fromkeys(known_by for known_by in wanted if known_by)
        known = self.known(distinct)
        return {known_by: ids_of(known_by, known) for known_by in distinct}

    def open_(self, wanted: Iterable[KnownBy], *, forget: bool = False) -> dict[KnownBy, set[AskedFor]]:
        """Those that have to be looked up before anything is sent for them, each with what of it need not be asked.

        forget: from here on, finds that lead to a lead for which a row was refused are gone from the memory.
        """
        distinct = dict.fromkeys(known_by for known_by in wanted if known_by)
        known = self.known(distinct)
        doubtful = self.found_leads.doubtful(self.account_id, known) if self.account_id is not None else set()
        if doubtful and forget and self.account_id is not None:
            self.found_leads.forget(self.account_id, doubtful)
        sure = {key: ids for key, ids in known.items() if key not in doubtful}
        return {
            known_by: {of_value(value) for value in known_by} & sure.keys()
            for known_by in distinct
            if ids_of(known_by, sure) is None
        }

    def addressed(self, rows: Sequence[AppliedRow]) -> list[AppliedRow]:
        """The rows, with the lead's id as their address where one was found."""
        sought = self.sought(row.known_by for row in rows)
        return [
            with_address(row, ids[0]) if (ids := sought.get(row.known_by)) and len(ids) == 1 else row for row in rows
        ]


def remember_leads(prepared: PreparedInput, ledger: Ledger, account_id: int | None) -> None:
    """Let an input know what earlier look-ups have found, where its mapping finds leads."""
    if prepared.mapping.mapping.leads is not None:
        prepared.leads = LeadMemory(ledger.found_leads, account_id, ledger.found_leads.now())


def with_address(row: AppliedRow, lead_id: str) -> AppliedRow:
    """The row as an activity of this lead."""
    return row._replace(values={FOUND_LEAD: lead_id, **row.values}) if row.values is not None else row


def with_any_address(row: AppliedRow, stand_in: str | None = None) -> AppliedRow:
    """The row with something to be shown in the place of a lead that is not found yet. Never to be sent.

    stand_in: None for what is known of the lead, in words.
    """
    if row.values is None or FOUND_LEAD in row.values or not row.known_by:
        return row
    return with_address(row, stand_in or f"(the lead with {' and '.join(map(in_words, row.known_by))})")


def in_words(value: LeadValue) -> str:
    """What a row knows of its lead, as messages say it."""
    return f"{value.lead_field} {shown(value.value)}"


def of_value(value: LeadValue) -> AskedFor:
    """Under which the ledger keeps what a value has found."""
    return value.asked_by, lead_mark(value.value)


def of_whole(known_by: KnownBy) -> AskedFor:
    """Under which it keeps what all that a row knows has found."""
    return WHOLE, lead_mark(identity_of(known_by))


def distinct_ids(ids: Iterable[str]) -> tuple[str, ...]:
    """Ids without repetitions; letter case does not tell them apart."""
    return tuple({lead_id.casefold(): lead_id for lead_id in ids}.values())


def _lead_apart(known_by: KnownBy, known: Mapping[AskedFor, tuple[str, ...]]) -> bool:
    """Whether what one row knows leads to several leads, and it was not looked up as a whole by this command."""
    ids = [lead_id for value in known_by for lead_id in known.get(of_value(value), ())]
    return of_whole(known_by) not in known and len(distinct_ids(ids)) > 1


def ids_of(known_by: KnownBy, known: Mapping[AskedFor, tuple[str, ...]]) -> tuple[str, ...] | None:
    """All leads that one row leads to by what is known; None where something of it is not."""
    if (whole := known.get(of_whole(known_by))) is not None:
        return whole
    found = [known.get(of_value(value)) for value in known_by]
    return None if None in found else distinct_ids(lead_id for ids in found for lead_id in ids or ())
