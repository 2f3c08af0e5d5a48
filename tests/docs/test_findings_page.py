"""The page of findings says what the program says."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from etl import findings
from etl.findings import Problem
from tests.docs.examples import EXAMPLES
from tests.docs.findings_page import PAGE, by_section, meaning_of, page_text

KINDS = [kind for _, kinds in by_section() for kind in kinds]


def test_the_page_is_the_catalogues_own() -> None:
    """Whoever changes the catalogue writes the page again: make docs."""
    assert PAGE.read_text(encoding="utf-8") == page_text()


def test_every_kind_is_there_with_an_example() -> None:
    """A new kind of finding gets an example in tests/docs/examples.py; none is there twice."""
    assert Counter(KINDS) == Counter(type(example) for example in EXAMPLES)


def test_the_catalogue_is_in_one_place() -> None:
    """No kind of finding is made elsewhere in the package, where the page would not see it."""
    package = Path(findings.__file__).parent
    makers = [path.name for path in package.rglob("*.py") if "(Problem):" in path.read_text(encoding="utf-8")]

    assert makers == ["findings.py"]


@pytest.mark.parametrize("problem", EXAMPLES, ids=lambda problem: problem.code)
def test_a_kind_says_all_that_a_person_needs(problem: Problem) -> None:
    """Meaning, error, expectation and remedy are there, and no field of the class is left to be filled in."""
    assert meaning_of(type(problem)).endswith(".")
    for text in (problem.error, problem.expectation, problem.remedy):
        assert text
        assert "None" not in text
        assert "(" not in text or ")" in text
    assert not problem.expectation.endswith((".", ": ", " "))
