"""`visits.to-translate.xlsx` beside the input, and bounds when a run goes on: the whole way through check and run."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from openpyxl import Workbook, load_workbook

from etl import pipeline
from etl.errors import UsageError
from etl.events import Event, InputSummary, Note, Planned, RunOptions, StopSignal
from etl.ledger.store import Ledger
from etl.settings import Settings
from etl.stages.prepare import load
from tests.clocks import ManualClock
from tests.stages.office import office, outcomes

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
  Kind: {to: mx_Custom_1, type: choice, options: {SV: Site Visit, RV: Revisit}}
"""
FILE = "visits.to-translate.xlsx"


@dataclass
class Checks:
    """A folder in which `etl check` is typed."""

    folder: Path
    mapping: str = MAPPING
    told: list[str] = field(default_factory=list)

    def sheet(self, *kinds: str) -> Path:
        path = self.folder / "visits.csv"
        path.write_text("Email,Kind\n" + "".join(f"a{n}@example.com,{kind}\n" for n, kind in enumerate(kinds)), "utf-8")
        return path

    @property
    def settings(self) -> Settings:
        return Settings(None, f"sqlite:///{self.folder / 'home' / 'ledger.db'}", self.folder / "home" / "files")

    def check(self, options: RunOptions | None = None) -> InputSummary:
        (self.folder / "visits.yaml").write_text(self.mapping, encoding="utf-8")
        self.told.clear()
        (summary,) = pipeline.check(
            self.settings,
            [self.folder / "visits.csv"],
            self.folder / "visits.yaml",
            options=options or RunOptions(),
            events=self._hear,
            clock=ManualClock(),
        ).inputs
        return summary

    def _hear(self, event: Event) -> None:
        if isinstance(event, Note):
            self.told.append(event.text)

    def lines(self, name: str = FILE) -> list[list[object]]:
        return [[cell.value for cell in row] for row in load_workbook(self.folder / name)["to translate"].rows][1:]

    def translate(self, *lines: tuple[str, str, str], name: str = "values.xlsx") -> None:
        """The translation file that the person keeps."""
        book = Workbook()
        book.active.append(["column", "value", "use this"])
        for line in lines:
            book.active.append(line)
        book.save(self.folder / name)
        self.mapping = f"{MAPPING}translate: {name}\n"


@pytest.fixture
def checks(tmp_path: Path) -> Checks:
    (tmp_path / "home").mkdir()
    return Checks(tmp_path)


def test_unknown_values_are_listed_beside_the_input(checks: Checks) -> None:
    """A check writes each value that fits no option once, and says what to do with the file."""
    checks.sheet("SV", "sv", "sv", "??")

    summary = checks.check()

    assert outcomes(summary)["invalid"] == 3
    assert checks.lines() == [["Kind", "sv", 2, "SV", None], ["Kind", "??", 1, None, None]]
    assert checks.told == [
        f'2 values fit no option of their columns: see {FILE}. Fill in "use this" and name it under translate: in the mapping.'
    ]


def test_translated_values_are_sent_and_listed_no_more(checks: Checks) -> None:
    """What the file decides is no finding any more; when nothing is left to decide, our list goes."""
    checks.sheet("SV", "sv", "??")
    checks.check()
    checks.translate(("Kind", "sv", "SV"))

    first = checks.check()
    left = checks.lines()
    checks.translate(("Kind", "sv", "SV"), ("Kind", "??", "RV"))
    second = checks.check()

    assert (outcomes(first), left) == ({"waiting": 2, "invalid": 1}, [["Kind", "??", 1, None, None]])
    assert outcomes(second) == {"waiting": 3}
    assert not (checks.folder / FILE).exists()


def test_what_a_person_has_filled_in_stays(checks: Checks) -> None:
    """A changed list is never overwritten nor taken away: a new one gets a number."""
    checks.sheet("sv", "??")
    checks.check()
    book = load_workbook(checks.folder / FILE)
    book["to translate"]["E2"] = "SV"  # beside ??
    book.save(checks.folder / FILE)
    filled = (checks.folder / FILE).read_bytes()

    checks.check()
    checks.mapping = f"{MAPPING}translate: {FILE}\n"
    checks.check()

    assert (checks.folder / FILE).read_bytes() == filled
    assert checks.lines("visits.to-translate.2.xlsx") == [["Kind", "sv", 1, "SV", None]]


