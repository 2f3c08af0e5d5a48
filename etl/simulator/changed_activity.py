"""An update on its way into the store; shared by the bulk operation and the single one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from etl.simulator.account import Account, Arrival
from etl.simulator.bulk import RowProblem
from etl.simulator.earlier_activities import known_activity
from etl.simulator.new_activity import written_at
from etl.simulator.store import StoredActivity
from etl.simulator.switches import EmptyValue, Switches


def activity_to_change(account: Account, members: Mapping[str, Any]) -> StoredActivity | RowProblem:
    """The activity that an update names, or why there is none."""
    activity_id = members.get("ProspectActivityId")
    if not isinstance(activity_id, str) or not activity_id.strip():
        return RowProblem("MXMandatoryAttributeMissingException", "'ProspectActivityId' is mandatory.")
    return known_activity(account, activity_id) or RowProblem(
        "MXUnknownProspectActivityException", "Activity does not exist."
    )


def change_activity(account: Account, arrival: Arrival, activity_id: str, members: Mapping[str, Any]) -> dict[str, Any]:
    """Give the activity its new note and fields as it is by now; nothing for an answer row.

    One that is there no more, though it was when the request was examined, stays away.
    """
    activity = account.store.by_id(activity_id)
    if activity is not None:
        note = members.get("ActivityNote")
        changed = replace(
            activity,
            note=activity.note if note is None or _is_ignored(note, account.switches) else note,
            fields=_changed(activity.fields, members.get("Fields") or [], account.switches),
            modified_on=written_at(arrival, account.switches),
            updates=activity.updates + 1,
        )
        account.store.replace(changed)
        account.stats.activities_updated += 1
    return {}


def _is_ignored(value: str, switches: Switches) -> bool:
    return not value and switches.empty_value is EmptyValue.IGNORED


def _changed(
    held: Iterable[dict[str, Any]], sent: Iterable[dict[str, Any]], switches: Switches
) -> list[dict[str, Any]]:
    """Fields by their names: those that were sent in the place of those held, new ones behind; sets member by member."""
    by_name = {entry["SchemaName"]: entry for entry in held}
    for entry in sent:
        name, members = entry["SchemaName"], entry.get("Fields")
        if name in switches.fields_lost:
            continue
        if isinstance(members, list):
            by_name[name] = {**entry, "Fields": _set_changed((by_name.get(name) or {}).get("Fields") or [], members)}
        elif not _is_ignored(entry["Value"], switches):
            by_name[name] = entry
    return list(by_name.values())


def _set_changed(held: Iterable[dict[str, Any]], sent: Iterable[Any]) -> list[dict[str, Any]]:
    members = {_member(entry): entry for entry in held if isinstance(entry, dict)}
    return list({**members, **{_member(entry): entry for entry in sent if isinstance(entry, dict)}}.values())


def _member(entry: Mapping[str, Any]) -> str:
    return str(entry.get("SchemaName") or entry.get("Attribute"))
