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


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        ("a\nb\r\n", '"a⏎b⏎"'),
        ("\u200b5e42", '"<U+200B>5e42"'),
        ("mail\u00ad@x.in\x07", '"mail<U+00AD>@x.in<U+0007>"'),
        ("क्\u200dष", '"क्\u200dष"'),
    ],
    ids=["line_breaks", "zero_width_space", "hyphen_and_bell", "joiner_of_a_script"],
)
def test_what_cannot_be_seen_is_shown(value: str, quoted: str) -> None:
    """Whoever reads a message sees why a value is not what it seems to be; letters of a script stay whole."""
    assert shown(value) == quoted
