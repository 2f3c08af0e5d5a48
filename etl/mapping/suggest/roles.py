"""Which columns have a place in every account, by their words and cells: whose row it is, who owns it, when it was, a note."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from etl.mapping.operation_needs import NEEDS, OperationName
from etl.mapping.suggest.names import DATE, LATER, NOTE, OWNER, says, words_of
from etl.mapping.targets import FieldType

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from etl.mapping.suggest.kinds import Guess
    from etl.mapping.suggest.sample import SampleColumn

    Judged = tuple[SampleColumn, Guess]

_ENOUGH_ADDRESSES = 0.95
"""Where more rows than these are without an e-mail address, the lead is found by phone number as well."""

_WHO_OWNS = 20
"""An address that is not called an owner's is one where each stands in so many rows."""


@dataclass(frozen=True, slots=True)
class Roles:
    """How rows are sent and found. targets: column letter → target. find_by: letters of columns that know the lead."""

    operation: OperationName
    why: str
    targets: Mapping[str, str] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    search_by: str | None = None
    find_by: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()
    is_lead_known: bool = True


def roles_of(judged: Sequence[Judged], rows: int, find_lead: tuple[str, str] | None) -> Roles:
    """What can be told without an account.

    Args:    judged: the columns that may be mapped. rows: of the sample. find_lead: what a person says of it.
    """
    owner = _owner(judged)
    mine = [one for one in judged if one is not owner]
    operation, why, targets, search_by, find_by, is_known = _addressed(mine, rows, find_lead)
    reasons: dict[str, str] = {}
    sends = NEEDS[operation].sends

    def take(one: Judged | None, target: str, reason: str) -> None:
        if one is not None and sends(target) and one[0].column.letter not in targets:
            targets[one[0].column.letter] = target
            reasons[one[0].column.letter] = reason

    take(owner, "ActivityOwnerEmail", "the LeadSquared user who owns the activity")
    moment = _moment(mine, targets)
    take(moment, "ActivityDateTime", "when it happened")
    joined = _day_and_clock(mine) if moment is None or moment[1].kind is not FieldType.DATETIME else ()
    if joined and sends("ActivityDateTime"):
        targets = {letter: target for letter, target in targets.items() if letter not in joined}
    take(_note(mine), "ActivityNote", "the note of the activity")
    if NEEDS[operation].changes:
        status = next((one for one in mine if one[0].header.casefold() == "status"), None)
        take(status, "Status", "the activity's own status")
    return Roles(
        operation, why, targets, reasons, search_by, find_by, joined if sends("ActivityDateTime") else (), is_known
    )


def _addressed(
    mine: Sequence[Judged], rows: int, find_lead: tuple[str, str] | None
) -> tuple[OperationName, str, dict[str, str], str | None, tuple[str, ...], bool]:
    """The operation, and by what a row says where it belongs."""
    if find_lead is not None:
        header, lead_field = find_lead
        letter = next(column.column.letter for column, _ in mine if column.header == header)
        why = f"adds an activity to the lead whose {lead_field} stands in {header}"
        return OperationName.ADD_BY_LEAD_FIELD, why, {letter: "SearchByValue"}, lead_field, (), True
    for word, operation, target, why in _BY_ID:
        ids = [one for one in mine if one[1].kind is FieldType.GUID and word in words_of(one[0].header)]
        if ids:
            return operation, why, {ids[0][0].column.letter: target}, None, (), True
    anonymous = [one for one in mine if one[1].kind is FieldType.GUID]
    if len(anonymous) == 1 and anonymous[0][1].different < anonymous[0][1].fit.filled:
        _, operation, target, why = _BY_ID[-1]
        return operation, why, {anonymous[0][0].column.letter: target}, None, (), True
    emails = [one for one in mine if one[1].kind is FieldType.EMAIL]
    phones = [one for one in mine if one[1].kind is FieldType.PHONE]
    best = max(emails, key=lambda one: one[1].fit.fits, default=None)
    if best is not None and (best[1].fit.fits >= _ENOUGH_ADDRESSES * rows or not phones):
        why = "adds an activity to the lead that has the row's e-mail address"
        return OperationName.ADD_BY_LEAD_FIELD, why, {best[0].column.letter: "SearchByValue"}, "EmailAddress", (), True
    if best is not None or phones:
        by = tuple(one[0].column.letter for one in ([best] if best else []) + phones[:2])
        why = "adds an activity to the lead that is found by what stands in the row"
        return OperationName.ADD_BY_LEAD_ID, why, {}, None, by, True
    return OperationName.ADD_BY_LEAD_FIELD, "adds an activity to a lead", {}, "EmailAddress", (), False


_BY_ID = (
    ("activity", OperationName.UPDATE, "ProspectActivityId", "changes the activity whose id stands in the row"),
    (
        "opportunity",
        OperationName.ADD_BY_OPPORTUNITY,
        "OpportunityId",
        "adds an activity to the opportunity of the row",
    ),
    (
        "lead",
        OperationName.ADD_BY_LEAD_ID,
        "RelatedProspectId",
        "adds an activity to the lead whose id stands in the row",
    ),
)


def _owner(judged: Sequence[Judged]) -> Judged | None:
    """An address column that is called an owner's; or the second one, with few addresses that come again and again."""
    emails = [one for one in judged if one[1].kind is FieldType.EMAIL]
    named = [one for one in emails if says(one[0].header, OWNER)]
    if named:
        return named[0]
    repeated = [one for one in emails if one[1].different * _WHO_OWNS <= one[1].fit.filled]
    return repeated[0] if len(emails) > 1 and len(repeated) == 1 else None


def _moment(mine: Sequence[Judged], taken: Mapping[str, str]) -> Judged | None:
    """When it happened: a date-time before a date, and nothing that speaks of later."""
    kinds = (FieldType.DATETIME, FieldType.DATE)
    possible = [
        one
        for one in mine
        if one[1].kind in kinds and not says(one[0].header, LATER) and one[0].column.letter not in taken
    ]
    return min(possible, key=lambda one: (kinds.index(one[1].kind), not says(one[0].header, DATE)), default=None)


def _day_and_clock(mine: Sequence[Judged]) -> tuple[str, ...]:
    """A date in one column and its time of day in another one."""
    days = [one for one in mine if one[1].kind is FieldType.DATE and not says(one[0].header, LATER)]
    clocks = [one for one in mine if one[1].kind is FieldType.TIME]
    if len(days) != 1 or len(clocks) != 1:
        return ()
    return days[0][0].column.letter, clocks[0][0].column.letter


def _note(mine: Sequence[Judged]) -> Judged | None:
    is_note: Callable[[Judged], bool] = lambda one: one[1].kind is FieldType.TEXT and says(one[0].header, NOTE)  # noqa: E731
    return next(filter(is_note, mine), None)
