"""A proposed mapping as a value: what is filled in, what is left to a person, and what has to be asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from etl.mapping.operation_needs import OperationName
    from etl.mapping.suggest.kinds import Guess
    from etl.mapping.suggest.sample import Sample
    from etl.records import Column


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer to a question. key: as it is typed. words: what it means."""

    key: str
    words: str


@dataclass(frozen=True, slots=True)
class Question:
    """Something that the sheet does not tell.

    key: by which the answer is handed back. choices: empty where anything may be typed. proposal: what is taken with
    --yes; None where nothing may be taken without an answer. is_needed: whether the mapping cannot be written without an
    answer. otherwise: how the answer is given without a terminal.
    """

    key: str
    words: str
    choices: tuple[Choice, ...] = ()
    proposal: str | None = None
    is_needed: bool = False
    otherwise: str = ""


@dataclass(frozen=True, slots=True)
class ProposedColumn:
    """One column and where it goes.

    target: None where nothing is known. is_active: filled in; otherwise it stands as a comment. settings: what the mapping
    says of it, `type` and the conversion. why: the evidence, in words.
    """

    column: Column
    guess: Guess
    target: str | None = None
    is_active: bool = False
    settings: Mapping[str, object] = field(default_factory=dict)
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Line:
    """One setting of the mapping and why. value: None where it stands as a comment, with an example of what could be there."""

    value: object | None
    why: str
    example: str = ""


@dataclass(frozen=True, slots=True)
class Proposal:
    """A whole mapping. questions: those that nobody has answered yet. missing: mandatory fields that nothing fills."""

    sample: Sample
    name: str
    operation: OperationName
    operation_why: str
    columns: tuple[ProposedColumn, ...]
    questions: tuple[Question, ...] = ()
    search_by: str | None = None
    find_by: tuple[Mapping[str, str], ...] = ()
    event: Line | None = None
    event_name: str | None = None
    time_zone: Line | None = None
    empty_values: tuple[str, ...] = ()
    hidden: Line | None = None
    merged: Line | None = None
    joined: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    unique_by: Line | None = None
    row_key_field: Line | None = None
    missing: tuple[str, ...] = ()
    account: str | None = None

    @property
    def active(self) -> tuple[ProposedColumn, ...]:
        return tuple(one for one in self.columns if one.is_active)

    @property
    def open_questions(self) -> tuple[Question, ...]:
        """Those without which no mapping can be written, and for which nothing may be taken."""
        return tuple(one for one in self.questions if one.is_needed and one.proposal is None)
