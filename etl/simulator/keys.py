"""Whether a request carries the account's keys, in a place where they are accepted."""

from __future__ import annotations

from secrets import compare_digest

from etl.simulator.account import Refused
from etl.simulator.messages import SimRequest
from etl.simulator.options import SimulatorOptions
from etl.simulator.switches import AuthIn

_PARAMETERS = ("accessKey", "secretKey")
_HEADERS = ("x-lsq-accesskey", "x-lsq-secretkey")


def check_keys(request: SimRequest, options: SimulatorOptions) -> None:
    """Raise 401 unless the keys are right. Sent in both places, both pairs must be: which one wins is not documented."""
    by_header = [request.headers.get(name) for name in _HEADERS]
    by_query = [request.parameter(name) for name in _PARAMETERS]
    pairs = []
    if options.switches.auth_in is not AuthIn.QUERY:
        pairs.append(by_header)
    if options.switches.auth_in is not AuthIn.HEADER:
        pairs.append(by_query)
    sent = [pair for pair in pairs if pair != [None, None]]
    if not sent or not all(_is_right(pair, options) for pair in sent):
        raise Refused(401, "MXInvalidAccessDetailsException", "Invalid Access Details provided.")


def check_host(options: SimulatorOptions) -> None:
    """Raise 401 when the account lives on another host; the text names it, as LeadSquared's does."""
    if options.home_host is not None:
        message = f"Invalid Access Details provided. The API host of this account is {options.home_host}."
        raise Refused(401, "MXInvalidAccessDetailsException", message)


def url_holds_keys(request: SimRequest, options: SimulatorOptions) -> bool:
    """Whether a key, or a parameter made for one, stands in the URL, where logs and proxies would see it."""
    names = {name.casefold() for name, _ in request.query}
    if names & {name.casefold() for name in _PARAMETERS}:
        return True
    texts = [request.path, *(text for pair in request.query for text in pair)]
    return any(key in text for key in (options.access_key, options.secret_key) if key for text in texts)


def _is_right(pair: list[str | None], options: SimulatorOptions) -> bool:
    expected = (options.access_key, options.secret_key)
    return all(compare_digest((sent or "").encode(), key.encode()) for sent, key in zip(pair, expected, strict=True))
