"""The 112 corrections of the sample: activities that are in LeadSquared, named by their id, and what is new of them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from field_team import NOWHERE, SheetRow, guid
from sheets import Form

if TYPE_CHECKING:
    from random import Random

FORM = Form("Visit updates", "Updates", ("Activity Id", "Visit ID", "Status", "Follow-up", "Remarks"))
ROWS = 112
FIRST_DAY = date(2026, 4, 1)
STATUSES = ("Open", "Open", "Closed", "Won", "Lost")
REMARKS = ("Price agreed.", "कागज़ात पूरे हो गए।", "Moved to next month.", "Bought elsewhere.", None, None, None)

SLIPS: dict[int, SheetRow] = {
    17: {"Activity Id": None},
    36: {"Follow-up": "next week"},
    52: {"Activity Id": "0d6a5e64"},
    70: {"Status": "Wno"},
    88: {"Activity Id": NOWHERE},
}
AGAIN = {45: 20, 75: 20, 90: 61}
"""This row is about the activity of that row: what comes later in the sheet is what is true in the end."""
REPEATED = {105: 104}  # this row is the row above it once more


def visit_updates(random: Random) -> list[SheetRow]:
    """All rows: a new state for each visit, a new day or none for the next talk, here and there a remark."""
    rows: list[SheetRow] = []
    for number in range(ROWS):
        if number in REPEATED:
            rows.append(dict(rows[REPEATED[number]]))
            continue
        visit = f"SV-{AGAIN.get(number, number) + 1:04d}"
        day = FIRST_DAY + timedelta(days=random.randrange(60))
        follow_up = day if number % 4 == 0 else f"{day:%d-%b-%Y}"
        row: SheetRow = {
            "Activity Id": guid("activity", visit),
            "Visit ID": visit,
            "Status": random.choice(STATUSES),
            "Follow-up": follow_up if random.random() < 0.7 else None,
            "Remarks": random.choice(REMARKS),
        }
        rows.append(row | SLIPS.get(number, {}))
    return rows
