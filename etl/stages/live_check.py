"""Whether the mapping and its sheets fit the account, asked of LeadSquared before anything is sent.

What is certain stops the import, what is doubtful is said. Whatever LeadSquared does not tell is no obstacle: a check
that cannot be made must not keep rows out that would have been stored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from etl.errors import UsageError
from etl.events import Note
from etl.findings import ActivityTypeMissing, ActivityTypeName, Finding, OwnerUnknown
from etl.mapping.headers import nearest, same_form
from etl.mapping.yaml_document import read_document
from etl.stages.live_check_facts import ACTIVITY_TYPES, LEAD_FIELDS, USERS, Told, fields_of_type, options_of_field
from etl.stages.live_check_fields import (
    LEAD,
    Remark,
    called,
    field_remarks,
    lead_field_remarks,
    with_options,
    without_options,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from etl.api.metadata import ActivityField, ActivityType, User
    from etl.events import Event
    from etl.ledger.store import Ledger
    from etl.mapping.model import Mapping
    from etl.settings import Account
    from etl.stages.connect import Connection
    from etl.stages.prepare import LoadedMapping, PreparedInput

FEWEST_DAILY = 60
"""With a smaller budget for the day, every request is left to the rows: three in twenty would go into questions."""

_MOST_SAID = 5
"""Doubtful things of one kind that are said; a hundred owners who left would bury everything else."""

_MOST_DROPDOWNS = 10
"""Dropdowns whose options are asked for one by one."""


def is_affordable(account: Account) -> bool:
    """Whether the day's budget leaves room for a check before a run."""
    return account.daily_requests is None or account.daily_requests >= FEWEST_DAILY


def live_check(
    prepared: Sequence[PreparedInput],
    connection: Connection,
    ledger: Ledger,
    events: Callable[[Event], None],
    *,
    is_thorough: bool,
) -> None:
    """Compare the mapping and its inputs with the account. Needs up to three requests, none where it was asked lately.

    Args:    prepared: inputs of one mapping, at least one. is_thorough: everything is asked anew, the account's lead
             fields and single dropdowns too, and what could be checked is told.
    Raises:  UsageError — with a finding for everything that cannot be right. RefusedError — the keys, which were
             remembered, are not taken any more; a read that is refused otherwise is one that is not offered. NetworkError is
             not raised.
    """
    mapping = prepared[0].mapping
    told = Told(connection, ledger, is_fresh=is_thorough)
    remarks = _remarks(prepared, told, is_thorough=is_thorough)
    if told.has_remembered and any(remark.stops for remark in remarks):
        told = Told(connection, ledger, is_fresh=True)
        remarks = _remarks(prepared, told, is_thorough=is_thorough)
    findings = _placed(mapping, ledger, remarks)
    for line in _doubts([finding for finding, stops in findings if not stops]):
        events(Note(line))
    if told.untold:
        events(Note(f"Not checked, because LeadSquared does not tell it to this user: {', '.join(told.untold)}."))
    if stopping := [finding for finding, stops in findings if stops]:
        raise _misfit(mapping, connection, stopping, is_thorough=is_thorough)
    if is_thorough:
        events(Note(_in_summary(mapping.mapping, told)))


def _remarks(prepared: Sequence[PreparedInput], told: Told, *, is_thorough: bool) -> list[Remark]:
    mapping = prepared[0].mapping.mapping
    remarks = [*_about_the_type(mapping, told)]
    if not any(remark.stops for remark in remarks):  # the fields of a wrong type are no news
        remarks += _about_fields(mapping, told, is_thorough=is_thorough)
    return [*remarks, *_about_leads(mapping, told, is_thorough=is_thorough), *_about_owners(prepared, told)]


def _about_leads(mapping: Mapping, told: Told, *, is_thorough: bool) -> Iterator[Remark]:
    """Lead attributes; the field that finds leads alone is not worth a request before each run."""
    has_attributes = any(mapped.target.startswith(LEAD) for mapped in mapping.targets())
    if (has_attributes or (is_thorough and mapping.search_by)) and (fields := told.of(LEAD_FIELDS)) is not None:
        yield from lead_field_remarks(mapping, fields)


def _about_the_type(mapping: Mapping, told: Told) -> Iterator[Remark]:
    """The activity type: its number must be there, and the name that the mapping gives must be its name."""
    if mapping.activity is None or (types := told.of(ACTIVITY_TYPES)) is None:
        return
    event, name = mapping.activity.event, mapping.activity.name
    found = next((one for one in types if one.code == event), None)
    named = next((one.code for one in types if name and _is_called(one, name)), None)
    if found is None:
        if told.of(fields_of_type(event)) is None:  # a type that has fields exists, listed or not
            near = named if named is not None else _near_number(types, name)
            label = next((one.names[0] for one in types if one.code == near and one.names), name)
            yield Remark(("activity", "event"), ActivityTypeMissing(event, _listed(types), near, label), stops=True)
    elif name and found.names and not _is_called(found, name):
        yield Remark(("activity", "name"), ActivityTypeName(event, name, found.names[0], named), stops=True)


