"""What the account has, asked of LeadSquared or remembered from a moment ago, for the live check."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from etl.api import metadata
from etl.errors import NetworkError

if TYPE_CHECKING:
    from collections.abc import Callable

    from etl.api.asking import Read
    from etl.ledger.store import Ledger
    from etl.stages.connect import Connection

REMEMBERED_SECONDS = 3600.0
"""So long an answer is believed: runs behind each other ask once, and a change made in LeadSquared is known within the hour.

What would stop a run is asked anew in any case (live_check.py), so nobody waits for a mended mistake to be forgotten.
"""

_Told = TypeVar("_Told")


@dataclass(frozen=True, slots=True)
class Question(Generic[_Told]):
    """One thing to be asked. name: its place in the ledger. words: to a person. kind: what a list of is told."""

    name: str
    words: str
    kind: Callable[..., _Told]
    ask: Callable[[Read], tuple[_Told, ...] | None]


ACTIVITY_TYPES = Question("activity_types", "activity types", metadata.ActivityType, metadata.activity_types)
USERS = Question("users", "users", metadata.User, metadata.users)
LEAD_FIELDS = Question("lead_fields", "lead fields", metadata.LeadField, metadata.lead_fields)


def fields_of_type(code: int) -> Question[metadata.ActivityField]:
    """The fields of one activity type."""
    return Question(
        f"activity_fields/{code}",
        f"fields of activity type {code}",
        metadata.ActivityField,
        lambda read: metadata.activity_fields(read, code),
    )


def options_of_field(code: int, schema_name: str) -> Question[str]:
    """The options of one dropdown."""
    return Question(
        f"field_options/{code}/{schema_name}",
        f"options of {schema_name}",
        str,
        lambda read: metadata.field_options(read, code, schema_name),
    )


class Told:
    """Answers to questions about one account.

    is_fresh: nothing is taken from memory. untold: what LeadSquared was asked now and did not tell, in words.
    has_remembered: some answer is not from now.
    """

    def __init__(self, connection: Connection, ledger: Ledger, *, is_fresh: bool) -> None:
        self._connection = connection
        self._ledger = ledger
        self._is_fresh = is_fresh
        self._is_cut_off = False
        self._is_sure = not connection.is_recalled
        self._answers: dict[str, tuple[Any, ...] | None] = {}
        self.untold: list[str] = []
        self.has_remembered = False

    def of(self, question: Question[_Told]) -> tuple[_Told, ...] | None:
        """What LeadSquared tells; None where it does not. An empty list tells nothing either.

        That a read is missing, forbidden or answered with nonsense is remembered like an answer. Where the network
        fails or the day's budget is spent, nothing more is asked: the import itself will say what is wrong.
        Raises: RefusedError — the keys, which were remembered, are not taken any more.
        """
        if question.name not in self._answers:
            self._answers[question.name] = self._of(question)
        return self._answers[question.name]

    def _of(self, question: Question[_Told]) -> tuple[_Told, ...] | None:
        known = None if self._is_fresh else self._remembered(question)
        if known is not None:
            self.has_remembered = True
            return known or None
        if self._is_cut_off:
            return None
        try:
            self._make_sure()
            told = question.ask(self._connection.read)
        except NetworkError as error:
            self.untold.append(question.words)
            if not error.is_fault:
                self._is_cut_off = True
                return None
            told = None
        else:
            if told is None:
                self.untold.append(question.words)
        self._keep(question, told)
        return told or None

    def _make_sure(self) -> None:
        """Before the first question: what keys may not read that were taken away looks like what is not offered."""
        if not self._is_sure:
            self._connection.make_sure()
            self._is_sure = True

    def _remembered(self, question: Question[_Told]) -> tuple[_Told, ...] | None:
        """What was told lately, () where it was nothing; None if that is to be asked."""
        fact = self._ledger.facts.get(self._connection.record.account_id, question.name)
        if fact is None or not 0 <= fact.age_seconds < REMEMBERED_SECONDS or not isinstance(fact.value, list):
            return None
        try:
            return tuple(_read(question.kind, one) for one in fact.value)
        except TypeError:  # kept by another version
            return None

    def _keep(self, question: Question[_Told], told: tuple[_Told, ...] | None) -> None:
        written = [one if isinstance(one, str) else asdict(one) for one in told or ()]  # type: ignore[call-overload] # the kinds above
        self._ledger.facts.put(self._connection.record.account_id, question.name, written)


def _read(kind: Callable[..., _Told], kept: Any) -> _Told:
    """One thing as it was; JSON has made lists of its tuples."""
    if not isinstance(kept, dict):
        return kind(kept)
    return kind(**{name: tuple(value) if isinstance(value, list) else value for name, value in kept.items()})
