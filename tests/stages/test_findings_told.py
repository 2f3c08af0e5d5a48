"""What a check tells of findings, text files and budgets, the whole way from a file to the events."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import pytest

from etl import pipeline
from etl.errors import SourceError
from etl.events import Budget, Event, Found, InputSummary, Note, Planned
from etl.settings import Settings, load_settings
from etl.settings.places import Directories
from etl.stages.prepare import MOST_FINDINGS
from tests.clocks import ManualClock

if TYPE_CHECKING:
    from pathlib import Path

MAPPING = """\
version: 1
name: visits
operation: add-by-lead-field
search_by: EmailAddress
activity: {event: 320}
columns:
  Email: SearchByValue
  Budget: {to: mx_Custom_1, type: number}
"""


class Folder:
    """A folder in which `etl check visits.csv -m visits.yaml` is typed."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = ManualClock()
        self.told: list[Event] = []

    def check(self, content: bytes, mapping: str = MAPPING, **environ: str) -> InputSummary:
        (self.path / "visits.yaml").write_text(mapping, encoding="utf-8")
        (self.path / "visits.csv").write_bytes(content)
        settings = self._settings(environ)
        files = [self.path / "visits.csv"]
        (summary,) = pipeline.check(
            settings, files, self.path / "visits.yaml", events=self.told.append, clock=self.clock
        ).inputs
        return summary

    def _settings(self, environ: dict[str, str]) -> Settings:
        if not environ:
            return Settings(None, f"sqlite:///{self.path / 'home' / 'ledger.db'}", self.path / "home" / "files")
        keys = {"LSQ_HOST": "api.example.com", "LSQ_ACCESS_KEY": "made-up", "LSQ_SECRET_KEY": "made-up"}
        home = Directories(self.path / "config", self.path / "state")
        return load_settings(keys | environ, self.path, None, True, home)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_every_finding_is_told(folder: Folder) -> None:
    """A summary carries the first thousand findings and three of each kind that comes later; the events tell all."""
    many = "".join(f"a{number}@example.com,x\n" for number in range(MOST_FINDINGS + 50))
    late = "".join(f"no address {number},1\n" for number in range(5))

    summary = folder.check(f"Email,Budget\n{many}{late}".encode())

    told = [finding for event in folder.told if isinstance(event, Found) for finding in event.findings]
    assert Counter(finding.code for finding in told) == summary.finding_counts
    assert summary.finding_counts == {"number_format": MOST_FINDINGS + 50, "email_format": 5}
    assert Counter(one.code for one in summary.findings) == {"number_format": MOST_FINDINGS, "email_format": 3}


def test_what_was_found_out_about_a_text_file_is_told(folder: Folder) -> None:
    """Encoding, delimiter, quotes and line ends that are unusual are told before anything else, each in a line."""
    folder.check("'Email'|'Budget'\r'josé@example.com'|'1'\r".encode("cp1252"))

    notes = [event.text for event in folder.told if isinstance(event, Note)]
    assert [note.partition(",")[0] for note in notes[:4]] == [
        "visits.csv: not UTF-8",
        'visits.csv: cells separated by "|".',
        "visits.csv: cells quoted by '.",
        "visits.csv: lines end with a bare carriage return",
    ]
    assert 'read as Windows-1252, for example "josé@example"' in notes[0]


def test_the_mapping_can_fix_all_of_it(folder: Folder) -> None:
    """What is said under input is not guessed at, and not told of."""
    said = MAPPING + 'input: {encoding: windows-1251, delimiter: "|", quote: "\'"}\n'

    summary = folder.check("'Email'|'Budget'\n'a@example.com'|'й'\n".encode("cp1251"), said)

    assert not [event for event in folder.told if isinstance(event, Note)]
    assert [finding.problem.found_value for finding in summary.findings] == ["й"]


def test_a_bad_byte_is_a_finding_with_its_row_and_value(folder: Folder) -> None:
    """A file that cannot be decoded is refused with a finding of its own, which goes into the findings file."""
    with pytest.raises(SourceError) as caught:
        folder.check("Email,Budget\né@example.com,1\n".encode() + b"\xe9@example.com,1\n")

    (finding,) = caught.value.findings
    assert (finding.code, finding.place.row, finding.problem.found_value) == ("undecodable_byte", 3, "0xE9")
    assert f"row 3 (line 3): {finding.problem.error}" in caught.value.message


def test_a_daily_budget_goes_into_the_forecast(folder: Folder) -> None:
    """A check knows what is left of the day; without a budget it says nothing of days."""
    rows = b"Email,Budget\n" + b"a@example.com,1\n" * 3

    folder.check(rows, LSQ_DAILY_REQUESTS="500")
    folder.check(rows)

    with_budget, without = [event for event in folder.told if isinstance(event, Planned)]
    assert with_budget.budget == Budget(500, 480, folder.clock.now(), reserve=20)
    assert without.budget is None
