"""The translation file that a person keeps: for a value of a column, what is used in its place.

It has the columns "column", "value" and "use this"; lines without "use this" are not decided yet. Values are translated
before anything else is done with them, for every target that a column fills by itself. What tells rows apart (unique_by),
filters (only) and finds leads goes by what the sheet has.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from etl.errors import UsageError
from etl.findings import ChoiceUnknown, Problem, TranslationRefused, listed, shown
from etl.mapping.convert.cells import cell_as_seen
from etl.mapping.headers import same_form
from etl.mapping.targets import FieldType

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from etl.mapping.convert.cells import Read, Reads
    from etl.mapping.model import MappedTarget
    from etl.records import Block, Cell, Column, Table

COLUMN, VALUE, USE = "column", "value", "use this"
"""The headers of the file, in any order; case does not count. Others are passed over."""

MOST_WORDS = 200_000  # a list that people keep; what is larger was probably named by mistake
MOST_UNKNOWN = 2_000
"""So many different values of one input are listed as unknown; of more, a column is probably mapped as the wrong type."""


@dataclass(frozen=True, slots=True)
class Words:
    """The translation of one column. separator: between the values of a multichoice, each of which may have one."""

    use: Mapping[str, str]
    file: str
    separator: str | None = None

    def find(self, text: str) -> str | None:
        """What is used for a value; None where it stays as it is."""
        whole = self.use.get(same_form(text))
        if whole is not None or self.separator is None:
            return whole
        parts = text.split(self.separator)
        found = [self.use.get(same_form(part)) for part in parts]
        if not any(found):
            return None
        return self.separator.join(use or part for use, part in zip(found, parts, strict=True))


@dataclass(frozen=True, slots=True)
class Translation:
    """A whole translation file. of_column: column → value → what is used."""

    file: str
    of_column: Mapping[str, Mapping[str, str]]

    @classmethod
    def read(cls, table: Table, blocks: Iterable[Block]) -> Translation:
        """The file's lines; those without column, value or "use this" are passed over.

        Raises: UsageError — a column of the file is missing, two lines disagree, or there are too many.
        """
        letters = [_letter(name, table) for name in (COLUMN, VALUE, USE)]
        first: dict[tuple[str, str], tuple[int, str]] = {}
        for block in blocks:
            cells = [block.frame[letter].tolist() for letter in letters]
            for number, line in zip(block.frame.index.tolist(), zip(*cells, strict=True), strict=True):
                _add(first, number, [_text(cell) for cell in line], table)
            if len(first) > MOST_WORDS:
                raise UsageError(f"{table.file}: more than {MOST_WORDS:,} values. Is this the translation file?")
        of_column: dict[str, dict[str, str]] = {}
        for (column, value), (_, use) in first.items():
            of_column.setdefault(column, {})[value] = use
        return cls(table.file.name, of_column)

    def words(self, column: Column, mapped: MappedTarget) -> Words | None:
        """The translation of a column, by its header in the sheet or in the mapping, an alias, or its letter without one."""
        separator = mapped.rule.separator if mapped.rule.type is FieldType.MULTICHOICE else None
        use: dict[str, str] = {}
        for name in _names(column, mapped):
            use = {**self.of_column.get(name, {}), **use}
        return Words(use, self.file, separator) if use else None

    def unused(self, columns: Iterable[tuple[Column, MappedTarget]]) -> tuple[str, ...]:
        """The columns it names that are none of these, which fill targets by themselves: their lines change nothing."""
        known = {name for column, mapped in columns for name in _names(column, mapped)}
        return tuple(name for name in self.of_column if name not in known)


def _letter(name: str, table: Table) -> str:
    for column in table.columns:
        if same_form(column.header).casefold() == name:
            return column.letter
    there = listed([shown(column.header) for column in table.columns if column.header]) or "none"
    raise UsageError(
        f'{table.file}: a translation file needs the columns "{COLUMN}", "{VALUE}" and "{USE}"; "{name}" is missing. '
        f"There are: {there}."
    )


def _text(cell: Cell) -> str:
    return same_form(cell_as_seen(cell))


def _add(first: dict[tuple[str, str], tuple[int, str]], number: int, line: list[str], table: Table) -> None:
    column, value, use = line
    if not (column and value and use):
        return
    row, known = first.setdefault((column, value), (number, use))
    if known != use:
        raise UsageError(
            f"{table.file}, rows {row} and {number}: {shown(value)} of column {shown(column)} stands for {shown(known)} and "
            f"for {shown(use)}. Leave one of the two lines."
        )


def _names(column: Column, mapped: MappedTarget) -> Iterator[str]:
    names = (column.header or column.letter, mapped.header or "", *getattr(mapped.rule, "aliases", ()))
    yield from dict.fromkeys(filter(None, map(same_form, names)))


def translated(reads: Reads, words: Words) -> Reads:
    """Reads that translate each cell first; what is used for it is read as if it were typed in the cell."""
    of_text = reads[str]

    def translating(read: Read) -> Read:
        def of_cell(cell: Any) -> str | Problem:
            seen = cell_as_seen(cell)
            use = words.find(seen)
            if use is None:
                return read(cell)
            sent = of_text(use)
            return TranslationRefused(seen, use, words.file, sent.error) if isinstance(sent, Problem) else sent

        return of_cell

    return {kind: translating(read) for kind, read in reads.items()}


@dataclass(slots=True)
class UnknownValue:
    """A value that is none of its column's options. counts: by target, in how many cells it was found."""

    column: Column
    value: str
    options: dict[str, None] = field(default_factory=dict)
    nearest: str | None = None
    counts: dict[str, int] = field(default_factory=dict)

    @property
    def times(self) -> int:
        """In how many rows it stands."""
        return max(self.counts.values(), default=0)


class UnknownValues:
    """The values of one input that are none of the options of their columns."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, str], UnknownValue] = {}
        self.left_out = False

    def note(self, column: Column, target: str, problem: ChoiceUnknown) -> None:
        """One cell with such a value."""
        value = same_form(problem.value)
        key = (column.letter, value)
        if key not in self._found:
            if len(self._found) >= MOST_UNKNOWN:
                self.left_out = True
                return
            self._found[key] = UnknownValue(column, value, nearest=problem.nearest)
        found = self._found[key]
        found.options |= dict.fromkeys(problem.known)
        found.counts[target] = found.counts.get(target, 0) + 1

    def __len__(self) -> int:
        return len(self._found)

    def lines(self) -> list[UnknownValue]:
        """Column by column as in the sheet, the most frequent value first."""
        return sorted(self._found.values(), key=lambda one: (one.column.position, -one.times, one.value))
