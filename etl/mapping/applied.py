"""What the mapping has made of rows: by columns, as they are staged, and row by row, as they are delivered."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import repeat
from typing import TYPE_CHECKING, NamedTuple, cast

from etl.mapping.lead_columns import LEAD, identity_of
from etl.mapping.operation_needs import FOUND_LEAD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from etl.findings import Finding
    from etl.mapping.lead_columns import KnownBy
    from etl.mapping.reading import Result
    from etl.records import Cell, Lineage

_FOUND_BY = "leads.find_by"  # no target has a name like this one


class AppliedRow(NamedTuple):
    """One row after the mapping: sent (values), invalid (findings) or ignored, and how it is known again.

    values: target → text in the order of the mapping. findings: all of the row. ignored: by which rule, in words.
    unique_values: canonical texts of the unique_by columns; None without unique_by, and where one of them is unusable.
    lineage: in our own files, the run and row that the line comes from. cells: the row without our own columns.
    known_by: what the row knows of its lead, where that is looked up. of_lead: attributes for a lead that is new.
    """

    row_number: int
    values: dict[str, str] | None
    findings: tuple[Finding, ...]
    ignored: str | None
    unique_values: tuple[str, ...] | None
    lineage: Lineage | None
    cells: tuple[Cell, ...]
    known_by: KnownBy = ()
    of_lead: Mapping[str, str] | None = None

    @property
    def is_addressed(self) -> bool:
        """Whether it is known where the row belongs; not so while its lead is still to be found."""
        return not self.known_by or FOUND_LEAD in (self.values or {})

    @property
    def payload(self) -> Mapping[str, str]:
        """What the row's fingerprint is made of: what it sends, and a lead that is looked up as the sheet knows it.

        Not as it is found: whether or where it is found, and whether it was merged since, must not make the row a new one.
        """
        values = self.values or {}
        if not self.known_by:
            return values
        sent = {target: text for target, text in values.items() if target != FOUND_LEAD}
        return sent | {_FOUND_BY: identity_of(self.known_by)}


@dataclass(frozen=True, slots=True)
class AppliedColumns:
    """The rows of one block after the mapping, by columns: each holds one entry for each row that is not ignored.

    numbers: of those rows. values: target → its texts in the order of the mapping, None where a row leaves it out; what they
    hold for a row with findings is never sent. findings: row number → all of the row, where it has any. keys: the unique_by
    columns. lineages: in our own files. cells: the person's columns. known_by: where leads are looked up.
    ignored: row number → by which rule, and the row's cells.
    """

    numbers: Sequence[int]
    values: Mapping[str, Sequence[Result]]
    findings: Mapping[int, Sequence[Finding]]
    keys: Sequence[Sequence[Result]]
    lineages: Sequence[Lineage | None] | None
    cells: Sequence[Sequence[Cell]]
    known_by: Sequence[KnownBy] | None
    ignored: Mapping[int, tuple[str, tuple[Cell, ...]]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How many rows there are, the ignored ones too."""
        return len(self.numbers) + len(self.ignored)

    @property
    def sent(self) -> dict[str, Sequence[Result]]:
        """The values without attributes that are for a new lead only, where leads are looked up."""
        if self.known_by is None:
            return dict(self.values)
        return {target: column for target, column in self.values.items() if not target.startswith(LEAD)}

    @property
    def payload(self) -> dict[str, Sequence[Result]]:
        """`AppliedRow.payload` by columns; no mapping fills the target by itself that looking leads up fills."""
        payload = self.sent
        if self.known_by is None:
            return payload
        return payload | {_FOUND_BY: [identity_of(known) if known else None for known in self.known_by]}

    def rows(self) -> list[AppliedRow]:
        """Every row, the ignored ones too, as they stand in the file."""
        applied = map(self._row, self.numbers, self._lines(self.sent), self._of_leads(), *self._about_rows())
        if not self.ignored:
            return list(applied)
        left_out = [
            AppliedRow(number, None, (), why, None, None, cells) for number, (why, cells) in self.ignored.items()
        ]
        return sorted([*applied, *left_out], key=lambda row: row.row_number)

    def _row(
        self,
        number: int,
        sent: dict[str, str],
        of_lead: dict[str, str],
        key: tuple[str, ...] | None,
        lineage: Lineage | None,
        cells: tuple[Cell, ...],
        known_by: KnownBy,
    ) -> AppliedRow:
        if number in self.findings:
            return AppliedRow(number, None, tuple(self.findings[number]), None, key, lineage, cells)
        return AppliedRow(number, sent, (), None, key, lineage, cells, known_by, of_lead or None)

    def _of_leads(self) -> Iterator[dict[str, str]]:
        """Attributes for leads that are new, named as LeadSquared names them."""
        if self.known_by is None:
            return repeat({}, len(self.numbers))
        attributes = {target: column for target, column in self.values.items() if target.startswith(LEAD)}
        return self._lines({target.removeprefix(LEAD): column for target, column in attributes.items()})

    def _lines(self, columns: Mapping[str, Sequence[Result]]) -> Iterator[dict[str, str]]:
        """Target → text of each row; of one with findings they are not looked at."""
        if not columns:
            return ({} for _ in self.numbers)
        targets = list(columns)
        return (
            {target: text for target, text in zip(targets, line, strict=True) if text is not None}
            if None in line
            else dict(zip(targets, line, strict=True))
            for line in cast("Iterator[tuple[str, ...]]", zip(*columns.values(), strict=True))
        )

    def _about_rows(
        self,
    ) -> tuple[
        Iterator[tuple[str, ...] | None], Iterator[Lineage | None], Iterator[tuple[Cell, ...]], Iterator[KnownBy]
    ]:
        """Keys, lineages, cells and what rows know of their leads."""
        rows = len(self.numbers)
        return (
            map(_unique, zip(*self.keys, strict=True)) if self.keys else repeat(None, rows),
            iter(self.lineages) if self.lineages is not None else repeat(None, rows),
            zip(*self.cells, strict=True) if self.cells else repeat((), rows),
            iter(self.known_by) if self.known_by is not None else repeat((), rows),
        )


def _unique(line: tuple[Result, ...]) -> tuple[str, ...] | None:
    texts = tuple(text for text in line if isinstance(text, str))
    return texts if len(texts) == len(line) else None
