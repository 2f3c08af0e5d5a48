"""What each fault does to one request: a small function around the serving of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from etl.simulator.account import Account
from etl.simulator.answers import html_reply, json_reply, server_fault, throttle_reply
from etl.simulator.fault_plan import Fault, FaultKind
from etl.simulator.messages import Reply, SimRequest

REDIRECT_TARGET = "/_simulator/redirected"
"""Whoever follows the redirect ends up there and is counted."""

Serve: TypeAlias = Callable[[SimRequest], Reply]
"""Carries a request out and answers it."""


@dataclass(frozen=True, slots=True)
class Scene:
    """What a fault works with."""

    account: Account
    fault: Fault
    serve: Serve


def under_fault(account: Account, fault: Fault, serve: Serve) -> Serve:
    """The same service with the fault around it."""
    act = _ACTS[fault.kind]
    scene = Scene(account, fault, serve)

    def faulty(request: SimRequest) -> Reply:
        account.stats.faults[fault.kind.value] += 1
        return act(scene, request)

    return faulty


def _drop_before(_scene: Scene, _request: SimRequest) -> Reply:
    return Reply(0, {}, b"", dropped=True)


def _drop_after(scene: Scene, request: SimRequest) -> Reply:
    return replace(scene.serve(request), dropped=True)


def _bad_gateway_before(_scene: Scene, _request: SimRequest) -> Reply:
    return html_reply(502, "502 Bad Gateway")


def _bad_gateway_after(scene: Scene, request: SimRequest) -> Reply:
    scene.serve(request)
    return html_reply(502, "502 Bad Gateway")


def _cut_answer(scene: Scene, request: SimRequest) -> Reply:
    reply = scene.serve(request)
    return replace(reply, cut_after=len(reply.body) // 2)


def _html_answer(scene: Scene, request: SimRequest) -> Reply:
    scene.serve(request)
    return html_reply(200, "Welcome")


def _empty_object(scene: Scene, request: SimRequest) -> Reply:
    scene.serve(request)
    return json_reply({})


def _store_partly(scene: Scene, request: SimRequest) -> Reply:
    """Only a proper part of the rows gets through; one row alone does not."""
    rows = _json_or_none(request.body)
    if isinstance(rows, list) and len(rows) > 1:
        kept = rows[: scene.account.dice.randrange(1, len(rows))]
        scene.serve(replace(request, body=json.dumps(kept).encode()))
    return server_fault()


def _omit_rows(scene: Scene, request: SimRequest) -> Reply:
    """At least one row goes missing, all of them may."""
    dice = scene.account.dice

    def omit(rows: list[Any]) -> list[Any]:
        left = sorted(dice.sample(range(len(rows)), dice.randrange(len(rows))))
        return [rows[place] for place in left]

    return _with_rows(scene.serve(request), omit)


def _duplicate_id(scene: Scene, request: SimRequest) -> Reply:
    """One created row of the answer shows an id that belongs to another activity: of an earlier request or of this one."""
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

    return _with_rows(scene.serve(request), repeat)


def _throttle(scene: Scene, _request: SimRequest) -> Reply:
    limit = scene.account.options.limit
    return throttle_reply(scene.account.switches, limit.count, f"{limit.seconds:g} second(s)", limit.seconds)


def _redirect(_scene: Scene, _request: SimRequest) -> Reply:
    """307 and not 302: a client that follows it posts again, with its keys."""
    page = html_reply(307, "Moved")
    return replace(page, headers={**page.headers, "Location": REDIRECT_TARGET})


def _slow(scene: Scene, request: SimRequest) -> Reply:
    reply = scene.serve(request)
    return replace(reply, delay_seconds=reply.delay_seconds + scene.fault.seconds)


def _with_rows(reply: Reply, change: Callable[[list[Any]], list[Any]]) -> Reply:
    """The reply with other rows in its `Response`; a reply that has none is left as it is."""
    body = _json_or_none(reply.body)
    if not isinstance(body, dict) or not body.get("Response"):
        return reply
    changed = json.dumps({**body, "Response": change(body["Response"])}, ensure_ascii=False)
    return replace(reply, body=changed.encode())


def _json_or_none(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


_ACTS: dict[FaultKind, Callable[[Scene, SimRequest], Reply]] = {
    FaultKind.REFUSE: _drop_before,  # the core keeps it out of the limits, too
    FaultKind.DROP_BEFORE: _drop_before,
    FaultKind.DROP_AFTER: _drop_after,
    FaultKind.BAD_GATEWAY_BEFORE: _bad_gateway_before,
    FaultKind.BAD_GATEWAY_AFTER: _bad_gateway_after,
    FaultKind.CUT_ANSWER: _cut_answer,
    FaultKind.HTML_ANSWER: _html_answer,
    FaultKind.EMPTY_OBJECT: _empty_object,
    FaultKind.STORE_PARTLY: _store_partly,
    FaultKind.OMIT_ROWS: _omit_rows,
    FaultKind.DUPLICATE_ID: _duplicate_id,
    FaultKind.THROTTLE: _throttle,
    FaultKind.REDIRECT: _redirect,
    FaultKind.SLOW: _slow,
}
