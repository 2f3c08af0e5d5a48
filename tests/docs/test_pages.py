"""The pages that are made of the program say what it says, and the messages that a page explains are its own."""

from __future__ import annotations

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import etl
from etl.mapping.yaml_document import read_document
from tests.docs import exit_codes_page, mapping_page
from tests.docs.mapping_examples import EXAMPLES, NEEDED
from tests.docs.mapping_page import SECTIONS, Section, keys_of, said

DOCS = Path(__file__).parents[2] / "docs"
PACKAGE = Path(etl.__file__).parent
MESSAGES = re.findall(r"^### `(.+)`$", (DOCS / "troubleshooting.md").read_text(encoding="utf-8"), flags=re.MULTILINE)
KEYS = [(section, key) for section in SECTIONS for key, _ in keys_of(section)]


@pytest.mark.parametrize("made", [mapping_page, exit_codes_page], ids=["mapping.md", "exit-codes.md"])
def test_a_page_is_as_the_program_is(made: object) -> None:
    """Whoever changes the model or the codes writes the pages again: make docs."""
    assert made.PAGE.read_text(encoding="utf-8") == made.page_text()  # type: ignore[attr-defined]


@pytest.mark.parametrize(("section", "key"), KEYS, ids=[f"{section.title}: {key}" for section, key in KEYS])
def test_the_example_of_a_key_is_taken(section: Section, key: str) -> None:
    """The example of each key of the mapping is YAML that its part accepts, and there is no example of a key that is gone."""
    example = EXAMPLES[section.part.__name__][key]
    read = read_document(f"{example}\n", "example.yaml").plain
    needed = read_document(f"part: {NEEDED.get(section.part.__name__, '{}')}\n", "needed.yaml").plain["part"]  # type: ignore[index,call-overload]

    assert isinstance(read, dict)
    assert isinstance(needed, dict)
    assert list(read) == [key]
    section.part.model_validate(needed | read)


def test_no_example_is_of_a_key_that_is_gone() -> None:
    """And every key has a sentence."""
    assert {(section.part.__name__, key) for section, key in KEYS} == {
        (part, key) for part, examples in EXAMPLES.items() for key in examples
    }
    assert [key for section in SECTIONS for key, _ in keys_of(section) if not said(section)[key]] == []


@pytest.mark.parametrize("message", MESSAGES)
def test_an_explained_message_is_one_of_the_program(message: str) -> None:
    """Its parts stand in one text of the code, in this order, with something that differs between them."""
    pattern = re.compile(".*".join(re.escape(part.strip()) for part in message.split("…")), re.DOTALL)

    assert any(pattern.search(text) for text in read_package()[0])


def test_messages_are_explained() -> None:
    """The page is not empty, and explains nothing twice."""
    assert len(MESSAGES) > 20
    assert len(set(MESSAGES)) == len(MESSAGES)


@cache
def read_package() -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Every text of the package, what is filled in left as …; and every module and `module.name` that it uses."""
    texts: list[str] = []
    used: list[str] = []
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.JoinedStr):
                texts.append(
                    "".join(str(part.value) if isinstance(part, ast.Constant) else "…" for part in node.values)
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                texts.append(node.value)
            elif isinstance(node, ast.Import):
                used += [one.name for one in node.names]
            elif isinstance(node, ast.ImportFrom):
                used.append(node.module or "")
            elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
                used.append(f"{node.value.id}.{node.attr}")
    return tuple(texts), tuple(used)


POSIX_ONLY = {
    *("fcntl", "resource", "pwd", "grp", "termios", "tty", "pty", "posix"),
    *(
        "os.fork",
        "os.kill",
        "os.getuid",
        "os.geteuid",
        "os.getppid",
        "os.killpg",
        "os.setsid",
        "os.uname",
        "os.getpgid",
    ),
    *("signal.SIGKILL", "signal.SIGHUP", "signal.SIGUSR1", "signal.alarm", "time.tzset"),
}
_POSIX_FORMAT = re.compile(r"%-[dmHIjyM]")


def test_nothing_is_used_that_windows_does_not_have() -> None:
    """As docs/windows.md says: no module, no call and no format of dates that only other systems have."""
    texts, used = read_package()

    assert sorted(POSIX_ONLY.intersection(used)) == []
    assert [text for text in texts if _POSIX_FORMAT.search(text)] == []
