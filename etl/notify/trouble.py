"""Why somebody could not be told, in words that hold no secret."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from etl.settings.secret import MASK

if TYPE_CHECKING:
    from collections.abc import Iterable

    from etl.settings.notifier import Notifier

_MOST_WORDS = 160
_SHORTEST_SECRET = 4
"""Shorter parts of an address stand in ordinary words too."""


class NotToldError(Exception):
    """Somebody could not be told. The text is for people and holds no secret. is_late: there was no answer in time."""

    def __init__(self, why: str, *, is_late: bool = False) -> None:
        super().__init__(why)
        self.why = why
        self.is_late = is_late


def late(notifier: Notifier) -> NotToldError:
    """There was no answer in time."""
    return NotToldError(f"no answer within {notifier.timeout_seconds:g} seconds", is_late=True)


def words_of_answer(said: str, secrets: Iterable[str]) -> str:
    """What a server says, as a message may hold it: one line, not long, without our secrets, which some servers repeat."""
    for part in sorted(_parts(secrets), key=len, reverse=True):
        said = said.replace(part, MASK)
    line = " ".join("".join(sign if sign.isprintable() else " " for sign in said).split())
    return f"{line[: _MOST_WORDS - 1]}…" if len(line) > _MOST_WORDS else line


def why_of(error: BaseException) -> str:
    """What the system says of a connection that failed, in a few words; never the error's own text, which holds addresses.

    The libraries wrap the system's error several times; the innermost one that says something counts.
    """
    seen = _chain(error)
    if any(isinstance(one, socket.gaierror) for one in seen):
        return "there is no such host, or it cannot be looked up"
    if any(type(one).__name__ in {"SSLCertVerificationError", "CertificateError"} for one in seen):
        return "its TLS certificate is not accepted"
    if any(type(one).__name__ in {"SSLError", "SSLEOFError"} for one in seen):
        return "no TLS connection could be made"
    said = [one.strerror for one in seen if isinstance(one, OSError) and one.strerror and one.errno]
    return said[-1].lower() if said else "the connection broke off"


def is_late(error: BaseException) -> bool:
    """Whether it comes down to a time-out, whatever the libraries have made of that."""
    return any(isinstance(one, TimeoutError) for one in _chain(error))


def _chain(error: BaseException) -> list[BaseException]:
    """An error and all that are wrapped in it, the innermost last."""
    seen: list[BaseException] = []
    pending: list[object] = [error]
    while pending:
        one = pending.pop()
        if isinstance(one, BaseException) and one not in seen:
            seen.append(one)
            pending += [one.__cause__, one.__context__, getattr(one, "reason", None), *one.args]
    return seen


def _parts(secrets: Iterable[str]) -> set[str]:
    """Secrets, and of those that are addresses what stands behind the host, whole and in pieces."""
    found: set[str] = set()
    for secret in secrets:
        found.add(secret)
        if "://" in secret:
            parts = urlsplit(secret)
            found |= {parts.path, parts.query, *parts.path.split("/"), *parts.query.replace("=", "&").split("&")}
    return {part for part in found if len(part) >= _SHORTEST_SECRET}
