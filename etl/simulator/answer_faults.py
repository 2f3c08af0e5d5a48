"""Faults of what the answer says about the rows, all of which were stored."""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from etl.simulator.account import Arrival
from etl.simulator.messages import Reply
from etl.simulator.scene import Scene
from etl.simulator.storing_faults import json_or_none


def omit_rows(scene: Scene, arrival: Arrival) -> Reply:
    """At least one row goes missing, all of them may; where the answer is about one, it names no id."""
    dice = scene.account.dice

    def omit(rows: list[Any]) -> list[Any]:
        left = sorted(dice.sample(range(len(rows)), dice.randrange(len(rows))))
        return [rows[place] for place in left]

    return _with_id(_with_rows(scene.serve(arrival), omit), lambda _id: None)


def duplicate_id(scene: Scene, arrival: Arrival) -> Reply:
    """One created row of the answer shows an id that belongs to another activity: of an earlier request or of this one.

    Where the answer is about one activity or lead, it shows another's, if there was one before.
    """
    earlier = [activity.activity_id for activity in scene.account.store.activities()]
    dice = scene.account.dice

    def repeat(rows: list[Any]) -> list[Any]:
        places = [place for place, row in enumerate(rows) if row.get("ProspectActivityId")]
        own = [rows[place]["ProspectActivityId"] for place in places]
        if not places or len(earlier) + len(own) < 2:
            return rows
        struck = dice.choice(places)
        others = [known for known in earlier + own if known != rows[struck]["ProspectActivityId"]]
        return [
            {**row, "ProspectActivityId": dice.choice(others)} if at == struck else row for at, row in enumerate(rows)
        ]

    leads = [activity.lead_id for activity in scene.account.store.activities()]

    def of_another(shown: str) -> str:
        others = [known for known in (earlier if _is_activity(scene, shown) else leads) if known != shown]
        return dice.choice(others) if others else shown

    return _with_id(_with_rows(scene.serve(arrival), repeat), of_another)


def duplicate_rows(scene: Scene, arrival: Arrival) -> Reply:
    """At least one row stands twice, with the same RowNumber; the copy, anywhere in the answer, may say something else."""
    dice = scene.account.dice

    def repeat(rows: list[Any]) -> list[Any]:
        repeated = list(rows)
        for row in dice.sample(rows, dice.randrange(1, len(rows) + 1)):
            repeated.insert(dice.randrange(len(repeated) + 1), _copy(row, dice))
        return repeated

    return _with_rows(scene.serve(arrival), repeat)


def shuffle_rows(scene: Scene, arrival: Arrival) -> Reply:
    """Another order wherever there can be one."""
    dice = scene.account.dice

    def shuffle(rows: list[Any]) -> list[Any]:
        shuffled = dice.sample(rows, len(rows))
        return shuffled if shuffled != rows else shuffled[1:] + shuffled[:1]

    return _with_rows(scene.serve(arrival), shuffle)


def _copy(row: dict[str, Any], dice: random.Random) -> dict[str, Any]:
    """The same row, or one with the id of no activity, or one that says the row was refused."""
    kind = dice.choice(("alike", "other-id", "refused"))
    if kind == "alike":
        return row
    if kind == "other-id":
        return {**row, "ProspectActivityId": str(uuid.UUID(int=dice.getrandbits(128), version=4))}
    flags = {name: False for name, value in row.items() if isinstance(value, bool)}
    return {"RowNumber": row.get("RowNumber"), **flags, "ErrorMessage": "The row could not be saved."}


def _is_activity(scene: Scene, shown: str) -> bool:
    return scene.account.store.by_id(shown) is not None


def _with_id(reply: Reply, change: Callable[[str], str | None]) -> Reply:
    """The reply with another `Message.Id`, or with none; a reply that has none is left as it is."""
    body = json_or_none(reply.body)
    message = body.get("Message") if isinstance(body, dict) else None
    if not isinstance(message, dict) or "Id" not in message:
        return reply
    changed = change(message.pop("Id"))
    if changed is not None:
        message["Id"] = changed
    return replace(reply, body=json.dumps(body, ensure_ascii=False).encode())


def _with_rows(reply: Reply, change: Callable[[list[Any]], list[Any]]) -> Reply:
    """The reply with other rows in its `Response`; a reply that has none is left as it is."""
    body = json_or_none(reply.body)
    if not isinstance(body, dict) or not body.get("Response"):
        return reply
    changed = json.dumps({**body, "Response": change(body["Response"])}, ensure_ascii=False)
    return replace(reply, body=changed.encode())
