"""openpyxl and requests, and a sleep that keeps to 25 requests in 5 s: `python loop.py visits.xlsx [--resume]`.

--resume leaves out the visits that were answered before.
"""

from __future__ import annotations

import sys
import time
from itertools import islice
from typing import Any

import requests
import visits


def send(session: requests.Session, rows: list[dict[str, Any]]) -> None:
    """Send 25 rows; try five times."""
    for attempt in range(5):
        try:
            answer = session.post(visits.URL, headers=visits.KEYS, json=rows, timeout=30)
            if answer.status_code == 429:
                time.sleep(5)
                continue
            answer.raise_for_status()
        except requests.RequestException as error:
            print(f"{visits.visit_id(rows[0])} and its batch, attempt {attempt + 1}: {error}", file=sys.stderr)
            time.sleep(2**attempt)
        else:
            visits.note(rows, answer.json())
            return
    sys.exit(f"Gave up at {visits.visit_id(rows[0])}.")


def main() -> None:
    """Send the whole sheet."""
    done = visits.noted() if "--resume" in sys.argv else set()
    rows = (row for row in visits.activities(sys.argv[1]) if visits.visit_id(row) not in done)
    with requests.Session() as session:
        while batch := list(islice(rows, 25)):
            send(session, batch)
            time.sleep(0.2)


if __name__ == "__main__":
    main()
