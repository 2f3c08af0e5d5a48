"""What travels: a request as it arrives, the reply to it, and how long both are on their way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class SimRequest:
    """One HTTP request. path is decoded; headers have lower-case names. Its repr shows no keys."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = b""

    def parameter(self, name: str) -> str | None:
        """The first query parameter of that name; the vendor prints `searchBy` and `SearchBy`, so case is free."""
        return next((value for key, value in self.query if key.casefold() == name.casefold()), None)


@dataclass(frozen=True, slots=True)
class Travel:
    """How long a request is on its way there (before it arrives) and its reply on the way back."""

    there_seconds: float = 0.0
    back_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Reply:
    """What the caller gets, if anything.

    delay_seconds: time between arrival and reply, besides the travel back. dropped: the connection is reset instead
    of answered. cut_after: the connection ends after so many bytes of the body, though its whole length was announced.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    delay_seconds: float = 0.0
    dropped: bool = False
    cut_after: int | None = None

    @property
    def sent_body(self) -> bytes:
        """The part of the body that really goes out."""
        return self.body[: self.cut_after]
