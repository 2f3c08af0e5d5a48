"""The catalogue of findings: one small class per kind of problem.

A problem knows its stable code, what was expected and how to mend it; a finding is a problem at a place.
Texts are for people who never saw the code: value, expectation, action.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from etl.records import Place


@dataclass(frozen=True, slots=True)
class Problem:
    """One kind of problem. Subclasses set `code` and say what was found (`error`) and what to do (`remedy`)."""

    code: ClassVar[str]

    @property
    def error(self) -> str:
        """What is wrong, with the value, in one sentence without the place."""
        raise TypeError(f"{type(self).__name__} says nothing about its error")

    @property
    def remedy(self) -> str:
        """What a person can do about it, in one sentence."""
        raise TypeError(f"{type(self).__name__} says nothing about its remedy")


@dataclass(frozen=True, slots=True)
class Finding:
    """A problem at a place."""

    place: Place
    problem: Problem

    @property
    def code(self) -> str:
        return self.problem.code

    @property
    def hint(self) -> str:
        """Cell and action, as it stands in the results file: `F41: "31/02/2026" is no date. Type it as dd/mm/yyyy.`"""
        cell = f"{self.place.letter or ''}{self.place.row or ''}"
        return f"{cell}: {self.problem.error} {self.problem.remedy}" if cell else f"{self.problem.error} {self.problem.remedy}"

    def __str__(self) -> str:
        return f"{self.place}: {self.problem.error} {self.problem.remedy}"


def shown(value: object, most: int = 60) -> str:
    """A value as findings quote it: in double quotes, line breaks visible, cut to `most` characters."""
    text = str(value).replace("\n", "⏎").replace("\r", "")
    return f'"{text[: most - 1]}…"' if len(text) > most else f'"{text}"'
