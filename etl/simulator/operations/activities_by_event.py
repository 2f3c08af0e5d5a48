"""Activities of a type, written within a window of time (LeadSquared API: Bulk Retrieve Activities by Activity Event)."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from etl.simulator.account import Account, Arrival, Operation
from etl.simulator.answers import json_text_reply
from etl.simulator.bodies import json_object, member
from etl.simulator.messages import Reply
from etl.simulator.paging import invalid_input, numbered_page, page_of, whole_number
from etl.simulator.shown import by_event_row, by_event_text
from etl.simulator.store import StoredActivity
from etl.simulator.switches import EmptyListKey, Read
from etl.simulator.visible import visible_until

_DEFAULT_PAGE = 25
_WRITTEN = "ModifiedOn"
_KEYS = {
    _WRITTEN: attrgetter("modified_on"),
    "CreatedOn": attrgetter("created_on"),
    "ProspectActivityId": attrgetter("activity_id"),
}
_DIRECTIONS = {"0": False, "1": True}  # 1 is newest first
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")


def answer(account: Account, arrival: Arrival) -> Reply:
    """One page of the window. It filters by ModifiedOn, whatever it is sorted by. Raises Refused."""
    body = json_object(arrival.request)
    parameter = member(body, "Parameter")
    if not parameter:
        raise invalid_input("You have not passed any Parameter.")
    event = _event(parameter.get("ActivityEvent"))
    page = numbered_page(member(body, "Paging"), account.switches, _DEFAULT_PAGE)
    column, newest_first = _sorting(member(body, "Sorting"))
    rows = _in_window(account, arrival, event, parameter)
    if column != _WRITTEN:
        rows.sort(key=_KEYS[column])
    if newest_first:
        rows.reverse()
    dice = account.dice if account.switches.unstable_ties else None
    return _reply(account, len(rows), page_of(rows, page, _KEYS[column], dice), bool(parameter.get("RemoveEmptyValue")))


def _event(sent: Any) -> int:
    if sent is None or sent == "":
        raise invalid_input("You have not passed any ActivityEvent.")
    return whole_number(sent, "ActivityEvent")


def _sorting(sent: Mapping[str, Any]) -> tuple[str, bool]:
    """The column, and whether its largest value comes first, which is so unless said otherwise."""
    column, direction = sent.get("ColumnName", _WRITTEN), str(sent.get("Direction", 1))
    if not isinstance(column, str) or column not in _KEYS:
        raise invalid_input("ColumnName value is not correct.")
    if direction not in _DIRECTIONS:
        raise invalid_input("Direction value is not correct.")
    return column, _DIRECTIONS[direction]


def _in_window(account: Account, arrival: Arrival, event: int, parameter: Mapping[str, Any]) -> list[StoredActivity]:
    """Both bounds are whole seconds and belong to the window; an activity of 04.123 is after `…:04`."""
    earliest, latest = (_bound(parameter.get(name), name) for name in ("FromDate", "ToDate"))
    if earliest > latest:
        raise invalid_input("FromDate can't be greater than ToDate.")
    visible = visible_until(arrival, account.switches.by_event_delay_seconds)
    return account.store.index.window(event, earliest, min(latest, visible))


def _bound(sent: Any, name: str) -> str:
    try:
        if isinstance(sent, str) and _TIME.fullmatch(sent) and datetime.fromisoformat(sent):
            return f"{sent}.000"
    except ValueError:  # a day that does not exist
        pass
    raise invalid_input(f"{name} value is not correct.")


def _reply(account: Account, count: int, rows: Sequence[StoredActivity], without_empty: bool) -> Reply:
    """RecordCount is that of the whole window. Put together as text: rows are kept in that form."""
    if without_empty:
        texts = [by_event_text(account, activity) for activity in rows]
    else:
        texts = [json.dumps(by_event_row(account, activity), ensure_ascii=False) for activity in rows]
    if not texts and account.switches.empty_list_key is EmptyListKey.MISSING:
        return json_text_reply(f'{{"RecordCount": {count}}}')
    return json_text_reply(f'{{"RecordCount": {count}, "List": [{", ".join(texts)}]}}')


OPERATION = Operation(
    method="POST",
    path="/v2/ProspectActivity.svc/CustomActivity/RetrieveByActivityEvent",
    bulk=False,
    writes=False,
    answer=answer,
    read=Read.BY_EVENT,
)