def _is_called(one: ActivityType, name: str) -> bool:
    wanted = same_form(name).casefold()
    return any(same_form(known).casefold() == wanted for known in one.names)


def _near_number(types: Sequence[ActivityType], name: str | None) -> int | None:
    """The type whose name is nearly the mapping's."""
    by_name = {known: one.code for one in types for known in one.names}
    close = nearest(name, by_name) if name else None
    return by_name[close] if close else None


def _listed(types: Sequence[ActivityType]) -> tuple[str, ...]:
    return tuple(f"{one.code} {one.names[0]}" if one.names else str(one.code) for one in types)


def _about_fields(mapping: Mapping, told: Told, *, is_thorough: bool) -> Iterator[Remark]:
    fields = _fields(mapping, told, is_thorough=is_thorough)
    if mapping.event is not None and fields:
        yield from field_remarks(mapping, mapping.event, fields)


def _fields(mapping: Mapping, told: Told, *, is_thorough: bool) -> Sequence[ActivityField]:
    """The fields of the mapping's activity type. Some accounts tell a dropdown's options only one by one."""
    if mapping.event is None:
        return ()
    fields = told.of(fields_of_type(mapping.event)) or ()
    if not is_thorough:
        return fields
    asked = without_options(mapping, fields)[:_MOST_DROPDOWNS]
    return with_options(fields, {name: told.of(options_of_field(mapping.event, name)) or () for name in asked})


def _about_owners(prepared: Sequence[PreparedInput], told: Told) -> Iterator[Remark]:
    """Owners that are no active users. Whether LeadSquared refuses them is not documented, so they do not stop a run."""
    owners = {owner: row for one in reversed(prepared) for owner, row in one.owners.items()}
    if not owners or (users := told.of(USERS)) is None:
        return
    by_email = {user.email.casefold(): user for user in users}
    for owner, row in sorted(owners.items(), key=lambda pair: pair[1]):
        user: User | None = by_email.get(owner.casefold())
        if user is None:
            yield Remark((), OwnerUnknown(owner, row, nearest=nearest(owner, [one.email for one in users])))
        elif user.is_active is False:
            yield Remark((), OwnerUnknown(owner, row, is_inactive=True))


def _placed(mapping: LoadedMapping, ledger: Ledger, remarks: Sequence[Remark]) -> list[tuple[Finding, bool]]:
    """The remarks with file, line and column, in the order of the file."""
    if not remarks:
        return []
    document = mapping.mapping.document
    if document is None:
        kept = ledger.copies.path(mapping.hash.split("+")[0])
        document = read_document(kept.read_text(encoding="utf-8-sig"), str(mapping.path))
    found = [(Finding(document.place(one.path), one.problem), one.stops) for one in remarks]
    return sorted(found, key=lambda pair: (pair[0].place.line or 0, pair[0].place.line_column or 0))


def _doubts(findings: Sequence[Finding]) -> Iterator[str]:
    """Some of each kind, and how many more there are. Owners stand in the sheet, so the mapping's line is left out."""
    for code in dict.fromkeys(finding.code for finding in findings):
        alike = [finding for finding in findings if finding.code == code]
        for one in alike[:_MOST_SAID]:
            yield one.hint if isinstance(one.problem, OwnerUnknown) else str(one)
        if len(alike) > _MOST_SAID:
            yield f"  and {len(alike) - _MOST_SAID:,} more of this kind ({code})."


def _misfit(
    mapping: LoadedMapping, connection: Connection, findings: Sequence[Finding], *, is_thorough: bool
) -> UsageError:
    problems = "1 problem" if len(findings) == 1 else f"{len(findings)} problems"
    escape = "" if is_thorough else " If you know better than LeadSquared's own lists, add --no-preflight."
    return UsageError(
        f"{mapping.path} does not fit the account {connection.account.name} ({connection.organisation}): {problems}. "
        f"Nothing was sent.{escape}",
        findings,
    )


def _in_summary(mapping: Mapping, told: Told) -> str:
    """What a thorough check has found to be right."""
    if mapping.event is None or (fields := told.of(fields_of_type(mapping.event))) is None:
        return "LeadSquared was asked, and nothing speaks against this mapping."
    names = "; ".join(called(mapping, fields))
    return f"The mapping fits activity type {mapping.event} of this account{f': {names}' if names else ''}."
