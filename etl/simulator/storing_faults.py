"""Faults of what is stored: in part, late, and equal things written by somebody else."""

from __future__ import annotations

import json
import random
from collections.abc import Set as AbstractSet
from dataclasses import replace
from datetime import timedelta
from typing import Any

from etl.simulator.account import Account, Arrival, Moment, Refused
from etl.simulator.answers import html_reply, server_fault
from etl.simulator.messages import Reply
from etl.simulator.scene import Scene
from etl.simulator.stats import Stats

TWIN_EMAIL, TWIN_NAME = "colleague@example.com", "Colleague User"
_TWIN_WITHIN_SECONDS = 1.0


def store_partly(scene: Scene, arrival: Arrival) -> Reply:
    """Only a proper part of the rows gets through; one row alone does not. Of a lead and its activity the lead does."""
    rows = json_or_none(arrival.request.body)
    if scene.operation.partly is not None:
        try:
            scene.operation.partly(scene.account, arrival)
        except Refused:
            pass  # what is refused as a whole is not stored in part
        finally:
            scene.account.store.commit()
    elif isinstance(rows, list) and len(rows) > 1:
        kept = rows[: scene.account.dice.randrange(1, len(rows))]
        scene.serve(_with_body(arrival, kept))
    return server_fault()


def store_late(scene: Scene, arrival: Arrival) -> Reply:
    _put_off(scene, arrival)
    return Reply(0, {}, b"", dropped=True)


def gateway_timeout_late(scene: Scene, arrival: Arrival) -> Reply:
    _put_off(scene, arrival)
    return html_reply(504, "504 Gateway Timeout")


def twin(scene: Scene, arrival: Arrival) -> Reply:
    """The twins of a write are written within a second before or after it, whatever becomes of the write further in."""
    reply = scene.serve(arrival)
    if scene.operation.writes:
        offset = scene.account.dice.uniform(-_TWIN_WITHIN_SECONDS, _TWIN_WITHIN_SECONDS)
        seconds, wall = arrival.moment.seconds + offset, arrival.moment.wall + timedelta(seconds=offset)
        if offset > 0:
            scene.late.add(seconds, lambda moment: _write_twins(scene, arrival, moment))
        else:
            _write_twins(scene, arrival, Moment(seconds, wall))
    return reply


def json_or_none(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _put_off(scene: Scene, arrival: Arrival) -> None:
    due_seconds = arrival.moment.seconds + scene.fault.lasts_seconds

    def carry_out(moment: Moment) -> None:
        scene.serve(replace(arrival, carried_out=moment))

    scene.late.add(due_seconds, carry_out)


def _write_twins(scene: Scene, arrival: Arrival, moment: Moment) -> None:
    """Carry the same request out for a colleague, without the row keys; nobody is answered and nothing is counted."""
    keys = scene.account.switches.row_key_fields
    rows = _without_fields(json_or_none(arrival.request.body), keys)
    try:
        scene.operation.answer(_of_colleague(scene.account), replace(_with_body(arrival, rows), carried_out=moment))
    except Refused:
        pass  # what LeadSquared refuses to one, it refuses to the other
    finally:
        scene.account.store.commit()


def _of_colleague(account: Account) -> Account:
    options = replace(account.options, user_email=TWIN_EMAIL, user_name=TWIN_NAME)
    dice = random.Random(account.dice.random())  # noqa: S311 - a replay, not a secret
    return replace(account, options=options, stats=Stats(), dice=dice)


def _without_fields(value: Any, names: AbstractSet[str]) -> Any:
    """The same JSON without the fields of these names, wherever they stand."""
    if isinstance(value, list):
        return [_without_fields(item, names) for item in value if not _is_field(item, names)]
    if isinstance(value, dict):
        return {name: _without_fields(item, names) for name, item in value.items()}
    return value


def _is_field(item: Any, names: AbstractSet[str]) -> bool:
    return isinstance(item, dict) and item.get("SchemaName") in names


def _with_body(arrival: Arrival, body: Any) -> Arrival:
    return replace(arrival, request=replace(arrival.request, body=json.dumps(body).encode()))
