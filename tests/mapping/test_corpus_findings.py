"""What a mapping says of the traps in the corpus: each finding at its cell, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from etl.errors import UsageError
from etl.findings import Finding
from etl.mapping.apply import Applier
from etl.mapping.model import Mapping
from etl.reader import open_input
from etl.stages.input_rules import rules_of

FILES = Path(__file__).parents[1] / "corpus" / "files"
CASES = [case for case in json.loads((FILES / "expected.json").read_text(encoding="utf-8")) if "mapping" in case]
USUAL: dict[str, Any] = {
    "version": 1,
    "name": "trap",
    "operation": "add-by-lead-field",
    "search_by": "mx_Code",
    "activity": {"event": 320},
}


def spoken(finding: Finding) -> str:
    """A finding as a case names it: `B3 code`, `row 3 code`, and without a row what is fatal."""
    place = finding.place
    spot = f"row {place.row}" if place.row and not place.letter else f"{place.letter or ''}{place.row or ''}"
    return f"{spot} {finding.code}".strip()


def judged(case: dict[str, Any], block_rows: int = 5000) -> tuple[list[str], list[int], list[list[Any]]]:
    """The findings, the ignored rows of a file under its mapping, and what the others send in their first target."""
    mapping = Mapping.model_validate(USUAL | case["mapping"])
    findings: list[Finding] = []
    ignored: list[int] = []
    sent: list[list[Any]] = []
    with open_input(FILES / case["file"], rules_of(mapping, None)) as opened:
        try:
            applier = Applier(mapping, opened.table)
        except UsageError as refused:
            return [finding.code for finding in refused.findings], [], []
        for block in opened.blocks(block_rows):
            for row in applier.apply(block):
                findings += row.findings
                ignored += [row.row_number] if row.ignored else []
                if row.values is not None:
                    sent.append([row.row_number, row.values.get(mapping.targets()[0].target)])
        fatal = applier.finish()
    return [spoken(finding) for finding in (*findings, *fatal)], ignored, [] if fatal else sent


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['file']}-{case['why']}")
def test_findings_are_as_expected(case: dict[str, Any]) -> None:
    """Each trap is found where it is, whatever the size of a block, and what is right is let through."""
    for block_rows in (5000, 1):
        findings, ignored, sent = judged(case, block_rows)
        assert (findings, ignored) == (case["findings"], case["ignored"])
        assert sent == case.get("sent", sent)
