"""Bulk/CustomActivity/Update: rows of a body change activities that are there.

Source: the vendor's page "Update Activities in Bulk". Its sample sends two rows of one activity and shows one row of
answer; what that means is not said, so that an answer may be made short.
"""

from __future__ import annotations

from typing import Any

from .bodies import read_rows
from .exchange import ApiError, Request, mandatory
from .field_values import updated_values, values_for_type
from .store import Arrival, Store, changed

_MEMBERS: dict[str, type] = {
    "ProspectActivityId": str,
    "ActivityNote": str,
    "Fields": list,
    "ValidateDropDownOptions": bool,
}


def update_activities(request: Request, store: Store, at: Arrival) -> Any:
    """Make every update that can be made, in the order of the rows, and answer each one."""
    rows = read_rows(request.json(), _MEMBERS)
    answers = [_answer_row(store, row, number, at) for number, row in enumerate(rows, start=1)]
    return {"Response": answers[:-1] if store.behaviour.short_update_answer else answers}


def unknown_activity() -> ApiError:
    """No activity has this id."""
    return ApiError(500, "MXUnknownProspectActivityException", "Activity does not exist.")


def _answer_row(store: Store, row: dict[str, Any], row_number: int, at: Arrival) -> dict[str, Any]:
    try:
        _update(store, row, at)
    except ApiError as error:
        return {"RowNumber": row_number, "ActivityUpdated": False, "ExceptionMessage": error.message}
    return {"RowNumber": row_number, "ActivityUpdated": True}


def _update(store: Store, row: dict[str, Any], at: Arrival) -> None:
    if not row.get("ProspectActivityId", "").strip():
        raise mandatory("ProspectActivityId")
    place = store.index_of(row["ProspectActivityId"])
    if place is None:
        raise unknown_activity()
    activity = store.activities[place]
    fields, skips = row.get("Fields", []), row.get("ValidateDropDownOptions", False)
    sent = values_for_type(fields, store.behaviour, activity.event, skips_dropdowns=skips, is_new=False)
    empty_clears = store.behaviour.empty_value_clears
    note = row.get("ActivityNote", activity.note) or ("" if empty_clears else activity.note)
    values = updated_values(activity.fields, sent, empty_clears=empty_clears)
    store.activities[place] = changed(activity, at, note=note, fields=values)
