"""The page docs/findings.md, made of the catalogue: `python -m tests.docs.findings_page` writes it (`make docs`)."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from etl import findings
from etl.findings import Finding, Problem
from tests.docs.examples import CELL, EXAMPLES, MAPPING, PLACES

PAGE = Path(__file__).parents[2] / "docs" / "findings.md"
_HEAD = """# Findings

A finding is something in a file, a mapping or a cell that `etl` will not guess at. It has a code that never changes, the
place (`visits.xlsx, Visits!F41`), the value, what was expected and what to do. Rows with findings are not sent; they stand
in the failed file, ready to be corrected. `etl check visits.xlsx -m visits.yaml --findings findings.xlsx` writes all of
them to one file (`.xlsx`, `.csv` or `.json`), one a line.

This page is made of the program's own catalogue: `make docs`.
"""
_SECTION = re.compile(r"# --- (.+?) -+$")
_CLASS = re.compile(r"class (\w+)\(Problem\):")
_ABOUT_FIELDS = re.compile(r"(?<=[.:]) [a-z_]+(?:, [a-z_]+)*: .*", re.DOTALL)
_FILLINGS: dict[str, object] = {
    "int": 3,
    "bool": False,
    "tuple[str, ...]": ("one", "other"),
    "tuple[str, str]": ("x", "y"),
}


def page_text() -> str:
    """The page as the file holds it."""
    parts = [_HEAD]
    for section, kinds in by_section():
        parts.append(f"\n## {section[0].upper()}{section[1:]}\n")
        parts.extend(_entry(kind, section) for kind in kinds)
    return "".join(parts)


def by_section() -> list[tuple[str, list[type[Problem]]]]:
    """The kinds of problems in the order of the catalogue, under its own headings."""
    found: list[tuple[str, list[type[Problem]]]] = []
    for line in inspect.getsource(findings).splitlines():
        if heading := _SECTION.match(line):
            found.append((heading[1], []))
        elif named := _CLASS.match(line):
            kind: type[Problem] = getattr(findings, named[1])
            found[-1][1].append(kind)
    return found


def example_of(kind: type[Problem]) -> Problem:
    """The example of a kind; one made of fillings where nobody has written one yet, which a test then tells."""
    for example in EXAMPLES:
        if type(example) is kind:
            return example
    return kind(*(_FILLINGS.get(said, "x") for said in kind.types.values()))


def meaning_of(kind: type[Problem]) -> str:
    """What a kind means: its docstring, without what it says about the fields of the class."""
    whole = inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0].replace("\n", " ")
    return _ABOUT_FIELDS.sub("", whole)


def _entry(kind: type[Problem], section: str) -> str:
    problem = example_of(kind)
    usual = MAPPING if "mapping" in section else CELL
    finding = Finding(PLACES.get(kind.code, usual), problem)
    return (
        f"\n### {kind.code}\n\n{meaning_of(kind)}\n\n"
        f"- For example: `{_literal(f'{finding.place}: {problem.error}')}`\n"
        f"- Expected: {_plain(problem.expectation)}\n"
        f"- What to do: {_plain(problem.remedy)}\n"
    )


def _literal(text: str) -> str:
    return text.replace("`", "'")


def _plain(text: str) -> str:
    """A sentence in which Markdown finds no signs of its own."""
    return re.sub(r"([\\`*<>])", r"\\\1", text)


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(page_text(), encoding="utf-8", newline="\n")
