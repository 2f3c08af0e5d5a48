"""A YAML 1.2 file as plain texts, lists and keys, with the place of every one of them.

Scalars stay the text that stands there (`01`, `NO`, `1.10`): what they mean is the model's business.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.composer import Composer
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from etl.errors import UsageError
from etl.findings import DuplicateKey, Finding, NotAMapping, NotYaml, NoValue, Problem, WrongValue, shown
from etl.records import Place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Plain: TypeAlias = "str | list[Plain] | dict[str, Plain]"
Path: TypeAlias = tuple[str | int, ...]
"""Keys and list positions on the way from the top of the document to a value."""

MOST_CHARACTERS = 1_000_000
MOST_VALUES = 20_000  # aliases may repeat values; a mapping of this size with all of them written out is no mapping
DEEPEST = 20
_NESTED = re.compile(r"([\[{]\s*){21}")  # the scanner takes seconds over thousands of brackets before it gives up

_TOO_MUCH = "its nested or repeated (alias) values add up to more than any mapping needs"
_NULL_TAG = "tag:yaml.org,2002:null"
_SPOKEN = {
    "but found another document": "a mapping is one document, and a second one starts here",
    "expected a single document in the stream": "a mapping is one document, and a second one starts here",
}


@dataclass(frozen=True, slots=True)
class Document:
    """A YAML document: its plain value, what was wrong with single keys and values, and the places of all.

    valueless: keys that stand there without a value; they are left out of `plain`. base: the document that this one
    extends, whose values are in `plain` as far as this one has none in their place.
    """

    file: str
    root: Node
    plain: Plain
    findings: tuple[Finding, ...]
    valueless: frozenset[str]
    base: Document | None = None

    def over(self, base: Document, together: Plain) -> Document:
        """The same over a base that it extends. together: both as one plain value."""
        findings, valueless = (*self.findings, *base.findings), self.valueless | base.valueless
        return replace(self, plain=together, findings=findings, valueless=valueless, base=base)

    def place(self, path: Path, *, of_key: bool = False) -> Place:
        """Where the value at `path` stands (its key, if asked); the nearest value above it if there is none."""
        if self.base is not None and self._leaves_to_base(path):
            return self.base.place(path, of_key=of_key)
        node, key = self.root, None
        for step in path:
            found = _step(node, step)
            if found is not None:
                key, node = found
        marked = key if of_key and key is not None else node
        return _place(self.file, marked)

    def _leaves_to_base(self, path: Path) -> bool:
        """Whether the value at `path` is one that only the base has."""
        node = self.root
        for depth, step in enumerate(path):
            if not (isinstance(node, MappingNode) and merges_at(path[:depth])):
                return False
            found = _step(node, step)
            if found is None:
                return self.base is not None and self.base.has(path[: depth + 1])
            node = found[1]
        return False

    def has(self, path: Path) -> bool:
        """Whether there is a value at `path`, its own or of its base."""
        node = self.root
        for step in path:
            found = _step(node, step)
            if found is None:
                return self.base is not None and self.base.has(path)
            node = found[1]
        return True


def merges_at(path: Path) -> bool:
    """Whether keys at this place come from a file and its base together: not within an entry of `columns` or `values`."""
    return len(path) < 2 or path[0] not in ("columns", "values")


def read_document(text: str, file: str) -> Document:
    """The document in a text. file: its name in places.

    Raises:  UsageError — not YAML, empty, too large, or repeating itself through aliases without bound.
    """
    if len(text) > MOST_CHARACTERS:
        raise _not_readable(file, NotAMapping(f"it has {len(text):,} characters"))
    if _NESTED.search(text):
        raise _not_readable(file, NotAMapping(_TOO_MUCH))
    root = _compose(text, file)
    walk = _Walk(file)
    plain = walk.plain(root, 0)
    return Document(file, root, plain, tuple(walk.findings), frozenset(walk.valueless))


def _compose(text: str, file: str) -> Node:
    root: Node | None
    yaml = YAML(typ="safe", pure=True)
    yaml.Composer = _BoundedComposer
    try:
        root = yaml.compose(text)
    except _TooMuchError as error:
        raise _not_readable(file, NotAMapping(_TOO_MUCH), error.problem_mark) from error
    except MarkedYAMLError as error:
        reason = str(error.problem or error.context or "it cannot be read")
        problem = NotYaml(_SPOKEN.get(reason, reason))
        raise _not_readable(file, problem, error.problem_mark or error.context_mark) from error
    except YAMLError as error:
        raise _not_readable(file, NotYaml(str(error).splitlines()[0])) from error
    except RecursionError as error:
        raise _not_readable(file, NotAMapping(_TOO_MUCH)) from error
    if root is None:
        raise _not_readable(file, NotAMapping("the file is empty"))
    return root


class _TooMuchError(MarkedYAMLError):
    """There are more nodes, or deeper ones, than a mapping can have."""


class _BoundedComposer(Composer):
    """Stops at the first node that is too many or too deep: the library takes hours over a megabyte of brackets."""

    def __init__(self, loader: Any = None) -> None:
        super().__init__(loader)
        self.warn_double_anchors = False  # YAML 1.2 (7.1): a later anchor of the same name takes over
        self._deepness = self._nodes = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        self._nodes += 1
        if self._deepness > DEEPEST or self._nodes > 2 * MOST_VALUES:  # a key is a node as well
            raise _TooMuchError(problem_mark=self.parser.peek_event().start_mark)
        self._deepness += 1
        node = super().compose_node(parent, index)
        self._deepness -= 1
        return node


def _not_readable(file: str, problem: Problem, mark: object = None) -> UsageError:
    line, column = getattr(mark, "line", 0), getattr(mark, "column", 0)
    return refusal(file, [Finding(Place(file, line=line + 1, line_column=column + 1), problem)])


def refusal(file: str, findings: Sequence[Finding]) -> UsageError:
    """What is raised for a mapping with these findings, in the order of the file."""
    in_order = sorted(findings, key=lambda finding: _order(file, finding.place))
    problems = "1 problem" if len(findings) == 1 else f"{len(findings)} problems"
    return UsageError(f"{file} cannot be used as a mapping: {problems}. Nothing was sent.", in_order)


def _order(file: str, place: Place) -> tuple[bool, str, int, int]:
    """By line and column; a base that the file extends comes after it."""
    return place.file != file, place.file, place.line or 0, place.line_column or 0


def _place(file: str, node: Node) -> Place:
    return Place(file, line=node.start_mark.line + 1, line_column=node.start_mark.column + 1)


def _entries(node: Node) -> Iterator[tuple[Node, Node]]:
    yield from node.value


def _step(node: Node, step: str | int) -> tuple[Node | None, Node] | None:
    if isinstance(node, MappingNode):
        return next(((key, value) for key, value in _entries(node) if key.value == step), None)
    if isinstance(node, SequenceNode) and isinstance(step, int) and step < len(node.value):
        return None, node.value[step]
    return None


class _Walk:
    """Turns nodes into plain values, noting what is wrong with single ones and going on."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.findings: list[Finding] = []
        self.valueless: set[str] = set()
        self._left = MOST_VALUES

    def plain(self, node: Node, depth: int) -> Plain:
        self._left -= 1
        if self._left < 0 or depth > DEEPEST:
            raise _not_readable(self.file, NotAMapping(_TOO_MUCH), node.start_mark)
        if isinstance(node, SequenceNode):
            return [self.plain(item, depth + 1) for item in node.value]
        if isinstance(node, MappingNode):
            return self._keys(node, depth)
        if node.tag == _NULL_TAG:
            self._note(node, NoValue(node.value))
        return str(node.value)

    def _keys(self, node: MappingNode, depth: int) -> dict[str, Plain]:
        plain: dict[str, Plain] = {}
        lines: dict[str, int] = {}
        for key, value in _entries(node):
            if not isinstance(key, ScalarNode):
                self._note(key, WrongValue("a list or keys", "a text before the colon"))
            elif key.value in plain:
                self._note(key, DuplicateKey(key.value, lines[key.value]))
            elif value.tag == _NULL_TAG:
                self.valueless.add(key.value)
                self._note(value if value.value else key, NoValue(value.value))  # nothing at all stands nowhere
            else:
                lines[key.value] = key.start_mark.line + 1
                plain[key.value] = self.plain(value, depth + 1)
        return plain

    def _note(self, node: Node, problem: Problem) -> None:
        self.findings.append(Finding(_place(self.file, node), problem))


def found_in_words(value: object) -> str:
    """A value of the document as messages quote it."""
    if isinstance(value, dict):
        return "lines of key: value"
    return "a list" if isinstance(value, (list, tuple)) else shown(value)
