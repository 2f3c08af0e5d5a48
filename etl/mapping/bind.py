"""The columns that a mapping names, found in one input."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from etl.errors import UsageError
from etl.findings import ActivitiesThatAreThere, ColumnMissing, ColumnTwice, Finding, Problem
from etl.mapping.fetched_lines import fingerprint_column
from etl.mapping.headers import nearest, same_form
from etl.mapping.operation_needs import NEEDS, OperationName
from etl.mapping.target_rules import ListedColumn, TargetRule, ValueRule
from etl.mapping.templates import Template
from etl.records import OWN_COLUMNS, Column, Place, Table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from etl.mapping.model import Mapping


_Found: TypeAlias = "Column | ColumnMissing | ColumnTwice"


@dataclass(frozen=True, slots=True)
class Bound:
    """The columns of one input, by the names that the mapping gives them.

    own: our own outcome columns by name, in a results or failed file. input: the columns of the person, in order.
    named: what the mapping says → the column it means; a letter is said as `letter F`. fingerprint: the column of ours in
    what `etl fetch` wrote.
    """

    own: dict[str, Column]
    input: tuple[Column, ...]
    named: dict[str, Column]
    fingerprint: Column | None = None

    def column(self, header: str | None, letter: str | None = None) -> Column:
        """The column for a header or letter of the mapping."""
        return self.named[_by_letter(letter) if letter else same_form(header or "")]

    @property
    def unmapped(self) -> tuple[Column, ...]:
        """Columns that nothing in the mapping names."""
        used = set(self.named.values())
        return tuple(column for column in self.input if column not in used)


def bind(mapping: Mapping, table: Table) -> Bound:
    """Find every column that the mapping names.

    Raises:  UsageError — with a finding for each column that is missing, or there more than once; or because the lines are
             activities that LeadSquared has, and the mapping adds new ones.
    """
    fingerprint = fingerprint_column(table)
    if fingerprint is not None and not NEEDS[mapping.operation].changes:
        raise _would_double(mapping, table, fingerprint)
    own, theirs = _apart(table)
    candidates = [*theirs, *_readable_own(mapping, own, theirs)]
    named: dict[str, Column] = {}
    problems: list[ColumnMissing | ColumnTwice] = []
    for name, found in _wanted(mapping, candidates, theirs):
        if isinstance(found, (ColumnMissing, ColumnTwice)):
            problems.append(found)
        else:
            named[name] = found
    if problems:
        has_nothing = not named and not any(isinstance(one, ColumnTwice) or one.nearest for one in problems)
        raise _refusal(table, problems, is_header=not has_nothing or mapping.input.header_row == "auto")
    return Bound(own, theirs, named, fingerprint)


def _would_double(mapping: Mapping, table: Table, fingerprint: Column) -> UsageError:
    """A line of such a file, corrected or not, would become a second activity beside the one that it shows."""
    place = Place(str(table.file), table.sheet, table.header_row, fingerprint.letter, fingerprint.header)
    return UsageError(
        f"{Place(str(table.file), table.sheet)}: this file shows activities that LeadSquared has, and the mapping would add "
        "each of them once more. Nothing was sent.",
        [Finding(place, ActivitiesThatAreThere(fingerprint.header, mapping.operation))],
    )


def _refusal(table: Table, problems: Sequence[Problem], *, is_header: bool) -> UsageError:
    """is_header: whether the row is one of headers; where it holds none that is named, they most likely stand in another."""
    place = Place(str(table.file), table.sheet, row=table.header_row)
    findings = [Finding(place, problem) for problem in dict.fromkeys(problems)]
    columns = "a column" if len(findings) == 1 else f"{len(findings)} columns"
    elsewhere = (
        "" if is_header else " If the headers stand in another row, write header_row: auto under input in the mapping."
    )
    return UsageError(
        f"{place}: the mapping needs {columns} that cannot be told here.{elsewhere} Nothing was sent.", findings
    )


def _apart(table: Table) -> tuple[dict[str, Column], tuple[Column, ...]]:
    """Our own outcome columns, which stand first in our own files, and the person's."""
    own: dict[str, Column] = {}
    if table.is_ours:
        for column in table.columns:
            if column.header in OWN_COLUMNS:
                own.setdefault(column.header, column)
    ours = {*own.values(), fingerprint_column(table)}
    return own, tuple(column for column in table.columns if column not in ours)


def _readable_own(mapping: Mapping, own: dict[str, Column], theirs: tuple[Column, ...]) -> list[Column]:
    """The id that LeadSquared gave is input for an update, unless the person has a column of that name."""
    name = "ProspectActivityId"
    if mapping.operation is not OperationName.UPDATE or name not in own or name in {c.header for c in theirs}:
        return []
    return [own[name]]


def _by_letter(letter: str) -> str:
    return f"letter {letter}"


def _wanted(mapping: Mapping, candidates: list[Column], theirs: tuple[Column, ...]) -> Iterator[tuple[str, _Found]]:
    aliases = _aliases(mapping)
    for mapped in mapping.targets():
        if mapped.letter is not None:
            yield _by_letter(mapped.letter), _find_letter(mapped.letter, theirs)
    for name in _headers(mapping):
        yield name, _find(name, aliases.get(name, frozenset()), candidates, theirs)


def _headers(mapping: Mapping) -> dict[str, None]:
    """Every header that the mapping names, once, in the order of the file."""
    names: list[str] = []
    for mapped in mapping.targets():
        rule = mapped.rule
        if mapped.header is not None:
            names.append(mapped.header)
        elif isinstance(rule, ValueRule):
            names += [*rule.join, *rule.first_of, *(Template.of(rule.text).columns if rule.text else ())]
    names += [*mapping.input.only, *mapping.unique_by]
    names += [entry.column for entry in mapping.leads.entries()] if mapping.leads else []
    return dict.fromkeys(map(same_form, names))


def headers_named(mapping: Mapping) -> frozenset[str]:
    """Every header that the mapping names, and their aliases: by these the header row of a sheet is known."""
    return frozenset(_headers(mapping)).union(*_aliases(mapping).values())


def _aliases(mapping: Mapping) -> dict[str, frozenset[str]]:
    aliases: dict[str, frozenset[str]] = {}
    for mapped in mapping.targets():
        if mapped.header is not None and isinstance(mapped.rule, (TargetRule, ListedColumn)):
            name = same_form(mapped.header)
            aliases[name] = aliases.get(name, frozenset()) | {same_form(alias) for alias in mapped.rule.aliases}
    return aliases


def _find(name: str, aliases: frozenset[str], candidates: list[Column], theirs: tuple[Column, ...]) -> _Found:
    """A column of the person goes before one of ours, whether it is found by its name or by an alias."""
    named = [column for column in candidates if same_form(column.header) in {name, *aliases}]
    found = [column for column in named if column in theirs] or named
    if len(found) == 1:
        return found[0]
    if found:
        return ColumnTwice(name, tuple(column.letter for column in found))
    headers = tuple(column.header for column in candidates if column.header)
    return ColumnMissing(name, headers, nearest(name, headers))


def _find_letter(letter: str, theirs: tuple[Column, ...]) -> _Found:
    """By order, not by letter: in our own files the person's columns stand further right than they did."""
    position = 0
    for sign in letter:
        position = position * 26 + ord(sign) - ord("A") + 1
    if position <= len(theirs):
        return theirs[position - 1]
    return ColumnMissing(letter, tuple(column.header for column in theirs if column.header))
