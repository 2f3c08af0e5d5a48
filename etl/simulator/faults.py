"""What each fault does to one request: a small function around the serving of it."""

from __future__ import annotations

from dataclasses import replace

from etl.simulator import answer_faults, storing_faults
from etl.simulator.account import Arrival
from etl.simulator.answers import html_reply, json_reply, throttle_reply
from etl.simulator.fault_plan import FaultKind
from etl.simulator.messages import Reply
from etl.simulator.scene import Act, Scene, Serve

REDIRECT_TARGET = "/_simulator/redirected"
"""Whoever follows the redirect ends up there and is counted."""

_TITLES = {500: "500 Internal Server Error", 502: "502 Bad Gateway", 503: "503 Service Unavailable"}


def under_fault(scene: Scene) -> Serve:
    """The scene's service with its fault around it."""
    act = _ACTS[scene.fault.kind]

    def faulty(arrival: Arrival) -> Reply:
        scene.account.stats.faults[scene.fault.kind.value] += 1
        return act(scene, arrival)

    return faulty


def _drop_before(_scene: Scene, _arrival: Arrival) -> Reply:
    return Reply(0, {}, b"", dropped=True)


def _drop_after(scene: Scene, arrival: Arrival) -> Reply:
    return replace(scene.serve(arrival), dropped=True)


def _page_before(status: int) -> Act:
    return lambda _scene, _arrival: html_reply(status, _TITLES[status])


def _page_after(status: int) -> Act:
    def act(scene: Scene, arrival: Arrival) -> Reply:
        scene.serve(arrival)
        return html_reply(status, _TITLES[status])

    return act


def _cut_answer(scene: Scene, arrival: Arrival) -> Reply:
    reply = scene.serve(arrival)
    return replace(reply, cut_after=len(reply.body) // 2)


def _html_answer(scene: Scene, arrival: Arrival) -> Reply:
    scene.serve(arrival)
    return html_reply(200, "Welcome")


def _empty_object(scene: Scene, arrival: Arrival) -> Reply:
    scene.serve(arrival)
    return json_reply({})


def _throttle(scene: Scene, _arrival: Arrival) -> Reply:
    limit = scene.account.options.limit
    return throttle_reply(scene.account.switches, limit.count, f"{limit.seconds:g} second(s)", limit.seconds)


def _redirect(_scene: Scene, _arrival: Arrival) -> Reply:
    """307 and not 302: a client that follows it posts again, with its keys."""
    page = html_reply(307, "Moved")
    return replace(page, headers={**page.headers, "Location": REDIRECT_TARGET})


def _slow(scene: Scene, arrival: Arrival) -> Reply:
    reply = scene.serve(arrival)
    return replace(reply, delay_seconds=reply.delay_seconds + scene.fault.lasts_seconds)


_ACTS: dict[FaultKind, Act] = {
    FaultKind.REFUSE: _drop_before,  # the core keeps it out of the limits, too
    FaultKind.DROP_BEFORE: _drop_before,
    FaultKind.DROP_AFTER: _drop_after,
    FaultKind.BAD_GATEWAY_BEFORE: _page_before(502),
    FaultKind.BAD_GATEWAY_AFTER: _page_after(502),
    FaultKind.SERVER_ERROR_BEFORE: _page_before(500),
    FaultKind.SERVER_ERROR_AFTER: _page_after(500),
    FaultKind.UNAVAILABLE_BEFORE: _page_before(503),
    FaultKind.UNAVAILABLE_AFTER: _page_after(503),
    FaultKind.STORE_LATE: storing_faults.store_late,
    FaultKind.GATEWAY_TIMEOUT_LATE: storing_faults.gateway_timeout_late,
    FaultKind.CUT_ANSWER: _cut_answer,
    FaultKind.HTML_ANSWER: _html_answer,
    FaultKind.EMPTY_OBJECT: _empty_object,
    FaultKind.STORE_PARTLY: storing_faults.store_partly,
    FaultKind.OMIT_ROWS: answer_faults.omit_rows,
    FaultKind.DUPLICATE_ID: answer_faults.duplicate_id,
    FaultKind.DUPLICATE_ROWS: answer_faults.duplicate_rows,
    FaultKind.SHUFFLE_ROWS: answer_faults.shuffle_rows,
    FaultKind.TWIN: storing_faults.twin,
    FaultKind.THROTTLE: _throttle,
    FaultKind.REDIRECT: _redirect,
    FaultKind.SLOW: _slow,
}
