"""The catalogue: every kind of problem has a code of its own and sentences for a person."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError

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
    problem = kind(*(EXAMPLES[said] for said in kind.types.values()))

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


def test_problems_are_what_they_say() -> None:
    """Two of one kind that say the same are one and the same, whichever way their fields were given; none can be changed."""
    one = findings.ChoiceUnknown
    first, *others = one.types
    problem = one(*(EXAMPLES[said] for said in one.types.values()))
    named = one(**{name: EXAMPLES[said] for name, said in one.types.items()})  # type: ignore[arg-type] # texts and lists

    assert problem == named
    assert hash(problem) == hash(named)
    assert len({problem, named, findings.ErrorValue("x"), findings.EmptyCell("x")}) == 3
    assert repr(problem).startswith(f"ChoiceUnknown({first}=")
    assert pickle.loads(pickle.dumps(problem)) == problem
    with pytest.raises(FrozenInstanceError, match=others[0]):
        setattr(problem, others[0], "other")
    with pytest.raises(FrozenInstanceError, match=first):
        delattr(problem, first)


@pytest.mark.parametrize(
    ("values", "named"),
    [((), {}), (("a", "b"), {}), (("a",), {"value": "b"}), ((), {"values": "a"})],
    ids=["too few", "too many", "one twice", "an unknown one"],
)
def test_problems_take_their_fields_and_no_others(values: tuple[str, ...], named: dict[str, str]) -> None:
    """A field that has no default must be given, and each only once."""
    with pytest.raises(TypeError, match="ErrorValue"):
        findings.ErrorValue(*values, **named)
    assert findings.NumberFormat(*["x"] * (len(findings.NumberFormat.types) - 2)).setting is None  # type: ignore[arg-type]
