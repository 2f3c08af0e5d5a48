"""What the simulator counted: the test's and the demo's view of how a client behaved."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(slots=True)
class Stats:
    """Counters since the start. Requests are those to API paths; `most_*` count every arrival in a window, refused or not."""

    requests: int = 0
    bulk_requests: int = 0  # with right keys
    requests_with_keys_in_url: int = 0
    refused_for_keys: int = 0
    refused_for_rate: int = 0
    refused_for_quota: int = 0
    refused_otherwise: int = 0  # unknown path, wrong method, unreadable body, whole-call errors
    largest_request_rows: int = 0
    most_requests_in_window: int = 0
    most_bulk_requests_in_window: int = 0
    rows_received: int = 0
    rows_stored: int = 0
    rows_refused: int = 0
    unknown_leads: int = 0
    leads_created: int = 0  # by operations that say so
    activities_updated: int = 0
    activities_deleted: int = 0
    redirects_followed: int = 0
    internal_errors: int = 0  # defects of the simulator itself
    last_internal_error: str | None = None  # its traceback
    faults: Counter[str] = field(default_factory=Counter)  # kind → how often it struck

    def as_json(self) -> dict[str, Any]:
        """A copy, ready for JSON."""
        return {**asdict(self), "faults": dict(self.faults)}
