"""The 110 payments of the sample, from the accounts office: each belongs to an opportunity, named by its id."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from field_team import EXECUTIVES, NOWHERE, SheetCell, SheetRow, guid, rupees
from sheets import Form

if TYPE_CHECKING:
    from random import Random

FORM = Form(
    "Payments",
    "Receipts",
    ("Receipt No", "Opportunity Id", "Owner", "Paid On", "Amount", "Mode", "Bank Ref", "Remarks"),
)
ROWS = 110
OPPORTUNITIES = 34
FIRST_DAY = date(2026, 3, 2)
MODES = ("NEFT", "NEFT", "UPI", "Cheque", "Cash")
REMARKS = ("Booking amount.", "Second instalment.", "पहली किस्त मिली।", "Part of the registration fee.", None, None)

SLIPS: dict[int, SheetRow] = {
    9: {"Owner": None},
    26: {"Amount": "two lakh"},
    41: {"Opportunity Id": "OPP-1009"},
    57: {"Paid On": "30/02/2026"},
    72: {"Opportunity Id": NOWHERE},
    83: {"Mode": "Barter"},
    96: {"Receipt No": "R-2050"},  # typed twice, for two different payments
}
REPEATED = {104: 100}  # this row is that row once more, copied and pasted


def payments(random: Random) -> list[SheetRow]:
    """All rows, the opportunities mixed as the money came in; amounts as texts and numbers, days as texts and dates."""
    rows: list[SheetRow] = []
    for number in range(ROWS):
        if number in REPEATED:
            rows.append(dict(rows[REPEATED[number]]))
            continue
        opportunity = random.randrange(OPPORTUNITIES)
        day = FIRST_DAY + timedelta(days=number // 4)
        amount = 5_000 * random.randint(2, 90)
        amounts: list[SheetCell] = [rupees(amount), amount, f"{amount}.00"]
        mode = random.choice(MODES)
        row: SheetRow = {
            "Receipt No": f"R-{number + 2001}",
            "Opportunity Id": guid("opportunity", str(opportunity)),
            "Owner": f"{EXECUTIVES[opportunity % len(EXECUTIVES)]}@example.com",
            "Paid On": day if number % 3 == 0 else f"{day:%d/%m/%Y}",
            "Amount": random.choice(amounts),
            "Mode": mode,
            "Bank Ref": None if mode == "Cash" else f"{random.randrange(10**9):012d}",
            "Remarks": random.choice(REMARKS),
        }
        rows.append(row | SLIPS.get(number, {}))
    return rows
