"""dlt with a custom destination of 25 rows a call, sent with dlt's own retrying requests: `python dlt_pipeline.py visits.xlsx`.

A call that went well is kept by dlt in the state of its load package: the same command goes on behind it.
"""

# mypy: disable-error-code="import-not-found, untyped-decorator"
# dlt is installed in this peer's own environment, not where types are checked.

from __future__ import annotations

import sys
from typing import Any

import dlt
import visits
from dlt.sources.helpers import requests


@dlt.destination(batch_size=25, name="leadsquared")
def leadsquared(items: list[dict[str, Any]], table: dict[str, Any]) -> None:  # noqa: ARG001 — dlt calls it so
    """Send 25 rows. A failure that outlasts the retries of `requests` makes dlt try the job again."""
    answer = requests.post(visits.URL, headers=visits.KEYS, json=items, timeout=30)
    visits.note(items, answer.json())


if __name__ == "__main__":
    pipeline = dlt.pipeline("visits", destination=leadsquared)
    as_it_is = {"ActivityDateTime": {"data_type": "text"}}  # dlt takes texts that look like times for times
    pipeline.run(visits.activities(sys.argv[1]), table_name="visits", columns=as_it_is)
