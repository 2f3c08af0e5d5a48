"""The 116 visits of the sample whose leads are known by phone, by address, or by both, as a field team notes them down."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from field_team import EXECUTIVES, REMARKS, SITES, Customer, SheetRow, customers, mobile_as_typed
from sheets import Form

if TYPE_CHECKING:
    from random import Random

FORM = Form(
    "Visits by phone",
    "Visits",
    ("Visit No", "Visited On", "Customer", "Mobile", "Email", "Site", "Outcome", "Executive", "Remarks"),
)
ROWS = 116
CUSTOMERS = 24
FIRST_DAY = datetime(2026, 4, 6, 9, 30)  # noqa: DTZ001 # a cell of a spreadsheet has no zone
OUTCOMES = ("Interested", "Interested", "Visits again", "Not interested")

SLIPS: dict[int, SheetRow] = {
    12: {"Mobile": "98765", "Email": None},
    26: {"Mobile": None, "Email": None},
    39: {
        "Customer": "Nandini",
        "Mobile": None,
        "Email": "Nobody@example.com",
    },  # LeadSquared knows nobody by this address
    54: {"Email": "asha at example.com"},
    70: {"Customer": "Nandini", "Mobile": None, "Email": "nobody@example.com"},  # the same person once more
    83: {"Outcome": "Intersted"},
    97: {"Mobile": "98765 43210", "Email": "kavitha.south@example.net"},  # one customer's number, another one's address
}
REPEATED = {110: 109}  # this row is the row above it once more


def phone_visits(random: Random) -> list[SheetRow]:
    """All rows. Of every other customer both are noted down at the first visit; of the rest the number or the address."""
    everybody = customers()[:CUSTOMERS]
    rows: list[SheetRow] = []
    for number in range(ROWS):
        if number in REPEATED:
            rows.append(dict(rows[REPEATED[number]]))
            continue
        visited = FIRST_DAY + timedelta(days=number // 6, minutes=75 * (number % 6) + random.randrange(60))
        customer = everybody[number % len(everybody)]
        row: SheetRow = {
            "Visit No": f"PV-{number + 1:04d}",
            "Visited On": visited if number % 3 == 0 else f"{visited:%d/%m/%Y %H:%M}",
            "Customer": customer.name,
            **_known_by(customer, number, random),
            "Site": random.choice(SITES),
            "Outcome": random.choice(OUTCOMES),
            "Executive": f"{random.choice(EXECUTIVES)}@example.com",
            "Remarks": random.choice(REMARKS),
        }
        rows.append(row | SLIPS.get(number, {}))
    return rows


def _known_by(customer: Customer, number: int, random: Random) -> SheetRow:
    mobile = mobile_as_typed(customer.mobile, random)
    visit, place = divmod(number, CUSTOMERS)
    if place % 2 == 0 and visit == 0:
        return {"Mobile": mobile, "Email": customer.email}
    is_by_address = visit == 2 if place % 2 == 0 else place % 4 == 3
    return {"Mobile": None, "Email": customer.email} if is_by_address else {"Mobile": mobile, "Email": None}
