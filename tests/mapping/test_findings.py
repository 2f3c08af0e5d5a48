"""The catalogue: every kind of problem has a code of its own and sentences for a person."""

from __future__ import annotations

from dataclasses import fields

import pytest

from etl import findings
from etl.findings import Problem, listed, near, shown

KINDS = [
    kind
    for kind in vars(findings).values()
    if isinstance(kind, type) and issubclass(kind, Problem) and kind is not Problem
]
EXAMPLES: dict[str, object] = {
    "str": "x",
    "int": 3,
    "bool": False,
    "tuple[str, ...]": ("a", "b"),
    "tuple[str, str]": ("a", "b"),
    "str | None": "y",
    "int | None": 4,
}


def test_codes_are_told_apart() -> None:
    """No two kinds of problem share a code."""
    codes = [kind.code for kind in KINDS]

    assert len(codes) == len(set(codes)) > 30


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_a_problem_speaks_in_whole_sentences(kind: type[Problem]) -> None:
    """What is wrong and what to do are sentences that start with a capital or a quote and end with a stop."""
    problem = kind(*(EXAMPLES[str(field.type)] for field in fields(kind)))

    for sentence in (problem.error, problem.remedy):
        assert sentence[0] in '"(' or sentence[0].isupper() or sentence.split()[0] in ("x", "b", "etl_run"), sentence
        assert sentence[-1] in ".?…x", sentence
        assert "  " not in sentence
    assert kind.__doc__


def test_values_are_quoted_and_cut() -> None:
    """A quoted value shows line breaks and is cut to a readable length."""
    assert shown("a\nb") == '"a⏎b"'
    assert shown("x" * 61) == f'"{"x" * 59}…"'
    assert listed("abc", most=2) == "a, b, …"
    assert near(None) == ""
