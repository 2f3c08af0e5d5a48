"""What a request's body holds, or the 400 of a body that is not what the operation takes."""

from __future__ import annotations

import json
from typing import Any

from etl.simulator.account import Account, Refused
from etl.simulator.messages import SimRequest
from etl.simulator.switches import OverTwentyFive

MOST_ROWS = 25


def bulk_rows(account: Account, request: SimRequest) -> list[dict[str, Any]]:
    """The objects of the body's array, at most 25 or what the switch makes of more. Raises Refused."""
    body = json_body(request)
    if not isinstance(body, list) or not all(isinstance(row, dict) for row in body):
        raise _not_expected("an array of objects")
    account.stats.rows_received += len(body)
    account.stats.largest_request_rows = max(account.stats.largest_request_rows, len(body))
    if not body:
        raise _invalid_input("No activity was passed.")
    if len(body) > MOST_ROWS and account.switches.over_25_rows is OverTwentyFive.REFUSE:
        raise _invalid_input(f"Activities can not be more than {MOST_ROWS}.")
    if account.switches.over_25_rows is OverTwentyFive.TRUNCATE:
        return body[:MOST_ROWS]
    return body


def json_object(request: SimRequest) -> dict[str, Any]:
    """The body as an object. Raises Refused."""
    body = json_body(request)
    if not isinstance(body, dict):
        raise _not_expected("an object")
    return body


def member(body: dict[str, Any], name: str) -> dict[str, Any]:
    """An object within the body; empty where it is missing or null. Raises Refused for anything else."""
    value = body.get(name)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise _not_expected(f"an object as {name}")
    return value


def json_body(request: SimRequest) -> Any:
    """The body as JSON. Raises Refused: 400 for another content type, bytes that are not UTF-8, or text that is not JSON."""
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().casefold()
    if content_type != "application/json":
        raise Refused(400, "InvalidOperationException", "The body is expected as Content-Type application/json.")
    try:
        return json.loads(request.body.decode("utf-8"), parse_constant=_no_constant)
    except (ValueError, RecursionError):
        raise Refused(400, "JsonReaderException", "Unexpected character encountered while parsing value.") from None


def _no_constant(name: str) -> Any:
    """Python would read NaN and Infinity; JSON has neither."""
    raise ValueError(name)


def _not_expected(expected: str) -> Refused:
    message = f"Cannot deserialize the current JSON: {expected} is expected."
    return Refused(400, "JsonSerializationException", message)


def _invalid_input(message: str) -> Refused:
    return Refused(500, "MXInvalidInputException", f"Invalid Input! Parameter Name: {message}")
