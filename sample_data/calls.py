"""The 120 phone calls of the sample, as the telephone system exports them: each lead is named by its id."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from field_team import EXECUTIVES, NOWHERE, SheetRow, customers, guid
from sheets import Form

if TYPE_CHECKING:
    from random import Random

FORM = Form(
    "Calls", "Calls", ("Call ID", "Lead Id", "Called At", "Direction", "Minutes", "Outcome", "Agent", "Remarks")
)
ROWS = 120
FIRST_DAY = datetime(2026, 2, 2, 10, 0)  # noqa: DTZ001 # a cell of a spreadsheet has no zone
OUTCOMES = ("Answered", "Answered", "Answered", "No answer", "Busy", "Call back")
REMARKS = (
    "Wants to come on Saturday.",
    "कीमत पूछी, शाम को फिर फ़ोन करें।",
    "Loan is approved; asks for the agreement.",
    "எண் மாறிவிட்டது, புதிய எண் கொடுத்தார்.",
    "Spoke to the wife, husband is travelling.",
    "Not interested in the ground floor.",
)

SLIPS: dict[int, SheetRow] = {
    11: {"Lead Id": "the gentleman from north"},
    33: {"Lead Id": None},
    48: {"Called At": "2026-02-30 10:00"},
    64: {"Minutes": "about 5"},
    79: {"Outcome": "Anwsered"},
    95: {"Lead Id": NOWHERE},
    107: {"Call ID": "C-0091"},  # typed twice, for two different calls
}
REPEATED = {101: 88}  # this row is that row once more: the export was taken twice that day


def calls(random: Random) -> list[SheetRow]:
    """All rows, each cell as text but for the minutes."""
    everybody = customers()
    rows: list[SheetRow] = []
    for number in range(ROWS):
        if number in REPEATED:
            rows.append(dict(rows[REPEATED[number]]))
            continue
        outcome = random.choice(OUTCOMES)
        called = FIRST_DAY + timedelta(days=number // 12, minutes=35 * (number % 12) + random.randrange(30))
        row: SheetRow = {
            "Call ID": f"C-{number + 1:04d}",
            "Lead Id": guid("lead", random.choice(everybody).email),
            "Called At": f"{called:%Y-%m-%d %H:%M}",
            "Direction": random.choice(["Out", "Out", "In"]),
            "Minutes": random.randint(1, 25) if outcome == "Answered" else 0,
            "Outcome": outcome,
            "Agent": f"{random.choice(EXECUTIVES)}@example.com",
            "Remarks": random.choice(REMARKS) if outcome == "Answered" else None,
        }
        rows.append(row | SLIPS.get(number, {}))
    return rows
