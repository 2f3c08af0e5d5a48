"""The summary of a results workbook: what, when, who, how it ended, and what to do now."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import openpyxl

from etl.reconciler.counts import Equation
from etl.reconciler.exact_workbook import open_workbook
from etl.reconciler.report.facts import KeptFile
from etl.reconciler.run_summary import NextStep, RunSummary, SummaryCause
from etl.reconciler.summary_sheet import write_summary
from etl.reconciler.workbook_styles import Styles
from etl.records import Outcome

FACTS = RunSummary(
    run=41,
    input=KeptFile("visits.xlsx", "/desk/visits.xlsx", "ab" * 32),
    sheet="Visits",
    mapping=KeptFile("visits.yaml", "/desk/visits.yaml", "cd" * 32),
    mapping_name="visits",
    operation="add-by-lead-field",
    activity="320 Site Visit",
    accounts=("prod",),
    organisation="ACME EDU",
    hosts=("https://api-in21.leadsquared.com",),
    began=1_780_479_000.0,
    ended=1_780_479_012.0,
    by=("ravi on desk-3, on behalf of Priya",),
    etl_version="0.1.0",
    ledger="/state/ledger.db",
    data_rows=1200,
    counts={Outcome.CREATED: 1188, Outcome.INVALID: 12},
    causes=(SummaryCause(Outcome.INVALID, "date_format", "no date", 12, (18, 19, 44), "B18: Type it as dd/mm/yyyy."),),
    causes_left_out=0,
    next=NextStep("12 rows need a person.", "etl run visits.results.xlsx -m visits.yaml"),
    zone="Asia/Kolkata",
)


def written(path: Path, *facts: RunSummary) -> list[list[str]]:
    """The texts of each line that has some."""
    with open_workbook(path) as workbook:
        write_summary(workbook, Styles.of(workbook), facts)
    lines = openpyxl.load_workbook(path)["Summary"].iter_rows(values_only=True)
    texts = [[str(cell) for cell in line if cell not in (None, "")] for line in lines]
    return [line for line in texts if line]


def test_it_says_what_became_of_the_file(tmp_path: Path) -> None:
    """Outcomes with their shares and the equation, the causes with remedy and first rows, and the one command."""
    lines = written(tmp_path / "r.xlsx", FACTS)

    assert lines[:13] == [
        ["What became of visits.xlsx, sheet Visits"],
        ["outcome", "rows", "share", "what that means"],
        ["created", "1188", "99 %", "LeadSquared said so, or reading back proved it."],
        ["invalid", "12", "1 %", "Never sent: a cell does not fit the mapping."],
        [str(Equation(1200, FACTS.counts))],
        ["What to do now"],
        ["12 rows need a person."],
        ["etl run visits.results.xlsx -m visits.yaml"],
        ["why", "rows", "outcome", "what is wrong", "first rows", "what to do, for the first row"],
        ["date_format", "12", "invalid", "no date", "18, 19, 44 …", "B18: Type it as dd/mm/yyyy."],
        ["What was imported"],
        ["run", "41"],
        ["file", "/desk/visits.xlsx"],
    ]
    assert {line[0]: line[1] for line in lines[13:]} == {
        "sheet": "Visits",
        "SHA-256 of the file": "ab" * 32,
        "mapping": "visits: /desk/visits.yaml",
        "SHA-256 of the mapping": "cd" * 32,
        "operation": "add-by-lead-field",
        "activity type": "320 Site Visit",
        "account": "prod",
        "organisation": "ACME EDU",
        "host": "https://api-in21.leadsquared.com",
        "begun": "2026-06-03 09:30:00 UTC (15:00 Asia/Kolkata)",
        "ended": "2026-06-03 09:30:12 UTC (15:00 Asia/Kolkata)",
        "by": "ravi on desk-3, on behalf of Priya",
        "ledger": "/state/ledger.db",
        "etl": "0.1.0",
    }


def test_what_is_not_known_is_said(tmp_path: Path) -> None:
    """A rehearsal, a run of an older etl, one that stopped: nothing is left blank, and no sum is claimed that is none."""
    odd = replace(FACTS, run=None, by=(), organisation=None, ended=None, stop_reason="the day's budget is spent")
    lines = written(tmp_path / "r.xlsx", FACTS, replace(odd, counts={Outcome.CREATED: 1}))
    second = lines[lines.index(["What became of visits.xlsx, sheet Visits"], 1) :]
    told = {line[0]: line[1] for line in second if len(line) == 2}

    assert told["run"] == "a rehearsal: nothing went to LeadSquared"
    assert told["by"] == "not recorded"
    assert told["organisation"] == "LeadSquared did not tell"
    assert told["ended"] == "not yet"
    assert told["stopped because"] == "the day's budget is spent"
    assert any("THIS DOES NOT ADD UP" in line[0] for line in second)
