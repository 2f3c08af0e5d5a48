"""A Singer target on the Meltano SDK whose sink holds 25 rows: `… | python singer_target.py >> states.jsonl`.

It retries what the SDK's own REST streams retry, in the same way. The SDK writes the state when all sinks were drained:
every five minutes, and at the end.
"""

# mypy: disable-error-code="import-not-found, misc, untyped-decorator"
# The SDK is installed in this peer's own environment, not where types are checked.

from __future__ import annotations

from typing import Any

import backoff
import requests
import visits
from singer_sdk import Target
from singer_sdk import typing as th
from singer_sdk.sinks import BatchSink


class ActivitySink(BatchSink):
    """Rows on their way to LeadSquared."""

    max_size = 25

    @backoff.on_exception(backoff.expo, requests.RequestException, max_tries=5, factor=2)
    def send(self, rows: list[dict[str, Any]]) -> requests.Response:
        """Send 25 rows; try five times."""
        answer = requests.post(visits.URL, headers=visits.KEYS, json=rows, timeout=30)
        answer.raise_for_status()
        return answer

    def process_batch(self, context: dict[str, Any]) -> None:
        """Called by the SDK when the sink is full, and at the end."""
        visits.note(context["records"], self.send(context["records"]).json())


class TargetLeadSquared(Target):
    """The target."""

    name = "target-leadsquared"
    config_jsonschema = th.PropertiesList().to_dict()
    default_sink_class = ActivitySink


if __name__ == "__main__":
    TargetLeadSquared.cli()
