"""Do the leads that rows were sent with show the attributes that were sent?

A lead is everybody's: what it shows otherwise may have been set since by a person, an automation or a later row of ours.
So only the last row of a lead is compared, what differs is told as it is, and nothing is called lost. How a lead shows its
custom field sets is not documented: one that shows what was sent is taken for it, any other is called not compared.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from etl.api.asking import moment
from etl.api.leads import is_same_lead_value, leads_by_ids
from etl.reconciler.sent import same_text
from etl.records import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from etl.ledger.doubts import CreatedRow, LaterRow
    from etl.operations.contract import Element
    from etl.records import SeenActivity
    from etl.stages.sources import Addressing
    from etl.stages.verify import Desk

_LEAD = "Lead."
_BOOLEANS = {"true": "1", "false": "0"}
"""LeadSquared takes these words for a lead and shows the digits (API notes, 6.3)."""


@dataclass(frozen=True, slots=True)
class OfLead:
    """What is found out about the lead of one row. differences: in words. remark: what was not compared, and why."""

    differences: tuple[str, ...] = ()
    remark: str | None = None


@dataclass(frozen=True, slots=True)
class LeadAudit:
    """Compares the attributes that rows were sent with; rows without any cost no request."""

    desk: Desk
    addressing: Addressing

    def found(
        self, rows: Sequence[CreatedRow], sent: Mapping[int, Element], shown: Mapping[str, SeenActivity]
    ) -> dict[int, OfLead]:
        """By row_id, for rows with attributes whose activity is there.

        sent: by row_id, as operations give them back. shown: the activities, by compared id. Raises: RefusedError, NetworkError.
        """
        attributes = {row_id: of_lead for row_id, one in sent.items() if (of_lead := self._attributes(one))}
        lead_of = {
            row.row_id: same_text(shown[same_text(row.activity_id)].lead_id)
            for row in rows
            if row.row_id in attributes and row.activity_id and same_text(row.activity_id) in shown
        }
        if not lead_of:
            return {}
        connection = self.desk.connection
        leads = leads_by_ids(connection.read, set(lead_of.values()), connection.each)
        if leads is None:
            return dict.fromkeys(
                lead_of, OfLead(remark="its lead's attributes not compared: this user may not read leads")
            )
        compared = [row for row in rows if row.row_id in lead_of]
        later = self._later(compared, lead_of)
        return {
            row.row_id: _of_lead(attributes[row.row_id], leads.get(lead_of[row.row_id]), later.get(row.row_id))
            for row in compared
        }

    def _attributes(self, element: Element) -> dict[str, str]:
        """What was sent for the lead, beside the value that finds it."""
        return {
            name.removeprefix(_LEAD): str(value)
            for name, value in element.items()
            if name.startswith(_LEAD) and name != self.addressing.member
        }

    def _later(self, rows: Sequence[CreatedRow], lead_of: Mapping[int, str]) -> dict[int, str]:
        """The last row of ours that went out later for the same lead, in words, by row_id.

        The ledger knows rows that named their lead by the same value; those checked together are also known by its id.
        """
        numbers = [row.request_id for row in rows if row.request_id]
        known = self.desk.ledger.doubts.later_for_same(
            [row.row_id for row in rows], min(numbers, default=0), Outcome.CREATED
        )
        last: dict[str, CreatedRow] = {}
        for row in rows:
            holder = last.setdefault(lead_of[row.row_id], row)
            if (row.request_id or 0) > (holder.request_id or 0):
                last[lead_of[row.row_id]] = row
        beside = {row.row_id: last[lead_of[row.row_id]] for row in rows}
        words: dict[int, str] = {}
        for row in rows:
            if (beside[row.row_id].request_id or 0) > (row.request_id or 0):
                words[row.row_id] = f"row {beside[row.row_id].row_number}"
            if row.row_id in known:
                words[row.row_id] = _named(known[row.row_id])
        return words


def _named(later: Sequence[LaterRow]) -> str:
    return f"row {later[-1].row_number} of run {later[-1].run_id}"


def _of_lead(sent: Mapping[str, str], lead: Mapping[str, str] | None, later: str | None) -> OfLead:
    """lead: what it shows, "" for nothing; None where it is not shown."""
    if lead is None:
        return OfLead(remark="its lead's attributes not compared: LeadSquared does not show the lead")
    different = {name: value for name, value in sent.items() if not _shows(lead, name, value)}
    told = [name for name in different if "." not in name and name in lead]
    untold = [name for name in different if name not in told]
    if told and later:
        return OfLead(remark=f"what its lead shows instead may be of {later}, which went out later")
    remark = f"not compared: {_names(untold)}" if untold else None
    return OfLead(tuple(_difference(name, sent[name], lead[name]) for name in told), remark)


def _difference(name: str, sent: str, shown: str) -> str:
    now = f'the lead shows "{shown}"' if shown else "the lead shows nothing"
    return f'{_LEAD}{name}: "{sent}" was sent, {now} now'


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"{_LEAD}{name}" for name in names)


def _shows(lead: Mapping[str, str], name: str, value: str) -> bool:
    """Whether a lead shows a value, in whatever form leads have it."""
    owner, dot, member = name.partition(".")
    shown = lead.get(owner, "")
    return _shows_member(shown, member, value) if dot else _is_same(name, shown, value)


def _shows_member(shown: str, member: str, value: str) -> bool:
    """Whether a custom field set is shown as activities have it, as JSON, and has this value."""
    try:
        members = json.loads(shown)
    except ValueError:
        return False
    return isinstance(members, dict) and members.get(member) == value


def _is_same(name: str, shown: str, sent: str) -> bool:
    """Whether two texts are one value: case, outer blanks, spellings of numbers and times do not count."""
    if is_same_lead_value(name, shown, sent) or _plain(shown) == _plain(sent):
        return True
    when = moment(shown)
    return when is not None and when in {moment(sent), moment(f"{sent.strip()} 00:00:00")}


def _plain(text: str) -> str:
    plain = same_text(text)
    return _BOOLEANS.get(plain, plain)
