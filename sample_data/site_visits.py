"""The 240 visits of the sample: what the team typed, its dozen kinds of slips included."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from field_team import (
    EXECUTIVES,
    REMARKS,
    SITES,
    VISIT_TYPES,
    Customer,
    SheetCell,
    SheetRow,
    customers,
    mobile_as_typed,
    rupees,
)

if TYPE_CHECKING:
    from random import Random

ROWS = 240
FIRST_DAY = datetime(2026, 1, 5, 9, 30)  # noqa: DTZ001 # a cell of a spreadsheet has no zone
PLANNED = frozenset(range(19, ROWS, 20))  # a dozen visits that have not taken place

# Row of the list (0-based) → the cells that went wrong, each in a way people go wrong.
SLIPS: dict[int, SheetRow] = {
    14: {"Visited On": "31/02/2026 10:00"},
    27: {"Visited On": "02/25/2026 11:00"},
    41: {"Email": None},
    58: {"Email": "ravi.kumar(at)example.com"},
    73: {"Visit Type": "SVV"},
    90: {"Budget": "4.5 lakh"},
    106: {"Mobile": "9.19877E+11"},
    121: {"Remarks": "Long talk about the loan, the road and the neighbours. " * 40},
    137: {"Follow-up": "soon"},
    152: {"Email": "nobody@example.com"},
    168: {"Email": "nobody@example.com"},
    184: {"Visit ID": None},
    203: {"Visit ID": "SV-0101"},  # typed twice, for two different visits
}
REPEATED = {220: 211}  # this row is that row once more, copied and pasted


def site_visits(random: Random) -> list[SheetRow]:
    """All rows as a workbook holds them: texts, and here and there a true date, date-time or number."""
    everybody = customers()
    rows: list[SheetRow] = []
    for number in range(ROWS):
        if number in REPEATED:
            rows.append(dict(rows[REPEATED[number]]))
        else:
            rows.append(_visit(number, random.choice(everybody), random) | SLIPS.get(number, {}))
    return rows


def _visit(number: int, customer: Customer, random: Random) -> SheetRow:
    """One visit without slips. The team makes three a day; Excel took some cells for dates or numbers."""
    visited = FIRST_DAY + timedelta(days=number // 3, hours=2 * (number % 3), minutes=5 * random.randrange(12))
    amount = 25_000 * random.randint(18, 120)
    follow_up = visited + timedelta(days=random.randint(5, 30))
    has_follow_up = random.random() < 0.6
    budgets: list[SheetCell] = [rupees(amount), str(amount), amount]
    return {
        "Visit ID": f"SV-{number + 1:04d}",
        "Date": visited.date(),
        "Visited On": visited if number % 5 == 2 else f"{visited:%d/%m/%Y %H:%M}",
        "Customer": customer.name,
        "Email": customer.email,
        "Mobile": mobile_as_typed(customer.mobile, random),
        "Executive": f"{random.choice(EXECUTIVES)}@example.com",
        "Visit Type": random.choice(VISIT_TYPES),
        "Site": random.choice(SITES),
        "Plot No": f"{random.randint(1, 1500):05d}",
        "Budget": random.choice(budgets),
        "Follow-up": (follow_up.date() if number % 4 == 1 else f"{follow_up:%d-%b-%Y}") if has_follow_up else None,
        "Status": "Planned" if number in PLANNED else random.choice(["Done", "Done", "Closed"]),
        "Remarks": random.choice(REMARKS),
    }
