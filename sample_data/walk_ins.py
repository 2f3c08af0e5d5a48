"""The 104 walk-ins of the sample: people at the sales office whom LeadSquared may know or not."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from field_team import REMARKS, SITES, SheetRow, customers, mobile_as_typed, rupees
from sheets import Form

if TYPE_CHECKING:
    from random import Random

FORM = Form(
    "Walk-ins",
    "Walk-ins",
    (
        "Walk-in No",
        "Came On",
        "Name",
        "Email",
        "Mobile",
        "Source",
        "Site",
        "Budget",
        "ID Proof",
        "ID Checked",
        "Form No",
        "Remarks",
    ),
)
ROWS = 104
FIRST_DAY = datetime(2026, 3, 7, 10, 30)  # noqa: DTZ001 # a cell of a spreadsheet has no zone
SOURCES = ("Newspaper", "Hoarding", "Friend", "Friend", "Website")
PROOFS = ("Passport", "Voter card", "Driving licence")

SLIPS: dict[int, SheetRow] = {
    8: {"Email": None},
    23: {"Email": "no mail"},
    40: {"Mobile": "12345"},
    55: {"Came On": "31/04/2026 11:00"},
    68: {"Source": "Pamphlet"},
    81: {"Budget": "depends"},
    92: {"Walk-in No": None},
}
REPEATED = {98: 97}  # this row is the row above it once more


def walk_ins(random: Random) -> list[SheetRow]:
    """All rows; after the eightieth the first visitors come again, a few of them with other details."""
    everybody = customers()
    rows: list[SheetRow] = []
    for number in range(ROWS):
        if number in REPEATED:
            rows.append(dict(rows[REPEATED[number]]))
            continue
        visitor = everybody[number % len(everybody)]
        came = FIRST_DAY + timedelta(days=number // 8, minutes=50 * (number % 8) + random.randrange(40))
        has_proof = random.random() < 0.5
        row: SheetRow = {
            "Walk-in No": f"W-{number + 1:03d}",
            "Came On": f"{came:%d/%m/%Y %H:%M}",
            "Name": visitor.name,
            "Email": visitor.email,
            "Mobile": mobile_as_typed(visitor.mobile, random),
            "Source": random.choice(SOURCES),
            "Site": random.choice(SITES),
            "Budget": rupees(25_000 * random.randint(18, 120)),
            "ID Proof": random.choice(PROOFS) if has_proof else None,
            "ID Checked": "Yes" if has_proof else None,
            "Form No": f"{random.randint(1, 900):05d}",
            "Remarks": random.choice(REMARKS),
        }
        rows.append(row | SLIPS.get(number, {}))
    return rows
