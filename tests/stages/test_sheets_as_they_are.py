"""From a sheet that hides, merges or begins late to what a person is told before anything is sent; and mappings with a base."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest
from openpyxl import Workbook

from etl import pipeline
from etl.errors import SourceError
from etl.events import Event, InputSummary, Note, RunOptions
from etl.ledger.store import Ledger
from etl.records import Outcome
from etl.settings import Settings
from etl.stages.prepare import load
from tests.clocks import ManualClock

MAPPING = """\
version: 1
name: visits
operation: add-by-lead-field
search_by: EmailAddress
activity: {event: 320}
columns: {Email: SearchByValue, Area: mx_Custom_1}
"""


@dataclass
class Checks:
    """A folder in which `etl check` is typed."""

    folder: Path
    told: list[str] = field(default_factory=list)

    def check(self, mapping: str = MAPPING) -> InputSummary:
        (self.folder / "visits.yaml").write_text(mapping, encoding="utf-8")
        self.told.clear()
        home = self.folder / "home"
        settings = Settings(None, f"sqlite:///{home / 'ledger.db'}", home / "files")
        files = [self.folder / "visits.xlsx"]
        done = pipeline.check(
            settings,
            files,
            self.folder / "visits.yaml",
            options=RunOptions(),
            events=self._hear,
            clock=ManualClock(),
        )
        return done.inputs[0]

    def _hear(self, event: Event) -> None:
        if isinstance(event, Note):
            self.told.append(event.text)


@pytest.fixture
def checks(tmp_path: Path) -> Checks:
    """A folder with a sheet whose areas are merged, one row and a column hidden, and its header in row 3."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Visits"
    sheet["A1"] = "Visits of May"
    for row in (("Email", "Area"), ("a@example.com", "North"), ("b@example.com", None), ("c@example.com", "South")):
        sheet.append(row) if sheet.max_row > 1 else [sheet.cell(3, n, text) for n, text in enumerate(row, 1)]
    sheet.merge_cells("B4:B5")
    sheet.row_dimensions[6].hidden = True
    sheet.column_dimensions["B"].hidden = True
    book.save(tmp_path / "visits.xlsx")
    return Checks(tmp_path)


def test_what_a_sheet_leaves_open_is_asked_before_anything_is_sent(checks: Checks) -> None:
    """Hidden rows and merged cells end the check with a question each, which names them and the words that answer it."""
    with pytest.raises(SourceError, match="was not imported; nothing was sent") as refused:
        checks.check(MAPPING + "input: {header_row: auto}\n")

    assert [str(finding).partition("visits.xlsx, ")[2] for finding in refused.value.findings] == [
        "Visits: The sheet does not show 1 of its rows, because they are hidden or filtered away: row 6. Say under input in "
        "the mapping whether they are meant: hidden: include imports them, hidden: skip leaves them out, hidden: error makes "
        "each of them a finding.",
        'Visits!B "Area": Cells are merged in "Area" (B4:B5): a person sees one value for all of them, and only the first one '
        "holds it. Say under input in the mapping what the others hold: merged: fill gives each the value of the first, "
        "merged: empty leaves them empty.",
    ]


def test_answered_the_rows_are_counted(checks: Checks) -> None:
    """A row that is skipped is counted; where the header was found, and that a column is hidden, is said."""
    summary = checks.check(MAPPING + "input: {header_row: auto, hidden: skip, merged: fill}\n")

    assert summary.equation.outcomes == {Outcome.WAITING: 2, Outcome.IGNORED: 1}
    assert "visits.xlsx: the headers were found in row 3 (header_row: auto)." in checks.told
    assert "visits.xlsx: the sheet hides column B (Area), which the mapping reads." in checks.told


def test_a_mapping_with_a_base_is_kept_whole(tmp_path: Path) -> None:
    """Its hash changes with the base, and its kept copy says what the run was made with."""
    (tmp_path / "base.yaml").write_text(MAPPING, encoding="utf-8")
    (tmp_path / "pune.yaml").write_text("extends: base.yaml\nname: pune\n", encoding="utf-8")
    with Ledger(f"sqlite:///{tmp_path / 'ledger.db'}", tmp_path / "files", ManualClock()) as ledger:
        first = load(tmp_path / "pune.yaml", ledger)
        (tmp_path / "base.yaml").write_text(MAPPING.replace("mx_Custom_1", "mx_Custom_2"), encoding="utf-8")
        second = load(tmp_path / "pune.yaml", ledger)
        kept = [ledger.copies.path(one.hash).read_text(encoding="utf-8") for one in (first, second)]

    assert first.hash != second.hash
    assert ["mx_Custom_1" in text for text in kept] == [True, False]
    assert '"name": "pune"' in kept[0]
