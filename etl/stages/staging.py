"""Mapped rows as the plan takes them in: their fingerprints, made by columns, and what is wrong with those that stay behind."""

from __future__ import annotations

from itertools import compress, repeat
from typing import TYPE_CHECKING, TypeVar, cast

from etl.identity import (
    CellsFingerprint,
    key_marks,
    lead_marks,
    payload_fingerprints,
    payload_marks,
    unique_key,
    unique_keys,
)
from etl.ledger.plan import StagedRow
from etl.ledger.versions import version_of
from etl.mapping.model import OnChange
from etl.records import Outcome
from etl.stages.arrange import needs_addresses

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from etl.findings import Finding
    from etl.ledger.plan import Plan
    from etl.mapping.applied import AppliedColumns
    from etl.mapping.reading import Result
    from etl.records import Column, Lineage
    from etl.stages.prepare import LoadedMapping

_T = TypeVar("_T")


class Stager:
    """Mapped rows into staged ones. columns: the person's, as `Applier.columns` has them.

    is_remembered: whether rows of this input may be known, or will be. Where nothing is compared and nothing kept, their
    cells need no fingerprint, and their leads no mark, unless the operation tells rows apart by them; and rows are compared
    with those of this command alone. has_failures: whether a lead of these rows may have been refused before they go out:
    only then, or where the operation tells rows apart by them, do leads need a mark.
    """

    def __init__(
        self,
        columns: Sequence[Column],
        mapping: LoadedMapping,
        *,
        is_remembered: bool = True,
        has_failures: bool = True,
    ) -> None:
        self._addressed_by = mapping.operation.addressed_by(mapping.request_options)
        self._is_by_version = mapping.mapping.on_change is OnChange.SEND_NEW
        self._cells = CellsFingerprint([column.header for column in columns]) if is_remembered else None
        is_change = mapping.operation.stores_as is Outcome.UPDATED
        self._has_marks = (is_remembered and has_failures) or is_change or needs_addresses(mapping.operation)
        self._is_brief = not (is_remembered or is_change or self._is_by_version)

    def waiting(self, rows: AppliedColumns) -> dict[str, Sequence[object]]:
        """The rows that may be sent, by columns of the plan."""
        chosen = [number not in rows.findings for number in rows.numbers] if rows.findings else None

        def of(column: Sequence[_T]) -> Sequence[_T]:
            return column if chosen is None else list(compress(column, chosen))

        numbers = of(rows.numbers)
        payload = {target: of(cast("Sequence[str | None]", texts)) for target, texts in rows.payload.items()}
        keys = [of(column) for column in rows.keys]
        payloads = (payload_marks if self._is_brief else payload_fingerprints)(payload, len(numbers))
        staged: dict[str, Sequence[object]] = {
            "row_number": numbers,
            "memory_key": _memory_keys(keys, payloads, is_brief=self._is_brief),
            "payload": payloads,
        }
        if self._cells is not None:
            staged["cells"] = self._cells.of_columns([of(column) for column in rows.cells], len(numbers))
        if self._has_marks:
            leads = cast("Sequence[str | None] | None", rows.sent.get(self._addressed_by))
            staged["lead"] = lead_marks(of(leads) if leads is not None else [None] * len(numbers))
        if rows.lineages is not None:
            lineages = of(rows.lineages)
            staged["lineage_run"] = [one and one.run for one in lineages]
            staged["lineage_row"] = [one and one.row for one in lineages]
        if self._is_by_version:
            staged["version"] = list(map(version_of, payloads))
        return staged

    def left_out(self, rows: AppliedColumns) -> list[StagedRow]:
        """The rows that are invalid or ignored."""
        invalid = []
        if rows.findings:
            lineages = rows.lineages if rows.lineages is not None else repeat(None, len(rows.numbers))
            for number, lineage in zip(rows.numbers, lineages, strict=True):
                if number in rows.findings:
                    invalid.append(_invalid(number, rows.findings[number], lineage))
        ignored = [
            StagedRow(number, Outcome.IGNORED, code="ignored", error=why) for number, (why, _) in rows.ignored.items()
        ]
        return invalid + ignored


class IntoPlan:
    """Staged rows on their way into the plan: blocks are small, and what each of them costs there is not."""

    def __init__(self, plan: Plan, input_no: int) -> None:
        self._plan = plan
        self._input_no = input_no
        self._waiting: dict[str, list[object]] = {}
        self._left_out: list[StagedRow] = []
        self.rows = 0

    def add(self, waiting: Mapping[str, Sequence[object]], left_out: Sequence[StagedRow]) -> bool:
        """Take in the rows of a block. Returns: whether there are so many that they should go on."""
        for name, column in waiting.items():
            self._waiting.setdefault(name, []).extend(column)
        self._left_out += left_out
        self.rows += len(waiting["row_number"]) + len(left_out)
        return self.rows >= _ROWS_AT_ONCE

    def flush(self) -> None:
        """Into the plan with what is there."""
        if self._waiting:
            self._plan.stage_waiting(self._input_no, self._waiting)
        self._plan.stage(self._input_no, self._left_out)
        self._waiting, self._left_out, self.rows = {}, [], 0


_ROWS_AT_ONCE = 5_000


def _invalid(number: int, findings: Sequence[Finding], lineage: Lineage | None) -> StagedRow:
    return StagedRow(
        number,
        Outcome.INVALID,
        lineage_run=lineage.run if lineage else None,
        lineage_row=lineage.row if lineage else None,
        code=", ".join(dict.fromkeys(finding.code for finding in findings)),
        error=" ".join(dict.fromkeys(finding.problem.error for finding in findings)),
        hint=" ".join(finding.hint for finding in findings),
    )


def _memory_keys(columns: Sequence[Sequence[Result]], payloads: list[bytes], *, is_brief: bool) -> list[bytes]:
    """By the unique_by values, else by what is sent. is_brief: as marks, which other commands cannot compare."""
    if not columns:
        return payloads
    texts = cast("Sequence[Sequence[str]]", columns)
    if not any(None in column for column in columns):
        return (key_marks if is_brief else unique_keys)(texts, len(payloads))
    lines = list(zip(*texts, strict=True))
    keys = (
        key_marks(texts, len(payloads)) if is_brief else [None if None in line else unique_key(line) for line in lines]
    )
    return [
        payload if key is None or None in line else key
        for payload, key, line in zip(payloads, keys, lines, strict=True)
    ]
