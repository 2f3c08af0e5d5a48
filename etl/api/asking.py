"""Asking LeadSquared what it holds: requests that change nothing, and the members of their answers as texts and moments."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, TypeAlias, TypeVar

from etl.delivery import answer as answers
from etl.errors import NetworkError
from etl.records import ApiRequest, Window

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from etl.records import ApiAnswer

Read: TypeAlias = "Callable[[ApiRequest], ApiAnswer | None]"
"""Sends one read and repeats it where that helps; None where LeadSquared does not offer it, or not to this user."""

Row: TypeAlias = "Mapping[str, object]"
"""One activity or lead as its JSON object."""

_Item = TypeVar("_Item")
_Told = TypeVar("_Told")

_TIMES = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M:%S.%f", "%m/%d/%Y %I:%M:%S %p")


class Each(Protocol):
    """Does the same work for many items, with a `Read` that is good for it, possibly several at once.

    Returns: what the work told, in the order of the items. Raises: what the work raises for one of them.
    """

    def __call__(self, work: Callable[[Read, _Item], _Told], items: Sequence[_Item]) -> list[_Told]:
        """Do it."""
        ...


def one_by_one(read: Read) -> Each:
    """One item after the other."""

    def each(work: Callable[[Read, _Item], _Told], items: Sequence[_Item]) -> list[_Told]:
        return [work(read, item) for item in items]

    return each


class NotOfferedError(Exception):
    """LeadSquared does not offer a read, or refuses it to this user. Stays within `api`."""


def getting(path: str, *query: tuple[str, str]) -> ApiRequest:
    """A GET below `/v2/`."""
    return ApiRequest("GET", f"/v2/{path}", query, b"", Window.GENERAL)


def posting(path: str, body: Mapping[str, object], *query: tuple[str, str]) -> ApiRequest:
    """A POST that only reads, as LeadSquared's longer questions are. The body is real UTF-8, never `\\u` escapes."""
    return ApiRequest("POST", f"/v2/{path}", query, json.dumps(body, ensure_ascii=False).encode(), Window.GENERAL)


def ask(read: Read, request: ApiRequest) -> object:
    """The JSON document that answers a read.

    Raises:  NotOfferedError; NetworkError — the answer is no JSON; what `read` raises.
    """
    answer = read(request)
    if answer is None:
        raise NotOfferedError
    try:
        document: object = json.loads(answer.body)
    except (ValueError, RecursionError):  # not JSON, not text, thousands of digits, nested too deep
        said = answers.read(answer.body).text
        raise unusable(request, f"it is no JSON but “{said}”" if said else "it is empty") from None
    return document


def unusable(request: ApiRequest, fault: str) -> NetworkError:
    """The error for an answer that cannot be what was asked for. fault: what is wrong with it."""
    return NetworkError(
        f"LeadSquared's answer to {request.path} cannot be used: {fault}. Run the same command again later; "
        "if it stays so, look for a proxy that changes answers, or ask LeadSquared's support.",
        is_fault=True,
    )


def rows_in(document: object, member: str) -> list[Row] | None:
    """The objects listed under a member, or in the document itself where that is a list; None if neither is a list."""
    listed = document.get(member) if isinstance(document, dict) else document
    return [row for row in listed if isinstance(row, dict)] if isinstance(listed, list) else None


def whole_number(value: object) -> int | None:
    """A count as LeadSquared writes it, or as digits in a text."""
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 10:
        return int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def text(value: object) -> str | None:
    """A member as text: strings as they are, anything else as JSON writes it; None for null and "".

    Half surrogates become "?", because no file, terminal or database can hold them.
    """
    if value is None or value == "":
        return None
    written = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return written.encode("utf-8", "replace").decode()


def texts(row: Row) -> dict[str, str]:
    """All members of a row as texts, empty ones left out."""
    return {name: written for name, value in row.items() if (written := text(value)) is not None}


def identifier(value: object) -> str:
    """An id as one trimmed line, "" where there is none. Ids are equal when they are so casefolded."""
    return answers.cleaned(text(value) or "")


def moment(value: object) -> datetime | None:
    """A time of an answer, aware and in UTC; None for anything but the forms that LeadSquared is known to write.

    Source:  LeadSquared API: answers are in UTC. `2024-01-31 10:00:00`, for leads `….000`, and within ActivityFields
             `1/31/2024 10:00:00 AM`: month before day.
    """
    if not isinstance(value, str):
        return None
    for form in _TIMES:
        try:
            return datetime.strptime(value.strip(), form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None
