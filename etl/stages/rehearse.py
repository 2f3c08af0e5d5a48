"""An import for practice: a simulator of its own, a ledger of its own, nothing of it left behind but the results files."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from etl.records import Limit
from etl.settings import Account, Secret, Settings

if TYPE_CHECKING:
    from collections.abc import Iterator


_LIMIT = Limit(25, 1.0)


@contextmanager
def rehearsal() -> Iterator[Settings]:
    """Settings that lead to an embedded simulator instead of LeadSquared, for as long as the block lasts."""
    from etl.simulator import RateLimit, SimulatorOptions  # noqa: PLC0415 — only a rehearsal needs the web framework
    from etl.simulator.server import EmbeddedSimulator  # noqa: PLC0415 — the same

    # An update is rehearsed on ids of the real account. A person waits, so a window is a second long instead of five.
    options = SimulatorOptions(other_activities_exist=True, limit=RateLimit(_LIMIT.count, _LIMIT.seconds))
    with tempfile.TemporaryDirectory(prefix="etl-rehearsal-") as folder, EmbeddedSimulator(options) as simulator:
        account = Account(
            name="rehearsal",
            base_url=simulator.url,
            access_key=Secret(options.access_key),
            secret_key=Secret(options.secret_key),
            limit=_LIMIT,
            bulk_limit=_LIMIT,
            visibility_wait_seconds=1.0,  # the simulator shows at once what it holds
            late_wait_seconds=1.0,
        )
        ledger = Path(folder) / "ledger.db"
        yield Settings(account, f"sqlite:///{ledger}", Path(folder) / "ledger_files")
