"""From one cell to what one target sends: emptiness, lookup, conversion, length. Each different cell is read once."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from etl.cell_texts import FullTexts
from etl.findings import EmptyCell, Problem, TooLong
from etl.mapping.broken_cells import problem_of
from etl.mapping.convert import CONVERTERS
from etl.mapping.convert.bounds import limits_of, within
from etl.mapping.convert.cells import ColumnRules, read_as_text
from etl.mapping.convert.whole_columns import date_times, moments, plain_digits, plain_emails, plain_texts
from etl.mapping.model import decimal_of, lookup_of, most_characters, type_of, when_empty
from etl.mapping.target_rules import UseValue
from etl.mapping.targets import FieldType
from etl.mapping.translation import translated
from etl.records import BrokenCell

if TYPE_CHECKING:
    from collections.abc import Mapping as MappingOf
    from collections.abc import Sequence

    from etl.mapping.convert.cells import Read, Reads
    from etl.mapping.convert.currencies import CurrenciesSeen
    from etl.mapping.convert.day_and_month import DaysSeen
    from etl.mapping.convert.whole_columns import WholeRead
    from etl.mapping.lookups import LookupTable
    from etl.mapping.model import MappedTarget, Mapping
    from etl.mapping.translation import Words

Result: TypeAlias = "str | Problem | None"
"""What a cell gives: the text that is sent, what is wrong with it, or None when the target is left out."""

MEMO_CELLS = (
    20_000  # different cells of one column remembered at once: bounds memory, and hardly ever reached in a block
)
_ENOUGH_TO_TELL, _MOSTLY_NEW = 1_000, 0.8
_NOTHING = type(None)


_NEVER_LONG = frozenset({FieldType.BOOLEAN, FieldType.DATE, FieldType.TIME, FieldType.DATETIME, FieldType.GUID})
_NEVER_LONGER = 36  # the length of an id, the longest of these


class CutText(str):
    """A text that was cut to the length its target holds."""

    __slots__ = ()


class Memo(dict[Any, Result]):
    """Cells of one kind that were read before, and how further ones are read."""

    def __init__(self, read: Callable[[Any], Result], whole: WholeRead | None = None) -> None:
        """whole: how many are read at once."""
        super().__init__()
        self._read = read
        self._whole = whole
        self._repeats = True
        self._as_they_stand: set[Any] = set()
        self._asked = self._knew = (
            0  # cells since the last look at whether they come again, and how many were known then
        )

    def __missing__(self, cell: Any) -> Result:
        result = self[cell] = self._read(cell)
        if result is cell:
            self._as_they_stand.add(cell)
        return result

    def of(self, cells: Sequence[Any]) -> Sequence[Result]:
        """The results of many cells; remembering ends for good where hardly any cell comes twice (ids, moments, remarks).

        The same sequence where each cell is a text that is sent as it stands.
        """
        if not self._repeats:
            found = self._whole(cells, self._read) if self._whole is not None else None
            return list(map(self._read, cells)) if found is None else found
        results = cells if self._are_as_they_stand(cells) else list(map(self.__getitem__, cells))
        self._asked += len(cells)
        if self._asked >= _ENOUGH_TO_TELL:
            self._repeats = len(self) - self._knew <= _MOSTLY_NEW * self._asked
            if not self._repeats or len(self) > MEMO_CELLS:
                self.clear()
                self._as_they_stand.clear()
            self._asked, self._knew = 0, len(self)
        return results

    def _are_as_they_stand(self, cells: Sequence[Any]) -> bool:
        """Whether all of them are surely sent so; those that are new are read together where they can be."""
        if self._as_they_stand.issuperset(cells):
            return True
        if self._whole is None:
            return False
        new = [cell for cell in dict.fromkeys(cells) if cell not in self]  # in the order in which they came
        found = self._whole(new, self._read) if new else new
        if found is None:
            return False
        self.update(zip(new, found, strict=True))
        if found is not new:
            return False
        self._as_they_stand.update(new)
        return self._as_they_stand.issuperset(cells)


class Memos(dict[type, Memo]):
    """A memo for each kind of cell: numbers, texts and truth values that Python holds for equal are kept apart."""

    def __missing__(self, kind: type) -> Memo:
        """A problem that arose while cells were put together stands for its cell, and stays what it is."""
        if not issubclass(kind, Problem):
            raise TypeError(f"a cell of kind {kind.__name__}, which no reader gives")
        memo = self[kind] = Memo(lambda problem: problem)
        return memo

    def read(self, cells: Sequence[Any]) -> Sequence[Result]:
        """A whole column; the same sequence where each cell is a text that is sent as it stands."""
        if type(cells) is FullTexts:
            return self[str].of(cells)
        kinds = set(map(type, cells))
        if len(kinds) == 1:
            return self[kinds.pop()].of(cells)
        if len(kinds) == 2 and _NOTHING in kinds:  # the usual mixture: not each cell of the column is filled
            empty, (kind,) = self[_NOTHING].of((None,))[0], kinds - {_NOTHING}
            filled = iter(self[kind].of([cell for cell in cells if cell is not None]))
            return [empty if cell is None else next(filled) for cell in cells]
        results: list[Result] = [None] * len(cells)
        for kind in kinds:
            places = [place for place, cell in enumerate(cells) if type(cell) is kind]
            for place, result in zip(places, self[kind].of([cells[place] for place in places]), strict=True):
                results[place] = result
        return results


def emptiness(empty_values: Sequence[str]) -> frozenset[str]:
    """The texts that mean "no value", without white space at their ends; a blank cell always does."""
    return frozenset({"", *(text.strip() for text in empty_values)})


def memos_of(
    reads: MappingOf[type, Callable[[Any], Result]],
    empty: Result,
    empties: frozenset[str],
    whole: WholeRead | None = None,
) -> Memos:
    """Reads made whole: what an empty cell and an error value give, and each different cell read once.

    whole: how many texts are read at once.
    """
    of_text = reads[str]
    memos = Memos({kind: Memo(read, date_times(read)) for kind, read in reads.items()})
    memos[str] = Memo(lambda text: empty if text.strip() in empties else of_text(text), whole)
    memos[BrokenCell] = Memo(problem_of)
    memos[type(None)] = Memo(lambda _: empty)
    return memos


def target_memos(
    mapping: Mapping,
    mapped: MappedTarget,
    lookups: MappingOf[str, LookupTable],
    days: DaysSeen | None,
    words: Words | None = None,
    currencies: CurrenciesSeen | None = None,
) -> Memos:
    """How the cells of one target are read. days, currencies: where its dates, and the currencies of its amounts, are noted,
    if they shall be. words: its translation.
    """
    reads = converted(mapping, mapped, days, currencies)
    lookup = lookup_of(mapped.rule)
    if lookup is not None:
        reads = _looked_up(lookups[str(mapping.lookup_path(lookup))], reads[str])
    if words is not None:
        reads = translated(reads, words)
    empties = emptiness(mapping.input.empty_values)
    is_bare = lookup is None and words is None and not mapped.rule.between
    whole = _whole(mapping, mapped, empties) if is_bare else None
    return memos_of(reads, _when_empty(mapping, mapped), empties, whole or moments(reads[str], empties))


def _whole(mapping: Mapping, mapped: MappedTarget, empties: frozenset[str]) -> WholeRead | None:
    """How many texts of a target are read at once, where its type alone says what they become."""
    kind, most = type_of(mapping, mapped.target, mapped.rule), most_characters(mapped.target, mapped.rule)
    if kind is FieldType.TEXT:
        return plain_texts(mapped.target, empties, most)
    if kind is FieldType.EMAIL:
        return plain_emails(empties, most)
    return plain_digits(empties, most) if kind in (FieldType.NUMBER, FieldType.INTEGER) else None


def converted(
    mapping: Mapping, mapped: MappedTarget, days: DaysSeen | None = None, currencies: CurrenciesSeen | None = None
) -> Reads:
    """How the cells of one target become text that is not too long, empty ones aside."""
    zone = zone_of(mapping)
    rules = ColumnRules(mapped.target, mapped.rule, zone, days, decimal_of(mapping, mapped.rule), currencies)
    kind = type_of(mapping, mapped.target, mapped.rule)
    reads = CONVERTERS[kind](rules)
    limits = limits_of(mapped.rule.between, kind, mapping.now, zone) if mapped.rule.between else None
    if limits is not None:
        reads = {cell_kind: within(read, limits) for cell_kind, read in reads.items()}
    if kind in _NEVER_LONG and most_characters(mapped.target, mapped.rule) >= _NEVER_LONGER:
        return reads
    return {kind: _within_length(read, mapped) for kind, read in reads.items()}


def fixed_value(mapping: Mapping, mapped: MappedTarget, value: str) -> str | Problem:
    """A value of the mapping itself as it is sent, or why it cannot be."""
    return converted(mapping, mapped)[str](value)


def zone_of(mapping: Mapping) -> ZoneInfo | None:
    """The zone of the file's date-times, if it is named and known."""
    try:
        return ZoneInfo(mapping.input.time_zone) if mapping.input.time_zone else None
    except (ZoneInfoNotFoundError, ValueError, OSError):  # unknown; no name of a zone at all; a folder of zones
        return None


def _when_empty(mapping: Mapping, mapped: MappedTarget) -> Result:
    declared = when_empty(mapping, mapped.target, mapped.rule)
    if mapped.nth and declared != "clear":
        return None  # a cell need not hold as many numbers as it may
    if isinstance(declared, UseValue):
        return fixed_value(mapping, mapped, declared.use)
    return {"omit": None, "clear": "", "error": EmptyCell(mapped.target)}[declared]


def _looked_up(table: LookupTable, read: Read) -> Reads:
    def of_text(text: str) -> str | Problem:
        value = table.find(text)
        return read(value) if isinstance(value, str) else value

    return read_as_text(of_text)


def _within_length(read: Read, mapped: MappedTarget) -> Read:
    most, cut = most_characters(mapped.target, mapped.rule), mapped.rule.when_too_long == "cut"

    def checked(cell: Any) -> str | Problem:
        sent = read(cell)
        if isinstance(sent, Problem) or len(sent) <= most:
            return sent
        return CutText(sent[:most]) if cut else TooLong(sent, len(sent), most, mapped.target)

    return checked
