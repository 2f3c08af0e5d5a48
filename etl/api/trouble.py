"""A failed exchange in words for a person. Foreign exception texts are not quoted: they may hold the whole address."""

from __future__ import annotations

import http.client
import ssl
from typing import TYPE_CHECKING

import requests
import urllib3.exceptions as u3

from etl.records import LineEnd, TransportFailure

if TYPE_CHECKING:
    from collections.abc import Iterator

NETWORK_TROUBLE = (requests.RequestException, u3.HTTPError, http.client.HTTPException, OSError, ValueError)
"""All that a network, a proxy or a server can make the libraries raise (ValueError: headers and numbers beyond HTTP)."""


class AnswerTooLongError(OSError):
    """The answer is longer than anything LeadSquared has to say."""


class TooLateError(OSError):
    """A request may not be written any more: who holds its input is not certain since (ledger/leases.py)."""


_TIMEOUTS = (TimeoutError, u3.ReadTimeoutError)

_WORDS: tuple[tuple[type[BaseException] | tuple[type[BaseException], ...], str], ...] = (
    (TooLateError, "connecting to {host} took longer than this process was sure to hold its input"),
    (AnswerTooLongError, "{host} sent an answer beyond all measure"),
    (u3.ProxyError, "the proxy named in the environment made no connection to {host}"),
    (u3.NameResolutionError, "no address found for the name {host}"),
    (ssl.SSLCertVerificationError, "the certificate of {host} is not trusted"),
    (ssl.SSLError, "the secure connection (TLS) to {host} failed"),
    (ConnectionRefusedError, "{host} refused the connection"),
    (u3.NewConnectionError, "no connection to {host}"),  # before the next: urllib3 derives it from there
    (u3.ConnectTimeoutError, "no connection to {host} within {seconds:g} seconds"),
    (_TIMEOUTS, "no whole answer from {host} within {seconds:g} seconds"),
    ((u3.IncompleteRead, http.client.IncompleteRead, u3.DecodeError), "the answer of {host} was cut short"),
    ((ConnectionError, http.client.RemoteDisconnected), "{host} closed the connection before the answer was whole"),
)
"""The first that is found among an exception and its causes names the trouble."""


def failure(trouble: Exception, has_written: bool, host: str, connect: float, read: float) -> TransportFailure:
    """What is certain after an exchange that raised. connect, read: the timeouts in seconds.

    The one criterion for "not sent" is that no byte of the request was written, whatever the exception is called.
    """
    causes = list(_causes(trouble))
    words = next((words for kinds, words in _WORDS if any(isinstance(cause, kinds) for cause in causes)), None)
    reason = (words or "the exchange with {host} failed").format(host=host, seconds=read if has_written else connect)
    if not has_written:
        return TransportFailure(LineEnd.NOT_SENT, reason)
    timed_out = any(isinstance(cause, _TIMEOUTS) for cause in causes)
    return TransportFailure(LineEnd.TIMED_OUT if timed_out else LineEnd.LOST, reason)


def _causes(trouble: BaseException) -> Iterator[BaseException]:
    """An exception and all that led to it, each once: chained ones, and those that libraries wrap as arguments."""
    seen: set[int] = set()
    waiting: list[object] = [trouble]
    while waiting:
        cause = waiting.pop()
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
