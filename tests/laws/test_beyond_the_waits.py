"""What no client can exclude: LeadSquared carries a request out after it was believed absent. It doubles rows there only.

The waits are the settings' own: 90 s in which an activity may be invisible, 300 s more in which a gateway may still work.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from etl.records import Limit
from etl.simulator import Fault, FaultKind, RateLimit, SimulatorOptions
from etl.simulator.core import Simulator
from tests.laws import invariants
from tests.laws.test_crash_at_every_step import MAPPING
from tests.laws.virtual import World, account, import_files

ROWS = 50
VISIBILITY_WAIT, LATE_WAIT = 90.0, 300.0


def doubled(folder: Path, fault: Fault, limit: int) -> int:
    """How many rows a run stores twice when its first request is carried out late. limit: requests in five seconds."""
    mapping, sheet = folder / "visits.yaml", folder / "visits.csv"
    mapping.write_text(MAPPING, encoding="utf-8")
    lines = [f"person{row}@example.com,V{row:03},note" for row in range(ROWS)]
    sheet.write_text("\n".join(["Email,Visit,Remarks", *lines]) + "\n", encoding="utf-8")
    world = World(Simulator(SimulatorOptions(seed=5, faults=(fault,), limit=RateLimit(limit, 5.0))))
    import_files(world, folder, [sheet], mapping, account_=account(world, Limit(limit, 5.0)))
    world.pass_time(5_000.0)
    return sum(times - 1 for times in invariants.stored_visits(world.simulator.activities()).values())


@pytest.mark.parametrize("limit", [25, 1], ids=["together", "one after the other, so that later ones are seen"])
@pytest.mark.parametrize(
    ("kind", "seconds", "is_excluded"),
    [
        (FaultKind.STORE_LATE, 1.0, True),
        (FaultKind.STORE_LATE, VISIBILITY_WAIT - 1, True),
        (FaultKind.STORE_LATE, VISIBILITY_WAIT + 5, False),
        (FaultKind.STORE_LATE, 1_000.0, False),
        (FaultKind.GATEWAY_TIMEOUT_LATE, VISIBILITY_WAIT + 5, True),
        (FaultKind.GATEWAY_TIMEOUT_LATE, LATE_WAIT + VISIBILITY_WAIT - 1, True),
        (FaultKind.GATEWAY_TIMEOUT_LATE, LATE_WAIT + VISIBILITY_WAIT + 5, False),
        (FaultKind.GATEWAY_TIMEOUT_LATE, 2_000.0, False),
    ],
)
def test_rows_double_beyond_the_waits_and_only_there(
    tmp_path: Path, kind: FaultKind, seconds: float, is_excluded: bool, limit: int
) -> None:
    """Carried out within the waits a request doubles nothing; later it doubles the probe at least, at most its 25 rows."""
    times = doubled(tmp_path, Fault.at(kind, 1, seconds=seconds), limit)

    assert times == 0 if is_excluded else 1 <= times <= 25
