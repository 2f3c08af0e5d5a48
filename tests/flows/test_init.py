"""`etl init`, then `etl check`, then `etl run`: on every sample sheet, without an edit in between."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from etl.cli.log import Log
from etl.cli.main import main
from etl.cli.world import World, load_pipeline
from etl.clock import SystemClock
from etl.exits import ExitCode
from etl.settings import Directories
from tests.flows.conftest import Serve
from tests.flows.desk import Desk

SAMPLES = Path(__file__).parents[2] / "sample_data"
NAMES = sorted(path.name for path in SAMPLES.iterdir() if path.suffix in (".csv", ".xlsx"))
ENDS = (ExitCode.DONE, ExitCode.NEEDS_A_PERSON)

VISIT_FIELDS = {
    "ActivityEvent_Note": {"DisplayName": "Notes"},
    "Status": {"DisplayName": "Status", "DataType": "Dropdown", "Options": ["Done", "Closed", "Planned"]},
    "mx_Custom_1": {"DisplayName": "Type of Visit", "DataType": "Dropdown", "Options": ["Site Visit", "Revisit"]},
    "mx_Custom_2": {"DisplayName": "Budget (INR)", "DataType": "Number"},
    "mx_Custom_3": {"DisplayName": "Mobile Number", "DataType": "Phone"},
    "mx_Custom_4": {"DisplayName": "Follow Up Date", "DataType": "Date"},
    "mx_Custom_6": {"DisplayName": "Plot Number"},
    "mx_Custom_8": {"DisplayName": "Broker", "IsMandatory": False},
    "mx_Custom_20": {"DisplayName": "Custom 20"},
}
ACCOUNT = {
    "activity_types": {320: "Site Visit", 330: "Call"},
    "activity_fields": {320: VISIT_FIELDS},
    "lead_fields": {},
}


@pytest.mark.parametrize("name", NAMES)
def test_without_an_account_a_proposed_mapping_checks_and_rehearses(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Rows go out without an edit, and those that do not are the ones whose cells need a person."""
    monkeypatch.chdir(tmp_path)
    shutil.copyfile(SAMPLES / name, tmp_path / name)

    def typed(*arguments: str) -> int:
        directories, clock = Directories(config=tmp_path / "config", state=tmp_path / "state"), SystemClock()
        world = World(
            arguments, {"TZ": "Asia/Kolkata"}, tmp_path, clock, directories, Log(directories.log, clock), load_pipeline
        )
        return main(world)

    proposed = typed("init", name, "-o", "proposed.yaml")
    checked = typed("check", name, "-m", "proposed.yaml", "-q")
    ran = typed("run", name, "-m", "proposed.yaml", "--rehearse", "-q")

    out = capsys.readouterr().out
    assert (proposed, checked in ENDS) == (ExitCode.DONE, True)
    # without a row key nothing tells activities on opportunities apart: one row in doubt may stay so
    assert ran in (*ENDS, *([ExitCode.UNCONFIRMED] if name == "payments.xlsx" else [])), out
    rows, created, updated = map(int, re.findall(r"(\d+) data rows = (\d+) created \+ (\d+) updated", out)[-1])
    assert created + updated > 0.9 * rows


def test_with_an_account_the_fields_are_its_own(desk: Desk, serve: Serve) -> None:
    """Names, options and kinds decide, doubts stay comments, and a field that no activity uses is proposed as row key."""
    server = serve(**ACCOUNT)
    shutil.copyfile(SAMPLES / "site_visits.xlsx", desk.folder / "june.xlsx")

    proposed = desk.etl("init", "june.xlsx", "--event", "site visit")
    text = (desk.folder / "june.yaml").read_text(encoding="utf-8")
    checked = desk.etl("check", "june.xlsx", "-m", "june.yaml", "--live")
    ran = desk.etl("run", "june.xlsx", "-m", "june.yaml")
    desk.etl("init", "june.xlsx", "--event", "Site Visit", "-o", "again.yaml", "-q")
    again = (desk.folder / "again.yaml").read_text(encoding="utf-8")

    assert proposed.code == ExitCode.DONE, proposed.said
    assert "activity: {event: 320, name: Site Visit}" in text
    assert "\n  Plot No: mx_Custom_6 " in text
    assert "\n  Mobile: {to: mx_Custom_3, type: phone, region: IN, form: leadsquared}" in text
    assert "\n  Status: {to: Status, type: choice, options: [Done, Closed, Planned]}" in text
    (kinds,) = re.findall(r"\n  # Visit Type: (.*)", text)
    assert "to: mx_Custom_1, type: choice" in kinds
    assert "SV: Site Visit" in kinds
    assert "\nunique_by: [Visit ID]" in text
    assert "\n# row_key_field: mx_Custom_20" in text
    assert "\nrow_key_field: mx_Custom_20" in again
    assert "The mapping fits activity type 320" in checked.err
    assert (ran.code, ran.counts()["created"]) == (ExitCode.NEEDS_A_PERSON, len(server.activities))
