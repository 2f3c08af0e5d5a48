"""Replies in the forms that LeadSquared has for them (LeadSquared API: errors, throttling)."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from etl.simulator.account import Refused
from etl.simulator.messages import Reply
from etl.simulator.switches import Switches, ThrottleForm

_JSON = {"Content-Type": "application/json; charset=utf-8"}
_THROTTLE_STATUS = {
    ThrottleForm.JSON_429: 429,
    ThrottleForm.TEXT_429: 429,
    ThrottleForm.JSON_403: 403,
    ThrottleForm.JSON_200: 200,
}


def json_reply(body: Any, status: int = 200) -> Reply:
    return json_text_reply(json.dumps(body, ensure_ascii=False), status)


def json_text_reply(text: str, status: int = 200) -> Reply:
    """The same for a body that is JSON already."""
    return Reply(status, dict(_JSON), text.encode())


def dated(reply: Reply, wall: datetime) -> Reply:
    """The reply with its Date (RFC 9110): the server's calendar, which is `wall` on arrival, when the reply goes out."""
    leaves = wall.astimezone(UTC) + timedelta(seconds=reply.delay_seconds)
    return replace(reply, headers={**reply.headers, "Date": format_datetime(leaves, usegmt=True)})


def error_reply(status: int, exception_type: str, message: str) -> Reply:
    return json_reply({"Status": "Error", "ExceptionType": exception_type, "ExceptionMessage": message}, status)


def refused_reply(refusal: Refused, switches: Switches) -> Reply:
    """A refusal as sent. 500 is LeadSquared's status for logical errors; some accounts see 200 in its place."""
    status = 200 if switches.error_in_200 and refusal.status == 500 else refusal.status
    reply = error_reply(status, refusal.exception_type, refusal.message)
    return Reply(reply.status, {**reply.headers, "Allow": "GET, POST"}, reply.body) if status == 405 else reply


def html_reply(status: int, title: str) -> Reply:
    """What a gateway in front of LeadSquared answers."""
    page = f"<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
    return Reply(status, {"Content-Type": "text/html; charset=utf-8"}, page.encode())


def server_fault() -> Reply:
    """A fault of the server's own: its type is none of LeadSquared's `MX…` ones."""
    message = "There was an error processing the request. Please contact administrator."
    return error_reply(500, "ArgumentNullException", message)


def throttle_reply(switches: Switches, count: int, span: str, wait_seconds: float) -> Reply:
    """The account's limit is used up. span: `5 second(s)`, as it stands in the sentence."""
    sentence = f"API calls exceeded the limit of {count} in {span}"
    status = _THROTTLE_STATUS[switches.throttle_form]
    if switches.throttle_form is ThrottleForm.TEXT_429:
        reply = Reply(status, {"Content-Type": "text/plain; charset=utf-8"}, sentence.encode())
    else:
        reply = error_reply(status, "MXAPIRateLimitExceededException", sentence)
    if not switches.retry_after:
        return reply
    return Reply(reply.status, {**reply.headers, "Retry-After": str(max(1, math.ceil(wait_seconds)))}, reply.body)
