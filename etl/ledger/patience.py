"""What a room of the ledger does once more where the database went away in its midst."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from etl.ledger.database import Database

_Result = TypeVar("_Result")
_Asked = ParamSpec("_Asked")
_Room = TypeVar("_Room", bound="_OfADatabase")


class _OfADatabase(Protocol):
    _database: Database


def patiently(
    work: Callable[Concatenate[_Room, _Asked], _Result],
) -> Callable[Concatenate[_Room, _Asked], _Result]:
    """For what is one transaction of a room: it is carried out anew where the database went away in its midst."""

    @wraps(work)
    def until_done(room: _Room, /, *arguments: _Asked.args, **more: _Asked.kwargs) -> _Result:
        return room._database.until_done(lambda: work(room, *arguments, **more))

    return until_done