def test_the_list_that_the_mapping_names_is_never_touched(checks: Checks) -> None:
    """A list of ours that the mapping uses as it is stays where it is, filled in or not."""
    checks.sheet("sv")
    checks.check()
    before = (checks.folder / FILE).read_bytes()
    checks.mapping = f"{MAPPING}translate: {FILE}\n"

    checks.check()
    checks.sheet("SV")
    checks.check()

    assert (checks.folder / FILE).read_bytes() == before


def test_a_dry_run_writes_no_list(checks: Checks) -> None:
    """A dry run leaves nothing beside the input."""
    checks.sheet("sv")

    checks.check(RunOptions(dry_run=True))

    assert not (checks.folder / FILE).exists()


def test_a_translation_is_part_of_the_mapping(checks: Checks) -> None:
    """An edited translation file makes another mapping of it, so a run is compared anew; a copy is kept."""
    checks.translate(("Kind", "sv", "SV"))
    (checks.folder / "visits.yaml").write_text(checks.mapping, encoding="utf-8")
    hashes = []
    for use in ("SV", "RV"):
        checks.translate(("Kind", "sv", use))
        with Ledger(checks.settings.ledger_url, checks.settings.ledger_files, ManualClock()) as ledger:
            loaded = load(checks.folder / "visits.yaml", ledger)
            hashes.append(loaded.hash.partition("+")[2])
            assert loaded.translation is not None

    assert hashes[0] != hashes[1]
    assert all(hashes)


def test_a_translation_file_that_is_not_there(checks: Checks) -> None:
    """A misspelled file stops before anything is read: values that are not translated could go out as they are."""
    checks.sheet("SV")
    checks.mapping = f"{MAPPING}translate: valuse.xlsx\n"

    with pytest.raises(UsageError) as refused:
        checks.check()

    (finding,) = refused.value.findings
    assert (finding.place.line, finding.code) == (9, "lookup_file_missing")


def test_our_list_is_left_out_among_several_files(checks: Checks) -> None:
    """A pattern that catches the list beside the sheet imports the sheet alone."""
    sheet = checks.sheet("SV", "sv")
    checks.check()

    summary = pipeline.check(
        checks.settings, [sheet, checks.folder / FILE], checks.folder / "visits.yaml", clock=ManualClock()
    )

    assert [one.input for one in summary.inputs] == ["visits.csv"]


def test_columns_named_in_vain_are_told(checks: Checks) -> None:
    """A translation for a column that is not mapped does nothing, and that is said."""
    checks.sheet("SV")
    checks.translate(("Knid", "sv", "SV"))

    checks.check()

    assert checks.told == ['values.xlsx has lines for columns that fill no target by themselves: "Knid".']


BOUNDED = """\
version: 1
name: visits
operation: add-by-lead-field
search_by: EmailAddress
activity: {event: 320}
input: {time_zone: UTC}
columns:
  Email: SearchByValue
  Visit: {to: mx_Custom_1, type: datetime, between: [-12h, now]}
  Remarks: ActivityNote
"""


def test_a_run_that_goes_on_sends_what_it_let_through(tmp_path: Path) -> None:
    """Rows are judged when a run begins: what waited when it stopped still goes out when their bounds have moved on."""
    desk = office(tmp_path, mapping=BOUNDED)
    began = desk.world.clock.now()
    moments = [began - timedelta(hours=hours) for hours in (11, 1, 13, -1)]
    rows = [
        {"Email": f"lead{n}@example.com", "Visit": f"{moment:%Y-%m-%d %H:%M:%S}", "Remarks": "r"}
        for n, moment in enumerate(moments)
    ]
    sheet = desk.sheet(rows)

    desk.happens = lambda event: desk.stop.request("asked to") if isinstance(event, Planned) else None
    first = desk.run(sheet)
    desk.happens, desk.stop = lambda _event: None, StopSignal()
    desk.world.clock.sleep(20 * 3600)
    second = desk.run(sheet)

    assert outcomes(first) == {"waiting": 2, "invalid": 2}
    assert outcomes(second) == {"created": 2, "invalid": 2}
